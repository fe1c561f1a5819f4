"""Settings under a name: choose, save, rename, delete, write to a file and read from one."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from desktop_app.domain.sampling import ChatSettings, Preset
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, button, label, plain
from desktop_app.ui.widgets.chat_settings_parts import INDENT, words
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.setting_parts import Choice

NAME_LENGTH = 60
"""Characters of a preset's name."""
_OWN = "The model's own settings"
_MINE = "Your own choices"


class _NameEntry(QLineEdit):
    """A line for a name; Escape gives it up."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class PresetBar(QWidget):
    """Shows which preset is chosen, and what can be done with presets."""

    reset = Signal()
    """Nothing shall be chosen: everything as the model has it."""
    chosen = Signal(int)
    saved = Signal(str)
    renamed = Signal(int, str)
    deleted = Signal(int)
    exported = Signal()
    imported = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets: tuple[Preset, ...] = ()
        self._settings = ChatSettings()
        self._last = ""
        """Name of the preset that was chosen last: what was changed since is often saved under it."""
        self._renaming: Preset | None = None
        self._choice = Choice(theme, "Preset")
        self._choice.activated.connect(self._on_activated)
        self._more = IconButton(theme, "more", "What to do with presets", self._open_menu)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self._name = _NameEntry()
        self._naming = QWidget()
        self._save = button("Save", self._on_named, "primary")
        self._question = QWidget()
        self._words = words(role="")
        self._keep = button("Keep it", self._close)
        self._doomed: Preset | None = None
        self._build()
        self._close()

    def focus_first(self) -> None:
        """Put the keyboard on the choice."""
        self._choice.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_presets(self, presets: tuple[Preset, ...], settings: ChatSettings) -> None:
        """Show the presets, and which of them *settings* are."""
        if (presets, settings) == (self._presets, self._settings) and self._choice.count():
            return
        self._presets, self._settings = presets, settings
        chosen = self._present()
        self._last = chosen.name if chosen else self._last if settings != ChatSettings() else ""
        self._choice.clear()
        self._choice.addItem(_OWN, None)
        for one in presets:
            self._choice.addItem(one.name, one.id)
        index = self._choice.findData(chosen.id) if chosen else 0
        if chosen is None and settings != ChatSettings():
            index = self._choice.count()
            self._choice.addItem(f"{self._last}, changed" if self._last else _MINE, -1)
        self._choice.setCurrentIndex(index)

    def _present(self) -> Preset | None:
        return next((one for one in self._presets if one.settings == self._settings), None)

    def _on_activated(self, index: int) -> None:
        key = self._choice.itemData(index)
        if key is None:
            self.reset.emit()
        elif key >= 0:
            self.chosen.emit(key)

    def _open_menu(self) -> None:
        self._menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _fill_menu(self) -> None:
        menu, present = self._menu, self._present()
        menu.clear()
        menu.addAction("Save as a preset…", self._ask_name).setEnabled(self._settings != ChatSettings())
        if present is not None:
            menu.addAction(plain(f"Rename “{present.name}”…"), self._ask_new_name)
            menu.addAction(plain(f"Delete “{present.name}”…"), self._ask_delete)
        menu.addSeparator()
        menu.addAction("Export presets…", self.exported.emit).setEnabled(bool(self._presets))
        menu.addAction("Import presets…", self.imported.emit)

    def _ask_name(self) -> None:
        self._renaming = None
        self._open_naming("" if self._present() else self._last)

    def _ask_new_name(self) -> None:
        self._renaming = self._present()
        self._open_naming(self._renaming.name if self._renaming else "")

    def _open_naming(self, name: str) -> None:
        self._close()
        self._naming.show()
        self._name.setText(name)
        self._name.selectAll()
        self._name.setFocus(Qt.FocusReason.TabFocusReason)

    def _ask_delete(self) -> None:
        renaming, self._doomed = self._renaming, self._present()
        self._close()
        self._renaming = renaming
        if self._doomed is not None:
            self._words.setText(f"Delete the preset “{self._doomed.name}”? Chats that have its settings keep them.")
            self._question.show()
            self._keep.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_named(self) -> None:
        name = self._name.text().strip()
        if not name:
            return
        self._leave()
        if self._renaming is None:
            self._last = name
            self.saved.emit(name)
        elif name != self._renaming.name:
            self.renamed.emit(self._renaming.id, name)

    def _on_deleted(self) -> None:
        self._leave()
        if self._doomed is not None:
            self.deleted.emit(self._doomed.id)

    def _leave(self) -> None:
        self._close()
        self._choice.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close(self) -> None:
        self._naming.hide()
        self._question.hide()

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self._choice, 1)
        row.addWidget(self._more)
        self._name.setAccessibleName("Name of the preset")
        self._name.setPlaceholderText("Name, e.g. “Brief answers”")
        self._name.setMaxLength(NAME_LENGTH)
        self._name.returnPressed.connect(self._on_named)
        self._name.left.connect(self._leave)
        naming = QVBoxLayout(self._naming)
        naming.addWidget(self._name)
        naming.addLayout(_side_by_side(self._save, button("Cancel", self._leave)))
        question = QVBoxLayout(self._question)
        question.addWidget(self._words)
        question.addLayout(_side_by_side(button("Delete it", self._on_deleted, "danger"), self._keep))
        column = QVBoxLayout(self)
        for one in (naming, question, column):
            one.setContentsMargins(0, 0, 0, 0)
            one.setSpacing(6)
        column.setContentsMargins(INDENT, 0, 0, 0)
        column.addWidget(label("Preset", "strong"))
        column.addLayout(row)
        column.addWidget(self._naming)
        column.addWidget(self._question)


def _side_by_side(*buttons: QWidget) -> Flow:
    row = Flow(6)
    for one in buttons:
        row.addWidget(one)
    return row
