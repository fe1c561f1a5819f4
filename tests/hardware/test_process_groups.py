"""What trees of processes use, held against psutil. Time is told by the tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from desktop_app.hardware.process_groups import LOOK_SECONDS, ProcessGroups
from tests.hardware.fake_family import Actor, actor

_MIB = 1 << 20
_LATER = LOOK_SECONDS + 1
LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


@pytest.fixture
def window() -> Iterator[Actor]:
    with actor() as process:
        yield process


@pytest.fixture
def groups(window: Actor) -> ProcessGroups:
    made = ProcessGroups(window.pid)
    made.read(0.0)
    return made


def _seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def test_processor_time_is_what_psutil_says(window: Actor, groups: ProcessGroups) -> None:
    before = _seconds(window.pid)
    window.do("burn(0.3)")
    program, engine = groups.read(2.0)
    assert program.cpu == pytest.approx((_seconds(window.pid) - before) / 2, abs=0.02)
    assert program.cpu >= 0.14
    assert engine.cpu == 0


def test_memory_is_what_psutil_says(window: Actor, groups: ProcessGroups) -> None:
    before, _ = groups.read(1.0)
    window.do("block = bytearray(os.urandom(1)) * (200 << 20)")
    after, engine = groups.read(2.0)
    assert after.memory_bytes - before.memory_bytes == pytest.approx(200 * _MIB, rel=0.02)
    assert after.memory_bytes == pytest.approx(psutil.Process(window.pid).memory_info().rss, rel=0.02)
    assert engine.memory_bytes == 0


def test_memory_that_processes_share_counts_once(window: Actor, groups: ProcessGroups) -> None:
    window.do("block = mmap.mmap(-1, 100 << 20); block.write(bytes(100 << 20))")
    alone, _ = groups.read(1.0)
    window.do("done, say = os.pipe()")
    touch = "(block[::4096], os.write(say, b'x'), time.sleep(60), os._exit(0))"
    child = window.number(f"answer = os.fork() or {touch}; os.read(done, 1)")
    both, _ = groups.read(1.0 + _LATER)
    assert both.memory_bytes - alone.memory_bytes < 20 * _MIB
    window.do(f"os.kill({child}, 9); os.waitpid({child}, 0)")


def test_disks_are_what_psutil_says(window: Actor, groups: ProcessGroups, tmp_path: Path) -> None:
    process = psutil.Process(window.pid)
    before = process.io_counters()
    window.do(f"write({str(tmp_path / 'file')!r}, 20 << 20)")
    program, _ = groups.read(2.0)
    after = process.io_counters()
    assert program.written == (after.write_bytes - before.write_bytes) / 2
    assert program.read == (after.read_bytes - before.read_bytes) / 2


def test_what_a_child_wrote_is_not_counted_again_when_it_ends(
    window: Actor, groups: ProcessGroups, tmp_path: Path
) -> None:
    name = str(tmp_path / "file")
    window.do("helper = child()")
    groups.read(_LATER)
    line = f"write({name!r}, 20 << 20)"
    window.do(f"tell(helper, {line!r})")
    whole, _ = groups.read(_LATER + 1)
    window.do("end(helper)")
    ended, _ = groups.read(_LATER + 2)
    assert ended.written < _MIB
    window.do(f"write({name!r}, 5 << 20)")
    own, _ = groups.read(_LATER + 3)
    assert own.written == pytest.approx(whole.written / 4, rel=0.1)


def test_what_a_family_wrote_is_not_counted_again_when_all_of_it_ends(
    window: Actor, groups: ProcessGroups, tmp_path: Path
) -> None:
    name = str(tmp_path / "file")
    engine = window.number("helper = child(); answer = helper.pid")
    window.do("tell(helper, 'helper = child()')")
    groups.watch([engine])
    groups.read(1.0)
    line = f"write({name!r}, 10 << 20)"
    window.do(f"tell(helper, {f'tell(helper, {line!r})'!r})")
    groups.read(2.0)
    window.do("tell(helper, 'end(helper)'); end(helper)")
    program, gone = groups.read(3.0)
    again, _ = groups.read(4.0)
    assert max(program.written, again.written) < _MIB
    assert (gone.cpu, gone.memory_bytes, gone.read, gone.written) == (0, 0, 0, 0)


def test_what_nobody_inherits_hides_nothing(window: Actor, groups: ProcessGroups, tmp_path: Path) -> None:
    name = str(tmp_path / "file")
    window.do("signal.signal(signal.SIGCHLD, signal.SIG_IGN); helper = child()")
    groups.read(_LATER)
    line = f"write({name!r}, 20 << 20)"
    window.do(f"tell(helper, {line!r})")
    groups.read(_LATER + 1)
    window.do("end(helper)")
    groups.read(_LATER + 2)
    groups.read(_LATER + 3)
    before = psutil.Process(window.pid).io_counters()
    window.do(f"write({name!r}, 5 << 20)")
    program, _ = groups.read(_LATER + 4)
    assert program.written == psutil.Process(window.pid).io_counters().write_bytes - before.write_bytes


def test_what_descends_from_an_engine_is_engine(window: Actor, groups: ProcessGroups) -> None:
    engine = window.number("engine = child(); answer = engine.pid")
    window.do("helper = child()")
    worker = window.number("answer = tell(engine, 'worker = child(); answer = worker.pid')")
    groups.watch([engine])
    groups.read(1.0)
    assert sorted(groups.engines) == sorted([engine, worker])
    window.do("tell(engine, 'tell(worker, \"burn(0.2)\")')")
    window.do("tell(helper, 'burn(0.1)')")
    program, engines = groups.read(2.0)
    assert engines.cpu == pytest.approx(0.2, abs=0.06)
    assert program.cpu == pytest.approx(0.1, abs=0.06)


def test_children_of_any_thread_are_found(window: Actor, groups: ProcessGroups) -> None:
    window.do("import threading, queue; got = queue.Queue(); stay = threading.Event()")
    window.do("thread = threading.Thread(target=lambda: (got.put(child()), stay.wait()), daemon=True); thread.start()")
    window.do("helper = got.get()")
    before, _ = groups.read(_LATER)
    window.do("tell(helper, 'block = bytearray(100 << 20)')")
    after, _ = groups.read(_LATER + 1)
    assert after.memory_bytes - before.memory_bytes == pytest.approx(100 * _MIB, rel=0.02)


def test_engines_that_run_outside_the_window_count_too(window: Actor, groups: ProcessGroups) -> None:
    with actor() as container:
        groups.watch([container.pid, 0, -1, 1 << 40])
        _, engine = groups.read(1.0)
        assert engine.memory_bytes > 0
    _, engine = groups.read(2.0)
    assert engine.memory_bytes == 0


def test_processes_that_vanish_make_no_rate_negative(window: Actor, groups: ProcessGroups, tmp_path: Path) -> None:
    for moment in range(1, 4):
        begin = moment * 3 * _LATER
        window.do("helper = child()")
        line = f"burn(0.05); write({str(tmp_path / 'file')!r}, 1 << 20)"
        window.do(f"tell(helper, {line!r})")
        groups.read(begin)
        window.do("helper.kill()")
        for usage in (*groups.read(begin + 1), *groups.read(begin + _LATER)):
            assert min(usage.cpu, usage.memory_bytes, usage.read, usage.written) >= 0
        window.do("end(helper)")


def test_a_window_that_is_gone_uses_nothing() -> None:
    with actor() as process:
        groups = ProcessGroups(process.pid)
        assert groups.read(0.0)[0].memory_bytes > 0
    program, engine = groups.read(_LATER)
    assert program == engine
    assert program.memory_bytes == 0


@pytest.mark.skipif(not os.access(LAST_PID, os.W_OK), reason="numbers of processes cannot be chosen here")
def test_a_number_that_another_process_has_got_is_no_engine(window: Actor, groups: ProcessGroups) -> None:
    with actor() as engine:
        groups.watch([engine.pid])
        groups.read(1.0)
        assert groups.engines == [engine.pid]
    other = 0
    while other != engine.pid:
        if other:
            window.do("end(helper)")
        try:
            LAST_PID.write_text(str(engine.pid - 1))
        except PermissionError:
            pytest.skip("numbers of processes cannot be chosen here")
        other = window.number("helper = child(); answer = helper.pid")
    program, usage = groups.read(1.0 + _LATER)
    assert groups.engines == []
    assert usage.memory_bytes == 0
    assert program.cpu < 0.1
