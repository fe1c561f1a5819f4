"""Pictures of every page and of each state that matters, light and dark: `python -m tests.shots FOLDER`.

The real program on a virtual screen: its window, its services, the real engine (installed for real the first time,
then kept in `build/`). Look at them; two of them stand in the README.
"""

import asyncio
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "xcb")

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from desktop_app import bootstrap
from desktop_app.domain.appearance import Appearance
from desktop_app.domain.chat import Message, Role
from desktop_app.domain.engine import EngineStage, StartPhase
from desktop_app.engine import environments
from desktop_app.instance import FolderError
from desktop_app.paths import Paths, resources
from desktop_app.services import session
from desktop_app.services.machine_source import MachineSource
from desktop_app.services.program import Program
from desktop_app.store.conversations import ConversationStore
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.place_window import PlaceWindow
from tests import shots_chat, shots_compare, shots_engine_room, shots_models, shots_monitor
from tests.album import SIZE, SMALL, Album, settle
from tests.chat_content import RICH
from tests.conftest import reach
from tests.engine_cache import environment as engine
from tests.ui.desk import with_engine


@asynccontextmanager
async def opened(
    app: QApplication, paths: Paths, folder: Path, machine: MachineSource | None = None
) -> AsyncIterator[tuple[Program, MainWindow, Album]]:
    """The program on *paths*, its window shown, closed in the end; as if on *machine*."""
    program = bootstrap.build(paths, machine)
    window = bootstrap.make_window(app, program, Appearance.LIGHT)
    window.resize(SIZE)
    window.show_first_page()
    window.show()
    await bootstrap.open_window(program, window, keep_appearance=True)
    await settle()
    try:
        yield program, window, Album(window, window.preference_room.choose_appearance, folder)
    finally:
        window.close()
        await program.close()
        # Else every change of colours takes longer: it is for all windows.
        window.deleteLater()


async def first_run(app: QApplication, data: Path, folder: Path) -> None:
    """The welcome page, an installation under way, one that was given up."""
    paths = Paths(data / "new")
    paths.make()
    async with opened(app, paths, folder) as (program, window, album):
        await reach(lambda: program.setup.state.value.plan, "the plan")
        await album.take("1-first-run")
        installing = asyncio.create_task(program.first_run.run())
        await reach(lambda: fraction_of(program) > 0.1, "some progress", 120)
        await album.take("2-installing")
        program.setup.cancel()
        await installing
        await program.first_run.skip()
        window.show_chat()
        await album.take("3-not-installed")
        window.room.show_engines()
        await album.take("3-not-installed-engine")


async def chat(app: QApplication, data: Path, folder: Path) -> None:
    """Stopped, starting, ready, answering, the engine's page, small windows."""
    paths = Paths(data / "used")
    paths.make()
    environments.remember(engine(), paths)
    async with opened(app, paths, folder) as (program, window, album):
        await album.take("4-stopped")
        starting = asyncio.create_task(program.serving.start(program.guide))
        await reach(lambda: phase_of(program) not in (None, StartPhase.LOADING_ENGINE), "a later phase", 120)
        await album.take("5-starting")
        await starting
        await album.take("6-ready")
        for question in ("How do I stop a model?", "Is my text sent anywhere?", "Who was Napoleon?"):
            await program.conversations.send(question)
        await album.take("7-chat")
        await rich_conversation(program)
        await album.take("8-markdown")
        window.resize(SMALL)
        await album.take("9-small")
        window.resize(SIZE)
        window.room.show_engines()
        await album.take("10-engine")
        window.show_chat()
        await program.serving.stop()
        program.conversations.new()
        await album.take("11-stopped-with-figure")


async def failed(app: QApplication, data: Path, folder: Path) -> None:
    """A damaged model, and an engine that dies."""
    paths = Paths(data / "failed")
    paths.make()
    environments.remember(engine(), paths)
    damaged = data / "damaged-model"
    shutil.copytree(resources() / "guide", damaged)
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:200_000])
    unknown = data / "unknown-model"
    shutil.copytree(resources() / "guide", unknown)
    config = unknown / "config.json"
    config.write_text(config.read_text("utf-8").replace("LlamaForCausalLM", "LamaForCausalLM"), "utf-8")
    async with opened(app, paths, folder) as (program, window, album):
        await program.serving.choose(damaged)
        await album.take("12-failed-damaged")
        await program.serving.choose(unknown)
        await reach(lambda: program.serving.status.value.stage is EngineStage.FAILED, "the failure")
        window.chat.panel.notice.toggle_details()
        await album.take("13-failed-unknown")


async def engine_room(app: QApplication, data: Path, folder: Path) -> None:
    """Phases, failures, settings, several engines, logs, installations."""
    paths = Paths(data / "room")
    paths.make()
    environments.remember(engine(), paths)
    async with opened(app, paths, folder) as (program, window, album):
        await shots_engine_room.phases(program, window, album)
        await shots_engine_room.failed(program, window, album)
        program.serving.select(program.guide)
        await shots_engine_room.settings(program, window, album)
        await shots_engine_room.several(program, window, album, data)


async def models(app: QApplication, data: Path, folder: Path) -> None:
    """The Models page on described machines; on one of them everything that can be done there."""
    with shots_models.surroundings(data) as hub:
        for machine in shots_models.MACHINES:
            paths = Paths(data / machine.stem)
            paths.make()
            async with opened(app, paths, folder, MachineSource(machine)) as (program, window, album):
                await shots_models.discover(program, window, album, machine.stem)
        paths = Paths(data / "models")
        paths.make()
        async with opened(app, paths, folder, MachineSource(shots_models.ONE)) as (program, window, album):
            await shots_models.choosing(program, window, album, hub)
            await shots_models.downloads(program, window, album, hub)
            await shots_models.here(program, window, album, data)


async def chats(app: QApplication, data: Path, folder: Path) -> None:
    """Everything that can be done in a chat, without an engine."""
    paths = Paths(data / "chats")
    paths.make()
    environments.remember(engine(), paths)
    async with opened(app, paths, folder) as (program, window, album):
        rich = await shots_chat.filled(program)
        await shots_chat.transcript(program, window, album)
        await shots_chat.composing(program, window, album, data)
        await shots_chat.settings(program, window, album)
        await shots_chat.the_list(program, window, album)
        await shots_chat.preferences(program, window, album, rich)


async def compare(app: QApplication, data: Path, folder: Path) -> None:
    """Experiments that are done, and some that run on the stand-in engine."""
    place = data / "compare"
    place.mkdir()
    async with opened(app, with_engine(place), folder) as (program, window, album):
        await shots_compare.experiments(program, window, album)
        await shots_compare.begun(program, window, album, place)
        await shots_compare.running(program, window, album, place)


async def monitor(app: QApplication, data: Path, folder: Path) -> None:
    """The gauges of machines of other kinds."""
    for scene in shots_monitor.SCENES:
        place = data / f"monitor-{scene}"
        place.mkdir()
        async with opened(app, with_engine(place), folder, shots_monitor.Silent()) as (program, window, album):
            await shots_monitor.monitor(scene, program, window, album)


async def unsaved(app: QApplication, folder: Path) -> None:
    """What opens where nothing can be saved, and what stands above every page then."""
    home = Path.home() / ".local" / "share" / "vllm-desktop-of-nobody"
    problem = FolderError(home, OSError(errno.EROFS, os.strerror(errno.EROFS), str(home)))
    held = session.unsaved(problem)
    async with opened(app, held.paths, folder) as (_, window, album):
        window.show_place(held.words, held.kept)
        await album.take("0-unsaved")
        await album.take("0-unsaved-choice", PlaceWindow(window._theme, problem))
    held.end()


async def rich_conversation(program: Program) -> None:
    """A conversation with everything that Markdown can do, written into the database as a model would have."""
    store = ConversationStore(program.database)
    turns = (
        Message(0, Role.USER, "How big does the KV cache get, and how do I make it smaller?"),
        Message(0, Role.ASSISTANT, RICH, model="Some larger model"),
    )
    conversation, _ = await store.create("How big does the KV cache get?", turns)
    await program.chats.refresh()
    await program.conversations.open(conversation.id)


def fraction_of(program: Program) -> float:
    """How far an installation is."""
    progress = program.setup.state.value.progress
    return (progress.fraction or 0.0) if progress else 0.0


def phase_of(program: Program) -> StartPhase | None:
    """What a start is busy with."""
    progress = program.serving.status.value.progress
    return progress.phase if progress else None


async def main(app: QApplication, folder: Path) -> None:
    """Take all pictures into *folder*."""
    with tempfile.TemporaryDirectory() as data:
        await unsaved(app, folder)
        await first_run(app, Path(data), folder)
        await chat(app, Path(data), folder)
        await chats(app, Path(data), folder)
        await compare(app, Path(data), folder)
        await monitor(app, Path(data), folder)
        await failed(app, Path(data), folder)
        await engine_room(app, Path(data), folder)
        await models(app, Path(data), folder)


if __name__ == "__main__":
    pictures = Path(sys.argv[1])
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    engine()
    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    with QEventLoop(application) as loop:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main(application, pictures))
