"""Programs and modules that stand in for NVIDIA's driver: child processes, never objects inside the tested process."""

import sys
from pathlib import Path

from desktop_app.hardware import nvml

HELPER = Path(nvml.__file__).with_name("nvml_helper.py")

PYNVML = """
import os
class NVMLError(Exception): pass
class NVMLError_NotSupported(NVMLError): pass
class NVMLError_LibRmVersionMismatch(NVMLError): pass
class Memory: total, free, used = 8 << 30, 6 << 30, 2 << 30
class Rates: gpu = 34
started = 0
def nvmlInit():
    global started
    started += 1
    assert started == 1, "NVML is opened once"
def nvmlDeviceGetCount(): return 2
def nvmlDeviceGetHandleByIndex(index): return index
def nvmlSystemGetDriverVersion(): return b"580.95"
def nvmlDeviceGetName(handle): return f"NVIDIA RTX {handle}"
def nvmlDeviceGetMemoryInfo(handle):
    if handle: raise NVMLError_NotSupported("Not Supported")
    return Memory
def nvmlDeviceGetUtilizationRates(handle):
    if handle: raise NVMLError_NotSupported("Not Supported")
    return Rates
def nvmlDeviceGetCudaComputeCapability(handle): return (8, 9)
"""


def helper_with(folder: Path, pynvml: str) -> list[str]:
    """How to start the real helper with *pynvml* in place of NVIDIA's bindings."""
    (folder / "pynvml.py").write_text(pynvml)
    # The helper's own `-I` would hide the stand-in; the path is put in front by hand instead.
    start = (
        f"import sys, runpy; sys.path.insert(0, {str(folder)!r}); runpy.run_path({str(HELPER)!r}, run_name='__main__')"
    )
    return [sys.executable, "-I", "-c", start]


def program(text: str) -> list[str]:
    """How to start a helper that does *text* instead."""
    return [sys.executable, "-I", "-c", f"import sys, time, os\n{text}"]
