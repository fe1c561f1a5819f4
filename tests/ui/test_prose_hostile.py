"""Whatever a model writes: no file is opened and no connection made, as its system calls say."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.markdown.hostile import hostile
from tests.tracing import tracing

ROOT = Path(__file__).parents[2]
MOST = 6000
"""Characters of each text; its length is a matter for the benchmark."""

_PATH = re.compile(r'open(?:at)?\([^"]*"([^"]*)"')
_HARMLESS = ("/proc/", "/sys/", "/dev/", "/usr/share/fonts", "/usr/share/icu", "/var/cache/fontconfig", "/etc/fonts")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Its system calls while it draws them."""
    folder = tmp_path_factory.mktemp("hostile")
    trap, fifo, trace = folder / "trap", folder / "fifo", folder / "trace"
    trap.write_text("secret")
    os.mkfifo(fifo)
    child = [
        *tracing(trace, "-e", "trace=open,openat,connect"),
        sys.executable,
        "-m",
        "tests.markdown.hostile_child",
        str(trap),
        str(fifo),
        str(folder / "mark"),
        str(MOST),
    ]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(child, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    drawn = [json.loads(line)["name"] for line in done.stdout.splitlines()]
    assert drawn == list(hostile(trap, fifo))
    lines = trace.read_text("utf-8", "replace").splitlines()
    begin, end = (number for number, line in enumerate(lines) if f'"{folder / "mark"}"' in line)
    return lines[begin + 1 : end]


def test_nothing_that_a_text_names_is_opened(calls: list[str]) -> None:
    ours = (str(ROOT), sys.prefix, sys.base_prefix, *_HARMLESS, *(str(Path(path)) for path in sys.path if path))
    opened = [found.group(1) for line in calls if (found := _PATH.search(line))]
    assert [path for path in opened if path.startswith("/") and not path.startswith(ours)] == []


def test_no_connection_is_made(calls: list[str]) -> None:
    assert [line for line in calls if "connect(" in line] == []
