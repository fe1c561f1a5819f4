"""The Log page: which engine, filters, search, first error, copy, save, clear, and its words when there is nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QListView, QPlainTextEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.services.engine_log import EngineLog
from desktop_app.services.tasks import Tasks
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.pages.log import LogPage
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.log_choice import Choice
from tests.conftest import reach
from tests.engine.recorded import recorded
from tests.services.test_engine_log import ERROR_LINE, info
from tests.ui.hands import buttons, child, press, press_button, seen, words, write

ONE = EngineStatus(EngineStage.READY, ModelRef("one", Path("/models/one")))
TWO = EngineStatus(EngineStage.FAILED, ModelRef("two & more", Path("/models/two")))
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Desk:
    """The page, and the engines that it is told of."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.engines: Observable[tuple[EngineStatus, ...]] = Observable(())
        self.logs: dict[str, EngineLog] = {}
        self.faults: list[BaseException] = []
        self.page = LogPage(
            theme, Bridge(Tasks(lambda _name, error: self.faults.append(error))), self.engines, self.logs.get
        )
        qtbot.addWidget(self.page)
        self.page.resize(1000, 600)
        self.page.show()
        self.page.activateWindow()
        self.rows = child(self.page, QListView, "Log of the engine")
        self.field = child(self.page, QLineEdit, "Search the log")

    async def run(self, status: EngineStatus, *lines: str) -> None:
        """Let the engine *status* print *lines*."""
        log = self.logs.setdefault(status.key, EngineLog())
        others = tuple(one for one in self.engines.value if one.key != status.key)
        self.engines.set((*others, status))
        value = log.grew.value
        log.feed(list(lines))
        await reach(lambda: log.grew.value > value, "the announcement")
        await self.rest()

    async def rest(self) -> None:
        await reach(lambda: self.page.model.done and not self.page.model._slices.isActive(), "the sifting")
        await asyncio.sleep(0)

    async def choose(self, choice: str, option: str) -> None:
        found = next(one for one in self.page.findChildren(Choice) if one.accessibleName().startswith(choice))
        next(action for action in found.menu().actions() if action.text() == option).trigger()
        await self.rest()

    @property
    def messages(self) -> list[str]:
        model = self.page.model
        return [record.message for row in range(model.rowCount()) if (record := model.record_at(row))]

    @property
    def current(self) -> str:
        record = self.page._view.list.current
        return record.message if record else ""


Scene = Callable[[Desk], Awaitable[None]]
Play = Callable[[Scene], None]


@pytest.fixture
def play(qtbot: QtBot, qapp: QApplication, theme: Theme) -> Play:
    def play(scene: Scene) -> None:
        with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:

            async def run() -> None:
                desk = Desk(qtbot, theme)
                await scene(desk)
                desk.page.hide()
                assert not desk.faults

            runner.run(run())

    return play


def test_without_a_log_it_says_what_will_be_here(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        assert "What the engine prints while it starts and runs will show up here." in words(desk.page)
        asked: list[bool] = []
        desk.page.start_clicked.connect(lambda: asked.append(True))
        press_button(desk.page, "Start the model")
        assert asked
        await desk.run(ONE, "a")
        assert desk.messages == ["a"]
        assert "1 line" in words(desk.page)

    play(scene)


def test_choosing_an_engine(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, "a")
        await desk.run(TWO, "b")
        assert desk.messages == ["a"]
        await desk.choose("Engine", "two && more")
        assert desk.messages == ["b"]
        assert child(desk.page, Choice, "Engine: two & more").text() == "two && more  ▾"
        desk.page.show_log_of(ONE.key)
        await desk.rest()
        assert desk.messages == ["a"]

    play(scene)


def test_a_new_start_of_the_same_engine_has_a_new_log(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, "old")
        desk.logs[ONE.key] = EngineLog()
        desk.engines.set((EngineStatus(EngineStage.STARTING, ONE.model),))
        await desk.run(ONE, "new")
        assert desk.messages == ["new"]

    play(scene)


def test_filters(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, info("a"), ERROR_LINE, "/a.py:1: UserWarning: b", "c")
        await desk.choose("Level", "Errors")
        assert desk.messages == ["EngineCore failed to start."]
        assert "1 of 4 lines · 1 warning line · 1 error line" in words(desk.page)
        await desk.choose("Level", "Warnings and errors")
        assert len(desk.messages) == 2
        await desk.choose("Level", "All levels")
        await desk.choose("Process", "APIServer")
        assert desk.messages == ["a"]
        await desk.choose("Level", "Errors")
        assert "No line passes this filter." in words(desk.page)
        press_button(desk.page, "Show all lines")
        await desk.rest()
        assert len(desk.messages) == 4

    play(scene)


def test_searching_with_keys(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, *(f"line {number}" for number in range(500)))
        press(desk.rows, Qt.Key.Key_F, CONTROL)
        assert desk.field.hasFocus()
        write(desk.field, "LINE 10")
        await desk.rest()
        assert "11 found" in words(desk.page) or "1 of 11" in words(desk.page) or "11 of 11" in words(desk.page)
        assert desk.current == "line 109"
        press(desk.field, Qt.Key.Key_Return)
        assert desk.current == "line 10"
        assert "1 of 11" in words(desk.page)
        press(desk.field, Qt.Key.Key_F3)
        assert desk.current == "line 100"
        press(desk.field, Qt.Key.Key_F3, SHIFT)
        press(desk.field, Qt.Key.Key_Return, SHIFT)
        assert desk.current == "line 109"
        press(desk.field, Qt.Key.Key_Escape)
        assert desk.field.text() == ""
        assert desk.rows.hasFocus()
        write(desk.field, "nowhere")
        await desk.rest()
        assert "none" in words(desk.page)
        assert not child(desk.page, QToolButton, "Next match (F3)").isEnabled()

    play(scene)


def test_the_first_error(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, *recorded("j_ready")[:20])
        error = child(desk.page, QPushButton, "First error")
        assert not error.isEnabled()
        await desk.run(ONE, *recorded("j_kv_too_big"), *(f"line {number}" for number in range(100)))
        await desk.choose("Process", "APIServer")
        await reach(error.isEnabled, "the first error")
        press_button(desk.page, "First error")
        assert desk.current.startswith("EngineCore failed to start.")
        whole = child(desk.page, QPlainTextEdit, "The whole line")
        assert whole.textCursor().selectedText().startswith("ValueError: Available memory on node 0")
        assert not child(desk.page, QToolButton, "Follow").isChecked()

    play(scene)


def test_showing_the_first_error_of_an_engine_that_has_just_failed(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, "a")
        desk.logs[TWO.key] = EngineLog()
        desk.logs[TWO.key].feed(recorded("f_bad_path"))
        desk.engines.set((ONE, TWO))
        desk.page.show_first_error(TWO.key)
        await reach(lambda: "Repo id must be" in desk.current, "the error")

    play(scene)


def test_without_an_error_the_end_is_shown(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, *(info(str(number)) for number in range(200)))
        desk.rows.setFocus()
        press(desk.rows, Qt.Key.Key_Home)
        desk.page.show_first_error()
        await desk.rest()
        assert desk.messages[-1] == "199"

    play(scene)


def test_copying_the_selection_or_all(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, info("a"), "b", "c")
        press_button(desk.page, "Copy")
        await reach(lambda: "Copied 3 lines." in words(desk.page), "the copy")
        assert QGuiApplication.clipboard().text() == "00:20:51 INFO APIServer a\nb\nc"
        press(desk.rows, Qt.Key.Key_Up)
        press(desk.rows, Qt.Key.Key_C, CONTROL)
        await reach(lambda: "Copied 1 line." in words(desk.page), "the copy")
        assert QGuiApplication.clipboard().text() == "c"

    play(scene)


def test_saving(play: Play, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, "a", "b")
        press_button(desk.page, "Save…")
        dialog = seen(desk.page, QFileDialog)[0]
        dialog.fileSelected.emit(str(tmp_path / "out.txt"))
        dialog.reject()
        await reach(lambda: "Saved as out.txt." in words(desk.page), "the file")
        assert (tmp_path / "out.txt").read_text("utf-8") == "a\nb\n"

    play(scene)


def test_clearing_the_view_can_be_undone(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, "a", "b")
        press_button(desk.page, "Clear view")
        await desk.rest()
        assert "What the engine prints from now on will show up here." in words(desk.page)
        await desk.run(ONE, "c")
        assert desk.messages == ["c"]
        press_button(desk.page, "Show earlier lines")
        await desk.rest()
        assert desk.messages == ["a", "b", "c"]

    play(scene)


def test_following_by_button(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, *(f"line {number}" for number in range(500)))
        press(desk.rows, Qt.Key.Key_Home)
        assert desk.messages[0] == "line 0"
        press_button(desk.page, "Follow")
        assert desk.messages[-1] == "line 499"
        press_button(desk.page, "Follow")
        await desk.run(ONE, "more")
        assert desk.messages[-1] == "line 499"

    play(scene)


def test_the_whole_line_can_be_read(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, "x" * 5000)
        assert not seen(desk.page, QPlainTextEdit)
        press(desk.rows, Qt.Key.Key_Up)
        assert child(desk.page, QPlainTextEdit, "The whole line").toPlainText() == "x" * 5000
        press(desk.rows, Qt.Key.Key_Escape)
        assert not seen(desk.page, QPlainTextEdit)

    play(scene)


def test_everything_has_a_name_and_can_be_reached_with_tab(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, *recorded("j_kv_too_big"))
        assert all(buttons(desk.page))
        press(desk.rows, Qt.Key.Key_Up)
        desk.field.setFocus()
        reached = set()
        for _ in range(20):
            press(QApplication.focusWidget() or desk.page, Qt.Key.Key_Tab)
            reached.add((QApplication.focusWidget() or desk.page).accessibleName())
        for name in ("Level: All levels", "Engine: one", "Follow", "Copy", "First error", "Log of the engine"):
            assert name in reached
        assert "The whole line" in reached

    play(scene)


def test_it_fits_a_small_window(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.run(ONE, *recorded("j_kv_too_big"))
        await desk.choose("Level", "Warnings and errors")
        write(desk.field, "engine")
        assert desk.page.minimumSizeHint().width() <= 720 - 52

    play(scene)
