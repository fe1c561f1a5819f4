"""Readings of a machine in use: frames, paces, and helpers that end, hang, lie or cannot be started."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from desktop_app.domain.machine import Attention, MachineSample
from desktop_app.hardware.sampler import CARDS_NOTE, Sampler
from tests.conftest import reach, wait_until
from tests.hardware.fake_family import actor, ended
from tests.hardware.fake_sampling import FRAME, ROOT, driver_root, program, sampling_with

_SAY = f"say = lambda: print({FRAME!r}, flush=True)\n"


@asynccontextmanager
async def running(sampler: Sampler, attention: Attention = Attention.PAGE) -> AsyncIterator[list[MachineSample]]:
    """The frames of *sampler*, which is ended afterwards and leaves no process."""
    heard: list[MachineSample] = []
    before = set(psutil.Process().children())
    sampler.look(attention)
    task = asyncio.create_task(sampler.run(heard.append))
    try:
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert sampler.pid is None
    assert set(psutil.Process().children()) <= before


async def _next(heard: list[MachineSample], what: str = "a frame") -> MachineSample:
    count = len(heard)
    await reach(lambda: len(heard) > count, what)
    return heard[-1]


async def test_a_reading_of_this_machine() -> None:
    async with running(Sampler()) as heard:
        sample = await _next(heard)
        assert 0 <= sample.cpu <= 1
        assert 0 < sample.used_bytes < sample.total_bytes == psutil.virtual_memory().total
        assert len(sample.cores) == psutil.cpu_count()
        assert sample.program.memory_bytes > psutil.Process().memory_info().rss * 0.9
        assert sample.seconds >= 0.1
        assert sample.engine.memory_bytes == 0


async def test_processes_that_are_told_are_the_engine() -> None:
    sampler = Sampler()
    with actor() as engine:
        engine.do("block = bytearray(200 << 20)")
        sampler.watch([engine.pid])
        async with running(sampler) as heard:
            await _next(heard)
            await reach(lambda: heard[-1].engine.memory_bytes > 200 << 20, "the engine's memory")
            right = psutil.Process(engine.pid).memory_info().rss
            assert heard[-1].engine.memory_bytes == pytest.approx(right, rel=0.02)
            sampler.watch([])
            await reach(lambda: heard[-1].engine.memory_bytes == 0, "no engine")
            assert heard[-1].program.memory_bytes > 200 << 20


async def test_the_pace_follows_the_attention() -> None:
    sampler = Sampler()
    async with running(sampler, Attention.STRIP) as heard:
        first = await _next(heard)
        sampler.look(Attention.PAGE)
        assert (await _next(heard)).at > first.at
        await reach(lambda: heard[-1].seconds == pytest.approx(Attention.PAGE.value, rel=0.1), "a quick frame")


async def test_while_nobody_looks_there_is_no_process() -> None:
    sampler = Sampler()
    async with running(sampler, Attention.NOBODY) as heard:
        for attention in (Attention.STRIP, Attention.PAGE):
            sampler.look(attention)
            await _next(heard)
            children = psutil.Process().children()
            assert sampler.pid in [child.pid for child in children]
            sampler.look(Attention.NOBODY)
            await reach(lambda before=children: set(psutil.Process().children()) < set(before), "its end")  # type: ignore[misc]
            assert sampler.pid is None
        count = len(heard)
    assert len(heard) == count


async def test_it_can_be_told_before_it_runs_and_while_nobody_looks() -> None:
    sampler = Sampler()
    with actor() as engine:
        sampler.watch([engine.pid])
        async with running(sampler, Attention.NOBODY) as heard:
            sampler.look(Attention.STRIP)
            sampler.look(Attention.NOBODY)
            sampler.look(Attention.PAGE)
            await reach(lambda: heard and heard[-1].engine.memory_bytes > 0, "the engine's memory")


async def test_a_helper_that_is_killed_is_replaced() -> None:
    sampler = Sampler()
    async with running(sampler) as heard:
        await _next(heard)
        pid = sampler.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await reach(lambda: sampler.pid not in (None, pid), "another helper")
        await _next(heard)
        assert heard[-1].gpu_note == ""


async def test_a_helper_that_stands_still_is_replaced() -> None:
    sampler = Sampler(patience=1.5)
    async with running(sampler) as heard:
        await _next(heard)
        pid = sampler.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await reach(lambda: sampler.pid not in (None, pid), "another helper")
        await _next(heard)
        assert not psutil.pid_exists(pid)


async def test_ctrl_c_in_a_terminal_is_not_for_the_helper() -> None:
    sampler = Sampler()
    async with running(sampler) as heard:
        await _next(heard)
        assert sampler.pid is not None
        assert os.getsid(sampler.pid) != os.getsid(0)


async def test_lines_that_are_none_cost_their_frame_only() -> None:
    text = f"{_SAY}print('garbage'); print('{{}}'); print('x' * 5_000_000); print('\\0' * 10); say(); time.sleep(600)"
    async with running(Sampler(command=program(text))) as heard:
        sample = await _next(heard)
        assert (sample.used_bytes, sample.total_bytes, sample.cores) == (10, 20, (0.5, 0.0))
        assert len(heard) == 1


async def test_a_line_without_an_end_is_not_kept(tmp_path: Path) -> None:
    text = f"for _ in range(64): sys.stdout.write('x' * (1 << 20))\nprint(flush=True)\n{_SAY}say(); time.sleep(600)"
    before = psutil.Process().memory_info().rss
    async with running(Sampler(command=program(text))) as heard:
        await _next(heard)
        assert psutil.Process().memory_info().rss - before < 32 << 20


async def test_a_helper_that_says_nothing_sensible_is_replaced() -> None:
    text = "while True: print('garbage', flush=True); time.sleep(0.05)"
    sampler = Sampler(command=program(text), patience=0.2)
    async with running(sampler) as heard:
        await reach(lambda: sampler.pid, "a helper")
        pid = sampler.pid
        await reach(lambda: sampler.pid not in (None, pid), "another helper")
        assert heard == []


async def test_a_helper_that_does_not_stay_is_not_started_again_and_again(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    text = f"open({str(starts)!r}, 'a').write('x')"
    sampler = Sampler(command=program(text))
    async with running(sampler):
        await reach(lambda: starts.exists() and len(starts.read_text()) == 2 and sampler.pid is None, "two starts")
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(starts.read_text()) == 2
        sampler.look(Attention.NOBODY)
        sampler.look(Attention.STRIP)
    assert len(starts.read_text()) == 2


async def test_a_helper_that_cannot_be_started_costs_the_figures_only(tmp_path: Path) -> None:
    async with running(Sampler(command=[str(tmp_path / "nothing")])) as heard:
        for _ in range(100):
            await asyncio.sleep(0)
        assert heard == []


async def test_cards_are_read(tmp_path: Path) -> None:
    command = sampling_with(tmp_path, "mixed")
    async with running(Sampler(driver_root(tmp_path), command)) as heard:
        await reach(lambda: heard and heard[-1].gpus, "the cards")
        assert [gpu.name for gpu in heard[-1].gpus] == ["NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 3060 Ti"]
        assert heard[-1].gpu_note == ""


async def test_without_a_driver_no_card_is_asked_for(tmp_path: Path) -> None:
    command = sampling_with(tmp_path, "mixed", "nvmlInit = lambda: os.kill(os.getpid(), 11)")
    async with running(Sampler(tmp_path / "empty", command)) as heard:
        sample = await _next(heard)
        assert (sample.gpus, sample.gpu_note) == ((), "")


async def test_a_driver_that_crashes_is_left_alone_for_a_while_and_comes_back_by_itself(tmp_path: Path) -> None:
    mended = tmp_path / "mended"
    crash = f"""
_init = nvmlInit

def nvmlInit():
    if not os.path.exists({str(mended)!r}):
        os.kill(os.getpid(), 11)
    _init()
"""
    command = sampling_with(tmp_path, "mixed", crash)
    async with running(Sampler(driver_root(tmp_path), command, rest=0.6)) as heard:
        await reach(lambda: heard and heard[-1].gpu_note == CARDS_NOTE, "the note")
        assert heard[-1].gpus == ()
        assert heard[-1].total_bytes > 0
        mended.touch()
        await reach(lambda: heard[-1].gpus, "the cards")
        assert heard[-1].gpu_note == ""


async def test_a_driver_that_hangs_costs_its_own_figures_only(tmp_path: Path) -> None:
    command = sampling_with(tmp_path, "mixed", "nvmlInit = lambda: time.sleep(600)")
    sampler = Sampler(driver_root(tmp_path), command)
    async with running(sampler) as heard:
        sample = await _next(heard)
        assert sample.total_bytes > 0
        assert sample.gpus == ()


async def test_while_a_killed_helper_is_held_by_the_driver_no_other_asks_it(tmp_path: Path) -> None:
    # The stand-in for a thread that hangs inside a driver: a process that keeps the pipe of the killed helper open.
    held = tmp_path / "held"
    text = f"""
import json, subprocess
if not os.path.exists({str(held)!r}):
    holder = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL)
    with open({str(held)!r}, "w") as file:
        file.write(str(holder.pid))
cards = "not asked"
for line in sys.stdin:
    cards = "asked" if json.loads(line).get("cards") else cards
    print(json.dumps({json.loads(FRAME)!r} | {{"cards": [{{"name": cards}}]}}), flush=True)
"""
    sampler = Sampler(driver_root(tmp_path), program(text))
    async with running(sampler) as heard:
        await reach(lambda: heard and heard[-1].gpus[0].name == "asked", "the cards are asked")
        sampler.look(Attention.NOBODY)
        await reach(lambda: sampler.pid is None, "its end")
        count = len(heard)
        sampler.look(Attention.PAGE)
        await reach(lambda: len(heard) > count, "a frame of the next")
        for number in range(20):
            sampler.watch([number])
        await reach(lambda: len(heard) > count + 20, "frames of the next")
        assert {frame.gpus[0].name for frame in heard[count:]} == {"not asked"}
        os.kill(int(held.read_text()), signal.SIGKILL)
        await reach(lambda: heard[-1].gpus[0].name == "asked", "the cards are asked again")


@pytest.mark.parametrize("attention", ["STRIP", "PAGE"])
def test_the_helper_dies_with_a_killed_window(attention: str) -> None:
    window = f"""
import asyncio
from desktop_app.domain.machine import Attention
from desktop_app.hardware.sampler import Sampler

async def main():
    sampler = Sampler()
    sampler.look(Attention.{attention})
    await sampler.run(lambda sample: print(sampler.pid, flush=True))

sys.path.append({str(ROOT)!r})
asyncio.run(main())
"""
    with subprocess.Popen(program(window), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        helper = psutil.Process(int(process.stdout.readline()))
        process.kill()
    wait_until(lambda: ended(helper), "the helper's end")
