"""What a person chose is never undone by the echo of what was chosen before."""

from desktop_app.domain.sampling import ChatSettings
from desktop_app.ui.widgets.chat_settings_edits import Edits

NONE, ONE, TWO, OTHER = (ChatSettings(system=text) for text in ("", "one", "two", "other"))


def test_an_echo_is_no_news() -> None:
    edits = Edits()
    assert edits.edit(ONE)
    assert not edits.edit(ONE)
    assert not edits.publish(1, NONE)
    assert not edits.publish(1, ONE)
    assert edits.settings == ONE


def test_older_echoes_do_not_undo_a_later_choice() -> None:
    edits = Edits()
    edits.publish(1, NONE)
    edits.edit(ONE)
    edits.edit(TWO)
    for published in (NONE, ONE, ONE, TWO):
        assert not edits.publish(1, published)
        assert edits.settings == TWO


def test_going_back_and_forth_ends_where_the_person_ended() -> None:
    edits = Edits()
    edits.publish(1, NONE)
    edits.edit(ONE)
    edits.edit(NONE)
    for published in (NONE, ONE, NONE):
        assert not edits.publish(1, published)
        assert edits.settings == NONE


def test_a_preset_is_news_and_wins() -> None:
    edits = Edits()
    edits.publish(1, NONE)
    edits.edit(ONE)
    assert edits.publish(1, OTHER)
    assert edits.settings == OTHER
    assert edits.publish(1, ONE)


def test_another_chat_is_news_even_with_the_same_settings() -> None:
    edits = Edits()
    edits.publish(1, NONE)
    edits.edit(ONE)
    assert edits.publish(2, NONE)
    assert edits.settings == NONE
    assert edits.publish(1, ONE)


def test_a_new_chat_that_is_stored_keeps_what_was_chosen() -> None:
    edits = Edits()
    edits.publish(None, NONE)
    edits.edit(ONE)
    edits.edit(TWO)
    assert not edits.publish(7, ONE)
    assert edits.settings == TWO
    assert not edits.publish(7, TWO)
    assert edits.publish(None, NONE)


def test_what_is_never_answered_is_not_kept_for_ever() -> None:
    edits = Edits()
    for number in range(1000):
        edits.edit(ChatSettings(system=str(number)))
    assert len(edits._told) < 200
    assert not edits.publish(None, edits.settings)
