"""What a machine has: on this one, and on made-up ones."""

from pathlib import Path

import psutil
import pytest

from desktop_app.domain.machine import NO_CARD
from desktop_app.hardware.nvml import NvmlHelper
from desktop_app.hardware.probe import available_memory, probe, usable_cores, usable_memory
from tests.hardware.fake_driver import helper_with, program
from tests.hardware.test_cgroup import write

X86 = "processor\t: 0\nmodel name\t: AMD  Ryzen 7\nflags\t\t: fpu avx2 avx512f\n\nprocessor\t: 1\nmodel name\t: Other\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd bf16\nCPU part\t: 0xd0c\n\n"
LIMITED = {
    "proc/self/cgroup": "0::/job\n",
    "proc/self/mountinfo": "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/job/memory.max": "268435456\n",
    "sys/fs/cgroup/job/cpu.max": "50000 100000\n",
}


def test_this_machine() -> None:
    machine = probe()
    assert machine.cpu_name
    assert 1 <= machine.cores <= (psutil.cpu_count() or 1)
    assert 0 < machine.memory_bytes <= psutil.virtual_memory().total
    assert bool(machine.gpus) != bool(machine.gpu_note)


@pytest.mark.parametrize(("text", "name", "flag"), [(X86, "AMD Ryzen 7", "avx512f"), (ARM, "", "bf16")])
def test_the_processor(tmp_path: Path, text: str, name: str, flag: str) -> None:
    machine = probe(write(tmp_path, {"proc/cpuinfo": text}))
    assert machine.cpu_name == name if name else machine.cpu_name
    assert flag in machine.cpu_flags
    assert machine.gpu_note == NO_CARD


def test_limits_of_control_groups_count(tmp_path: Path) -> None:
    write(tmp_path, LIMITED)
    assert usable_memory(tmp_path) == 256 << 20
    assert usable_cores(tmp_path) == 1


def test_a_limit_is_told_in_words(tmp_path: Path) -> None:
    assert probe(tmp_path).memory_note == ""
    note = probe(write(tmp_path, LIMITED)).memory_note
    assert note.startswith("This program may use 0.2 GB of ")
    assert note.endswith(" GB: a limit of its container or session.")


def test_a_fuller_group_further_up_counts_for_what_is_free(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"
    write(tmp_path, LIMITED | {group[0]: str(300 << 20), group[1]: str(290 << 20)})
    write(tmp_path, {"sys/fs/cgroup/job/memory.current": str(10 << 20)})
    assert usable_memory(tmp_path) == 256 << 20
    assert available_memory(tmp_path) == 10 << 20


def test_a_limit_above_the_machine_is_none(tmp_path: Path) -> None:
    write(tmp_path, LIMITED | {"sys/fs/cgroup/job/memory.max": str(1 << 60), "sys/fs/cgroup/job/cpu.max": "max 100000"})
    assert usable_memory(tmp_path) == psutil.virtual_memory().total
    assert usable_cores(tmp_path) >= 1


def test_cards_come_from_the_helper_which_is_ended(tmp_path: Path) -> None:
    write(tmp_path, {"dev/nvidiactl": ""})
    helper = NvmlHelper(helper_with(tmp_path, "mixed"))
    machine = probe(tmp_path, helper, ours=[4194001])
    assert [gpu.name for gpu in machine.gpus] == ["NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 3060 Ti"]
    assert [user.used_bytes >> 20 for user in machine.gpus[0].users if user.ours] == [900]
    assert machine.gpu_note == ""
    assert helper.pid is None


@pytest.mark.parametrize("scene", ["gb10", "orin"])
def test_a_card_without_memory_of_its_own_has_the_computers(tmp_path: Path, scene: str) -> None:
    write(tmp_path, {"dev/nvidiactl": ""})
    machine = probe(tmp_path, NvmlHelper(helper_with(tmp_path, scene)))
    gpu = machine.gpus[0]
    assert (gpu.total_bytes, gpu.free_bytes) == (machine.memory_bytes, machine.available_bytes)


def test_cards_that_are_not_wanted_are_not_asked(tmp_path: Path) -> None:
    write(tmp_path, {"dev/nvidiactl": ""})
    marker = tmp_path / "started"
    machine = probe(tmp_path, NvmlHelper(program(f"open({str(marker)!r}, 'w')")), cards=False)
    assert (machine.gpus, machine.gpu_note) == ((), "")
    assert machine.memory_bytes > 0
    assert not marker.exists()


def test_without_a_driver_the_helper_is_not_started(tmp_path: Path) -> None:
    marker = tmp_path / "started"
    machine = probe(tmp_path, NvmlHelper(program(f"open({str(marker)!r}, 'w')")))
    assert machine.gpu_note == NO_CARD
    assert not marker.exists()


def test_a_driver_that_hangs_does_not_hold_the_probe(tmp_path: Path) -> None:
    write(tmp_path, {"dev/nvidiactl": ""})
    machine = probe(tmp_path, NvmlHelper(program("time.sleep(600)"), first_answer_seconds=0.5))
    assert machine.gpus == ()
    assert "did not answer" in machine.gpu_note
