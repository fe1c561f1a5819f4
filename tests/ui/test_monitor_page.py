"""The page of Monitor over real services: what happens to its charts while they are read and looked at."""

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.paths import Paths
from desktop_app.services.monitor_view import MonitorState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.pages.monitor import MonitorPage
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chart import ChartView
from desktop_app.ui.widgets.focus_chain import others
from tests import monitor_scenes as scenes
from tests.services.monitor_world import MonitorWorld
from tests.ui.hands import child, press
from tests.ui.paints import Events


@pytest.fixture
def world(paths: Paths, tmp_path: Path) -> MonitorWorld:
    made = MonitorWorld(paths, tmp_path)
    made.monitor.begin()
    for frame in scenes.busy(cards=2, seconds=120.0):
        made.gauges.frames.set(frame)
    return made


@pytest.fixture
def page(qtbot: QtBot, theme: Theme, world: MonitorWorld) -> Iterator[MonitorPage]:
    window = QMainWindow()
    made = MonitorPage(theme, Bridge(world.tasks), world.monitor)
    window.setCentralWidget(made)
    window.resize(1200, 900)
    qtbot.addWidget(window)
    window.show()
    assert QTest.qWaitForWindowExposed(window)
    window.activateWindow()
    QApplication.processEvents()
    yield made
    theme.set_text_scale(1.0)


def settle() -> None:
    for _ in range(3):
        QApplication.sendPostedEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def show(world: MonitorWorld, *gone: str) -> None:
    """Have all charts but some."""
    state: MonitorState = world.state
    world.monitor.state.set(replace(state, charts=tuple(one for one in state.charts if one.key not in gone)))
    settle()


def view(page: MonitorPage, key: str) -> ChartView:
    return page._views[key]


def point(chart: ChartView) -> None:
    place = chart._arranged().layout.plot.center()
    none = Qt.MouseButton.NoButton
    at = QPointF(chart.mapToGlobal(place))
    QApplication.sendEvent(
        chart, QMouseEvent(QEvent.Type.MouseMove, place, at, none, none, Qt.KeyboardModifier.NoModifier)
    )


def test_a_moment_ends_with_the_chart_that_was_read(page: MonitorPage, world: MonitorWorld) -> None:
    point(view(page, "memory"))
    assert view(page, "cpu")._moment is not None
    show(world, "memory")
    assert view(page, "cpu")._moment is None


def test_the_keyboard_goes_on_beside_a_chart_that_disappears(page: MonitorPage, world: MonitorWorld) -> None:
    memory = view(page, "memory")
    memory.setFocus(Qt.FocusReason.TabFocusReason)
    assert memory.hasFocus()
    show(world, "memory")
    focused = QApplication.focusWidget()
    assert isinstance(focused, ChartView)
    assert focused.accessibleName() in ("Cores", "This program itself")


def test_keys_are_not_disturbed_by_a_pointer_that_rests_elsewhere(page: MonitorPage, world: MonitorWorld) -> None:
    cpu, memory = view(page, "cpu"), view(page, "memory")
    point(cpu)
    memory.setFocus(Qt.FocusReason.TabFocusReason)
    press(memory, Qt.Key.Key_Home)
    chosen = memory._moment
    assert chosen is not None
    assert cpu._moment == chosen
    world.gauges.frames.set(next(scenes.busy(cards=2, seconds=scenes.PACE, until=10_002.0)))
    page._on_span_chosen(900.0)
    assert cpu._moment == memory._moment == chosen
    press(memory, Qt.Key.Key_Escape)
    page._draw_curves(world.state)
    assert cpu._moment is None


def test_tab_goes_through_the_page_from_top_to_bottom(page: MonitorPage, world: MonitorWorld) -> None:
    chart = next(one for one in world.state.charts if one.key == "cores")
    show(world, "cores")
    world.monitor.state.set(replace(world.state, charts=(world.state.charts[0], chart, *world.state.charts[1:])))
    settle()
    export = child(page, QPushButton, "Export")
    stops = [one for one in others(export) if one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.isVisible()]
    tops = [one.mapTo(page._content, one.rect().topLeft()) for one in stops if page._content.isAncestorOf(one)]
    assert [(place.y(), place.x()) for place in tops] == sorted((place.y(), place.x()) for place in tops)
    assert len(tops) > 10


def test_it_draws_nothing_out_of_sight(page: MonitorPage, world: MonitorWorld) -> None:
    page.hide()
    settle()
    counts = [Events(one) for one in (page, *page._views.values())]
    for frame in scenes.busy(cards=2, seconds=10.0, until=10_010.0):
        world.gauges.frames.set(frame)
        settle()
    assert sum(one.count for one in counts) == 0
    assert all(one._painted is None for one in page._views.values())


@pytest.mark.parametrize("span", [60.0, 300.0, 900.0, 3600.0])
def test_all_charts_read_the_same_bucket(page: MonitorPage, world: MonitorWorld, span: float) -> None:
    page._on_span_chosen(span)
    settle()
    for share in (0.0, 0.3, 1.0):
        cpu = view(page, "cpu")
        plot = cpu._arranged().layout.plot
        place = QPointF(plot.left() + share * plot.width(), plot.center().y())
        none = Qt.MouseButton.NoButton
        move = QMouseEvent(
            QEvent.Type.MouseMove, place, QPointF(cpu.mapToGlobal(place)), none, none, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(cpu, move)
        assert all(one._column() is not None for one in page._views.values()), share


def test_what_concerns_no_chart_has_none_painted(page: MonitorPage, world: MonitorWorld) -> None:
    settle()
    counts = [Events(one) for one in page._views.values()]
    assert world.state.kv is not None
    for share in (0.98, 0.5, 0.1):
        world.monitor.state.set(replace(world.state, kv=replace(world.state.kv, share=share)))
        settle()
    assert sum(one.count for one in counts) == 0


def test_a_day_of_frames_takes_no_more_memory(page: MonitorPage, world: MonitorWorld) -> None:
    def kept() -> int:
        gc.collect()
        return len(gc.get_objects())

    def play(begin: float, count: int) -> None:
        for frame in scenes.busy(cards=2, seconds=count * scenes.PACE, until=begin + count * scenes.PACE):
            world.gauges.frames.set(frame)
            world.seen.clear()
            settle()

    play(10_000.0, 30)
    before = kept()
    play(10_060.0, 30)
    assert kept() - before < 300


def test_looks_change_while_it_is_read(page: MonitorPage, world: MonitorWorld, theme: Theme) -> None:
    point(view(page, "cores"))
    before = theme.appearance
    for appearance in (Appearance.DARK, Appearance.LIGHT, before):
        theme.choose(appearance)
        settle()
    for scale in (2.0, 0.8, 1.0):
        theme.set_text_scale(scale)
        page._on_span_chosen(3600.0)
        settle()
        page._on_span_chosen(60.0)
        page.grab()
    assert view(page, "cpu")._moment is not None
