"""The field that a person writes into. What is no short text never enters it: files, pictures and long texts are told.

A text of 10 MB would take seconds to lay out; it is handed on as one piece, and becomes an attachment.
"""

from pathlib import Path

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

LONG_TEXT = 20_000
"""Characters from which a pasted text is an attachment: about 5,000 tokens, more than anybody reads in a field."""
LINES = 8
"""The field grows up to this many lines, then scrolls."""
_FAST_PNG = 80
"""Qt's quality for PNG: 100 packs nothing, 0 takes longest. A screenshot of 4K takes 0.13 s with this."""
_MARGIN = 14
"""Logical pixels above and below the text together."""


def can_take(mime: QMimeData) -> bool:
    """Whether *mime* is files or a picture, and no text."""
    return bool(local_files(mime)) or _is_picture(mime)


def local_files(mime: QMimeData) -> list[Path]:
    """The files of this computer that *mime* names."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []


def _is_picture(mime: QMimeData) -> bool:
    """A picture alone: a word processor puts one beside the text, and the text is what is meant."""
    return (mime.hasImage() or mime.hasFormat("image/png")) and not mime.hasFormat("text/plain")


def picture(mime: QMimeData) -> bytes:
    """The picture of *mime* as PNG; empty when it is broken."""
    if mime.hasFormat("image/png"):
        return bytes(mime.data("image/png").data())
    image = QImage(mime.imageData())
    if image.isNull():
        return b""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # PySide's stub wants a str where Qt wants its C string.
    image.save(buffer, "PNG", _FAST_PNG)  # type: ignore[call-overload, unused-ignore]
    return bytes(buffer.data().data())


class MessageField(QPlainTextEdit):
    """A text field that grows with its lines, and says what is pasted or dropped besides short text."""

    files_given = Signal(list)
    """Paths."""
    picture_given = Signal(bytes)
    """A PNG."""
    long_text_given = Signal(str)
    enter_pressed = Signal()
    up_pressed = Signal()
    """In an empty field."""
    drag_moved = Signal(bool)
    """Something that can be attached is held above the field, or no longer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._placeholder = ""
        self.setTabChangesFocus(True)
        self.textChanged.connect(self.fit_height)

    def show_placeholder(self, words: str) -> None:
        """Show *words* while nothing is written, on one line: the field is one line high then."""
        self._placeholder = words
        room = int(self.viewport().width() - 2 * self.document().documentMargin())
        self.setPlaceholderText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))

    @property
    def composing(self) -> bool:
        """Whether an input method has a word under way that is not in the text yet."""
        layout = self.textCursor().block().layout()
        return bool(layout is not None and layout.preeditAreaText())

    def take(self, mime: QMimeData) -> bool:
        """Tell of files, a picture or a long text; False when it is none of them."""
        files = local_files(mime)
        if files:
            self.files_given.emit(files)
            return True
        if _is_picture(mime):
            data = picture(mime)
            if data:
                self.picture_given.emit(data)
            return True
        text = mime.text() if mime.hasText() else ""
        if len(text) > LONG_TEXT:
            self.long_text_given.emit(text)
            return True
        return False

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Whatever can be attached, too."""
        return can_take(source) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste or drop: only a short text goes into the field."""
        if not self.take(source):
            super().insertFromMimeData(source)

    def event(self, event: QEvent) -> bool:
        """In an empty field, keys that would go to its end belong to the window, which goes to the newest words."""
        asked = event.type() is QEvent.Type.ShortcutOverride and not self.toPlainText()
        if asked and isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.MoveToEndOfDocument):
            event.ignore()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Up have a meaning of their own; Shift+Enter breaks the line."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                super().keyPressEvent(event)
            elif not self.composing:
                self.enter_pressed.emit()
        elif event.key() == Qt.Key.Key_Up and plain and not self.toPlainText() and not self.composing:
            self.up_pressed.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines are broken anew when it becomes wider or narrower."""
        super().resizeEvent(event)
        self.fit_height()
        self.show_placeholder(self._placeholder)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say that it could be dropped here."""
        super().dragEnterEvent(event)
        self.drag_moved.emit(can_take(event.mimeData()))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It is held elsewhere."""
        super().dragLeaveEvent(event)
        self.drag_moved.emit(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take it, as if it were pasted."""
        super().dropEvent(event)
        self.drag_moved.emit(False)

    def fit_height(self) -> None:
        """As high as its lines, up to a limit."""
        lines = min(max(1, int(self.document().size().height())), LINES)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + _MARGIN)
        scroll = Qt.ScrollBarPolicy.ScrollBarAsNeeded if lines == LINES else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(scroll)
