"""How a model divides the memory: one bar, and its legend with figures. Models and settings show the same one."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QToolTip, QWidget

from desktop_app.domain.fit import MemoryParts
from desktop_app.domain.units import memory_words
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label, tip

_HEIGHT = 14
_DOT = 10
_SMALL = 2**30 // 10
"""Bytes below which a size is said in MB: a model of 5 MB is not nothing."""


@dataclass(frozen=True)
class Part:
    """A part of the memory: what it is called, what it is, its colour among the tokens."""

    name: str
    words: str
    colour: str


PARTS = (
    Part("Model", "The model itself: its weights.", "accent"),
    Part("Conversations", "What it keeps in mind of what is said (KV cache).", "good"),
    Part("Engine", "What vLLM needs to work: its processes, workspace and graphs.", "warn"),
    Part("Already in use", "What other programs and other models have.", "disabled"),
    Part("Left over", "What stays free.", "raised"),
)


MISSING = Part("Missing", "What it needs beyond the memory that may be used now.", "bad")
"""Stands in the place of what is left over, where nothing is."""


def sized(parts: MemoryParts) -> list[tuple[Part, int]]:
    """Each part with its bytes, in the order in which they are drawn."""
    sizes = (parts.weights, parts.kv_cache, parts.overhead, parts.others, parts.free)
    return list(zip(PARTS, sizes, strict=True))


def told(parts: MemoryParts) -> list[tuple[Part, int]]:
    """Each part with its bytes as people read them: what is missing instead of what would be left over."""
    return [*sized(parts)[:-1], (MISSING, parts.missing)] if parts.missing else sized(parts)


def part_words(size: int) -> str:
    """A size of a part; a small one in MB."""
    return memory_words(size) if size == 0 or size >= _SMALL else f"{max(1, round(size / 2**20))} MB"


def parts_sentence(parts: MemoryParts) -> str:
    """All of it as text, for whoever does not see the bar."""
    each = ", ".join(f"{part.name} {part_words(size)}" for part, size in told(parts))
    return f"{each}; {memory_words(parts.total)} in all."


def unbroken(text: str) -> str:
    """*text* in which no line ends between a figure and its unit."""
    for unit in ("GB", "MB", "tokens", "words"):
        text = text.replace(f" {unit}", f"\u00a0{unit}")
    return text


class MemoryBar(QWidget):
    """The parts side by side, as wide as they are large.

    Where they need more than there is, a line marks the end of the memory, and what lies beyond it is hatched.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: MemoryParts | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self.setAccessibleName("Memory with these settings")
        self.setAccessibleDescription("Not known")
        theme.changed.connect(self.update)

    def show_memory(self, parts: MemoryParts | None, verdict: str = "") -> None:
        """Draw *parts*; *verdict* is what a screen reader hears before their sizes."""
        words = f"{verdict}. {parts_sentence(parts)}" if parts and verdict else parts_sentence(parts) if parts else ""
        self.setAccessibleDescription(words or "Not known")
        if parts != self._parts:
            self._parts = parts
            self.update()

    def sizeHint(self) -> QSize:
        """Any width."""
        return QSize(120, _HEIGHT)

    def spans(self) -> list[tuple[Part, int, QRectF]]:
        """Where each part is drawn, with its bytes."""
        if self._parts is None:
            return []
        spans: list[tuple[Part, int, QRectF]] = []
        left = 0.0
        for part, size in sized(self._parts):
            width = self.width() * size / self._whole()
            spans.append((part, size, QRectF(left, 0, width, self.height())))
            left += width
        return spans

    def beyond(self) -> QRectF | None:
        """Where what has no room is drawn; None when everything has."""
        parts = self._parts
        if parts is None or not parts.missing:
            return None
        scale = self.width() / self._whole()
        left = max(0, parts.total - parts.kept) * scale
        return QRectF(left, 0, parts.missing * scale, self.height())

    def words_at(self, place: QPointF) -> str:
        """What lies there, in words; empty for nothing."""
        spans, beyond = self.spans(), self.beyond()
        if beyond is not None and self._parts is not None and beyond.contains(place):
            spans = [(MISSING, self._parts.missing, beyond)]
        for part, size, rect in spans:
            if rect.contains(place):
                return f"{part.name}: {part_words(size)}. {part.words}"
        return ""

    def event(self, event: QEvent) -> bool:
        """Say what the mouse points at."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), tip(self.words_at(QPointF(event.pos()))), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the parts inside one rounded shape."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), 5, 5)
        painter.setClipPath(shape)
        painter.fillRect(self.rect(), QColor(tokens.raised))
        for part, _, place in self.spans():
            # A hair of background between neighbours tells them apart without colours.
            gap = min(1.5, place.width() / 2)
            painter.fillRect(place.adjusted(0, 0, -gap, 0), QColor(getattr(tokens, part.colour)))
        beyond = self.beyond()
        if beyond is not None:
            self._paint_beyond(painter, beyond)

    def _paint_beyond(self, painter: QPainter, place: QRectF) -> None:
        tokens = self._theme.tokens
        painter.fillRect(place, QColor(tokens.bad_soft))
        painter.save()
        painter.setClipRect(place, Qt.ClipOperation.IntersectClip)
        painter.setPen(QPen(QColor(tokens.bad), 2))
        left, height = place.left() - self.height(), self.height()
        while left < place.right():
            painter.drawLine(QPointF(left, height), QPointF(left + height, 0))
            left += 6
        painter.restore()
        painter.fillRect(QRectF(place.left() - 1, 0, 2.5, height), QColor(tokens.text))

    def _whole(self) -> int:
        """Bytes that the width stands for."""
        return max(1, sum(size for _, size in sized(self._parts))) if self._parts else 1


class MemoryLegend(QWidget):
    """What each colour means, with its size."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[tuple[Dot, QLabel, QLabel]] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, part in enumerate(PARTS):
            dot, name, size = Dot(theme, part.colour), label(role="second"), label()
            size.setFont(theme.figures_font(10))
            size.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._lines.append((dot, name, size))
            grid.addWidget(dot, row, 0)
            grid.addWidget(name, row, 1)
            grid.addWidget(size, row, 2)

    def show_memory(self, parts: MemoryParts) -> None:
        """Show these sizes."""
        for (dot, name, figure), (part, size) in zip(self._lines, told(parts), strict=True):
            dot.show_colour(part.colour)
            name.setText(part.name)
            name.setToolTip(part.words)
            figure.setText(part_words(size))


class Dot(QWidget):
    """The colour of a part beside its name."""

    def __init__(self, theme: Theme, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._colour = colour
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.setFixedSize(self._theme.icon_size(_DOT))
        self.update()

    def show_colour(self, colour: str) -> None:
        """Show another of the tokens."""
        if colour != self._colour:
            self._colour = colour
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A disc; with an edge, as free memory is almost white."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self._theme.tokens.second if self._colour == "raised" else "transparent"))
        painter.setBrush(QColor(getattr(self._theme.tokens, self._colour)))
        painter.drawEllipse(QRectF(self.rect()).adjusted(1, 1, -1, -1))
