"""A slider and a counter in the program's looks, for the wish that a fit is reckoned with."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QSpinBox, QStyle, QStyleOptionSpinBox, QWidget

from desktop_app.ui.theme import Theme

_HEIGHT = 26
_KNOB = 8.0
"""Its radius."""
_GROOVE = 4
_ARROWS = 22
"""Width of the counter's buttons."""

_SHEET = """
QSpinBox {{
    background: {card}; border: 1px solid {line}; border-radius: 8px; padding: 0 {arrows}px 0 0; min-height: 30px;
    selection-background-color: {accent}; selection-color: {on_accent};
}}
QSpinBox:focus {{ border-color: {accent_text}; }}
QSpinBox QLineEdit {{ background: transparent; border: 0; padding: 0; min-height: 0; }}
QSpinBox::up-button, QSpinBox::down-button {{
    subcontrol-origin: border; width: {arrows}px; border: 0; background: transparent;
}}
QSpinBox::up-button {{ subcontrol-position: top right; }}
QSpinBox::down-button {{ subcontrol-position: bottom right; }}
QSpinBox::up-arrow, QSpinBox::down-arrow {{ image: none; width: 0; height: 0; }}
"""


class CalmSlider(QSlider):
    """A slider of a few steps that shows how far there is room; the wheel scrolls the page instead."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self._room: int | None = None
        self.setAccessibleName(name)
        self.setFixedHeight(_HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self.update)

    def show_room(self, step: int | None) -> None:
        """Up to *step* there is room; None when that is not known."""
        if step != self._room:
            self._room = step
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The page scrolls; whoever scrolls past does not mean to change it."""
        event.ignore()

    def event(self, event: QEvent) -> bool:
        """The ring of the keyboard's focus is drawn by hand, so it has to be drawn again with it."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut, QEvent.Type.DynamicPropertyChange):
            self.update()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A groove, filled up to the knob; a tick where the room ends."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, knob = self.height() / 2, self._place(self.sliderPosition())
        groove = QRectF(0, middle - _GROOVE / 2, self.width(), _GROOVE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.hover))
        painter.drawRoundedRect(groove, 2, 2)
        painter.setBrush(QColor(tokens.accent))
        painter.drawRoundedRect(QRectF(0, groove.top(), knob, _GROOVE), 2, 2)
        if self._room is not None and self._room < self.maximum():
            end = self._place(self._room) + 0.5 * self._step()
            painter.setBrush(QColor(tokens.second))
            painter.drawRect(QRectF(end - 1, middle - 6, 2, 12))
        ring = self.property("kbd") is True
        painter.setBrush(QColor(tokens.background))
        painter.setPen(QPen(QColor(tokens.text if ring else tokens.accent_text), 3 if ring else 2.2))
        painter.drawEllipse(QPointF(knob, middle), _KNOB - 1, _KNOB - 1)

    def _step(self) -> float:
        return (self.width() - 2 * _KNOB) / max(1, self.maximum() - self.minimum())

    def _place(self, value: int) -> float:
        """Where the knob's centre is for *value*; Fusion's own handle is as wide, so clicks meet it."""
        return _KNOB + (value - self.minimum()) * self._step()


class Counter(QSpinBox):
    """A small whole number with its unit; the wheel scrolls the page instead."""

    def __init__(self, theme: Theme, name: str, lowest: int, highest: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setRange(lowest, highest)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # The style sheet's own padding does not reach the field inside.
        self.lineEdit().setTextMargins(8, 0, 0, 0)
        theme.changed.connect(self._dress)
        self._dress()

    def textFromValue(self, value: int) -> str:
        """The number alone."""
        return str(value)

    def sizeHint(self) -> QSize:
        """Two digits and the buttons."""
        return QSize(self.fontMetrics().horizontalAdvance("88") + _ARROWS + 32, self._theme.grown(32))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The page scrolls."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """With arrows in the present colours."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        for which, up, at_end in (
            (QStyle.SubControl.SC_SpinBoxUp, -1, self.value() >= self.maximum()),
            (QStyle.SubControl.SC_SpinBoxDown, 1, self.value() <= self.minimum()),
        ):
            place = self.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, which, self)
            centre = QRectF(place).center() + QPointF(-2, -0.5 * up)
            colour = self._theme.tokens.disabled if at_end else self._theme.tokens.second
            painter.setPen(QPen(QColor(colour), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline([centre + QPointF(x, y * up) for x, y in ((-3.5, -1.7), (0, 1.7), (3.5, -1.7))])

    def _dress(self) -> None:
        self.setStyleSheet(self._theme.sheet(_SHEET.format(arrows=_ARROWS, **vars(self._theme.tokens))))
        self.updateGeometry()
