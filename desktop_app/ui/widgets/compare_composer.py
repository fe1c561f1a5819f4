"""Where the columns of a comparison are asked: all of them together, or each by itself.

`pages.compare` owns one, puts it below `CompareColumns` and has that show the small fields (`CompareColumns.host`): in
the second way each stands below its column. What was written in either way is kept when the other one is chosen.
"""

from enum import Enum

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.experiment import MIN_COLUMNS
from desktop_app.services.compare_view import CompareState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, button, card, set_property
from desktop_app.ui.widgets.compare_fields import ColumnField, PromptField
from desktop_app.ui.widgets.compare_words import named
from desktop_app.ui.widgets.composer_look import composer_sheet

_FONT = 11
_SHEET = """
QPushButton[role="segment"] {{
    background: transparent; border: 1px solid {line}; color: {second}; padding: 0 12px; min-height: 26px;
    font-size: 9.5pt; font-weight: 400;
}}
QPushButton[role="segment"][side="left"] {{
    border-top-right-radius: 0; border-bottom-right-radius: 0; border-right-width: 0;
}}
QPushButton[role="segment"][side="right"] {{ border-top-left-radius: 0; border-bottom-left-radius: 0; }}
QPushButton[role="segment"]:hover {{ background: {hover}; }}
QPushButton[role="segment"]:checked {{ background: {accent_soft}; color: {text}; font-weight: 600; }}
QPushButton[role="segment"][kbd="true"] {{ border: 1px solid {accent_text}; }}
"""
_FOR_ALL = 0
"""In the place of a column's id."""
_NUMBERS = {2: "both", 3: "all three", 4: "all four", 5: "all five", 6: "all six"}


class Asking(Enum):
    """Who is asked. The value is what people read."""

    ALL = "One for all"
    EACH = "One each"


class CompareComposer(QWidget):
    """One field for all columns, or a line that says where the fields are; a switch between the two; Send, or Stop."""

    sent = Signal(str, object)
    """A question, and the only column that is asked it; None for all."""
    stop_clicked = Signal()
    asking_changed = Signal(object)
    """An `Asking`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = CompareState()
        self._asking = Asking.ALL
        self._refused = ""
        self._written: dict[tuple[int, int], str] = {}
        """What stands in the small fields, by experiment and column; what stands in the large one, under `_FOR_ALL`."""
        self._fields: dict[int, ColumnField] = {}
        self._frame = card("composer")
        self._field = PromptField()
        self._ways = QButtonGroup(self)
        self._hint = ElidedLabel(role="small")
        self._stop = button("Stop", self._on_stop_clicked)
        self._button = IconButton(theme, "send", "Send", self._on_sent)
        self._button.setProperty("role", "send")
        self._row = QHBoxLayout()
        self._build()
        self.setFocusProxy(self._field)
        self._field.installEventFilter(self)
        self._field.enter_pressed.connect(self._on_sent)
        self._field.textChanged.connect(self._on_changed)
        self._field.refused.connect(self._on_refused)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def asking(self) -> Asking:
        """Who is asked at the moment."""
        return self._asking

    def show_state(self, state: CompareState) -> None:
        """Say who can be asked, and whether an answer is being written."""
        before, self._state = self._experiment, state
        if self._experiment != before:
            self._written[before, _FOR_ALL] = self.text()
            self.set_text(self._written.pop((self._experiment, _FOR_ALL), ""))
        self._draw()

    def put_back(self, experiment: int, column: int | None, text: str) -> None:
        """A question could not be kept: it stands in its field again, unless another one is being written there."""
        if column is not None:
            key = (experiment, column)
            self._written[key] = self._written.get(key) or text
            if experiment == self._experiment and (field := self._fields.get(column)) is not None:
                field.put_back(text)
        elif experiment != self._experiment:
            self._written[experiment, _FOR_ALL] = self._written.get((experiment, _FOR_ALL)) or text
        elif not self._field.question():
            self.set_text(text)

    def set_asking(self, asking: Asking) -> None:
        """Ask all columns together, or each by itself. What is written goes along and comes back."""
        if asking is self._asking:
            return
        self._asking = asking
        if asking is Asking.EACH:
            self._hand_out()
        else:
            self._take_back()
        for one in self._ways.buttons():
            with QSignalBlocker(one):
                one.setChecked(one.text() == asking.value)
        self._field.setVisible(asking is Asking.ALL)
        self._draw()
        self.asking_changed.emit(asking)

    def field(self, experiment: int, column: int, parent: QWidget) -> ColumnField:
        """A field that asks one column, with what was written in it before."""
        key = (experiment, column)
        made = ColumnField(self._theme, self._written.get(key, ""), parent)
        made.sent.connect(lambda text: self.sent.emit(text, column))
        made.text_changed.connect(lambda text: self._on_field_changed(key, text))
        made.refused.connect(self._on_refused)
        self._fields[column] = made
        self._draw()
        return made

    def forget_fields(self) -> None:
        """The small fields are going away; what is written in them is kept."""
        self._fields.clear()

    def take_focus(self) -> None:
        """Put the keyboard where the next question is written."""
        fields = (*self._fields.values(), self._field)
        fields[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def text(self) -> str:
        """What is written for all."""
        return self._field.toPlainText()

    def set_text(self, text: str) -> None:
        """Put *text* into the field for all, with the cursor at its end."""
        self._field.setPlainText(text)
        self._field.moveCursor(QTextCursor.MoveOperation.End)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Focus shows on the frame."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            set_property(self._frame, "focused", event.type() is QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    @property
    def _experiment(self) -> int:
        return self._state.experiment.id if self._state.experiment else 0

    @property
    def _running(self) -> bool:
        return self._state.run is not None

    @property
    def _can_send(self) -> bool:
        return not self._running and len(self._state.columns) >= MIN_COLUMNS

    def _hand_out(self) -> None:
        """Every empty field begins with what was written for all."""
        for one in self._state.columns:
            key = (self._experiment, one.column.id)
            self._written[key] = self._written.get(key) or self.text()

    def _take_back(self) -> None:
        """Copies that nobody changed are not kept twice."""
        self._written = {key: text for key, text in self._written.items() if text and text != self.text()}

    def _on_sent(self) -> None:
        text = self._field.question()
        if text and self._can_send:
            self._field.clear()
            # The button is about to give way to Stop.
            self._field.setFocus(Qt.FocusReason.OtherFocusReason)
            self.sent.emit(text, None)

    def _on_stop_clicked(self) -> None:
        self.take_focus()
        self.stop_clicked.emit()

    def _on_field_changed(self, key: tuple[int, int], text: str) -> None:
        self._written[key] = text
        self._on_changed()

    def _on_changed(self) -> None:
        self._refused = ""
        self._draw()

    def _on_refused(self, words: str) -> None:
        self._refused = words
        self._draw()

    def _on_way_toggled(self, pressed: bool, asking: Asking) -> None:
        if pressed:
            self.set_asking(asking)

    def _draw(self) -> None:
        self._field.show_placeholder(self._placeholder())
        able = self._can_send and bool(self._field.question())
        self._button.setEnabled(able)
        colour = self._theme.tokens.on_accent if able else self._theme.tokens.disabled
        self._button.setIcon(self._theme.icon("send", colour))
        self._button.setVisible(self._asking is Asking.ALL and not self._running)
        self._stop.setVisible(self._running)
        self._stop.setEnabled(not (self._state.run and self._state.run.stopping))
        words = self._words()
        self._hint.setText(words)
        self._field.setAccessibleDescription(words)
        for place, shown in enumerate(self._state.columns):
            if field := self._fields.get(shown.column.id):
                field.show_state(named(place, shown.title, self._state.hidden), self._can_send)

    def _placeholder(self) -> str:
        count = len(self._state.columns)
        return f"Ask {_NUMBERS.get(count, 'all')} columns…" if count else "Ask all columns…"

    def _words(self) -> str:
        """What a person has to know now."""
        if self._refused:
            return self._refused
        if self._running:
            return "The next question can be sent when these answers have ended · Esc stops"
        if not self._can_send:
            return "A comparison needs two columns"
        where = "Write below each column · " if self._asking is Asking.EACH else ""
        return f"{where}Enter sends · Shift+Enter for a new line"

    def _dress(self) -> None:
        self._field.setFont(self._theme.body_font(_FONT))
        tokens = self._theme.tokens
        self._frame.setStyleSheet(self._theme.sheet(composer_sheet(tokens) + _SHEET.format(**vars(tokens))))
        self._stop.setIcon(self._theme.icon("stop", tokens.bad))
        self._field.fit_height()
        self._draw()

    def _way(self, asking: Asking, side: str) -> QPushButton:
        made = button(asking.value, lambda: None, "segment")
        made.setProperty("side", side)
        made.setCheckable(True)
        made.setChecked(asking is self._asking)
        # Not `clicked`: a screen reader toggles buttons that can be down.
        made.toggled.connect(lambda pressed: self._on_way_toggled(pressed, asking))
        self._ways.addButton(made)
        return made

    def _build(self) -> None:
        self._field.setAccessibleName("Message to all columns")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        ways = QHBoxLayout()
        ways.setSpacing(0)
        ways.addWidget(self._way(Asking.ALL, "left"))
        ways.addWidget(self._way(Asking.EACH, "right"))
        self._row.setSpacing(8)
        self._row.addLayout(ways)
        self._row.addWidget(self._hint, 1)
        self._row.addWidget(self._stop)
        self._row.addWidget(self._button)
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(12, 8, 10, 8)
        inside.setSpacing(6)
        inside.addWidget(self._field)
        inside.addLayout(self._row)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)
