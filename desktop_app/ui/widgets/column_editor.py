"""Edits one column of an experiment: its model, what the model is told, how it chooses words, how its engine starts.

The Compare page shows it, hands in the models that there are, and stores what `saved` carries.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.domain.experiment import Column
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import MAX_SYSTEM, ChatSettings, Mode, Sampling
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, Scrolled, button, card, label, set_property
from desktop_app.ui.widgets.chat_settings_form import StructureForm
from desktop_app.ui.widgets.chat_settings_look import chat_settings_sheet
from desktop_app.ui.widgets.chat_settings_parts import FewChoices, Fold, GrowingText, Titled, indented, words
from desktop_app.ui.widgets.chat_settings_sampling import SamplingRows
from desktop_app.ui.widgets.chat_settings_words import (
    SHOWN_FIRST,
    THINKING,
    THINKING_WORDS,
    folded_form,
    folded_manner,
    folded_sampling,
)
from desktop_app.ui.widgets.column_editor_flags import EngineOptions, FlagCheck
from desktop_app.ui.widgets.column_editor_models import MODEL_SHEET, ModelChooser, ModelOffer
from desktop_app.ui.widgets.column_editor_words import MAX_NAME
from desktop_app.ui.widgets.engine_words import host

__all__ = ["ColumnEditor", "FlagCheck", "ModelOffer"]

_WIDTH = 620
_NAME_WORDS = "Stands above its answers; empty for the model's name."
_SYSTEM_WORDS = "What the model is told before every question."
_ANSWERED = "Its answers so far are kept with the old settings; with the new ones the questions can be asked again."
_NO_MODEL = "Choose a model first."
_NOT_SAVED = "This is not saved yet. Save keeps it; Esc once more leaves without it."


class ColumnEditor(QWidget):
    """Draws a `Column` and says what a person made of it.

    Args:
        theme: colours and fonts.
        check: what is wrong with a flag of vLLM and its value, as a sentence; empty when nothing is.
        parent: the widget that it stands in.
    """

    saved = Signal(object)
    """A `Column`, with the id of the one that was edited; 0 for a new one."""
    cancelled = Signal()
    server_asked = Signal()
    """The address of a server elsewhere shall be asked for."""
    model_chosen = Signal(object)
    """A `ModelRef`: its own sampling is wanted, see `show_defaults`."""

    def __init__(self, theme: Theme, check: FlagCheck, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._id = 0
        self._model: ModelRef | None = None
        self._settings = ChatSettings()
        self._defaults = Sampling()
        self._begun: tuple[object, ...] = ()
        """What it was edited from."""
        self._warned: tuple[object, ...] = ()
        """What somebody wanted to leave without saving."""
        self._title = label("", "title")
        self._answered = card("notice")
        self._models = ModelChooser(theme)
        self._name = QLineEdit()
        self._system = GrowingText("System prompt", (3, 12), MAX_SYSTEM)
        self._first = SamplingRows(theme, SHOWN_FIRST)
        self._more = SamplingRows(theme, without=SHOWN_FIRST)
        self._mode = FewChoices(theme, "How it works", [(mode.value, mode) for mode in Mode])
        self._thinking = FewChoices(theme, "Thinking", THINKING)
        self._form = StructureForm(theme)
        self._options = EngineOptions(theme, check)
        self._folds = self._make_folds()
        self._elsewhere = words()
        self._problem = label(wrap=True)
        self._content = QWidget()
        self._sheet = QWidget()
        self._scroll = Scrolled()
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()
        self.edit(None)

    def edit(self, column: Column | None, *, answered: bool = False) -> None:
        """Begin to edit *column*; None for a new one. *answered* says that it has answers already."""
        self._id = column.id if column else 0
        self._settings = column.settings if column else ChatSettings()
        self._title.setText("Change the column" if column and column.id else "New column")
        self._answered.setVisible(answered)
        self._name.setText(column.name if column else "")
        self._system.show_text(self._settings.system)
        self._first.forget()
        self._more.forget()
        self._form.show_structure(self._settings.structure, afresh=True)
        self._options.show_flags(column.flags if column else ())
        self._models.show_model(column.model if column else None)
        self._take_model(column.model if column else None)
        self._say("")
        for name, fold in self._folds.items():
            fold.head.setChecked(self._count_of(name) > 0)
        self._scroll.verticalScrollBar().setValue(0)
        self._begun, self._warned = self._written(), ()

    def leave(self) -> None:
        """Cancel; what was changed and not saved is not thrown away by a single key."""
        for part in (self._system, self._first, self._more, self._form):
            part.take()
        written = self._written()
        if written in (self._begun, self._warned):
            self.cancelled.emit()
        else:
            self._warned = written
            self._say(_NOT_SAVED)

    def show_models(self, models: Sequence[ModelOffer]) -> None:
        """These can be chosen."""
        self._models.show_models(models)

    def choose_model(self, model: ModelRef) -> None:
        """The column has this model from now on: a server elsewhere has just been connected."""
        self._models.show_model(model)
        self._take_model(model)

    def show_defaults(self, model: ModelRef, defaults: Sampling) -> None:
        """What *model* does where nothing is chosen."""
        if model == self._model:
            self._defaults = defaults
            self._draw()

    def focus_first(self) -> None:
        """Put the keyboard where a person begins."""
        self._models.enter()

    def event(self, event: QEvent) -> bool:
        """Escape and Ctrl+Enter are the editor's; the window has a use for both."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_mine(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape cancels, Ctrl+Enter saves."""
        if not self._is_mine(event):
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            self.save()

    def save(self) -> None:
        """Say what a person made of the column, unless something is wrong with it: then say that."""
        for part in (self._system, self._first, self._more, self._form):
            part.take()
        problem = self._what_is_wrong()
        self._say(problem)
        if problem or self._model is None:
            return
        flags = () if self._model.address else self._options.flags()
        self.saved.emit(Column(self._id, self._model, self._settings, flags, self._name.text().strip()))

    def _written(self) -> tuple[object, ...]:
        return self._model, self._settings, self._options.flags(), self._name.text().strip()

    def _what_is_wrong(self) -> str:
        if self._model is None:
            self._models.enter()
            return _NO_MODEL
        problem = self._first.problem
        for name, found in (("words", self._more.problem), ("form", self._form.problem)):
            if found:
                self._folds[name].head.setChecked(True)
            problem = problem or found
        if problem or self._model.address:
            return problem
        problem = self._options.take()
        if problem:
            self._folds["engine"].head.setChecked(True)
            self._options.take()
        return problem

    def _is_mine(self, event: QKeyEvent) -> bool:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return event.key() == Qt.Key.Key_Escape or (
            enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        )

    def _take_model(self, model: ModelRef | None) -> None:
        self._model = model
        self._defaults = Sampling()
        self._name.setPlaceholderText(model.name if model else "")
        self._draw()
        if model is not None:
            self.model_chosen.emit(model)

    def _draw(self) -> None:
        settings = self._settings
        self._first.show_sampling(settings.sampling, self._defaults)
        self._more.show_sampling(settings.sampling, self._defaults)
        self._mode.show_value(settings.mode)
        self._thinking.show_value(settings.thinking)
        self._thinking.setEnabled(settings.mode is Mode.CHAT)
        away = self._model.address if self._model else ""
        self._folds["engine"].setVisible(not away)
        self._elsewhere.setText(
            f"When this column is asked, your words go to {host(away)}. How its engine is started is decided there."
        )
        self._elsewhere.setVisible(bool(away))
        self._show_counts()

    def _show_counts(self) -> None:
        for name, fold in self._folds.items():
            fold.head.show_count(self._count_of(name))

    def _count_of(self, name: str) -> int:
        match name:
            case "words":
                return folded_sampling(self._settings)
            case "manner":
                return folded_manner(self._settings)
            case "form":
                return folded_form(self._settings)
            case _:
                return len(self._options.flags())

    def _say(self, problem: str) -> None:
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    def _on_sampled(self, name: str, value: object) -> None:
        sampling = replace(self._settings.sampling, **{name: value})  # type: ignore[arg-type]
        self._on_chosen("sampling", sampling)

    def _on_chosen(self, name: str, value: object) -> None:
        self._settings = replace(self._settings, **{name: value})  # type: ignore[arg-type]
        self._draw()

    def _make_folds(self) -> dict[str, Fold]:
        manner: list[QWidget] = [Titled("How it works", self._mode), Titled("Thinking", self._thinking, THINKING_WORDS)]
        return {
            "engine": Fold(self._theme, "Engine options", [self._options]),
            "words": Fold(self._theme, "Choice of words", [self._more]),
            "manner": Fold(self._theme, "Mode and thinking", manner),
            "form": Fold(self._theme, "Form of the answer", [self._form]),
        }

    def _connect(self) -> None:
        self._models.chosen.connect(self._take_model)
        self._models.server_asked.connect(self.server_asked)
        self._system.taken.connect(partial(self._on_chosen, "system"))
        self._first.chosen.connect(self._on_sampled)
        self._more.chosen.connect(self._on_sampled)
        self._mode.chosen.connect(partial(self._on_chosen, "mode"))
        self._thinking.chosen.connect(partial(self._on_chosen, "thinking"))
        self._form.chosen.connect(partial(self._on_chosen, "structure"))
        self._options.changed.connect(self._show_counts)

    def _dress(self) -> None:
        tokens = self._theme.tokens
        self.setStyleSheet(self._theme.sheet(chat_settings_sheet(tokens) + MODEL_SHEET.format(**vars(tokens))))
        self._sheet.setMaximumWidth(self._theme.scaled(_WIDTH))

    def _build(self) -> None:
        self.setAccessibleName("Column")
        self._name.setAccessibleName("Name of the column")
        self._name.setMaxLength(MAX_NAME)
        self._system.setPlaceholderText("E.g. “Answer briefly, in plain words.”")
        note = QVBoxLayout(self._answered)
        note.setContentsMargins(14, 10, 14, 10)
        note.addWidget(label(_ANSWERED, wrap=True))
        set_property(self._problem, "tone", "bad")
        column = QVBoxLayout(self._content)
        column.setContentsMargins(14, 4, 24, 16)
        column.setSpacing(18)
        column.addLayout(indented(self._answered))
        column.addWidget(Titled("Model", self._models))
        column.addLayout(indented(self._elsewhere))
        column.addWidget(Titled("Name", self._name, _NAME_WORDS))
        column.addWidget(Titled("System prompt", self._system, _SYSTEM_WORDS))
        column.addWidget(self._first)
        folds = QVBoxLayout()
        folds.setSpacing(2)
        for fold in self._folds.values():
            folds.addWidget(fold)
        column.addLayout(folds)
        column.addStretch(1)
        self._build_frame()

    def _build_frame(self) -> None:
        """What stands around that which scrolls."""
        head = QHBoxLayout()
        head.setContentsMargins(24, 14, 12, 8)
        head.addWidget(self._title, 1)
        head.addWidget(IconButton(self._theme, "close", "Close without saving", self.cancelled.emit))
        self._scroll.setWidget(self._content)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        save = button("Save", self.save, "primary")
        save.setToolTip("Ctrl+Enter")
        cancel = button("Cancel", self.cancelled.emit)
        cancel.setToolTip("Esc")
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 8, 24, 12)
        foot.setSpacing(8)
        foot.addWidget(self._problem, 1)
        foot.addStretch(0)
        foot.addWidget(save)
        foot.addWidget(cancel)
        inside = QVBoxLayout(self._sheet)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addLayout(head)
        inside.addWidget(self._scroll, 1)
        inside.addLayout(foot)
        outside = QHBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addStretch(1)
        outside.addWidget(self._sheet, 100)
        outside.addStretch(1)
