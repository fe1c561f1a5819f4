"""What texts look like on paper: light colours, vector formulas, no buttons. `transcript_pdf` calls it."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markdown_it.token import Token
from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextTable,
)

from desktop_app.markdown.maths import is_display
from desktop_app.ui.theme import Theme
from desktop_app.ui.tokens import LIGHT
from desktop_app.ui.widgets.looks import Looks, looks_of
from desktop_app.ui.widgets.maths import Formulas, Key
from desktop_app.ui.widgets.maths_layout import UndrawableError
from desktop_app.ui.widgets.prose_marks import COPY_SCHEME, Mark

_BODY, _CODE = 10.0, 8.5
"""Points."""


class PaperFormulas(Formulas):
    """Formulas painted as outlines, which stay sharp on every printer."""

    def paint(self, painter: QPainter, rect: QRectF, style: QTextFormat) -> None:
        """Paint a formula into the room that it takes."""
        from PySide6.QtSvg import QSvgRenderer  # noqa: PLC0415 - most chats have no formula

        key = (str(style.property(Mark.LATEX)), bool(style.property(Mark.DISPLAY)))
        try:
            drawing = self.drawing(key)
        except UndrawableError:
            drawing = None
        if drawing is None:
            super().paint(painter, rect, style)
            return
        letters = style.toCharFormat()
        baseline = letters.verticalAlignment() is QTextCharFormat.VerticalAlignment.AlignBaseline
        hang = QFontMetricsF(letters.font()).descent() if baseline else 0.0
        smaller = min(1.0, rect.width() / drawing.width)
        top = rect.bottom() - hang - drawing.ascent * smaller
        height = (drawing.ascent + drawing.descent) * smaller
        place = QRectF(rect.left(), top, drawing.width * smaller, height)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)  # else letters are drawn around with the pen of the words before
        QSvgRenderer(QByteArray(zlib.decompress(drawing.svg))).render(painter, place)
        painter.restore()


def paper_looks(theme: Theme) -> Looks:
    """The theme's fonts, a little smaller, in the light colours."""
    looks = looks_of(theme)
    body, mono = QFont(looks.body), QFont(looks.mono)
    body.setPointSizeF(_BODY)
    mono.setPointSizeF(_CODE)
    return replace(
        looks,
        body=body,
        mono=mono,
        text=QColor(LIGHT.text),
        second=QColor(LIGHT.second),
        link=QColor(LIGHT.accent_text),
        line=QColor(LIGHT.line),
        background=QColor(LIGHT.background),
        raised=QColor(LIGHT.raised),
        bubble=QColor(LIGHT.bubble),
        code_background=QColor(LIGHT.code_background),
        code={kind: QColor(getattr(LIGHT, f"code_{kind}")) for kind in looks.code},
        formulas=PaperFormulas(body, mono, QColor(LIGHT.text)),
    )


def formulas_in(tokens: Sequence[Token]) -> Iterator[Key]:
    """The formulas of these blocks."""
    for token in tokens:
        if token.type in {"math_block", "math_inline"}:
            yield token.content.strip(), is_display(token)
        yield from formulas_in(token.children or [])


def without_buttons(document: QTextDocument, *, labels: bool = True) -> None:
    """Take out what is there to be clicked on; without *labels* the lines above code, too."""
    for block in list(_blocks(document)):
        if not block.blockFormat().boolProperty(Mark.LABEL):
            continue
        cursor = QTextCursor(block)
        begin = block.position() + (_label_length(block) if labels else 0)
        # Without its label the line itself goes, and with it the room below.
        end = block.position() + block.length() - (1 if labels else 0)
        cursor.setPosition(begin)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()


def rows_of(document: QTextDocument) -> list[tuple[float, float]]:
    """Top and bottom of everything that no end of a page may cut: lines, and lines that stand beside one another."""
    rows: list[tuple[float, float]] = []
    for top, bottom in sorted(line for block in _blocks(document) for line in _lines(document, block)):
        if rows and top < rows[-1][1] - 0.5:
            rows[-1] = (rows[-1][0], max(rows[-1][1], bottom))
        else:
            rows.append((top, bottom))
    return rows


def draw_code_surfaces(painter: QPainter, document: QTextDocument, part: QRectF, colour: QColor) -> None:
    """What lies below code, as far as it is in *part*; a printer's painter leaves the backgrounds of cells out."""
    for table in document.rootFrame().childFrames():
        style = table.frameFormat()
        if not isinstance(table, QTextTable) or not style.hasProperty(Mark.LANGUAGE):
            continue
        padding = table.format().toTableFormat().cellPadding()
        first, last = table.firstCursorPosition().block(), table.lastCursorPosition().block()
        top = min(line[0] for line in _lines(document, first)) - padding
        bottom = max(line[1] for line in _lines(document, last)) + padding
        left = style.leftMargin()
        painter.fillRect(QRectF(left, top, part.right() - left, bottom - top) & part, colour)


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _label_length(block: QTextBlock) -> int:
    """Characters of a label before its button and the dot that parts them."""
    run = block.begin()
    while not run.atEnd():
        fragment = run.fragment()
        if fragment.charFormat().anchorHref().startswith(f"{COPY_SCHEME}:"):
            words = block.text()[: fragment.position() - block.position()]
            return len(words.rstrip("\u2002· "))
        run += 1
    return block.length() - 1


def _lines(document: QTextDocument, block: QTextBlock) -> list[tuple[float, float]]:
    """Top and bottom of a block's lines, in the document."""
    layout = block.layout()
    rect = document.documentLayout().blockBoundingRect(block)
    zero = rect.top() - layout.boundingRect().top()
    lines = [layout.lineAt(number).rect() for number in range(layout.lineCount())]
    return [(zero + one.top(), zero + one.bottom()) for one in lines] or [(rect.top(), rect.bottom())]
