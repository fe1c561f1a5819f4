"""The page of models, and what happens when it asks for something. Made by the main window."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from desktop_app.domain.launch import ModelRef
from desktop_app.services.program import Program
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.engine_room import EngineRoom
from desktop_app.ui.theme import Theme

# ruff: noqa: PLC0415 - a page is imported when it is looked at first, so that the window opens sooner
if TYPE_CHECKING:
    from desktop_app.ui.pages.models import ModelsPage


class ModelRoom(QObject):
    """Shows models for whoever asks.

    Args:
        window: what dialogs belong to.
        theme: colours and fonts.
        bridge: starts verbs of services.
        program: the services.
        engines: starts models and shows their settings.
        show: puts a page in front; it is added to the window's pages the first time.
        show_chat: puts the chat in front.
    """

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        bridge: Bridge,
        program: Program,
        engines: EngineRoom,
        show: Callable[[QWidget], None],
        show_chat: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._theme = theme
        self._bridge = bridge
        self._program = program
        self._engines = engines
        self._show = show
        self._show_chat = show_chat

    @cached_property
    def models(self) -> "ModelsPage":
        """The page of models."""
        from desktop_app.ui.pages.models import ModelsPage

        program = self._program
        page = ModelsPage(self._theme, self._bridge, program.models, program.downloads, program.hub_access)
        page.start_clicked.connect(self._on_start_clicked)
        page.settings_clicked.connect(self._on_settings_clicked)
        page.open_link.connect(lambda address: QDesktopServices.openUrl(QUrl(address)))
        page.remedy_chosen.connect(self._engines.do)
        # What runs takes memory from what could be started.
        self._bridge.watch(page, program.serving.engines, lambda _engines: self._refresh())
        return page

    def is_models(self, page: QWidget) -> bool:
        """Whether *page* is the page of models; none is made for the answer."""
        return page is self.__dict__.get("models")

    def look(self) -> None:
        """See which models are on this computer, if that was some time ago."""
        self._bridge.start("models", self._program.models.open())

    def show_models(self) -> None:
        """Show the page of models."""
        self._show(self.models)

    def _refresh(self) -> None:
        self._bridge.start("look at the models", self._program.models.refresh())

    def _on_start_clicked(self, model: ModelRef) -> None:
        self._show_chat()
        self._engines.start(model)

    def _on_settings_clicked(self, model: ModelRef) -> None:
        self._program.serving.select(model)
        self._engines.show_settings()
