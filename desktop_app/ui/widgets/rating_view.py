"""What votes say: the contestants, best first, each with the interval in which its rating lies.

The Compare page shows it for the votes of one experiment or of all, and after a blind vote was revealed.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.domain.ratings import AVERAGE, Rating
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, Scrolled, card, label
from desktop_app.ui.widgets.rating_view_words import (
    HOW,
    NO_VOTES,
    NOT_APART,
    counts_words,
    overlap,
    range_words,
    sentence,
    votes_words,
)

_WIDTH = 860
_BAR = 16
_ROUND = 5.0
_LEAST = 100.0
"""Points that the scale covers at least, so that a small difference does not look like a large one."""


class RatingView(QWidget):
    """Draws ratings."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[object, ...] = ()
        self._title = label("Ratings", "hero", wrap=True)
        self._about = label(role="second", wrap=True)
        self._frame = card()
        self._rows = QVBoxLayout(self._frame)
        self._how = label(HOW, "second", wrap=True)
        self._content = QWidget()
        self._build()
        theme.changed.connect(self._fit)
        self._fit()

    def show_ratings(
        self, ratings: Sequence[Rating], votes: int, title: str = "Ratings", settings: Mapping[str, str] | None = None
    ) -> None:
        """Draw *ratings* of so many *votes*; *settings* says in words what an identity was set to."""
        shown = (tuple(ratings), votes, title, dict(settings or {}))
        if shown == self._shown:
            return  # new rows would take the place of the keyboard and of a screen reader
        self._shown = shown
        self._title.setText(title)
        rated = any(one.points is not None for one in ratings)
        self._about.setText(votes_words(votes, rated) if ratings else NO_VOTES)
        self._frame.setVisible(bool(ratings))
        self._how.setVisible(rated)
        while item := self._rows.takeAt(0):
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        scale = scale_of(ratings)
        for one, below in zip_longest(ratings, ratings[1:]):
            self._add(_Row(self._theme, one, (settings or {}).get(one.identity, ""), scale))
            if below is not None and overlap(one, below):
                self._add(_between())

    def _add(self, part: QWidget) -> None:
        self._rows.addWidget(part)
        part.show()

    def _fit(self) -> None:
        self._content.setMaximumWidth(self._theme.scaled(_WIDTH))

    def _build(self) -> None:
        self.setAccessibleName("Ratings")
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(
            IconButton(self._theme, "close", "Close the ratings", self.closed.emit), 0, Qt.AlignmentFlag.AlignTop
        )
        self._rows.setContentsMargins(20, 14, 20, 14)
        self._rows.setSpacing(10)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        column.addLayout(head)
        for part in (self._about, self._frame, self._how):
            column.addWidget(part)
        column.addStretch(1)
        middle = QWidget()
        across = QHBoxLayout(middle)
        across.setContentsMargins(0, 0, 0, 0)
        across.addStretch(1)
        across.addWidget(self._content, 100)
        across.addStretch(1)
        scroll = Scrolled()
        scroll.setWidget(middle)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scroll)


class _Row(QWidget):
    """One contestant: name and rating, settings, the interval, how it fared. A tab stop, read as one sentence."""

    def __init__(self, theme: Theme, rating: Rating, settings: str, scale: tuple[float, float]) -> None:
        super().__init__()
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(sentence(rating, settings))
        # The line below says the settings.
        name = label(rating.name.removesuffix(f" ({settings})"), wrap=True)
        name.setFont(theme.body_font(10.5, theme.body_font().Weight.DemiBold))
        points = label(range_words(rating))
        points.setFont(theme.figures_font(10.5))
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(name, 1)
        head.addWidget(points, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(3)
        column.addLayout(head)
        if settings:
            column.addWidget(label(settings, "second", wrap=True))
        if rating.points is not None:
            column.addWidget(IntervalBar(theme, rating, scale))
        else:
            column.addWidget(label(rating.why, wrap=True))
        column.addWidget(label(counts_words(rating), "second", wrap=True))

    def event(self, event: QEvent) -> bool:
        """The ring of the keyboard's focus is drawn by hand."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut, QEvent.Type.DynamicPropertyChange):
            self.update()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A ring while the keyboard is here."""
        if self.hasFocus() and self.property("kbd") is True:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self._theme.tokens.accent_text)))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)


class IntervalBar(QWidget):
    """The interval of one rating on the scale of all, a dot at the rating, a line at the average."""

    def __init__(self, theme: Theme, rating: Rating, scale: tuple[float, float]) -> None:
        super().__init__()
        self._theme = theme
        self._rating = rating
        self._scale = scale
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._redraw)

    def sizeHint(self) -> QSize:
        """Any width, and as tall as a small line."""
        return QSize(120, self._theme.grown(_BAR))

    def place_of(self, points: float) -> float:
        """Where *points* stand, in pixels from the left."""
        low, high = self._scale
        return _ROUND + (points - low) / (high - low) * (self.width() - 2 * _ROUND)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track, average, interval, rating."""
        if self._rating.points is None:
            return
        tokens, middle = self._theme.tokens, self.height() / 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.line), 2))
        painter.drawLine(QLineF(_ROUND, middle, self.width() - _ROUND, middle))
        painter.setPen(QPen(QColor(tokens.disabled), 1, Qt.PenStyle.DashLine))
        average = self.place_of(AVERAGE)
        painter.drawLine(QLineF(average, 0, average, self.height()))
        low, high = self._rating.low, self._rating.high
        painter.setPen(QPen(QColor(tokens.accent_text), 2))
        if low is not None and high is not None:
            left, right = self.place_of(low), self.place_of(high)
            painter.drawLine(QLineF(left, middle, right, middle))
            for end in (left, right):
                painter.drawLine(QLineF(end, middle - 4, end, middle + 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.accent_text))
        painter.drawEllipse(QPointF(self.place_of(self._rating.points), middle), _ROUND, _ROUND)

    def _redraw(self) -> None:
        self.updateGeometry()
        self.update()


def scale_of(ratings: Sequence[Rating]) -> tuple[float, float]:
    """The points between which every interval lies, and the average."""
    ends = [end for one in ratings for end in (one.low, one.points, one.high) if end is not None]
    low, high = min(ends, default=AVERAGE), max(ends, default=AVERAGE)
    low, high = min(low, AVERAGE - _LEAST / 2), max(high, AVERAGE + _LEAST / 2)
    return low, high


def _between() -> QWidget:
    made = label(NOT_APART, "second", wrap=True)
    made.setContentsMargins(8, 0, 8, 0)
    return made
