"""Makes every object once, hands each what it needs, runs the event loop, and closes in order.

The window's first picture comes before anything slow: the database, the left-overs of an earlier run and the client
library are looked after when it can be seen.
"""

import asyncio
import gc
import json
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app import instance, log
from desktop_app.domain.appearance import Appearance
from desktop_app.domain.engine import EngineEnvironment, ModelRef
from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import Machine
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.domain.observable import Observable
from desktop_app.hardware.sampler import Sampler, find_helper
from desktop_app.hub import local
from desktop_app.paths import Paths, resources
from desktop_app.services.conversations import Conversations
from desktop_app.services.first_run import FirstRun
from desktop_app.services.gauges import Gauges
from desktop_app.services.program import Program
from desktop_app.services.serving import Serving
from desktop_app.services.setup import Setup
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from desktop_app.store.settings import Settings, remembered_model

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from desktop_app.ui.main_window import MainWindow

_logger = logging.getLogger(__name__)


_RING_MILLISECONDS = 200
"""After the window is made; by then it has been painted."""


class StartTimes:
    """How long starts took, kept in the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def expected(self, model: ModelRef) -> float | None:
        """Seconds that the last start of *model* took."""
        return self._settings.start_seconds(model.folder)

    async def remember(self, model: ModelRef, seconds: float) -> None:
        """Keep how long this start took, and that this model was used last."""
        await self._settings.learn_start_seconds(model.folder, seconds)
        await self._settings.set_model_folder(None if model.is_guide else model.folder)


def look_at_machine() -> Machine:
    """What the computer has, and how much of its cards is free at this moment. It blocks: call it in a thread."""
    from desktop_app.hardware.probe import probe  # noqa: PLC0415 - the window's first picture needs no machine

    return probe(helper=find_helper())


def build(paths: Paths) -> Program:
    """Make the services. Nothing is opened, started or asked yet."""
    database = Database(paths.database)
    settings = Settings(database)
    failure: Observable[UserError | None] = Observable(None)
    tasks = Tasks(lambda name, error: failure.set(_told(name, error)))
    setup = Setup(paths, look_at_machine)

    def usable_environment() -> EngineEnvironment | None:
        # While pip rewrites it, nothing may be started from it.
        return None if setup.state.value.busy else setup.state.value.environment

    serving = Serving(paths, look_at_machine, usable_environment, StartTimes(settings), outside=dict(os.environ))
    guide = local.guide(resources())
    serving.select(guide)
    conversations = Conversations(ConversationStore(database), lambda: serving.endpoint, tasks)

    async def read_metrics() -> EngineMetrics | None:
        return await serving.endpoint.metrics() if serving.endpoint else None

    gauges = Gauges(Sampler(find_helper()), read_metrics)
    first_run = FirstRun(setup, serving, settings, guide)
    return Program(paths, database, settings, tasks, setup, serving, conversations, gauges, first_run, guide, failure)


def suggested_questions() -> tuple[str, ...]:
    """The questions that the Guide is offered to be asked."""
    text = (resources() / "guide" / "questions.json").read_text(encoding="utf-8")
    return tuple(entry["question"] for entry in json.loads(text)["suggested"])


def run_window(paths: Paths, appearance: Appearance | None) -> int:
    """Open the window and stay until it is closed; the exit code."""
    try:
        from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - the terminal needs no Qt
        from qasync import QEventLoop  # noqa: PLC0415
    except ImportError as error:
        title = "The window cannot open: Qt misses a library of this system."
        raise UserError(title, f"{error}. `make setup` names the command that installs it.") from error
    try:
        held = instance.lock(paths)
    except UserError:
        if instance.summon(paths):
            return 0
        raise
    with held:
        log.set_up(paths.logs)
        app = QApplication(["vllm-desktop"])
        app.setApplicationName("vllm-desktop")
        app.setApplicationDisplayName("vLLM Desktop")
        app.setDesktopFileName("vllm-desktop")
        app.setQuitOnLastWindowClosed(False)
        with QEventLoop(app) as loop:
            asyncio.set_event_loop(loop)
            return int(loop.run_until_complete(_window_story(app, paths, appearance)))


def make_window(app: "QApplication", program: Program, appearance: Appearance | None = None) -> "MainWindow":
    """The window of *program*, not shown yet. *appearance* overrides what the person chose, this time."""
    from PySide6.QtCore import QTimer  # noqa: PLC0415 - the terminal needs no Qt

    from desktop_app.ui.bridge import Bridge  # noqa: PLC0415
    from desktop_app.ui.main_window import MainWindow  # noqa: PLC0415
    from desktop_app.ui.theme import KeyboardFocus, Theme  # noqa: PLC0415

    theme = Theme(app, resources(), appearance or Appearance.SYSTEM, dressed=False)
    window = MainWindow(theme, Bridge(program.tasks), program, suggested_questions())
    theme.dress()
    # Not before the picture: it meets every event, and for the first ones PySide makes every class they may be for.
    ring = KeyboardFocus(window)
    QTimer.singleShot(_RING_MILLISECONDS, ring, lambda: app.installEventFilter(ring))
    return window


async def _window_story(app: "QApplication", paths: Paths, appearance: Appearance | None) -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_on_loop_exception)
    program = build(paths)
    window = make_window(app, program, appearance)
    closed = asyncio.Event()
    window.closed.connect(closed.set)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, window.close)
    window.show_first_page()
    window.show()

    def begin() -> None:
        program.tasks.start(open_window(program, window, keep_appearance=appearance is not None), name="open")

    window.reopen_asked.connect(begin)
    begin()
    door = await instance.listen(paths, window.come_forward)
    await closed.wait()
    door.close()
    with suppress(UserError):
        await program.settings.set_geometry(window.geometry_bytes())
    await program.close()
    return 0


async def open_window(program: Program, window: "MainWindow", keep_appearance: bool) -> None:
    """Everything that need not be there for the first picture."""
    from desktop_app.ui.widgets.warm_up import warm_up  # noqa: PLC0415 - the terminal needs no Qt

    try:
        notice = await program.open()
    except UserError as error:
        window.show_error(error)
        return
    finally:
        gc.enable()  # `__main__` begins without it
    if notice is not None:
        window.show_error(notice)
    window.apply_settings(program.settings, keep_appearance)
    program.tasks.start(program.gauges.run(), name="gauges")
    await asyncio.to_thread(warm_up().join)
    # What is loaded by now stays for good. Looking through it again and again in search of garbage took 14 to 58 ms at
    # a time, which was most of the stutter of a streaming answer. Here, and not in the other thread: Qt's objects must
    # be let go where they were made.
    gc.collect()
    gc.freeze()


def _on_loop_exception(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    error = context.get("exception")
    _logger.error("%s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None)


def _told(name: str, error: BaseException) -> UserError:
    """What a person reads of a failure that nobody foresaw; the log has all of it."""
    _logger.error("%s failed", name, exc_info=error)
    if isinstance(error, UserError):
        return error
    return UserError("Something went wrong inside this program.", "Its log says more.", details=repr(error))


def run_chat(paths: Paths, text: str, model: Path | None, agreed: bool) -> int:
    """Chat in the terminal; the exit code."""
    with instance.lock(paths):
        log.set_up(paths.logs)
        try:
            return asyncio.run(_chat_story(paths, text, model, agreed))
        except (KeyboardInterrupt, asyncio.CancelledError):
            return 130


async def _chat_story(paths: Paths, text: str, model: Path | None, agreed: bool) -> int:
    from desktop_app.terminal.chat import TerminalChat  # noqa: PLC0415 - the window needs no terminal

    gc.enable()  # `__main__` begins without it
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel if task else loop.stop)
    program = build(paths)
    try:
        chat = TerminalChat(program, agreed)
        chat.tell(await program.open())
        return await chat.run(text, model)
    finally:
        await program.close()


def run_doctor(paths: Paths, as_json: bool) -> int:
    """Look at everything and print it; the exit code is 0 when every promise holds."""
    from desktop_app.services.doctor import examine  # noqa: PLC0415 - the window has no doctor
    from desktop_app.terminal.doctor import show  # noqa: PLC0415

    models = [local.guide(resources())]
    chosen = remembered_model(paths.database)
    if chosen is not None:
        models.append(ModelRef(local.model_name(chosen), chosen))
    report = asyncio.run(examine(paths, look_at_machine, models, dict(os.environ)))
    return show(report, as_json)
