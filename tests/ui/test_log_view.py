"""The rows of a log: only what is seen, following, scrolling, selecting, while lines come and go."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from desktop_app.services.engine_log import EngineLog
from desktop_app.services.log_reading import Level
from desktop_app.services.log_sieve import Criteria
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.log_model import RECORD, LogModel
from desktop_app.ui.widgets.log_view import LogView
from tests.conftest import reach
from tests.services.test_engine_log import ERROR_LINE, info
from tests.ui.hands import press

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Desk:
    """A log on the screen."""

    def __init__(self, qtbot: QtBot, theme: Theme, limit: int) -> None:
        self.log = EngineLog(limit)
        self.model = LogModel()
        self.view = LogView(theme, self.model)
        self.list = self.view.list
        qtbot.addWidget(self.view)
        self.view.resize(800, 300)
        self.view.show()
        self.model.show_log(self.log)
        self.model.set_awake(True)

    async def print(self, *lines: str) -> None:
        self.log.feed(list(lines))
        value = self.log.grew.value
        await reach(lambda: self.log.grew.value > value, "the announcement")
        await self.rest()

    async def rest(self) -> None:
        await reach(lambda: self.model.done and not self.model._slices.isActive(), "the sifting")

    @property
    def seen(self) -> list[str]:
        return [self.model.index(row).data(RECORD).message for row in range(self.model.rowCount())]

    @property
    def current(self) -> int | None:
        record = self.list.current
        return record.number if record else None


Scene = Callable[[Desk], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture
def play(qtbot: QtBot, qapp: QApplication, theme: Theme) -> Play:
    def play(scene: Scene, limit: int = 20_000_000) -> None:
        with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:

            async def run() -> None:
                desk = Desk(qtbot, theme, limit)
                await scene(desk)
                desk.model.set_awake(False)

            runner.run(run())

    return play


def lines(count: int, first: int = 0) -> list[str]:
    return [f"line {number}" for number in range(first, first + count)]


def test_it_has_only_the_rows_that_fit_and_follows_the_end(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print(*lines(10_000))
        assert desk.model.rowCount() == desk.list.height_in_rows < 30
        assert desk.seen[-1] == "line 9999"
        await desk.print("more")
        assert desk.seen[-1] == "more"
        assert desk.list.bar.value() == desk.list.bar.maximum() == 10_001 - desk.list.height_in_rows

    play(scene)


def test_scrolling_up_stays_where_it_is_and_end_follows_again(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        told: list[bool] = []
        desk.list.follow_changed.connect(told.append)
        await desk.print(*lines(1000))
        desk.list.bar.setValue(500)
        assert desk.seen[0] == "line 500"
        assert not desk.list.following
        await desk.print(*lines(1000, 1000))
        assert desk.seen[0] == "line 500"
        press(desk.list, Qt.Key.Key_End)
        assert desk.seen[-1] == "line 1999"
        await desk.print("more")
        assert desk.seen[-1] == "more"
        assert told == [False, True]

    play(scene)


def test_a_chosen_line_stays_in_sight_when_there_is_less_room(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print(*(info(f"line {number}") for number in range(40)))
        desk.list.choose(39)
        desk.view.resize(800, 180)
        await reach(lambda: len(desk.seen) < 12, "less room")
        assert desk.seen[-1] == "line 39"

    play(scene)


def test_the_wheel_scrolls(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print(*lines(1000))
        before = desk.list.bar.value()
        middle = QPointF(desk.list.rect().center())
        turn = QWheelEvent(
            middle,
            desk.list.mapToGlobal(middle),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(desk.list.viewport(), turn)
        assert desk.list.bar.value() < before
        assert not desk.list.following

    play(scene)


def test_what_is_read_stays_in_place_while_the_oldest_lines_go(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print(*lines(5000))
        desk.list.choose(4900)
        at = desk.model.row_of(4900)
        for start in range(5000, 9000, 500):
            await desk.print(*lines(500, start))
        assert desk.log.oldest > 0
        assert desk.model.row_of(4900) == at
        for start in range(9000, 30_000, 500):
            desk.log.feed(lines(500, start))
        await desk.print("more")
        assert desk.log.oldest > 4900
        assert desk.seen[0] == f"line {desk.log.oldest}"
        assert desk.current is None

    play(scene, limit=100_000)


def test_keys_move_and_select(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print(*lines(1000))
        told: list[bool] = []
        desk.list.follow_changed.connect(told.append)
        height = desk.list.height_in_rows
        press(desk.list, Qt.Key.Key_Up)
        assert desk.current == 999
        assert told == [False]
        press(desk.list, Qt.Key.Key_PageUp)
        assert desk.current == 999 - height
        press(desk.list, Qt.Key.Key_Home)
        assert desk.seen[0] == "line 0"
        press(desk.list, Qt.Key.Key_Down, SHIFT)
        press(desk.list, Qt.Key.Key_Down, SHIFT)
        assert list(desk.list.chosen()) == [0, 1, 2]
        assert desk.list.currentIndex().data(RECORD).number == 2
        press(desk.list, Qt.Key.Key_Escape)
        assert desk.list.current is None
        assert len(desk.list.chosen()) == 1000
        press(desk.list, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        assert len(desk.list.chosen()) == 1000
        assert desk.current == 999

    play(scene)


def test_the_mouse_selects(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print(*lines(5))
        tall = desk.list.painter.height
        view = desk.list.viewport()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, NONE, QPoint(50, tall // 2))
        QTest.mouseMove(view, QPoint(50, 2 * tall + 2))
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, NONE, QPoint(50, 2 * tall + 2))
        QTest.mousePress(view, Qt.MouseButton.LeftButton, SHIFT, QPoint(50, 3 * tall + 2))
        assert list(desk.list.chosen()) == [0, 1, 2, 3]
        QTest.mousePress(view, Qt.MouseButton.LeftButton, NONE, QPoint(50, tall + 2))
        assert list(desk.list.chosen()) == [1]
        QTest.mousePress(view, Qt.MouseButton.LeftButton, NONE, QPoint(50, 8 * tall))
        assert list(desk.list.chosen()) == [1]

    play(scene)


def test_a_filter_shows_and_selects_only_what_passes(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print(*(line for number in range(2000) for line in (info(str(number)), f"{ERROR_LINE} {number}")))
        desk.model.set_filter(Criteria(lowest=Level.ERROR))
        await desk.rest()
        assert desk.model.count == 2000
        assert all("EngineCore failed" in message for message in desk.seen)
        press(desk.list, Qt.Key.Key_Up)
        press(desk.list, Qt.Key.Key_Up, SHIFT)
        assert list(desk.list.chosen()) == [3997, 3999]
        await desk.print(info("x"), f"{ERROR_LINE} new")
        assert desk.model.count == 2001

    play(scene)


def test_a_row_says_its_level_to_a_screen_reader(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print(info("a"), ERROR_LINE, "/a.py:1: UserWarning: old")
        role = Qt.ItemDataRole.AccessibleTextRole
        said = [desk.model.index(row).data(role) for row in range(3)]
        assert said == ["a", "Error: EngineCore failed to start.", "Warning: /a.py:1: UserWarning: old"]
        tall = desk.list.painter.height
        assert [desk.list.visualRect(desk.model.index(row)).top() for row in range(3)] == [0, tall, 2 * tall]

    play(scene)


def test_another_log_is_another_log(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print("a", "b")
        other = EngineLog()
        other.feed(["c", "d"])
        desk.model.show_log(other)
        await desk.rest()
        assert desk.seen == ["c", "d"]

    play(scene)


def test_hidden_it_rests(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print("a")
        desk.model.set_awake(False)
        desk.log.feed(["b"])
        value = desk.log.grew.value
        await reach(lambda: desk.log.grew.value > value, "the announcement")
        assert desk.seen == ["a"]
        desk.model.set_awake(True)
        await desk.rest()
        assert desk.seen == ["a", "b"]

    play(scene)


def test_a_line_of_a_million_letters_is_drawn(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.print("x" * 1_000_000, "\u202e\x1b[31mb\tc", "日本語 " * 200, " " * 1_000_000, "7" * 1_000_000)
        desk.view.grab()
        assert desk.list.painter.height > 0

    play(scene)


def test_rows_grow_with_their_words(play: Play, theme: Theme) -> None:
    async def scene(desk: Desk) -> None:
        usual, rows = desk.list.painter.height, desk.list.height_in_rows
        theme.set_text_scale(2.0)
        assert desk.list.painter.height > 1.7 * usual
        assert desk.list.height_in_rows < rows
        theme.set_text_scale(1.0)
        assert (desk.list.painter.height, desk.list.height_in_rows) == (usual, rows)

    play(scene)
