"""Stands in for NVIDIA's bindings: plays the driver that `scene.json` beside it describes. Loaded by the real helper.

What a scene leaves null is not supported, as NVML says of it; sizes in bytes, `memory` is total, free, used; `compute`
and `graphics` are lists of process and size.
"""

# ruff: noqa: ANN401, N818 - names and types are those of the bindings it stands for

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NVML_DEVICE_MIG_ENABLE = 1
_SCENE = json.loads(Path(__file__).with_name("scene.json").read_text("utf-8"))
_opened = 0


class NVMLLibraryMismatchError(Exception):
    pass


class NVMLError(Exception):
    pass


class NVMLError_NotSupported(NVMLError):  # noqa: N801
    pass


class NVMLError_NotFound(NVMLError):  # noqa: N801
    pass


class NVMLError_LibRmVersionMismatch(NVMLError):  # noqa: N801
    pass


class NVMLError_GpuIsLost(NVMLError):  # noqa: N801
    pass


def _told(handle: Any, key: str) -> Any:
    value = handle.get(key)
    if value is None:
        raise NVMLError_NotSupported("Not Supported")
    return value


def nvmlInit() -> None:
    global _opened  # noqa: PLW0603
    _opened += 1
    assert _opened == 1, "NVML is opened once"


def nvmlDeviceGetCount() -> int:
    return len(_SCENE["cards"])


def nvmlDeviceGetHandleByIndex(index: int) -> Any:
    return _SCENE["cards"][index]


def nvmlSystemGetDriverVersion() -> bytes:
    return str(_SCENE["driver"]).encode()


def nvmlDeviceGetName(handle: Any) -> Any:
    return _told(handle, "name")


def nvmlDeviceGetUUID(handle: Any) -> Any:
    return _told(handle, "uuid")


def nvmlDeviceGetMemoryInfo(handle: Any) -> Any:
    total, free, used = _told(handle, "memory")
    return SimpleNamespace(total=total, free=free, used=used)


def nvmlDeviceGetUtilizationRates(handle: Any) -> Any:
    return SimpleNamespace(gpu=_told(handle, "busy"))


def nvmlDeviceGetCudaComputeCapability(handle: Any) -> Any:
    return tuple(_told(handle, "capability"))


def nvmlDeviceGetDisplayActive(handle: Any) -> Any:
    return _told(handle, "display")


def nvmlDeviceGetMigMode(handle: Any) -> Any:
    return [_told(handle, "mig")] * 2


def nvmlDeviceGetMaxMigDeviceCount(handle: Any) -> int:
    return len(_told(handle, "instances"))


def nvmlDeviceGetMigDeviceHandleByIndex(handle: Any, index: int) -> Any:
    if handle["instances"][index] is None:
        raise NVMLError_NotFound("Not Found")
    return handle["instances"][index]


def nvmlDeviceGetComputeRunningProcesses(handle: Any) -> Any:
    return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in _told(handle, "compute")]


def nvmlDeviceGetGraphicsRunningProcesses(handle: Any) -> Any:
    return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in _told(handle, "graphics")]
