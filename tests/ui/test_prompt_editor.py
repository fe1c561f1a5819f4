"""Prompts being written: in place, many at once, taken back; locked once answered; nothing typed is ever lost."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.experiment import (
    MAX_PROMPTS,
    CellState,
    Check,
    CheckKind,
    Experiment,
    ExperimentKind,
    Options,
    Prompt,
)
from desktop_app.domain.prompt_sets import PromptSet
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.check_editor import CheckEditor
from desktop_app.ui.widgets.prompt_editor import PromptEditor
from desktop_app.ui.widgets.prompt_editor_field import PromptField
from desktop_app.ui.widgets.prompt_editor_model import NUMBER, REFERENCE, TEXT, PromptModel
from desktop_app.ui.widgets.prompt_editor_rows import answered
from desktop_app.ui.widgets.prompt_editor_table import PromptTable
from desktop_app.ui.widgets.run_options import RunOptions
from desktop_app.ui.widgets.setting_parts import CalmTabs
from tests.ui.hands import buttons, child, press, press_button, seen, words, write
from tests.ui.prompt_grid_states import experiment, head, prompts

READER = int(Qt.ItemDataRole.AccessibleTextRole)
EMPTY = Experiment(1, "Facts", ExperimentKind.PROMPTS)


class Desk:
    """An editor on the screen, what it told, and the store behind it, which gives ids."""

    def __init__(
        self, qtbot: QtBot, theme: Theme, of: Experiment = EMPTY, answered: frozenset[int] = frozenset()
    ) -> None:
        self.qtbot = qtbot
        self.of = of
        self.answered = answered
        self.editor = PromptEditor(theme, lambda check: "No pattern." if "(" in check.text else "")
        self.told: list[tuple[Prompt, ...]] = []
        self.options: list[Options] = []
        self.said: list[object] = []
        self.editor.prompts_changed.connect(self.told.append)
        self.editor.options_changed.connect(self.options.append)
        self.editor.import_asked.connect(lambda: self.said.append("import"))
        self.editor.set_chosen.connect(lambda key: self.said.append(("set", key)))
        self.editor.export_asked.connect(lambda form: self.said.append(("export", form)))
        self.editor.done.connect(lambda: self.said.append("done"))
        self.editor.resize(900, 600)
        qtbot.addWidget(self.editor)
        self.editor.show()
        self.editor.show_experiment(of, answered)

    @property
    def table(self) -> PromptTable:
        return child(self.editor, PromptTable)

    @property
    def model(self) -> PromptModel:
        model = self.table.model()
        assert isinstance(model, PromptModel)
        return model

    @property
    def field(self) -> PromptField:
        found = seen(self.editor, PromptField)
        assert len(found) == 1
        return found[0]

    def texts(self) -> list[str]:
        return [one.text for one in self.model.draft.prompts]

    def store(self, told: tuple[Prompt, ...], first: int = 100) -> None:
        """What the service publishes once it has stored *told*."""
        kept = tuple(replace(one, id=one.id or first + place) for place, one in enumerate(told))
        self.of = replace(self.of, prompts=kept)
        self.editor.show_experiment(self.of, self.answered)

    def paste(self, text: str) -> None:
        QApplication.clipboard().setText(text)
        QTest.keySequence(self.table, QKeySequence(QKeySequence.StandardKey.Paste))


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


@pytest.fixture
def full(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme, experiment(5), frozenset({1, 2}))


def test_without_prompts_there_is_one_next_action(desk: Desk) -> None:
    assert "No prompts yet" in words(desk.editor)
    assert "Write the first prompt" in buttons(desk.editor)
    primary = [one.text() for one in seen(desk.editor, QPushButton) if one.property("role") == "primary"]
    assert primary == ["Write the first prompt"]


def test_prompts_are_written_one_below_the_other(desk: Desk) -> None:
    press_button(desk.editor, "Write the first prompt")
    write(desk.field, "One")
    press(desk.field, Qt.Key.Key_Return)
    write(desk.field, "Two")
    press(desk.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    write(desk.field, "lines")
    press(desk.field, Qt.Key.Key_Return)
    press(desk.field, Qt.Key.Key_Return)
    assert not seen(desk.editor, PromptField)
    assert desk.told[-1] == (Prompt(0, "One"), Prompt(0, "Two\nlines"))


def test_what_is_typed_is_told_after_a_moment(desk: Desk) -> None:
    press_button(desk.editor, "Write the first prompt")
    write(desk.field, "Half a sen")
    desk.qtbot.waitUntil(lambda: desk.told == [(Prompt(0, "Half a sen"),)])
    assert desk.field.hasFocus() or desk.field.isVisible()


def test_escape_ends_the_writing_and_keeps_the_words(full: Desk) -> None:
    full.table.write(3)
    full.field.setPlainText("Other words")
    press(full.field, Qt.Key.Key_Escape)
    assert full.texts()[3] == "Other words"
    assert full.told[-1][3] == replace(full.of.prompts[3], text="Other words")


def test_escape_belongs_to_the_field_while_somebody_writes(full: Desk) -> None:
    full.table.write(3)
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(full.field, event)
    assert event.isAccepted()


def test_tab_goes_to_the_reference(full: Desk) -> None:
    full.table.write(3)
    press(full.field, Qt.Key.Key_Tab)
    full.qtbot.waitUntil(lambda: seen(full.editor, PromptField) != [])
    assert full.field.accessibleName() == "Reference answer 4"
    write(full.field, "Because.")
    full.editor.flush()
    assert full.told[-1][3].reference == "Because."


def test_a_single_key_is_not_the_end_of_a_prompt(full: Desk) -> None:
    full.table.selectRow(4)
    write(full.table, "x")
    assert not seen(full.editor, PromptField)
    full.table.write(4)
    write(full.field, "!")
    full.editor.flush()
    assert full.told[-1][4].text == full.of.prompts[4].text + "!"


def test_nothing_is_changed_while_it_runs(full: Desk) -> None:
    full.editor.show_experiment(full.of, full.answered, running=True)
    assert not full.table.isEnabled()
    assert any(one.startswith("The experiment runs.") for one in words(full.editor))
    full.editor.show_experiment(full.of, full.answered)
    assert full.table.isEnabled()


def test_whoever_only_looks_changes_nothing(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, replace(EMPTY, prompts=(Prompt(1, "12\u00a0kg\u2028net"),)))
    desk.table.write(0)
    press(desk.field, Qt.Key.Key_Escape)
    assert desk.told == []


def test_flush_tells_what_is_not_told_yet(full: Desk) -> None:
    full.table.write(4)
    full.field.setPlainText("Last words")
    full.editor.flush()
    assert full.told[-1][4].text == "Last words"


def test_done_tells_first(full: Desk) -> None:
    full.table.write(4)
    full.field.setPlainText("Last words")
    press_button(full.editor, "Done")
    assert full.told[-1][4].text == "Last words"
    assert full.said == ["done"]


def test_an_echo_does_not_undo_what_was_typed_after_it(desk: Desk) -> None:
    press_button(desk.editor, "Write the first prompt")
    write(desk.field, "One")
    desk.editor.flush()
    write(desk.field, " and more")
    desk.editor.flush()
    desk.store(desk.told[0])
    assert desk.texts() == ["One and more"]
    write(desk.field, "!")
    desk.store(desk.told[1])
    assert desk.field.toPlainText() == "One and more!"
    desk.editor.flush()
    assert desk.told[-1] == (Prompt(100, "One and more!"),)


def test_another_experiment_is_shown_whole(full: Desk) -> None:
    full.editor.show_experiment(replace(EMPTY, id=2, prompts=(Prompt(9, "Hello"),)))
    assert full.texts() == ["Hello"]
    assert full.told == []


def test_what_others_changed_is_shown(full: Desk) -> None:
    full.editor.show_experiment(replace(full.of, prompts=prompts(7)), full.answered)
    assert full.model.rowCount() == 7


def test_prompts_with_answers_stay_and_say_so(full: Desk) -> None:
    editable = Qt.ItemFlag.ItemIsEditable
    assert not full.model.index(0, TEXT).flags() & editable
    assert full.model.index(2, TEXT).flags() & editable
    assert str(full.model.index(0, TEXT).data(READER)).startswith("Prompt 1, has answers and stays: What is")
    assert full.model.index(0, NUMBER).data(READER) == "Prompt 1 answered"
    assert "add it anew" in str(full.model.index(0, TEXT).data(Qt.ItemDataRole.ToolTipRole))
    assert full.model.index(0, REFERENCE).flags() & editable
    full.table.selectAll()
    press_button(full.editor, "Delete")
    assert [one.id for one in full.model.draft.prompts] == [1, 2]
    assert any("Prompts that have answers stay" in one for one in words(full.editor))


def test_they_are_locked_when_answers_come(full: Desk) -> None:
    full.answered = frozenset({1, 2, 3})
    full.editor.show_experiment(full.of, full.answered)
    assert not full.model.index(2, TEXT).flags() & Qt.ItemFlag.ItemIsEditable


def test_deleting_can_be_undone(full: Desk) -> None:
    full.table.selectRow(3)
    press(full.table, Qt.Key.Key_Delete)
    assert [one.id for one in full.told[-1]] == [1, 2, 3, 5]
    full.store(full.told[-1])
    press_button(full.editor, "Undo")
    assert [one.id for one in full.told[-1]] == [1, 2, 3, 4, 5]
    assert "Undo" not in buttons(full.editor)


def test_deleting_here_and_there_can_be_undone(full: Desk) -> None:
    select = full.table.selectionModel().SelectionFlag.Select | full.table.selectionModel().SelectionFlag.Rows
    for row in (2, 4):
        full.table.selectionModel().select(full.model.index(row, 0), select)
    press_button(full.editor, "Delete")
    assert [one.id for one in full.told[-1]] == [1, 2, 4]
    press_button(full.editor, "Undo")
    assert [one.id for one in full.told[-1]] == [1, 2, 3, 4, 5]


def test_what_was_deleted_comes_back_at_the_end_when_its_place_is_gone(full: Desk) -> None:
    full.model.remove([3, 4])
    full.model.draft.prompts.pop()
    full.model.undo()
    assert [one.id for one in full.told[-1]] == [1, 2, 4, 5]


def test_every_line_that_is_pasted_is_a_prompt(desk: Desk) -> None:
    QApplication.clipboard().setText("One\n\n  Two \r\nThree")
    press_button(desk.editor, "Paste")
    assert desk.told == [(Prompt(0, "One"), Prompt(0, "Two"), Prompt(0, "Three"))]
    assert "3 prompts added." in words(desk.editor)


def test_cells_of_a_table_are_prompt_and_reference(desk: Desk) -> None:
    QApplication.clipboard().setText('What?\tThis.\tmore\n"Two\nlines"\t\n\tnothing')
    press_button(desk.editor, "Paste")
    assert desk.told == [(Prompt(0, "What?", "This."), Prompt(0, "Two\nlines"))]


def test_pasting_by_key_into_the_table(full: Desk) -> None:
    full.paste("One more")
    assert full.texts()[-1] == "One more"


def test_pasting_nothing_says_so(desk: Desk) -> None:
    QApplication.clipboard().setText(" \n")
    press_button(desk.editor, "Paste")
    assert desk.told == []
    assert "There is no text on the clipboard." in words(desk.editor)


def test_there_is_a_most(desk: Desk) -> None:
    QApplication.clipboard().setText("\n".join(f"Question {number}" for number in range(MAX_PROMPTS + 2)))
    press_button(desk.editor, "Paste")
    assert len(desk.told[-1]) == MAX_PROMPTS
    assert "10,000 prompts added. 2 prompts left out: a set can have 10,000." in words(desk.editor)


def test_import_sets_and_export_are_asked_for(full: Desk) -> None:
    full.editor.show_sets((PromptSet("facts", "Facts", "Short questions.", prompts(20)),))
    press_button(full.editor, "Import…")
    sets = child(full.editor, QPushButton, "Use a set…").menu()
    assert [one.text() for one in sets.actions()] == ["Facts · 20 prompts"]
    sets.actions()[0].trigger()
    for action in child(full.editor, QPushButton, "Export…").menu().actions():
        action.trigger()
    assert full.said == ["import", ("set", "facts"), ("export", "csv"), ("export", "jsonl")]


def test_checks_of_a_prompt_are_kept_and_told_of(qtbot: QtBot, theme: Theme) -> None:
    own = Prompt(1, "Name a date.", checks=(Check(CheckKind.REGEX, r"\d+"),), name="dates")
    desk = Desk(qtbot, theme, replace(EMPTY, prompts=(own, Prompt(2, "Hello", name="greeting"))))
    assert desk.model.note(desk.model.index(0, NUMBER)) == "1 own check"
    assert desk.model.note(desk.model.index(1, NUMBER)) == "greeting"
    desk.table.write(0)
    desk.field.setPlainText("Name a year.")
    desk.editor.flush()
    assert desk.told[-1][0] == replace(own, text="Name a year.")


def test_checks_and_options_are_told_together(full: Desk) -> None:
    child(full.editor, CheckEditor).changed.emit((Check(CheckKind.EXACT, "4"),))
    options = child(full.editor, RunOptions).options
    child(full.editor, RunOptions).changed.emit(replace(options, repeats=3))
    assert full.options[-1] == Options(repeats=3, checks=(Check(CheckKind.EXACT, "4"),))
    tabs = child(full.editor, CalmTabs)
    assert [tabs.tabText(index) for index in range(3)] == ["Prompts · 5", "Checks · 1", "How it is run"]


def test_an_echo_of_options_is_no_news(full: Desk) -> None:
    run = child(full.editor, RunOptions)
    run.changed.emit(replace(run.options, repeats=3))
    run.changed.emit(replace(run.options, repeats=4))
    full.editor.show_experiment(replace(full.of, options=full.options[0]), full.answered)
    assert run.options.repeats == 4
    full.editor.show_experiment(replace(full.of, options=full.options[1]), full.answered)
    full.editor.show_experiment(replace(full.of, options=Options(repeats=9)), full.answered)
    assert run.options.repeats == 9


def test_the_tabs_show_their_parts(full: Desk) -> None:
    child(full.editor, CalmTabs).setCurrentIndex(1)
    assert "Add a check" in buttons(full.editor)
    child(full.editor, CalmTabs).setCurrentIndex(2)
    assert "Repeats" in words(full.editor)


def test_it_is_drawn_in_every_colour_and_size(full: Desk, theme: Theme) -> None:
    try:
        for index in range(3):
            child(full.editor, CalmTabs).setCurrentIndex(index)
            theme.choose(Appearance.DARK)
            theme.set_text_scale(2.0)
            full.editor.grab()
            theme.set_text_scale(1.0)
            theme.choose(Appearance.LIGHT)
    finally:
        theme.set_text_scale(1.0)
        theme.choose(Appearance.LIGHT)


def test_references_are_read_as_such(full: Desk) -> None:
    assert full.model.index(0, REFERENCE).data(READER) == "Prompt 1, reference answer: Canberra"
    assert full.model.index(1, REFERENCE).data(READER) == "Prompt 2, reference answer: none"


def test_which_prompts_have_answers() -> None:
    made = {
        (1, 1, 0): head((1, 1, 0), 1),
        (2, 1, 0): head((2, 1, 0), 2, CellState.WAITING),
        (3, 1, 0): head((3, 1, 0), 3, CellState.FAILED),
    }
    assert answered(made) == {1, 3}
