"""The texts of the support bundle that are no logs. `bundle.py` is the only caller, and masks them once more."""

import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata

from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import ModelSettings
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.domain.units import memory_words
from desktop_app.engine import presets, protection
from desktop_app.services.masking import MASK, Masker, is_secret

_PACKAGES = ("PySide6-Essentials", "qasync", "psutil", "nvidia-ml-py", "openai", "markdown-it-py", "pygments")
"""What the program needs, for one that runs from its sources."""
_SETS_VARIABLE = ("-e", "--env")
"""Flags of docker and podman."""
_OPEN_VARIABLES = frozenset(
    {
        *(*protection.FIXED_VARIABLES, *protection.BY_PLACE, *presets.VARIABLES),
        *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"),
        *("CUDA_HOME", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "VLLM_LOGGING_LEVEL"),
        *("VLLM_CPU_KVCACHE_SPACE", "VLLM_CPU_OMP_THREADS_BIND", "VLLM_ATTENTION_BACKEND", "VLLM_USE_V1"),
        *("VLLM_WORKER_MULTIPROC_METHOD", "VLLM_ENABLE_V1_MULTIPROCESSING", "PYTORCH_CUDA_ALLOC_CONF"),
    }
)
"""Variables whose values may be read; of all others only the name."""


def versions(engines: Iterable[EngineEnvironment]) -> str:
    """This program, what it needs, and the engines."""
    lines = [
        f"vllm-desktop {_version('vllm-desktop')}",
        f"Python {platform.python_version()}",
        f"{platform.platform()}",
    ]
    lines += [f"{name} {_version(name)}" for name in _needed()]
    for one in engines:
        lines += [f"{one.name}: {one.image or one.python}{'' if one.managed else ', not installed by this program'}"]
    return "\n".join(lines)


def _needed() -> list[str]:
    """The packages that this program needs, as its own metadata names them."""
    try:
        wanted = metadata.requires("vllm-desktop") or []
    except metadata.PackageNotFoundError:
        return list(_PACKAGES)
    names = (re.match(r"[\w.\-]+", line) for line in wanted if "extra ==" not in line)
    return [name[0] for name in names if name]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed as a package)"


def machine(machine: Machine) -> str:
    """The computer in words."""
    lines = [
        f"Processor: {machine.cpu_name}, {machine.cores} cores",
        f"Memory: {memory_words(machine.memory_bytes)}, {memory_words(machine.available_bytes)} of it free",
        *([machine.memory_note] if machine.memory_note else []),
        *(_card(gpu) for gpu in machine.gpus),
        *([f"Graphics card: {machine.gpu_note}"] if machine.gpu_note else []),
        f"Instructions: {' '.join(sorted(machine.cpu_flags))}",
    ]
    return "\n".join(lines)


def _card(gpu: Gpu) -> str:
    kind = ".".join(map(str, gpu.compute_capability)) if gpu.compute_capability else "unknown"
    size = f"{memory_words(gpu.total_bytes)}, {memory_words(gpu.free_bytes)} of it free"
    return f"Graphics card: {gpu.name}, {size}, driver {gpu.driver}, compute capability {kind}"


def settings(settings: Mapping[str, ModelSettings], masker: Masker) -> str:
    """What was chosen for each model."""
    parts = []
    for name, one in settings.items():
        flags = "\n".join(_words([flag, *([] if value is True else [str(value)])]) for flag, value in one.flags)
        variables = masker.mask_variables(dict(one.variables), _OPEN_VARIABLES)
        parts.append("\n".join(filter(None, (f"{name}: {one.preset.value}", flags, variables))))
    return "\n\n".join(parts) or "Nothing was chosen."


def commands(commands: Mapping[str, tuple[Sequence[str], Mapping[str, str]]], masker: Masker) -> str:
    """How every running engine was started."""
    parts = [
        f"{name}\n\n{_words(line)}\n\n{masker.mask_variables(variables, _OPEN_VARIABLES)}"
        for name, (line, variables) in commands.items()
    ]
    return "\n\n\n".join(parts) or "No engine runs."


def _words(line: Sequence[str]) -> str:
    """A command line with a flag on each line; what follows a secret's name is masked, and variables of a container."""
    shown: list[str] = []
    before = ""
    for word in line:
        flag, equals, value = word.partition("=")
        variable, _, inside = value.partition("=")
        if before in _SETS_VARIABLE and equals and flag not in _OPEN_VARIABLES:
            word = f"{flag}={MASK}"  # noqa: PLW2901
        elif flag in _SETS_VARIABLE and inside and variable not in _OPEN_VARIABLES:
            word = f"{flag}={variable}={MASK}"  # noqa: PLW2901
        elif before.startswith("-") and "=" not in before and is_secret(before, word):
            word = MASK  # noqa: PLW2901
        elif flag.startswith("-") and equals and is_secret(flag, value):
            word = f"{flag}={MASK}"  # noqa: PLW2901
        before = word
        shown.append(f"\n  {word}" if word.startswith("-") else f" {word}")
    return "".join(shown).strip()
