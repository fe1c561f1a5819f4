"""The gauges of a described machine."""

import asyncio
from contextlib import suppress

from desktop_app.domain.machine import Attention, Gpu, GpuSample, Machine, MachineSample
from desktop_app.hardware.described import StillSampler
from tests.conftest import reach


async def test_the_figures_are_those_of_the_description_at_the_pace_of_the_attention() -> None:
    cards = (Gpu("A", 24, 20, "580"), Gpu("GB10", 100, 90, "580", unified=True))
    sampler = StillSampler(Machine("a processor", 4, 16, frozenset(), cards, available_bytes=10))
    heard: list[MachineSample] = []
    task = asyncio.create_task(sampler.run(heard.append))
    sampler.watch([1])
    for _ in range(3):
        await asyncio.sleep(0)
    assert heard == []
    sampler.look(Attention.PAGE)
    await reach(lambda: len(heard) == 2, "two frames")
    for sample in heard:
        assert (sample.cpu, sample.used_bytes, sample.total_bytes, sample.cores) == (0.0, 6, 16, (0.0,) * 4)
        assert sample.gpus == (GpuSample("A", 0.0, 4, 24), GpuSample("GB10", 0.0, 0, 0))
    assert heard[0].seconds == 0
    assert heard[1].seconds == heard[1].at - heard[0].at >= 0.4
    sampler.look(Attention.NOBODY)
    for _ in range(3):
        await asyncio.sleep(0)
    assert sampler.pid is None
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
