"""What an earlier run left behind: only that, and all of that, is ended; `test_process` makes real ones."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from desktop_app.engine import leftovers
from desktop_app.engine.leftovers import Mark, Record, end_leftovers, read_record, write_record
from desktop_app.engine.supervisor import entry, family, table
from desktop_app.paths import Paths
from tests.conftest import wait_until
from tests.engine_fakes import alive

NOBODY = Mark(2**22 + 1, 1.0)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a session of its own and has a child in it."""
    code = "import subprocess, sys; subprocess.run([sys.executable, '-I', '-S', '-c', 'import time; time.sleep(600)'])"
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", code], start_new_session=True)
    wait_until(lambda: len(family_of(process.pid)) == 2, "its child")
    yield process
    for pid in family_of(process.pid):
        os.kill(pid, 9)
    process.wait()


def family_of(pid: int) -> set[int]:
    return set(family(table(), [pid]))


def mark(pid: int) -> Mark:
    found = entry(pid)
    assert found is not None
    return Mark.of(found)


def record(leader: Mark, *members: Mark, owner: Mark = NOBODY, program: str = sys.executable) -> Record:
    return Record(leftovers.boot(), owner, NOBODY, leader, program, members or (leader,))


async def test_without_a_record_only_a_stale_socket_is_removed(paths: Paths) -> None:
    paths.socket.write_text("stale", "utf-8")

    assert await end_leftovers(paths) == []
    assert not paths.socket.exists()


async def test_the_recorded_process_and_its_children_are_ended(
    paths: Paths, bystander: subprocess.Popen[bytes]
) -> None:
    everybody = family_of(bystander.pid)
    write_record(paths, record(mark(bystander.pid)))

    ended = await end_leftovers(paths)

    assert {item.pid for item in ended} == everybody
    assert not any(alive(pid) for pid in everybody)
    assert not paths.running.exists()


async def test_a_reused_pid_is_somebody_else(paths: Paths, bystander: subprocess.Popen[bytes]) -> None:
    everybody = family_of(bystander.pid)
    ours = replace(mark(bystander.pid), start=mark(bystander.pid).start - 1000)
    write_record(paths, record(ours))

    assert await end_leftovers(paths) == []
    assert all(alive(pid) for pid in everybody)
    assert not paths.running.exists()


async def test_another_boot_is_forgotten(paths: Paths, bystander: subprocess.Popen[bytes]) -> None:
    write_record(paths, replace(record(mark(bystander.pid)), boot="yesterday"))

    assert await end_leftovers(paths) == []
    assert alive(bystander.pid)


async def test_the_engine_of_a_living_window_is_left_alone(paths: Paths, bystander: subprocess.Popen[bytes]) -> None:
    write_record(paths, record(mark(bystander.pid), owner=mark(os.getppid())))

    assert await end_leftovers(paths) == []
    assert alive(bystander.pid)
    assert paths.running.exists()


async def test_our_own_record_is_no_reason_to_wait(paths: Paths, bystander: subprocess.Popen[bytes]) -> None:
    write_record(paths, record(mark(bystander.pid), owner=mark(os.getpid())))

    assert len(await end_leftovers(paths)) == 2
    assert not alive(bystander.pid)


async def test_a_dead_leaders_session_is_ours_when_it_runs_our_program(
    paths: Paths, bystander: subprocess.Popen[bytes]
) -> None:
    leader = mark(bystander.pid)
    (child,) = family_of(bystander.pid) - {bystander.pid}
    program = leftovers._program(child)
    bystander.kill()
    bystander.wait()
    write_record(paths, record(leader, program=program))

    ended = await end_leftovers(paths)

    assert [item.pid for item in ended] == [child]
    assert not alive(child)


async def test_a_dead_leaders_session_is_not_ours_when_it_runs_something_else(
    paths: Paths, bystander: subprocess.Popen[bytes]
) -> None:
    leader = mark(bystander.pid)
    (child,) = family_of(bystander.pid) - {bystander.pid}
    bystander.kill()
    bystander.wait()
    write_record(paths, record(leader, program="/opt/engine/bin/python3"))

    assert await end_leftovers(paths) == []
    assert alive(child)
    os.kill(child, 9)


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "{}", '{"boot": 1}', '{"boot": "b", "owner": {"pid": "x", "start": 0}}', "\ud83d".encode(
        "utf-8", "surrogatepass"
    ).decode("latin-1")],
)  # fmt: skip
async def test_a_record_that_cannot_be_read_is_removed(paths: Paths, text: str) -> None:
    paths.running.write_text(text, "utf-8")

    assert await end_leftovers(paths) == []
    assert not paths.running.exists()


@pytest.mark.parametrize("pid", [1, 0, -1])
def test_a_record_cannot_name_init_or_a_group(paths: Paths, pid: int) -> None:
    data = asdict(record(NOBODY)) | {"members": [{"pid": pid, "start": 1.0}]}
    paths.running.write_text(json.dumps(data), "utf-8")

    assert read_record(paths) is None


def test_a_record_survives_being_written(paths: Paths) -> None:
    written = replace(record(NOBODY), shared_memory=("psm_1234",))

    write_record(paths, written)

    assert read_record(paths) == written
    assert paths.running.stat().st_mode & 0o077 == 0
    assert [file.name for file in paths.root.iterdir() if "running" in file.name] == [paths.running.name]


async def test_internal_sockets_and_rendezvous_files_are_removed(paths: Paths) -> None:
    (paths.engine_tmp / "vllm_dist_0123").write_text("x", "utf-8")
    (paths.engine_tmp / "other").write_text("x", "utf-8")

    await end_leftovers(paths)

    assert [file.name for file in paths.engine_tmp.iterdir()] == ["other"]


def test_shared_memory_of_other_programs_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_SHARED_MEMORY", tmp_path)
    for name in ("psm_1", "sem.mp-1", "pulse-shm-1"):
        (tmp_path / name).write_text("x", "utf-8")

    for name in ("psm_1", "sem.mp-1", "pulse-shm-1", "../psm_2"):
        leftovers.remove_shared_memory(name)

    assert [file.name for file in tmp_path.iterdir()] == ["pulse-shm-1"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_mapped_shared_memory_is_seen() -> None:
    from multiprocessing.shared_memory import SharedMemory

    block = SharedMemory(create=True, size=4096)
    try:
        assert block.name.lstrip("/") in leftovers._shared_memory([os.getpid()])
    finally:
        block.close()
        block.unlink()
