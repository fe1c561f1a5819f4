"""Two answers word by word: what is marked, what is said, and how one gets from difference to difference."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextFormat
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from desktop_app.domain.experiment import CellState
from desktop_app.services.compare_view import CompareState
from desktop_app.ui.theme import Theme
from desktop_app.ui.tokens import DARK, LIGHT, Tokens
from desktop_app.ui.widgets.difference_view import DifferenceView, MarkedText
from desktop_app.ui.widgets.difference_words import LONGEST, MOST_WORDS, compared, is_cut, prepared
from tests.ui.compare_states import NAMES, answered, cell, column, comparison, hidden
from tests.ui.hands import child, press, press_button, words
from tests.ui.test_tokens import luminance

LEFT = "The cache grows with every word and needs 4.5 GB 🙂 here."
RIGHT = "The cache shrinks with every word and needs about 4.5 GB 🙂 there."


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> DifferenceView:
    made = DifferenceView(theme)
    made.resize(842, 480)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def two(left: str = LEFT, right: str = RIGHT, state: CellState = CellState.DONE) -> CompareState:
    return comparison(column(1, cell(10, 1, left)), column(2, cell(20, 2, right, state)))


def texts(view: DifferenceView) -> list[MarkedText]:
    return view.findChildren(MarkedText)


def marked(text: MarkedText) -> list[str]:
    """What is underlined on a background."""
    found = []
    block = text.document().begin()
    while block.isValid():
        for part in block:  # type: ignore[attr-defined]
            fragment = part.fragment()
            shape = fragment.charFormat()
            if shape.fontUnderline():
                assert shape.background().style() is not Qt.BrushStyle.NoBrush
                assert shape.hasProperty(QTextFormat.Property.ForegroundBrush)
                found.append(fragment.text().strip())
        block = block.next()
    return found


def test_words_that_only_one_answer_has_are_marked_in_it(view: DifferenceView) -> None:
    view.show_state(two())
    left, right = texts(view)
    assert (left.toPlainText(), right.toPlainText()) == (LEFT, RIGHT)
    assert marked(left) == ["grows", "here"]
    assert marked(right) == ["shrinks", "about", "there"]
    assert left.accessibleName() == f"Answer of A · {NAMES[0]}"
    assert left.accessibleDescription() == "3 differences, F7 goes to the next one"


def test_how_much_is_the_same_is_said_and_never_too_much(view: DifferenceView) -> None:
    view.show_state(two())
    assert any("% of the words are the same" in one for one in words(view))
    view.show_state(two("word " * 999 + "one", "word " * 999 + "two"))
    assert any(one.startswith("99 % of the words are the same") for one in words(view))
    view.show_state(two(LEFT, LEFT))
    assert "Both answers are the same, word for word." in words(view)
    assert not marked(texts(view)[0])


def test_keys_go_from_difference_to_difference_and_around(view: DifferenceView, qtbot: QtBot) -> None:
    view.show_state(two())
    left, right = texts(view)
    qtbot.waitUntil(view.isActiveWindow)
    left.setFocus()
    assert "3 differences" in words(view)
    press(left, Qt.Key.Key_F7)
    assert "Difference 1 of 3" in words(view)
    assert [one.cursor.selectedText().strip() for one in left.extraSelections()] == ["grows"]
    assert [one.cursor.selectedText().strip() for one in right.extraSelections()] == ["shrinks"]
    press(left, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    assert "Difference 3 of 3" in words(view)
    # A sign of two units stands before it.
    assert [one.cursor.selectedText().strip() for one in right.extraSelections()] == ["there"]
    press_button(view, "Next difference")
    assert "Difference 1 of 3" in words(view)


def test_a_difference_is_told_in_words() -> None:
    changes = compared(LEFT, RIGHT).changes
    assert [one.spoken() for one in changes] == [
        "Left says “grows”, right says “shrinks”.",
        "Only right says “about”.",
        "Left says “here”, right says “there”.",
    ]
    long = compared("a", "a " + "b " * 500).changes[0].spoken()
    assert len(long) < 240


def test_any_two_columns_and_any_question_can_be_chosen(view: DifferenceView) -> None:
    first = (
        column(number, cell(number, number, f"Said {number}"), cell(10 + number, number, "Same", prompt=2))
        for number in (1, 2, 3)
    )
    state = comparison(*first)
    view.show_state(state)
    assert "Both answers are the same, word for word." in words(view)
    question, right = child(view, QComboBox, "Question"), child(view, QComboBox, "Right answer")
    assert question.currentText().startswith("2. How big")
    question.setCurrentIndex(0)
    right.setCurrentIndex(2)
    assert [one.toPlainText() for one in texts(view)] == ["Said 1", "Said 3"]
    view.show_state(replace(state, done=7))
    assert right.currentText() == f"C · {NAMES[2]}"
    assert [one.toPlainText() for one in texts(view)] == ["Said 1", "Said 3"]


def test_hidden_names_stay_hidden(view: DifferenceView) -> None:
    view.show_state(hidden(two()))
    sides = [child(view, QComboBox, name).currentText() for name in ("Left answer", "Right answer")]
    assert sides == ["Column 1", "Column 2"]


def test_an_answer_that_is_being_written_is_compared_when_it_has_ended(view: DifferenceView) -> None:
    view.show_state(two(state=CellState.RUNNING))
    assert any("is still being written" in one for one in words(view))
    assert [one.toPlainText() for one in texts(view)] == [LEFT, ""]
    assert not marked(texts(view)[0])
    view.show_state(two())
    assert marked(texts(view)[0])


def test_without_two_answers_it_says_so(view: DifferenceView) -> None:
    view.show_state(comparison(column(1), column(2)))
    assert "There are no two answers to compare yet." in words(view)
    three = answered(3)
    lone = replace(three, columns=(replace(three.columns[0], cells=(), messages=()), *three.columns[1:]))
    view.show_state(lone)
    assert f"A · {NAMES[0]} has no answer to this question." in words(view)


def test_texts_are_compared_when_somebody_looks(qtbot: QtBot, theme: Theme) -> None:
    made = DifferenceView(theme)
    qtbot.addWidget(made)
    made.show_state(two())
    assert not texts(made)[0].toPlainText()
    made.show()
    assert texts(made)[0].toPlainText() == LEFT


def test_huge_and_hostile_texts_are_cut_and_cleaned(view: DifferenceView) -> None:
    view.show_state(two("a\u202eb\r\n" * LONGEST, "c " * LONGEST))
    left, right = texts(view)
    assert "\u202e" not in left.toPlainText()
    assert len(right.toPlainText()) <= LONGEST
    assert any("only the beginning is compared" in one for one in words(view))
    assert prepared("a\u2029b\r\n") == "a\nb\n"
    assert prepared("東京" * MOST_WORDS) == "東京" * (MOST_WORDS // 2)
    assert [is_cut(text) for text in ("東" * MOST_WORDS, "東" * (MOST_WORDS + 1), "a" * (LONGEST + 1))] == [
        False,
        True,
        True,
    ]


def test_the_way_back_is_a_button(view: DifferenceView) -> None:
    closed = QSignalSpy(view.closed)
    press_button(view, "Back to the columns")
    assert closed.count() == 1


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("back", ["warn_soft", "accent_soft"])
def test_marked_words_can_be_read(tokens: Tokens, back: str) -> None:
    high, low = sorted((luminance(tokens.text), luminance(getattr(tokens, back))), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5
