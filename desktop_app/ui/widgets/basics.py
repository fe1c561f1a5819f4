"""Small building blocks: labels, buttons and cards with a role that the style sheet knows; bars and mixed colours."""

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QToolButton, QWidget

from desktop_app.ui.theme import Theme

_NAME_LENGTH = 32
"""Characters; the engine's bar has the whole name in its tooltip."""


def tip(text: str) -> str:
    """*text* as a tooltip that shows it as it is: Qt takes what looks like HTML for HTML, pictures included."""
    return f"<qt>{escape(text)}</qt>" if text else ""


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at, and have the widget styled again."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def label(text: str = "", role: str = "", wrap: bool = False) -> QLabel:
    """A label that shows plain text and nothing else; what it shows can be selected when it wraps."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if wrap:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        made.setMinimumWidth(0)
    if role:
        made.setProperty("role", role)
    return made


def plain(text: str) -> str:
    """*text* for a button that shows it as it is: Qt would take an `&` for a mark of the key that presses it."""
    return text.replace("&", "&&")


def button(text: str, clicked: Callable[[], object], role: str = "") -> QPushButton:
    """A push button. Its text is its accessible name."""
    made = QPushButton(plain(text))
    made.setAccessibleName(text)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    # An object that a slot returns must not reach Qt; and `clicked` carries a bool that nobody wants.
    made.clicked.connect(lambda: (clicked(), None)[1])
    if role:
        made.setProperty("role", role)
    return made


def short_name(name: str) -> str:
    """A model's name for a button or a headline; a long one without its middle, for families differ at the end."""
    half = _NAME_LENGTH // 2
    return name if len(name) <= _NAME_LENGTH else f"{name[: half - 1]}…{name[-half:]}"


class IconButton(QToolButton):
    """A tool button with one of our icons, of *pixels*; *name* is its tooltip and its accessible name."""

    def __init__(
        self, theme: Theme, icon: str, name: str, clicked: Callable[[], object] | None = None, pixels: int = 18
    ) -> None:
        super().__init__()
        self._theme = theme
        self._icon_name = icon
        self._pixels = pixels
        self.setToolTip(name)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # A bound method of a QObject is disconnected when the object goes; a function would outlive it.
        theme.changed.connect(self.draw)
        self.draw()
        if clicked is not None:
            self.clicked.connect(lambda: (clicked(), None)[1])

    def draw(self) -> None:
        """Take the icon in the present colours, as large as words want it."""
        self.setIconSize(self._theme.icon_size(self._pixels))
        self.setIcon(self._theme.icon(self._icon_name))


def card(role: str = "card") -> QFrame:
    """A framed surface."""
    made = QFrame()
    made.setProperty("role", role)
    made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return made


def surface(role: str) -> QWidget:
    """A plain widget whose background the style sheet paints."""
    made = QWidget()
    made.setProperty("role", role)
    made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return made


def mixed(front: QColor, back: QColor, share: float) -> QColor:
    """*share* of *front* on *back*, opaque."""
    return QColor.fromRgbF(
        front.redF() * share + back.redF() * (1 - share),
        front.greenF() * share + back.greenF() * (1 - share),
        front.blueF() * share + back.blueF() * (1 - share),
    )


def paint_bar(painter: QPainter, room: QRectF, share: float, empty: QColor, full: QColor) -> None:
    """A bar with round ends in *room*, of which *share*, 0…1, is *full*."""
    half = room.height() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(empty)
    painter.drawRoundedRect(room, half, half)
    if share > 0:
        # Below its own height a rounded bar would not look like one.
        width = max(room.height(), min(1.0, share) * room.width())
        painter.setBrush(full)
        painter.drawRoundedRect(QRectF(room.x(), room.y(), width, room.height()), half, half)


class Scrolled(QScrollArea):
    """A page that scrolls where the window is too low for it. The keyboard moves among what is inside, not to it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)


class ElidedLabel(QLabel):
    """A line of text that ends in … where the room ends; the whole text is its tooltip."""

    def __init__(self, text: str = "", role: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show *text*."""
        super().setText(text)
        self.setToolTip(tip(text))

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        metrics = QFontMetrics(self.font())
        room = self.contentsRect()
        text = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)
