"""The page that lists all keys of the window and changes them."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop_app.ui.shortcuts import COMMANDS, Group, Shortcuts
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import Scrolled, button, label, surface
from desktop_app.ui.widgets.model_filter_bar import ModelSearch
from desktop_app.ui.widgets.shortcut_row import ShortcutRow

_WIDTH = 720
_INTRODUCTION = (
    "What the keyboard can do. In a field of text the usual keys for text work as everywhere: Ctrl+C copies, "
    "Ctrl+Z takes back. In the composer, Enter sends, Shift+Enter begins a line, Up brings back the last message."
)


class ShortcutsPage(QWidget):
    """All commands by group; each can be given other keys.

    Args:
        theme: fonts.
        shortcuts: knows the keys and changes them.
        parent: the widget that it stands in.
    """

    def __init__(self, theme: Theme, shortcuts: Shortcuts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAccessibleName("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._shortcuts = shortcuts
        self._search = ModelSearch()
        self._reset_all = button("Reset all", shortcuts.reset_all)
        self._nothing = label("No command has these words.", "second")
        self._headings: dict[Group, QLabel] = {}
        self._rows: list[ShortcutRow] = []
        self._search.textChanged.connect(self._sift)
        shortcuts.changed.connect(self._draw)
        self._build()
        self._draw()

    def focus_search(self) -> None:
        """Put the cursor into the field that filters."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _draw(self) -> None:
        self._reset_all.setEnabled(not all(self._shortcuts.is_usual(command.id) for command in COMMANDS))
        self._sift(self._search.text())

    def _sift(self, words: str) -> None:
        shown = {row.command.group for row in self._rows if row.matches(words)}
        for row in self._rows:
            row.setVisible(row.matches(words))
        for group, heading in self._headings.items():
            heading.setVisible(group in shown)
        self._nothing.setVisible(not shown)

    def _build(self) -> None:
        self._search.setPlaceholderText("Filter by words or keys")
        self._search.setAccessibleName("Filter the shortcuts")
        content = surface("page")
        content.setMaximumWidth(self._theme.scaled(_WIDTH))
        column = QVBoxLayout(content)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addWidget(label("Keyboard shortcuts", "hero"))
        column.addWidget(label(_INTRODUCTION, "second", wrap=True))
        head = QHBoxLayout()
        head.addWidget(self._search, 1)
        head.addWidget(self._reset_all)
        column.addLayout(head)
        column.addWidget(self._nothing)
        for group in Group:
            self._headings[group] = label(group.value, "section")
            self._headings[group].setContentsMargins(0, 16, 0, 2)
            column.addWidget(self._headings[group])
            for command in (one for one in COMMANDS if one.group is group):
                row = ShortcutRow(self._theme, self._shortcuts, command)
                self._rows.append(row)
                column.addWidget(row)
        column.addStretch()
        middle = QWidget()
        across = QHBoxLayout(middle)
        across.setContentsMargins(0, 0, 0, 0)
        across.addStretch(1)
        across.addWidget(content, 100)
        across.addStretch(1)
        scrolled = Scrolled()
        scrolled.setWidget(middle)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scrolled)
