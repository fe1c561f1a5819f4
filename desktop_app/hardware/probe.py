"""What this computer has, found out once. Called by `services` in a thread: it reads files and asks a child process."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import psutil

from desktop_app.domain.machine import Machine
from desktop_app.hardware.cgroup import cpu_quota, tightest_memory
from desktop_app.hardware.nvml import NvmlHelper, Reading, driver_note


def probe(root: Path = Path("/"), helper: NvmlHelper | None = None) -> Machine:
    """Describe the machine. Blocks: milliseconds without an NVIDIA driver, up to 15 seconds with one that hangs.

    Args:
        root: the folder that stands for `/`.
        helper: who asks NVIDIA's driver when there is one; one that is ended afterwards by default.
    """
    name, flags = _processor(root)
    reading = _cards(root, helper or NvmlHelper())
    return Machine(
        cpu_name=name,
        cores=usable_cores(root),
        memory_bytes=usable_memory(root),
        cpu_flags=flags,
        gpus=reading.gpus,
        gpu_note=reading.note,
        available_bytes=available_memory(root),
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
    """Bytes that are free now: the smaller of what the machine has left and what our control group has."""
    free = psutil.virtual_memory().available
    group = tightest_memory(root)
    used = group.used_bytes() if group is not None else None
    return free if group is None or used is None else max(0, min(free, group.limit_bytes - used))


def _cards(root: Path, helper: NvmlHelper) -> Reading:
    note = driver_note(root)
    if note:
        return Reading(note=note)
    try:
        return helper.read()
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
