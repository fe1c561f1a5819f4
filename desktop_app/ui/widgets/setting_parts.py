"""The switch, the list and the tabs of settings, drawn from the theme. The wheel never changes any of them."""

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QTabBar,
    QWidget,
)

from desktop_app.ui.theme import Theme

_TRACK = QSize(34, 20)
"""At the usual size of words, pixels."""


def chevron(painter: QPainter, centre: QPointF, colour: str) -> None:
    """Draw the arrow of a control that opens a list."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(colour), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPolyline([centre + QPointF(-4, -2), centre + QPointF(0, 2), centre + QPointF(4, -2)])


class CalmTabs(QTabBar):
    """Tabs that the wheel scrolls past; where they have no room, arrows at their end bring the others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideNone)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The page scrolls."""
        event.ignore()


class Switch(QCheckBox):
    """On or off, said in a word beside it."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._note = ""
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self._dress)

    def _dress(self) -> None:
        self.updateGeometry()
        self.update()

    def show_state(self, on: bool, note: str = "") -> None:
        """Show a state without telling anybody; *note* says where it comes from."""
        self._note = note
        self.blockSignals(True)
        self.setChecked(on)
        self.blockSignals(False)
        self.setAccessibleDescription(note)
        self.updateGeometry()
        self.update()

    def words(self) -> str:
        """What stands beside the switch."""
        state = "On" if self.isChecked() else "Off"
        return f"{state} ({self._note})" if self._note else state

    def hitButton(self, pos: QPoint) -> bool:
        """All of it can be pressed."""
        return True

    def sizeHint(self) -> QSize:
        """The track and the longest word."""
        width = self.fontMetrics().horizontalAdvance(f"Off ({self._note})" if self._note else "Off")
        grown = self._theme.grown
        return QSize(grown(_TRACK.width()) + 10 + width + 6, max(grown(28), self.fontMetrics().height()))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A track with a knob, and the word."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = self._theme.grown(_TRACK.width()), self._theme.grown(_TRACK.height())
        track, round_end = QRectF(2, (self.height() - height) / 2, width, height), height / 2
        on = self.isChecked()
        ring = self.property("kbd") is True
        painter.setPen(
            QPen(QColor(tokens.text if ring else tokens.accent if on else tokens.second), 2 if ring else 1.3)
        )
        painter.setBrush(QColor(tokens.accent if on else tokens.card))
        painter.drawRoundedRect(track, round_end, round_end)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.on_accent if on else tokens.second))
        middle = QPointF(track.right() - round_end if on else track.left() + round_end, track.center().y())
        painter.drawEllipse(middle, 0.6 * round_end, 0.6 * round_end)
        painter.setPen(QColor(tokens.text if self.isEnabled() else tokens.disabled))
        rest = self.rect().adjusted(width + 10, 0, 0, 0)
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, self.words())


class Choice(QComboBox):
    """One of a list. Opens by click, Space or arrow keys."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setAccessibleDescription("")
        self.setMaxVisibleItems(12)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def setAccessibleDescription(self, words: str) -> None:
        """Say *words* about it, and first what is chosen here: on Linux Qt gives out the choice as the name."""
        super().setAccessibleDescription(f"{self.accessibleName()}. {words}" if words else self.accessibleName())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The page scrolls; whoever scrolls past a setting does not mean to change it."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """With an arrow in the present colours."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.width() - 40
        option.currentText = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        chevron(painter, QPointF(self.width() - 16, self.height() / 2), self._theme.tokens.second)
