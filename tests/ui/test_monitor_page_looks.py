"""The page of Monitor as it is looked at: what scrolls, what stays, where the keyboard goes, what is written out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.alerts import Alert
from desktop_app.domain.machine import Usage
from desktop_app.paths import Paths
from desktop_app.services.monitor_view import DoorState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.pages.monitor import MonitorPage
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chart import ChartView
from desktop_app.ui.widgets.monitor_alerts import AlertStack
from tests import monitor_scenes as scenes
from tests.services.monitor_world import MonitorWorld
from tests.ui.hands import buttons, child, press, press_button, seen, words

KV = Alert("kv", "KV cache full: answers will wait.", "Ask for shorter answers.")
HEAT = Alert("heat", "The graphics card is too hot.", "Give it air.")


class Desk:
    """The page in a window, over a real Monitor."""

    def __init__(self, qtbot: QtBot, theme: Theme, world: MonitorWorld) -> None:
        self.world = world
        self.window = QMainWindow()
        self.page = MonitorPage(theme, Bridge(world.tasks), world.monitor)
        self.window.setCentralWidget(self.page)
        self.window.resize(900, 520)
        qtbot.addWidget(self.window)
        self.window.show()
        assert QTest.qWaitForWindowExposed(self.window)
        self.window.activateWindow()
        self.settle()

    @property
    def scrolled(self) -> int:
        return child(self.page, QScrollArea).verticalScrollBar().value()

    def settle(self) -> None:
        for _ in range(5):
            QApplication.sendPostedEvents()

    def scroll(self, to: int) -> None:
        child(self.page, QScrollArea).verticalScrollBar().setValue(to)

    def show(self, **changes: object) -> None:
        state = self.world.monitor.state
        state.set(replace(state.value, **changes))  # type: ignore[arg-type]
        self.settle()

    def chart(self, name: str) -> ChartView:
        return child(self.page, ChartView, name)

    def place(self, widget: QWidget) -> int:
        """How far below the top of what scrolls it is seen."""
        return widget.mapTo(child(self.page, QScrollArea).viewport(), widget.rect().topLeft()).y()


@pytest.fixture
def world(paths: Paths, tmp_path: Path) -> MonitorWorld:
    made = MonitorWorld(paths, tmp_path)
    made.monitor.begin()
    for frame in scenes.busy(seconds=300.0):
        made.gauges.frames.set(frame)
    made.monitor.state.set(replace(made.monitor.state.value, alerts=()))
    return made


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme, world: MonitorWorld) -> Iterator[Desk]:
    yield Desk(qtbot, theme, world)
    theme.set_text_scale(1.0)


def test_it_opens_at_its_top_with_the_warnings_first(qtbot: QtBot, theme: Theme, world: MonitorWorld) -> None:
    world.monitor.state.set(replace(world.monitor.state.value, alerts=(KV, HEAT)))
    desk = Desk(qtbot, theme, world)
    assert desk.scrolled == 0
    shown = words(desk.page)
    assert shown.index(KV.title) < shown.index("Computer") < shown.index("Graphics cards") < shown.index("Engine")


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_only_the_head_stays(desk: Desk, theme: Theme, scale: float) -> None:
    theme.set_text_scale(scale)
    desk.show(alerts=(KV, HEAT), door=DoorState("http://127.0.0.1:8417/metrics"))
    assert child(desk.page, QScrollArea).height() > desk.page.height() * 0.55
    desk.scroll(2000)
    assert desk.place(child(desk.page, AlertStack)) < -desk.scrolled / 2
    assert desk.page.head.isVisible()


def test_what_is_read_stays_in_its_place_when_warnings_come_and_go(desk: Desk) -> None:
    chart = desk.chart("Card use")
    desk.scroll(700)
    before = desk.place(chart)
    desk.show(alerts=(KV, HEAT))
    assert desk.place(chart) == before
    desk.show(alerts=())
    assert desk.place(chart) == before


def test_warnings_out_of_sight_are_told_in_the_head(desk: Desk) -> None:
    desk.show(alerts=(KV, HEAT))
    assert "Show 2 warnings" not in buttons(desk.page.head)
    desk.scroll(700)
    assert "Show 2 warnings" in buttons(desk.page.head)
    press_button(desk.page.head, "Show 2 warnings")
    assert desk.scrolled == 0
    assert "Show 2 warnings" not in buttons(desk.page.head)


def test_an_address_that_is_opened_is_brought_into_sight(desk: Desk) -> None:
    desk.scroll(700)
    desk.show(door=DoorState("http://127.0.0.1:8417/metrics"))
    assert desk.scrolled == 0
    desk.window.activateWindow()
    child(desk.page, QPushButton, "Close the address for Prometheus").setFocus()
    press_button(desk.page, "Close the address for Prometheus")
    desk.show(door=DoorState())
    assert child(desk.page, QPushButton, "Export").hasFocus()


def test_a_chart_that_the_keyboard_comes_to_is_brought_into_sight(desk: Desk) -> None:
    chart = desk.chart("Between two tokens")
    assert desk.place(chart) > desk.page.height()
    chart.setFocus(Qt.FocusReason.BacktabFocusReason)
    assert 0 <= desk.place(chart) <= child(desk.page, QScrollArea).viewport().height() - chart.height()


def test_escape_ends_the_reading_of_a_moment_first(desk: Desk) -> None:
    chart = desk.chart("Processor")
    chart.setFocus(Qt.FocusReason.TabFocusReason)
    press(chart, Qt.Key.Key_Left)
    told: list[object] = []
    chart.moment_changed.connect(told.append)
    assert desk.page.escape()
    assert told == [None]
    assert not desk.page.escape()


def test_own_use_is_that_of_a_minute(desk: Desk) -> None:
    machine = desk.world.state.frame.machine
    at = machine.at
    for number in range(1, 121):
        used = Usage(0.02 if number % 10 == 0 else 0.0, 180 << 20)
        machine = replace(machine, at=at + number * 0.5, seconds=0.5, program=used)
        desk.world.gauges.frames.set(replace(desk.world.state.frame, machine=machine))
    told = next(text for text in words(desk.page) if text.startswith("This program itself uses"))
    assert told.replace("\u00a0", " ") == "This program itself uses 180 MB and, over the last minute, 0.2 % of a core."


def test_a_picture_holds_all_of_it_and_when_it_was(desk: Desk, theme: Theme) -> None:
    early, late = (desk.page.picture(datetime(2026, 11, 21, 17, minute)) for minute in (4, 59))
    assert early.height() > 2 * desk.page.height()
    assert early != late
    head = theme.scaled(20) + theme.space.large
    assert early.copy(0, head, early.width(), early.height()) == late.copy(0, head, late.width(), late.height())


def test_both_edges_are_those_of_the_head(desk: Desk) -> None:
    right = max(one.mapTo(desk.page, one.rect().topRight()).x() for one in seen(desk.page, ChartView))
    export = child(desk.page, QPushButton, "Export")
    assert right == export.mapTo(desk.page, export.rect().topRight()).x()
