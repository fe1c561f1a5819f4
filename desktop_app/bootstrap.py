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
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from desktop_app import instance, log
from desktop_app.domain.appearance import Appearance
from desktop_app.domain.errors import UserError
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.observable import Observable
from desktop_app.hub import local
from desktop_app.instance import FolderError
from desktop_app.paths import Paths, resources
from desktop_app.services import session
from desktop_app.services.attachments import Attachments, ImageLimits, ScaledImage
from desktop_app.services.bundle import Bundle, Sources
from desktop_app.services.chat_build import build_chat
from desktop_app.services.chat_files import ChatFiles
from desktop_app.services.compare_build import build_compare
from desktop_app.services.downloads import Downloads
from desktop_app.services.every_chat import EveryChat
from desktop_app.services.first_run import FirstRun
from desktop_app.services.gauges import Gauges
from desktop_app.services.hub_access import HubAccess
from desktop_app.services.idle import IdleWatch
from desktop_app.services.machine_source import MachineSource
from desktop_app.services.model_settings import ModelSettingsService
from desktop_app.services.models import Models
from desktop_app.services.models_build import places_of_models, sources_of_models
from desktop_app.services.monitor_build import MonitorPart
from desktop_app.services.program import Program
from desktop_app.services.self_test import SelfTest
from desktop_app.services.servers import Servers
from desktop_app.services.serving import Serving
from desktop_app.services.session import Session
from desktop_app.services.setup import Setup
from desktop_app.services.starts import Starts
from desktop_app.services.surroundings import Surroundings
from desktop_app.services.tasks import Tasks
from desktop_app.store.database import Database
from desktop_app.store.keys import Keys
from desktop_app.store.model_settings import ModelSettingsStore
from desktop_app.store.servers import ServerStore
from desktop_app.store.settings import Settings, peek
from desktop_app.store.tokens import Tokens

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from desktop_app.interchange.parcel import Parcel
    from desktop_app.ui.main_window import MainWindow
    from desktop_app.ui.theme import Theme

_logger = logging.getLogger(__name__)


_RING_MILLISECONDS = 200
"""After the window is made; by then it has been painted."""


def build(paths: Paths, machine: MachineSource | None = None, endpoint: str = "") -> Program:
    """Make the services. Nothing is opened, started or asked yet.

    Args:
        paths: where things lie.
        machine: where the machine is looked at; this computer by default.
        endpoint: where the Hub is asked this time; empty for what was chosen. Raises UserError when it is no address.
    """
    machine = machine or MachineSource()
    database = Database(paths.database)
    settings = Settings(database)
    starts = Starts(settings, lambda key: serving.status.value.key == key)
    failure: Observable[UserError | None] = Observable(None)
    tasks = Tasks(lambda name, error: failure.set(_told(name, error)))
    guide = local.guide(resources())

    async def try_engine(environment: EngineEnvironment) -> None:
        await serving.try_environment(environment, guide)
        # What it knows is asked while people wait anyway, so that no start and no page has to.
        with suppress(UserError):
            await model_settings.learn(environment)

    def in_use(environment: EngineEnvironment) -> bool:
        return serving.uses(environment)

    setup = Setup(paths, machine.look, try_engine, in_use)

    def usable_environment() -> EngineEnvironment | None:
        state = setup.state.value
        # While pip rewrites it, nothing may be started from it.
        rewritten = state.environment is not None and state.environment.key == state.repairing
        return None if rewritten else state.environment

    def taken_bytes(key: str) -> int:
        return serving.taken_bytes(key)

    def own_bytes(key: str) -> int:
        return serving.own_bytes(key)

    model_settings = ModelSettingsService(
        ModelSettingsStore(database),
        paths,
        machine.look,
        usable_environment,
        outside=dict(os.environ),
        taken_bytes=taken_bytes,
        own_bytes=own_bytes,
    )
    keys = Keys(paths.keys)
    servers = Servers(ServerStore(database), keys)
    serving = Serving(
        paths,
        machine.look,
        usable_environment,
        model_settings,
        starts,
        servers.endpoint_for,
        outside=dict(os.environ),
    )
    serving.select(guide)
    chat = build_chat(database, serving, settings, Attachments(_read_image), tasks)

    async def report() -> str:
        from desktop_app.services.doctor import examine_here  # noqa: PLC0415 - hardly any start needs it

        return json.dumps((await examine_here(paths)).as_json(), indent=1, ensure_ascii=False)

    hub_access = HubAccess(settings, Tokens(paths.token), os.environ, endpoint)
    downloads = Downloads(paths.models, hub_access, tasks)

    model_sources = sources_of_models(
        machine, usable_environment, lambda: places_of_models(paths, guide, settings), model_settings, serving, starts
    )
    sources = Sources(
        machine=machine.look,
        report=report,
        commands=serving.commands,
        settings=serving.settings,
        engines=lambda: [engine.environment for engine in setup.state.value.engines],
        keys=lambda: (*keys.all(), hub_access.known_token),
    )
    gauges = Gauges(machine.sampler(), serving.readings, serving.engine_pids)
    return Program(
        paths=paths,
        database=database,
        settings=settings,
        tasks=tasks,
        setup=setup,
        serving=serving,
        stores=chat.stores,
        conversations=chat.conversations,
        chats=chat.chats,
        draft=chat.draft,
        comparing=build_compare(database, serving, chat.stores.kept, chat.chats.refresh, tasks, machine.look),
        gauges=gauges,
        monitoring=MonitorPart(gauges, serving, downloads.state, machine.look, tasks),
        first_run=FirstRun(setup, serving, settings, guide),
        model_settings=model_settings,
        servers=servers,
        self_test=SelfTest(),
        idle=IdleWatch(settings.idle_unload, serving.counts, serving.unload),
        surroundings=Surroundings(paths),
        bundle=Bundle(paths, sources, dict(os.environ)),
        hub_access=hub_access,
        downloads=downloads,
        models=Models(model_sources, settings, hub_access, downloads, tasks),
        guide=guide,
        failure=failure,
    )


def _read_image(data: bytes, limits: ImageLimits) -> ScaledImage:
    from desktop_app.ui.images import read_image  # noqa: PLC0415 - the terminal needs no Qt

    return read_image(data, limits)


def suggested_questions() -> tuple[str, ...]:
    """The questions that the Guide is offered to be asked."""
    text = (resources() / "guide" / "questions.json").read_text(encoding="utf-8")
    return tuple(entry["question"] for entry in json.loads(text)["suggested"])


def run_window(paths: Paths, appearance: Appearance | None, machine: MachineSource) -> int:
    """Open the window and stay until it is closed; the exit code."""
    try:
        from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - the terminal needs no Qt
        from qasync import QEventLoop  # noqa: PLC0415
    except ImportError as error:
        title = "The window cannot open: Qt misses a library of this system."
        raise UserError(title, f"{error}. `make setup` names the command that installs it.") from error
    try:
        found: Session | FolderError = session.usual(paths)
    except UserError as error:
        if session.summon(paths):
            return 0
        if not isinstance(error, FolderError):
            raise
        found = error
    app = QApplication(["vllm-desktop"])
    app.setApplicationName("vllm-desktop")
    app.setApplicationDisplayName("vLLM Desktop")
    app.setDesktopFileName("vllm-desktop")
    app.setQuitOnLastWindowClosed(False)
    with QEventLoop(app) as loop:
        asyncio.set_event_loop(loop)
        return int(loop.run_until_complete(_story(app, found, appearance, machine)))


async def _story(
    app: "QApplication", found: Session | FolderError, appearance: Appearance | None, machine: MachineSource
) -> int:
    """The window on the data folder that was *found*, or that somebody chooses in its place; the exit code."""
    held = found if isinstance(found, Session) else await _choose_place(app, found, appearance)
    try:
        log.set_up(held.paths.logs)
        return await _window_story(app, held, appearance, machine)
    finally:
        held.end()


async def _choose_place(app: "QApplication", problem: FolderError, appearance: Appearance | None) -> Session:
    """Ask where things shall be kept, as nothing can be saved in the data folder; raises *problem* for nowhere."""
    from desktop_app.ui.place_window import make_place_window  # noqa: PLC0415 - hardly any start needs it

    window = make_place_window(app, problem, peek(Paths(problem.folder).database), appearance)
    answers: asyncio.Queue[Callable[[], Session] | None] = asyncio.Queue()
    window.unsaved_asked.connect(lambda: answers.put_nowait(partial(session.unsaved, problem)))
    window.folder_chosen.connect(lambda folder: answers.put_nowait(partial(session.elsewhere, folder)))
    window.rejected.connect(lambda: answers.put_nowait(None))
    _end_with_signals(window.reject)
    window.show()
    try:
        while (make := await answers.get()) is not None:
            try:
                return await asyncio.to_thread(make)
            except UserError as error:
                window.show_error(error)
        raise problem
    finally:
        window.deleteLater()


def _end_with_signals(end: Callable[[], object]) -> None:
    """Have *end* called when the program is told to end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end)


def _make_pdf(parcels: "Sequence[Parcel]", theme: "Theme") -> "asyncio.Future[bytes]":
    from desktop_app.ui.transcript_pdf import make_pdf  # noqa: PLC0415 - hardly anybody wants one

    return make_pdf(parcels, theme)


def make_window(app: "QApplication", program: Program, appearance: Appearance | None = None) -> "MainWindow":
    """The window of *program*, not shown yet. *appearance* overrides what the person chose, this time."""
    from PySide6.QtCore import QTimer  # noqa: PLC0415 - the terminal needs no Qt

    from desktop_app.ui.bridge import Bridge  # noqa: PLC0415
    from desktop_app.ui.main_window import MainWindow  # noqa: PLC0415
    from desktop_app.ui.theme import KeyboardFocus, Theme  # noqa: PLC0415

    theme = Theme(app, resources(), appearance or Appearance.SYSTEM, dressed=False)
    files = ChatFiles(EveryChat(program.stores), _read_image, partial(_make_pdf, theme=theme))
    window = MainWindow(theme, Bridge(program.tasks), program, files, suggested_questions())
    theme.dress()
    # Not before the picture: it meets every event, and for the first ones PySide makes every class they may be for.
    ring = KeyboardFocus(window)
    QTimer.singleShot(_RING_MILLISECONDS, ring, lambda: app.installEventFilter(ring))
    return window


async def _window_story(
    app: "QApplication", held: Session, appearance: Appearance | None, machine: MachineSource
) -> int:
    asyncio.get_running_loop().set_exception_handler(_on_loop_exception)
    program = build(held.paths, machine)
    window = make_window(app, program, appearance)
    window.show_place(held.words, kept=held.kept)
    closed = asyncio.Event()
    window.closed.connect(closed.set)
    _end_with_signals(window.close)
    window.show_first_page()
    window.show()

    def begin() -> None:
        program.tasks.start(open_window(program, window, keep_appearance=appearance is not None), name="open")

    window.reopen_asked.connect(begin)
    begin()
    door = await instance.listen(held.paths, window.come_forward)
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
    window.begin()
    program.tasks.start(program.gauges.run(), name="gauges")
    await asyncio.to_thread(warm_up().join)
    await asyncio.to_thread(session.sweep, program.paths)
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
