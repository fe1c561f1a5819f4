"""What this computer has, found out once. Called by `services` in a thread: it reads files and asks a child process."""

import os
import platform
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import psutil

from desktop_app.domain.machine import Gpu, Machine
from desktop_app.domain.units import memory_words
from desktop_app.hardware.cgroup import cpu_quota, memory_groups, tightest_memory
from desktop_app.hardware.memory_users import family, largest, processes
from desktop_app.hardware.nvml import NvmlHelper, Reading, driver_note


def probe(
    root: Path = Path("/"), helper: NvmlHelper | None = None, ours: Collection[int] = (), *, cards: bool = True
) -> Machine:
    """Describe the machine. Blocks: milliseconds without an NVIDIA driver, up to 15 seconds with one that hangs.

    Args:
        root: the folder that stands for `/`.
        helper: who asks NVIDIA's driver when there is one; one that is ended afterwards by default.
        ours: processes of our engines that do not descend from this program, e.g. those in containers.
        cards: whether to ask for graphics cards, which wakes those that sleep; without, none is described.
    """
    name, flags = _processor(root)
    table = processes()
    engines = family(table, (os.getpid(), *ours))
    reading = _cards(root, helper or NvmlHelper(), engines) if cards else Reading()
    memory, available = usable_memory(root), available_memory(root)
    return Machine(
        cpu_name=name,
        cores=usable_cores(root),
        memory_bytes=memory,
        cpu_flags=flags,
        gpus=tuple(_sharing(gpu, memory, available) for gpu in reading.gpus),
        gpu_note=reading.note,
        available_bytes=available,
        memory_note=_memory_note(memory),
        users=largest(table, engines),
    )


def usable_cores(root: Path = Path("/")) -> int:
    """Whole cores that this process may keep busy: its affinity, cut by the control groups' quota; at least 1."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quota = cpu_quota(root)
    return max(1, cores if quota is None else min(cores, int(quota)))


def usable_memory(root: Path = Path("/")) -> int:
    """Bytes that may really be used: the smaller of physical memory and every control group's limit."""
    physical = psutil.virtual_memory().total
    group = tightest_memory(root)
    return physical if group is None else min(physical, group.limit_bytes)


def available_memory(root: Path = Path("/")) -> int:
    """Bytes that are free now: the smallest of what the machine has left and what every control group above us has."""
    free = [psutil.virtual_memory().available]
    for group in memory_groups(root):
        used = group.used_bytes()
        if used is not None:
            free.append(group.limit_bytes - used)
    return max(0, min(free))


def _memory_note(memory: int) -> str:
    physical = psutil.virtual_memory().total
    if memory >= physical:
        return ""
    return (
        f"This program may use {memory_words(memory)} of {memory_words(physical)}: a limit of its container or session."
    )


def _sharing(gpu: Gpu, memory: int, available: int) -> Gpu:
    """The card, with the computer's memory when it has none of its own.

    What is free is MemAvailable, as vLLM reckons on such chips (`utils/mem_utils.py`): the driver counts the file cache
    as taken.
    """
    if not gpu.unified:
        return gpu
    return replace(gpu, total_bytes=memory, free_bytes=min(memory, available))


def _cards(root: Path, helper: NvmlHelper, ours: Collection[int]) -> Reading:
    note = driver_note(root)
    if note:
        return Reading(note=note)
    try:
        return helper.read(ours)
    finally:
        helper.close()


def _processor(root: Path) -> tuple[str, frozenset[str]]:
    """Name and flags of the first processor; the names of the lines differ between x86 and ARM."""
    name, flags = "", frozenset[str]()
    try:
        text = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    for line in text.partition("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            name = " ".join(value.split())
        elif key.strip() in ("flags", "Features"):
            flags = frozenset(value.split())
    return name or _name_without_proc(), flags


def _name_without_proc() -> str:
    if sys.platform == "darwin":
        asked = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, timeout=5, check=False
        )
        if asked.stdout.strip():
            return asked.stdout.strip()
    return platform.processor() or platform.machine() or "Processor"
