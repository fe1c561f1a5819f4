"""How much of what the model can keep in mind is in use: figures, a ring, words when it is too much."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.services.chat_view import ContextState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import tip
from desktop_app.ui.widgets.composer_words import Room, counter_sentence, counter_words, room, short_counter_words

_RING = 14
_GAP = 6


class ContextCounter(QWidget):
    """Draws a `ContextState`; hidden while nothing is known.

    The shape beside the figures says the state too: a ring that fills, and a triangle from 80 % on.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._context = ContextState()
        self._words = ""
        self.setFont(theme.figures_font())
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._on_theme_changed)
        self.hide()

    def show_context(self, context: ContextState) -> bool:
        """Show how much is in use; False when nothing is different."""
        if context == self._context:
            return False
        self._context = context
        self._words = counter_words(context)
        sentence = counter_sentence(context)
        self.setToolTip(tip(sentence))
        self.setAccessibleName(sentence)
        self.setVisible(bool(self._words))
        self.updateGeometry()
        self.update()
        return True

    def set_short(self, short: bool) -> None:
        """Whether there is no room for all the figures."""
        words = short_counter_words(self._context) if short else counter_words(self._context)
        if words != self._words:
            self._words = words
            self.updateGeometry()
            self.update()

    def full_width(self) -> int:
        """Pixels that all the figures take."""
        return self._width_of(counter_words(self._context))

    def words(self) -> str:
        """What is written."""
        return self._words

    def sizeHint(self) -> QSize:
        """The figures, and the ring or the triangle before them."""
        return QSize(self._width_of(self._words), max(_RING + 4, self.fontMetrics().height()))

    def minimumSizeHint(self) -> QSize:
        """Room for the share in percent."""
        return QSize(self._width_of(short_counter_words(self._context)), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """A mark and the figures."""
        tokens, state = self._theme.tokens, room(self._context)
        colour = {Room.ENOUGH: tokens.second, Room.LITTLE: tokens.warn, Room.NONE: tokens.bad}[state]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mark = QRectF(1, (self.height() - _RING) / 2, _RING, _RING)
        if state is not Room.ENOUGH:
            self._theme.icon("warning", colour).paint(painter, mark.adjusted(-1, -1, 1, 1).toRect())
        elif self._context.limit:
            self._draw_ring(painter, mark.adjusted(1.5, 1.5, -1.5, -1.5))
        painter.setPen(QColor(colour))
        begin = _RING + _GAP if self._context.limit else 0
        painter.drawText(self.rect().adjusted(begin, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._words)

    def _width_of(self, words: str) -> int:
        mark = _RING + _GAP if self._context.limit else 0
        return mark + self.fontMetrics().horizontalAdvance(words) + 2

    def _draw_ring(self, painter: QPainter, place: QRectF) -> None:
        tokens = self._theme.tokens
        painter.setPen(QPen(QColor(tokens.line), 2.4))
        painter.drawEllipse(place)
        painter.setPen(QPen(QColor(tokens.accent_text), 2.4))
        share = min(1.0, self._context.total / self._context.limit)
        # Qt counts sixteenths of a degree, against the clock, from three o'clock.
        painter.drawArc(place, 90 * 16, round(-360 * 16 * share))

    def _on_theme_changed(self) -> None:
        self.setFont(self._theme.figures_font())
        self.updateGeometry()
