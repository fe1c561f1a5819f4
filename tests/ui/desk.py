"""The whole window in this process: real services on the stand-in engine, in the event loop that the program uses."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QListView, QPlainTextEdit
from qasync import QEventLoop

from desktop_app.bootstrap import build, make_window, open_window
from desktop_app.domain.appearance import Appearance
from desktop_app.domain.chat import Message
from desktop_app.domain.engine import EngineStage
from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.machine import Attention
from desktop_app.engine import environments
from desktop_app.paths import Paths
from desktop_app.services.program import Program
from desktop_app.ui.main_window import MainWindow
from tests.conftest import reach
from tests.engine_fakes import make_environment, make_model
from tests.ui.hands import child

Scene = Callable[["Desk"], Awaitable[None]]


class Desk:
    """One run of the program, and the short ways that tests take through it."""

    def __init__(self, program: Program, window: MainWindow, folder: Path) -> None:
        self.program = program
        self.window = window
        self.folder = folder

    @property
    def stage(self) -> EngineStage:
        return self.program.serving.status.value.stage

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.program.conversations.state.value.messages

    @property
    def field(self) -> QPlainTextEdit:
        return child(self.window.chat.composer, QPlainTextEdit, "Message")

    @property
    def chats(self) -> QListView:
        return child(self.window, QListView, "Conversations")

    def attended(self) -> bool:
        return self.program.gauges.attention is not Attention.NOBODY

    def titles(self) -> list[str]:
        return [one.title for one in self.program.chats.state.value.conversations]

    def model(self, name: str = "tiny", **behaviour: object) -> ModelRef:
        """A model that the Start button will start."""
        made = make_model(self.folder, name, **behaviour)
        self.program.serving.select(made)
        return made

    async def serve(self, name: str = "tiny", **behaviour: object) -> None:
        """Start a model and wait until it is ready."""
        assert await self.program.serving.start(self.model(name, **behaviour))

    async def reach(self, stage: EngineStage) -> None:
        await reach(lambda: self.stage is stage, stage.value)

    async def quiet(self) -> None:
        """Until what was asked of the services is done, and Qt has drawn it."""
        lasting = {"gauges", "idle"}
        await reach(lambda: not set(self.program.tasks.names) - lasting, "the services' rest")
        await asyncio.sleep(0)


def with_engine(folder: Path) -> Paths:
    """A data folder in which the stand-in engine counts as installed."""
    paths = Paths(folder / "data")
    paths.make()
    environments.remember(make_environment(folder), paths)
    return paths


def play(app: QApplication, paths: Paths, scene: Scene) -> None:
    """Open the program on *paths*, play *scene* in it, and close it as a person would."""
    app.setQuitOnLastWindowClosed(False)  # as the program does: it ends when its services have
    with asyncio.Runner(loop_factory=lambda: QEventLoop(app)) as runner:
        runner.run(_play(app, paths, scene))


async def _play(app: QApplication, paths: Paths, scene: Scene) -> None:
    paths.make()
    program = build(paths)
    window = make_window(app, program, Appearance.LIGHT)
    try:
        window.show_first_page()
        window.show()
        window.activateWindow()
        await open_window(program, window, keep_appearance=True)
        await scene(Desk(program, window, paths.root.parent))
        window.close()
        with suppress(UserError):
            await program.settings.set_geometry(window.geometry_bytes())
    finally:
        await program.close()
        window.deleteLater()
        app.sendPostedEvents(window, QEvent.Type.DeferredDelete)
