"""What stands around the message field: files, questions that wait, what is chosen, how much room is left."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.services.chat_view import ContextState, Queued
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.composer import Composer
from desktop_app.ui.widgets.composer_chips import Chip, ShortLabel
from desktop_app.ui.widgets.composer_counter import ContextCounter
from tests.ui.hands import buttons, child, press, press_button, seen, words, write

FULL = ContextState(32_000, 4000, 32_768)


def document(name: str = "report.pdf") -> Attachment:
    return Attachment(1, name, AttachmentKind.TEXT, "text/plain", "x", size=9000, tokens=3410, note="12 pages")


PICTURE = Attachment(2, "cat.png", AttachmentKind.IMAGE, "image/png", size=340_000)


class Desk:
    """A composer in a window, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.window = QWidget()
        self.composer = Composer(theme)
        column = QVBoxLayout(self.window)
        column.addStretch(1)
        column.addWidget(self.composer)
        self.sent: list[str] = []
        self.removed: list[int] = []
        self.back: list[int] = []
        self.composer.sent.connect(self.sent.append)
        self.composer.attachment_removed.connect(self.removed.append)
        self.composer.unqueue_asked.connect(self.back.append)
        self.composer.show_state("Message Guide…", True, False)
        qtbot.addWidget(self.window)
        self.window.resize(760, 500)
        self.window.show()

    @property
    def field(self) -> QPlainTextEdit:
        return child(self.composer, QPlainTextEdit)

    def chips(self) -> list[list[str]]:
        """The words of every chip."""
        return [words(chip) for chip in seen(self.composer, Chip)]

    def hint(self) -> str:
        found = self.composer.findChild(QLabel, "hint")
        assert found is not None
        return found.text()


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_files_are_chips_with_their_size_and_can_be_removed(desk: Desk) -> None:
    desk.composer.show_attachments((document(), PICTURE))
    assert desk.chips() == [["report.pdf", "12 pages · 3,410 tokens"], ["cat.png", "340 KB"]]
    press_button(desk.composer, "Remove cat.png")
    assert desk.removed == [1]
    desk.composer.show_attachments(())
    assert desk.chips() == []


def test_files_alone_can_be_sent(desk: Desk) -> None:
    press(desk.field, Qt.Key.Key_Return)
    desk.composer.show_attachments((PICTURE,))
    press(desk.field, Qt.Key.Key_Return)
    assert desk.sent == [""]


def test_a_question_waits_for_the_file_that_is_being_read(desk: Desk, qtbot: QtBot) -> None:
    desk.composer.show_reading(["report.pdf"])
    assert desk.chips() == [["Reading report.pdf…"]]
    write(desk.field, "Summarise")
    press(desk.field, Qt.Key.Key_Return)
    assert (desk.sent, desk.hint()) == ([], "Goes as soon as report.pdf is read")
    desk.composer.show_attachments((document(),))
    desk.composer.show_reading([])
    qtbot.waitUntil(lambda: desk.sent == ["Summarise"])


def test_a_question_waits_for_every_file_though_they_are_read_one_after_the_other(desk: Desk, qtbot: QtBot) -> None:
    desk.composer.show_reading(["a.pdf"])
    write(desk.field, "Compare")
    press(desk.field, Qt.Key.Key_Return)
    desk.composer.show_attachments((document("a.pdf"),))
    desk.composer.show_reading([])
    desk.composer.show_reading(["b.pdf"])
    qtbot.wait(0)
    QApplication.processEvents()
    assert desk.sent == []
    desk.composer.show_attachments((document("a.pdf"), document("b.pdf")))
    desk.composer.show_reading([])
    qtbot.waitUntil(lambda: desk.sent == ["Compare"])


def test_a_question_does_not_go_without_a_file_that_could_not_be_read(desk: Desk, qtbot: QtBot) -> None:
    desk.composer.show_reading(["report.pdf"])
    write(desk.field, "Summarise")
    press(desk.field, Qt.Key.Key_Return)
    desk.composer.show_reading([])
    qtbot.waitUntil(lambda: "Goes" not in desk.hint())
    assert (desk.sent, desk.composer.text()) == ([], "Summarise")
    press(desk.field, Qt.Key.Key_Return)
    assert desk.sent == ["Summarise"]


def test_files_that_wait_in_one_chat_are_not_sent_in_another(desk: Desk, qtbot: QtBot) -> None:
    desk.composer.show_reading(["report.pdf"])
    press(desk.field, Qt.Key.Key_Return)
    desk.composer.show_attachments((PICTURE,))
    desk.composer.show_reading([])
    desk.composer.set_text("")
    qtbot.wait(0)
    QApplication.processEvents()
    assert desk.sent == []


def test_questions_that_wait_are_chips_and_can_be_taken_back(desk: Desk) -> None:
    desk.composer.show_queue((Queued("And then?", (PICTURE,)), Queued("", (document(),))))
    assert desk.chips() == [["And then?", "next · 1 file"], ["report.pdf"]]
    press_button(desk.composer, "Take back “report.pdf”")
    assert desk.back == [1]


def test_the_keyboard_goes_through_the_chips_then_the_field_then_what_is_below(desk: Desk) -> None:
    desk.composer.show_queue((Queued("One"),))
    desk.composer.show_attachments((document("a"), document("b")))
    desk.composer.show_state("Message Guide…", False, True)
    desk.composer.set_text("words")
    desk.window.activateWindow()
    desk.field.setFocus()
    reached = list(stops(desk))
    assert reached == [
        "Message",
        "Attach files",
        "Settings of this chat",
        "Stop the answer",
        "Queue",
        "Take back “One”",
        "Remove a",
        "Remove b",
    ]


def stops(desk: Desk) -> Iterator[str]:
    """What Tab reaches, once round."""
    first = QApplication.focusWidget()
    assert first is not None
    focus: QWidget | None = first
    while focus is not None:
        yield focus.accessibleName()
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if focus is first:
            return


def test_the_focus_stays_among_the_files_and_then_returns_to_the_field(desk: Desk) -> None:
    desk.window.activateWindow()
    files = (document("a"), document("b"))
    desk.composer.show_attachments(files)
    child(desk.composer, QAbstractButton, "Remove b").setFocus()
    desk.composer.show_attachments(files[:1])
    focus = QApplication.focusWidget()
    assert focus is not None
    assert focus.accessibleName() == "Remove a"
    desk.composer.show_attachments(())
    assert desk.field.hasFocus()


def test_the_counter_says_in_words_when_it_is_too_much_and_it_can_still_be_sent(desk: Desk) -> None:
    counter = child(desk.composer, ContextCounter)
    desk.composer.show_context(ContextState(1284, 0, 32768, False))
    assert counter.words() == "1,284 / 32,768"
    assert counter.accessibleName().startswith("1,284 of 32,768 tokens")
    desk.composer.show_context(FULL)
    assert counter.words() == "≈ 3,232 tokens too many"
    assert any("more than the model can keep in mind" in one for one in words(desk.composer))
    write(desk.field, "x")
    press(desk.field, Qt.Key.Key_Return)
    assert desk.sent == ["x"]


def test_what_is_chosen_is_shown_as_far_as_there_is_room_and_opens_the_settings(desk: Desk) -> None:
    opened: list[None] = []
    desk.composer.settings_clicked.connect(lambda: opened.append(None))
    desk.composer.show_choices(tuple(f"Choice {number}" for number in range(12)))
    QApplication.processEvents()
    labels = [one for one in seen(desk.composer, QLabel) if one.text().startswith(("Choice", "+"))]
    shown = [one.text() for one in sorted(labels, key=lambda one: one.x())]
    assert shown[0] == "Choice 0"
    assert shown[-1] == f"+{13 - len(shown)}"
    press_button(desk.composer, "Settings of this chat")
    assert len(opened) == 1


def test_what_one_has_to_know_now_takes_the_place_of_what_is_chosen(desk: Desk) -> None:
    desk.composer.show_choices(("Temp 0.7",))
    assert "Temp 0.7" in words(desk.composer)
    desk.composer.show_state("Message Guide…", False, True)
    assert "Temp 0.7" not in words(desk.composer)
    assert "Esc stops" in words(desk.composer)


def test_attaching_is_asked_for(desk: Desk) -> None:
    asked: list[None] = []
    desk.composer.attach_clicked.connect(lambda: asked.append(None))
    press_button(desk.composer, "Attach files")
    assert len(asked) == 1


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [356, 500, 900])
def test_nothing_is_cut_off_or_without_a_name(desk: Desk, theme: Theme, width: int, scale: float) -> None:
    # Panels of other tests, which are not deleted yet, would all be styled again.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    theme.dress()
    theme.set_text_scale(scale)
    try:
        desk.composer.show_queue((Queued("And what about the second half of the year? " * 3),))
        desk.composer.show_attachments((document("a-rather-long-name-of-a-report-of-2026.pdf"), PICTURE))
        desk.composer.show_context(FULL)
        desk.composer.show_state("Message Guide…", False, True)
        desk.composer.set_text("words")
        desk.window.resize(QSize(width, 1200))
        for _ in range(4):
            QApplication.processEvents()
        for one in seen(desk.composer, QLabel):
            if one.text() and not isinstance(one, ShortLabel):
                wanted = one.heightForWidth(one.width()) if one.wordWrap() else one.sizeHint().height()
                assert one.height() >= wanted, one.text()
        assert desk.window.width() == width
        assert all(buttons(desk.composer))
    finally:
        theme.set_text_scale(1.0)
