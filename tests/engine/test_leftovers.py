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
from desktop_app.paths import EnginePlaces, Paths
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


@pytest.fixture
def places(paths: Paths) -> EnginePlaces:
    return paths.engine("0123456789")


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sleep", "600"])


def family_of(pid: int) -> set[int]:
    return set(family(table(), [pid]))


def mark(pid: int) -> Mark:
    found = entry(pid)
    assert found is not None
    return Mark.of(found)


def record(leader: Mark, *members: Mark, owner: Mark = NOBODY, program: str = sys.executable) -> Record:
    return Record(leftovers.boot(), owner, NOBODY, leader, program, members or (leader,))


async def test_without_a_record_only_a_stale_socket_is_removed(paths: Paths, places: EnginePlaces) -> None:
    places.socket.write_text("stale", "utf-8")

    assert await end_leftovers(paths) == []
    assert not places.socket.exists()


async def test_the_recorded_process_and_its_children_are_ended(
    paths: Paths, places: EnginePlaces, bystander: subprocess.Popen[bytes]
) -> None:
    everybody = family_of(bystander.pid)
    write_record(places.record, record(mark(bystander.pid)))

    ended = await end_leftovers(paths)

    assert {item.pid for item in ended} == everybody
    assert not any(alive(pid) for pid in everybody)
    assert not places.record.exists()


async def test_a_reused_pid_is_somebody_else(
    paths: Paths, places: EnginePlaces, bystander: subprocess.Popen[bytes]
) -> None:
    everybody = family_of(bystander.pid)
    ours = replace(mark(bystander.pid), start=mark(bystander.pid).start - 1000)
    write_record(places.record, record(ours))

    assert await end_leftovers(paths) == []
    assert all(alive(pid) for pid in everybody)
    assert not places.record.exists()


async def test_another_boot_is_forgotten(
    paths: Paths, places: EnginePlaces, bystander: subprocess.Popen[bytes]
) -> None:
    write_record(places.record, replace(record(mark(bystander.pid)), boot="yesterday"))

    assert await end_leftovers(paths) == []
    assert alive(bystander.pid)


async def test_the_engine_of_a_living_window_is_left_alone(
    paths: Paths, places: EnginePlaces, bystander: subprocess.Popen[bytes]
) -> None:
    write_record(places.record, record(mark(bystander.pid), owner=mark(os.getppid())))

    assert await end_leftovers(paths) == []
    assert alive(bystander.pid)
    assert places.record.exists()


async def test_engines_of_this_very_program_are_left_alone(
    paths: Paths, places: EnginePlaces, bystander: subprocess.Popen[bytes]
) -> None:
    write_record(places.record, record(mark(bystander.pid), owner=mark(os.getpid())))
    places.socket.write_text("in use", "utf-8")
    places.tmp.mkdir()
    os.utime(places.tmp, (0, 0))

    assert await end_leftovers(paths) == []
    assert alive(bystander.pid)
    assert places.record.exists()
    assert places.socket.exists()
    assert places.tmp.exists()


async def test_every_record_is_looked_at(paths: Paths, bystander: subprocess.Popen[bytes]) -> None:
    everybody = family_of(bystander.pid)
    with sleeper() as another, sleeper() as ours:
        for key, pid, owner in (
            ("a" * 10, bystander.pid, NOBODY),
            ("b" * 10, another.pid, NOBODY),
            ("c" * 10, ours.pid, mark(os.getpid())),
        ):
            write_record(paths.engine(key).record, record(mark(pid), owner=owner))

        ended = await end_leftovers(paths)

        assert {item.pid for item in ended} == {*everybody, another.pid}
        assert ours.poll() is None
        assert set(leftovers.read_records(paths)) == {"c" * 10}
        ours.kill()


async def test_a_dead_leaders_session_is_ours_when_it_runs_our_program(
    paths: Paths, places: EnginePlaces, bystander: subprocess.Popen[bytes]
) -> None:
    leader = mark(bystander.pid)
    (child,) = family_of(bystander.pid) - {bystander.pid}
    program = leftovers._program(child)
    bystander.kill()
    bystander.wait()
    write_record(places.record, record(leader, program=program))

    ended = await end_leftovers(paths)

    assert [item.pid for item in ended] == [child]
    assert not alive(child)


async def test_a_dead_leaders_session_is_not_ours_when_it_runs_something_else(
    paths: Paths, places: EnginePlaces, bystander: subprocess.Popen[bytes]
) -> None:
    leader = mark(bystander.pid)
    (child,) = family_of(bystander.pid) - {bystander.pid}
    bystander.kill()
    bystander.wait()
    write_record(places.record, record(leader, program="/opt/engine/bin/python3"))

    assert await end_leftovers(paths) == []
    assert alive(child)
    os.kill(child, 9)


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "{}", '{"boot": 1}', '{"boot": "b", "owner": {"pid": "x", "start": 0}}', "\ud83d".encode(
        "utf-8", "surrogatepass"
    ).decode("latin-1")],
)  # fmt: skip
async def test_a_record_that_cannot_be_read_is_removed(paths: Paths, places: EnginePlaces, text: str) -> None:
    places.record.write_text(text, "utf-8")

    assert await end_leftovers(paths) == []
    assert not places.record.exists()


@pytest.mark.parametrize("pid", [1, 0, -1])
def test_a_record_cannot_name_init_or_a_group(places: EnginePlaces, pid: int) -> None:
    data = asdict(record(NOBODY)) | {"members": [{"pid": pid, "start": 1.0}]}
    places.record.write_text(json.dumps(data), "utf-8")

    assert read_record(places.record) is None


def test_a_record_survives_being_written(paths: Paths, places: EnginePlaces) -> None:
    written = replace(record(NOBODY), shared_memory=("psm_1234",))

    write_record(places.record, written)

    assert read_record(places.record) == written
    assert places.record.stat().st_mode & 0o077 == 0
    assert [file.name for file in paths.records.iterdir()] == [places.record.name]


async def test_the_temporary_folder_of_a_dead_engine_goes_with_it(paths: Paths, places: EnginePlaces) -> None:
    places.tmp.mkdir()
    (places.tmp / "vllm_dist_0123").write_text("x", "utf-8")
    write_record(places.record, record(NOBODY))

    assert await end_leftovers(paths) == []
    assert not places.tmp.exists()


async def test_only_an_old_temporary_folder_without_a_record_is_removed(paths: Paths) -> None:
    old, fresh, other = (paths.runtime / name for name in ("a" * 10, "b" * 10, "something else"))
    for folder in (old, fresh, other):
        folder.mkdir()
    os.utime(old, (0, 0))
    os.utime(other, (0, 0))
    (paths.runtime / "window.sock").write_text("the window's", "utf-8")

    await end_leftovers(paths)

    assert {item.name for item in paths.runtime.iterdir()} == {fresh.name, other.name, "window.sock"}


async def test_a_records_name_cannot_lead_out_of_the_folder(paths: Paths) -> None:
    write_record(paths.records / "...json", record(NOBODY))

    assert await end_leftovers(paths) == []
    assert paths.runtime.is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="names are read in /proc")
async def test_other_vllms_are_shown_and_ours_are_not(paths: Paths, places: EnginePlaces, tmp_path: Path) -> None:
    name_it = "import pathlib, sys, time; pathlib.Path('/proc/self/comm').write_text(sys.argv[1]); time.sleep(600)"
    program = [sys.executable, "-I", "-S", "-c"]
    (tmp_path / "vllm").write_text("import time; time.sleep(600)", "utf-8")
    lines = [
        [*program, name_it, "VLLM::EngineCore"],
        [*program, name_it, "vllm-desktop::EngineCore"],
        [sys.executable, str(tmp_path / "vllm"), "serve", "model"],
        [*program, "import time; time.sleep(600)", "-m", "vllm.entrypoints.openai.api_server"],
        [*program, name_it, "VLLM::Ours"],
    ]
    processes = list(map(subprocess.Popen, lines))
    core, foreign, server, bystander, ours = (process.pid for process in processes)
    try:
        wait_until(lambda: [entry_name(pid)[:4].lower() for pid in (core, foreign, ours)] == ["vllm"] * 3, "names")
        write_record(places.record, record(mark(ours), owner=mark(os.getpid())))

        found = {item.pid: item for item in await leftovers.strangers(paths)}

        assert {core, foreign, server} <= found.keys()
        assert not {bystander, ours} & found.keys()
        assert found[core].name == "VLLM::EngineCor"
        assert found[server].name == "vLLM server"
        assert found[core].memory_bytes > 1_000_000
    finally:
        for process in processes:
            process.kill()
            process.wait()


def entry_name(pid: int) -> str:
    found = entry(pid)
    return found.name if found else ""
