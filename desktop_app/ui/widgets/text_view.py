"""A read-only text that is as tall as its content and never loads anything.

Base of everything in the transcript that shows words of a person or a model. Text gets in through a `QTextCursor` only,
never as HTML or Markdown: Qt would open local files for pictures even when `loadResource` returns nothing.
"""

import re

from PySide6.QtCore import QMimeData, Qt, QUrl, Signal
from PySide6.QtGui import QContextMenuEvent, QImage, QKeyEvent, QKeySequence, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QFrame, QMenu, QTextBrowser, QWidget

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def safe_to_paste(text: str) -> str:
    """*text* without signs that drive a terminal or reverse what is read; tabs and line breaks stay."""
    return _CONTROL.sub("", text.replace("\u2029", "\n").replace("\u2028", "\n").replace("\u00a0", " "))


def copy_menu(parent: QWidget, event: QContextMenuEvent, *, enabled: bool) -> None:
    """Show a menu with nothing but Copy; it calls `parent.copy()`."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    action = menu.addAction("Copy")
    action.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
    action.setEnabled(enabled)
    action.triggered.connect(parent.copy)  # type: ignore[attr-defined]
    menu.popup(event.globalPos())


class TextView(QTextBrowser):
    """Wrapped text of a given width; scrolling and most keys are left to what it lies in."""

    link_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Made here: of a document that Qt makes, Python does not hear when it goes, and takes the next one that lies in
        # the same place for it: "Internal C++ object already deleted", of a text that is in sight.
        self.setDocument(QTextDocument(self))
        self.setOpenLinks(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUndoRedoEnabled(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        # A fixed wrapping width keeps Qt from laying out everything again when only the height changes.
        self.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)
        self.document().setDocumentMargin(0)
        self.anchorClicked.connect(self._on_anchor_clicked)

    def height_for(self, width: int) -> int:
        """Lay the text out in *width* pixels; how tall it is."""
        if self.lineWrapColumnOrWidth() != width:
            self.setLineWrapColumnOrWidth(width)
        return round(self.document().size().height())

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing asks for anything; whatever does gets one empty picture, as Qt opens the file for less."""
        image = QImage(1, 1, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        return image

    def createMimeDataFromSelection(self) -> QMimeData:
        """The selected words, as plain text only."""
        data = QMimeData()
        data.setText(safe_to_paste(self.textCursor().selectedText()))
        return data

    def selected_text(self) -> str:
        """The selected words, as they are read."""
        return self.textCursor().selectedText().replace("\u2029", "\n").replace("\u2028", "\n")

    def selected_markdown(self) -> str:
        """The selected words, as they were written."""
        return self.selected_text()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy, and nothing that opens a link."""
        copy_menu(self, event, enabled=self.textCursor().hasSelection())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The transcript scrolls."""
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, select all and walking through links; the transcript gets the rest."""
        link_keys = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        standard = QKeySequence.StandardKey
        if event.matches(standard.Copy) or event.matches(standard.SelectAll) or event.key() in link_keys:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def _on_anchor_clicked(self, url: QUrl) -> None:
        self.link_clicked.emit(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
