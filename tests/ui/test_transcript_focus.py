"""The keyboard in a transcript: in, through a message, out, and from message to message."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Message
from desktop_app.domain.tree import Place
from desktop_app.ui.theme import KeyboardFocus, Theme
from desktop_app.ui.widgets.transcript import Transcript
from tests.ui.transcripts import answer, question, settle, top_in_sight

MANY = tuple(
    question(n) if n % 2 else answer(n, f"A [link](https://example.org/{n}) and **more**.") for n in range(1, 61)
)


@pytest.fixture
def window(qtbot: QtBot, theme: Theme) -> QWidget:
    """A transcript of many messages between two fields."""
    made = QWidget()
    qtbot.addWidget(made)
    column = QVBoxLayout(made)
    for part in (QLineEdit(), Transcript(theme), QLineEdit()):
        column.addWidget(part)
    made.resize(700, 900)
    made.show()
    qtbot.waitExposed(made)
    return made


def fill(qtbot: QtBot, window: QWidget, path: tuple[Message, ...] = MANY) -> Transcript:
    transcript = window.findChild(Transcript)
    assert isinstance(transcript, Transcript)
    transcript.show_path(path, {path[-1].id: Place(1, 2)})
    settle(qtbot, transcript)
    return transcript


def walk(window: QWidget, key: Qt.Key, end: QWidget) -> list[QWidget]:
    """Press *key* until the keyboard is at *end*; where it was on the way."""
    found: list[QWidget] = []
    while window.focusWidget() is not end:
        assert len(found) < 20
        QTest.keyClick(window.focusWidget(), key)
        found.append(window.focusWidget())
    return found[:-1]


def test_tab_goes_through_one_message_and_out(qtbot: QtBot, window: QWidget) -> None:
    transcript = fill(qtbot, window)
    above, below = window.findChildren(QLineEdit, options=Qt.FindChildOption.FindDirectChildrenOnly)
    above.setFocus()
    stops = walk(window, Qt.Key.Key_Tab, below)
    assert stops[0] is transcript
    last = transcript._rows.all[-1].view
    assert last
    assert stops[1] is last
    assert all(last.isAncestorOf(stop) for stop in stops[2:])
    names = [stop.accessibleName() for stop in stops[2:]]
    assert names[-6:-1] == ["Regenerate", "Edit answer", "Branch into a new chat", "Try with another model", "More"]
    back = walk(window, Qt.Key.Key_Backtab, above)
    assert back[-1] is transcript
    assert set(back[:-1]) <= set(stops)


def test_a_step_goes_from_message_to_message(qtbot: QtBot, window: QWidget) -> None:
    transcript = fill(qtbot, window)
    transcript.setFocus()
    for key in range(60, 0, -1):
        transcript.step(-1)
        said = window.focusWidget()
        assert said.accessibleName() == ("You said" if key % 2 else "Guide answered")
        assert said.accessibleDescription() == ("Why?" if key % 2 else "A link and more.")
        assert 0 <= top_in_sight(transcript, key) < transcript.viewport().height()
    transcript.step(-1)
    assert top_in_sight(transcript, 1) >= 0
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    assert window.focusWidget().accessibleName() == "Copy question"
    transcript.step(1)
    assert window.focusWidget().accessibleName() == "Guide answered"


def test_what_goes_with_the_keyboard_leaves_it_with_the_transcript(qtbot: QtBot, window: QWidget) -> None:
    transcript = fill(qtbot, window)
    transcript.setFocus()
    transcript.step(-1)
    transcript.show_path(MANY[:-1], {})
    assert window.focusWidget() is transcript


def test_the_frame_around_a_message_is_whole(qtbot: QtBot, window: QWidget, qapp: QApplication) -> None:
    transcript = fill(qtbot, window)
    ring = KeyboardFocus(qapp)
    qapp.installEventFilter(ring)
    window.activateWindow()
    transcript.setFocus()
    transcript.step(-1)
    qtbot.waitUntil(lambda: window.focusWidget().hasFocus())
    message = window.focusWidget()
    column = message.parentWidget()
    assert column
    beside = [QPoint(message.x() - 6, message.y() + 8), QPoint(message.geometry().right() + 6, message.y() + 30)]

    def colours() -> set[str]:
        picture = column.grab().toImage()
        return {picture.pixelColor(one).name() for one in beside}

    framed = colours()
    transcript.setFocus()
    bare = colours()
    qapp.removeEventFilter(ring)
    assert (len(framed), len(bare)) == (1, 1)
    assert framed != bare
