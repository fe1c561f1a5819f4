"""Blocks of prose on the screen: finished ones, or the live tail that is shown anew with every piece of text.

`answer_body` makes and feeds these views.
"""

from collections.abc import Sequence

from markdown_it.token import Token
from PySide6.QtCore import QRectF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QCursor,
    QGuiApplication,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from desktop_app.ui.widgets.looks import GAP, Looks
from desktop_app.ui.widgets.prose_marks import COPY_SCHEME, Mark
from desktop_app.ui.widgets.prose_quotes import draw_quotes
from desktop_app.ui.widgets.prose_reader import markdown_of, words_of
from desktop_app.ui.widgets.prose_writer import ProseWriter
from desktop_app.ui.widgets.text_view import TextView, safe_to_paste


class ProseView(TextView):
    """Shows blocks that came out of the splitter."""

    copied = Signal(str)
    resized = Signal()
    """Formulas have been drawn since: it may be taller now."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks = looks
        self._writer = ProseWriter(self.document(), looks)
        looks.formulas.drawn.connect(self._on_formulas_drawn)

    @property
    def gap_below(self) -> int:
        """Pixels that its last block leaves free."""
        return GAP if self._ends_with_table else round(self.document().lastBlock().blockFormat().bottomMargin())

    def height_for(self, width: int) -> int:
        """Lay the text out in *width* pixels; how tall it is with the room below it."""
        height = super().height_for(width)
        # Qt counts the margin below a table that ends a document, but not that below a paragraph.
        return height if self._ends_with_table else height + self.gap_below

    def set_looks(self, looks: Looks) -> None:
        """Write in other colours and fonts from now on; the document is emptied."""
        self._looks.formulas.drawn.disconnect(self._on_formulas_drawn)
        self._looks = looks
        self._writer.clear()
        self._writer.release()
        self._writer = ProseWriter(self.document(), looks)
        looks.formulas.drawn.connect(self._on_formulas_drawn)

    def add_blocks(self, tokens: Sequence[Token]) -> None:
        """Add blocks at the end."""
        self._writer.write(tokens)
        self._settle()

    def show_blocks(self, tokens: Sequence[Token], above: int) -> None:
        """Show these blocks instead, below something that leaves *above* pixels free."""
        self._writer.clear()
        self._writer.above = above
        self.add_blocks(tokens)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text, and a line beside quotations."""
        super().paintEvent(event)
        if self._writer.has_quotes:
            painter = QPainter(self.viewport())
            draw_quotes(painter, self.document(), QRectF(event.rect()), self._looks.line)
            painter.end()

    def selected_text(self) -> str:
        """The selected words, as they are read."""
        cursor = self.textCursor()
        return words_of(self.document(), cursor.selectionStart(), cursor.selectionEnd())

    def selected_markdown(self) -> str:
        """The selected words, as Markdown."""
        cursor = self.textCursor()
        return markdown_of(self.document(), cursor.selectionStart(), cursor.selectionEnd())

    @property
    def _ends_with_table(self) -> bool:
        """Whether the last paragraph is the hidden one that Qt has below a table."""
        return not self.document().lastBlock().blockFormat().hasProperty(Mark.CONTAINERS)

    def _on_anchor_clicked(self, url: QUrl) -> None:
        if url.scheme() != COPY_SCHEME:
            super()._on_anchor_clicked(url)
            return
        text = safe_to_paste(self._writer.codes[int(url.path())])
        QGuiApplication.clipboard().setText(text)
        QToolTip.showText(QCursor.pos(), "Copied", self)
        self.copied.emit(text)

    def _on_formulas_drawn(self) -> None:
        if self._writer.show_drawn():
            self.resized.emit()

    def _settle(self) -> None:
        keyboard = Qt.FocusPolicy.StrongFocus if self._writer.has_links else Qt.FocusPolicy.ClickFocus
        self.setFocusPolicy(keyboard)
