"""The dashboard for Grafana that the program ships. `services/monitor_files.py` writes it on demand.

It asks Prometheus for the figures that vLLM exposes at `/metrics`; people choose the data source and the model in it.
"""

import json

from desktop_app.paths import resources


def dashboard(title: str) -> str:
    """The dashboard as JSON that Grafana imports, under *title*.

    Raises:
        OSError: the program's own files cannot be read.
    """
    board = json.loads((resources() / "grafana" / "vllm.json").read_text(encoding="utf-8"))
    return json.dumps({**board, "title": title}, indent=2, ensure_ascii=False) + "\n"
