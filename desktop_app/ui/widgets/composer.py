"""Where a person writes: Enter sends, Shift+Enter breaks the line, the button sends, queues or stops.

The chat page owns what is attached and what waits; the composer shows it and says what a person does with it.
"""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.chat import Attachment
from desktop_app.domain.sampling import Mode
from desktop_app.services.chat_view import ContextState, Queued
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import card, set_property
from desktop_app.ui.widgets.composer_chips import ChipRow, attachment_chips, queue_chips
from desktop_app.ui.widgets.composer_field import MessageField, can_take
from desktop_app.ui.widgets.composer_foot import ComposerFoot, Press
from desktop_app.ui.widgets.composer_look import composer_sheet
from desktop_app.ui.widgets.composer_words import reading_words

_FONT = 11
_COMPLETION_PLACEHOLDER = "Begin a text, the model goes on"


class Composer(QWidget):
    """A growing text field, chips of what hangs on the question and of what waits, and one round button."""

    sent = Signal(str)
    """The text without blanks around it; empty when there are only files."""
    sent_early = Signal()
    """Somebody sent while no model was ready: the text waits in the field, and goes when one is."""
    stop_clicked = Signal()
    text_changed = Signal()
    attach_clicked = Signal()
    settings_clicked = Signal()
    files_dropped = Signal(list)
    """Paths that were dropped, pasted or handed in."""
    image_pasted = Signal(bytes)
    """A PNG."""
    long_text_pasted = Signal(str)
    attachment_removed = Signal(int)
    """Its place in what `show_attachments()` was given."""
    unqueue_asked = Signal(int)
    """Its place in what `show_queue()` was given; the text comes back by `put_back()`."""
    edit_last_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._can_send = False
        self._can_wait = False
        self._waiting = False
        self._answering = False
        self._dropping = False
        self._mode = Mode.CHAT
        self._placeholder = ""
        self._attachments: tuple[Attachment, ...] = ()
        self._reading: tuple[str, ...] = ()
        self._expected = 0
        """Files that have to be there before a question that waits for them is sent."""
        self._queue: tuple[Queued, ...] = ()
        self._frame = card("composer")
        self._queued = ChipRow(theme, "Questions that wait")
        self._files = ChipRow(theme, "Attached files")
        self._field = MessageField()
        self._foot = ComposerFoot(theme)
        self._read = QTimer(self, singleShot=True, interval=0)
        self.setFocusProxy(self._field)
        self.setAcceptDrops(True)
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()

    def show_state(self, placeholder: str, can_send: bool, answering: bool, can_wait: bool = False) -> None:
        """Say whom the message is for, whether it can be sent now, and whether an answer is being written.

        While an answer is being written, what is sent waits for its end. *can_wait*: what is sent too early may wait
        for a model.
        """
        before = (self._placeholder, self._can_send, self._answering, self._can_wait)
        if before == (placeholder, can_send, answering, can_wait):
            return
        self._placeholder = placeholder
        self._can_send, self._answering, self._can_wait = can_send, answering, can_wait
        if self._waiting and (can_send or answering):
            self._waiting = bool(self._reading)
            self._send()
        elif self._waiting and not can_wait:
            self._waiting = False
        self._draw()

    def show_mode(self, mode: Mode) -> None:
        """Say whether questions are written here, or the beginning of a text."""
        if mode is not self._mode:
            self._mode = mode
            self._draw()

    def show_attachments(self, attachments: tuple[Attachment, ...]) -> None:
        """Show the files that hang on the question. Call it before `show_reading()` says that one has been read."""
        if attachments != self._attachments:
            self._attachments = attachments
            self._draw_files()

    def show_reading(self, names: Sequence[str]) -> None:
        """Show what is being read; a question that is sent meanwhile goes when all of it is there."""
        if tuple(names) == self._reading:
            return
        self._expected += len([name for name in names if name not in self._reading])
        self._reading = tuple(names)
        self._draw_files()
        if not names:
            # Between two files nothing is being read for a moment.
            self._read.start()

    def show_queue(self, queue: tuple[Queued, ...]) -> None:
        """Show the questions that wait until the answer has ended."""
        if queue != self._queue:
            self._queue = queue
            self._queued.put(queue_chips(self._theme, queue))

    def show_context(self, context: ContextState) -> None:
        """Show how much of what the model can keep in mind is in use."""
        self._foot.show_context(context)

    def show_choices(self, chips: tuple[str, ...]) -> None:
        """Show what is chosen for this chat, a word or two each."""
        self._foot.show_choices(chips)

    def attach_files(self, paths: list[Path]) -> None:
        """Ask for these files to be attached, as if they were dropped here."""
        self.files_dropped.emit(paths)

    def text(self) -> str:
        """What is written at the moment."""
        return self._field.toPlainText()

    def set_text(self, text: str) -> None:
        """Put *text* into the field, with the cursor at its end."""
        self._field.setPlainText(text)
        self._field.moveCursor(self._field.textCursor().MoveOperation.End)
        # Without words before and after nothing has changed for the field; what waited was another chat's all the same.
        self._on_changed()

    def put_back(self, text: str) -> None:
        """Give *text* back to be written on; what is in the field stays, below it, and Ctrl+Z takes it out again."""
        cursor = self._field.textCursor()
        cursor.movePosition(cursor.MoveOperation.Start)
        cursor.insertText(f"{text}\n\n" if self.text() else text)
        self._field.moveCursor(cursor.MoveOperation.End)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Focus shows on the frame."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            set_property(self._frame, "focused", event.type() is QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and pictures may be dropped anywhere on it."""
        if can_take(event.mimeData()):
            event.acceptProposedAction()
            self._show_dropping(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """They are held elsewhere."""
        self._show_dropping(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Attach them."""
        self._show_dropping(False)
        if self._field.take(event.mimeData()):
            event.acceptProposedAction()

    @property
    def _has_question(self) -> bool:
        return bool(self._attachments) or bool(self._reading) or bool(self.text().strip())

    def _on_pressed(self) -> None:
        if self._answering and not self._has_question:
            self.stop_clicked.emit()
        else:
            self._send()

    def _send(self) -> None:
        text = self.text().strip()
        if not self._has_question or self._waiting:
            return
        if self._reading:
            self._wait_for_files()
        elif self._can_send or self._answering:
            self._field.clear()
            self.sent.emit(text)
        elif self._can_wait:
            self._waiting = True
            self._draw()
            self.sent_early.emit()

    def _wait_for_files(self) -> None:
        self._waiting = True
        self._expected = len(self._attachments) + len(self._reading)
        self._draw()

    def _on_read(self) -> None:
        """Send what waited for its files; not without one that could not be read."""
        if self._reading or not self._waiting:
            return
        self._waiting = False
        if len(self._attachments) >= self._expected:
            self._send()
        self._draw()

    def _on_changed(self) -> None:
        """Another question: it waits for another Enter."""
        self._waiting = False
        self._draw()

    def _on_file_removed(self, place: int) -> None:
        self._on_changed()
        self.attachment_removed.emit(place)

    def _draw_files(self) -> None:
        self._files.put(attachment_chips(self._theme, self._attachments, self._reading))
        self._draw()

    def _draw(self) -> None:
        goes_on = self._mode is Mode.COMPLETION and (self._can_send or self._can_wait or self._answering)
        self._field.show_placeholder(_COMPLETION_PLACEHOLDER if goes_on else self._placeholder)
        has_question = self._has_question
        press = Press.SEND if not self._answering else Press.QUEUE if has_question else Press.STOP
        able = self._answering or self._can_send or self._can_wait
        self._foot.show_button(press, press is Press.STOP or (has_question and able and not self._waiting))
        urgent = self._urgent_words()
        self._foot.show_hint(urgent or self._usual_words(), bool(urgent))
        self._field.setAccessibleDescription(urgent or self._usual_words())

    def _urgent_words(self) -> str:
        """What a person has to know now; empty for nothing."""
        if self._dropping:
            return "Let go to attach it"
        if self._waiting and self._reading:
            return f"Goes as soon as {reading_words(self._reading)} {_is(self._reading)} read"
        if self._waiting:
            return "Goes as soon as the model is ready"
        if self._answering:
            return "Enter queues it until this answer has ended · Esc stops" if self._has_question else "Esc stops"
        if not self._can_send and not self._can_wait and self.text().strip():
            return "Can be sent as soon as a model is ready"
        return ""

    def _usual_words(self) -> str:
        verb = "lets the model go on" if self._mode is Mode.COMPLETION else "sends"
        return f"Enter {verb} · Shift+Enter for a new line"

    def _show_dropping(self, dropping: bool) -> None:
        if dropping is not self._dropping:
            self._dropping = dropping
            set_property(self._frame, "dropping", dropping)
            # The sheet of the frame says what the field in it looks like.
            self._field.style().unpolish(self._field)
            self._field.style().polish(self._field)
            self._draw()

    def _dress(self) -> None:
        self._field.setFont(self._theme.body_font(_FONT))
        self._frame.setStyleSheet(self._theme.sheet(composer_sheet(self._theme.tokens)))
        self._field.fit_height()
        self._draw()
        self._foot.dress()

    def _connect(self) -> None:
        field, foot = self._field, self._foot
        field.installEventFilter(self)
        field.textChanged.connect(self._on_changed)
        field.textChanged.connect(self.text_changed)
        field.enter_pressed.connect(self._send)
        field.up_pressed.connect(self.edit_last_asked)
        field.files_given.connect(self.files_dropped)
        field.picture_given.connect(self.image_pasted)
        field.long_text_given.connect(self.long_text_pasted)
        field.drag_moved.connect(self._show_dropping)
        foot.attach_clicked.connect(self.attach_clicked)
        foot.settings_clicked.connect(self.settings_clicked)
        foot.stop_clicked.connect(self.stop_clicked)
        foot.pressed.connect(self._on_pressed)
        self._files.pressed.connect(self._on_file_removed)
        self._files.emptied.connect(self._field.setFocus)
        self._queued.pressed.connect(self.unqueue_asked)
        self._queued.emptied.connect(self._field.setFocus)
        self._read.timeout.connect(self._on_read)

    def _build(self) -> None:
        self._field.setAccessibleName("Message")
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(12, 10, 10, 10)
        inside.setSpacing(6)
        for one in (self._queued, self._files, self._field, self._foot):
            inside.addWidget(one)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
