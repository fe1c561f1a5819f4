"""Marks on the time axis of a chart: gathered where they would overlap, each kind in a shape of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF

from desktop_app.domain.marks import Mark, MarkKind
from desktop_app.ui.widgets.chart_axis import Scale
from desktop_app.ui.widgets.chart_look import ChartLook

_MOST_WORDS = 6
"""Marks of a group that are told one by one."""
_TONES = {
    MarkKind.STARTED: "accent_text",
    MarkKind.READY: "good",
    MarkKind.STOPPED: "second",
    MarkKind.FAILED: "bad",
    MarkKind.OUT_OF_MEMORY: "bad",
    MarkKind.MODEL: "accent_text",
    MarkKind.ANSWER: "second",
    MarkKind.WARNING: "warn",
}
_WEIGHT = (
    MarkKind.ANSWER,
    MarkKind.MODEL,
    MarkKind.STARTED,
    MarkKind.STOPPED,
    MarkKind.READY,
    MarkKind.WARNING,
    MarkKind.FAILED,
    MarkKind.OUT_OF_MEMORY,
)
"""What a group looks like: as the last of these kinds that is in it."""


@dataclass(frozen=True)
class Group:
    """Marks that stand in the same place."""

    x: float
    marks: tuple[Mark, ...]

    @property
    def kind(self) -> MarkKind:
        """Of the weightiest."""
        return max((mark.kind for mark in self.marks), key=_WEIGHT.index)


def gathered(marks: Sequence[Mark], scale: Scale, apart: float) -> tuple[Group, ...]:
    """Marks in the window, from left to right; those less than *apart* pixels from the first of a group join it."""
    groups: list[Group] = []
    for mark in sorted(marks, key=lambda one: one.at):
        x = min(scale.x(mark.at), scale.plot.right())
        if x < scale.plot.left():
            continue
        if groups and x - groups[-1].x < apart:
            groups[-1] = Group(groups[-1].x, (*groups[-1].marks, mark))
        else:
            groups.append(Group(x, (mark,)))
    return tuple(groups)


def words_of(group: Group) -> str:
    """What happened, a line for each mark, the newest last; of very many only the newest."""
    told = [mark.words for mark in group.marks[-_MOST_WORDS:]]
    before = len(group.marks) - len(told)
    return "\n".join([f"{before} more before", *told] if before else told)


def paint_hairs(painter: QPainter, groups: Sequence[Group], plot: QRectF, look: ChartLook) -> None:
    """A hair through the plot for whatever is more than an answer."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(look.line, 1, Qt.PenStyle.DotLine))
    for group in groups:
        if group.kind is not MarkKind.ANSWER:
            painter.drawLine(QPointF(group.x, plot.top()), QPointF(group.x, plot.bottom()))


def paint_marks(painter: QPainter, groups: Sequence[Group], lane: QRectF, look: ChartLook) -> None:
    """A shape in the lane for each group, with a line below it when it stands for several."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    size = lane.height() * 0.55
    for group in groups:
        colour = look.tones[_TONES[group.kind]]
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour if group.kind in _FILLED else look.card)
        painter.drawPath(shape(group.kind, QPointF(group.x, lane.center().y()), size))
        if len(group.marks) > 1:
            under = lane.bottom() - 0.5
            painter.drawLine(QPointF(group.x - size / 2, under), QPointF(group.x + size / 2, under))


_FILLED = frozenset({MarkKind.READY, MarkKind.STOPPED, MarkKind.OUT_OF_MEMORY, MarkKind.ANSWER, MarkKind.WARNING})


def shape(kind: MarkKind, middle: QPointF, size: float) -> QPainterPath:
    """What a mark of *kind* looks like around *middle*."""
    half, path = size / 2, QPainterPath()
    if kind is MarkKind.ANSWER:
        path.addEllipse(middle, half * 0.5, half * 0.5)
    elif kind is MarkKind.STOPPED:
        path.addRect(QRectF(middle.x() - half * 0.8, middle.y() - half * 0.8, half * 1.6, half * 1.6))
    elif kind is MarkKind.FAILED:
        for end in (QPointF(half * 0.85, half * 0.85), QPointF(half * 0.85, -half * 0.85)):
            path.moveTo(middle - end)
            path.lineTo(middle + end)
    else:
        path.addPolygon(QPolygonF([middle + QPointF(x, y) * half for x, y in _CORNERS[kind]]))
        path.closeSubpath()
    return path


_CORNERS = {
    MarkKind.STARTED: ((-0.8, -1.0), (1.0, 0.0), (-0.8, 1.0)),
    MarkKind.READY: ((-0.8, -1.0), (1.0, 0.0), (-0.8, 1.0)),
    MarkKind.MODEL: ((0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)),
    MarkKind.WARNING: ((0.0, -1.0), (1.0, 0.85), (-1.0, 0.85)),
    MarkKind.OUT_OF_MEMORY: (
        (-0.45, -1.0),
        (0.45, -1.0),
        (1.0, -0.45),
        (1.0, 0.45),
        (0.45, 1.0),
        (-0.45, 1.0),
        (-1.0, 0.45),
        (-1.0, -0.45),
    ),
}
