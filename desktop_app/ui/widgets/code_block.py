"""A block of code: its language, Copy, and coloured lines to which more is only ever appended."""

from PySide6.QtCore import QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QToolButton, QWidget

from desktop_app.markdown.fence import fenced
from desktop_app.ui.widgets.highlight import LineHighlighter
from desktop_app.ui.widgets.looks import Looks
from desktop_app.ui.widgets.text_view import copy_menu, safe_to_paste

LONGEST_LINE = 4000
"""Characters that are shown in one line; Qt needs seconds for a line of a million. Copy gives the line as it was."""

_HEADER = 34
"""The least height of the line with the language, pixels."""
_PADDING = 12
_SAID_MILLISECONDS = 1500
_LANGUAGE_LENGTH = 24


class CodeBlock(QFrame):
    """Code between two fences."""

    copied = Signal(str)

    def __init__(self, language: str, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "code")
        self._language = language
        self._parts: list[str] = []
        self._text = _CodeText(language, looks, self)
        self._label = QLabel(language[:_LANGUAGE_LENGTH] or "text", self)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setProperty("role", "second")
        self._button = QToolButton(self)
        self._button.setText("Copy")
        self._button.setAccessibleName("Copy code")
        self._button.clicked.connect(self._on_copy_clicked)
        self._said = QTimer(self)
        self._said.setSingleShot(True)
        self._said.timeout.connect(lambda: self._say("Copy"))

    @property
    def source(self) -> str:
        """The code as the model wrote it."""
        return "".join(self._parts)

    @property
    def lines(self) -> QPlainTextEdit:
        """What the lines are drawn in, and selected."""
        return self._text

    def selected_text(self) -> str:
        """The selected code: all of it as the model wrote it, or as much as is selected."""
        cursor = self._text.textCursor()
        whole = cursor.selectionEnd() - cursor.selectionStart() == self.document.characterCount() - 1
        return self.source if whole else cursor.selectedText().replace("\u2029", "\n").replace("\u00a0", " ")

    def selected_markdown(self) -> str:
        """The selected code between fences."""
        return fenced(self.selected_text(), self._language)

    @property
    def document(self) -> QTextDocument:
        """The lines as they are drawn."""
        return self._text.document()

    @property
    def shown(self) -> str:
        """The code as it is shown."""
        return self._text.toPlainText()

    def append(self, text: str) -> None:
        """Add to the end of the code."""
        self._parts.append(text)
        self._text.append_code(text)

    def set_looks(self, looks: Looks) -> None:
        """Show the same in other colours."""
        self._text.start_again(self._language, looks)
        self._text.append_code(self.source)

    def height_for(self, width: int) -> int:
        """How tall it is when it is *width* pixels wide."""
        return self._header + self._text.height_for(width - 2 * _PADDING) + _PADDING

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the parts in their places."""
        super().resizeEvent(event)
        self._place_parts()

    @property
    def _header(self) -> int:
        return max(_HEADER, self._button.sizeHint().height() + 8)

    def _place_parts(self) -> None:
        width, header, button = self.width(), self._header, self._button.sizeHint().width()
        self._button.setGeometry(width - button - 6, 4, button, header - 6)
        self._label.setGeometry(_PADDING, 4, width - button - 2 * _PADDING, header - 6)
        self._text.setGeometry(_PADDING, header, width - 2 * _PADDING, self.height() - header - 2)

    def _say(self, words: str) -> None:
        self._button.setText(words)
        self._place_parts()

    def _on_copy_clicked(self) -> None:
        text = safe_to_paste(self.source)
        QGuiApplication.clipboard().setText(text)
        self._say("Copied")
        self._said.start(_SAID_MILLISECONDS)
        self.copied.emit(text)


class _CodeText(QPlainTextEdit):
    """The lines. All of them are in sight; only sideways they may scroll."""

    def __init__(self, language: str, looks: Looks, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUndoRedoEnabled(False)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName("Code")
        self.document().setDocumentMargin(0)
        self.start_again(language, looks)

    def start_again(self, language: str, looks: Looks) -> None:
        """Forget all lines."""
        self.clear()
        self.document().setDefaultFont(looks.mono)
        self.setFont(looks.mono)
        self._metrics = QFontMetricsF(looks.mono)
        self._formats = {kind: _format(looks, kind) for kind in looks.code}
        self._highlighter = LineHighlighter(language)
        self._begun = ""
        self._line_start = 0
        self._finished_height = 0.0
        self._widest = 0.0

    def append_code(self, text: str) -> None:
        """Add *text*; only the last line is written again."""
        *lines, self._begun = (self._begun + text).split("\n")
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.setPosition(self._line_start)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        for line in lines:
            self._write(cursor, line, keep=True)
            cursor.insertBlock()
        first_new = self._line_start
        self._line_start = cursor.position()
        self._write(cursor, self._begun, keep=False)
        cursor.endEditBlock()
        self._measure(first_new)

    def height_for(self, width: int) -> int:
        """Of all lines, with a scroll bar below if the longest is wider than *width* pixels."""
        last = self.document().lastBlock()
        height = self._finished_height + self.blockBoundingRect(last).height()
        scrolls = self._widest > width
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if scrolls else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if self.horizontalScrollBarPolicy() != policy:
            self.setHorizontalScrollBarPolicy(policy)
        return round(height) + 2 + (self.horizontalScrollBar().sizeHint().height() if scrolls else 0)

    def createMimeDataFromSelection(self) -> QMimeData:
        """The selected words, as plain text only."""
        data = QMimeData()
        data.setText(safe_to_paste(self.textCursor().selectedText()))
        return data

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy."""
        copy_menu(self, event, enabled=self.textCursor().hasSelection())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Sideways here; up and down is the transcript's."""
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy and select all; the transcript gets the rest."""
        if event.matches(QKeySequence.StandardKey.Copy) or event.matches(QKeySequence.StandardKey.SelectAll):
            super().keyPressEvent(event)
        else:
            event.ignore()

    def _write(self, cursor: QTextCursor, line: str, *, keep: bool) -> None:
        written = 0
        for run, kind in self._highlighter.line(line, keep=keep):
            text = run
            while written + len(text) > LONGEST_LINE:
                cursor.insertText(text[: LONGEST_LINE - written], self._formats[kind.value])
                cursor.insertBlock()
                text, written = text[LONGEST_LINE - written :], 0
            cursor.insertText(text, self._formats[kind.value])
            written += len(text)

    def _measure(self, first_new: int) -> None:
        """Add up the lines that are finished and find the widest."""
        block = self.document().findBlock(first_new)
        while block.isValid():
            rect = self.blockBoundingRect(block)
            self._widest = max(self._widest, block.layout().maximumWidth())
            if block.position() < self._line_start:
                self._finished_height += rect.height()
            block = block.next()


def _format(looks: Looks, kind: str) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setForeground(looks.code[kind])
    return style
