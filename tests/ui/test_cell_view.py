"""One answer in full: question, reference, answer, checks, figures, where it comes from, and the way to the next."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.experiment import Cell, CellState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.cell_view import CellView, Page
from desktop_app.ui.widgets.cell_view_answer import AnswerText
from desktop_app.ui.widgets.cell_view_origin import HashButton
from desktop_app.ui.widgets.message_view import put_away
from desktop_app.ui.widgets.prompt_grid_marks import MarkLabel
from desktop_app.ui.widgets.text_view import TextView
from tests.ui.hands import buttons, child, press, press_button, seen, words
from tests.ui.prompt_grid_states import PROVENANCE, cell, experiment, state


class Desk:
    """A view on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.qtbot = qtbot
        self.view = CellView(theme)
        self.state = state(experiment(5, 3, repeats=2))
        self.said: list[tuple[str, int]] = []
        self.view.continue_asked.connect(lambda one: self.said.append(("continue", one)))
        self.view.ask_again.connect(lambda one: self.said.append(("again", one)))
        self.view.copy_asked.connect(lambda one: self.said.append(("copy", one)))
        self.view.moved.connect(lambda step: self.said.append(("moved", step)))
        self.view.row_moved.connect(lambda step: self.said.append(("row", step)))
        self.view.closed.connect(lambda: self.said.append(("closed", 0)))
        self.view.resize(520, 640)
        qtbot.addWidget(self.view)
        self.view.show()

    def show(self, shown: Cell) -> None:
        self.view.show_cell(shown, self.state, PROVENANCE)

    def answer(self) -> str:
        return "\n".join(one.toPlainText() for one in child(self.view, AnswerText).findChildren(TextView))

    def marks(self) -> list[str]:
        return [one.mark.words for one in seen(self.view, MarkLabel)]

    def unfold(self) -> None:
        press_button(self.view, "How it came about")


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_it_shows_question_reference_answer_checks_and_figures(desk: Desk) -> None:
    desk.show(cell("It is **Canberra**."))
    assert "It is Canberra." in desk.answer()
    told = words(desk.view)
    assert "What is the capital of Australia? Answer with its name only." in told
    assert "Canberra" in told
    assert "41 tok/s · 312 tokens · first word after 0.31 s · finished" in told
    assert "It is no JSON: the first character is “C”." in told
    assert "Prompt 1 of 5 · run 1 of 2 · temperature 0.2" in told
    assert desk.marks() == ["Not passed", "Passed", "Not passed", "Undecided"]


def test_a_growing_answer_goes_on_where_it_was(desk: Desk) -> None:
    desk.show(cell("It is", CellState.RUNNING))
    assert desk.marks() == ["Being written"]
    body = child(desk.view, AnswerText).findChildren(TextView)[0]
    desk.show(cell("It is Canberra, I am", CellState.RUNNING))
    assert "It is Canberra, I am" in desk.answer()
    assert body in child(desk.view, AnswerText).findChildren(TextView)
    desk.show(cell("It is Canberra, I am sure.", CellState.DONE))
    desk.qtbot.waitUntil(lambda: "I am sure." in desk.answer())


def test_a_long_answer_is_laid_out_to_its_end(desk: Desk) -> None:
    desk.show(cell("A word or two.\n\n" * 2_000 + "The end."))
    desk.qtbot.waitUntil(lambda: desk.answer().endswith("The end."))
    assert child(desk.view, Page).verticalScrollBar().maximum() > 10_000


def test_another_cell_begins_at_its_top_and_forgets_the_reasoning_of_the_last(desk: Desk) -> None:
    desk.show(cell("x\n\n" * 200, reasoning="Hm. " * 50))
    bar = child(desk.view, Page).verticalScrollBar()
    desk.qtbot.waitUntil(lambda: bar.maximum() > 100)
    bar.setValue(bar.maximum())
    other = cell("Sydney")
    desk.view.show_cell(
        Cell(8, 2, 2, 1, CellState.DONE, other.answer.__class__(8, other.answer.role, "Sydney")), desk.state
    )
    assert bar.value() == 0
    assert not any(name.startswith("Thought") for name in buttons(desk.view))
    assert "Gemma-3-27B-it" in words(desk.view)


def test_a_failed_cell_says_why_and_can_be_asked_again(desk: Desk) -> None:
    desk.show(cell("", CellState.FAILED))
    assert "The engine stopped: not enough memory." in words(desk.view)
    press_button(desk.view, "Ask again")
    assert desk.said == [("again", 7)]
    assert not child(desk.view, QPushButton, "Continue in a chat").isEnabled()


def test_a_waiting_cell_says_so_and_offers_nothing(desk: Desk) -> None:
    desk.show(cell("", CellState.WAITING))
    assert "It waits for its turn." in words(desk.view)
    enabled = [one.accessibleName() for one in seen(desk.view, QPushButton) if one.isEnabled()]
    assert enabled == ["How it came about"]


def test_buttons_and_keys_say_what_is_wanted(desk: Desk) -> None:
    desk.show(cell("Canberra"))
    press_button(desk.view, "Continue in a chat")
    press_button(desk.view, "Copy answer")
    page, alt = child(desk.view, Page), Qt.KeyboardModifier.AltModifier
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
        press(page, key, alt)
    press(page, Qt.Key.Key_Escape)
    assert desk.said == [
        ("continue", 7),
        ("copy", 7),
        ("moved", -1),
        ("moved", 1),
        ("row", -1),
        ("row", 1),
        ("closed", 0),
    ]


def test_where_it_comes_from_is_folded_and_has_whole_hashes(desk: Desk) -> None:
    desk.show(cell("Canberra"))
    assert not desk.view.findChildren(HashButton)
    desk.unfold()
    told = words(desk.view)
    assert "vLLM 0.32.0 (CUDA)" in told
    assert "--max-model-len 8192 --kv-cache-dtype fp8 --gpu-memory-utilization 0.6" in told
    assert "12 of this experiment" in told
    assert "2 other answers were being written" in told
    assert "temperature 0.2, seed 1" in told
    config = next(one for one in desk.view.findChildren(HashButton) if one.accessibleName().startswith("config.json"))
    assert config.text() == "c0c0c0c0c0c0…"
    assert "c0" * 32 in config.toolTip()
    config.click()
    assert QApplication.clipboard().text() == "c0" * 32
    assert config.text() == "Copied"


def test_all_of_it_can_be_copied(desk: Desk) -> None:
    desk.show(cell("Canberra"))
    desk.unfold()
    press_button(desk.view, "Copy all of it")
    told = json.loads(QApplication.clipboard().text())
    assert told["provenance"]["files"][-1] == ["tokenizer.json", "d1" * 32]


def test_blind_hides_figures_checks_and_origin(desk: Desk) -> None:
    desk.state = state(experiment(5, 3), hidden=True)
    desk.show(cell("Canberra"))
    assert desk.marks() == []
    assert not any("tok/s" in one for one in words(desk.view))
    assert "How it came about" not in buttons(desk.view)
    assert "Column 1" in words(desk.view)


def test_a_long_question_is_shown_in_part_until_somebody_wants_it_all(desk: Desk) -> None:
    of = experiment(1, 3)
    first = of.prompts[0]
    desk.state = state(type(of)(1, "x", of.kind, of.columns, (type(first)(1, "word " * 1_000),)))
    desk.show(cell("Yes"))
    assert max(len(one) for one in words(desk.view)) < 700
    press_button(desk.view, "Question: show all of it")
    assert max(len(one) for one in words(desk.view)) >= 4_999


def test_a_book_for_a_question_is_never_laid_out_whole_but_can_be_copied(desk: Desk) -> None:
    of = experiment(1, 3)
    book = "word " * 50_000 + "end"
    desk.state = state(type(of)(1, "x", of.kind, of.columns, (type(of.prompts[0])(1, book),)))
    desk.show(cell("Yes"))
    press_button(desk.view, "Question: show more of it")
    assert 7_000 < max(len(one) for one in words(desk.view)) < 9_000
    press_button(desk.view, "Question: copy all of it")
    assert QApplication.clipboard().text() == book


def test_it_is_drawn_in_every_colour_and_size(desk: Desk, theme: Theme) -> None:
    desk.show(cell("Canberra\n\n```python\nx = 1\n```", reasoning="Hm."))
    desk.unfold()
    try:
        theme.choose(Appearance.DARK)
        theme.set_text_scale(2.0)
        desk.view.grab()
        assert child(desk.view, AnswerText).width() <= desk.view.width()
    finally:
        theme.set_text_scale(1.0)
        theme.choose(Appearance.LIGHT)


def test_it_goes_away_without_a_trace(qtbot: QtBot, theme: Theme) -> None:
    view = CellView(theme)
    view.show_cell(cell("A word.\n\n" * 3_000), state(experiment(5, 3)))
    put_away(view)
    theme.changed.emit()
