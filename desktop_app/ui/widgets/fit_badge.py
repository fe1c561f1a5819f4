"""A verdict as a badge: a shape and a word in its tone, so that nobody has to see colours to tell them apart.

`paint_badge()` is for lists that paint their rows; `FitBadge` is the widget.
"""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.domain.fit import Verdict
from desktop_app.ui.theme import Theme

_HEIGHT = 20
"""Logical pixels at the usual size of words, as all of these."""
_SIDE = 8
"""Before the shape and after the word."""
_SHAPE = 12
_GAP = 5

TONES = {
    Verdict.RUNS_WELL: "good",
    Verdict.TIGHT: "warn",
    Verdict.PROCESSOR: "warn",
    Verdict.SLOW: "warn",
    Verdict.TOO_BIG: "bad",
    Verdict.UNSUITED: "bad",
    Verdict.UNKNOWN: "",
}
"""The tone of each verdict, as style sheet and tokens name it; empty for none."""


def badge_colours(verdict: Verdict, theme: Theme) -> tuple[QColor, QColor]:
    """What is written, and what it is written on."""
    tokens, tone = theme.tokens, TONES[verdict]
    if not tone:
        return QColor(tokens.second), QColor(tokens.raised)
    return QColor(getattr(tokens, tone)), QColor(getattr(tokens, f"{tone}_soft"))


def badge_font(theme: Theme) -> QFont:
    """The font of a badge's word."""
    return theme.body_font(9, QFont.Weight.DemiBold)


def badge_height(theme: Theme) -> int:
    """How high a badge is, in logical pixels."""
    return theme.scaled(_HEIGHT)


def badge_width(verdict: Verdict, theme: Theme) -> int:
    """How wide the badge is, in logical pixels."""
    around = theme.scaled(2 * _SIDE + _SHAPE + _GAP)
    return round(QFontMetricsF(badge_font(theme)).horizontalAdvance(verdict.value) + around + 0.5)


def paint_badge(painter: QPainter, rect: QRectF, verdict: Verdict, theme: Theme) -> None:
    """Paint the badge at the left end of *rect*, centred in its height; a word that has no room ends in …."""
    front, back = badge_colours(verdict, theme)
    width, height = min(badge_width(verdict, theme), rect.width()), badge_height(theme)
    side, shape = theme.scaled(_SIDE), theme.scaled(_SHAPE)
    pill = QRectF(rect.left(), rect.center().y() - height / 2, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(back)
    painter.drawRoundedRect(pill, height / 2, height / 2)
    centre = QPointF(pill.left() + side + shape / 2, pill.center().y())
    paint_shape(painter, centre, verdict, front, theme.text_scale)
    painter.setFont(badge_font(theme))
    painter.setPen(front)
    room = pill.adjusted(side + shape + theme.scaled(_GAP), 0, 1 - side, 0)
    word = painter.fontMetrics().elidedText(verdict.value, Qt.TextElideMode.ElideRight, int(room.width() + 1))
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, word)
    painter.restore()


def paint_shape(painter: QPainter, centre: QPointF, verdict: Verdict, colour: QColor, scale: float = 1.0) -> None:
    """Paint the verdict's shape, *scale* times twelve logical pixels across.

    Each can be told from the others without its colour.
    """
    painter.save()
    painter.translate(centre)
    painter.scale(scale, scale)
    _paint_shape(painter, QPointF(0, 0), verdict, colour)
    painter.restore()


def _paint_shape(painter: QPainter, centre: QPointF, verdict: Verdict, colour: QColor) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(colour, 1.7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if verdict is Verdict.RUNS_WELL:
        painter.drawPolyline([centre + QPointF(*at) for at in ((-4, 0.4), (-1.2, 3.4), (4.2, -3.4))])
    elif verdict is Verdict.TIGHT:
        _paint_gauge(painter, centre, colour)
    elif verdict is Verdict.PROCESSOR:
        _paint_chip(painter, centre)
    elif verdict is Verdict.SLOW:
        painter.drawEllipse(centre, 4.8, 4.8)
        painter.drawPolyline([centre + QPointF(*at) for at in ((0, -2.6), (0, 0.2), (2.1, 1.6))])
    elif verdict is Verdict.TOO_BIG:
        for x in (-3.4, 3.4):
            painter.drawLine(centre + QPointF(x, -3.4), centre + QPointF(-x, 3.4))
    elif verdict is Verdict.UNSUITED:
        painter.drawEllipse(centre, 4.8, 4.8)
        painter.drawLine(centre + QPointF(-3.2, 3.2), centre + QPointF(3.2, -3.2))
    else:
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        for x in (-4, 0, 4):
            painter.drawEllipse(centre + QPointF(x, 0), 1.2, 1.2)


def _paint_gauge(painter: QPainter, centre: QPointF, colour: QColor) -> None:
    """A box that is almost full."""
    box = QRectF(centre.x() - 4.6, centre.y() - 4.6, 9.2, 9.2)
    painter.drawRoundedRect(box, 2, 2)
    painter.fillRect(box.adjusted(1.4, 3.4, -1.4, -1.4), colour)


def _paint_chip(painter: QPainter, centre: QPointF) -> None:
    """A square with feet: a processor."""
    painter.drawRect(QRectF(centre.x() - 2.8, centre.y() - 2.8, 5.6, 5.6))
    for along in (-1.5, 1.5):
        for side in (-1, 1):
            painter.drawLine(centre + QPointF(along, side * 4.2), centre + QPointF(along, side * 5.2))
            painter.drawLine(centre + QPointF(side * 4.2, along), centre + QPointF(side * 5.2, along))


class FitBadge(QWidget):
    """Shows one verdict."""

    def __init__(self, theme: Theme, verdict: Verdict = Verdict.UNKNOWN, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._verdict = verdict
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(verdict.value)
        theme.changed.connect(self._dress)

    @property
    def verdict(self) -> Verdict:
        """What is shown."""
        return self._verdict

    def show_verdict(self, verdict: Verdict) -> None:
        """Show another one."""
        if verdict is not self._verdict:
            self._verdict = verdict
            self.setAccessibleName(verdict.value)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """As large as its word."""
        return QSize(badge_width(self._verdict, self._theme), badge_height(self._theme))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def _dress(self) -> None:
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the badge."""
        paint_badge(QPainter(self), QRectF(self.rect()), self._verdict, self._theme)
