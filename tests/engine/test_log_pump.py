"""Bytes from a pipe become lines, and a bounded log."""

import os
import shutil
from pathlib import Path

import pytest

from desktop_app.engine.log_pump import LINE_BYTES, LineSplitter, LogFile, LogPump


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"a\nb\n"], ["a", "b"]),
        ([b"a\r\nb\rc\n"], ["a", "b", "c"]),
        ([b"a\r", b"\nb\n"], ["a", "b"]),
        ([b"a", b"b", b"c\n"], ["abc"]),
        ([b"\n\n\r\r"], []),
        ([b"no end"], ["no end"]),
        ([b"\xff\xfe ok\n"], ["\ufffd\ufffd ok"]),
        (["tö".encode()[:2], "tö".encode()[2:] + b"\n"], ["tö"]),
        ([b"  0%|\r 50%|\r100%|\n"], ["  0%|", " 50%|", "100%|"]),
    ],
)
def test_lines(pieces: list[bytes], lines: list[str]) -> None:
    splitter = LineSplitter()

    found = [line for piece in pieces for line in splitter.feed(piece)] + splitter.end()

    assert found == lines


def test_a_line_without_an_end_is_cut() -> None:
    splitter = LineSplitter()
    piece = b"x" * 100_000

    found = [line for _ in range(30) for line in splitter.feed(piece)] + splitter.end()

    assert "".join(found) == "x" * 3_000_000
    assert max(map(len, found)) <= LINE_BYTES


def test_a_line_of_a_megabyte_stays_whole() -> None:
    splitter = LineSplitter()
    line = b"y" * (LINE_BYTES - 1)

    found = splitter.feed(line[:600_000]) + splitter.feed(line[600_000:] + b"\nrest\n")

    assert found == [line.decode(), "rest"]


def test_the_log_is_bounded(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "engine.log", limit=1000)
    for number in range(100):
        log.write(b"%099d\n" % number)
    log.close()

    assert (tmp_path / "engine.log").stat().st_size <= 1000
    assert (tmp_path / "engine.log.1").stat().st_size <= 1000
    assert (tmp_path / "engine.log").read_text("ascii").endswith("99\n")


def test_a_new_log_begins_empty(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    path.write_text("old", "utf-8")
    LogFile(path).close()

    assert path.read_text("utf-8") == ""


def test_a_folder_that_goes_away_does_not_end_the_log(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = LogFile(folder / "engine.log", limit=100)
    log.write(b"first" * 10)
    folder.rename(tmp_path / "away")
    for _ in range(5):
        log.write(b"lost" * 20)
    folder.mkdir()
    log.write(b"found again")
    log.close()
    log.close()

    assert (folder / "engine.log").read_text("ascii") == "found again"


async def test_a_pump_reads_on_without_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    pump = LogPump(LogFile(folder / "engine.log", limit=1000))
    lines: list[str] = []
    pump.listen(lines.extend)
    shutil.rmtree(folder)
    with os.fdopen(os.dup(pump.sink), "wb") as sink:
        pump.start()
        for number in range(2000):
            sink.write(b"%099d\n" % number)
    await pump.finished

    assert len(lines) == 2000
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(pump._source)
