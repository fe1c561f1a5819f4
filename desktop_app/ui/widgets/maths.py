"""Formulas in a document: drawn once, kept, and painted as sharp as the screen can show them.

`looks.looks_of` makes one `Formulas` for the texts of a transcript in one set of fonts and colours; `prose_words` asks
it for every formula. A quick one is drawn at once, as long as this turn of the event loop has time for it; the others
are drawn by a thread, and until then their LaTeX stands there.
"""

import sys
import threading
import zlib
from collections import OrderedDict, deque
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import NamedTuple
from weakref import finalize

from PySide6.QtCore import QByteArray, QObject, QPointF, QRect, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontInfo,
    QFontMetricsF,
    QImage,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)

from desktop_app.ui.widgets.maths_layout import MOST_WORK, TURN, Drawing, TooMuchError, UndrawableError, draw, is_warm
from desktop_app.ui.widgets.prose_marks import FORMULA, Mark

_TURN_SECONDS = 0.015
"""Drawing in one turn of the event loop; a formula takes 1 to 15 ms."""

_QUICK_WORK = 250
"""Of `maths_layout`: about 15 ms."""

_KEPT = 2000
_KEPT_IMAGES = 48 << 20
"""Bytes; a formula in a line takes 5 kB to 20 kB."""

_LOOK_MILLISECONDS = 60
"""Between two looks at what the thread has drawn."""
_SWITCH_SECONDS = 0.001
"""How long the thread may keep the interpreter; Python's own 5 ms can be seen."""

_LEAST_ROOM = 100
"""Pixels."""

_SIZE = 1.06
"""Letters of a formula against those around it: the font's x-height is smaller."""

Key = tuple[str, bool]
"""LaTeX, and whether it stands alone."""


class _Extent(NamedTuple):
    """Pixels that a formula takes among letters of one size."""

    width: float
    ascent: float
    hang: float
    """Below the line on which letters stand."""
    font: QFont
    """Whose descent that is."""


class Formulas(QObject):
    """Draws and keeps the formulas of one look; *body* is the font around them, *mono* that of LaTeX."""

    drawn = Signal()
    """Formulas that somebody waits for are known now."""

    def __init__(self, body: QFont, mono: QFont, colour: QColor) -> None:
        super().__init__()
        self._body, self._mono, self._colour = body, mono, colour
        self._size = QFontInfo(body).pixelSize() * _SIZE
        self._known: OrderedDict[Key, Drawing | None] = OrderedDict()
        self._images: OrderedDict[tuple[str, bool, float, float], QImage] = OrderedDict()
        self._extents: dict[Key, dict[float, _Extent]] = {}
        self._image_bytes = 0
        self._due: deque[Key] = deque()
        self._done: deque[tuple[Key, Drawing | None]] = deque()
        # The thread knows nothing else of this object, which may go before it, and nothing of Qt.
        finalize(self, self._due.clear)
        self._thread: threading.Thread | None = None
        self._spent = 0.0
        self._next_turn = QTimer(self)
        self._next_turn.setSingleShot(True)
        self._next_turn.timeout.connect(self._on_next_turn)
        self._look = QTimer(self)
        self._look.timeout.connect(self._on_look_due)

    @property
    def settled(self) -> bool:
        """Whether nothing is waiting for the thread."""
        return self._thread is None

    def known(self, key: Key) -> bool:
        """Whether it has been drawn, or tried to no avail."""
        return key in self._known

    def drawing(self, key: Key) -> Drawing | None:
        """The formula; None while it is being drawn.

        Raises:
            UndrawableError: it is shown as its LaTeX.
        """
        if key not in self._known and not self._draw_now(key):
            self._ask(key)
            return None
        self._known.move_to_end(key)
        if (found := self._known[key]) is None:
            raise UndrawableError
        return found

    def char_format(self, key: Key, around: QTextCharFormat) -> QTextCharFormat:
        """The format of the sign that stands for a formula among letters of the format *around*."""
        style = QTextCharFormat(around)
        style.setObjectType(FORMULA)
        style.setProperty(Mark.LATEX, key[0])
        style.setProperty(Mark.DISPLAY, key[1])
        if not style.hasProperty(Mark.LETTERS):
            style.setProperty(Mark.LETTERS, around.fontPointSize())
        style.setFont(self._extent(style).font)
        style.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
        style.clearForeground()
        return style

    def size(self, style: QTextFormat, room: float) -> QSizeF:
        """Pixels that a formula takes in a line of *room* pixels; it gets smaller where it would not fit."""
        width, ascent, hang, _ = self._extent(style)
        return QSizeF(min(room, width), ascent * min(1.0, room / max(1.0, width)) + hang)

    def paint(self, painter: QPainter, rect: QRectF, style: QTextFormat) -> None:
        """Paint a formula into the room that it takes."""
        key = _key(style)
        drawing = self._known.get(key)
        base = rect.bottom() - self._extent(style).hang
        if drawing is None:
            if key not in self._known:
                self._ask(key)
            painter.setFont(self._mono)
            painter.setPen(self._colour)
            painter.drawText(QPointF(rect.left(), base), key[0].replace("\n", " "))
            return
        larger = self._larger(style)
        smaller = min(1.0, rect.width() / (drawing.width * larger))
        scale = painter.device().devicePixelRatioF() if painter.device() else 1.0
        image = self._image(key, drawing, larger, scale)
        if smaller < 1:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        top = base - drawing.ascent * larger * smaller
        size = image.deviceIndependentSize() * smaller
        painter.drawImage(QRectF(QPointF(round(rect.left()), round(top)), size), image)

    def _larger(self, style: QTextFormat) -> float:
        """How much larger than the text around it a formula is, in a heading."""
        return float(style.property(Mark.LETTERS)) / self._body.pointSizeF()

    def _extent(self, style: QTextFormat) -> _Extent:
        """What a formula takes; in a line of words at least as much as letters. Qt asks ten times for each layout."""
        key, letters = _key(style), float(style.property(Mark.LETTERS))
        known = self._extents.setdefault(key, {})
        if letters not in known:
            known[letters] = self._measured(key, letters)
        return known[letters]

    def _measured(self, key: Key, letters: float) -> _Extent:
        words = QFontMetricsF(self._body)
        drawing = self._known.get(key)
        if drawing is None:
            width = QFontMetricsF(self._mono).horizontalAdvance(key[0].replace("\n", " "))
            ascent, descent = words.ascent(), words.descent()
        else:
            larger = letters / self._body.pointSizeF()
            width, ascent, descent = (larger * size for size in (drawing.width, drawing.ascent, drawing.descent))
            if not key[1]:
                ascent, descent = max(ascent, words.ascent()), max(descent, words.descent())
        # Qt lets an object hang below the line by the descent of its font and by nothing else.
        font = _hanging(self._body, descent)
        return _Extent(width, ascent, QFontMetricsF(font).descent(), font)

    def _draw_now(self, key: Key) -> bool:
        """Draw it if that is quick and there is time; False when it is not known yet."""
        if self._spent > _TURN_SECONDS or not TURN.acquire(blocking=False):
            return False
        start = perf_counter()
        try:
            if not is_warm():
                return False
            self._keep(key, _drawn(key, self._size, self._colour.name(), _QUICK_WORK))
        except TooMuchError:
            return False
        finally:
            TURN.release()
            self._spent += perf_counter() - start
            if not self._next_turn.isActive():
                self._next_turn.start(0)
        return True

    def _on_next_turn(self) -> None:
        self._spent = 0.0

    def _ask(self, key: Key) -> None:
        if key not in self._due:
            self._due.append(key)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        work = partial(_draw_all, self._due, self._done, self._size, self._colour.name())
        self._thread = threading.Thread(target=work, name="formulas", daemon=True)
        self._thread.start()
        self._look.start(_LOOK_MILLISECONDS)

    def _on_look_due(self) -> None:
        """Take what the thread has drawn. Each time lays the texts out again in which formulas have come."""
        ended = self._thread is None or not self._thread.is_alive()
        came = bool(self._done)
        while self._done:
            self._keep(*self._done.popleft())
        if ended:
            self._thread = None
            self._look.stop()
        if ended and self._due:
            self._start()
        if came:
            self.drawn.emit()

    def _keep(self, key: Key, drawing: Drawing | None) -> None:
        self._known[key] = drawing
        self._extents.pop(key, None)
        if len(self._known) > _KEPT:
            self._extents.pop(self._known.popitem(last=False)[0], None)

    def _image(self, key: Key, drawing: Drawing, larger: float, scale: float) -> QImage:
        from PySide6.QtSvg import QSvgRenderer  # noqa: PLC0415 - most transcripts have no formula

        if (found := self._images.get((*key, larger, scale))) is not None:
            self._images.move_to_end((*key, larger, scale))
            return found
        size = QSizeF(drawing.width, drawing.ascent + drawing.descent) * larger * scale
        image = QImage(round(size.width()) + 1, round(size.height()) + 1, _FORMAT)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        QSvgRenderer(QByteArray(zlib.decompress(drawing.svg))).render(painter, QRectF(QPointF(0, 0), size))
        painter.end()
        image.setDevicePixelRatio(scale)
        self._images[(*key, larger, scale)] = image
        self._image_bytes += image.sizeInBytes()
        while self._image_bytes > _KEPT_IMAGES and len(self._images) > 1:
            self._image_bytes -= self._images.popitem(last=False)[1].sizeInBytes()
        return image


class FormulaObject(QPyTextObject):
    """Lets the layout of a document measure and paint formulas."""

    def __init__(self, formulas: Formulas, parent: QObject) -> None:
        super().__init__(parent)
        self._formulas = formulas

    def intrinsicSize(self, document: QTextDocument, place: int, style: QTextFormat) -> QSizeF:
        """Pixels."""
        return self._formulas.size(style, _room(document, place))

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, document: QTextDocument, place: int, style: QTextFormat
    ) -> None:
        """Paint one."""
        self._formulas.paint(painter, QRectF(rect), style)


_FORMAT = QImage.Format.Format_ARGB32_Premultiplied


def _draw_all(due: deque[Key], done: deque[tuple[Key, Drawing | None]], size: float, colour: str) -> None:
    """The thread: draw what is due, and end."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        with suppress(IndexError):  # nobody waits any more
            while due:
                key = due[0]
                with TURN:
                    done.append((key, _drawn(key, size, colour, MOST_WORK, at_all=True)))
                due.popleft()
    finally:
        sys.setswitchinterval(before)


def _drawn(key: Key, size: float, colour: str, most_work: int, *, at_all: bool = False) -> Drawing | None:
    """The formula; None when it is shown as its LaTeX. Raises TooMuchError unless this is its last chance."""
    try:
        return draw(key[0], size, colour, display=key[1], most_work=most_work)
    except TooMuchError:
        if at_all:
            return None
        raise
    except UndrawableError:
        return None


def _key(style: QTextFormat) -> Key:
    return str(style.property(Mark.LATEX)), bool(style.property(Mark.DISPLAY))


def _hanging(font: QFont, descent: float) -> QFont:
    """*font* in the size at which letters hang *descent* pixels below the line."""
    found = QFont(font)
    size = descent * QFontInfo(font).pixelSize() / max(1.0, QFontMetricsF(font).descent())
    found.setPixelSize(max(1, round(size)))
    return found


def _room(document: QTextDocument, place: int) -> float:
    """Pixels that the line at *place* has at most."""
    shape = document.findBlock(place).blockFormat()
    taken = shape.leftMargin() + shape.indent() * document.indentWidth()
    return document.textWidth() - taken if document.textWidth() > taken + _LEAST_ROOM else _LEAST_ROOM
