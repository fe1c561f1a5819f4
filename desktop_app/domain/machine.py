"""The machine: what it has, and how busy it is now. Sizes in bytes, shares 0…1."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

NO_CARD = "No NVIDIA graphics card was found."

_NAME_LENGTH = 60
_NOISE = ("NVIDIA ", "GeForce ")
"""What names of cards begin with."""


@dataclass(frozen=True)
class MemoryUser:
    """A program that holds memory, of the computer or of a card."""

    name: str
    """As a person knows it, e.g. `firefox`; all processes of that name together."""
    used_bytes: int
    ours: bool = False
    """Whether it is one of our own engines."""


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA graphics card, or one instance of a card that MIG divides, as NVML describes it."""

    name: str
    total_bytes: int
    """For a card that shares the computer's memory: all that the computer may use. What the desktop needs of it is to
    be left by whoever plans with it."""
    free_bytes: int
    driver: str
    compute_capability: tuple[int, int] | None = None
    uuid: str = ""
    """What `CUDA_VISIBLE_DEVICES` takes: `GPU-…`, or `MIG-…` for an instance."""
    mig: str = ""
    """The profile of an instance, e.g. `1g.10gb`; empty for a whole card."""
    unified: bool = False
    """Whether it has no memory of its own and shares the computer's (GB10, Jetson)."""
    display: bool = False
    """Whether a screen hangs on it."""
    users: tuple[MemoryUser, ...] = ()
    """Who holds its memory, the largest first, as far as the driver tells."""


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
    memory_note: str = ""
    """Why less memory may be used than is built in, in words; empty when all may."""
    users: tuple[MemoryUser, ...] = ()
    """The programs that hold most of the memory, the largest first."""


class Attention(Enum):
    """Who looks at the figures, which says how often they are read. The value is the pace in seconds."""

    NOBODY = 0.0
    """Nothing is read, and no process is kept for reading."""
    STRIP = 2.0
    PAGE = 0.5


class Throttle(Enum):
    """Why a card runs slower than it could. The value is told to people."""

    POWER = "at its power limit"
    HEAT = "too hot"
    HARDWARE = "slowed by its power supply or hardware"
    OTHER = "held back by its driver"


@dataclass(frozen=True)
class GpuSample:
    """How busy one card is. None is what it does not tell."""

    name: str
    busy: float | None
    used_bytes: int
    total_bytes: int
    """0 when its memory is not known."""
    temperature: float | None = None
    """Degrees Celsius."""
    power: float | None = None
    """Watts."""
    power_limit: float | None = None
    """Watts."""
    clock: float | None = None
    """Of its cores, MHz."""
    top_clock: float | None = None
    """The highest that it can have, MHz."""
    throttles: frozenset[Throttle] = frozenset()
    energy: float | None = None
    """Joules since its driver was loaded."""
    users: tuple[MemoryUser, ...] = ()
    """Who holds its memory, the largest first; empty while only the strip is looked at."""
    asleep: bool = False
    """Whether it is suspended, and was therefore not asked anything."""
    note: str = ""
    """Why nothing is known of it, as a sentence, while other cards may answer."""


@dataclass(frozen=True)
class Usage:
    """What a group of processes uses."""

    cpu: float = 0.0
    """Cores, e.g. 1.5."""
    memory_bytes: int = 0
    read: float = 0.0
    """Bytes per second from disks."""
    written: float = 0.0
    """Bytes per second to disks."""


@dataclass(frozen=True)
class MachineSample:
    """How busy the machine is."""

    cpu: float
    used_bytes: int
    total_bytes: int
    gpus: tuple[GpuSample, ...] = ()
    cores: tuple[float, ...] = ()
    """The busy share of each core."""
    program: Usage = Usage()
    """The window and its helpers, without engines."""
    engine: Usage = Usage()
    """All engines of ours together."""
    cpu_energy: float | None = None
    """Joules that the processor took since some moment (RAPL); None when the computer does not tell."""
    gpu_note: str = ""
    """Why nothing is known of the cards at this moment, as a sentence; empty when they answer or there is none."""
    at: float = 0.0
    """When it was read, `clock.seconds_now()`."""
    seconds: float = 0.0
    """How much time the shares and rates cover; 0 for the first reading."""


def together(users: Iterable[MemoryUser]) -> tuple[MemoryUser, ...]:
    """The processes of each name as one, the largest first; ours apart from those of others."""
    sizes: dict[tuple[str, bool], int] = {}
    for user in users:
        key = user.name, user.ours
        sizes[key] = sizes.get(key, 0) + user.used_bytes
    found = (MemoryUser(name, size, ours) for (name, ours), size in sizes.items())
    return tuple(sorted(found, key=lambda user: (-user.used_bytes, user.name)))


def plain_name(name: str, otherwise: str = "another program") -> str:
    """A name that a process or a driver gives, as it may be shown: it may hold anything, control characters included.

    Args:
        name: what it says.
        otherwise: what to say when nothing is left of it.
    """
    return "".join(sign for sign in name if sign.isprintable()).strip()[:_NAME_LENGTH] or otherwise


def card_name(name: str) -> str:
    """A card's name without what nobody needs to read, e.g. `RTX 4090`."""
    for noise in _NOISE:
        name = name.removeprefix(noise)
    return name


def runs_vllm(machine: Machine) -> bool:
    """Whether vLLM's kernels for processors run on this one; true as well when its instructions are not known."""
    return "avx2" in machine.cpu_flags or not machine.cpu_flags & {"fpu", "sse2", "avx"}


def processor_words(machine: Machine) -> str:
    """What the processor can do that matters to vLLM, in words; empty when that is not known.

    vLLM 0.32 brings three sets of kernels for x86 and one for ARM, and AMX where there is some
    (`platforms/cpu.py`, `v1/attention/backends/cpu_attn.py`).
    """
    flags = machine.cpu_flags
    if not runs_vllm(machine):
        return "no AVX2: vLLM does not run on this processor"
    if "amx_tile" in flags:
        return "AVX-512 with AMX (fastest)"
    if "avx512f" in flags:
        return "AVX-512 with bfloat16" if "avx512_bf16" in flags else "AVX-512 without bfloat16"
    if "avx2" in flags:
        return "AVX2 (slower)"
    if "asimd" in flags:
        return "NEON with bfloat16" if "bf16" in flags else "NEON without bfloat16 (slower)"
    return ""
