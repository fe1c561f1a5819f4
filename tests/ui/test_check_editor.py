"""Checks being written: what each means in words, what is wrong at once, and removing can be undone."""

import pytest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from desktop_app.domain.experiment import Check, CheckKind
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chat_settings_parts import GrowingText
from desktop_app.ui.widgets.check_editor import MOST, CheckEditor, CheckRow
from desktop_app.ui.widgets.setting_parts import Switch
from tests.ui.hands import buttons, child, press_button, seen, words, write

CONTAINS, REGEX = Check(CheckKind.CONTAINS, "Canberra"), Check(CheckKind.REGEX, r"\d+")


class Desk:
    """An editor of checks on the screen, and what it told."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.editor = CheckEditor(theme, lambda check: "This is no pattern." if "(" in check.text else "")
        self.told: list[tuple[Check, ...]] = []
        self.editor.changed.connect(self.told.append)
        qtbot.addWidget(self.editor)
        self.editor.resize(600, 700)
        self.editor.show()

    def row(self, number: int) -> CheckRow:
        return next(one for one in seen(self.editor, CheckRow) if one.accessibleName() == f"Check {number}")


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_without_checks_it_says_what_they_are_for(desk: Desk) -> None:
    assert any("Nothing is checked yet." in one for one in words(desk.editor))
    assert buttons(desk.editor) == ["Add a check"]


def test_a_check_is_added_and_written(desk: Desk) -> None:
    press_button(desk.editor, "Add a check")
    assert desk.told == [(Check(CheckKind.CONTAINS),)]
    write(child(desk.row(1), GrowingText), "Canberra")
    desk.editor.flush()
    assert desk.told[-1] == (CONTAINS,)


@pytest.mark.parametrize("kind", list(CheckKind))
def test_every_kind_says_what_it_means(desk: Desk, kind: CheckKind) -> None:
    desk.editor.show_checks((CONTAINS,))
    box = child(desk.row(1), QComboBox)
    box.setCurrentIndex(box.findText(kind.value))
    box.activated.emit(box.currentIndex())
    assert desk.editor.checks == (Check(kind, "Canberra"),)
    assert any(one.endswith(".") for one in words(desk.row(1)))
    plain = kind in (CheckKind.CONTAINS, CheckKind.EXACT, CheckKind.REGEX)
    assert bool(seen(desk.row(1), Switch)) is plain


def test_what_is_wrong_is_said_below_it_and_kept(desk: Desk) -> None:
    desk.editor.show_checks((REGEX,))
    write(child(desk.row(1), GrowingText), "(")
    desk.editor.flush()
    assert "This is no pattern." in words(desk.row(1))
    assert child(desk.row(1), GrowingText).accessibleDescription() == "This is no pattern."
    assert desk.told[-1][0].text.startswith("(")
    child(desk.row(1), GrowingText).setPlainText("fine")
    desk.editor.flush()
    assert "This is no pattern." not in words(desk.row(1))


def test_letters_case_is_minded_or_not(desk: Desk) -> None:
    desk.editor.show_checks((CONTAINS,))
    child(desk.row(1), Switch).click()
    assert desk.told == [(Check(CheckKind.CONTAINS, "Canberra", ignore_case=False),)]


def test_removing_can_be_undone(desk: Desk) -> None:
    desk.editor.show_checks((CONTAINS, REGEX))
    press_button(desk.editor, "Remove check 1")
    assert desk.told == [(REGEX,)]
    assert desk.row(1).check == REGEX
    press_button(desk.editor, "Undo")
    assert desk.told[-1] == (CONTAINS, REGEX)
    assert "Undo" not in buttons(desk.editor)


def test_a_check_that_is_just_written_is_removed_with_its_words(desk: Desk) -> None:
    desk.editor.show_checks((CONTAINS,))
    child(desk.row(1), GrowingText).setPlainText("Sydney")
    press_button(desk.editor, "Remove check 1")
    press_button(desk.editor, "Undo")
    assert desk.told[-1] == (Check(CheckKind.CONTAINS, "Sydney"),)


def test_there_is_a_most(desk: Desk) -> None:
    desk.editor.show_checks((CONTAINS,) * MOST)
    assert not next(one for one in desk.editor.children() if getattr(one, "text", str)() == "Add a check").isEnabled()  # type: ignore[attr-defined]


def test_the_same_checks_again_leave_what_is_being_written(desk: Desk) -> None:
    desk.editor.show_checks((CONTAINS,))
    child(desk.row(1), GrowingText).setPlainText("Canberra or")
    desk.editor.show_checks((CONTAINS,))
    assert child(desk.row(1), GrowingText).toPlainText() == "Canberra or"
