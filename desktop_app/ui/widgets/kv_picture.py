"""A drawing of the KV cache: its blocks as squares, in use or free, and what that means in words.

The page of Monitor owns one. It is painted again only when another square, or a visible part of one, is in use.
"""

from math import floor

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.services.monitor_view import KvState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, label
from desktop_app.ui.widgets.calm_text import CalmText
from desktop_app.ui.widgets.monitor_words import (
    KV_EXPLANATION,
    KV_NOTHING,
    hit_words,
    kv_headline,
    square_words,
    squares,
    unbroken,
)

_MOST = 160
"""Squares: as many as an eye takes in."""
_SIDE, _GAP = 11, 3
"""Of a square and between two, at the usual size of words, pixels."""
_ACROSS = 20
"""Squares beside one another where there is room."""
_WIDE = 520
"""At the usual size of words, pixels, from which on the drawing stands beside the words."""


class BlockGrid(QWidget):
    """The blocks: full squares are in use, empty ones are free, the one between is full as far as it is used."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._count = 0
        self._steps = 0
        """What is in use, in pixels of squares: nothing is painted again before one more can be seen."""
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self._dress)

    def show_blocks(self, count: int, share: float) -> None:
        """Draw *count* squares, of which *share*, 0…1, are in use."""
        steps = max(0, min(count * _SIDE, round(share * count * _SIDE)))
        if share > 0:
            steps = max(1, steps)
        before, self._steps = self._steps, steps
        if count != self._count:
            self._count = count
            self.updateGeometry()
            self.update()
        elif steps != before:
            self._update_between(before / _SIDE, self.full)

    @property
    def full(self) -> float:
        """How many squares are drawn as in use."""
        return self._steps / _SIDE

    def hasHeightForWidth(self) -> bool:
        """A narrower grid is a taller one."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How tall it is when it is this wide."""
        rows = -(-self._count // self._across(width))
        return max(0, rows * self._pitch - self._theme.grown(_GAP))

    def sizeHint(self) -> QSize:
        """All that is drawn, in rows that an eye can follow."""
        width = min(_ACROSS, max(1, self._count)) * self._pitch
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """A few squares."""
        return QSize(4 * self._pitch, self._pitch)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw every square."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge, colour = QPen(QColor(tokens.disabled), 1), QColor(tokens.good)
        across, side, full = self._across(self.width()), self._theme.grown(_SIDE), self.full
        first = event.rect().top() // self._pitch * across
        last = min(self._count, (event.rect().bottom() // self._pitch + 1) * across)
        for number in range(first, last):
            left, top = number % across * self._pitch, number // across * self._pitch
            square = QRectF(left, top, side, side)
            painter.setPen(edge)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if number >= floor(full):
                painter.drawRoundedRect(square.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
            used = min(1.0, full - number)
            if used > 0:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawRoundedRect(square.adjusted(0, side * (1 - used), 0, 0), 2, 2)

    @property
    def _pitch(self) -> int:
        return self._theme.grown(_SIDE) + self._theme.grown(_GAP)

    def _update_between(self, one: float, other: float) -> None:
        """Paint the rows again in which squares begin or cease to be in use."""
        across = self._across(self.width())
        first, last = floor(min(one, other)) // across, floor(max(one, other)) // across
        self.update(0, first * self._pitch, self.width(), (last - first + 1) * self._pitch)

    def _across(self, width: int) -> int:
        return max(1, min(_ACROSS, (width + self._theme.grown(_GAP)) // self._pitch))

    def _dress(self) -> None:
        self.updateGeometry()
        self.update()


class _Sign(QWidget):
    """A full or an empty square beside its meaning."""

    def __init__(self, theme: Theme, full: bool) -> None:
        super().__init__()
        self._theme = theme
        self._full = full
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.setFixedSize(self._theme.icon_size(_SIDE))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As in the drawing."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen if self._full else QPen(QColor(tokens.disabled), 1))
        painter.setBrush(QColor(tokens.good) if self._full else Qt.BrushStyle.NoBrush)
        inside = 0.0 if self._full else 0.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inside, inside, -inside, -inside), 2, 2)


class KvPicture(QFrame):
    """Explains the KV cache of one engine."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("KV cache")
        self._theme = theme
        self._kv: KvState | None = None
        self._title = label("KV cache")
        self._title.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        self._name = ElidedLabel(role="second")
        self._headline = CalmText()
        self._headline.setFont(theme.figures_font(11))
        self._grid = BlockGrid(theme)
        self._square = label(role="second", wrap=True)
        self._explanation = label(wrap=True)
        self._found = CalmText("second")
        self._drawing = QWidget()
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._build()
        theme.changed.connect(self._turn)
        self._explain(None)

    def show_kv(self, kv: KvState | None) -> None:
        """Draw *kv*; None while no engine is ready."""
        if kv == self._kv:
            return
        self._kv = kv
        self._explain(kv)
        if kv is not None:
            count, each = squares(kv, _MOST)
            self._grid.show_blocks(count, kv.share)
            self._square.setText(unbroken(square_words(kv, each)))

    def _explain(self, kv: KvState | None) -> None:
        for one in (self._drawing, self._headline, self._found, self._name):
            one.setVisible(kv is not None)
        self._explanation.setText(KV_EXPLANATION if kv else KV_NOTHING)
        if kv is None:
            self.setAccessibleDescription(KV_NOTHING)
            return
        self._name.setText(kv.name)
        self._headline.setText(unbroken(kv_headline(kv)))
        self._found.setText(unbroken(hit_words(kv.hit_rate)))
        self.setAccessibleDescription(f"{kv.name}: {kv_headline(kv)}. {KV_EXPLANATION} {hit_words(kv.hit_rate)}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The drawing stands beside the words where there is room."""
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        wide = self.width() >= self._theme.scaled(_WIDE)
        self._sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _build(self) -> None:
        space = self._theme.space
        head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        head.setSpacing(space.medium)
        head.addWidget(self._title)
        head.addWidget(self._name, 1)
        legend = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        legend.setSpacing(space.small)
        for full, words in ((True, "in use"), (False, "free")):
            legend.addWidget(_Sign(self._theme, full))
            legend.addWidget(label(words, "second"))
        legend.addStretch()
        drawing = QVBoxLayout(self._drawing)
        drawing.setContentsMargins(0, 0, 0, 0)
        drawing.setSpacing(space.small)
        drawing.addWidget(self._grid)
        drawing.addLayout(legend)
        drawing.addWidget(self._square)
        drawing.addStretch()
        texts = QVBoxLayout()
        texts.setSpacing(space.small)
        for one in (self._explanation, self._found):
            texts.addWidget(one)
        texts.addStretch()
        self._sides.setSpacing(space.large)
        self._sides.addWidget(self._drawing)
        self._sides.addLayout(texts, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(space.large, space.medium, space.large, space.large)
        column.setSpacing(space.small)
        column.addLayout(head)
        column.addWidget(self._headline)
        column.addLayout(self._sides)
        column.addStretch()
