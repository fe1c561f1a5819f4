"""Which programs hold memory: of this machine, and of made-up process tables."""

import os
import subprocess
import sys

from desktop_app.domain.machine import MemoryUser, plain_name
from desktop_app.hardware.memory_users import Process, family, largest, processes

GIB = 1 << 30
TABLE = [
    Process(1, 0, "systemd", GIB // 100),
    Process(10, 1, "firefox", GIB),
    Process(11, 10, "firefox", 2 * GIB),
    Process(20, 1, "vllm-desktop", 0),
    Process(21, 20, "supervisor", 0),
    Process(22, 21, "VLLM::EngineCore", 4 * GIB),
    Process(30, 1, "VLLM::EngineCore", GIB),
]


def test_processes_of_a_program_count_together_and_ours_apart() -> None:
    assert largest(TABLE, family(TABLE, [20])) == (
        MemoryUser("VLLM::EngineCore", 4 * GIB, ours=True),
        MemoryUser("firefox", 3 * GIB),
        MemoryUser("VLLM::EngineCore", GIB),
    )


def test_a_family_is_everything_that_descends_and_may_have_gaps_and_circles() -> None:
    assert family(TABLE, [20]) == {20, 21, 22}
    assert family(TABLE, [99]) == {99}
    assert family([Process(1, 2, "a", 0), Process(2, 1, "b", 0)], [1]) == {1, 2}


def test_only_the_largest_are_told_and_never_ourselves() -> None:
    table = [Process(1000 + number, 1, f"program {number}", number * GIB) for number in range(1, 20)]
    table.append(Process(os.getpid(), 1, "this", 1000 * GIB))
    assert [user.name for user in largest(table, frozenset())] == [f"program {number}" for number in range(19, 11, -1)]


def test_a_child_that_holds_memory_is_seen_as_ours() -> None:
    text = "import sys; held = bytearray(200 << 20); held[::4096] = b'x' * (50 << 10); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        table = processes()
        held = next(process for process in table if process.pid == child.pid)
        assert held.used_bytes > 190 << 20
        assert child.pid in family(table, [os.getpid()])
        child.communicate(b"\n")


def test_names_cannot_work_a_terminal() -> None:
    assert plain_name("a\x1b[2Jb\u202ec" + "d" * 100) == ("a[2Jbc" + "d" * 100)[:60]
