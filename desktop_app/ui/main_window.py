"""The one window: rail, engine bar, pages, gauge strip. With the two rooms beside it the only one that knows pages."""

from collections.abc import Callable, Sequence
from functools import cached_property

from PySide6.QtCore import QByteArray, QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.services.program import Program
from desktop_app.store.settings import Settings
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.engine_room import EngineRoom
from desktop_app.ui.model_room import ModelRoom
from desktop_app.ui.pages.chat import ChatPage
from desktop_app.ui.pages.welcome import WelcomePage
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, surface
from desktop_app.ui.widgets.engine_bar import EngineBar
from desktop_app.ui.widgets.gauge_strip import GaugeStrip
from desktop_app.ui.widgets.notice import Notice


class MainWindow(QMainWindow):
    """Puts the pages together and answers what they ask of one another."""

    closed = Signal()
    reopen_asked = Signal()
    """The data folder could not be used; somebody wants it tried again."""

    def __init__(self, theme: Theme, bridge: Bridge, program: Program, questions: Sequence[str]) -> None:
        super().__init__()
        self._theme = theme
        self._bridge = bridge
        self._program = program
        self.setWindowTitle("vLLM Desktop")
        self.setMinimumSize(QSize(720, 480))
        self.resize(1180, 760)
        self.chat = ChatPage(theme, bridge, program.conversations, program.serving, program.settings, questions)
        self._bar = EngineBar(theme)
        self._strip = GaugeStrip(theme)
        self._notice = Notice(theme, dismissable=True)
        self._pages = QStackedWidget()
        self._frame = QStackedWidget()
        self.room = EngineRoom(self, theme, bridge, program, self.show_page)
        self.model_room = ModelRoom(self, theme, bridge, program, self.room, self.show_page, self.show_chat)
        self._chat_button = self._rail_button("chat", "Chat", self.show_chat)
        self._models_button = self._rail_button("cube", "Models", self.model_room.show_models)
        self._engine_button = self._rail_button("engine", "Engine", self.room.show_engines)
        self._log_button = self._rail_button("log", "Log", self.room.show_log)
        self._settings_button = self._rail_button("gear", "Settings of the model", self.room.show_settings)
        self._theme_button = IconButton(theme, "theme", "Light or dark", self._on_theme_clicked)
        self._build()
        self._connect()
        self._add_shortcuts()
        bridge.watch(self, program.serving.status, self._bar.show_status)
        bridge.watch(self, program.serving.engines, self._bar.show_engines)
        bridge.watch(self, program.gauges.frames, self._strip.show_frame)

    @cached_property
    def welcome(self) -> WelcomePage:
        """The first run's page, made when it is shown: most starts never need it."""
        page = WelcomePage(self._theme, self._bridge, self._program.setup)
        page.set_up_clicked.connect(self._on_set_up_clicked)
        page.skipped.connect(self._on_skipped)
        page.adopt_clicked.connect(self.room.adopt)
        self._frame.addWidget(page)
        return page

    def show_welcome(self) -> None:
        """Show the first run's page."""
        self._frame.setCurrentWidget(self.welcome)
        if self._program.setup.state.value.plan is None:
            self._bridge.start("install plan", self._program.setup.look())

    def show_chat(self) -> None:
        """Show the chat, ready to write."""
        self.show_page(self.chat)
        self.chat.focus_composer()

    def show_first_page(self) -> None:
        """The welcome page until there is an engine or somebody skipped it; the chat from then on."""
        if self._program.first_run.done.value:
            self.show_chat()
        else:
            self.show_welcome()

    def apply_settings(self, settings: Settings, keep_appearance: bool) -> None:
        """Take what was remembered: colours, size and place, whether the first run was skipped."""
        if not keep_appearance:
            self._theme.choose(settings.appearance)
        if settings.geometry:
            self.restoreGeometry(QByteArray(settings.geometry))
        self.chat.restore_draft()
        if settings.setup_skipped and self._frame.currentWidget() is not self._main:
            self.show_chat()

    def geometry_bytes(self) -> bytes:
        """Size and place of the window, to be kept for the next start."""
        return bytes(self.saveGeometry().data())

    def come_forward(self) -> None:
        """Somebody started the program again: show them the window that there is."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_error(self, error: UserError) -> None:
        """Show something that concerns the whole program."""
        self._notice.show_error(error)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say that the window goes; the program stops everything, then ends."""
        event.accept()
        self.chat.save_draft()
        self.closed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Gauges live while they can be seen."""
        super().showEvent(event)
        self._program.gauges.set_attended(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Hidden gauges cost nothing."""
        super().hideEvent(event)
        self._program.gauges.set_attended(False)

    def changeEvent(self, event: QEvent) -> None:
        """A minimised window is hidden as far as gauges are concerned."""
        super().changeEvent(event)
        self._program.gauges.set_attended(self.isVisible() and not self.isMinimized())

    def show_page(self, page: QWidget) -> None:
        """Put *page* in front; it becomes one of the window's when it is shown for the first time."""
        if self._pages.indexOf(page) < 0:
            self._pages.addWidget(page)
        self._frame.setCurrentWidget(self._main)
        self._pages.setCurrentWidget(page)
        for button, shown in self._rail_buttons():
            with QSignalBlocker(button):
                button.setChecked(shown(page))

    def _rail_button(self, icon: str, name: str, show: Callable[[], None]) -> IconButton:
        """A button that stands for a page, and is down while that is shown."""
        button = IconButton(self._theme, icon, name)
        button.setCheckable(True)
        # Not `clicked`: a screen reader toggles buttons that can be down. Showing the page sets it right again.
        button.toggled.connect(lambda _down: show())
        return button

    def _rail_buttons(self) -> tuple[tuple[IconButton, Callable[[QWidget], bool]], ...]:
        """Each button of the rail that stands for a page, and whether a page is its."""
        room = self.room
        return (
            (self._chat_button, lambda page: page is self.chat),
            (self._models_button, self.model_room.is_models),
            (self._engine_button, room.is_engines),
            (self._log_button, room.is_log),
            (self._settings_button, room.is_settings),
        )

    def _connect(self) -> None:
        room = self.room
        self.chat.start_clicked.connect(room.start_current)
        self.chat.stop_clicked.connect(room.stop)
        self.chat.install_clicked.connect(room.offer_install)
        self.chat.remedy_chosen.connect(room.do)
        self.chat.sent.connect(self._program.gauges.hurry)
        self._bar.start_clicked.connect(room.start_current)
        self._bar.stop_clicked.connect(room.stop)
        self._bar.stop_asked.connect(room.stop)
        self._bar.install_clicked.connect(room.offer_install)
        self._bar.guide_chosen.connect(room.start_guide)
        self._bar.folder_asked.connect(room.ask_for_folder)
        self._bar.models_asked.connect(self.model_room.show_models)
        room.models_asked.connect(self.model_room.show_models)
        self._bar.server_asked.connect(room.ask_for_server)
        self._bar.settings_clicked.connect(room.show_settings)
        self._bar.engine_chosen.connect(self._program.serving.switch)
        self._notice.remedy_chosen.connect(self._on_program_remedy_chosen)
        self._notice.dismissed.connect(lambda: self._notice.show_error(None))
        self._bridge.watch(self, self._program.first_run.done, self._on_first_run_done)
        self._bridge.watch(self, self._program.failure, self._notice.show_error)

    def _on_set_up_clicked(self) -> None:
        self._bridge.start("first run", self._program.first_run.run())

    def _on_first_run_done(self, done: bool) -> None:
        if done and self._frame.currentWidget() is not self._main:
            self.show_chat()

    def _on_skipped(self) -> None:
        self._bridge.start("skip", self._program.first_run.skip())
        self.show_chat()

    def _on_program_remedy_chosen(self, remedy: Remedy) -> None:
        self._notice.show_error(None)
        if remedy is Remedy.RETRY:
            self.reopen_asked.emit()
        else:
            self.room.do(remedy)

    def _on_theme_clicked(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        group = QActionGroup(menu)
        for appearance, icon in ((Appearance.SYSTEM, "theme"), (Appearance.LIGHT, "sun"), (Appearance.DARK, "moon")):
            action = QAction(self._theme.icon(icon), appearance.value, group)
            action.setCheckable(True)
            action.setChecked(appearance is self._theme.appearance)
            action.triggered.connect(lambda _=False, chosen=appearance: self.choose_appearance(chosen))
            menu.addAction(action)
        menu.popup(self._theme_button.mapToGlobal(self._theme_button.rect().topRight()))

    def choose_appearance(self, appearance: Appearance) -> None:
        """Show these colours from now on, and at the next start."""
        self._theme.choose(appearance)
        self._bridge.start("appearance", self._program.settings.set_appearance(appearance))

    def _on_escape_pressed(self) -> None:
        if self._pages.currentWidget() is not self.chat:
            self.show_chat()
        else:
            self.chat.stop_answer()

    def _on_new_chat_pressed(self) -> None:
        self.show_chat()
        self.chat.new_chat()

    def _on_search_pressed(self) -> None:
        self.show_chat()
        self.chat.list.focus_search()

    def _add_shortcuts(self) -> None:
        for keys, slot in (
            ("Ctrl+N", self._on_new_chat_pressed),
            ("Ctrl+K", self._on_search_pressed),
            ("Ctrl+L", self._bar.open_menu),
            ("Ctrl+O", self.room.ask_for_folder),
            ("Ctrl+1", self.show_chat),
            ("Ctrl+2", self.model_room.show_models),
            ("Ctrl+3", self.room.show_engines),
            ("Ctrl+4", self.room.show_log),
            ("Ctrl+,", self.room.show_settings),
            ("Ctrl+Q", self.close),
            ("Esc", self._on_escape_pressed),
        ):
            QShortcut(QKeySequence(keys), self, slot)

    def _build(self) -> None:
        keys_of = (
            (self._chat_button, "Ctrl+1"),
            (self._models_button, "Ctrl+2"),
            (self._engine_button, "Ctrl+3"),
            (self._log_button, "Ctrl+4"),
            (self._settings_button, "Ctrl+,"),
        )
        for button, keys in keys_of:
            button.setToolTip(f"{button.accessibleName()} ({keys})")
        rail = surface("rail")
        rail.setFixedWidth(52)
        icons = QVBoxLayout(rail)
        icons.setContentsMargins(8, 12, 8, 12)
        icons.setSpacing(8)
        icons.addWidget(self._chat_button)
        icons.addWidget(self._models_button)
        icons.addWidget(self._engine_button)
        icons.addWidget(self._log_button)
        icons.addStretch()
        icons.addWidget(self._settings_button)
        icons.addWidget(self._theme_button)
        self._pages.addWidget(self.chat)
        content = QVBoxLayout()
        content.setSpacing(0)
        content.addWidget(self._bar)
        content.addWidget(self._notice)
        content.addWidget(self._pages, 1)
        self._main = QWidget()
        row = QHBoxLayout(self._main)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(rail)
        row.addLayout(content, 1)
        self._frame.addWidget(self._main)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._frame, 1)
        column.addWidget(self._strip)
        self.setCentralWidget(whole)
        self.show_page(self.chat)
        if not self._program.first_run.done.value:
            # Already here, since a page costs thrice as much once there is a style sheet.
            self._frame.setCurrentWidget(self.welcome)
