"""What is called saved is on the disk, and a disk that fails takes nothing of it along: as the system calls say.

A `kill -9` cannot tell: what a program has written survives it even if the disk never hears of it.
"""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.durable_child import FORM
from tests.tracing import tracing

ROOT = Path(__file__).parents[2]
ROWS = 12
"""So many that the log is taken over into the file once."""
SYNCS = 24
"""No fewer than the child has the disk confirm."""
PAGE = 4096
EARLIER = set(range(1000, 1500))
"""Rows of a file that was there before."""
NOT_SAVED = re.compile(r"^failed \d+: .*( so the last change is not saved\.|nothing is saved\.$)", re.MULTILINE)

_SYNCED = re.compile(r"f(?:data)?sync\(\d+<([^>]*)>\) += 0$")
_WRITTEN = re.compile(r"pwrite64\(\d+<([^>]*)>")
_SAID = re.compile(r'write\(1<[^>]*>, "([^"]*)\\n"')


def child(path: Path, *options: str) -> str:
    """What the child said, traced with these options."""
    argv = [*tracing(path.with_name("trace"), *options), sys.executable, "-m", "tests.store.durable_child"]
    done = subprocess.run(
        [*argv, str(path), str(ROWS)], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("closed\n")
    return done.stdout


def failing(path: Path, fault: str, *options: str) -> str:
    """What the child said while calls failed as `strace -e inject` has them fail."""
    said = child(path, "-e", f"trace={fault.partition(':')[0]}", "-e", f"inject={fault}", *options)
    assert "(INJECTED)" in path.with_name("trace").read_text("utf-8")
    return said


def numbers(said: str, word: str) -> set[int]:
    return {int(line.split()[1].rstrip(":")) for line in said.splitlines() if line.startswith(word)}


def rows(path: Path) -> set[int]:
    """The rows that are there now that the disk works again, in a file that is whole."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not db.execute("PRAGMA user_version").fetchone()[0]:
            return set()
        return {row[0] for row in db.execute("SELECT number FROM things")}


def put_aside(path: Path) -> list[Path]:
    return list(path.parent.glob("*.damaged-*.sqlite3"))


def test_the_disk_has_confirmed_every_row_before_it_is_called_saved(path: Path) -> None:
    said = child(path, "-y", "-e", "trace=pwrite64,write,fdatasync,fsync")
    assert numbers(said, "saved") == set(range(ROWS))
    log, syncs = str(path.with_name(f"{path.name}-wal")), 0
    written, confirmed = set[str](), list[str]()
    for line in path.with_name("trace").read_text("utf-8").splitlines():
        if found := _WRITTEN.search(line):
            written.add(found[1])
        elif found := _SYNCED.search(line):
            syncs += 1
            written.discard(found[1])
            confirmed.append(found[1])
        elif (found := _SAID.search(line)) and found[1] != "closed":
            assert log in confirmed, f"nothing was confirmed before: {found[1]}"
            assert log not in written, f"not all was confirmed before: {found[1]}"
            # The name of the log is on the disk as well, or it would not be found again.
            assert str(path.parent) in confirmed or found[1] != "open"
            confirmed.clear()
    assert ROWS < syncs <= SYNCS


@pytest.mark.parametrize("which", range(1, SYNCS + 1))
def test_what_the_disk_does_not_confirm_is_told_as_not_saved_and_all_else_is_there(path: Path, which: int) -> None:
    said = failing(path, f"fdatasync,fsync:error=EIO:when={which}")
    assert rows(path) == numbers(said, "saved")
    failed = len(numbers(said, "failed"))
    assert len(NOT_SAVED.findall(said)) == failed <= 1
    assert said.count("What was saved before was looked through and is safe.") == failed
    assert "not open" in said or len(numbers(said, "saved")) == ROWS - failed
    assert not put_aside(path)


@pytest.mark.parametrize("when", [3, 14, 90, 700, 900])
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_one_write_that_fails_costs_one_row_at_most_and_that_is_told(path: Path, error: str, when: int) -> None:
    said = failing(path, f"pwrite64:error={error}:when={when}")
    assert rows(path) == numbers(said, "saved")
    failed = len(numbers(said, "failed"))
    assert len(NOT_SAVED.findall(said)) == failed <= 1
    assert failed == 1 or when < 90
    assert not put_aside(path)


@pytest.mark.parametrize(
    "fault",
    [
        *(f"fdatasync,fsync:error=EIO:when={since}+" for since in (8, 16)),
        *(f"pwrite64:error={error}:when={since}+" for error in ("ENOSPC", "EIO") for since in (300, 850)),
    ],
)
def test_a_disk_that_fails_from_then_on_has_what_was_saved_before(path: Path, fault: str) -> None:
    said = failing(path, fault)
    saved, failed = numbers(said, "saved"), numbers(said, "failed")
    # What was told as not saved may be there: the disk has it, but would not say so.
    assert saved <= rows(path) <= saved | failed
    assert len(NOT_SAVED.findall(said)) == len(failed)
    assert saved | failed == set(range(ROWS))
    assert not put_aside(path)


def filled(path: Path) -> bytes:
    """A file with some rows; what it is, to the byte."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"PRAGMA journal_mode = WAL; {FORM}; PRAGMA user_version = 1;")
        db.executemany("INSERT INTO things VALUES (?, randomblob(3000))", [(number,) for number in EARLIER])
        db.commit()
    return path.read_bytes()


@pytest.mark.parametrize("when", [2, 5, 40, 100])
def test_a_place_that_cannot_be_read_once_costs_nothing(path: Path, when: int) -> None:
    before = filled(path)
    said = failing(path, f"pread64:error=EIO:when={when}", "-P", str(path))
    assert rows(path) == EARLIER | numbers(said, "saved")
    assert numbers(said, "failed") == set()
    # SQLite calls it damage, so it is read anew as a whole, and the old file is kept.
    assert [one.read_bytes() for one in put_aside(path)] == [before]
    assert "open after damage: The file of your conversations and experiments was damaged, and all" in said


def spoiled(folder: Path) -> Path:
    """A file of which a page near its end is damaged."""
    folder.mkdir()
    path = folder / "things.sqlite3"
    content = bytearray(filled(path))
    content[-5 * PAGE : -4 * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)
    return path


def test_places_that_cannot_be_read_cost_what_is_there(tmp_path: Path) -> None:
    path = spoiled(tmp_path / "once")
    child(path, "-e", "trace=pread64", "-P", str(path))
    least = rows(path) & EARLIER
    assert len(EARLIER) - 5 < len(least) < len(EARLIER)
    # Where the copy to read from is made of it, the second million bytes cannot be read, nor their first page.
    calls = path.with_name("trace").read_text("utf-8").splitlines()
    second = next(number for number, call in enumerate(calls, 1) if ", 1048576, 1048576)" in call)
    path = spoiled(tmp_path / "twice")
    before = path.read_bytes()
    said = failing(path, f"pread64:error=EIO:when={second}..{second + 1}", "-P", str(path))
    assert "open after damage" in said
    assert len(least) - 5 < len(rows(path) & EARLIER) < len(least)
    assert numbers(said, "saved") <= rows(path)
    assert [one.read_bytes() for one in put_aside(path)] == [before]


def test_a_disk_that_knows_no_second_names_gets_a_copy_of_the_damaged_file(tmp_path: Path) -> None:
    path = spoiled(tmp_path / "once")
    before = path.read_bytes()
    failing(path, "link,linkat:error=EPERM")
    assert [one.read_bytes() for one in put_aside(path)] == [before]


@pytest.mark.parametrize("since", [1, 2, 3])
def test_a_file_of_which_nothing_can_be_read_is_left_where_it_is(path: Path, since: int) -> None:
    before = filled(path)
    said = failing(path, f"pread64:error=EIO:when={since}+", "-P", str(path))
    assert said.startswith("not open: ")
    assert ("cannot be opened. The disk reported an error" if since == 1 else "look at the disk and try again") in said
    assert path.read_bytes() == before
    assert not put_aside(path)
