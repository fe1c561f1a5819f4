"""The head of Monitor: the span, exports, and warnings that are out of sight."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.services.monitor_view import DoorState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.monitor_head import MonitorHead, SpanChoice
from tests.ui import hands

ADDRESS = "http://127.0.0.1:8417/metrics"


@pytest.fixture
def head(qtbot: QtBot, theme: Theme) -> MonitorHead:
    made = MonitorHead(theme)
    qtbot.addWidget(made)
    made.resize(900, 80)
    made.show_span(300.0)
    made.show()
    qtbot.waitExposed(made)
    return made


def menu(head: MonitorHead) -> QMenu:
    hands.press_button(head, "Export")
    return next(one for one in head.findChildren(QMenu) if one.isVisible())


def choose(head: MonitorHead, name: str) -> None:
    shown = menu(head)
    next(action for action in shown.actions() if action.text() == name).trigger()
    shown.close()


def test_at_rest_it_is_quiet(head: MonitorHead) -> None:
    assert hands.words(head) == ["Monitor"]
    assert hands.buttons(head) == [
        "The last 1 min",
        "The last 5 min",
        "The last 15 min",
        "The last 60 min",
        "Export",
    ]


def test_a_span_is_chosen_by_mouse_and_arrow_keys(head: MonitorHead) -> None:
    chosen: list[float] = []
    head.span_chosen.connect(chosen.append)
    hands.press_button(head, "The last 15 min")
    five = hands.child(head, QPushButton, "The last 15 min")
    hands.press(five, Qt.Key.Key_Right)
    hands.press(hands.child(head, QPushButton, "The last 60 min"), Qt.Key.Key_Right)
    hands.press(hands.child(head, QPushButton, "The last 1 min"), Qt.Key.Key_Left)
    assert chosen == [900.0, 3600.0, 60.0, 3600.0]
    head.show_span(60.0)
    assert chosen[-1] == 3600.0
    assert hands.child(head, QPushButton, "The last 1 min").isChecked()
    assert not hands.child(head, QPushButton, "The last 60 min").isChecked()


def test_files_are_asked_for(head: MonitorHead) -> None:
    asked: list[str] = []
    head.csv_asked.connect(lambda: asked.append("csv"))
    head.png_asked.connect(lambda: asked.append("png"))
    head.dashboard_asked.connect(lambda: asked.append("dashboard"))
    for name in ("Figures as CSV…", "Picture as PNG…", "Grafana dashboard…"):
        choose(head, name)
    assert asked == ["csv", "png", "dashboard"]


def test_the_menu_opens_the_address(head: MonitorHead) -> None:
    asked: list[bool] = []
    head.door_asked.connect(asked.append)
    choose(head, "Address for Prometheus")
    assert asked == [True]


def test_the_menu_says_whether_the_address_is_open_and_closes_it(head: MonitorHead) -> None:
    asked: list[bool] = []
    head.door_asked.connect(asked.append)
    head.show_door(DoorState(ADDRESS))
    shown = menu(head)
    door = next(action for action in shown.actions() if action.text() == "Address for Prometheus")
    assert door.isChecked()
    door.trigger()
    shown.close()
    assert asked == [False]


def test_warnings_out_of_sight_are_a_button(head: MonitorHead) -> None:
    asked: list[None] = []
    head.warnings_asked.connect(lambda: asked.append(None))
    head.show_warnings(2)
    hands.press_button(head, "Show 2 warnings")
    assert len(asked) == 1
    head.show_warnings(1)
    assert "Show 1 warning" in hands.buttons(head)
    head.show_warnings(0)
    assert "Show 1 warning" not in hands.buttons(head)


def test_the_keyboard_stays_in_the_head_when_the_warnings_are_in_sight(head: MonitorHead) -> None:
    head.activateWindow()
    head.show_warnings(1)
    hands.child(head, QPushButton, "Show 1 warning").setFocus()
    head.show_warnings(0)
    assert hands.child(head, QPushButton, "The last 5 min").hasFocus()


@pytest.mark.parametrize("width", [620, 800, 1100])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_clipped(head: MonitorHead, theme: Theme, width: int, scale: float) -> None:
    theme.set_text_scale(scale)
    try:
        head.show_warnings(3)
        for _ in range(3):
            head.resize(width, head.heightForWidth(width))
            QApplication.sendPostedEvents()
        assert head.minimumSizeHint().width() <= width
        spans = hands.child(head, SpanChoice)
        for one in hands.seen(head, QPushButton):
            assert one.width() >= one.sizeHint().width() or one.parentWidget() is not spans
            assert one.mapTo(head, one.rect().topRight()).x() <= width
    finally:
        theme.set_text_scale(1.0)
