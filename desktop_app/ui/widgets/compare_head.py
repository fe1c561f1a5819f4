"""The head of a column: its letter, whose answers stand below, how its settings differ, what its engine does.

`compare_column` owns one and says what it shows.
"""

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from desktop_app.domain.experiment import Cell
from desktop_app.services.compare_view import ColumnState, GoingOn
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, button, card, label, plain, set_property, tip
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.message_actions import MessageAction
from desktop_app.ui.widgets.message_answer import Avatar

_SHEET = """
QPushButton[role="column"] {{ padding: 0 8px; min-height: 28px; font-size: 10pt; font-weight: 600; text-align: left; }}
QPushButton[role="column"]:disabled {{ color: {text}; border-color: transparent; }}
QLabel[role="small"] {{ color: {second}; font-size: 9.5pt; }}
QLabel[role="small"][tone="bad"] {{ color: {bad}; font-weight: 600; }}
"""
_SIDE = 24
"""Of the square with the letter, pixels."""
_CHIP_PADDING = 18
"""Pixels of the button around its words."""
_LEAST_CHIP = 60


class NameChip(QPushButton):
    """A button with a model's name, without its middle where the room ends: families differ at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "column")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """It gives way before anything else."""
        return QSize(_LEAST_CHIP, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style draws it, with what fits of the name."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - _CHIP_PADDING
        name = self.text().replace("&&", "&")  # as it is read
        option.text = plain(self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room))
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


class ColumnHead(QWidget):
    """Letter, name, menu and × in a row; settings and state below, a line each."""

    edit_asked = Signal()
    again_asked = Signal()
    continue_asked = Signal()
    go_on_asked = Signal(bool)
    """Whether all columns shall go on from its newest answer, or each from its own again."""
    details_asked = Signal()
    remove_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._hidden = False
        self._cell: Cell | None = None
        self._going_on = GoingOn()
        self._letter = Avatar(theme, "", self)
        self._chip = NameChip()
        self._chip.clicked.connect(self.edit_asked)
        self._more = IconButton(theme, "more", "More", self._show_menu)
        self._close = IconButton(theme, "close", "Remove", self.remove_asked.emit)
        self._settings = ElidedLabel(role="small")
        self._sign = QLabel()
        self._state = ElidedLabel(role="small")
        self._build()
        theme.changed.connect(self._dress)
        self._dress()

    def show_state(self, letter: str, shown: ColumnState, hidden: bool, removable: bool, cell: Cell | None) -> None:
        """Show whose answers these are; *cell* is the last one that ended."""
        self._hidden, self._cell = hidden, cell
        self._going_on = (shown.going_on.get(cell.id) if cell else None) or GoingOn()
        self._letter.show_name(letter)
        # The line below says the settings; what was added to tell two apart would only be cut here.
        self._chip.setText(plain(shown.title.removesuffix(f" ({shown.settings})")))
        self._chip.setEnabled(not hidden)
        whole = shown.title if hidden else f"{letter}: {shown.title}"
        self._chip.setAccessibleName(whole if hidden else f"Change column {whole}")
        self._chip.setToolTip(tip(whole if hidden else f"{shown.title}. Press to change the column."))
        for one, words in ((self._more, "More about column"), (self._close, "Remove column")):
            one.setAccessibleName(f"{words} {whole}")
        self._close.setToolTip("Remove this column" if removable else "A comparison needs two columns")
        self._close.setEnabled(removable)
        self._line(self._settings, shown.settings, f"Settings: {shown.settings}")
        words = "Failed" if shown.failure else shown.words
        self._line(self._state, words, f"State: {words}")
        set_property(self._state, "tone", "bad" if shown.failure else "")
        self._sign.setVisible(bool(shown.failure))

    def stops(self) -> list[QWidget]:
        """Where the Tab key stops, in order."""
        return [self._chip, self._more, self._close]

    def _line(self, line: ElidedLabel, words: str, spoken: str) -> None:
        if words != line.text():
            line.setText(words)
            line.setAccessibleName(spoken)
        line.setVisible(bool(words))

    def _show_menu(self) -> None:
        """What can be done with the column, and with its newest answer."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ended = self._cell is not None
        said = self._cell is not None and bool(self._cell.answer.text)
        if not self._hidden:
            self._add(menu, "pencil", "Change the column…", self.edit_asked, True)
        self._add(menu, "refresh", "Ask again", self.again_asked, ended)
        if self._going_on.can_mark:
            self._add_choice(menu, "go-on", "Have all go on from its answer", True)
        if self._going_on.can_undo:
            self._add_choice(menu, "undo", MessageAction.GO_ON_APART.value, False)
        if not self._hidden:
            self._add(menu, "chat", "Continue in a chat", self.continue_asked, said)
            self._add(menu, "info", "All details", self.details_asked, ended)
        menu.addSeparator()
        self._add(menu, "trash", "Remove the column", self.remove_asked, self._close.isEnabled())
        menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _add_choice(self, menu: QMenu, icon: str, words: str, carried: bool) -> None:
        entry = menu.addAction(self._theme.icon(icon), words)
        entry.triggered.connect(lambda: self.go_on_asked.emit(carried))

    def _add(self, menu: QMenu, icon: str, words: str, asked: SignalInstance, enabled: bool) -> None:
        entry = menu.addAction(self._theme.icon(icon), words)
        entry.triggered.connect(asked)
        entry.setEnabled(enabled)

    def _dress(self) -> None:
        side = self._theme.grown(_SIDE)
        self._letter.setFixedSize(side, side)
        self.setStyleSheet(self._theme.sheet(_SHEET.format(**vars(self._theme.tokens))))
        self._sign.setPixmap(self._theme.icon("warning", self._theme.tokens.bad).pixmap(self._theme.icon_size(15)))

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._letter)
        row.addSpacing(8)
        row.addWidget(self._chip, 1)
        row.addStretch()
        row.addWidget(self._more)
        row.addWidget(self._close)
        state = QHBoxLayout()
        state.setSpacing(6)
        state.addWidget(self._sign)
        state.addWidget(self._state, 1)
        self.setProperty("role", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 4, 8)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._settings)
        column.addLayout(state)
        column.addStretch()


class FailureNote(QWidget):
    """Why a column has no more answers, and what can be done about it."""

    again_asked = Signal()
    edit_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("failure")
        self.setAccessibleName("Failure of this column")
        self._frame = card("notice")
        set_property(self._frame, "tone", "bad")
        self._words = label(wrap=True)
        self._again = button("Ask again", self.again_asked.emit)
        self._edit = button("Change the column", self.edit_asked.emit)
        buttons = Flow()
        for one in (self._again, self._edit):
            buttons.addWidget(one)
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(12, 10, 12, 10)
        inside.addWidget(self._words)
        inside.addLayout(buttons)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(12, 8, 12, 4)
        outside.addWidget(self._frame)
        self.hide()

    def show_words(self, words: str, can_ask: bool, can_edit: bool) -> None:
        """Say *words*; empty for nothing."""
        self.setVisible(bool(words))
        if words != self._words.text():
            self._words.setText(words)
            self.setAccessibleDescription(words)
        self._again.setVisible(can_ask)
        self._edit.setVisible(can_edit)

    def stops(self) -> list[QWidget]:
        """Where the Tab key stops, in order."""
        return [self._again, self._edit]
