"""Makes the stand-in engine look like an environment with vLLM, at the process boundary.

The shipped code runs `<environment.python> -m vllm… <flags>`; here `python` is a two-line script that runs
`tests/fake_engine.py` instead. Nothing of the shipped code is replaced. What a stand-in does is said in the words of
`fake_engine_wire.Behaviour`.
"""

import json
import shlex
import socket
import struct
import sys
from pathlib import Path

from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import ModelRef
from desktop_app.engine.supervisor import entry

FAKE_ENGINE = Path(__file__).with_name("fake_engine.py")

_TENSORS = json.dumps({"a": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]}}).encode()
_WEIGHTS = struct.pack("<Q", len(_TENSORS)) + _TENSORS + bytes(8)
"""A whole safetensors file of one small tensor."""

MODULE = f"""
if __name__ == "__main__":
    import runpy

    runpy.run_path({str(FAKE_ENGINE)!r}, run_name="__main__")
"""
"""The API server's module in a package that stands in for vLLM: run, it is the stand-in engine."""


def make_environment(folder: Path, kind: EngineKind = EngineKind.CPU) -> EngineEnvironment:
    """An environment below *folder* whose Python is the stand-in engine."""
    python = folder / "fake-venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    command = shlex.join([sys.executable, "-I", "-S", str(FAKE_ENGINE)])
    python.write_text(f'#!/bin/sh\nexec {command} "$@"\n', "utf-8")
    python.chmod(0o755)
    return EngineEnvironment(python=python, version="0.32.0", kind=kind, managed=False)


def make_model(folder: Path, name: str = "tiny", **behaviour: object) -> ModelRef:
    """A model's folder that passes inspection, with what the stand-in does with it (`fake_engine.Behaviour`)."""
    place = folder / "models" / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}', "utf-8")
    (place / "model.safetensors").write_bytes(_WEIGHTS)
    (place / "tokenizer.json").write_text("{}", "utf-8")
    set_behaviour(place, **behaviour)
    return ModelRef(name=name, folder=place)


def set_behaviour(model_folder: Path, **behaviour: object) -> None:
    """Decide what the next start of the stand-in with this model does."""
    (model_folder / "fake_engine.json").write_text(json.dumps(behaviour), "utf-8")


def answers(path: Path) -> bool:
    """Whether a server listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True


def alive(pid: int) -> bool:
    """Whether a process lives; one that only waits to be reaped does not."""
    return entry(pid) is not None
