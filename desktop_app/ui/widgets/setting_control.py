"""The control with which one setting is changed, by its kind: a switch, a list, an entry."""

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from desktop_app.domain.flags import LEFT_TO_VLLM, Field, FieldKind
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import plain, set_property
from desktop_app.ui.widgets.setting_parts import Choice, Switch, chevron
from desktop_app.ui.widgets.setting_values import (
    baseline,
    baseline_words,
    effective,
    is_on,
    left_words,
    problem,
    range_words,
    stepped,
)

_PAUSE_MS = 400
"""How long nobody types before what stands there is taken: long enough for a number, short enough to be live."""


class Entry(QLineEdit):
    """A line of text that stands for a value; up and down count a number."""

    def __init__(self, theme: Theme, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.setAccessibleName(field.title)
        if field.kind in (FieldKind.JSON, FieldKind.FILE):
            self.setFont(theme.mono_font(9))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Count by arrow keys, tens with Shift."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        if not step or self.field.kind is not FieldKind.NUMBER:
            super().keyPressEvent(event)
            return
        many = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        text = stepped(self.field, self.text() or str(effective(self.field)), step * (10 if many else 1))
        if text != self.text():
            self.setText(text)
            self.textEdited.emit(text)


class SettingControl(QWidget):
    """The control of one setting, by its kind; says what a person chose."""

    chosen = Signal(object)
    """A text, True or False; None for: as preset and vLLM say."""
    problem_changed = Signal(str)
    """Why what stands there is not taken; empty when it is."""

    def __init__(self, theme: Theme, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._field = field
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._switch: Switch | None = None
        self._choice: Choice | None = None
        self._entry: Entry | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._take)
        self.stops: list[QWidget] = []
        if field.kind is FieldKind.SWITCH:
            self._build_switch()
        elif field.kind is FieldKind.CHOICE:
            self._build_choice()
        else:
            self._build_entry()
        self.setFocusProxy(self.stops[0])
        self.show_field(field)

    def show_field(self, field: Field) -> None:
        """Show the value of *field*; what somebody is just writing stays."""
        self._field = field
        if self._switch is not None:
            self._switch.show_state(is_on(effective(field)), "" if field.value is not None else _origin(field))
        elif self._choice is not None:
            self._show_choice(self._choice)
        elif self._entry is not None:
            self._show_entry(self._entry)

    def _show_choice(self, choice: Choice) -> None:
        choice.blockSignals(True)
        field = self._field
        choice.clear()
        choice.addItem(baseline_words(field), None)
        for text in field.choices:
            choice.addItem(text, text)
        if field.preset_value is not None or field.value == LEFT_TO_VLLM:
            choice.addItem(left_words(field), LEFT_TO_VLLM)
        index = 0 if field.value is None else choice.findData(field.value)
        if index < 0:
            index = choice.count()
            choice.addItem(str(field.value), field.value)
        choice.setCurrentIndex(index)
        choice.blockSignals(False)

    def _show_entry(self, entry: Entry) -> None:
        entry.field = self._field
        left = self._field.value == LEFT_TO_VLLM
        entry.setPlaceholderText(left_words(self._field) if left else baseline_words(self._field))
        value = "" if self._field.value is None else str(self._field.value)
        writing = self._pause.isActive() or entry.property("tone") == "bad"
        if value != entry.text().strip() and not writing:
            entry.setText(value)

    def _take(self) -> None:
        """Say what stands in the entry, or why it cannot be meant."""
        self._pause.stop()
        if self._entry is None:
            return
        text = self._entry.text().strip()
        wrong = problem(self._field, text)
        set_property(self._entry, "tone", "bad" if wrong else "")
        self.problem_changed.emit(wrong)
        if not wrong and text != ("" if self._field.value is None else str(self._field.value)):
            self.chosen.emit(text or None)

    def put_back(self) -> None:
        """Forget what was written."""
        if self._entry is not None:
            self._pause.stop()
            self._entry.clear()
            set_property(self._entry, "tone", "")
            self.problem_changed.emit("")

    def _on_toggled(self, on: bool) -> None:
        self.chosen.emit(None if on is is_on(baseline(self._field)) else on)

    def _on_activated(self, index: int) -> None:
        if self._choice is not None and self._choice.itemData(index) != self._field.value:
            self.chosen.emit(self._choice.itemData(index))

    def _on_suggested(self, text: str) -> None:
        if self._entry is not None:
            self._entry.setText(text)
            self._take()

    def _choose_file(self) -> None:
        self._choose_path(QFileDialog.FileMode.ExistingFile)

    def _choose_folder(self) -> None:
        self._choose_path(QFileDialog.FileMode.Directory)

    def _choose_path(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self.window(), self._field.title)
        dialog.setFileMode(mode)
        dialog.fileSelected.connect(self._on_suggested)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _build_switch(self) -> None:
        self._switch = Switch(self._theme, self._field.title)
        self._switch.toggled.connect(self._on_toggled)
        self._row.addWidget(self._switch)
        self._row.addStretch()
        self.stops = [self._switch]

    def _build_choice(self) -> None:
        self._choice = Choice(self._theme, self._field.title)
        self._choice.activated.connect(self._on_activated)
        self._row.addWidget(self._choice, 1)
        self.stops = [self._choice]

    def _build_entry(self) -> None:
        field = self._field
        self._entry = Entry(self._theme, field)
        self._entry.setAccessibleDescription(range_words(field))
        self._entry.textEdited.connect(self._pause.start)
        self._entry.editingFinished.connect(self._take)
        self._row.addWidget(self._entry, 1)
        self.stops = [self._entry]
        if field.kind is FieldKind.FILE:
            self._add_more(self._file_menu())
        elif field.choices or field.preset_value is not None:
            self._add_more(self._value_menu())

    def _add_more(self, menu: QMenu) -> None:
        more = MenuButton(self._theme, f"Values for {self._field.title}", menu)
        self._row.addWidget(more)
        self.stops.append(more)

    def _value_menu(self) -> QMenu:
        """Values that are often meant."""
        menu = QMenu(self)
        for text in self._field.choices:
            menu.addAction(plain(text)).setData(text)
        if self._field.preset_value is not None:
            menu.addAction("Leave it to vLLM").setData(LEFT_TO_VLLM)
        menu.triggered.connect(self._on_action_triggered)
        return menu

    def _file_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("Choose a file…", self._choose_file)
        menu.addAction("Choose a folder…", self._choose_folder)
        return menu

    def _on_action_triggered(self, action: QAction) -> None:
        text = str(action.data())
        if text == LEFT_TO_VLLM:
            self.put_back()
            self.chosen.emit(LEFT_TO_VLLM)
        else:
            self._on_suggested(text)


class MenuButton(QToolButton):
    """Opens a menu of values beside an entry."""

    def __init__(self, theme: Theme, name: str, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._menu = menu
        self.setToolTip("Values to choose from")
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._on_clicked)
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        """As high as the entry beside it, which has a border."""
        self.setFixedSize(30, self._theme.grown(32) + 2)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """An arrow in the present colours."""
        super().paintEvent(event)
        painter = QPainter(self)
        chevron(painter, QPointF(self.width() / 2, self.height() / 2), self._theme.tokens.second)

    def _on_clicked(self) -> None:
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))


def _origin(field: Field) -> str:
    return "preset" if field.preset_value is not None else "default"
