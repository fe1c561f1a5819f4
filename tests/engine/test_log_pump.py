"""Bytes from a pipe become lines, and a bounded log."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop_app.engine.log_pump import BATCH_LINES, LINE_BYTES, Backlog, LineSplitter, LogFile, LogPump, gap


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


def everything(backlog: Backlog) -> list[str]:
    lines: list[str] = []
    while batch := backlog.take():
        assert len(batch) <= BATCH_LINES
        lines += batch
    return lines


def test_a_backlog_that_fits_is_handed_over_whole() -> None:
    backlog = Backlog()
    wanted = [f"line {number}" for number in range(10_000)]
    text = "\n".join(wanted).encode()
    for start in range(0, len(text), 1000):
        backlog.put(text[start : start + 1000])
    backlog.end()

    assert everything(backlog) == wanted


def test_what_is_too_much_is_left_out_and_counted_and_the_end_is_kept() -> None:
    backlog = Backlog()
    backlog.put(b"first\nsecond\nthi")
    first = backlog.take()
    for number in range(200_000):
        backlog.put(b"%d\n" % number)
    backlog.put(b"the last words")
    backlog.end()

    lines = everything(backlog)

    assert first == ["first", "second"]
    assert lines[0] == "thi"
    assert lines[1].startswith("… 180,")
    assert lines[2].isdigit()
    assert lines[-2:] == ["199999", "the last words"]
    assert len(lines) <= 20_003


def test_long_lines_do_not_fill_the_memory() -> None:
    backlog = Backlog()
    for _ in range(100):
        backlog.put(b"x" * LINE_BYTES)
    backlog.end()

    lines = everything(backlog)

    assert sum(map(len, lines)) <= 6 * LINE_BYTES
    assert gap(96) in lines


def test_nothing_waits_behind_a_gap() -> None:
    backlog = Backlog()
    for _ in range(30):
        backlog.put(b"a whole line\n" * 1000)
    backlog.put(b"cut\n")
    for _ in range(20):
        backlog.put(b"x\n" * 1000)
    backlog.put(b"last\n")

    assert everything(backlog)[-1] == "last"


async def test_a_listener_that_fails_hears_the_next_lines(tmp_path: Path) -> None:
    pump = LogPump(LogFile(tmp_path / "engine.log"))
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    lines: list[str] = []

    def hear(batch: list[str]) -> None:
        lines.extend(batch)
        if "bad" in batch:
            raise RuntimeError("a fault of ours")

    with os.fdopen(os.dup(pump.sink), "wb", buffering=0) as sink:
        pump.start()
        sink.write(b"bad\n")
        with contextlib.suppress(RuntimeError):
            pump.listen(hear)
        sink.write(b"good\n")
    await pump.finished

    assert lines == ["bad", "good"]


_FLOOD = """
import os
block = b"".join(b"line %08d of a flood that never seems to end, as a broken loop prints it\\n" % i for i in range(800))
for _ in range(SIZE // len(block)):
    os.write(2, block)
os.write(2, b"ValueError: the cause\\n")
"""


def flood(size: int, sink: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-I", "-c", _FLOOD.replace("SIZE", str(size))], stderr=sink)


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


async def test_a_flood_leaves_the_loop_fluid_and_the_memory_small(tmp_path: Path) -> None:
    size = 100_000_000
    pump = LogPump(LogFile(tmp_path / "engine.log"))
    lines = 0
    last = ""

    def hear(batch: list[str]) -> None:
        nonlocal lines, last
        lines += len(batch)
        last = batch[-1]

    pump.listen(hear)
    child = flood(size, pump.sink)
    pump.start()
    turns = 0
    began = time.thread_time()
    while not pump.finished.done():
        await asyncio.sleep(0.005)
        turns += 1
    child.wait()

    assert last == "ValueError: the cause"
    assert lines < 200_000, "most of a million and more lines were left out"
    # Of this thread's own time: what others have of the processor keeps nobody waiting who could be quicker.
    assert turns > (time.thread_time() - began) / 0.05, "the loop worked no longer than 50 ms at a time on average"
    assert (tmp_path / "engine.log").read_text("ascii").endswith("ValueError: the cause\n")
    assert size_of(tmp_path) <= 40 * 1024 * 1024
