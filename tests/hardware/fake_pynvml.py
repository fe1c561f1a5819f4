"""Stands in for NVIDIA's bindings: plays the driver that `scene.json` beside it describes. Loaded by the real programs.

What a scene leaves out or null is not supported, as NVML says of it, and a driver that is too old for a question does
not know it. Sizes in bytes; `memory` is total, free, and used with the driver's own part, `reserved`, in it; `compute`,
`graphics` and `mps` are lists of process and size; power in milliwatts, energy in millijoules, clocks in MHz, `reasons`
the bits of `nvml.h`. A file `mood` beside the scene changes the driver while it runs: `hang`, `crash`, `lost 3` (the
card of that number), `mismatch`, `unloaded`; without it all is well.
"""

# ruff: noqa: ANN401, N816, N818 - names and types are those of the bindings it stands for

import functools
import json
import os
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NVML_DEVICE_MIG_ENABLE = 1
NVML_TEMPERATURE_GPU = 0
NVML_CLOCK_SM = 1
nvmlMemory_v2 = 0x02000028
CALLS: Counter[str] = Counter()
"""How often each function was called."""
_SCENE = json.loads(Path(__file__).with_name("scene.json").read_text("utf-8"))
_MOOD = Path(__file__).with_name("mood")
_opened = False


class NVMLLibraryMismatchError(Exception):
    pass


class NVMLError(Exception):
    pass


class NVMLError_NotSupported(NVMLError):  # noqa: N801
    pass


class NVMLError_NotFound(NVMLError):  # noqa: N801
    pass


class NVMLError_FunctionNotFound(NVMLError):  # noqa: N801
    pass


class NVMLError_Uninitialized(NVMLError):  # noqa: N801
    pass


class NVMLError_DriverNotLoaded(NVMLError):  # noqa: N801
    pass


class NVMLError_LibRmVersionMismatch(NVMLError):  # noqa: N801
    pass


class NVMLError_GpuIsLost(NVMLError):  # noqa: N801
    pass


def _mood() -> str:
    try:
        return _MOOD.read_text("ascii")
    except FileNotFoundError:
        return ""


def _in_the_mood(name: str, handle: Any) -> None:
    while _mood() == "hang":
        time.sleep(0.01)
    mood = _mood()
    if mood == "crash":
        os.abort()
    if name == "nvmlShutdown":
        # It ends what this process has, and needs no driver for it.
        return
    if mood == "mismatch":
        raise NVMLError_LibRmVersionMismatch("Driver/library version mismatch")
    if mood == "unloaded":
        raise NVMLError_DriverNotLoaded("Driver Not Loaded")
    number = handle.get("number") if isinstance(handle, dict) else handle
    if mood.startswith("lost") and name != "nvmlDeviceGetMigDeviceHandleByIndex" and number == int(mood.split()[1]):
        raise NVMLError_GpuIsLost("GPU is lost")


def _played(function: Any) -> Any:
    name = function.__name__

    @functools.wraps(function)
    def play(handle: Any = None, *arguments: Any) -> Any:
        CALLS[name] += 1
        _in_the_mood(name, handle)
        if not _opened and name != "nvmlInit":
            raise NVMLError_Uninitialized("Uninitialized")
        return function(*([] if handle is None else [handle]), *arguments)

    return play


def _told(handle: Any, key: str) -> Any:
    value = handle.get(key)
    if value is None:
        raise NVMLError_NotSupported("Not Supported")
    return value


def _new_in(driver: int) -> None:
    if int(_SCENE["driver"].split(".")[0]) < driver:
        raise NVMLError_FunctionNotFound("Function Not Found")


@_played
def nvmlInit() -> None:
    global _opened  # noqa: PLW0603
    assert not _opened, "NVML is opened once"
    _opened = True


@_played
def nvmlShutdown() -> None:
    global _opened  # noqa: PLW0603
    _opened = False


@_played
def nvmlDeviceGetCount() -> int:
    return len(_SCENE["cards"])


@_played
def nvmlDeviceGetHandleByIndex(index: int) -> Any:
    _SCENE["cards"][index]["number"] = index
    return _SCENE["cards"][index]


@_played
def nvmlSystemGetDriverVersion() -> bytes:
    return str(_SCENE["driver"]).encode()


@_played
def nvmlDeviceGetName(handle: Any) -> Any:
    return _told(handle, "name")


@_played
def nvmlDeviceGetUUID(handle: Any) -> Any:
    return _told(handle, "uuid")


@_played
def nvmlDeviceGetMemoryInfo(handle: Any, version: int | None = None) -> Any:
    if version is not None:
        _new_in(510)
    total, free, used = _told(handle, "memory")
    return SimpleNamespace(total=total, free=free, used=used - (handle.get("reserved", 0) if version else 0))


@_played
def nvmlDeviceGetUtilizationRates(handle: Any) -> Any:
    return SimpleNamespace(gpu=_told(handle, "busy"))


@_played
def nvmlDeviceGetTemperatureV(handle: Any, sensor: int) -> Any:
    assert sensor == NVML_TEMPERATURE_GPU
    _new_in(570)
    return _told(handle, "temperature")


@_played
def nvmlDeviceGetTemperature(handle: Any, sensor: int) -> Any:
    assert sensor == NVML_TEMPERATURE_GPU
    return _told(handle, "temperature")


@_played
def nvmlDeviceGetPowerUsage(handle: Any) -> Any:
    return _told(handle, "power")


@_played
def nvmlDeviceGetEnforcedPowerLimit(handle: Any) -> Any:
    return _told(handle, "limit")


@_played
def nvmlDeviceGetClockInfo(handle: Any, clock: int) -> Any:
    assert clock == NVML_CLOCK_SM
    return _told(handle, "clock")


@_played
def nvmlDeviceGetMaxClockInfo(handle: Any, clock: int) -> Any:
    assert clock == NVML_CLOCK_SM
    return _told(handle, "top_clock")


@_played
def nvmlDeviceGetCurrentClocksEventReasons(handle: Any) -> Any:
    _new_in(535)
    return _told(handle, "reasons")


@_played
def nvmlDeviceGetCurrentClocksThrottleReasons(handle: Any) -> Any:
    return _told(handle, "reasons")


@_played
def nvmlDeviceGetTotalEnergyConsumption(handle: Any) -> Any:
    return _told(handle, "energy")


@_played
def nvmlDeviceGetCudaComputeCapability(handle: Any) -> Any:
    return tuple(_told(handle, "capability"))


@_played
def nvmlDeviceGetDisplayActive(handle: Any) -> Any:
    return _told(handle, "display")


@_played
def nvmlDeviceGetMigMode(handle: Any) -> Any:
    return [_told(handle, "mig")] * 2


@_played
def nvmlDeviceGetMaxMigDeviceCount(handle: Any) -> int:
    return len(_told(handle, "instances"))


@_played
def nvmlDeviceGetMigDeviceHandleByIndex(handle: Any, index: int) -> Any:
    if handle["instances"][index] is None:
        raise NVMLError_NotFound("Not Found")
    return handle["instances"][index]


def _processes(handle: Any, key: str) -> Any:
    return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in _told(handle, key)]


@_played
def nvmlDeviceGetComputeRunningProcesses(handle: Any) -> Any:
    return _processes(handle, "compute")


@_played
def nvmlDeviceGetGraphicsRunningProcesses(handle: Any) -> Any:
    return _processes(handle, "graphics")


@_played
def nvmlDeviceGetMPSComputeRunningProcesses(handle: Any) -> Any:
    return _processes(handle, "mps")
