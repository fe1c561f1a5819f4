"""The engine room: what runs, which engines are installed, whether they work, and a bundle for those who help."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy
from desktop_app.domain.launch import ModelRef
from desktop_app.paths import Paths
from desktop_app.services.self_test import SelfTest
from desktop_app.services.servers import Servers, ServersState
from desktop_app.services.serving import Serving
from desktop_app.services.setup import Setup, SetupState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, Scrolled, button, card, label
from desktop_app.ui.widgets.container_dialog import ContainerDialog
from desktop_app.ui.widgets.engine_list import EngineList
from desktop_app.ui.widgets.install_card import InstallCard
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.other_engines import OtherEngine
from desktop_app.ui.widgets.running_engines import RunningEngines
from desktop_app.ui.widgets.self_test_card import SelfTestCard
from desktop_app.ui.widgets.server_list import ServerList

_WIDTH = 880
_BUNDLE = (
    "One file with log, versions, hardware and settings, for somebody who helps you. Secrets are masked, and you read "
    "all of it before it is saved."
)


class EnginePage(QWidget):
    """Draws `SetupState` and the engines; asks by signals for what it cannot do itself."""

    engine_chosen = Signal(str)
    """Signals with a text carry the key of a running engine (`EngineStatus.key`)."""
    start_clicked = Signal(str)
    stop_clicked = Signal(str)
    settings_clicked = Signal(str)
    log_clicked = Signal(str)
    test_clicked = Signal(str)
    remedy_chosen = Signal(str, Remedy)
    install_clicked = Signal()
    environment_chosen = Signal(str)
    """This and the next five carry the key of an installed engine (`EngineEnvironment.key`)."""
    check_clicked = Signal(str)
    check_cancelled = Signal(str)
    repair_clicked = Signal(str)
    update_clicked = Signal(str)
    remove_clicked = Signal(str)
    adopt_clicked = Signal()
    packages_clicked = Signal()
    """An engine shall be installed from a folder of packages."""
    container_chosen = Signal(str, bool)
    """A container's image, and whether it may be fetched."""
    server_clicked = Signal()
    """Somebody wants to enter a server elsewhere."""
    model_chosen = Signal(ModelRef)
    """A model of a server elsewhere shall be connected."""
    bundle_clicked = Signal()

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        setup: Setup,
        serving: Serving,
        servers: Servers,
        self_test: SelfTest,
        paths: Paths,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._content = QWidget()
        self._bridge = bridge
        self._setup = setup
        self._servers = servers
        self._running = RunningEngines(theme, paths)
        self._list = EngineList()
        self._card = InstallCard(theme, "Install")
        self._note = label(wrap=True)
        self._notice = Notice(theme, dismissable=True)
        self._again: Callable[[], None] = self.install_clicked.emit
        """What `Try again` does: what was asked for last."""
        self._another = button("Install another…", self.offer_install)
        self._add = QPushButton("Add…  ▾")
        self._container = QAction("A container's image…", self)
        self._data = ElidedLabel(f"Engines, caches and logs lie in {paths.root}", "second")
        self._server_title = label("Servers elsewhere", "title")
        self._server_list = ServerList()
        self._server_notice = Notice(theme, dismissable=True)
        self._test = SelfTestCard(theme)
        self._test.cancel_clicked.connect(self_test.cancel)
        self._scroll = Scrolled()
        self._offered = False
        self._build()
        theme.changed.connect(self._fit)
        self._fit()
        self._connect()
        bridge.watch(self, setup.state, self._on_setup_changed)
        bridge.watch(self, serving.status, self._running.show_current)
        bridge.watch(self, serving.status, self._test.show_current)
        bridge.watch(self, serving.engines, self._running.show_engines)
        bridge.watch(self, servers.state, self._on_servers_changed)
        bridge.watch(self, self_test.state, self._test.show_state)

    def offer_install(self) -> None:
        """Show what an installation would download, with the button that begins it."""
        self._offered = True
        self._on_setup_changed(self._setup.state.value)
        self._bridge.start("install plan", self._setup.look())
        self._scroll.ensureWidgetVisible(self._card)

    def show_others(self, others: Sequence[OtherEngine]) -> None:
        """vLLM processes on this computer that are not ours."""
        self._running.others.show_others(others)

    def show_self_test(self) -> None:
        """Bring the self-test into sight."""
        self._scroll.ensureWidgetVisible(self._test)

    def allow_containers(self, possible: bool) -> None:
        """Whether there is a program that runs containers; without one no image is offered."""
        self._container.setVisible(possible)

    def showEvent(self, event: QShowEvent) -> None:
        """Find out what an installation would take, once somebody looks."""
        super().showEvent(event)
        if self._setup.state.value.plan is None:
            self._bridge.start("install plan", self._setup.look())

    def _on_setup_changed(self, state: SetupState) -> None:
        if state.busy:
            self._offered = False
        none = not state.engines
        self._list.show_engines(state.engines, state.checking, state.busy)
        # Where there is an engine, a failure need not offer to install one.
        alone = state.error is not None and not none and not state.busy and not self._offered
        self._notice.show_error(state.error if alone else None, without=(Remedy.ENGINES,))
        self._card.setVisible(none or state.busy or self._offered)
        self._card.show_setup(state.plan, state.progress, None if alone else state.error)
        self._note.setText(state.note)
        self._note.setVisible(bool(state.note) and not state.busy)
        self._another.setVisible(not none and not state.busy and not self._offered)
        self._add.setEnabled(not state.busy and state.checking is None)

    def _on_servers_changed(self, state: ServersState) -> None:
        self._server_list.show_state(state)
        self._server_title.setVisible(bool(state.servers))
        self._server_notice.show_error(state.error if state.servers else None)

    def _on_connect_asked(self, url: str, model: str) -> None:
        if known := self._servers.state.value.find(url):
            self.model_chosen.emit(self._servers.model_ref(known.server, model))

    def _on_refresh_asked(self, url: str) -> None:
        if known := self._servers.state.value.find(url):
            self._bridge.start("ask server", self._servers.refresh(known.server))

    def _on_forget_asked(self, url: str) -> None:
        if known := self._servers.state.value.find(url):
            self._bridge.start("forget server", self._servers.remove(known.server))

    def _on_test_asked(self, key: str) -> None:
        self.show_self_test()
        self.test_clicked.emit(key)

    def _on_container_clicked(self) -> None:
        dialog = ContainerDialog(self._theme, self)
        dialog.image_chosen.connect(lambda image, fetch: self._ask(partial(self.container_chosen.emit, image, fetch)))
        dialog.open()

    def _ask(self, verb: Callable[[], None]) -> None:
        """Ask for a work on an engine, and remember it for `Try again`."""
        self._again = verb
        verb()

    def _on_remedy_chosen(self, remedy: Remedy) -> None:
        if remedy is Remedy.INSTALL:
            self.offer_install()
        elif remedy is Remedy.RETRY:
            self._again()

    def _connect(self) -> None:
        running, installed = self._running, self._list
        running.chosen.connect(self.engine_chosen)
        running.start_clicked.connect(self.start_clicked)
        running.stop_clicked.connect(self.stop_clicked)
        running.settings_clicked.connect(self.settings_clicked)
        running.log_clicked.connect(self.log_clicked)
        running.test_clicked.connect(self._on_test_asked)
        self._test.run_clicked.connect(self.test_clicked)
        running.remedy_chosen.connect(self.remedy_chosen)
        ask = self._ask
        installed.chosen.connect(lambda key: ask(partial(self.environment_chosen.emit, key)))
        installed.repair_asked.connect(lambda key: ask(partial(self.repair_clicked.emit, key)))
        installed.remove_asked.connect(lambda key: ask(partial(self.remove_clicked.emit, key)))
        installed.update_asked.connect(lambda key: ask(partial(self.update_clicked.emit, key)))
        installed.check_asked.connect(lambda key: ask(partial(self.check_clicked.emit, key)))
        installed.check_cancelled.connect(self.check_cancelled)
        self._notice.remedy_chosen.connect(self._on_remedy_chosen)
        self._notice.dismissed.connect(self._setup.dismiss_error)
        self._server_list.connect_asked.connect(self._on_connect_asked)
        self._server_list.refresh_asked.connect(self._on_refresh_asked)
        self._server_list.forget_asked.connect(self._on_forget_asked)
        self._server_notice.dismissed.connect(self._servers.dismiss_error)
        self._server_notice.remedy_chosen.connect(self._servers.dismiss_error)
        self._card.install_clicked.connect(lambda: ask(self.install_clicked.emit))
        self._card.cancel_clicked.connect(self._setup.cancel)
        self._card.adopt_clicked.connect(lambda: ask(self.adopt_clicked.emit))
        self._card.dismissed.connect(self._setup.dismiss_error)

    def _build_menu(self) -> None:
        menu = QMenu(self._add)
        self._add.setAccessibleName("Add an engine")
        self._add.setCursor(Qt.CursorShape.PointingHandCursor)
        self._add.setMenu(menu)
        entries: tuple[tuple[str, Callable[[], None]], ...] = (
            ("A Python environment that has vLLM…", self.adopt_clicked.emit),
            ("A folder of packages, without a network…", self.packages_clicked.emit),
        )
        for text, verb in entries:
            menu.addAction(text).triggered.connect(lambda _=False, one=verb: self._ask(one))
        self._container.triggered.connect(self._on_container_clicked)
        self._container.setVisible(False)
        menu.addAction(self._container)
        menu.addSeparator()
        menu.addAction("A server elsewhere…").triggered.connect(self.server_clicked.emit)

    def _fit(self) -> None:
        self._content.setMaximumWidth(self._theme.scaled(_WIDTH))

    def _build(self) -> None:
        self._build_menu()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(12)
        column.addWidget(label("Engine", "hero"))
        column.addSpacing(4)
        column.addWidget(label("Running", "title"))
        column.addWidget(self._running)
        column.addSpacing(12)
        column.addLayout(_heading("Engines", self._another, self._add))
        for part in (self._list, self._notice, self._note, self._card, self._data):
            column.addWidget(part)
        column.addSpacing(12)
        column.addWidget(self._server_title)
        column.addWidget(self._server_list)
        column.addWidget(self._server_notice)
        column.addSpacing(12)
        column.addWidget(label("Self-test", "title"))
        column.addWidget(self._test)
        column.addSpacing(12)
        column.addWidget(label("Help", "title"))
        column.addWidget(self._build_bundle())
        column.addStretch()
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self._content, 100)
        row.addStretch(1)
        self._scroll.setWidget(middle)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._scroll)

    def _build_bundle(self) -> QWidget:
        made = card()
        row = QHBoxLayout(made)
        row.setContentsMargins(20, 16, 20, 16)
        row.setSpacing(16)
        row.addWidget(label(_BUNDLE, "second", wrap=True), 1)
        row.addWidget(button("Support bundle…", self.bundle_clicked.emit))
        return made


def _heading(text: str, *buttons: QWidget) -> QHBoxLayout:
    """A headline with buttons at its right."""
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(label(text, "title"), 1)
    for one in buttons:
        row.addWidget(one)
    return row
