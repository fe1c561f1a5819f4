"""A set of prompts being made: the prompts, the checks of their answers, how they are run.

The Compare page owns one and shows it in the place of the grid. It draws an `Experiment` and says what a person wrote;
nothing that was typed is lost: it is told after a moment, when the field is left, and by `flush()`.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop_app.domain.experiment import MAX_PROMPTS, Check, Experiment, Options, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.prompt_sets import PromptSet
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, plain, tip
from desktop_app.ui.widgets.chat_settings_parts import words
from desktop_app.ui.widgets.check_editor import CheckEditor
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_list_empty import Invitation
from desktop_app.ui.widgets.notice import UndoBar
from desktop_app.ui.widgets.prompt_editor_model import PromptModel
from desktop_app.ui.widgets.prompt_editor_parts import FORM_WIDTH, editor_sheet, form_page, menu_button
from desktop_app.ui.widgets.prompt_editor_rows import Echoes, count_words, pasted
from desktop_app.ui.widgets.prompt_editor_table import PromptTable
from desktop_app.ui.widgets.run_options import RunOptions
from desktop_app.ui.widgets.setting_parts import CalmTabs

_UNDO_MS = 10_000
_FORMS = (("CSV (for tables)", "csv"), ("JSON Lines", "jsonl"))
_EMPTY = (
    "Every prompt is put to all columns. Write them here, paste many at once (one in each line), import a file, or "
    "take one of the sets that come with the program."
)
_BUSY = "The experiment runs. Prompts, checks and options can be changed when it is done, or stopped."
_LOCKED = "Prompts that have answers stay: their answers would belong to other words."


class PromptEditor(QWidget):
    """Draws the prompts and options of an experiment, and says what a person made of them.

    Args:
        theme: colours and fonts.
        problem: why a check cannot work, in a sentence; empty when it can.
        parent: the widget that it stands in.
    """

    prompts_changed = Signal(tuple)
    """All prompts; new ones have the id 0."""
    options_changed = Signal(Options)
    import_asked = Signal()
    set_chosen = Signal(str)
    """`PromptSet.key`."""
    export_asked = Signal(str)
    """`csv` or `jsonl`."""
    done = Signal()

    def __init__(self, theme: Theme, problem: Callable[[Check], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._options = Options()
        self._experiment = 0
        self._echoes: Echoes[Options] = Echoes()
        self._model = PromptModel(self)
        self._table = PromptTable(theme, self._model)
        self._empty = Invitation()
        self._checks = CheckEditor(theme, problem)
        self._run = RunOptions(theme)
        self._tabs = CalmTabs()
        self._stack = QStackedWidget()
        self._add = button("Add a prompt", self._on_add_clicked)
        self._paste = button("Paste", self._on_paste_clicked)
        self._delete = button("Delete", self._on_delete_asked)
        self._import = button("Import…", self._on_import_clicked)
        self._sets, self._export = menu_button("Use a set…"), menu_button("Export…")
        self._busy = words(_BUSY, "second")
        self._done = button("Done", self._on_done_clicked)
        self._said = words("", "second")
        self._undo = UndoBar(theme)
        self._timer = QTimer(self, singleShot=True, interval=_UNDO_MS)
        self._build()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()
        self.show_sets(())
        self._draw()

    def show_experiment(
        self, experiment: Experiment, answered: AbstractSet[int] = frozenset(), *, running: bool = False
    ) -> None:
        """Show its prompts and options; *answered* are the ids of prompts that must stay as they are.

        Nothing can be changed while it is *running*.
        """
        self._busy.setVisible(running)
        self._stack.setEnabled(not running)
        another, self._experiment = experiment.id != self._experiment, experiment.id
        if another:
            self._echoes = Echoes()
            self._offer_undo("")
            self.show_words("")
        self._model.show_prompts(experiment.id, experiment.prompts, answered)
        if another or (experiment.options != self._options and not self._echoes.hear(experiment.options)):
            self._options = experiment.options
            self._checks.show_checks(experiment.options.checks)
            self._run.show_options(experiment.options)
        self._draw()

    def show_models(self, models: Sequence[ModelRef]) -> None:
        """Let one of these be the judge."""
        self._run.show_models(models)

    def show_sets(self, sets: Sequence[PromptSet]) -> None:
        """Offer these sets."""
        menu = self._sets.menu()
        menu.clear()
        for one in sets:
            action = menu.addAction(plain(f"{one.title} · {count_words(len(one.prompts))}"))
            action.setToolTip(tip(one.description))
            action.triggered.connect(lambda _=False, key=one.key: self._choose_set(key))
        self._sets.setVisible(bool(sets))

    def show_words(self, said: str) -> None:
        """Say what became of a paste or a file; empty for nothing."""
        self._said.setText(said)
        self._said.setVisible(bool(said))

    def flush(self) -> None:
        """Say at once what is written and not said yet: the page is left, or the window closed."""
        self._table.flush()
        self._checks.flush()
        self._run.flush()

    def focus_first(self) -> None:
        """Put the keyboard on the prompts, or on the button that begins the first one."""
        if self._empty.isHidden():
            self._table.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._empty.focus_button()

    def _on_edited(self) -> None:
        self.prompts_changed.emit(self._model.draft.tell())
        self._draw()

    def _on_checks_changed(self, checks: tuple[Check, ...]) -> None:
        self._tell(replace(self._options, checks=checks))

    def _on_run_changed(self, options: Options) -> None:
        self._tell(replace(options, checks=self._options.checks))

    def _tell(self, options: Options) -> None:
        self._options = options
        self._run.show_options(options)
        self._echoes.tell(options)
        self._draw()
        self.options_changed.emit(options)

    def _on_add_clicked(self) -> None:
        """A new row to write in; an empty one at the end is used first."""
        self._tabs.setCurrentIndex(0)
        self._table.flush()
        prompts = self._model.draft.prompts
        if not prompts or prompts[-1].text.strip() or self._model.draft.is_locked(len(prompts) - 1):
            self._add_prompts((Prompt(0, ""),))
        self._draw()
        self._table.write(len(self._model.draft.prompts) - 1)

    def _on_next_asked(self) -> None:
        """Enter in the last row: one more, unless nothing was written there."""
        if self._model.draft.prompts[-1].text.strip():
            self._on_add_clicked()

    def _on_paste_clicked(self) -> None:
        self._on_pasted(QApplication.clipboard().text())

    def _on_pasted(self, text: str) -> None:
        prompts = pasted(text)
        if not prompts:
            self.show_words("There is no text on the clipboard.")
            return
        taken = self._add_prompts(prompts)
        if taken:
            self.show_words(f"{count_words(taken)} added." + self._left_out(len(prompts) - taken))
            self._table.scrollToBottom()

    def _add_prompts(self, prompts: Sequence[Prompt]) -> int:
        taken = self._model.add(prompts)
        if taken < len(prompts):
            self.show_words(self._left_out(len(prompts) - taken).strip())
        return taken

    @staticmethod
    def _left_out(count: int) -> str:
        if not count:
            return ""
        return f" {count_words(count)} left out: a set can have {MAX_PROMPTS:,}."

    def _on_delete_asked(self) -> None:
        chosen = self._table.chosen
        if not chosen:
            return
        gone = self._model.remove(chosen)
        self.show_words(_LOCKED if gone < len(chosen) else "")
        if gone:
            self._offer_undo(f"{count_words(gone)} deleted")
        self._draw()

    def _on_undo_clicked(self) -> None:
        self._model.undo()
        self._offer_undo("")
        self._draw()

    def _offer_undo(self, text: str) -> None:
        self._undo.show_text(text)
        self._timer.start() if text else self._timer.stop()

    def _choose_set(self, key: str) -> None:
        self._table.flush()
        self.set_chosen.emit(key)

    def _on_import_clicked(self) -> None:
        self._table.flush()
        self.import_asked.emit()

    def _on_done_clicked(self) -> None:
        self.flush()
        self.done.emit()

    def _draw(self) -> None:
        """Say how many there are, and what to do where there are none."""
        count, written = len(self._model.draft.prompts), len(self._model.draft.written)
        checks = len(self._options.checks)
        titles = (
            f"Prompts · {written:,}" if written else "Prompts",
            f"Checks · {checks}" if checks else "Checks",
            "How it is run",
        )
        for index, title in enumerate(titles):
            self._tabs.setTabText(index, title)
        self._table.setVisible(count > 0)
        self._add.setVisible(count > 0)
        self._delete.setEnabled(self._table.selectionModel().hasSelection())
        self._delete.setVisible(count > 0)
        self._export.setVisible(written > 0)
        if count:
            if self._empty.has_keyboard():
                # Qt would give it to the next widget of the window, which is far away.
                self._table.setFocus(Qt.FocusReason.OtherFocusReason)
            self._empty.hide()
        elif self._empty.isHidden():
            self._empty.show_words("No prompts yet", _EMPTY, "Write the first prompt", self._on_add_clicked)

    def _on_selection_changed(self) -> None:
        self._delete.setEnabled(self._table.selectionModel().hasSelection())

    def _connect(self) -> None:
        self._model.edited.connect(self._on_edited)
        self._table.pasted.connect(self._on_pasted)
        self._table.delete_pressed.connect(self._on_delete_asked)
        self._table.next_asked.connect(self._on_next_asked)
        self._table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self._checks.changed.connect(self._on_checks_changed)
        self._run.changed.connect(self._on_run_changed)
        self._tabs.currentChanged.connect(self._stack.setCurrentIndex)
        self._undo.undo_clicked.connect(self._on_undo_clicked)
        self._timer.timeout.connect(lambda: self._offer_undo(""))

    def _dress(self) -> None:
        tokens = self._theme.tokens
        self.setStyleSheet(self._theme.sheet(editor_sheet(tokens)))
        for one in (self._checks, self._run):
            one.setMaximumWidth(self._theme.grown(FORM_WIDTH))

    def _build(self) -> None:
        self._tabs.setAccessibleName("Parts of the set")
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        for _ in range(3):
            self._tabs.addTab("")
        for one in (self._prompts_page(), form_page(self._checks), form_page(self._run)):
            self._stack.addWidget(one)
        head = QHBoxLayout()
        head.addWidget(self._tabs, 1)
        head.addWidget(self._done)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self._busy)
        column.addWidget(self._stack, 1)
        self._busy.hide()

    def _prompts_page(self) -> QWidget:
        self._build_menus()
        verbs = QWidget()
        row = Flow(8, verbs)
        for one in (self._add, self._paste, self._import, self._sets, self._export, self._delete):
            row.addWidget(one)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        verbs.setSizePolicy(policy)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self._table, 1)
        inside.addWidget(self._empty, 1)
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(verbs)
        column.addWidget(self._said)
        column.addWidget(self._undo)
        column.addWidget(frame, 1)
        return made

    def _build_menus(self) -> None:
        for name, form in _FORMS:
            self._export.menu().addAction(name).triggered.connect(lambda _=False, form=form: self._ask_export(form))

    def _ask_export(self, form: str) -> None:
        self._table.flush()
        self.export_asked.emit(form)
