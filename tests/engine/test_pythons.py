"""Which Python the engine's environment is made with: programs that answer as a Python would."""

import sys
from pathlib import Path

import pytest

from desktop_app.domain.errors import EngineError
from desktop_app.engine import pythons


def answering(folder: Path, name: str, words: str, code: int = 0) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{words}'\nexit {code}\n")
    program.chmod(0o755)
    return program


async def test_the_python_that_runs_this_program_will_do(tmp_path: Path) -> None:
    found = await pythons.suitable(pythons.candidates(), tmp_path)
    assert str(found).startswith(sys.base_prefix)


async def test_unsuitable_versions_are_passed_over(tmp_path: Path) -> None:
    old, new = answering(tmp_path, "old", "3 10"), answering(tmp_path, "new", "3 15")
    good = answering(tmp_path, "good", "3 12")
    assert await pythons.suitable([old, new, tmp_path / "none", good], tmp_path) == good


async def test_without_venv_the_one_command_is_named(tmp_path: Path) -> None:
    bare = answering(tmp_path, "bare", "3 11", code=1)
    with pytest.raises(EngineError, match="cannot make environments") as caught:
        await pythons.suitable([bare], tmp_path)
    assert "python3.11" in caught.value.reason
    complete = answering(tmp_path, "complete", "3 13")
    assert await pythons.suitable([bare, complete], tmp_path) == complete


@pytest.mark.parametrize("words", ["", "hello", "3 x", "3 12 1"])
async def test_what_is_no_python_is_passed_over(words: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="No suitable Python") as caught:
        await pythons.suitable([answering(tmp_path, "odd", words)], tmp_path)
    assert "3.11" in caught.value.reason
