"""The card for a question that does not fit, and the suggestion to continue a text."""

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.services.chat_view import ContextFull
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.context_card import ContextCard, SuggestionCard
from tests.ui.hands import buttons, press_button, seen, words

WORDS = "This needs 35,968 tokens and there is room for 32,768: 3,200 too many."


def full(droppable: int) -> ContextFull:
    return ContextFull(35968, 32768, droppable, WORDS)


@pytest.fixture
def card(qtbot: QtBot, theme: Theme) -> ContextCard:
    made = ContextCard(theme)
    qtbot.addWidget(made)
    made.resize(700, 200)
    return made


def test_it_shows_the_sentence_and_every_way_out(card: ContextCard) -> None:
    asked: list[str] = []
    card.leave_out_clicked.connect(lambda: asked.append("leave out"))
    card.summarise_clicked.connect(lambda: asked.append("summarise"))
    card.larger_clicked.connect(lambda: asked.append("larger"))
    card.dismissed.connect(lambda: asked.append("cancel"))
    card.show_full(full(4))
    assert WORDS in words(card)
    names = ["Leave out the oldest 4 messages", "Summarise them first", "Larger context…", "Cancel"]
    assert buttons(card) == names
    for name in names:
        press_button(card, name)
    assert asked == ["leave out", "summarise", "larger", "cancel"]
    assert card.accessibleDescription() == WORDS


def test_one_message_is_one(card: ContextCard) -> None:
    card.show_full(full(1))
    assert buttons(card)[:2] == ["Leave out the oldest message", "Summarise it first"]


def test_what_would_not_help_is_not_offered(card: ContextCard) -> None:
    card.show_full(full(0))
    assert buttons(card) == ["Larger context…", "Cancel"]


def test_it_goes_when_the_question_fits(card: ContextCard) -> None:
    card.show_full(full(2))
    card.show_full(None)
    assert card.isHidden()
    card.show_full(full(2))
    assert card.isVisible()


def test_a_suggestion_has_one_way_out(qtbot: QtBot, theme: Theme) -> None:
    card = SuggestionCard(theme)
    qtbot.addWidget(card)
    asked: list[None] = []
    card.text_mode_clicked.connect(lambda: asked.append(None))
    assert card.isHidden()
    card.show_suggestion("This model has no chat template.")
    press_button(card, "Continue as plain text")
    assert (len(asked), words(card)) == (1, ["This model has no chat template."])
    card.show_suggestion("")
    assert card.isHidden()


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_it_fits_beside_the_settings_in_the_smallest_window(card: ContextCard, theme: Theme, scale: float) -> None:
    theme.set_text_scale(scale)
    try:
        card.show_full(full(4))
        card.resize(272, 600)
        QApplication.processEvents()
        assert card.width() == 272
        for one in seen(card, QPushButton):
            assert one.mapTo(card, one.rect().topRight()).x() <= 272, one.text()
        for text in seen(card, QLabel):
            assert text.height() >= text.heightForWidth(text.width()), text.text()
        assert buttons(card)[0] == "Leave out the oldest 4 messages"
    finally:
        theme.set_text_scale(1.0)
