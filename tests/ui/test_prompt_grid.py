"""The grid of answers: every state in words, filters and orders that follow changes, keys, what blind hides."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.experiment import CellHead, CellState, Experiment
from desktop_app.services.compare_view import CompareState, GridChange
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.prompt_grid import PromptGrid
from desktop_app.ui.widgets.prompt_grid_model import GridModel
from desktop_app.ui.widgets.prompt_grid_rows import Order
from desktop_app.ui.widgets.prompt_grid_view import GridView
from tests.ui.hands import buttons, child, click, press, press_button, words
from tests.ui.prompt_grid_states import Key, cells, experiment, head, state

READER = int(Qt.ItemDataRole.AccessibleTextRole)


class Desk:
    """A grid on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme, of: Experiment | None = None) -> None:
        self.of = of or experiment(40)
        self.cells = cells(self.of)
        self.version = 1
        self.grid = PromptGrid(theme)
        self.said: list[tuple[str, int]] = []
        self.grid.cell_chosen.connect(lambda cell: self.said.append(("chosen", cell)))
        self.grid.ask_again.connect(lambda cell: self.said.append(("again", cell)))
        self.grid.continue_asked.connect(lambda cell: self.said.append(("continue", cell)))
        self.grid.copy_asked.connect(lambda cell: self.said.append(("copy", cell)))
        self.grid.resize(900, 600)
        qtbot.addWidget(self.grid)
        self.grid.show()
        self.grid.show_state(state(self.of))
        self.grid.show_change(GridChange(1, True, self.cells))

    @property
    def view(self) -> GridView:
        return child(self.grid, GridView)

    @property
    def model(self) -> GridModel:
        model = self.view.model()
        assert isinstance(model, GridModel)
        return model

    def change(self, *heads: CellHead) -> None:
        for one in heads:
            self.cells[one.prompt, one.column, one.repeat] = one
        self.version += 1
        keys = frozenset((one.prompt, one.column, one.repeat) for one in heads)
        self.grid.show_change(GridChange(self.version, False, self.cells, keys))

    def prompts(self) -> list[int]:
        """The numbers of the rows, from above."""
        return [self.model.rows.row(row).number for row in range(self.model.rowCount())]

    def chip(self, name: str) -> QPushButton:
        chips = [one for one in self.grid.findChildren(QPushButton) if one.property("role") == "chip"]
        return next(one for one in chips if one.accessibleName().startswith(name))

    def sort(self, order: Order) -> None:
        box = child(self.grid, QComboBox, "Sort rows")
        box.setCurrentIndex(box.findText(order.value))

    def read(self, row: int, column: int) -> str:
        return str(self.model.index(row, column).data(READER))


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def keys_where(made: dict[Key, CellHead], *states: CellState) -> set[int]:
    return {one.prompt for one in made.values() if one.state in states}


def test_without_prompts_there_is_one_next_action(qtbot: QtBot, theme: Theme) -> None:
    grid = PromptGrid(theme)
    qtbot.addWidget(grid)
    grid.show()
    grid.show_state(CompareState())
    asked: list[bool] = []
    grid.prompts_asked.connect(lambda: asked.append(True))
    assert buttons(grid) == ["Add prompts"]
    assert "No prompts yet" in words(grid)
    press_button(grid, "Add prompts")
    assert asked == [True]


def test_every_cell_says_in_words_whose_it_is_and_how_far(desk: Desk) -> None:
    assert desk.read(0, 0) == "Qwen3-8B, prompt 1: passed. 40 tok/s, 312 tokens. Canberra"
    assert desk.read(0, 2).startswith("Llama-3.2-3B-Instruct, prompt 1: not passed.")
    assert desk.read(2, 1).startswith("Gemma-3-27B-it, prompt 3: being written.")
    assert "failed. The engine stopped" in desk.read(3, 1)
    assert "stopped." in desk.read(4, 0)
    assert desk.read(5, 0) == "Qwen3-8B, prompt 6: waiting."
    assert desk.read(1, 2).startswith("Llama-3.2-3B-Instruct, prompt 2: answered.")


def test_a_prompt_for_another_column_is_not_asked(desk: Desk) -> None:
    del desk.cells[2, 1, 0]
    desk.grid.show_change(GridChange(2, True, desk.cells))
    assert desk.read(1, 0) == "Qwen3-8B, prompt 2: not asked."
    desk.view.grab()


def test_head_of_a_column_has_its_pass_rate_and_medians(desk: Desk) -> None:
    told = desk.model.headerData(0, Qt.Orientation.Horizontal, READER)
    assert told == "Qwen3-8B. 16 of 20 passed. median 40 tok/s (best) · first word 0.31 s"
    assert desk.model.headerData(0, Qt.Orientation.Vertical, READER).startswith("Prompt 1: What is the capital")  # type: ignore[attr-defined]


def test_why_a_column_has_no_more_answers_stands_above_it(desk: Desk) -> None:
    shown = state(desk.of)
    first = replace(shown.columns[0], failure="Its engine did not start.")
    desk.grid.show_state(replace(shown, columns=(first, *shown.columns[1:])))
    assert "Its engine did not start." in str(desk.model.headerData(0, Qt.Orientation.Horizontal, READER))


def test_blind_shows_no_figures_and_no_verdicts(desk: Desk) -> None:
    desk.grid.show_state(state(desk.of, hidden=True))
    assert desk.read(0, 2) == "Column 3, prompt 1: answered. Canberra"
    assert desk.model.headerData(2, Qt.Orientation.Horizontal, READER) == "Column 3"
    assert not any(name.startswith("Not passed") for name in buttons(desk.grid))
    desk.view.grab()


def test_blind_leaves_a_filter_by_verdicts(desk: Desk) -> None:
    desk.chip("Not passed").click()
    desk.grid.show_state(state(desk.of, hidden=True))
    assert desk.model.rowCount() == 40


def test_filters_show_their_rows_and_say_how_many(desk: Desk) -> None:
    failed = keys_where(desk.cells, CellState.FAILED, CellState.STOPPED)
    assert desk.chip("Failed").accessibleName() == f"Failed, {len(failed)} rows"
    desk.chip("Failed").click()
    assert desk.prompts() == sorted(failed)
    desk.chip("Waiting").click()
    assert desk.prompts() == sorted(keys_where(desk.cells, CellState.WAITING, CellState.RUNNING))
    desk.chip("Not passed").click()
    wrong = {one.prompt for one in desk.cells.values() if one.passed is False}
    assert desk.prompts() == sorted(wrong)


def test_answers_differ_by_their_words_or_by_their_verdicts(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, experiment(3, 2))
    same = [head((prompt, column, 0), prompt * 10 + column) for prompt in (1, 2, 3) for column in (1, 2)]
    desk.cells = {(one.prompt, one.column, one.repeat): one for one in same}
    other = replace(desk.cells[2, 2, 0], snippet="Sydney")
    desk.cells[2, 2, 0] = other
    long = "a" * 160
    desk.cells[3, 1, 0] = replace(desk.cells[3, 1, 0], snippet=long, tokens=80)
    desk.cells[3, 2, 0] = replace(desk.cells[3, 2, 0], snippet=long, tokens=90)
    desk.grid.show_change(GridChange(2, True, desk.cells))
    desk.chip("Answers differ").click()
    assert desk.prompts() == [2, 3]
    desk.change(replace(desk.cells[2, 2, 0], snippet=desk.cells[2, 1, 0].snippet))
    assert desk.prompts() == [3]


def test_a_change_is_drawn_where_it_is_and_nowhere_else(desk: Desk) -> None:
    told: list[tuple[int, int, int, int]] = []
    desk.model.dataChanged.connect(
        lambda first, last: told.append((first.row(), first.column(), last.row(), last.column()))
    )
    resets: list[bool] = []
    desk.model.modelReset.connect(lambda: resets.append(True))
    desk.change(head((6, 1, 0), 16), head((7, 3, 0), 21, passed=False))
    assert sorted(told) == [(5, 0, 5, 0), (6, 2, 6, 2)]
    assert not resets
    assert "passed" in desk.read(5, 0)


def test_rows_come_and_go_with_their_filter(desk: Desk) -> None:
    desk.chip("Failed").click()
    before = desk.prompts()
    assert 1 not in before
    desk.change(head((1, 1, 0), 1, CellState.FAILED))
    assert desk.prompts() == [1, *before]
    desk.change(head((1, 1, 0), 1))
    assert desk.prompts() == before
    assert desk.chip("Failed").accessibleName() == f"Failed, {len(before)} rows"


def test_the_last_row_of_a_filter_leaves_words_behind(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, experiment(2, 2))
    desk.cells = {(1, 1, 0): head((1, 1, 0), 1, CellState.WAITING), (2, 1, 0): head((2, 1, 0), 2)}
    desk.grid.show_change(GridChange(2, True, desk.cells))
    desk.chip("Waiting").click()
    desk.change(head((1, 1, 0), 1))
    assert "Nothing waits: every prompt has been asked." in words(desk.grid)
    press_button(desk.grid, "Show all rows")
    assert desk.prompts() == [1, 2]


def test_rows_move_to_their_place_by_failures(desk: Desk) -> None:
    desk.sort(Order.FAILURES)
    weights = [desk.model.rows._facts[number - 1] for number in desk.prompts()]
    counts = [facts.failed + facts.not_passed for facts in weights]
    assert counts == sorted(counts, reverse=True)
    last = desk.prompts()[-1]
    desk.change(*(head((last, column, 0), 900 + column, CellState.FAILED) for column in (1, 2, 3)))
    assert desk.prompts()[0] == last or counts[0] == 3
    desk.sort(Order.PROMPTS)
    assert desk.prompts() == list(range(1, 41))


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("name", ["All", "Failed", "Not passed", "Answers differ", "Waiting"])
def test_changes_lead_to_the_same_rows_as_drawing_all_anew(qtbot: QtBot, theme: Theme, order: Order, name: str) -> None:
    desk, fresh = Desk(qtbot, theme), Desk(qtbot, theme)
    for one in (desk, fresh):
        one.chip(name).click()
        one.sort(order)
    states = list(CellState)
    for number in range(200):
        key = (number * 7 % 40 + 1, number % 3 + 1, 0)
        changed = head(key, desk.cells[key].id, states[number * 3 % 5], number % 2 == 0)
        desk.change(changed)
        fresh.cells[key] = changed
    fresh.grid.show_change(GridChange(2, True, fresh.cells))
    assert desk.prompts() == fresh.prompts()
    assert desk.model.rows.counts == fresh.model.rows.counts


def test_many_changes_at_once_sift_once(desk: Desk) -> None:
    many = experiment(200)
    desk.grid.show_state(state(many))
    desk.cells = cells(many)
    desk.grid.show_change(GridChange(2, True, desk.cells))
    desk.chip("Failed").click()
    resets: list[bool] = []
    desk.model.modelReset.connect(lambda: resets.append(True))
    desk.change(*(head((prompt, 1, 0), desk.cells[prompt, 1, 0].id, CellState.FAILED) for prompt in range(1, 201)))
    assert desk.prompts() == list(range(1, 201))
    assert len(resets) == 1


def test_enter_and_double_click_choose_a_cell(desk: Desk) -> None:
    desk.grid.select(2, 3)
    press(desk.view, Qt.Key.Key_Return)
    assert desk.said == [("chosen", 6)]
    middle = desk.view.visualRect(desk.model.index(0, 1)).center()
    click(desk.view.viewport(), middle)
    QTest.mouseDClick(desk.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    assert desk.said[-1] == ("chosen", 2)


def test_steps_go_through_the_rows_and_stop_at_the_ends(desk: Desk) -> None:
    desk.grid.select(1, 3)
    desk.grid.step(1)
    desk.grid.step(-1)
    desk.grid.step_rows(1)
    desk.grid.select(1, 1)
    desk.grid.step(-1)
    assert desk.said == [("chosen", 4), ("chosen", 3), ("chosen", 6)]


def test_the_menu_of_a_cell(desk: Desk) -> None:
    done, waiting = desk.cells[1, 1, 0], desk.cells[6, 1, 0]
    menu = desk.view.menu_of(done)
    assert [one.text() for one in menu.actions() if one.text()] == [
        "Open",
        "Ask again",
        "Continue in a chat",
        "Copy answer",
    ]
    for action in menu.actions():
        action.trigger()
    assert desk.said == [("chosen", 1), ("again", 1), ("continue", 1), ("copy", 1)]
    closed = desk.view.menu_of(waiting)
    assert [one.text() for one in closed.actions() if one.isEnabled() and one.text()] == ["Open"]
    for one in desk.view.findChildren(QMenu):
        one.close()


def test_copy_by_key(desk: Desk) -> None:
    desk.grid.select(1, 1)
    QTest.keySequence(desk.view, QKeySequence(QKeySequence.StandardKey.Copy))
    assert desk.said == [("copy", 1)]


def test_up_in_the_first_row_goes_to_the_filters(qtbot: QtBot, desk: Desk) -> None:
    with qtbot.waitActive(desk.grid):
        desk.grid.activateWindow()
    desk.grid.focus_grid()
    assert desk.view.currentIndex().row() == 0
    press(desk.view, Qt.Key.Key_Up)
    assert desk.chip("All").hasFocus()


def test_what_was_selected_stays_so_when_all_is_drawn_anew(desk: Desk) -> None:
    desk.grid.select(8, 2)
    desk.grid.show_change(GridChange(2, True, desk.cells))
    assert desk.view.head == desk.cells[8, 2, 0]
    desk.sort(Order.FAILURES)
    assert desk.view.head == desk.cells[8, 2, 0]
    desk.change(head((8, 2, 0), desk.cells[8, 2, 0].id, CellState.FAILED))
    assert desk.view.head == desk.cells[8, 2, 0]


def test_repeats_are_rows_of_their_own(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, experiment(3, 2, repeats=2))
    assert desk.prompts() == [1, 1, 2, 2, 3, 3]
    assert "run 2" in desk.read(1, 0)
    assert desk.model.index_of(2, 1, 1) == desk.model.index(3, 0)
    assert desk.model.index_of(2, 9, 1) == QModelIndex()
    desk.view.grab()


def test_six_columns_scroll_sideways_and_two_share_the_room(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, experiment(5, 6))
    assert desk.view.horizontalScrollBar().maximum() > 0
    desk.grid.show_state(state(experiment(5, 2)))
    assert desk.view.horizontalScrollBar().maximum() == 0
    assert desk.view.columnWidth(0) * 2 <= desk.view.viewport().width() < desk.view.columnWidth(0) * 2 + 2


def test_it_is_drawn_in_every_state_colour_and_size(desk: Desk, theme: Theme) -> None:
    try:
        light = desk.grid.grab().toImage()
        theme.choose(Appearance.DARK)
        assert desk.grid.grab().toImage() != light
        low = desk.view.rowHeight(0)
        theme.set_text_scale(2.0)
        desk.grid.grab()
        assert desk.view.rowHeight(0) == 2 * low
    finally:
        theme.set_text_scale(1.0)
        theme.choose(Appearance.LIGHT)


def test_signs_that_reverse_what_is_read_are_not_drawn(desk: Desk) -> None:
    first = replace(desk.of.prompts[0], text="abc\u202edef\n\x1b[2J")
    desk.grid.show_state(state(replace(desk.of, prompts=(first, *desk.of.prompts[1:]))))
    assert "Prompt 1: abcdef [2J" in str(desk.model.headerData(0, Qt.Orientation.Vertical, READER))
