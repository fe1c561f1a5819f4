"""A look at everything, without touching anything: machine, display, engine, models, promises.

`vllm-desktop doctor` prints what `examine` returns. It starts nothing, makes no folder, opens no connection but to our
own socket, and needs no Qt.
"""

import asyncio
import ctypes
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from desktop_app.domain import cards
from desktop_app.domain.engine import EngineStage
from desktop_app.domain.errors import UserError
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.machine import Gpu, Machine, processor_words
from desktop_app.engine import environments, launch
from desktop_app.hub import local
from desktop_app.paths import Paths, resources
from desktop_app.services.machine_source import MachineSource
from desktop_app.services.promises import FORBIDDEN, Promise, Running, Verdict, find_running, look
from desktop_app.store.settings import peek

QT_LIBRARIES = (
    "libEGL.so.1",
    "libGL.so.1",
    "libdbus-1.so.3",
    "libfontconfig.so.1",
    "libfreetype.so.6",
    "libglib-2.0.so.0",
    "libxkbcommon.so.0",
    "libxkbcommon-x11.so.0",
    "libX11-xcb.so.1",
    "libxcb-cursor.so.0",
    "libxcb-icccm.so.4",
    "libxcb-image.so.0",
    "libxcb-keysyms.so.1",
    "libxcb-randr.so.0",
    "libxcb-render-util.so.0",
    "libxcb-shape.so.0",
    "libxcb-sync.so.1",
    "libxcb-xfixes.so.0",
    "libxcb-xkb.so.1",
    "libwayland-client.so.0",
    "libwayland-cursor.so.0",
    "libwayland-egl.so.1",
)
"""What Qt's plugins for X11 and Wayland are linked against and do not bring along."""

_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16", "sve")
"""Instructions that decide which of vLLM's kernels run."""


@dataclass(frozen=True)
class MachineReport:
    """What the computer has. Sizes in bytes."""

    system: str
    python: str
    cpu: str
    cpu_features: tuple[str, ...]
    cpu_words: str
    """What of these matters, in words; empty when that is not known."""
    cores: int
    memory_bytes: int
    memory_note: str
    """Why less may be used than is built in; empty when all may."""
    gpus: tuple[Gpu, ...]
    gpu_note: str
    disk_free_bytes: int
    """On the disk of the data folder."""


@dataclass(frozen=True)
class DisplayReport:
    """Whether a window could open."""

    display: str
    """`X11`, `Wayland`, `the system's own`; empty when there is none."""
    missing_libraries: tuple[str, ...]


@dataclass(frozen=True)
class EngineReport:
    """The engine that is installed, and the one that runs."""

    stage: EngineStage
    python: Path | None = None
    version: str = ""
    kind: EngineKind | None = None
    managed: bool = False
    pids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ModelReport:
    """A model, and whether it can be started."""

    name: str
    folder: Path
    usable: bool
    sentence: str
    """Why not; empty when it can."""


@dataclass(frozen=True)
class Report:
    """Everything that was found."""

    data_folder: Path
    machine: MachineReport
    display: DisplayReport
    engine: EngineReport
    models: tuple[ModelReport, ...]
    promises: tuple[Promise, ...]

    @property
    def holds(self) -> bool:
        """Whether every promise is proved."""
        return all(promise.verdict is Verdict.OK for promise in self.promises)

    def as_json(self) -> dict[str, Any]:
        """The same for other programs: strings, numbers, lists and objects only."""
        plain: dict[str, Any] = _plain({"holds": self.holds, **asdict(self)})
        return plain


async def examine(
    paths: Paths,
    machine: Callable[[], Machine],
    models: Sequence[ModelRef],
    outside: Mapping[str, str],
) -> Report:
    """Look at everything; takes well below a second where no graphics driver hangs.

    Args:
        paths: the data folder; it need not exist.
        machine: describes the computer; blocks.
        models: those to look at.
        outside: the environment that the program was started in.
    """
    return await asyncio.to_thread(_examine, paths, machine, models, outside)


async def examine_here(paths: Paths) -> Report:
    """The same of this computer, the Guide and the model that was chosen last."""
    models = [local.guide(resources())]
    chosen = peek(paths.database).model_folder
    if chosen is not None:
        models.append(ModelRef(local.model_name(chosen), chosen))
    return await examine(paths, MachineSource().look, models, dict(os.environ))


def _examine(
    paths: Paths, machine: Callable[[], Machine], models: Sequence[ModelRef], outside: Mapping[str, str]
) -> Report:
    found, environment, running = machine(), environments.remembered(paths), find_running(paths)
    planned = _planned_environment(paths, found, environment, outside)
    return Report(
        data_folder=paths.root,
        machine=_machine(found, paths),
        display=_display(outside),
        engine=_engine(paths, environment, running),
        models=tuple(_model(model) for model in models),
        promises=look(paths, running, planned),
    )


def _machine(machine: Machine, paths: Paths) -> MachineReport:
    # The data folder may not exist yet; its disk does.
    existing = next(folder for folder in (paths.root, *paths.root.absolute().parents) if folder.exists())
    return MachineReport(
        system=platform.platform(),
        python=platform.python_version(),
        cpu=machine.cpu_name,
        cpu_features=tuple(flag for flag in _FLAGS if flag in machine.cpu_flags),
        cpu_words=processor_words(machine),
        cores=machine.cores,
        memory_bytes=machine.memory_bytes,
        memory_note=machine.memory_note,
        gpus=machine.gpus,
        gpu_note=machine.gpu_note,
        disk_free_bytes=shutil.disk_usage(existing).free,
    )


def _display(outside: Mapping[str, str]) -> DisplayReport:
    if sys.platform != "linux":
        return DisplayReport("the system's own", ())
    shown = "Wayland" if outside.get("WAYLAND_DISPLAY") else "X11" if outside.get("DISPLAY") else ""
    return DisplayReport(shown, tuple(name for name in QT_LIBRARIES if not _loads(name)))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _engine(paths: Paths, environment: EngineEnvironment | None, running: Running) -> EngineReport:
    if environment is None:
        return EngineReport(EngineStage.NOT_INSTALLED, pids=running.pids)
    stage = EngineStage.STOPPED
    if running.pids:
        stage = EngineStage.READY if any(map(_answers, paths.engine_sockets())) else EngineStage.STARTING
    return EngineReport(
        stage, environment.python, environment.version, environment.kind, environment.managed, running.pids
    )


def _answers(address: Path) -> bool:
    """Whether somebody listens on the socket; vLLM does so only when its model is loaded."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(os.fspath(address)) == 0


def _model(model: ModelRef) -> ModelReport:
    try:
        local.inspect(model.folder)
    except UserError as error:
        return ModelReport(model.name, model.folder, False, error.sentence())
    return ModelReport(model.name, model.folder, True, "")


def _planned_environment(
    paths: Paths, machine: Machine, environment: EngineEnvironment | None, outside: Mapping[str, str]
) -> dict[str, str]:
    """The variables that the next engine would get, from a shell that has everything it should not get."""
    kind = EngineKind.CPU if cards.first_usable(machine.gpus) is None else EngineKind.CUDA
    engine = environment or EngineEnvironment(Path(sys.executable), "", kind, managed=False)
    model = ModelRef("model", paths.root)
    places = paths.engine(model.key)
    plan = launch.plan(model, engine, places, machine)
    return launch.process_environment(plan, paths, places, {**outside, **dict.fromkeys(FORBIDDEN, "x")})


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a report
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Verdict | EngineStage | EngineKind):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
