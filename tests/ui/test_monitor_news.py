"""What Monitor says in words: warnings, memory after a stop, the address for Prometheus, own use."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.alerts import Alert
from desktop_app.domain.machine import MachineSample, Usage
from desktop_app.services.gauges import Frame
from desktop_app.services.monitor_view import DoorState, MonitorState, Release
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.monitor_alerts import AlertStack
from desktop_app.ui.widgets.monitor_news import MonitorNews, ReleaseLine
from tests.ui import hands
from tests.ui.paints import Events

ADDRESS = "http://127.0.0.1:8417/metrics"
KV = Alert("kv", "KV cache full: answers will wait.", "Ask for shorter answers.")
MEMORY = Alert("ram", "Memory is nearly full.", "Close other programs.")
HEAT = Alert("heat", "The graphics card is too hot.", "Give it air.")


def state(at: float = 0.0, cpu: float = 0.003, **other: object) -> MonitorState:
    frame = Frame(MachineSample(0.1, 0, 0, program=Usage(cpu, 180 << 20), at=at))
    return replace(MonitorState(frame=frame), **other)  # type: ignore[arg-type]


def show(news: MonitorNews, shown: MonitorState) -> None:
    news.show_state(shown, shown.frame.machine.program)


@pytest.fixture
def news(qtbot: QtBot, theme: Theme) -> MonitorNews:
    made = MonitorNews(theme)
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def words(news: QWidget) -> list[str]:
    return [text.replace("\u00a0", " ") for text in hands.words(news)]


def test_at_rest_it_is_quiet(news: MonitorNews) -> None:
    show(news, state())
    assert words(news) == ["This program itself uses 180 MB and, over the last minute, 0.3 % of a core."]
    assert hands.buttons(news) == []


def test_the_address_is_copied_and_closed(news: MonitorNews) -> None:
    asked: list[bool] = []
    copied: list[str] = []
    news.door_asked.connect(asked.append)
    news.copied.connect(copied.append)
    show(news, state(door=DoorState(ADDRESS)))
    shown = hands.seen(news, QLineEdit)
    assert [one.text() for one in shown] == [ADDRESS]
    assert shown[0].isReadOnly()
    hands.press_button(news, "Copy the address for Prometheus")
    assert copied == [ADDRESS]
    hands.press_button(news, "Close the address for Prometheus")
    assert asked == [False]
    show(news, state())
    assert hands.seen(news, QLineEdit) == []


def test_why_the_address_could_not_be_opened(news: MonitorNews) -> None:
    asked: list[bool] = []
    news.door_asked.connect(asked.append)
    show(news, state(door=DoorState(error="Port 8417 is used by another program.")))
    assert "Port 8417 is used by another program." in words(news)
    hands.press_button(news, "Try again")
    hands.press_button(news, "Close the address for Prometheus")
    assert asked == [True, False]


def test_warnings_are_words_with_a_remedy(news: MonitorNews) -> None:
    show(news, state(alerts=(KV,)))
    assert words(news)[:2] == [KV.title, KV.remedy]
    stack = hands.child(news, AlertStack)
    assert stack.accessibleName() == "Warnings"
    assert stack.accessibleDescription() == KV.title
    assert hands.child(stack, QWidget, f"Warning: {KV.title}").accessibleDescription() == KV.remedy
    show(news, state())
    assert not stack.isVisible()


def test_several_warnings_are_stacked_and_many_folded(news: MonitorNews) -> None:
    show(news, state(alerts=(KV, MEMORY, HEAT)))
    assert KV.title in words(news)
    assert MEMORY.title in words(news)
    assert HEAT.title not in words(news)
    hands.press_button(news, "1 more warning")
    assert HEAT.title in words(news)
    hands.press_button(news, "Show fewer warnings")
    assert HEAT.title not in words(news)
    show(news, state(alerts=(HEAT,)))
    assert HEAT.title in words(news)
    assert KV.title not in words(news)
    assert "1 more warning" not in hands.buttons(news)


def test_memory_after_a_stop(news: MonitorNews) -> None:
    line = hands.child(news, ReleaseLine)
    show(news, state(release=Release("Memory is back to 3.1 GB.", True)))
    assert "Memory is back to 3.1 GB." in words(line)
    assert line.accessibleDescription() == "Memory is back to 3.1 GB."
    show(news, state(release=Release("Memory is at 5.3 GB.", False, ("firefox, 1.2 GB",))))
    assert "Memory is at 5.3 GB. Held by: firefox, 1.2 GB." in words(line)
    show(news, state())
    assert not line.isVisible()


def test_own_use_is_to_be_read_not_watched(news: MonitorNews) -> None:
    show(news, state(at=100.0))
    show(news, state(at=102.0, cpu=0.02))
    assert words(news)[-1] == "This program itself uses 180 MB and, over the last minute, 0.3 % of a core."
    show(news, state(at=104.0, cpu=0.02))
    assert words(news)[-1] == "This program itself uses 180 MB and, over the last minute, 2.0 % of a core."


def test_the_same_state_costs_nothing(qtbot: QtBot, theme: Theme) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    news = MonitorNews(theme)
    QVBoxLayout(page).addWidget(news)
    page.resize(900, 400)
    page.show()
    qtbot.waitExposed(page)
    full = state(alerts=(KV, MEMORY), release=Release("Memory is back to 3.1 GB.", True), door=DoorState(ADDRESS))
    show(news, full)
    page.grab()
    # What was shown finds its place in a few rounds.
    for _ in range(10):
        QApplication.sendPostedEvents()
    laid_out, painted = Events(page, QEvent.Type.LayoutRequest), Events(news)
    for number in range(20):
        machine = replace(full.frame.machine, at=number * 0.5)
        show(news, replace(full, frame=Frame(machine)))
        QApplication.sendPostedEvents()
    assert laid_out.count == painted.count == 0


@pytest.mark.parametrize("width", [480, 620, 1100])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_clipped(news: MonitorNews, theme: Theme, width: int, scale: float) -> None:
    theme.set_text_scale(scale)
    try:
        held = Release("Memory is at 5.3 GB, 2.2 GB more than before the start.", False, ("firefox, 1.2 GB",))
        show(news, state(alerts=(KV, MEMORY, HEAT), release=held, door=DoorState(ADDRESS)))
        for _ in range(3):
            news.resize(width, news.heightForWidth(width))
            QApplication.sendPostedEvents()
        assert news.minimumSizeHint().width() <= width
        for text in hands.seen(news, QLabel):
            assert text.height() >= text.heightForWidth(text.width()), text.text()
        for one in hands.seen(news, QPushButton):
            assert one.mapTo(news, one.rect().topRight()).x() <= width
    finally:
        theme.set_text_scale(1.0)
