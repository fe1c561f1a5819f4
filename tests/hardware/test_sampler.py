"""Readings of a machine in use."""

from pathlib import Path

import psutil

from desktop_app.hardware.nvml import NvmlHelper
from desktop_app.hardware.sampler import Sampler, find_helper
from tests.hardware.fake_driver import helper_with
from tests.hardware.test_cgroup import write
from tests.hardware.test_probe import LIMITED


async def test_a_reading_of_this_machine() -> None:
    sample = await Sampler().sample()
    assert 0 <= sample.cpu <= 1
    assert 0 < sample.used_bytes < sample.total_bytes
    assert sample.gpus == ()


async def test_a_busy_processor_is_seen() -> None:
    sampler = Sampler()
    await sampler.sample()
    busy, before = 0.0, psutil.Process().cpu_times().user
    while psutil.Process().cpu_times().user - before < 0.3:
        pass
    busy = (await sampler.sample()).cpu
    assert busy > 0


async def test_memory_is_measured_against_the_tightest_control_group(tmp_path: Path) -> None:
    write(tmp_path, LIMITED | {"sys/fs/cgroup/job/memory.current": "1000000\n"})
    sample = await Sampler(root=tmp_path).sample()
    assert (sample.used_bytes, sample.total_bytes) == (1000000, 256 << 20)


async def test_cards_are_read_and_let_go(tmp_path: Path) -> None:
    helper = NvmlHelper(helper_with(tmp_path, "mixed"))
    sampler = Sampler(helper)
    assert [gpu.name for gpu in (await sampler.sample()).gpus] == [
        "NVIDIA GeForce RTX 4090",
        "NVIDIA GeForce RTX 3060 Ti",
    ]
    assert helper.pid is not None
    await sampler.rest()
    assert helper.pid is None


def test_there_is_a_helper_only_where_there_is_a_driver(tmp_path: Path) -> None:
    assert find_helper(tmp_path) is None
    write(tmp_path, {"dev/nvidiactl": ""})
    assert find_helper(tmp_path) is not None
