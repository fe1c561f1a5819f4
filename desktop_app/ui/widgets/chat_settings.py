"""The settings of the open chat: who the model shall be, how it chooses its words, what form its answers have.

Made by the chat page and shown at its right. It draws `ChatState` and says what a person chose; what is not chosen is
left to the model, whose own values are shown where they hold.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.sampling import MAX_SYSTEM, ChatSettings, Mode, WhenFull
from desktop_app.services.chat_view import ChatState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, Scrolled, label, surface
from desktop_app.ui.widgets.chat_settings_edits import Edits
from desktop_app.ui.widgets.chat_settings_form import StructureForm
from desktop_app.ui.widgets.chat_settings_look import chat_settings_sheet
from desktop_app.ui.widgets.chat_settings_parts import FewChoices, Fold, GrowingText, SwitchRow, Titled
from desktop_app.ui.widgets.chat_settings_preset import PresetBar
from desktop_app.ui.widgets.chat_settings_sampling import SamplingRows
from desktop_app.ui.widgets.chat_settings_words import (
    SHOWN_FIRST,
    THINKING,
    THINKING_WORDS,
    folded_form,
    folded_manner,
    folded_rest,
    folded_sampling,
)
from desktop_app.ui.widgets.notice import UndoBar

_WIDTH = 300
_WIDEST = 440
"""Logical pixels, with large letters."""
_LETTERS = 33
_NO_LIMIT = 16_777_215
"""Qt's QWIDGETSIZE_MAX, which PySide does not name."""
_UNDO_MILLISECONDS = 10_000
_SYSTEM_WORDS = "What the model is told before every chat: who it is, how it answers."
_NO_SYSTEM_WORDS = "Not used while the model continues a text: there is nobody to be told."
_MODE_WORDS = "“Continue a text” writes on from where your text ends; made for models that were never taught to chat."
_FULL_WORDS = (
    "When a chat is longer than the model can keep in mind, you are asked, or the oldest messages are left out."
)
_CHANCES_WORDS = "Stores how likely each word of an answer was, and the words beside it. Takes more room."


class ChatSettingsPanel(QWidget):
    """Draws a conversation's settings and says what a person chose."""

    changed = Signal(ChatSettings)
    preset_chosen = Signal(int)
    preset_saved = Signal(str)
    preset_renamed = Signal(int, str)
    preset_deleted = Signal(int)
    presets_exported = Signal()
    presets_imported = Signal()
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._edits = Edits()
        self._covering = False
        self._state = ChatState()
        self._before: ChatSettings | None = None
        """What was chosen by hand before a preset took its place."""
        self._presets = PresetBar(theme)
        self._undo = UndoBar(theme)
        self._undo_timer = QTimer(self, singleShot=True, interval=_UNDO_MILLISECONDS)
        self._system = GrowingText("System prompt", (3, 12), MAX_SYSTEM)
        self._system.setPlaceholderText("E.g. “Answer briefly, in plain words.”")
        self._system_row = Titled("System prompt", self._system)
        self._first = SamplingRows(theme, SHOWN_FIRST)
        self._more = SamplingRows(theme, without=SHOWN_FIRST)
        self._mode = FewChoices(theme, "How it works", [(mode.value, mode) for mode in Mode])
        self._thinking = FewChoices(theme, "Thinking", THINKING)
        self._form = StructureForm(theme)
        self._when_full = FewChoices(theme, "When the context is full", [(one.value, one) for one in WhenFull])
        self._chances = SwitchRow(theme, "Show how sure it is", _CHANCES_WORDS)
        self._folds = self._make_folds()
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()
        self._draw(afresh=True)

    def show_state(self, state: ChatState) -> None:
        """Draw the settings of the open chat, unless they are only the echo of what was chosen here."""
        same = (state.presets, state.defaults) == (self._state.presets, self._state.defaults)
        another = state.open_id != self._state.open_id
        self._state = state
        news = self._edits.publish(state.open_id, state.settings)
        if news or not same:
            self._draw(afresh=news)
        if another and news:
            self._offer_undo(None, "")

    @property
    def usual_width(self) -> int:
        """Beside a conversation, in pixels."""
        return min(_WIDEST, max(_WIDTH, self.fontMetrics().averageCharWidth() * _LETTERS))

    def set_covering(self, covering: bool) -> None:
        """Take all the room that there is, or stand beside a conversation."""
        self._covering = covering
        self._fit()

    def focus_first(self) -> None:
        """Put the keyboard where the settings begin."""
        self._presets.focus_first()

    def flush(self) -> None:
        """Say at once what is written and not said yet: another chat is about to be opened, or the window closed."""
        self._system.take()
        self._first.take()
        self._more.take()
        self._form.take()

    def _edit(self, settings: ChatSettings) -> None:
        if self._edits.edit(settings):
            self._draw(afresh=False)
            self.changed.emit(settings)

    def _on_system_taken(self, text: str) -> None:
        self._edit(replace(self._edits.settings, system=text))

    def _on_sampled(self, name: str, value: object) -> None:
        settings = self._edits.settings
        self._edit(replace(settings, sampling=replace(settings.sampling, **{name: value})))  # type: ignore[arg-type]

    def _on_chosen(self, name: str, value: object) -> None:
        self._edit(replace(self._edits.settings, **{name: value}))  # type: ignore[arg-type]

    def _on_preset_chosen(self, key: int) -> None:
        self._keep_before(next((one.name for one in self._state.presets if one.id == key), ""))
        self.preset_chosen.emit(key)

    def _on_reset(self) -> None:
        self._keep_before("The model's own settings")
        self._edit(ChatSettings())

    def _keep_before(self, name: str) -> None:
        """What was chosen by hand can be had back."""
        settings = self._edits.settings
        lost = settings != ChatSettings() and settings not in [one.settings for one in self._state.presets]
        self._offer_undo(settings if lost else None, f"“{name}” took the place of your choices.")

    def _offer_undo(self, before: ChatSettings | None, words: str) -> None:
        self._before = before
        self._undo.show_text(words if before is not None else "")
        self._undo_timer.start()

    def _on_undo_clicked(self) -> None:
        before = self._before
        self._offer_undo(None, "")
        if before is not None:
            self._edit(before)
            self._draw(afresh=True)

    def _draw(self, *, afresh: bool) -> None:
        """Show the settings; *afresh* forgets what is written and not taken."""
        settings, defaults = self._edits.settings, self._state.defaults
        self._presets.show_presets(self._state.presets, settings)
        if afresh:
            self._system.show_text(settings.system)
            self._first.forget()
            self._more.forget()
        self._first.show_sampling(settings.sampling, defaults)
        self._more.show_sampling(settings.sampling, defaults)
        self._mode.show_value(settings.mode)
        self._thinking.show_value(settings.thinking)
        self._form.show_structure(settings.structure, afresh=afresh)
        self._when_full.show_value(settings.when_full)
        self._chances.show_value(settings.logprobs)
        chats = settings.mode is Mode.CHAT
        self._system_row.show_sentence(_SYSTEM_WORDS if chats else _NO_SYSTEM_WORDS)
        self._thinking.setEnabled(chats)
        for fold, count in self._folds:
            fold.head.show_count(count(settings))

    def _make_folds(self) -> list[tuple[Fold, Callable[[ChatSettings], int]]]:
        manner = [
            Titled("How it works", self._mode, _MODE_WORDS),
            Titled("Thinking", self._thinking, THINKING_WORDS),
        ]
        rest = [Titled("When the context is full", self._when_full, _FULL_WORDS), self._chances]
        return [
            (Fold(self._theme, "Mode and thinking", manner), folded_manner),
            (Fold(self._theme, "Choice of words", [self._more]), folded_sampling),
            (Fold(self._theme, "Form of the answer", [self._form]), folded_form),
            (Fold(self._theme, "Context and more", rest), folded_rest),
        ]

    def _connect(self) -> None:
        self._presets.chosen.connect(self._on_preset_chosen)
        self._presets.reset.connect(self._on_reset)
        self._presets.saved.connect(self._on_saved)
        self._presets.renamed.connect(self.preset_renamed)
        self._presets.deleted.connect(self.preset_deleted)
        self._presets.exported.connect(self.presets_exported)
        self._presets.imported.connect(self.presets_imported)
        self._undo.undo_clicked.connect(self._on_undo_clicked)
        self._undo_timer.timeout.connect(lambda: self._offer_undo(None, ""))
        self._system.taken.connect(self._on_system_taken)
        self._first.chosen.connect(self._on_sampled)
        self._more.chosen.connect(self._on_sampled)
        self._mode.chosen.connect(partial(self._on_chosen, "mode"))
        self._thinking.chosen.connect(partial(self._on_chosen, "thinking"))
        self._form.chosen.connect(partial(self._on_chosen, "structure"))
        self._when_full.chosen.connect(partial(self._on_chosen, "when_full"))
        self._chances.chosen.connect(partial(self._on_chosen, "logprobs"))

    def _on_saved(self, name: str) -> None:
        """What was written last belongs to it."""
        self.flush()
        self.preset_saved.emit(name)

    def _dress(self) -> None:
        self.setStyleSheet(self._theme.sheet(chat_settings_sheet(self._theme.tokens)))
        self._fit()

    def _fit(self) -> None:
        self.setMinimumWidth(0 if self._covering else self.usual_width)
        self.setMaximumWidth(_NO_LIMIT if self._covering else self.usual_width)

    def _build(self) -> None:
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        head = QHBoxLayout()
        head.setContentsMargins(15, 12, 8, 4)
        head.addWidget(label("Settings of this chat", "strong"), 1)
        head.addWidget(IconButton(self._theme, "close", "Close the settings", self.closed.emit))
        inside = surface("panel-inside")
        column = QVBoxLayout(inside)
        column.setContentsMargins(5, 4, 16, 16)
        column.setSpacing(18)
        for one in (self._presets, self._system_row, self._first):
            column.addWidget(one)
        folds = QVBoxLayout()
        folds.setSpacing(2)
        for fold, _ in self._folds:
            folds.addWidget(fold)
        column.addLayout(folds)
        column.addStretch(1)
        scroll = Scrolled()
        scroll.setWidget(inside)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 0, 12, 12)
        foot.addWidget(self._undo)
        outside = QVBoxLayout(self)
        # The line at the left edge stays free.
        outside.setContentsMargins(1, 0, 0, 0)
        outside.setSpacing(0)
        outside.addLayout(head)
        outside.addWidget(scroll, 1)
        outside.addLayout(foot)
