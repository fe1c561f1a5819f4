"""Conversations as PDF, in the light colours whatever the window has. `services/chat_files` gets `make_pdf` handed in.

Texts are laid out strip by strip, a few thousand characters each, and put on the pages one below another: one document
of a long chat would hold the window up for seconds. What a model wrote goes through the writer of the window, never
through Qt's HTML or Markdown.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it.token import Token
from PySide6.QtCore import QBuffer, QIODevice, QLocale, QMarginsF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
)

from desktop_app.domain.chat import Message
from desktop_app.interchange import wording
from desktop_app.interchange.parcel import Parcel
from desktop_app.interchange.values import line
from desktop_app.markdown.blocks import BlockSplitter, Piece, Prose
from desktop_app.markdown.fence import CodeAdded, CodeClosed, CodeOpened
from desktop_app.ui.paper import draw_code_surfaces, formulas_in, paper_looks, rows_of, without_buttons
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.looks import QUOTE_INDENT, Looks
from desktop_app.ui.widgets.maths import Key
from desktop_app.ui.widgets.maths_layout import UndrawableError
from desktop_app.ui.widgets.prose_quotes import draw_quotes
from desktop_app.ui.widgets.prose_writer import ProseWriter

STEP_SECONDS = 0.012
"""How long the window is kept at a time; a strip that was begun is finished."""
_PAUSE_SECONDS = 0.002
"""Between two steps, for whatever else the window has to do."""
_WAIT_SECONDS = 0.01
"""Between two looks whether a formula has been drawn, which a thread does."""
_PATIENCE = 10.0
"""Seconds for the formulas of one strip; they and all others are LaTeX then."""
_WAITING, _BUSY = object(), object()
_DPI = 96
"""The writer's distances are pixels of a usual screen."""
_MARGINS = QMarginsF(18, 16, 18, 14)
"""Millimetres."""
_FOOT = 34.0
"""Pixels below the text: the title and the number of the page."""
_STRIP = 3000
"""Characters of prose."""
_CODE_LINES = 120
_GAP = 9.0
"""Pixels between two strips of a message."""
_TOGETHER = 90.0
"""Pixels: a name never stands alone at the foot of a page."""
_LETTER = {QLocale.Country.UnitedStates, QLocale.Country.Canada, QLocale.Country.Mexico, QLocale.Country.Philippines}
"""Where paper has another size than in the rest of the world."""


def make_pdf(parcels: Sequence[Parcel], theme: Theme) -> "asyncio.Future[bytes]":
    """The conversations as a PDF, made in steps between which the window lives on; cancelling it ends that."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bytes] = loop.create_future()
    press = Press(parcels, theme)
    steps = press.steps()

    def step() -> None:
        if future.done():
            return
        until = time.monotonic() + STEP_SECONDS
        try:
            moved: bool | None = True
            while moved and time.monotonic() < until:
                moved = next(steps, None)
            if moved is None:
                future.set_result(press.close())
                return
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits for the future shall hear of it
            future.set_exception(error)
            return
        loop.call_later(_PAUSE_SECONDS if moved else _WAIT_SECONDS, step)

    # However it ends: a painter that outlives its writer takes the program down.
    future.add_done_callback(lambda _done: press.close())
    loop.call_soon(step)
    return future


def paper(locale: QLocale | None = None) -> QPageSize:
    """Letter where that is usual, A4 elsewhere."""
    letter = (locale or QLocale.system()).territory() in _LETTER
    return QPageSize(QPageSize.PageSizeId.Letter if letter else QPageSize.PageSizeId.A4)


@dataclass(frozen=True)
class _Strip:
    """A text that is laid out at once."""

    document: QTextDocument
    above: float = 0.0
    """Pixels left free above it, unless a page begins with it."""
    together: float = 0.0
    """Pixels that must be free below its beginning."""
    indent: float = 0.0
    """Pixels left of it."""


class Press:
    """One PDF that is being made.

    Args:
        parcels: the conversations.
        theme: where the fonts come from.
    """

    def __init__(self, parcels: Sequence[Parcel], theme: Theme) -> None:
        self._parcels = parcels
        self._looks = paper_looks(theme)
        self._quiet = replace(self._looks, text=self._looks.second)
        self._buffer = QBuffer()
        self._buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self._writer = QPdfWriter(self._buffer)
        self._writer.setCreator("vLLM Desktop")
        self._writer.setTitle(line(parcels[0].conversation.title) if len(parcels) == 1 else f"{len(parcels)} chats")
        self._writer.setResolution(_DPI)
        self._writer.setPageLayout(
            QPageLayout(paper(), QPageLayout.Orientation.Portrait, _MARGINS, QPageLayout.Unit.Millimeter)
        )
        area = self._writer.pageLayout().paintRectPixels(_DPI)
        self._width, self._height = float(area.width()), float(area.height()) - _FOOT
        self._painter = QPainter(self._writer)
        self._y = 0.0
        self._page = 0
        self._title = ""
        self._patience = _PATIENCE

    def steps(self) -> Iterator[bool]:
        """Make it: true after every strip, false while a formula is being drawn."""
        for parcel in self._parcels:
            self._title = line(parcel.conversation.title)
            self._new_page()
            for strip in self._strips(parcel):
                if isinstance(strip, _Strip):
                    self._place(strip)
                yield strip is not _WAITING

    def close(self) -> bytes:
        """The PDF as far as it was made; nothing more can be drawn then."""
        if self._painter.isActive():
            self._painter.end()
        return bytes(self._buffer.data().data())

    def _strips(self, parcel: Parcel) -> Iterator[_Strip | object]:
        """What stands below one another; `_WAITING` while a formula is drawn, `_BUSY` in the middle of something."""
        tree = parcel.tree()
        places = tree.places()
        yield self._words(self._title, self._font(16, bold=True))
        if parcel.settings.system:
            yield self._words("System prompt", self._font(9, bold=True), above=14, quiet=True, together=_TOGETHER)
            yield from self._prose(parcel.settings.system, self._quiet, indent=QUOTE_INDENT)
        for message in tree.path():
            place = places.get(message.id)
            yield from self._message(message, f"version {place.number} of {place.count}" if place else "")

    def _message(self, message: Message, place: str) -> Iterator[_Strip | object]:
        facts = " · ".join(filter(None, (wording.moment_words(message.created), place)))
        yield self._words(wording.speaker(message), self._font(10, bold=True), facts, above=22, together=_TOGETHER)
        for attachment in message.attachments:
            yield self._words(wording.attached(attachment), self._font(9), quiet=True, above=4)
        if message.reasoning:
            yield self._words("Thoughts", self._font(9, bold=True), quiet=True, above=8, together=_TOGETHER / 2)
            yield from self._prose(message.reasoning, self._quiet, indent=QUOTE_INDENT)
        yield from self._prose(message.text, self._looks)
        if figures := wording.under(message):
            yield self._words(figures, self._font(8.5), quiet=True, above=6)

    def _prose(self, text: str, looks: Looks, indent: float = 0.0) -> Iterator[_Strip | object]:
        """What a model or a person wrote, a few thousand characters to a strip."""
        splitter, pieces = BlockSplitter(), list[Piece]()
        for begin in range(0, len(text), _STRIP):
            # Tokens take thirty times the memory of their text.
            new = splitter.feed(text[begin : begin + _STRIP])
            pieces += (replace(piece, tokens=()) if isinstance(piece, Prose) else piece for piece in new)
            if begin:
                yield _BUSY
        waiting, length = list[Prose](), 0
        language, code = "", list[str]()
        for piece in [*pieces, *splitter.finish()]:
            match piece:
                case Prose():
                    waiting.append(splitter.reparse(piece))
                    length += len(piece.source)
                case CodeOpened():
                    language, code = piece.language, []
                case CodeAdded():
                    code.append(piece.text)
            if waiting and (length > _STRIP or not isinstance(piece, Prose)):
                yield from self._written([token for one in waiting for token in one.tokens], looks, indent)
                waiting, length = [], 0
            if isinstance(piece, CodeClosed):
                yield from self._code("".join(code), language, looks, indent)
        if waiting:
            yield from self._written([token for one in waiting for token in one.tokens], looks, indent)

    def _code(self, code: str, language: str, looks: Looks, indent: float) -> Iterator[_Strip | object]:
        lines = code.split("\n")
        for begin in range(0, len(lines), _CODE_LINES):
            content = "\n".join(lines[begin : begin + _CODE_LINES])
            document = self._document()
            ProseWriter(document, looks).write([Token("fence", "code", 0, content=content, info=language)])
            without_buttons(document, labels=not begin and bool(language))
            yield _Strip(document, 0 if begin else _GAP, indent=indent)

    def _written(self, tokens: Sequence[Token], looks: Looks, indent: float) -> Iterator[_Strip | object]:
        until = time.monotonic() + self._patience
        for key in formulas_in(tokens):
            while self._due(looks, key) and time.monotonic() < until:
                yield _WAITING
        # What takes longer once would do so again and again.
        self._patience = self._patience if time.monotonic() < until else 0.0
        document = self._document()
        ProseWriter(document, looks).write(tokens)
        without_buttons(document)
        yield _Strip(document, _GAP, indent=indent)

    @staticmethod
    def _due(looks: Looks, formula: Key) -> bool:
        """Whether a formula is being drawn, which begins with the first call."""
        try:
            return looks.formulas.drawing(formula) is None
        except UndrawableError:
            return False

    def _words(
        self,
        words: str,
        font: QFont,
        facts: str = "",
        *,
        quiet: bool = False,
        above: float = 0.0,
        together: float = 0.0,
    ) -> _Strip:
        """A line of ours, and *facts* beside it in a lighter colour."""
        document = self._document()
        cursor = QTextCursor(document)
        cursor.setBlockFormat(QTextBlockFormat())
        cursor.insertText(line(words, 1000), _style(font, self._looks.second if quiet else self._looks.text))
        if facts:
            cursor.insertText(f"   {line(facts)}", _style(self._font(8.5), self._looks.second))
        return _Strip(document, above, together)

    def _document(self) -> QTextDocument:
        document = QTextDocument()
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.setUseDesignMetrics(True)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        document.setDefaultTextOption(option)
        document.documentLayout().setPaintDevice(self._writer)
        return document

    def _place(self, strip: _Strip) -> None:
        """Put a strip below what is there, over as many pages as it takes."""
        self._y += strip.above if self._y else 0.0
        if self._y and self._y + max(strip.together, 1.0) > self._height:
            self._new_page()
        document = strip.document
        document.setTextWidth(self._width - strip.indent)
        height, rows = document.size().height(), rows_of(document)
        begin = 0.0
        while begin < height:
            end = _end(rows, begin, height, self._height - self._y)
            if end <= begin and self._y:
                self._new_page()
                continue
            # A picture of a formula that is higher than a page is cut where the page ends.
            end = end if end > begin else begin + self._height
            self._draw(strip, begin, end)
            self._y += end - begin
            if end < height:
                begin = next((top for top, _ in rows if top >= end), end)
                self._new_page()
            else:
                return

    def _draw(self, strip: _Strip, begin: float, end: float) -> None:
        """Draw what lies between two heights of a strip below what is on the page."""
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, self._looks.text)
        part = QRectF(0, begin, self._width - strip.indent, end - begin)
        # A line that only touches the edge belongs to the other page.
        context.clip = part.adjusted(0, 0.5, 0, -0.5)
        self._painter.save()
        self._painter.translate(strip.indent, self._y - begin)
        self._painter.setClipRect(part)
        draw_code_surfaces(self._painter, strip.document, part, self._looks.code_background)
        strip.document.documentLayout().draw(self._painter, context)
        draw_quotes(self._painter, strip.document, part, self._looks.line)
        self._painter.restore()

    def _new_page(self) -> None:
        if self._page:
            self._writer.newPage()
        self._page += 1
        self._y = 0.0
        self._painter.setFont(self._font(8))
        self._painter.setPen(self._looks.second)
        foot = QRectF(0, self._height + _FOOT - 16, self._width, 16)
        metrics = self._painter.fontMetrics()
        title = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, round(self._width * 0.8))
        self._painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, title)
        self._painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, str(self._page))

    def _font(self, points: float, *, bold: bool = False) -> QFont:
        font = QFont(self._looks.body)
        font.setPointSizeF(points)
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font


def _style(font: QFont, colour: QColor) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setFont(font)
    style.setForeground(colour)
    return style


def _end(rows: Sequence[tuple[float, float]], begin: float, height: float, room: float) -> float:
    """Where to stop so that no row is cut and *room* is enough; *begin* when not even one row fits."""
    if height - begin <= room:
        return height
    return max((bottom for _, bottom in rows if begin < bottom <= begin + room), default=begin)
