"""The head of Monitor: the span, exports, warnings, memory after a stop, own use."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.alerts import Alert
from desktop_app.domain.machine import MachineSample, Usage
from desktop_app.services.gauges import Frame
from desktop_app.services.monitor_view import DoorState, MonitorState, Release
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.monitor_alerts import AlertStack
from desktop_app.ui.widgets.monitor_head import MonitorHead, ReleaseLine, SpanChoice
from tests.ui import hands
from tests.ui.paints import Events

ADDRESS = "http://127.0.0.1:8417/metrics"
KV = Alert("kv", "KV cache full: answers will wait.", "Ask for shorter answers.")
MEMORY = Alert("ram", "Memory is nearly full.", "Close other programs.")
HEAT = Alert("heat", "The graphics card is too hot.", "Give it air.")


def state(at: float = 0.0, cpu: float = 0.003, **other: object) -> MonitorState:
    frame = Frame(MachineSample(0.1, 0, 0, program=Usage(cpu, 180 << 20), at=at))
    return replace(MonitorState(frame=frame), **other)  # type: ignore[arg-type]


@pytest.fixture
def head(qtbot: QtBot, theme: Theme) -> MonitorHead:
    made = MonitorHead(theme)
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show_span(300.0)
    made.show()
    qtbot.waitExposed(made)
    return made


def words(head: QWidget) -> list[str]:
    return [text.replace("\u00a0", " ") for text in hands.words(head)]


def menu(head: MonitorHead) -> QMenu:
    hands.press_button(head, "Export")
    return next(one for one in head.findChildren(QMenu) if one.isVisible())


def choose(head: MonitorHead, name: str) -> None:
    shown = menu(head)
    next(action for action in shown.actions() if action.text() == name).trigger()
    shown.close()


def test_at_rest_it_is_quiet(head: MonitorHead) -> None:
    head.show_state(state())
    assert words(head) == ["Monitor", "This program uses 0.3 % of a core and 180 MB."]
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


def test_the_address_is_opened_copied_and_closed(head: MonitorHead) -> None:
    asked: list[bool] = []
    copied: list[str] = []
    head.door_asked.connect(asked.append)
    head.copied.connect(copied.append)
    head.show_state(state())
    choose(head, "Address for Prometheus")
    assert asked == [True]
    head.show_state(state(door=DoorState(ADDRESS)))
    shown = hands.seen(head, QLineEdit)
    assert [one.text() for one in shown] == [ADDRESS]
    assert shown[0].isReadOnly()
    hands.press_button(head, "Copy the address for Prometheus")
    assert copied == [ADDRESS]
    hands.press_button(head, "Close the address for Prometheus")
    assert asked == [True, False]
    head.show_state(state())
    assert hands.seen(head, QLineEdit) == []


def test_the_menu_says_whether_the_address_is_open_and_closes_it(head: MonitorHead) -> None:
    asked: list[bool] = []
    head.door_asked.connect(asked.append)
    head.show_state(state(door=DoorState(ADDRESS)))
    shown = menu(head)
    door = next(action for action in shown.actions() if action.text() == "Address for Prometheus")
    assert door.isChecked()
    door.trigger()
    shown.close()
    assert asked == [False]


def test_why_the_address_could_not_be_opened(head: MonitorHead) -> None:
    asked: list[bool] = []
    head.door_asked.connect(asked.append)
    head.show_state(state(door=DoorState(error="Port 8417 is used by another program.")))
    assert "Port 8417 is used by another program." in words(head)
    hands.press_button(head, "Try again")
    assert asked == [True]


def test_warnings_are_words_with_a_remedy(head: MonitorHead) -> None:
    head.show_state(state(alerts=(KV,)))
    assert words(head)[1:3] == [KV.title, KV.remedy]
    stack = hands.child(head, AlertStack)
    assert stack.accessibleName() == "Warnings"
    assert stack.accessibleDescription() == KV.title
    assert hands.child(stack, QWidget, f"Warning: {KV.title}").accessibleDescription() == KV.remedy
    head.show_state(state())
    assert not stack.isVisible()


def test_several_warnings_are_stacked_and_many_folded(head: MonitorHead) -> None:
    head.show_state(state(alerts=(KV, MEMORY, HEAT)))
    assert KV.title in words(head)
    assert MEMORY.title in words(head)
    assert HEAT.title not in words(head)
    hands.press_button(head, "1 more warning")
    assert HEAT.title in words(head)
    hands.press_button(head, "Show fewer warnings")
    assert HEAT.title not in words(head)
    head.show_state(state(alerts=(HEAT,)))
    assert HEAT.title in words(head)
    assert KV.title not in words(head)
    assert "1 more warning" not in hands.buttons(head)


def test_memory_after_a_stop(head: MonitorHead) -> None:
    line = hands.child(head, ReleaseLine)
    head.show_state(state(release=Release("Memory is back to 3.1 GB.", True)))
    assert "Memory is back to 3.1 GB." in words(line)
    assert line.accessibleDescription() == "Memory is back to 3.1 GB."
    head.show_state(state(release=Release("Memory is at 5.3 GB.", False, ("firefox, 1.2 GB",))))
    assert "Memory is at 5.3 GB. Held by: firefox, 1.2 GB." in words(line)
    head.show_state(state())
    assert not line.isVisible()


def test_own_use_is_to_be_read_not_watched(head: MonitorHead) -> None:
    head.show_state(state(at=100.0))
    head.show_state(state(at=102.0, cpu=0.02))
    assert words(head)[-1] == "This program uses 0.3 % of a core and 180 MB."
    head.show_state(state(at=104.0, cpu=0.02))
    assert words(head)[-1] == "This program uses 2.0 % of a core and 180 MB."


def test_the_same_state_costs_nothing(qtbot: QtBot, theme: Theme) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    head = MonitorHead(theme)
    QVBoxLayout(page).addWidget(head)
    page.resize(900, 400)
    page.show()
    qtbot.waitExposed(page)
    full = state(alerts=(KV, MEMORY), release=Release("Memory is back to 3.1 GB.", True), door=DoorState(ADDRESS))
    head.show_state(full)
    page.grab()
    # What was shown finds its place in a few rounds.
    for _ in range(10):
        QApplication.sendPostedEvents()
    laid_out, painted = Events(page, QEvent.Type.LayoutRequest), Events(head)
    for number in range(20):
        machine = replace(full.frame.machine, at=number * 0.5)
        head.show_state(replace(full, frame=Frame(machine)))
        QApplication.sendPostedEvents()
    assert laid_out.count == painted.count == 0


@pytest.mark.parametrize("width", [480, 620, 1100])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_clipped(head: MonitorHead, theme: Theme, width: int, scale: float) -> None:
    theme.set_text_scale(scale)
    try:
        held = Release("Memory is at 5.3 GB, 2.2 GB more than before the start.", False, ("firefox, 1.2 GB",))
        head.show_state(state(alerts=(KV, MEMORY, HEAT), release=held, door=DoorState(ADDRESS)))
        for _ in range(3):
            head.resize(width, head.heightForWidth(width))
            QApplication.sendPostedEvents()
        assert head.minimumSizeHint().width() <= width
        for text in hands.seen(head, QLabel):
            assert text.height() >= text.heightForWidth(text.width()), text.text()
        spans = hands.child(head, SpanChoice)
        for one in hands.seen(head, QPushButton):
            assert one.width() >= one.sizeHint().width() or one.parentWidget() is not spans
            right = one.mapTo(head, one.rect().topRight()).x()
            assert right <= width
    finally:
        theme.set_text_scale(1.0)
