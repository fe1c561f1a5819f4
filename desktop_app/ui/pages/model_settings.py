"""How one model is started: presets, every flag of the installed engine in words, memory, the exact command.

The main window opens it for a model and answers what it asks: start, restart, choose a model.
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QProgressBar, QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy
from desktop_app.domain.launch import FlagValue, ModelRef, ModelSettings, Preset
from desktop_app.services.model_settings import ModelSettingsService, SettingsState
from desktop_app.store.settings import Settings
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, short_name
from desktop_app.ui.widgets.command_editor import CommandEditor
from desktop_app.ui.widgets.notice import Notice, UndoBar
from desktop_app.ui.widgets.setting_everywhere import SettingEverywhere
from desktop_app.ui.widgets.setting_frame import SettingFrame
from desktop_app.ui.widgets.setting_head import SettingHead
from desktop_app.ui.widgets.setting_look import setting_sheet
from desktop_app.ui.widgets.setting_memory import MemoryCard
from desktop_app.ui.widgets.setting_notes import SettingNotes
from desktop_app.ui.widgets.setting_presets import SettingPresets
from desktop_app.ui.widgets.setting_tabs import SettingTabs

_FILES = "Settings of a model (*.json);;All files (*)"


class ModelSettingsPage(QWidget):
    """Draws `SettingsState`; every change is saved at once and holds from the next start."""

    start_clicked = Signal()
    restart_clicked = Signal()
    choose_clicked = Signal()
    """No model is chosen yet, and somebody wants one."""
    remedy_chosen = Signal(Remedy)
    """The button beside a failure that is not the page's own to mend, e.g. that there is no engine."""

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        service: ModelSettingsService,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._bridge = bridge
        self._service = service
        self._running = False
        self.setAccessibleName("Settings of the model")
        self._started_with: ModelSettings | None = None
        self._before_reset: ModelSettings | None = None
        self._editing: CommandEditor | None = None
        self._head = SettingHead(theme)
        self._undo = UndoBar(theme)
        self._notice = Notice(theme, dismissable=True)
        self._reading = label(role="second", wrap=True)
        self._busy = QProgressBar()
        self._choose = button("Choose a model", self.choose_clicked.emit, "primary")
        self._memory = MemoryCard(theme)
        self._notes = SettingNotes(theme)
        self._presets = SettingPresets(theme)
        self._tabs = SettingTabs(theme)
        self._everywhere = SettingEverywhere(theme, bridge, settings)
        self._command = CommandEditor(
            theme,
            "Command",
            "What starts this model, flag by flag. Change it here, or paste one from elsewhere.",
            lines=10,
        )
        self._variables = CommandEditor(
            theme, "Variables of your own", "Added to the engine's environment, one NAME=value in a line.", lines=3
        )
        self._environment = CommandEditor(
            theme, "Environment", "All that the engine is given, yours among it.", lines=6, editable=False
        )
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()
        bridge.watch(self, service.state, self._on_state_changed)

    def open_model(self, model: ModelRef) -> None:
        """Show the settings of *model*."""
        self._bridge.start("settings of a model", self._service.open(model))

    def show_running(self, running: bool, started_with: ModelSettings | None = None) -> None:
        """Say whether the shown model runs, and with which settings it was started.

        Without *started_with* those count that hold when this is first said.
        """
        state = self._service.state.value
        if not running:
            self._started_with = None
        elif started_with is not None:
            self._started_with = started_with
        elif self._started_with is None and not state.loading:
            self._started_with = state.settings
        self._running = running
        self._show_head(state)

    def show_setting(self, text: str) -> None:
        """Put the settings that match *text* in front, e.g. one flag."""
        self._tabs.search(text)

    def _on_state_changed(self, state: SettingsState) -> None:
        held = self._has_keyboard()
        self._show_state(state)
        if held and not self._has_keyboard():
            # What had it is hidden now, and Qt gives it to what comes next: the button of another page.
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _has_keyboard(self) -> bool:
        focused = self.window().focusWidget()
        return focused is self or (focused is not None and self.isAncestorOf(focused) and focused.isVisibleTo(self))

    def _show_state(self, state: SettingsState) -> None:
        self._show_head(state)
        ready = _is_known(state)
        for part in (self._memory, self._notes, self._presets, self._tabs):
            part.setVisible(ready)
        self._show_rest(state, ready)
        # Before the texts: what was not taken stays where it was written.
        self._show_error(state)
        if not ready:
            return
        self._memory.show_memory(state.memory, state.context)
        self._notes.show_notes(state.warnings, state.suggestions)
        self._presets.show_preset(state.settings.preset, state.fields)
        self._tabs.show_fields(state.fields)
        self._command.show_text(state.command)
        self._variables.show_text(state.variables)
        self._environment.show_text(state.environment)

    def _show_head(self, state: SettingsState) -> None:
        changed = self._running and self._started_with is not None and state.settings != self._started_with
        self._head.show_model(state.model, known=_is_known(state), running=self._running, changed=changed)
        self._head.set_resettable(state.settings != ModelSettings())
        if self._before_reset is not None and state.settings != ModelSettings():
            self._forget_undo()

    def _show_rest(self, state: SettingsState, ready: bool) -> None:
        """What stands there while there is nothing to set."""
        self._choose.setVisible(state.model is None and not state.loading)
        self._busy.setVisible(state.loading and not ready)
        self._reading.setVisible(not ready and state.error is None)
        if state.loading:
            self._reading.setText("Asking the engine what can be set. The first time takes some seconds.")
        elif state.model is None:
            self._reading.setText(
                "Here you decide how a model is started: how much it keeps in mind, how fast, for whom."
            )
        elif state.model.address:
            self._reading.setText("This model runs elsewhere: how it is started is decided there.")
        else:
            self._reading.setText("Without an engine nothing can be set: install one first.")

    def _show_error(self, state: SettingsState) -> None:
        """Below the text that was not taken, or on top."""
        if state.error is None:
            self._editing = None
        for one in (self._command, self._variables):
            one.show_error(state.error if one is self._editing else None)
        self._notice.show_error(None if self._editing is not None else state.error)

    def _do(self, work: Coroutine[Any, Any, object]) -> None:
        self._editing = None
        self._bridge.start("change of settings", work)

    def _on_chosen(self, flag: str, value: FlagValue | None) -> None:
        self._do(self._service.change(flag, value))

    def _on_preset_chosen(self, preset: Preset) -> None:
        self._do(self._service.set_preset(preset))

    def _on_command_applied(self, text: str) -> None:
        self._editing = self._command
        self._bridge.start("edited command", self._service.edit_command(text))

    def _on_variables_applied(self, text: str) -> None:
        self._editing = self._variables
        self._bridge.start("edited variables", self._service.set_variables(text))

    def _on_remedy_chosen(self, remedy: Remedy) -> None:
        model = self._service.state.value.model
        if remedy is Remedy.RETRY and model is not None:
            self.open_model(model)
        else:
            self.remedy_chosen.emit(remedy)

    def _on_reset_clicked(self) -> None:
        self._before_reset = self._service.state.value.settings
        self._do(self._service.reset())
        self._undo.show_text("Everything is back to what Quick start sets.")

    def _on_undo_clicked(self) -> None:
        before = self._before_reset
        self._forget_undo()
        if before is not None:
            self._do(self._service.restore(before))

    def _forget_undo(self) -> None:
        self._before_reset = None
        self._undo.show_text("")

    def _on_export_clicked(self) -> None:
        model = self._service.state.value.model
        dialog = self._file_dialog("Export these settings", self._on_export_chosen)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile(f"{short_name(model.name) if model else 'model'}.settings.json".replace("/", "-"))
        dialog.open()

    def _on_import_clicked(self) -> None:
        dialog = self._file_dialog("Import settings", self._on_import_chosen)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.open()

    def _on_export_chosen(self, name: str) -> None:
        self._do(self._service.export(Path(name)))

    def _on_import_chosen(self, name: str) -> None:
        self._do(self._service.import_from(Path(name)))

    def _file_dialog(self, title: str, chosen: Callable[[str], None]) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setNameFilter(_FILES)
        dialog.fileSelected.connect(chosen)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _dress(self) -> None:
        self.setStyleSheet(self._theme.sheet(setting_sheet(self._theme.tokens)))

    def _connect(self) -> None:
        self._head.start_clicked.connect(self.start_clicked)
        self._head.restart_clicked.connect(self.restart_clicked)
        self._head.reset_clicked.connect(self._on_reset_clicked)
        self._head.export_clicked.connect(self._on_export_clicked)
        self._head.import_clicked.connect(self._on_import_clicked)
        self._undo.undo_clicked.connect(self._on_undo_clicked)
        self._notice.remedy_chosen.connect(self._on_remedy_chosen)
        self._notice.dismissed.connect(self._service.dismiss_error)
        self._presets.chosen.connect(self._on_preset_chosen)
        self._notes.flag_clicked.connect(self._tabs.search)
        self._tabs.chosen.connect(self._on_chosen)
        self._command.applied.connect(self._on_command_applied)
        self._variables.applied.connect(self._on_variables_applied)
        for editor in (self._command, self._variables):
            editor.discarded.connect(self._service.dismiss_error)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._tabs.focus_search)

    def _build(self) -> None:
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName("Asking the engine")
        self._tabs.add_below_simple(self._everywhere)
        self._tabs.add_command((self._command, self._variables, self._environment))
        frame = SettingFrame(
            self._theme,
            top=(self._head, self._undo, self._notice),
            memory=self._memory,
            notes=self._notes,
            middle=(self._reading, self._busy, self._choose, self._presets, self._tabs),
        )
        frame.near_end.connect(self._tabs.more)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)


def _is_known(state: SettingsState) -> bool:
    """Whether there is a model, and an engine that can start it."""
    return state.model is not None and bool(state.command)
