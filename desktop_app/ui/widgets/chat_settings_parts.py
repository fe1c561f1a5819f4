"""Parts of the panel with the settings of a chat: a text that grows, a fold, a list of a few choices, a switch."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, set_property
from desktop_app.ui.widgets.setting_parts import Choice, Switch

PAUSE_MS = 400
"""How long nobody types before what stands there is taken."""
INDENT = 10
"""Logical pixels between the edge and every part; the bar of what is chosen stands there."""
_FOLD_SIDES = 44
"""Logical pixels of a fold's headline that its words do not take."""
_FRAME = 18
"""Logical pixels that a text's frame and margins take of its height."""


def indented(part: QWidget) -> QVBoxLayout:
    """*part* below the titles of others. Margins of a label would not do: they are the style sheet's business."""
    made = QVBoxLayout()
    made.setContentsMargins(INDENT, 0, 0, 0)
    made.addWidget(part)
    return made


def words(text: str = "", role: str = "small") -> QLabel:
    """A text that is broken where the panel ends; one long word must not make it wider."""
    made = label(text, role, wrap=True)
    made.setMinimumWidth(1)
    return made


class GrowingText(QPlainTextEdit):
    """A text of a few lines that grows with them; says what stands there when nobody types for a moment, or leaves.

    Args:
        name: for a screen reader.
        lines: how many lines it shows at least and at most.
        limit: characters; what is more is cut off.
        parent: the widget that it stands in.
    """

    taken = Signal(str)

    def __init__(self, name: str, lines: tuple[int, int], limit: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = lines
        self._limit = limit
        self._shown = ""
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.take)
        self.setAccessibleName(name)
        self.setProperty("role", "entry")
        self.setTabChangesFocus(True)
        # It knows how high it is: a form must not share out around it what the page has left.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self._on_changed)
        self._fit()

    def show_text(self, text: str) -> None:
        """Show *text*; forget what was written and not taken. The cursor stays where nothing is different."""
        self._pause.stop()
        self._shown = text
        if text != self.toPlainText():
            self.setPlainText(text)
            self._pause.stop()

    def take(self) -> None:
        """Say what stands there, if it has not been said."""
        self._pause.stop()
        text = self.toPlainText()[: self._limit]
        if text != self._shown:
            self._shown = text
            self.taken.emit(text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Whoever leaves has finished."""
        super().focusOutEvent(event)
        self.take()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width breaks other lines."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Another font has other lines."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit()

    def _on_changed(self) -> None:
        self._pause.start()
        self._fit()

    def _fit(self) -> None:
        least, most = self._lines
        lines = min(most, max(least, int(self.document().size().height())))
        scroll = Qt.ScrollBarPolicy.ScrollBarAsNeeded if lines == most else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(scroll)
        height = self.fontMetrics().lineSpacing() * lines + _FRAME
        if height != self.height():
            self.setFixedHeight(height)


class FoldButton(QPushButton):
    """Opens and folds a part; says how much is set in it."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._theme = theme
        self._title = title
        self._count = 0
        self.setProperty("role", "fold")
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(self._say)
        theme.changed.connect(self.update)
        self._say()

    def show_count(self, count: int) -> None:
        """Say how many values in it are set."""
        self._count = count
        self._say()
        self.update()

    def count_words(self) -> str:
        """What stands at the right end."""
        return f"{self._count} set" if self._count else ""

    def minimumSizeHint(self) -> QSize:
        """Hardly any width: what has no room is left out."""
        return QSize(_FOLD_SIDES, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """With an arrow that points down when it is open, and the count."""
        tokens, metrics = self._theme.tokens, self.fontMetrics()
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - _FOLD_SIDES - metrics.horizontalAdvance(self.count_words())
        option.text = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, room)
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.setRenderHint(QStylePainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.second), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        centre = QPointF(13, self.height() / 2)
        ends = ((-4, -2), (0, 2), (4, -2)) if self.isChecked() else ((-2, -4), (2, 0), (-2, 4))
        painter.drawPolyline([centre + QPointF(x, y) for x, y in ends])
        painter.setPen(QColor(tokens.accent_text))
        painter.drawText(
            self.rect().adjusted(0, 0, -10, 0),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            self.count_words(),
        )

    def _say(self) -> None:
        state = "open" if self.isChecked() else "folded"
        self.setAccessibleName(self._title)
        self.setAccessibleDescription(", ".join(part for part in (self.count_words(), state) if part))


class Fold(QWidget):
    """A headline, and below it what is shown once somebody opens it."""

    def __init__(self, theme: Theme, title: str, parts: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head = FoldButton(theme, title)
        self._inside = QWidget()
        self._inside.hide()
        self.head.toggled.connect(self._inside.setVisible)
        inside = QVBoxLayout(self._inside)
        inside.setContentsMargins(0, 4, 0, 8)
        inside.setSpacing(16)
        for part in parts:
            inside.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self._inside)


class Titled(QWidget):
    """A title, a control below it, a sentence, and what is wrong."""

    def __init__(self, title: str, control: QWidget, sentence: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._control = control
        self._title = words(title, "strong")
        self._sentence = words()
        self._wrong = words()
        set_property(self._wrong, "tone", "bad")
        column = QVBoxLayout(self)
        column.setContentsMargins(INDENT, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self._title)
        column.addWidget(control)
        column.addWidget(self._wrong)
        column.addWidget(self._sentence)
        self.show_sentence(sentence)
        self.show_problem("")

    def show_title(self, title: str) -> None:
        """Say what it is called."""
        self._title.setText(title)

    def show_sentence(self, sentence: str) -> None:
        """Say what it does."""
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        self._control.setAccessibleDescription(sentence)

    @property
    def problem(self) -> str:
        """Why what stands there is not taken; empty when it is."""
        return self._wrong.text()

    def show_problem(self, problem: str) -> None:
        """Say why what stands there is not taken; empty when it is."""
        self._wrong.setText(problem)
        self._wrong.setVisible(bool(problem))
        set_property(self._control, "tone", "bad" if problem else "")
        self._control.setAccessibleDescription(problem or self._sentence.text())


class FewChoices(Choice):
    """One of a few values, each with its words."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, name: str, values: Sequence[tuple[str, object]]) -> None:
        super().__init__(theme, name)
        for name_of_it, value in values:
            self.addItem(name_of_it, value)
        self._values = [value for _, value in values]
        self.activated.connect(lambda index: self.chosen.emit(self._values[index]))

    def show_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        self.setCurrentIndex(self._values.index(value))


class SwitchRow(QWidget):
    """A title and a sentence, on or off, and the way back where it was chosen.

    Args:
        theme: colours.
        title: what it is called.
        sentence: what it does.
        back: whether there is a third state: not chosen.
    """

    chosen = Signal(object)
    """True or False; None for not chosen."""

    def __init__(self, theme: Theme, title: str, sentence: str, back: bool = False) -> None:
        super().__init__()
        self._switch = Switch(theme, title)
        self._switch.setAccessibleDescription(sentence)
        self._switch.toggled.connect(self.chosen.emit)
        self._back = button("", self._on_back_clicked, "inline")
        self._back.hide()
        self._has_back = back
        column = QVBoxLayout(self)
        column.setContentsMargins(INDENT, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(words(title, "strong"))
        column.addWidget(self._switch)
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(words(sentence))

    def show_value(self, value: bool | None, own: bool = False) -> None:
        """Show whether it is on; *own* is what holds when it is not chosen."""
        self._switch.show_state(own if value is None else value, "usual" if self._has_back and value is None else "")
        self._back.setVisible(self._has_back and value is not None)
        back = f"Back to usual: {'on' if own else 'off'}"
        self._back.setText(back)
        self._back.setAccessibleName(f"{self._switch.accessibleName()}: {back}")

    def _on_back_clicked(self) -> None:
        self._switch.setFocus(Qt.FocusReason.OtherFocusReason)
        self.chosen.emit(None)
