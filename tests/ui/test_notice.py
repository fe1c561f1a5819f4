"""A failure in words: sentence, remedy, details; and the bar that offers to undo."""

from html import unescape

import pytest
from PySide6.QtWidgets import QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.errors import EngineError, Fix, Remedy, UserError
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.notice import Notice, UndoBar
from tests.ui.hands import buttons, child, press_button, seen, words

ERROR = UserError("The model has no weights.", "Choose another one.", Remedy.CHOOSE_MODEL, "raw <b>words</b>")


@pytest.fixture
def notice(qtbot: QtBot, theme: Theme) -> Notice:
    made = Notice(theme, dismissable=True)
    qtbot.addWidget(made)
    made.resize(500, 200)
    return made


def test_without_an_error_there_is_nothing(notice: Notice) -> None:
    assert not notice.isVisible()
    notice.show_error(ERROR)
    assert notice.isVisible()
    notice.show_error(None)
    assert not notice.isVisible()
    notice.show_error(ERROR)
    assert notice.isVisible()


def test_a_sentence_a_remedy_and_the_raw_words_one_click_away(notice: Notice) -> None:
    chosen: list[Remedy] = []
    notice.remedy_chosen.connect(chosen.append)
    notice.show_error(ERROR)
    assert words(notice) == ["The model has no weights.", "Choose another one."]
    assert notice.accessibleDescription() == ERROR.sentence()
    assert not seen(notice, QPlainTextEdit)
    press_button(notice, "Details")
    assert child(notice, QPlainTextEdit).toPlainText() == "raw <b>words</b>"
    press_button(notice, "Hide details")
    assert not seen(notice, QPlainTextEdit)
    press_button(notice, "Choose another model")
    assert chosen == [Remedy.CHOOSE_MODEL]


def test_details_of_one_failure_are_not_open_for_the_next(notice: Notice) -> None:
    notice.show_error(ERROR)
    press_button(notice, "Details")
    notice.show_error(UserError("Another one.", details="more"))
    assert not seen(notice, QPlainTextEdit)
    assert "Details" in buttons(notice)


def test_no_button_stands_there_that_does_nothing(notice: Notice) -> None:
    notice.show_error(UserError("It failed."))
    assert buttons(notice) == ["Dismiss"]
    assert words(notice) == ["It failed."]


def test_a_fix_bears_its_own_words_and_long_ones_stay_inside(notice: Notice) -> None:
    words_of_fix = "Stop A-Very-Long-Family-Of-Models and start Another-Very-Long-Family-Of-Models & more"
    notice.show_error(EngineError("There is no room.", fix=Fix(words_of_fix)))
    button = next(one for one in seen(notice, QPushButton) if one.accessibleName() == words_of_fix)
    assert button.sizeHint().width() < 360
    assert "Another-Very-Long-Family-Of-Models & more" in unescape(button.toolTip())
    notice.show_error(ERROR)
    assert not button.toolTip()


def test_only_a_failure_of_an_engine_offers_its_log_and_only_once(qtbot: QtBot, theme: Theme) -> None:
    with_log = Notice(theme, with_log=True)
    qtbot.addWidget(with_log)
    with_log.show_error(ERROR)
    assert "Show the log" not in buttons(with_log)
    with_log.show_error(EngineError("It failed.", remedy=Remedy.RETRY))
    assert buttons(with_log) == ["Try again", "Show the log"]
    with_log.show_error(EngineError("It failed.", remedy=Remedy.SHOW_LOG))
    assert buttons(with_log) == ["Show the log"]
    with qtbot.waitSignal(with_log.remedy_chosen) as heard:
        press_button(with_log, "Show the log")
    assert heard.args == [Remedy.SHOW_LOG]


def test_it_can_be_dismissed_where_that_makes_sense(notice: Notice, qtbot: QtBot, theme: Theme) -> None:
    notice.show_error(ERROR)
    with qtbot.waitSignal(notice.dismissed):
        press_button(notice, "Dismiss")
    lasting = Notice(theme)
    qtbot.addWidget(lasting)
    lasting.show_error(ERROR)
    assert "Dismiss" not in buttons(lasting)


def test_words_of_others_are_never_markup(notice: Notice) -> None:
    notice.show_error(UserError("<h1>No</h1>", "<a href='file:///etc/passwd'>click</a>"))
    assert words(notice) == ["<h1>No</h1>", "<a href='file:///etc/passwd'>click</a>"]


def test_the_undo_bar(qtbot: QtBot, theme: Theme) -> None:
    bar = UndoBar(theme)
    qtbot.addWidget(bar)
    bar.resize(228, 40)
    bar.show_text("Deleted “A conversation with a title that is much longer than the bar is wide”.")
    assert bar.minimumSizeHint().width() <= 228
    with qtbot.waitSignal(bar.undo_clicked):
        press_button(bar, "Undo")
    bar.show_text("")
    assert not bar.isVisible()
