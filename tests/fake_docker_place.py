"""Puts the stand-in for docker where the shipped code looks for the real one."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests import engine_fakes
from tests.engine.wheelhouse import vllm_files

_FAKE = Path(__file__).with_name("fake_docker.py")


class Docker:
    """A `docker` that is first on PATH, its service, and one *image* with the stand-in engine."""

    def __init__(self, state: Path, monkeypatch: pytest.MonkeyPatch, image: str) -> None:
        self.state = state
        self.program = state / "path" / "docker"
        packages = state / "packages"
        for name, text in vllm_files().items():
            (packages / name).parent.mkdir(parents=True, exist_ok=True)
            (packages / name).write_text(text)
        self._write(self.program, f'#!/bin/sh\nexec {sys.executable} -I {_FAKE} "$@"\n')
        python = _python(packages)
        self._write(state / "bin" / "python3", python)
        (state / "images").write_text(f"{image}\n")
        monkeypatch.setenv("DOCKER_STATE", str(state))
        monkeypatch.setenv("PATH", f"{self.program.parent}:{os.environ['PATH']}")

    def runs(self) -> list[list[str]]:
        """Every command line so far."""
        file = self.state / "runs"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def running(self) -> list[str]:
        """Names of the containers that run."""
        return [path.stem for path in self.state.glob("*.container")]

    def end_all(self) -> None:
        """Leave nothing behind."""
        for path in self.state.glob("*.container"):
            os.killpg(int(path.read_text()), signal.SIGKILL)

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)


def _python(packages: Path) -> str:
    source = _FAKE.read_text()
    template = source.split('PYTHON = """', 1)[1].split('"""', 1)[0]
    return template.format(python=sys.executable, packages=str(packages), engine=str(engine_fakes.FAKE_ENGINE))
