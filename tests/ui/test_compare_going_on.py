"""What is said below answers about which one the columns go on from."""

import pytest

from desktop_app.services.compare_view import GoingOn
from desktop_app.ui.widgets.compare_going_on import note_of
from desktop_app.ui.widgets.message_actions import MessageAction, Offer

MARK, APART = MessageAction.GO_ON, MessageAction.GO_ON_APART


@pytest.mark.parametrize(
    ("one", "hidden", "words", "button", "menu"),
    [
        (GoingOn(can_mark=True), False, "", "Go on from this one", (MARK,)),
        (GoingOn(marked=True, can_undo=True), False, "All go on from this one", "Undo", (APART,)),
        (GoingOn(marked=True), True, "All go on from this one", "", ()),
        (GoingOn(place=1, title="Qwen3", can_mark=True), False, "Goes on from B’s answer", "", (MARK,)),
        (GoingOn(place=0, title="Column 1"), True, "Goes on from Column 1’s answer", "", ()),
        (
            GoingOn(title="Qwen3", can_mark=True, can_undo=True),
            False,
            "Goes on from the answer of Qwen3, which was taken away",
            "Undo",
            (MARK, APART),
        ),
    ],
)
def test_what_is_said_and_what_can_be_chosen(
    one: GoingOn, hidden: bool, words: str, button: str, menu: tuple[MessageAction, ...]
) -> None:
    note = note_of(one, hidden)
    assert note is not None
    assert (note.words, note.button, note.menu) == (words, button, menu)
    assert (note.action is None) is not bool(button)
    assert note.told.endswith(".")
    assert Offer((MessageAction.COPY,), note=note).all == (MessageAction.COPY, *menu)


def test_nothing_is_said_where_nothing_was_chosen_and_nothing_can_be() -> None:
    assert note_of(None, hidden=False) is None
    assert note_of(GoingOn(), hidden=False) is None
