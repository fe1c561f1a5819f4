"""The pages about engines, and what happens when one of them is asked for something.

Made by the main window, which owns the places where pages are shown. Pages are made when they are first looked at.
"""

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.hub import local
from desktop_app.services.program import Program
from desktop_app.services.surroundings import SurroundingsState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.engine_words import elsewhere

# ruff: noqa: PLC0415 - a page is imported when it is looked at first, so that the window opens sooner
if TYPE_CHECKING:
    from desktop_app.endpoint.probe import ModelCard
    from desktop_app.services.bundle import BundlePart
    from desktop_app.ui.pages.engine import EnginePage
    from desktop_app.ui.pages.log import LogPage
    from desktop_app.ui.pages.model_settings import ModelSettingsPage


class EngineRoom(QObject):
    """Starts, stops, mends and shows engines for whoever asks.

    Args:
        window: what dialogs belong to.
        theme: colours and fonts.
        bridge: starts verbs of services.
        program: the services.
        show: puts a page in front; it is added to the window's pages the first time.
    """

    models_asked = Signal()
    """Another model shall be chosen."""

    def __init__(
        self, window: QWidget, theme: Theme, bridge: Bridge, program: Program, show: Callable[[QWidget], None]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._bridge = bridge
        self._program = program
        self._show = show

    @cached_property
    def engines(self) -> "EnginePage":
        """The page of engines."""
        from desktop_app.ui.pages.engine import EnginePage

        program, start = self._program, self._bridge.start
        setup, change, serving = program.setup, program.first_run.change, program.serving
        page = EnginePage(self._theme, self._bridge, setup, serving, program.servers, program.self_test, program.paths)
        page.engine_chosen.connect(serving.switch)
        page.start_clicked.connect(self._on_start_asked)
        page.stop_clicked.connect(self.stop)
        page.settings_clicked.connect(self.show_settings)
        page.log_clicked.connect(self.show_log)
        page.test_clicked.connect(self._on_test_asked)
        page.remedy_chosen.connect(self._on_remedy_of)
        page.install_clicked.connect(self.install)
        page.environment_chosen.connect(lambda key: start("choose engine", change(setup.choose(key))))
        page.check_clicked.connect(lambda key: start("check engine", setup.check(key)))
        page.check_cancelled.connect(lambda _key: setup.cancel())
        page.repair_clicked.connect(lambda key: start("repair engine", change(setup.repair(key))))
        page.update_clicked.connect(lambda _key: start("update engine", change(setup.update())))
        page.remove_clicked.connect(lambda key: start("remove engine", change(setup.remove(key))))
        page.adopt_clicked.connect(self.adopt)
        page.packages_clicked.connect(self._on_packages_asked)
        page.container_chosen.connect(
            lambda image, fetch: start("container", change(setup.add_container(image, pull=fetch)))
        )
        page.server_clicked.connect(self.ask_for_server)
        page.model_chosen.connect(self.start)
        page.bundle_clicked.connect(self._on_bundle_asked)
        self._bridge.watch(page, program.surroundings.state, partial(_tell_surroundings, page))
        return page

    @cached_property
    def log(self) -> "LogPage":
        """The page of logs."""
        from desktop_app.ui.pages.log import LogPage

        serving = self._program.serving
        page = LogPage(self._theme, self._bridge, serving.engines, serving.log_of)
        page.start_clicked.connect(self.start_current)
        return page

    @cached_property
    def settings(self) -> "ModelSettingsPage":
        """The page of one model's settings."""
        from desktop_app.ui.pages.model_settings import ModelSettingsPage

        program = self._program
        page = ModelSettingsPage(self._theme, self._bridge, program.model_settings, program.settings)
        page.start_clicked.connect(self._on_shown_start_asked)
        page.restart_clicked.connect(self._on_shown_restart_asked)
        page.choose_clicked.connect(self.models_asked)
        page.remedy_chosen.connect(self.do)
        self._bridge.watch(page, program.serving.engines, lambda _engines: self._tell_running(page))
        # Whose settings these are is known a moment after they were asked for.
        self._bridge.watch(page, program.model_settings.state, lambda _state: self._tell_running(page))
        return page

    def is_engines(self, page: QWidget) -> bool:
        """Whether *page* is the page of engines; none is made for the answer."""
        return page is self.__dict__.get("engines")

    def is_log(self, page: QWidget) -> bool:
        """Whether *page* is the page of logs."""
        return page is self.__dict__.get("log")

    def is_settings(self, page: QWidget) -> bool:
        """Whether *page* is the page of a model's settings."""
        return page is self.__dict__.get("settings")

    def show_engines(self) -> None:
        """Show the page of engines."""
        self._show(self.engines)
        self._bridge.start("look around", self._program.surroundings.look())

    def show_log(self, key: str = "") -> None:
        """Show the log of an engine, the current one by default."""
        self._show(self.log)
        self.log.show_log_of(key or self._current.key)

    def show_first_error(self) -> None:
        """Show where the current engine's log goes wrong."""
        self._show(self.log)
        self.log.show_first_error(self._current.key)

    def show_settings(self, key: str = "") -> None:
        """Show the settings of a model, the current one by default."""
        if key:
            self._program.serving.switch(key)
        self._show(self.settings)
        model = self._current.model or self._program.guide
        if model.own_key:
            # What an experiment started with options of its own has those of its model for the rest.
            model = ModelRef(local.model_name(model.folder), model.folder, model.is_guide)
        self.settings.open_model(model)

    def start(self, model: ModelRef) -> None:
        """Start a model, or connect to one elsewhere."""
        self._bridge.start("start model", self._program.serving.start(model))

    def start_current(self) -> None:
        """Start the current model; where there is no engine for it, show what would be installed."""
        if self._current.stage is EngineStage.NOT_INSTALLED and not elsewhere(self._current):
            self.offer_install()
        else:
            self.start(self._current.model or self._program.guide)

    def start_guide(self) -> None:
        """Start the model that ships with the program."""
        self.start(self._program.guide)

    def stop(self, key: str = "") -> None:
        """Stop an engine, the current one by default."""
        self._bridge.start("stop model", self._program.serving.stop(key))

    def install(self) -> None:
        """Install an engine; what would be downloaded has been shown."""
        self.show_engines()
        self._bridge.start("install", self._program.first_run.install())

    def offer_install(self) -> None:
        """Show what will be downloaded before anything starts."""
        self.show_engines()
        self.engines.offer_install()

    def adopt(self) -> None:
        """Ask for a Python environment that has vLLM."""
        first_run = self._program.first_run
        title = "Choose a Python environment that has vLLM"
        self._choose_folder(title, lambda folder: self._bridge.start("adopt", first_run.adopt(folder)))

    def ask_for_folder(self) -> None:
        """Ask for a model's folder, and start it."""
        serving = self._program.serving
        title = "Open a model folder (config.json and safetensors files)"
        self._choose_folder(title, lambda folder: self._bridge.start("start", serving.choose(folder)))

    def ask_for_server(self) -> None:
        """Ask for a server elsewhere, and connect to one of its models."""
        from desktop_app.ui.widgets.server_dialog import ServerDialog

        program, bridge = self._program, self._bridge
        servers = program.servers
        dialog = ServerDialog(self._theme, servers.warning_of, self._window)

        def show(offered: "tuple[ModelCard, ...] | None") -> None:
            if offered is not None:
                dialog.show_models([card.id for card in offered])

        def close(connected: bool) -> None:
            if connected or servers.state.value.error is None:
                dialog.accept()

        def check(address: str, key: str) -> None:
            bridge.ask(dialog, "ask server", servers.look(address, key), show)

        def connect(address: str, key: str, model: str, keep: bool) -> None:
            bridge.ask(dialog, "connect", program.connect(address, key, model, keep), close)

        dialog.check_asked.connect(check)
        dialog.connect_asked.connect(connect)
        dialog.rejected.connect(servers.cancel)
        dialog.rejected.connect(servers.dismiss_error)
        bridge.watch(dialog, servers.state, dialog.show_state)
        dialog.open()

    def do(self, remedy: Remedy) -> None:
        """What a button beside a failure of the current engine promises."""
        match remedy:
            case Remedy.RETRY | Remedy.START:
                self.start_current()
            case Remedy.FIX:
                self._bridge.start("mend", self._program.serving.mend())
            case Remedy.INSTALL:
                self.offer_install()
            case Remedy.ENGINES:
                self.show_engines()
            case Remedy.SETTINGS:
                self.show_settings()
            case Remedy.CHOOSE_MODEL:
                self.models_asked.emit()
            case Remedy.USE_GUIDE:
                self.start_guide()
            case Remedy.SHOW_LOG:
                self.show_first_error()
            case Remedy.NONE:
                pass

    @property
    def _current(self) -> EngineStatus:
        return self._program.serving.status.value

    def _choose_folder(self, title: str, chosen: Callable[[Path], None]) -> None:
        self._bridge.choose_folder(self._window, title, chosen)

    def _on_start_asked(self, key: str) -> None:
        self._program.serving.switch(key)
        self.start_current()

    def _on_remedy_of(self, key: str, remedy: Remedy) -> None:
        self._program.serving.switch(key)
        self.do(remedy)

    def _on_test_asked(self, key: str) -> None:
        endpoint = self._program.serving.endpoint_of(key or self._current.key)
        if endpoint is not None:
            self._bridge.start("self-test", self._program.self_test.run(endpoint))

    def _on_packages_asked(self) -> None:
        setup, change = self._program.setup, self._program.first_run.change
        title = "Choose the folder with the packages"
        self._choose_folder(title, lambda folder: self._bridge.start("install", change(setup.install_from(folder))))

    def _on_shown_start_asked(self) -> None:
        if model := self._program.model_settings.state.value.model:
            self.start(model)

    def _on_shown_restart_asked(self) -> None:
        if model := self._program.model_settings.state.value.model:
            self._bridge.start("restart", self._program.serving.restart(model.key))

    def _tell_running(self, page: "ModelSettingsPage") -> None:
        """Whether the model whose settings are shown runs, and with which it was started."""
        shown = self._program.model_settings.state.value.model
        active = (EngineStage.STARTING, EngineStage.READY)
        engines = self._program.serving.engines.value
        running = any(shown and one.key == shown.key and one.stage in active for one in engines)
        page.show_running(running, self._program.serving.settings_of_run(shown.key) if shown else None)

    def _on_bundle_asked(self) -> None:
        self._bridge.ask(self, "support bundle", self._program.bundle.collect(), self._show_bundle)

    def _show_bundle(self, parts: "tuple[BundlePart, ...]") -> None:
        from desktop_app.ui.widgets.bundle_dialog import BundleDialog

        dialog = BundleDialog(self._theme, parts, self._window)

        def settle(error: UserError | None) -> None:
            if error is None:
                dialog.accept()
            else:
                dialog.show_error(error)

        def save(file: Path) -> None:
            self._bridge.ask(dialog, "save bundle", self._program.save_bundle(file, parts), settle)

        dialog.save_chosen.connect(save)
        dialog.open()


def _tell_surroundings(page: "EnginePage", state: SurroundingsState) -> None:
    page.allow_containers(state.containers)
    page.show_others(state.strangers)
