"""The one window: rail, engine bar, pages, gauge strip. With the rooms beside it the only one that knows pages."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QPixmapCache, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.machine import Attention
from desktop_app.services.chat_files import ChatFiles
from desktop_app.services.program import Program
from desktop_app.store.settings import Settings
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.chat_commands import CHAT_COMMANDS, COLUMN_COMMANDS
from desktop_app.ui.chat_room import ChatRoom
from desktop_app.ui.compare_room import CompareRoom
from desktop_app.ui.engine_room import EngineRoom
from desktop_app.ui.model_room import ModelRoom
from desktop_app.ui.monitor_room import MonitorRoom
from desktop_app.ui.pages.chat import ChatPage
from desktop_app.ui.pages.welcome import WelcomePage
from desktop_app.ui.preference_room import PreferenceRoom
from desktop_app.ui.shortcuts import CommandId, Shortcuts
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.engine_bar import EngineBar
from desktop_app.ui.widgets.gauge_strip import GaugeStrip
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.place_banner import PlaceBanner
from desktop_app.ui.widgets.rail import Place, Rail


class MainWindow(QMainWindow):
    """Puts the pages together and answers what they ask of one another."""

    closed = Signal()
    reopen_asked = Signal()
    """The data folder could not be used; somebody wants it tried again."""

    def __init__(
        self, theme: Theme, bridge: Bridge, program: Program, files: ChatFiles, questions: Sequence[str]
    ) -> None:
        super().__init__()
        self._theme = theme
        self._bridge = bridge
        self._program = program
        self.setWindowTitle("vLLM Desktop")
        self.setMinimumSize(QSize(720, 480))
        self.resize(1180, 760)
        self.chat = ChatPage(
            theme,
            bridge,
            program.conversations,
            program.chats,
            program.draft,
            program.serving,
            program.settings,
            questions,
        )
        self._bar = EngineBar(theme)
        self._strip = GaugeStrip(theme)
        self._notice = Notice(theme, dismissable=True)
        self._place = PlaceBanner(theme)
        self._pages = QStackedWidget()
        self._frame = QStackedWidget()
        self.room = EngineRoom(self, theme, bridge, program, self.show_page)
        self.model_room = ModelRoom(self, theme, bridge, program, self.room, self.show_page, self.show_chat)
        self.chat_room = ChatRoom(self.chat, theme, bridge, program, files, self.model_room.show_models)
        self.compare_room = CompareRoom(self, theme, bridge, program, self.room, self.show_page, self.show_chat)
        self.monitor_room = MonitorRoom(self, theme, bridge, program, self.show_page)
        self.shortcuts = Shortcuts(self, self._keep_shortcuts)
        self.preference_room = PreferenceRoom(self, theme, bridge, program.settings, self.shortcuts, self.show_page)
        self._rail = Rail(theme, self.shortcuts)
        self._build()
        self._connect()
        self._bind_shortcuts()
        bridge.watch(self, program.serving.status, self._bar.show_status)
        bridge.watch(self, program.serving.engines, self._bar.show_engines)
        bridge.watch(self, program.models.state, lambda state: self._bar.show_local(state.usable))
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
        """Take what was remembered: colours, size of text, keys, size and place, whether the first run was skipped."""
        if not keep_appearance:
            self._theme.choose(settings.appearance)
        self._theme.set_text_scale(settings.text_scale)
        self.shortcuts.load(settings.shortcuts)
        if settings.geometry:
            self.restoreGeometry(QByteArray(settings.geometry))
        self.chat.restore_folds()
        self.chat.restore_draft()
        if settings.setup_skipped and self._frame.currentWidget() is not self._main:
            self.show_chat()

    def begin(self) -> None:
        """The services are open: tell beside the button that stops what became of the memory."""
        self.monitor_room.begin(self._bar.show_release)

    def geometry_bytes(self) -> bytes:
        """Size and place of the window, to be kept for the next start."""
        return bytes(self.saveGeometry().data())

    def come_forward(self) -> None:
        """Somebody started the program again: show them the window that there is."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_place(self, words: str, kept: bool) -> None:
        """Say above every page where things are kept, or that nothing is; empty *words* say nothing."""
        self._place.show_words(words, lasting=not kept)

    def show_error(self, error: UserError) -> None:
        """Show something that concerns the whole program."""
        self._notice.show_error(error)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say that the window goes; the program stops everything, then ends."""
        event.accept()
        self.chat.flush()
        self.chat.save_draft()
        self.compare_room.flush()
        self.closed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Gauges live while they can be seen."""
        super().showEvent(event)
        self._tell_attention()

    def hideEvent(self, event: QHideEvent) -> None:
        """Hidden gauges cost nothing."""
        super().hideEvent(event)
        self._tell_attention()

    def changeEvent(self, event: QEvent) -> None:
        """A minimised window is hidden as far as gauges are concerned."""
        super().changeEvent(event)
        self._tell_attention()

    def _tell_attention(self) -> None:
        """Say what of the gauges can be seen, which is how often they are read."""
        if not self.isVisible() or self.isMinimized():
            attention = Attention.NOBODY
        else:
            shown = self._pages.currentWidget() if self._frame.currentWidget() is self._main else None
            attention = Attention.PAGE if self.monitor_room.is_monitor(shown) else Attention.STRIP
        if attention is Attention.NOBODY and self._program.gauges.attention is not attention:
            # Otherwise Qt wakes every ten seconds for minutes, to let go of the pictures that it keeps one by one.
            QPixmapCache.clear()
        self._program.gauges.set_attention(attention)

    def show_page(self, page: QWidget) -> None:
        """Put *page* in front; it becomes one of the window's when it is shown for the first time."""
        if self._pages.indexOf(page) < 0:
            self._pages.addWidget(page)
        self._frame.setCurrentWidget(self._main)
        self._pages.setCurrentWidget(page)
        self._rail.show_place(self._place_of(page))
        self._tell_attention()

    def _place_of(self, page: QWidget) -> Place | None:
        """The button of the rail that stands for *page*."""
        places: tuple[tuple[Place, Callable[[QWidget], bool]], ...] = (
            (Place.CHAT, lambda page: page is self.chat),
            (Place.MODELS, self.model_room.is_models),
            (Place.COMPARE, self.compare_room.is_compare),
            (Place.MONITOR, self.monitor_room.is_monitor),
            (Place.ENGINE, self.room.is_engines),
            (Place.LOG, self.room.is_log),
            (Place.MODEL_SETTINGS, self.room.is_settings),
            (Place.PREFERENCES, self.preference_room.is_preferences),
        )
        return next((place for place, stands in places if stands(page)), None)

    def _connect(self) -> None:
        room = self.room
        self.chat.start_clicked.connect(room.start_current)
        self.chat.stop_clicked.connect(room.stop)
        self.chat.install_clicked.connect(room.offer_install)
        self.chat.remedy_chosen.connect(room.do)
        self.chat.middle.sent.connect(self._program.gauges.hurry)
        self.chat.middle.larger_clicked.connect(room.show_settings)
        self._rail.asked.connect(self._on_place_asked)
        self._strip.clicked.connect(self.monitor_room.show_monitor)
        self.preference_room.bin_asked.connect(self._on_bin_asked)
        self._bar.start_clicked.connect(room.start_current)
        self._bar.stop_clicked.connect(room.stop)
        self._bar.stop_asked.connect(room.stop)
        self._bar.install_clicked.connect(room.offer_install)
        self._bar.local_wanted.connect(self.model_room.look)
        self._bar.model_chosen.connect(room.start)
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

    def _on_place_asked(self, place: Place) -> None:
        match place:
            case Place.CHAT:
                self.show_chat()
            case Place.MODELS:
                self.model_room.show_models()
            case Place.COMPARE:
                self.compare_room.show_compare()
            case Place.MONITOR:
                self.monitor_room.show_monitor()
            case Place.ENGINE:
                self.room.show_engines()
            case Place.LOG:
                self.room.show_log()
            case Place.MODEL_SETTINGS:
                self.room.show_settings()
            case Place.PREFERENCES:
                self.preference_room.show_preferences()

    def _on_bin_asked(self) -> None:
        self.show_chat()
        self.chat_room.show_bin()

    def _keep_shortcuts(self, chosen: Mapping[str, str]) -> None:
        self._bridge.start("shortcuts", self._program.settings.set_shortcuts(chosen))

    def _on_escape_pressed(self) -> None:
        shown = self._pages.currentWidget()
        if shown is not None and self.compare_room.is_compare(shown) and self.compare_room.compare.escape():
            return
        if shown is not None and self.monitor_room.escape(shown):
            return
        if shown is not self.chat:
            self.show_chat()
        else:
            self.chat.escape()

    def _bind_shortcuts(self) -> None:
        bind, preferences = self.shortcuts.bind, self.preference_room
        for place in Place:
            bind(place.command, partial(self._on_place_asked, place))
        bind(CommandId.SHORTCUTS, preferences.show_shortcuts)
        bind(CommandId.LARGER, preferences.larger)
        bind(CommandId.SMALLER, preferences.smaller)
        bind(CommandId.USUAL, preferences.usual)
        bind(CommandId.CHOOSE_MODEL, self._bar.open_menu)
        bind(CommandId.OPEN_FOLDER, self.room.ask_for_folder)
        bind(CommandId.QUIT, self.close)
        bind(CommandId.LEAVE, self._on_escape_pressed)
        for command in CHAT_COMMANDS:
            bind(command, partial(self._do_in_page, command))
        self.shortcuts.tell(self.chat.list.new.main, "Begin a new conversation", CommandId.NEW_CHAT)

    def _do_in_page(self, command: CommandId) -> None:
        """Do something with the chat, which is shown first if another page hides it; some also among columns."""
        shown = self._pages.currentWidget() if self._frame.currentWidget() is self._main else None
        if command in COLUMN_COMMANDS and shown is not None and self.compare_room.is_compare(shown):
            if columns := self.compare_room.compare.columns:
                COLUMN_COMMANDS[command](columns)
            return
        if shown is not self.chat:
            self.show_chat()
        CHAT_COMMANDS[command](self.chat)

    def _build(self) -> None:
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
        row.addWidget(self._rail)
        row.addLayout(content, 1)
        self._frame.addWidget(self._main)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._place)
        column.addWidget(self._frame, 1)
        column.addWidget(self._strip)
        self.setCentralWidget(whole)
        self.show_page(self.chat)
        if not self._program.first_run.done.value:
            # Already here, since a page costs thrice as much once there is a style sheet.
            self._frame.setCurrentWidget(self.welcome)
