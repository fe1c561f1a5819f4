"""Colours, shapes and fonts of charts, taken from the theme once and again when it changes.

A curve has a colour and a shape of its own, so that nobody has to tell colours apart.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, cos, pi, sin

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from desktop_app.domain.curves import Form
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import mixed

SHADES = 64
"""Of a heat map, from nothing to all."""
_HATCHES = (
    Qt.BrushStyle.NoBrush,
    Qt.BrushStyle.BDiagPattern,
    Qt.BrushStyle.Dense6Pattern,
    Qt.BrushStyle.FDiagPattern,
    Qt.BrushStyle.HorPattern,
    Qt.BrushStyle.DiagCrossPattern,
    Qt.BrushStyle.VerPattern,
    Qt.BrushStyle.Dense5Pattern,
)
_SWATCHES = {Form.LINES: 20, Form.STACK: 10, Form.HEAT: 72}
"""At the usual size of words."""
_SOFT = 0.42
"""How much of a curve's colour its area has; the rest is the ground."""


@dataclass(frozen=True)
class ChartLook:
    """What a chart is painted with."""

    ground: QColor
    """Behind the card."""
    card: QColor
    line: QColor
    text: QColor
    second: QColor
    ring: QColor
    hover: QColor
    tones: dict[str, QColor]
    """Of marks, by the names of tokens."""
    curves: tuple[QColor, ...]
    shades: tuple[QColor, ...]
    """Of a heat map."""
    swatches: dict[Form, float]
    """How wide the legend shows the looks of a curve, an area, or of all shades; pixels."""
    title: QFont
    large: QFont
    """Of the figure of a chart that has but one curve."""
    label: QFont
    figure: QFont
    axis: QFont
    help: QPixmap
    """The sign that there is an explanation."""
    _stamps: dict[tuple[int, float, float], QPixmap] = field(default_factory=dict, compare=False)
    """Shapes that were drawn already."""

    def colour(self, number: int) -> QColor:
        """Of a curve."""
        return self.curves[number % len(self.curves)]

    def area(self, number: int) -> QColor:
        """Of what lies below a curve."""
        return mixed(self.colour(number), self.card, _SOFT)

    def hatch(self, number: int) -> QBrush:
        """What is drawn on an area, which tells it from its neighbours without colours."""
        colour = QColor(self.card)
        colour.setAlphaF(0.55)
        return QBrush(colour, _HATCHES[number % len(_HATCHES)])

    def stamp(self, number: int, size: float, ratio: float) -> QPixmap:
        """The shape of a curve, about *size* wide, to be put down many times."""
        key = (number, size, ratio)
        if key not in self._stamps:
            self._stamps[key] = self._draw(number, size, ratio)
        return self._stamps[key]

    def _draw(self, number: int, size: float, ratio: float) -> QPixmap:
        side = ceil(size * 1.25) + 3
        made = QPixmap(round(side * ratio), round(side * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour, hollow = self.colour(number), self.hollow(number)
        painter.setPen(QPen(colour if hollow else self.card, 1.3 if hollow else 1))
        painter.setBrush(self.card if hollow else colour)
        painter.drawPath(marker(number, QPointF(side / 2, side / 2), size))
        painter.end()
        return made

    def hollow(self, number: int) -> bool:
        """Whether the shape of a curve is an outline, as its colour is that of another one."""
        return number >= len(self.curves)


def look_of(theme: Theme) -> ChartLook:
    """The looks in the theme's present colours and size of words."""
    tokens = theme.tokens
    return ChartLook(
        ground=QColor(tokens.background),
        card=QColor(tokens.card),
        line=QColor(tokens.line),
        text=QColor(tokens.text),
        second=QColor(tokens.second),
        ring=QColor(tokens.accent_text),
        hover=QColor(tokens.raised),
        tones={name: QColor(getattr(tokens, name)) for name in ("good", "warn", "bad", "accent_text", "second")},
        curves=tuple(map(QColor, tokens.curves)),
        shades=shades(QColor(tokens.card), QColor(tokens.accent), QColor(tokens.text)),
        swatches={form: theme.grown(width) for form, width in _SWATCHES.items()},
        title=theme.body_font(10.5, QFont.Weight.DemiBold),
        large=_heavy(theme.figures_font(12)),
        label=theme.body_font(9),
        figure=theme.figures_font(9),
        axis=_tabular(theme.body_font(8)),
        help=theme.icon("info").pixmap(theme.icon_size(15)),
    )


def shades(card: QColor, accent: QColor, text: QColor) -> tuple[QColor, ...]:
    """From next to nothing to the strongest: each further from the ground than the one before."""
    made = []
    for number in range(SHADES):
        share = number / (SHADES - 1)
        # The last quarter goes on from the accent towards the colour of text.
        low, high = mixed(accent, card, 0.07 + 0.93 * min(1.0, share / 0.7)), max(0.0, (share - 0.7) / 0.3)
        made.append(mixed(text, low, 0.62 * high))
    return tuple(made)


def marker(number: int, middle: QPointF, size: float) -> QPainterPath:
    """The shape of curve *number* around *middle*, about *size* wide."""
    return _SHAPES[number % len(_SHAPES)](middle, size / 2)


def _heavy(font: QFont) -> QFont:
    font.setWeight(QFont.Weight.DemiBold)
    return font


def _tabular(font: QFont) -> QFont:
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _circle(middle: QPointF, half: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(middle, half, half)
    return path


def _square(middle: QPointF, half: float) -> QPainterPath:
    path, side = QPainterPath(), half * 0.88
    path.addRect(QRectF(middle.x() - side, middle.y() - side, 2 * side, 2 * side))
    return path


def _corners(count: int, turn: float, grow: float) -> Callable[[QPointF, float], QPainterPath]:
    """A regular shape with *count* corners, the first one *turn* of a whole turn clockwise from the top."""

    def shape(middle: QPointF, half: float) -> QPainterPath:
        path, angles = QPainterPath(), [2 * pi * (turn + number / count) for number in range(count)]
        radius = half * grow
        path.addPolygon(QPolygonF([middle + QPointF(sin(angle), -cos(angle)) * radius for angle in angles]))
        path.closeSubpath()
        return path

    return shape


def _cross(turned: bool) -> Callable[[QPointF, float], QPainterPath]:
    def shape(middle: QPointF, half: float) -> QPainterPath:
        arm, thick = half * 1.15, half * 0.42
        edge = [(-thick, -arm), (thick, -arm), (thick, -thick), (arm, -thick), (arm, thick), (thick, thick)]
        edge += [(-x, -y) for x, y in edge]
        if turned:
            edge = [((x - y) * 0.72, (x + y) * 0.72) for x, y in edge]
        path = QPainterPath()
        path.addPolygon(QPolygonF([middle + QPointF(x, y) for x, y in edge]))
        path.closeSubpath()
        return path

    return shape


_SHAPES: tuple[Callable[[QPointF, float], QPainterPath], ...] = (
    _circle,
    _square,
    _corners(3, 0.0, 1.25),
    _corners(4, 0.0, 1.25),
    _corners(3, 0.5, 1.25),
    _cross(turned=False),
    _corners(5, 0.0, 1.15),
    _cross(turned=True),
)


def width_of(font: QFont, text: str) -> float:
    """Pixels that *text* takes."""
    return QFontMetricsF(font).horizontalAdvance(text)


def height_of(font: QFont) -> float:
    """Pixels of a line of words."""
    return QFontMetricsF(font).height()


def wrapped_height(font: QFont, text: str, width: float) -> float:
    """Pixels of *text* in as many lines as it needs."""
    room = QRectF(0, 0, width, 10_000)
    return QFontMetricsF(font).boundingRect(room, int(Qt.TextFlag.TextWordWrap), text).height()
