"""`vllm-desktop explain`: a sentence, what to do and the decisive words, whatever the log is."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app.terminal.explain import CANNOT_READ, run
from tests.engine.recorded import FOLDER


def told(capsys: pytest.CaptureFixture[str], path: Path | None, code: int | None = 1) -> str:
    assert run(path, code) == 0
    return capsys.readouterr().out


def test_a_recorded_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, FOLDER / "j_len_too_large.log").splitlines()[:3] == [
        "The context is longer than this model can keep in mind. 100000 tokens were asked for, and it can take 2048.",
        "",
        "What to do: Start with a context of 2048: add --max-model-len 2048.",
    ]


def test_flags_to_leave_out(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, FOLDER / "f_tool_bad_parser.log")

    assert "leave out --tool-call-parser and --enable-auto-tool-choice." in text
    assert "In the log: KeyError: 'invalid tool call parser: foo" in text


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.log")))
def test_every_recorded_log_is_explained_without_gaps(capsys: pytest.CaptureFixture[str], name: str) -> None:
    text = told(capsys, FOLDER / f"{name}.log")

    assert "What to do: " in text
    assert not any(sign in text for sign in ("{", "The folder has", "  ")) or "In the log" in text
    assert "None" not in text.split("In the log")[0]


def test_a_log_of_a_start_that_succeeded(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes((FOLDER / "j_ready.log").read_bytes().split(b"[shutdown]")[0].rpartition(b"\n")[0])

    assert told(capsys, log, None) == "This log tells of no failure.\n"


def test_a_log_that_is_empty(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()

    assert told(capsys, log, None) == "This log says nothing.\n"
    assert told(capsys, log, -9).startswith("The engine was ended from outside.")


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    log = (FOLDER / "j_lfs.log").read_bytes()
    for path in (None, Path("-")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(log)))
        assert told(capsys, path).startswith("A weight file holds something else.")


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_cannot_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    assert run(tmp_path / name, None) == CANNOT_READ
    output = capsys.readouterr()
    assert output.out == ""
    assert "cannot be read" in output.err
    assert "\n" not in output.err.rstrip("\n")


def test_binary_garbage(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(bytes(range(256)) * 5000 + b"\nValueError: \x1b]0;title\x07\xff done\n")

    text = told(capsys, log)

    assert "ValueError: ]0;title" in text
    assert text.replace("\n", "").isprintable()


def test_a_long_log_takes_little_memory(tmp_path: Path) -> None:
    log = tmp_path / "log"
    line = json.dumps({"asctime": "1", "levelname": "INFO", "message": "x" * 200}) + "\n"
    with log.open("w") as file:
        for _ in range(60):
            file.write(line * 4000)
        file.write("x" * 3_000_000)
        file.write("\ntorch.OutOfMemoryError: CUDA out of memory.\n")
    program = (
        "import resource, sys; from pathlib import Path; from desktop_app.terminal.explain import run;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; run(Path(sys.argv[1]), 1);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )

    done = subprocess.run([sys.executable, "-c", program, str(log)], capture_output=True, text=True, check=True)

    assert log.stat().st_size > 50_000_000
    assert done.stdout.startswith("Not enough memory on the graphics card.")
    assert int(done.stdout.splitlines()[-1]) < 40 * 1024, "KiB more than before"
