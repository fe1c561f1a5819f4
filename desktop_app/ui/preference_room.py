"""The pages of preferences and of shortcuts, and what is done when something is chosen there.

Made by the main window.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop_app.domain.appearance import Appearance
from desktop_app.store.settings import Settings
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.shortcuts import Shortcuts
from desktop_app.ui.theme import Theme

# ruff: noqa: PLC0415 - a page is imported when it is looked at first, so that the window opens sooner
if TYPE_CHECKING:
    from desktop_app.ui.pages.preferences import PreferencesPage
    from desktop_app.ui.pages.shortcuts import ShortcutsPage

_STEP = 0.1


class PreferenceRoom(QObject):
    """Shows preferences and carries them out.

    Args:
        window: what it belongs to.
        theme: takes colours and size of text.
        bridge: starts what is written to the disk.
        settings: remembers what was chosen.
        shortcuts: the keys.
        show: puts a page in front; it is added to the window's pages the first time.
    """

    bin_asked = Signal()

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        bridge: Bridge,
        settings: Settings,
        shortcuts: Shortcuts,
        show: Callable[[QWidget], None],
    ) -> None:
        super().__init__(window)
        self._theme = theme
        self._bridge = bridge
        self._settings = settings
        self._shortcuts = shortcuts
        self._show = show

    @cached_property
    def preferences(self) -> "PreferencesPage":
        """The page of preferences."""
        from desktop_app.ui.pages.preferences import PreferencesPage

        page = PreferencesPage(self._theme)
        page.appearance_chosen.connect(self.choose_appearance)
        page.text_scale_chosen.connect(self.choose_text_scale)
        page.improve_titles_chosen.connect(self._on_titles_chosen)
        page.bin_asked.connect(self.bin_asked)
        page.shortcuts_asked.connect(self.show_shortcuts)
        return page

    @cached_property
    def shortcuts(self) -> "ShortcutsPage":
        """The page of shortcuts."""
        from desktop_app.ui.pages.shortcuts import ShortcutsPage

        return ShortcutsPage(self._theme, self._shortcuts)

    def is_preferences(self, page: QWidget) -> bool:
        """Whether *page* is one of both; none is made for the answer."""
        return page in (self.__dict__.get("preferences"), self.__dict__.get("shortcuts"))

    def show_preferences(self) -> None:
        """Show the page of preferences."""
        self.preferences.show_titles(self._settings.improve_titles)
        self._show(self.preferences)

    def show_shortcuts(self) -> None:
        """Show the page of shortcuts, ready to filter."""
        self._show(self.shortcuts)
        self.shortcuts.focus_search()

    def choose_appearance(self, appearance: Appearance) -> None:
        """Show these colours from now on, and at the next start."""
        self._theme.choose(appearance)
        self._bridge.start("appearance", self._settings.set_appearance(appearance))

    def choose_text_scale(self, scale: float) -> None:
        """Show words this large from now on, and at the next start."""
        self._theme.set_text_scale(scale)
        self._bridge.start("text size", self._settings.set_text_scale(self._theme.text_scale))

    def larger(self) -> None:
        """Show words a step larger."""
        self.choose_text_scale(round(self._theme.text_scale + _STEP, 1))

    def smaller(self) -> None:
        """Show words a step smaller."""
        self.choose_text_scale(round(self._theme.text_scale - _STEP, 1))

    def usual(self) -> None:
        """Show words as large as they are without a choice."""
        self.choose_text_scale(1.0)

    def _on_titles_chosen(self, improve: bool) -> None:
        self._bridge.start("titles", self._settings.set_improve_titles(improve))
