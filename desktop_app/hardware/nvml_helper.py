"""A program of its own that asks NVIDIA's driver how the graphics cards are; run by path, imported by nobody.

It stands alone because a driver that hangs or crashes must not take the window along. It answers each line on standard
input with one line of JSON, holds no CUDA context, and ends at the end of its input, thus with its parent. A driver
that does not answer ends it by SIGALRM.

The question is an empty line, or `users` to be told who holds the cards' memory, too. The answer: `{"note": "",
"driver": "580.95", "cards": [{"name", "uuid", "mig", "total", "free", "used", "busy", "capability", "display",
"users": [{"pid", "name", "used"}]}]}`, sizes in bytes, `total`, `free` and `used` null for a card that shares the
computer's memory, `busy` 0…1 or null, `capability` two integers or null. Of a card that is divided (MIG) every instance
is told of instead, `mig` being its profile. A failure has no cards and a sentence as its note.
"""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

_T = TypeVar("_T")

HANG_SECONDS = 20
"""Longer than the slowest first answer seen of a driver without persistence mode, shorter than a person's patience."""

_NOTES = {
    "NVMLError_LibraryNotFound": "There is an NVIDIA driver, but its library (libnvidia-ml) cannot be loaded.",
    "NVMLError_DriverNotLoaded": "An NVIDIA driver is installed, but it is not running.",
    "NVMLError_NoPermission": "This account may not use the NVIDIA graphics card.",
    "NVMLError_LibRmVersionMismatch": "The NVIDIA driver was updated. Restart the computer to use the graphics card.",
    "NVMLError_GpuIsLost": "The graphics card stopped answering. Restart the computer to use it again.",
}


def main() -> None:
    """Answer line by line until the input ends."""
    driver = _Driver()
    for question in sys.stdin:
        signal.alarm(HANG_SECONDS)
        answer = driver.answer(users=question.strip() == "users")
        signal.alarm(0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class _Driver:
    """NVML, opened at the first question."""

    def __init__(self) -> None:
        self._nvml: ModuleType | None = None

    def answer(self, *, users: bool) -> dict[str, Any]:
        """All cards, or the sentence that says why there are none."""
        try:
            import pynvml  # noqa: PLC0415 - only this program, after a question, loads NVIDIA's library
        except ImportError:
            return _failure("The part that reads NVIDIA graphics cards (nvidia-ml-py) is not installed.")
        try:
            if self._nvml is None:
                pynvml.nvmlInit()
                self._nvml = pynvml
            return _cards(pynvml, users=users)
        except pynvml.NVMLError as error:
            known = _NOTES.get(type(error).__name__)
            return _failure(known or f"The NVIDIA driver reports a fault: {error}.")


def _cards(nvml: ModuleType, *, users: bool) -> dict[str, Any]:
    handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    if not handles:
        return _failure("The NVIDIA driver is running, but it sees no graphics card.")
    driver = _text(nvml.nvmlSystemGetDriverVersion())
    cards: list[dict[str, Any]] = []
    for handle in handles:
        if _divided(nvml, handle):
            cards += [_instance(nvml, handle, part, users=users) for part in _instances(nvml, handle)]
        else:
            cards.append(_card(nvml, handle, users=users))
    if not cards:
        return _failure("The graphics card is set to be divided (MIG), but it has no instance that could be used.")
    return {"note": "", "driver": driver, "cards": cards}


def _card(nvml: ModuleType, handle: object, *, users: bool) -> dict[str, Any]:
    return {
        "name": _text(nvml.nvmlDeviceGetName(handle)),
        "uuid": _text(_optional(nvml, lambda: nvml.nvmlDeviceGetUUID(handle)) or ""),
        "mig": "",
        **_memory(nvml, handle),
        "busy": _optional(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100),
        "capability": _optional(nvml, lambda: list(nvml.nvmlDeviceGetCudaComputeCapability(handle))),
        "display": bool(_optional(nvml, lambda: nvml.nvmlDeviceGetDisplayActive(handle))),
        "users": _users(nvml, handle) if users else [],
    }


def _memory(nvml: ModuleType, handle: object) -> dict[str, int | None]:
    """A card that shares the computer's memory has none of its own to tell of; every other failure is one."""
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError_NotSupported:
        return {"total": None, "free": None, "used": None}
    return {"total": memory.total, "free": memory.free, "used": memory.used}


def _divided(nvml: ModuleType, handle: object) -> bool:
    mode = _optional(nvml, lambda: nvml.nvmlDeviceGetMigMode(handle))
    return mode is not None and bool(mode[0] == nvml.NVML_DEVICE_MIG_ENABLE)


def _instances(nvml: ModuleType, handle: object) -> list[object]:
    """The instances of a divided card; the numbers may have gaps."""
    count = _optional(nvml, lambda: nvml.nvmlDeviceGetMaxMigDeviceCount(handle)) or 0
    found = (
        _optional(nvml, lambda index=index: nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, index))  # type: ignore[misc]
        for index in range(count)
    )
    return [part for part in found if part is not None]


def _instance(nvml: ModuleType, card: object, part: object, *, users: bool) -> dict[str, Any]:
    """An instance, whose name ends with its profile: `NVIDIA A100-SXM4-40GB MIG 1g.5gb`."""
    told = _card(nvml, part, users=users)
    name, mark, profile = told["name"].rpartition(" MIG ")
    return told | {
        "name": name if mark else _text(nvml.nvmlDeviceGetName(card)),
        "mig": profile if mark else "an instance",
        "capability": _optional(nvml, lambda: list(nvml.nvmlDeviceGetCudaComputeCapability(card))),
    }


def _users(nvml: ModuleType, handle: object) -> list[dict[str, Any]]:
    """Who holds memory of the card; a program that computes and draws is in both lists with the same figure."""
    found: dict[int, int] = {}
    for read in (nvml.nvmlDeviceGetComputeRunningProcesses, nvml.nvmlDeviceGetGraphicsRunningProcesses):
        for process in _optional(nvml, lambda read=read: read(handle)) or []:  # type: ignore[misc]
            # None where the driver does not tell: on Windows, and in containers.
            if process.usedGpuMemory is not None:
                found[process.pid] = max(found.get(process.pid, 0), process.usedGpuMemory)
    return [{"pid": pid, "name": _process_name(pid), "used": used} for pid, used in found.items()]


def _process_name(pid: int) -> str:
    """Empty for a process that cannot be seen. The kernel cuts the name at 15 signs; the command line has the rest."""
    try:
        name = Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").rstrip("\n")
        command = Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace") if len(name) >= 15 else ""
    except OSError:
        return ""
    whole = command.partition("\0")[0].rpartition("/")[2]
    return whole if whole.startswith(name) else name


def _optional(nvml: ModuleType, read: Callable[[], _T]) -> _T | None:
    """What some cards do not tell (a card cut by MIG has no utilisation) and old drivers do not know is null."""
    try:
        return read()
    except (nvml.NVMLError, nvml.NVMLLibraryMismatchError):
        return None


def _text(value: object) -> str:
    """Older bindings answer in bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _failure(note: str) -> dict[str, Any]:
    return {"note": note, "driver": "", "cards": []}


if __name__ == "__main__":
    main()
