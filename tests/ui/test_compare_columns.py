"""Several conversations beside one another: what stands in them, where, and what a person can do."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import MessageState
from desktop_app.domain.experiment import CellState
from desktop_app.services.compare_view import ColumnFigures, CompareState, GoingOn
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.compare_column import CompareColumn
from desktop_app.ui.widgets.compare_columns import HIDDEN, CompareColumns
from desktop_app.ui.widgets.compare_composer import Asking, CompareComposer
from desktop_app.ui.widgets.compare_fields import ColumnField
from desktop_app.ui.widgets.compare_head import NameChip
from desktop_app.ui.widgets.compare_results import ResultBar, ResultCard
from desktop_app.ui.widgets.pump import Pump
from tests.ui.compare_states import NAMES, answered, cell, column, comparison, hidden
from tests.ui.hands import buttons, child, press, press_button, seen, words


class Desk:
    """Columns on the screen."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self._qtbot = qtbot
        self.pump = Pump()
        self.columns = CompareColumns(theme, self.pump)
        self.columns.resize(842, 640)
        qtbot.addWidget(self.columns)
        self.columns.show()
        qtbot.waitExposed(self.columns)

    def show(self, state: CompareState) -> None:
        self.columns.show_state(state)
        self.settle()

    def settle(self) -> None:
        self._qtbot.waitUntil(lambda: self.pump.idle)
        self._qtbot.wait(0)

    def all(self) -> list[CompareColumn]:
        return sorted(seen(self.columns, CompareColumn), key=CompareColumn.x)

    def texts(self) -> str:
        """Everything that anybody can read or hear."""
        widgets = self.columns.findChildren(QWidget)
        told = [part for one in widgets for part in (one.accessibleName(), one.accessibleDescription(), one.toolTip())]
        chips = [one.text() for one in self.columns.findChildren(NameChip)]
        return "\n".join([*words(self.columns), *told, *chips])


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_every_column_has_a_letter_a_name_its_settings_and_its_own_answer(desk: Desk) -> None:
    one = column(1, cell(10, 1, "Said by the first."), settings="temperature 0.2")
    two = column(2, cell(20, 2, "Said by the second."), words="Starting: reading weights")
    desk.show(comparison(one, two))
    left, right = desk.all()
    assert child(left, NameChip).accessibleName() == f"Change column A: {NAMES[0]}"
    assert child(right, NameChip).accessibleName() == f"Change column B: {NAMES[1]}"
    assert "temperature 0.2" in words(left)
    assert "Starting: reading weights" in words(right)
    assert left.transcript._rows.all[-1].message.text == "Said by the first."
    assert right.transcript._rows.all[-1].message.text == "Said by the second."
    assert right.accessibleName() == f"Column B: {NAMES[1]}"
    assert right.transcript.accessibleName() == f"Answers of B: {NAMES[1]}"


@pytest.mark.parametrize(("count", "scrolls"), [(2, False), (3, False), (6, True)])
def test_columns_are_equally_wide_and_scroll_sideways_when_there_is_no_room(
    desk: Desk, count: int, scrolls: bool
) -> None:
    desk.show(answered(count))
    widths = {one.width() for one in desk.all()}
    assert len(widths) == 1
    assert widths.pop() >= 258
    assert (desk.columns.horizontalScrollBar().maximum() > 0) is scrolls
    assert desk.columns.verticalScrollBar().maximum() == 0


def test_results_stand_below_their_columns_and_scroll_with_them(desk: Desk) -> None:
    desk.show(answered(6))
    desk.columns.horizontalScrollBar().setValue(300)
    cards = sorted(seen(desk.columns, ResultCard), key=ResultCard.x)
    assert [card.x() for card in cards] == [one.x() for one in desk.all()]
    assert [card.width() for card in cards] == [one.width() for one in desk.all()]
    bar = child(desk.columns, ResultBar)
    assert bar.mapTo(desk.columns, QPoint(0, 0)).x() == 0
    assert bar.width() == desk.columns.viewport().width()


def test_results_are_read_out_column_by_column_with_the_best_in_words(desk: Desk) -> None:
    desk.show(answered(2))
    card = child(desk.columns, ResultCard, f"Results of A · {NAMES[0]}")
    assert card.focusPolicy() is Qt.FocusPolicy.TabFocus
    assert "Tokens/s: 58, fastest" in card.accessibleDescription()
    assert "First word after: 0.31 s." in card.accessibleDescription()


def test_results_fold_away_and_say_then_who_is_best(desk: Desk) -> None:
    desk.show(answered(2))
    tall = desk.all()[0].height()
    press_button(desk.columns, "Fold the results away")
    assert not seen(desk.columns, ResultCard)
    assert desk.all()[0].height() > tall
    assert any("fastest A, 58 tokens/s" in one for one in words(child(desk.columns, ResultBar)))
    press_button(desk.columns, "Show the results")
    assert len(seen(desk.columns, ResultCard)) == 2


def test_why_nobody_is_best_stands_beside_the_results(desk: Desk) -> None:
    desk.show(replace(answered(2), figures_words=("Speeds were measured on other machines.",)))
    assert "Speeds were measured on other machines." in words(child(desk.columns, ResultBar))


def test_results_are_folded_where_columns_would_be_too_low_until_somebody_wants_them(desk: Desk) -> None:
    desk.columns.resize(842, 400)
    desk.show(answered(3))
    assert not seen(desk.columns, ResultCard)
    press_button(desk.columns, "Show the results")
    assert len(seen(desk.columns, ResultCard)) == 3


def test_while_names_are_hidden_nothing_gives_them_away(desk: Desk) -> None:
    open_ = answered(3)
    desk.show(open_)
    desk.show(hidden(open_))
    told = desk.texts()
    assert not [name for name in NAMES if name in told]
    assert "Column 2" in told
    assert HIDDEN in words(desk.columns)
    assert not seen(desk.columns, ResultCard)
    assert {"Continue in a chat", "All details", "Add a column"}.isdisjoint(buttons(desk.columns))
    assert not child(desk.all()[0], NameChip).isEnabled()
    menu = menu_of(desk.all()[0])
    assert entries(menu) == ["Ask again", "Remove the column"]
    menu.close()
    desk.show(open_)
    assert NAMES[0] in desk.texts()
    assert "All details" in buttons(desk.columns)


def test_a_failed_column_says_so_in_its_place_and_offers_what_helps(desk: Desk, qtbot: QtBot) -> None:
    sentence = "It could not start: not enough memory. Choose a smaller context."
    failed = column(2, cell(20, 2, "", CellState.STOPPED), failure=sentence)
    desk.show(comparison(column(1, cell(10, 1, "Fine.")), failed))
    _, right = desk.all()
    assert sentence in words(right)
    assert "Failed" in words(right)
    with qtbot.waitSignal(desk.columns.ask_again) as asked:
        press_button(next(one for one in right.findChildren(QWidget, "failure")), "Ask again")
    assert asked.args == [20]
    with qtbot.waitSignal(desk.columns.column_edit_asked) as asked:
        press_button(right, "Change the column")
    assert asked.args == [2]


def test_a_failure_that_the_last_answer_tells_is_not_told_twice(desk: Desk) -> None:
    sentence = "The engine ended while it was answering."
    broken = cell(20, 2, "", CellState.FAILED)
    broken = replace(broken, answer=replace(broken.answer, error=sentence))
    desk.show(comparison(column(1, cell(10, 1, "Fine.")), column(2, broken, failure=sentence)))
    _, right = desk.all()
    assert words(right).count(sentence) == 1
    assert "Failed" in words(right)


def test_a_message_offers_what_makes_sense_here(desk: Desk, qtbot: QtBot) -> None:
    desk.show(answered(2))
    left = desk.all()[0]
    offered = [name for name in buttons(left.transcript) if name]
    assert offered == ["Copy question", "Copy answer", "Ask again", "Continue in a chat", "All details"]
    for name, signal in (
        ("Ask again", desk.columns.ask_again),
        ("Continue in a chat", desk.columns.continue_asked),
        ("All details", desk.columns.details_asked),
    ):
        with qtbot.waitSignal(signal) as asked:
            press_button(left.transcript, name)
        assert asked.args == [101]


def going_on(state: CompareState, *said: GoingOn) -> CompareState:
    """The same with this below the last answer of every column."""
    pairs = zip(state.columns, said, strict=True)
    return replace(state, columns=tuple(replace(one, going_on={one.cells[-1].id: each}) for one, each in pairs))


def test_all_columns_can_go_on_from_one_answer(desk: Desk, qtbot: QtBot) -> None:
    state = answered(3)
    desk.show(going_on(state, *[GoingOn(can_mark=True)] * 3))
    qtbot.waitUntil(desk.columns.isActiveWindow)
    columns = desk.all()
    button = child(columns[1].transcript, QPushButton, "Go on from this one")
    assert "All columns get this answer" in button.accessibleDescription()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(desk.columns.go_on_asked) as asked:
        press(button, Qt.Key.Key_Space)
    assert asked.args == [201, True]

    other = GoingOn(place=1, title=NAMES[1], can_mark=True)
    desk.show(going_on(state, other, GoingOn(marked=True, can_undo=True), other))
    assert "Goes on from B’s answer" in words(columns[0].transcript)
    assert "All go on from this one" in words(columns[1].transcript)
    assert button.hasFocus(), "who marks it with the keyboard can take it back"
    with qtbot.waitSignal(desk.columns.go_on_asked) as asked:
        press(button, Qt.Key.Key_Space)
    assert asked.args == [201, False]
    desk.show(state)
    assert "Go on from this one" not in buttons(desk.columns)
    assert "All go on from this one" not in words(desk.columns)


def test_a_screen_reader_reads_with_an_answer_what_follows_from_it(desk: Desk, qtbot: QtBot) -> None:
    desk.show(going_on(answered(2), GoingOn(marked=True), GoingOn(place=0, title=NAMES[0])))
    qtbot.waitUntil(desk.columns.isActiveWindow)
    told = []
    for column_ in desk.all():
        view = column_.transcript._rows.all[-1].view
        assert view
        view.setFocus(Qt.FocusReason.TabFocusReason)
        told.append(view.accessibleDescription())
    assert told == [
        "It grows with every word. All columns get this answer as what was said before.",
        f"It grows with every word. Goes on from the answer of {NAMES[0]}, not from its own.",
    ]


def test_the_menu_of_a_column_has_what_it_can_go_on_from(desk: Desk, qtbot: QtBot) -> None:
    desk.show(going_on(answered(2), GoingOn(place=None, title="Gone", can_mark=True, can_undo=True), GoingOn()))
    left, right = desk.all()
    menu = menu_of(left)
    for words_, wanted in (("Have all go on from its answer", True), ("Let each go on from its own", False)):
        with qtbot.waitSignal(desk.columns.go_on_asked) as asked:
            next(one for one in menu.actions() if one.text() == words_).trigger()
        assert asked.args == [101, wanted]
    menu.close()
    assert not [one for one in entries(menu_of(right)) if "go on" in one]


def test_an_answer_that_was_cut_is_not_continued_but_its_column_can_be_changed(desk: Desk, qtbot: QtBot) -> None:
    stopped = cell(10, 1, "It grows", CellState.STOPPED)
    thought = cell(20, 2, "")
    thought = replace(thought, answer=replace(thought.answer, reasoning="Hm.", state=MessageState.CUT))
    desk.show(comparison(column(1, stopped), column(2, thought)))
    left, right = desk.all()
    assert "Continue" not in buttons(left.transcript)
    with qtbot.waitSignal(desk.columns.column_edit_asked) as asked:
        press_button(right.transcript, "Allow longer answers")
    assert asked.args == [2]


def test_the_menu_of_a_column_leads_to_its_newest_answer(desk: Desk, qtbot: QtBot) -> None:
    two = column(2, cell(20, 2, "First."), cell(21, 2, "", CellState.RUNNING, prompt=2))
    desk.show(comparison(column(1, cell(10, 1, "Fine.")), two, column(3)))
    columns = desk.all()
    menu = menu_of(columns[1])
    assert entries(menu) == [
        "Change the column…",
        "Ask again",
        "Continue in a chat",
        "All details",
        "Remove the column",
    ]
    with qtbot.waitSignal(desk.columns.details_asked) as asked:
        next(one for one in menu.actions() if one.text() == "All details").trigger()
    assert asked.args == [20]
    menu.close()
    usable = [one.text() for one in menu_of(columns[2]).actions() if one.isEnabled() and one.text()]
    assert usable == ["Change the column…", "Remove the column"]


def test_columns_are_added_and_removed_down_to_two_and_up_to_six(desk: Desk, qtbot: QtBot) -> None:
    desk.show(answered(3))
    with qtbot.waitSignal(desk.columns.column_added):
        press_button(desk.columns, "Add a column")
    with qtbot.waitSignal(desk.columns.column_removed) as asked:
        press_button(desk.columns, f"Remove column B: {NAMES[1]}")
    assert asked.args == [2]
    three = answered(3)
    desk.show(replace(three, columns=(three.columns[0], three.columns[2]), figures=()))
    assert child(desk.all()[1], NameChip).text() == NAMES[2]
    assert not child(desk.columns, QToolButton, f"Remove column A: {NAMES[0]}").isEnabled()
    desk.show(answered(6))
    assert "Add a column" not in buttons(desk.columns)


def test_a_state_in_which_one_answer_grew_touches_only_that_answer(desk: Desk) -> None:
    running = comparison(column(1, cell(10, 1, "Done.")), column(2, cell(20, 2, "It gr", CellState.RUNNING)), column(3))
    desk.show(running)
    left, right, _ = desk.all()
    views = [row.view for row in (*left.transcript._rows.all, *right.transcript._rows.all)]
    places = [one.geometry() for one in desk.all()]
    grown = column(2, cell(20, 2, "It grows.", CellState.RUNNING))
    desk.columns.show_state(replace(running, columns=(running.columns[0], grown, running.columns[2])))
    assert not [row for row in left.transcript._rows.all if row.changed]
    assert [row.key for row in right.transcript._rows.all if row.changed] == [20]
    desk.settle()
    assert [row.view for row in (*left.transcript._rows.all, *right.transcript._rows.all)] == views
    assert [one.geometry() for one in desk.all()] == places
    assert right.transcript._rows.all[-1].message.text == "It grows."


def test_a_question_that_is_new_everywhere_is_drawn_in_one_column_after_another(desk: Desk) -> None:
    desk.show(answered(3))
    more = answered(3, prompts=2)
    desk.columns.show_state(more)
    assert {len(one.transcript._rows) for one in desk.all()} == {2}
    desk.settle()
    assert {len(one.transcript._rows) for one in desk.all()} == {4}


def test_another_experiment_takes_the_place_of_the_first(desk: Desk) -> None:
    desk.show(answered(3))
    other = answered(2, "Something else.")
    assert other.experiment
    desk.show(replace(other, experiment=replace(other.experiment, id=8)))
    assert len(desk.all()) == 2
    assert {one.transcript._rows.all[-1].message.text for one in desk.all()} == {"Something else."}
    desk.show(CompareState())
    assert not desk.all()


def test_tab_goes_from_head_to_transcript_to_the_next_column_and_then_to_the_results(desk: Desk, qtbot: QtBot) -> None:
    desk.show(answered(2))
    desk.show(answered(3))
    chip = child(desk.all()[0], NameChip)
    qtbot.waitUntil(desk.columns.isActiveWindow)
    chip.setFocus(Qt.FocusReason.TabFocusReason)
    passed: list[str] = []
    for _ in range(50):
        focused = desk.columns.focusWidget()
        assert focused
        passed.append(focused.accessibleName())
        press(focused, Qt.Key.Key_Tab)
    wanted = [
        f"{words_} {letter}: {name}"
        for letter, name in zip("ABC", NAMES, strict=False)
        for words_ in ("Change column", "Remove column", "Answers of")
    ]
    wanted += ["Add a column", "Fold the results away", "Show differences", f"Results of A · {NAMES[0]}"]
    places = [passed.index(name) for name in wanted]
    assert places == sorted(places)


def test_control_tab_goes_from_column_to_column_and_brings_it_into_sight(desk: Desk, qtbot: QtBot) -> None:
    desk.show(answered(6))
    qtbot.waitUntil(desk.columns.isActiveWindow)
    first, *_, last = [one.transcript for one in desk.all()]
    first.setFocus()
    press(first, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    assert desk.all()[1].transcript.hasFocus()
    desk.columns.step_column(-1)
    desk.columns.step_column(-1)
    assert last.hasFocus()
    assert desk.columns.horizontalScrollBar().value() == desk.columns.horizontalScrollBar().maximum()
    desk.columns.step_column(1)
    assert first.hasFocus()
    assert desk.columns.horizontalScrollBar().value() == 0


def test_only_the_column_with_the_keyboard_is_read_out_while_it_answers(desk: Desk, qtbot: QtBot) -> None:
    desk.show(answered(3))
    muted = [one.transcript._speaker.muted for one in desk.all()]
    assert muted == [False, True, True]
    qtbot.waitUntil(desk.columns.isActiveWindow)
    desk.all()[2].transcript.setFocus()
    assert [one.transcript._speaker.muted for one in desk.all()] == [True, True, False]


def test_alt_up_goes_through_the_messages_of_the_column_with_the_keyboard(desk: Desk, qtbot: QtBot) -> None:
    desk.show(answered(2))
    qtbot.waitUntil(desk.columns.isActiveWindow)
    right = desk.all()[1]
    right.transcript.setFocus()
    desk.columns.step_message(-1)
    focused = desk.columns.focusWidget()
    assert focused is not None
    assert right.isAncestorOf(focused)


def test_small_fields_stand_below_their_columns_and_tell_which_is_asked(desk: Desk, qtbot: QtBot, theme: Theme) -> None:
    composer = CompareComposer(theme)
    qtbot.addWidget(composer)
    desk.columns.host(composer)
    state = answered(3)
    desk.show(state)
    composer.show_state(state)
    composer.set_asking(Asking.EACH)
    desk.settle()
    fields = sorted(seen(desk.columns, ColumnField), key=ColumnField.x)
    assert [one.x() for one in fields] == [one.x() for one in desk.all()]
    assert [one.width() for one in fields] == [one.width() for one in desk.all()]
    sent = QSignalSpy(composer.sent)
    field = fields[1].focusProxy()
    assert field
    assert field.accessibleName() == f"Message to B · {NAMES[1]}"
    for sign in "Why":
        press(field, Qt.Key(ord(sign.upper())))
    press(field, Qt.Key.Key_Return)
    assert sent.at(0) == ["why", 2]
    composer.set_asking(Asking.ALL)
    desk.settle()
    assert not seen(desk.columns, ColumnField)


def test_larger_words_make_wider_columns(desk: Desk, theme: Theme) -> None:
    desk.show(answered(3))
    theme.set_text_scale(2.0)
    try:
        desk.settle()
        assert desk.all()[0].width() >= 388
        assert desk.columns.horizontalScrollBar().maximum() > 0
    finally:
        theme.set_text_scale(1.0)


def test_assistive_technology_finds_the_columns_by_name(desk: Desk) -> None:
    desk.show(answered(2))
    interface = QAccessible.queryAccessibleInterface(desk.all()[0].transcript)
    assert interface.text(QAccessible.Text.Name) == f"Answers of A: {NAMES[0]}"


def test_figures_that_come_later_make_room_for_themselves(desk: Desk) -> None:
    state = answered(2)
    desk.show(replace(state, figures=(ColumnFigures(1), ColumnFigures(2))))
    assert not seen(desk.columns, ResultCard)
    tall = desk.all()[0].height()
    desk.show(state)
    assert len(seen(desk.columns, ResultCard)) == 2
    assert desk.all()[0].height() < tall


def test_a_column_without_answers_says_what_will_be_there(desk: Desk) -> None:
    desk.show(comparison(column(1), column(2)))
    assert [one for one in seen(desk.columns, QLabel) if one.text() == "What it answers appears here."]
    assert "Show differences" not in buttons(desk.columns)


def menu_of(shown: CompareColumn) -> QMenu:
    next(one for one in seen(shown, QToolButton) if one.accessibleName().startswith("More about")).click()
    return next(menu for menu in shown.findChildren(QMenu) if menu.isVisible())


def entries(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_answers_are_copied_and_links_are_told(desk: Desk, qtbot: QtBot) -> None:
    desk.show(answered(2))
    press_button(desk.all()[0].transcript, "Copy answer")
    assert QGuiApplication.clipboard().text() == "It grows with every word."
    with qtbot.waitSignal(desk.columns.link_clicked):
        desk.all()[1].transcript.link_clicked.emit("https://example.org")
    with qtbot.waitSignal(desk.columns.differences_asked):
        press_button(desk.columns, "Show differences")
    assert child(desk.columns, QPushButton, "Show differences")
