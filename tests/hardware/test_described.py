"""The gauges of a described machine."""

from desktop_app.domain.machine import Gpu, GpuSample, Machine, MachineSample
from desktop_app.hardware.described import StillSampler


async def test_the_figures_are_those_of_the_description() -> None:
    cards = (Gpu("A", 24, 20, "580"), Gpu("GB10", 100, 90, "580", unified=True))
    sampler = StillSampler(Machine("a processor", 4, 16, frozenset(), cards, available_bytes=10))
    expected = MachineSample(0.0, 6, 16, (GpuSample("A", 0.0, 4, 24), GpuSample("GB10", 0.0, 0, 0)))
    assert await sampler.sample() == expected
    await sampler.rest()
    assert await sampler.sample() == expected
