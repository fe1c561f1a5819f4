"""Voting under fingers: keys, buttons, reasons; and what is not told."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QTextBrowser, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellState, Verdict
from desktop_app.services.compare_view import CompareState, PairState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.vote_view import VoteView
from desktop_app.ui.widgets.vote_view_pane import AnswerPane
from tests.ui.hands import buttons, child, press, press_button, seen, words, write

THOUGHTS = AnswerRecord(reasoning_tokens=777, reasoning_seconds=55)


def cell(key: int, text: str, state: MessageState = MessageState.COMPLETE, reasoning: str = "") -> Cell:
    timing = Timing(0.3, 4.0, 20, 300)
    answer = Message(key, Role.ASSISTANT, text, state, "Qwen3-8B", timing=timing, reasoning=reasoning, record=THOUGHTS)
    return Cell(key, 1, key, state=CellState.DONE, answer=answer)


def pair(number: int = 1, done: int = 12, left: Cell | None = None) -> PairState:
    return PairState(
        number, 0, f"Question {number}?", left or cell(11, "The *left* one."), cell(12, "The right one."), done, 8
    )


class Desk:
    """A view on the screen, and what was said in it."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.view = VoteView(theme)
        self.votes: list[tuple[Verdict, str]] = []
        self.said: list[str] = []
        self.view.voted.connect(lambda verdict, reason: self.votes.append((verdict, reason)))
        self.view.skipped.connect(lambda: self.said.append("skip"))
        self.view.undone.connect(lambda: self.said.append("undo"))
        self.view.revealed.connect(lambda: self.said.append("reveal"))
        self.view.closed.connect(lambda: self.said.append("close"))
        qtbot.addWidget(self.view)
        self.view.resize(900, 600)
        self.view.show()
        self.view.activateWindow()
        qtbot.waitUntil(self.view.isActiveWindow)
        self.show(pair())
        self.view.focus_first()

    def show(self, shown: PairState | None, hidden: bool = True, votes: int = 12) -> None:
        self.view.show_state(CompareState(pair=shown, hidden=hidden, votes=votes))

    @property
    def focused(self) -> QWidget:
        focused = self.view.focusWidget()
        assert focused is not None
        return focused

    @property
    def reason(self) -> QLineEdit:
        return child(self.view, QLineEdit, "Reason")

    def texts(self) -> list[str]:
        return [one.toPlainText() for one in seen(self.view, QTextBrowser)]


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_question_and_answers_are_shown_and_no_model(desk: Desk) -> None:
    assert desk.texts() == ["Question 1?", "The left one.", "The right one."]
    told = " ".join([*words(desk.view), *buttons(desk.view)])
    assert "12 compared · 8 more possible" in told
    for telling in ("Qwen", "tok/s", "300", "0.3", "777", "55 s"):
        assert telling not in told


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        (Qt.Key.Key_1, Verdict.LEFT),
        (Qt.Key.Key_Left, Verdict.LEFT),
        (Qt.Key.Key_2, Verdict.RIGHT),
        (Qt.Key.Key_Right, Verdict.RIGHT),
        (Qt.Key.Key_3, Verdict.TIE),
        (Qt.Key.Key_T, Verdict.TIE),
        (Qt.Key.Key_4, Verdict.BOTH_BAD),
        (Qt.Key.Key_B, Verdict.BOTH_BAD),
    ],
)
def test_a_key_votes(desk: Desk, key: Qt.Key, verdict: Verdict) -> None:
    press(desk.focused, key)
    assert desk.votes == [(verdict, "")]


def test_buttons_vote_and_go_on_being_pressed_by_key(desk: Desk) -> None:
    press_button(desk.view, "Equally good")
    desk.show(pair(2, 13))
    press(desk.focused, Qt.Key.Key_Right)
    assert [verdict for verdict, _ in desk.votes] == [Verdict.TIE, Verdict.RIGHT]


def test_one_pair_gets_one_vote(desk: Desk) -> None:
    press(desk.focused, Qt.Key.Key_1)
    press(desk.focused, Qt.Key.Key_1)
    desk.show(pair())  # published once more for another reason
    press(desk.focused, Qt.Key.Key_1)
    assert len(desk.votes) == 1
    desk.view.show_state(CompareState(pair=pair(), votes=12, error=UserError("The vote was not kept")))
    press(desk.focused, Qt.Key.Key_1)
    assert len(desk.votes) == 2


def test_letters_belong_to_the_reason_while_it_is_written(desk: Desk) -> None:
    desk.reason.setFocus()
    write(desk.reason, "Terse, 1 to 4 bits too")
    press(desk.reason, Qt.Key.Key_Left)
    assert desk.votes == []
    press(desk.reason, Qt.Key.Key_Escape)
    assert desk.said == []
    press(desk.focused, Qt.Key.Key_2)
    assert desk.votes == [(Verdict.RIGHT, "Terse, 1 to 4 bits too")]
    assert desk.reason.text()  # the vote may fail
    desk.show(pair(2, 13))
    assert desk.reason.text() == ""


def test_enter_in_the_reason_goes_to_the_votes(desk: Desk) -> None:
    desk.reason.setFocus()
    press(desk.reason, Qt.Key.Key_Return)
    assert desk.focused.accessibleName() == "Left is better"


def test_skip_undo_reveal_and_leave(desk: Desk) -> None:
    for name in ("Skip", "Undo", "Done & reveal", "Stop voting"):
        press_button(desk.view, name)
    press(desk.focused, Qt.Key.Key_Escape)
    assert desk.said == ["skip", "undo", "reveal", "close", "close"]


def test_nothing_to_undo_before_the_first_vote(desk: Desk) -> None:
    desk.show(pair(1, 0), votes=0)
    press_button(desk.view, "Undo")
    assert desk.said == []


def test_without_hidden_names_done_only_leaves(desk: Desk) -> None:
    desk.show(pair(), hidden=False)
    press_button(desk.view, "Done")
    assert desk.said == ["close"]


def test_when_all_are_compared_there_is_one_thing_left(desk: Desk) -> None:
    desk.show(None)
    assert "Every pair of answers has been compared." in words(desk.view)
    assert buttons(desk.view) == ["Done & reveal", "Stop voting", "Undo"]
    press(desk.focused, Qt.Key.Key_1)
    assert desk.votes == []
    desk.show(None, votes=0)
    assert "There are no two answers to the same question yet." in words(desk.view)


def test_reasoning_is_folded_and_opens(desk: Desk) -> None:
    desk.show(pair(2, left=cell(21, "Four.", reasoning="Two and two make four.")))
    assert "Two and two make four." not in desk.texts()
    before = child(desk.view, AnswerPane, "Left").height()
    head = next(one for one in seen(desk.view, QToolButton) if one.text().startswith("Thought first"))
    head.click()
    assert "Two and two make four." in desk.texts()
    assert child(desk.view, AnswerPane, "Left").height() > before


def test_how_an_answer_ended_is_said(desk: Desk) -> None:
    desk.show(pair(2, left=cell(21, "On and on", MessageState.CUT)))
    assert "It was cut off here, at a limit of its length." in words(desk.view)
    desk.show(pair(3, left=cell(31, "")))
    assert "It said nothing." in words(desk.view)


def test_words_are_selected_in_one_answer_and_copied(desk: Desk) -> None:
    _, left, right = seen(desk.view, QTextBrowser)
    press(left, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    press(right, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert not left.textCursor().hasSelection()
    press(right, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "The right one."
    QTest.mouseClick(right.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    press(right, Qt.Key.Key_1)
    assert [verdict for verdict, _ in desk.votes] == [Verdict.LEFT]


def test_a_long_answer_comes_in_parts(desk: Desk, qtbot: QtBot) -> None:
    text = "\n\n".join(f"Paragraph {number} of a long answer." for number in range(400))
    desk.show(pair(2, left=cell(21, text)))
    qtbot.waitUntil(lambda: any("Paragraph 399 " in one for one in desk.texts()))


def test_answers_stand_below_one_another_where_there_is_no_room(desk: Desk) -> None:
    left, right = (child(desk.view, AnswerPane, name) for name in ("Left", "Right"))
    assert left.y() == right.y()
    desk.view.resize(480, 600)
    assert left.geometry().bottom() < right.y()
    assert left.x() == right.x()


def test_tab_goes_from_the_answers_to_the_votes(desk: Desk) -> None:
    desk.show(pair(2, left=cell(21, "```\ncode\n```", reasoning="Hm."), done=13))
    one: QWidget = desk.view._area
    order: list[str] = []
    while one is not desk.view._undo:
        one = after(one)
        if one.isVisible() and one.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(one.accessibleName().split(" · ")[0])
    verdicts = ["Left is better", "Equally good", "Both are bad", "Right is better"]
    assert order == ["Thought first", "Copy code", *verdicts, "Reason", "Skip", "Undo"]


def after(one: QWidget) -> QWidget:
    found = one.nextInFocusChain()
    assert found is not None
    return found
