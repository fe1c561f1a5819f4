"""A button that shows what is chosen and opens a menu to choose something else."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from desktop_app.ui.widgets.basics import plain, short_name

Option = tuple[str, str]
"""A key, and the words that people read."""


class Choice(QPushButton):
    """One of several options.

    Args:
        name: what is chosen here, for screen readers.
    """

    chosen = Signal(str)
    """Somebody chose the option with this key."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._options: tuple[Option, ...] = ()
        self.key = ""
        self._menu = QMenu(self)
        self.setMenu(self._menu)

    def show_options(self, options: Sequence[Option], key: str) -> None:
        """Offer these; *key* is the chosen one. The menu is left alone while nothing changes: it may be open."""
        if tuple(options) != self._options:
            self._options = tuple(options)
            self._fill()
        self.key = key
        words = dict(options).get(key, "")
        self.setText(f"{plain(short_name(words))}  ▾")
        self.setAccessibleName(f"{self._name}: {words}")
        for action in self._menu.actions():
            action.setChecked(action.data() == key)

    def _fill(self) -> None:
        self._menu.clear()
        group = QActionGroup(self._menu)
        for key, words in self._options:
            action = QAction(plain(words), group)
            action.setCheckable(True)
            action.setData(key)
            action.triggered.connect(lambda _=False, chosen=key: self.chosen.emit(chosen))
            self._menu.addAction(action)
