"""A program of its own that asks NVIDIA's driver how the graphics cards are; run by path, imported by nobody.

It stands alone because a driver that hangs or crashes must not take the window along. It answers each line on standard
input with one line of JSON, holds no CUDA context, and ends at the end of its input, thus with its parent. A driver
that does not answer ends it by SIGALRM.

The answer: `{"note": "", "driver": "580.95", "cards": [{"name", "total", "free", "used", "busy", "capability"}]}`,
sizes in bytes, `busy` 0…1 or null, `capability` two integers or null; a failure has no cards and a sentence as its
note.
"""

import json
import signal
import sys
from collections.abc import Callable
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
    for _ in sys.stdin:
        signal.alarm(HANG_SECONDS)
        answer = driver.answer()
        signal.alarm(0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class _Driver:
    """NVML, opened at the first question."""

    def __init__(self) -> None:
        self._nvml: ModuleType | None = None

    def answer(self) -> dict[str, Any]:
        """All cards, or the sentence that says why there are none."""
        try:
            import pynvml  # noqa: PLC0415 - only this program, after a question, loads NVIDIA's library
        except ImportError:
            return _failure("The part that reads NVIDIA graphics cards (nvidia-ml-py) is not installed.")
        try:
            if self._nvml is None:
                pynvml.nvmlInit()
                self._nvml = pynvml
            return _cards(pynvml)
        except pynvml.NVMLError as error:
            known = _NOTES.get(type(error).__name__)
            return _failure(known or f"The NVIDIA driver reports a fault: {error}.")


def _cards(nvml: ModuleType) -> dict[str, Any]:
    handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    if not handles:
        return _failure("The NVIDIA driver is running, but it sees no graphics card.")
    driver = _text(nvml.nvmlSystemGetDriverVersion())
    return {"note": "", "driver": driver, "cards": [_card(nvml, handle) for handle in handles]}


def _card(nvml: ModuleType, handle: object) -> dict[str, Any]:
    # A card that shares the machine's memory has none of its own to tell of.
    memory = _optional(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    return {
        "name": _text(nvml.nvmlDeviceGetName(handle)),
        "total": memory.total if memory else 0,
        "free": memory.free if memory else 0,
        "used": memory.used if memory else 0,
        "busy": _optional(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100),
        "capability": _optional(nvml, lambda: list(nvml.nvmlDeviceGetCudaComputeCapability(handle))),
    }


def _optional(nvml: ModuleType, read: Callable[[], _T]) -> _T | None:
    """What some cards do not tell (a card cut by MIG has no utilisation) is null."""
    try:
        return read()
    except nvml.NVMLError:
        return None


def _text(value: object) -> str:
    """Older bindings answer in bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _failure(note: str) -> dict[str, Any]:
    return {"note": note, "driver": "", "cards": []}


if __name__ == "__main__":
    main()
