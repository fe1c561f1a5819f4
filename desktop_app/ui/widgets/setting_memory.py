"""How the memory is divided with these settings: one bar, its parts in words."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QHelpEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from desktop_app.domain.units import memory_words
from desktop_app.services.model_settings import MemoryParts
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, card, label, set_property, tip

_TIGHT = 0.05
"""Less than this share of the memory left is said to be tight."""


@dataclass(frozen=True)
class Part:
    """A part of the memory: what it is called, what it is, its colour among the tokens."""

    name: str
    words: str
    colour: str


PARTS = (
    Part("Model", "The model itself: its weights.", "accent"),
    Part("Conversations", "What it keeps in mind of what is said (KV cache).", "good"),
    Part("Engine", "What vLLM needs to work.", "warn"),
    Part("Already in use", "What other programs and other models have.", "disabled"),
    Part("Left over", "What stays free.", "raised"),
)


def sized(parts: MemoryParts) -> list[tuple[Part, int]]:
    """Each part with its bytes, in the order in which they are drawn."""
    sizes = (parts.weights, parts.kv_cache, parts.overhead, parts.others, parts.free)
    return list(zip(PARTS, sizes, strict=True))


def excess(parts: MemoryParts) -> int:
    """Bytes that it needs beyond what there is; zero when it fits."""
    return max(0, parts.weights + parts.kv_cache + parts.overhead + parts.others - parts.total)


def verdict(parts: MemoryParts) -> tuple[str, str]:
    """Whether it fits, in words and as the tone of a badge."""
    if excess(parts):
        return "Does not fit", "bad"
    return ("Tight", "warn") if parts.free < _TIGHT * parts.total else ("Fits", "good")


def memory_sentence(parts: MemoryParts) -> str:
    """All of it as text, for whoever does not see the bar."""
    each = ", ".join(f"{part.name} {_part_words(size)}" for part, size in sized(parts))
    return f"{verdict(parts)[0]}. {each}; {memory_words(parts.total)} in all."


class MemoryBar(QWidget):
    """The parts side by side, as wide as they are large; a line marks the end of the memory where it is too small."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: MemoryParts | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(14)
        self.setAccessibleName("Memory with these settings")
        theme.changed.connect(self.update)

    def show_memory(self, parts: MemoryParts | None) -> None:
        """Draw *parts*."""
        self._parts = parts
        self.setAccessibleDescription(memory_sentence(parts) if parts else "Not known")
        self.update()

    def sizeHint(self) -> QSize:
        """Any width."""
        return QSize(120, 14)

    def spans(self) -> list[tuple[Part, int, QRectF]]:
        """Where each part is drawn, with its bytes."""
        if self._parts is None:
            return []
        whole = max(1, sum(size for _, size in sized(self._parts)))
        spans: list[tuple[Part, int, QRectF]] = []
        left = 0.0
        for part, size in sized(self._parts):
            width = self.width() * size / whole
            spans.append((part, size, QRectF(left, 0, width, self.height())))
            left += width
        return spans

    def event(self, event: QEvent) -> bool:
        """Say what the mouse points at."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self._parts is not None:
            for part, size, place in self.spans():
                if place.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), tip(f"{part.name}: {_part_words(size)}. {part.words}"), self)
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
            painter.fillRect(place.adjusted(0, 0, -1.5, 0), QColor(getattr(tokens, part.colour)))
        if self._parts is not None and (over := excess(self._parts)):
            end = self.width() * self._parts.total / (self._parts.total + over)
            painter.fillRect(QRectF(end, 0, self.width() - end, self.height()), QColor(tokens.bad))
            painter.fillRect(QRectF(end - 1, 0, 2, self.height()), QColor(tokens.text))


class Dot(QWidget):
    """The colour of a part beside its name."""

    def __init__(self, theme: Theme, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._colour = colour
        self.setFixedSize(10, 10)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A disc; with an edge, as free memory is almost white."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self._theme.tokens.line if self._colour == "raised" else "transparent"))
        painter.setBrush(QColor(getattr(self._theme.tokens, self._colour)))
        painter.drawEllipse(QRectF(self.rect()).adjusted(1, 1, -1, -1))


class MemoryCard(QWidget):
    """The bar with its verdict and the size of each part.

    Args:
        theme: colours and fonts.
        parent: the widget that it stands in.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._badge = label("", "badge")
        self._words = label(role="second", wrap=True)
        self._bar = MemoryBar(theme)
        self._legend = QWidget()
        self._figures: list[QLabel] = []
        self._compact = False
        self._line = ElidedLabel(role="second")
        self._line.setFont(theme.figures_font(9.5))
        self._frame = card()
        self._build(theme)
        self.show_memory(None)

    def set_compact(self, compact: bool) -> None:
        """Only the bar and its verdict, for a narrow window."""
        self._compact = compact
        self._legend.setVisible(not compact)
        self._words.setVisible(not compact)
        self._line.setVisible(compact)
        self._inside.setContentsMargins(*((16, 8, 16, 10) if compact else (16, 14, 16, 14)))
        self._inside.setSpacing(6 if compact else 10)

    def show_memory(self, parts: MemoryParts | None, context: str = "") -> None:
        """Draw *parts*, None when they are not known; *context* says what there is room for."""
        self._bar.show_memory(parts)
        self._badge.setVisible(parts is not None)
        self._legend.setVisible(parts is not None and not self._compact)
        if parts is None:
            self._words.setText("How much memory this model takes is not known.")
            self._line.setText(self._words.text())
            return
        words, tone = verdict(parts)
        self._badge.setText(words)
        set_property(self._badge, "tone", tone)
        for figure, (_, size) in zip(self._figures, sized(parts), strict=True):
            figure.setText(_part_words(size))
        self._line.setText(f"{_balance(parts)} {context}".strip())
        missing = _balance(parts) if excess(parts) else ""
        whole = f"An estimate, of {memory_words(parts.total)} in all."
        self._words.setText(_unbroken(" ".join(text for text in (missing, context, whole) if text)))

    def _build(self, theme: Theme) -> None:
        title = label("Memory")
        title.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        heading = QHBoxLayout()
        heading.setSpacing(10)
        heading.addWidget(title)
        heading.addWidget(self._line, 1)
        heading.addStretch(0)
        heading.addWidget(self._badge)
        grid = QGridLayout(self._legend)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, part in enumerate(PARTS):
            name = label(part.name, "second")
            name.setToolTip(part.words)
            size = label()
            size.setFont(theme.figures_font(10))
            size.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._figures.append(size)
            grid.addWidget(Dot(theme, part.colour), row, 0)
            grid.addWidget(name, row, 1)
            grid.addWidget(size, row, 2)
        self._inside = QVBoxLayout(self._frame)
        for one in (self._bar, self._legend, self._words):
            self._inside.addWidget(one)
        self._inside.insertLayout(0, heading)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)
        self.set_compact(False)


def _balance(parts: MemoryParts) -> str:
    """What is left, or what is missing."""
    over = excess(parts)
    if over:
        return f"It needs {memory_words(over)} more than is free."
    return f"{memory_words(parts.free)} of {memory_words(parts.total)} stay free."


def _part_words(size: int) -> str:
    """A size; a small one in MB, as a model of 5 MB is not nothing."""
    return memory_words(size) if size == 0 or size >= 2**30 // 10 else f"{max(1, round(size / 2**20))} MB"


def _unbroken(text: str) -> str:
    """*text* in which no line ends between a figure and its unit."""
    return text.replace(" GB", "\u00a0GB").replace(" MB", "\u00a0MB")
