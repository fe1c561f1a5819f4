"""The machine: what it has, and how busy it is now. Sizes in bytes, shares 0…1."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA graphics card as NVML describes it."""

    name: str
    total_bytes: int
    free_bytes: int
    driver: str
    compute_capability: tuple[int, int] | None = None


@dataclass(frozen=True)
class Machine:
    """What this computer has."""

    cpu_name: str
    cores: int
    """Cores that this process may use."""
    memory_bytes: int
    """Memory that may really be used: the smallest of physical memory and every cgroup limit above us."""
    cpu_flags: frozenset[str]
    gpus: tuple[Gpu, ...] = ()
    gpu_note: str = ""
    """Why there is no card, in words; empty when there is one."""
    available_bytes: int = 0
    """Memory that was free when the machine was looked at, caches counted as free; 0 when that is not known."""


@dataclass(frozen=True)
class GpuSample:
    """How busy one card is."""

    name: str
    busy: float | None
    used_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class MachineSample:
    """How busy the machine is."""

    cpu: float
    used_bytes: int
    total_bytes: int
    gpus: tuple[GpuSample, ...] = ()
