"""The settings of a model by group, a search through all of them, and the exact command: one tab each."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.domain.flags import Field, FieldGroup
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label, set_property
from desktop_app.ui.widgets.setting_list import SettingList
from desktop_app.ui.widgets.setting_parts import CalmTabs

_PAUSE_MS = 120
"""How long nobody types before the search runs: a row takes about 2 ms to make."""

_COMMAND = "Command"


class SearchField(QLineEdit):
    """A line to search with; Escape empties it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape empties it, and only then means something else."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class SettingTabs(QWidget):
    """Shows one group of fields, or what was searched for, or the widgets of the command."""

    chosen = Signal(str, object)
    """A flag, and what a person chose for it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: tuple[Field, ...] = ()
        self._bar = CalmTabs()
        self._search = SearchField()
        self._found = label(role="second")
        self._list = SettingList(theme, self._search)
        self._simple: list[QWidget] = []
        self._command = QWidget()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._build()
        self._pause.timeout.connect(self._show)
        self._bar.currentChanged.connect(self._on_tab_chosen)
        self._bar.tabBarClicked.connect(self._on_tab_clicked)
        self._search.textChanged.connect(self._pause.start)
        self._list.chosen.connect(self.chosen)
        self._show()

    def add_below_simple(self, widget: QWidget) -> None:
        """Show *widget* below the simple settings."""
        self._simple.append(widget)
        self._column.addWidget(widget)
        self._show()

    def add_command(self, widgets: Sequence[QWidget]) -> None:
        """Show *widgets* where the command is shown."""
        column = QVBoxLayout(self._command)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        for one in widgets:
            column.addWidget(one)

    def show_fields(self, fields: tuple[Field, ...]) -> None:
        """Show the present values, and beside a group's name how many were changed in it."""
        self._fields = fields
        self._search.setPlaceholderText(f"Search all {len(fields)} settings")
        for index, group in enumerate(FieldGroup):
            changed = sum(field.group is group and field.value is not None for field in fields)
            self._bar.setTabText(index, f"{group.value} · {changed}" if changed else group.value)
            self._bar.setTabToolTip(index, f"{changed} changed" if changed else "")
        self._list.show_fields(fields)
        self._show_found()

    def search(self, text: str) -> None:
        """Show what matches *text*."""
        self._search.setText(text)
        self._show()

    def focus_search(self) -> None:
        """Let the person type what to search for."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def more(self) -> None:
        """Show more of a long list; somebody came near its end."""
        if not self._list.isHidden():
            self._list.more()

    def _on_tab_chosen(self, index: int) -> None:
        self._search.clear()
        self._show()

    def _on_tab_clicked(self, index: int) -> None:
        if index == self._bar.currentIndex():
            self._on_tab_chosen(index)

    def _show(self) -> None:
        self._pause.stop()
        text = self._search.text().strip()
        index = self._bar.currentIndex()
        groups = list(FieldGroup)
        command = index == len(groups) and not text
        self._command.setVisible(command)
        self._list.setVisible(not command)
        for one in self._simple:
            one.setVisible(index == 0 and not text)
        if text:
            self._list.search(text)
        elif not command:
            self._list.show_group(groups[index])
        self._show_found()

    def _show_found(self) -> None:
        searching = bool(self._search.text().strip())
        self._found.setVisible(searching)
        set_property(self._bar, "searching", searching)
        count = self._list.count
        self._found.setText(f"{count} setting{'' if count == 1 else 's'} found in all groups")

    def _build(self) -> None:
        self._bar.setDrawBase(False)
        self._bar.setExpanding(False)
        self._bar.setMinimumWidth(1)
        self._bar.setAccessibleName("Groups of settings")
        for group in FieldGroup:
            self._bar.addTab(group.value)
        self._bar.addTab(_COMMAND)
        self._search.setAccessibleName("Search the settings")
        self._search.setPlaceholderText("Search the settings")
        self._search.setClearButtonEnabled(False)
        self._search.setMaximumWidth(420)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._search, 3)
        row.addWidget(self._found)
        row.addStretch(2)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self._column.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addLayout(row)
        self._column.addWidget(self._list)
        self._column.addWidget(self._command)
