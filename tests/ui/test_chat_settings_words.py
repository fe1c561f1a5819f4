"""Settings of a chat as they are read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.sampling import (
    MAX_STOP_LENGTH,
    MAX_STOPS,
    PARAMETERS,
    ChatSettings,
    Mode,
    Sampling,
    Structure,
    StructureKind,
    WhenFull,
)
from desktop_app.ui.widgets.chat_settings_words import (
    figure,
    folded_form,
    folded_manner,
    folded_rest,
    folded_sampling,
    own_value,
    own_words,
    range_words,
    read_number,
    read_stops,
    stepped,
    stop_lines,
)

BY_NAME = {one.name: one for one in PARAMETERS}
TEMPERATURE, LONGEST, SEED = BY_NAME["temperature"], BY_NAME["max_tokens"], BY_NAME["seed"]


def test_what_holds_when_nothing_is_chosen() -> None:
    assert own_words(TEMPERATURE, Sampling(temperature=0.7)) == "model's own: 0.7"
    assert own_words(TEMPERATURE, Sampling()) == "usual: 1"
    assert own_words(LONGEST, Sampling()) == "no limit"
    assert own_words(SEED, Sampling()) == "random"
    assert (own_value(TEMPERATURE, Sampling()), own_value(SEED, Sampling())) == (1.0, None)


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("temperature", " 0.7 ", 0.7),
        ("temperature", "0,7", 0.7),
        ("temperature", "0", 0.0),
        ("temperature", "", None),
        ("max_tokens", "1,024", 1024),
        ("max_tokens", "1 024", 1024),
        ("frequency_penalty", "-2", -2.0),
    ],
)
def test_a_number_is_read(name: str, text: str, number: float | None) -> None:
    assert read_number(BY_NAME[name], text) == (number, "")


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("temperature", "2.1", "This is to be from 0 to 2."),
        ("temperature", "nan", "This is to be from 0 to 2."),
        ("temperature", "inf", "This is to be from 0 to 2."),
        ("temperature", "hot", "This is to be a number, from 0 to 2."),
        ("max_tokens", "0", "This is to be from 1 to 1,000,000."),
        ("max_tokens", "1.5", "This is to be a whole number, from 1 to 1,000,000."),
    ],
)
def test_a_number_that_cannot_be_meant_is_told(name: str, text: str, wrong: str) -> None:
    assert read_number(BY_NAME[name], text) == (None, wrong)


def test_counting_stays_in_the_range() -> None:
    assert stepped(TEMPERATURE, 0.7, 1) == 0.75
    assert stepped(TEMPERATURE, 1.98, 10) == 2
    assert stepped(LONGEST, None, 1) == 65
    assert (figure(0.1 + 0.2), figure(3.0), range_words(SEED)) == ("0.3", "3", "from 0 to 2,147,483,647")


def test_stop_texts_are_read() -> None:
    assert read_stops("\\n\\n\nEND\n\n a \nC:\\\\x\\q\\") == (("\n\n", "END", " a ", "C:\\x\\q\\"), "")
    assert read_stops("") == ((), "")


def test_too_many_or_too_long_stop_texts_are_told() -> None:
    assert read_stops("x\n" * (MAX_STOPS + 1)) == ((), "At most 16 texts; these are 17.")
    assert read_stops("x" * (MAX_STOP_LENGTH + 1)) == ((), "A text has at most 200 characters.")


@given(st.lists(st.text(alphabet="ab \\\n\t\rn", min_size=1, max_size=8), max_size=MAX_STOPS))
def test_stop_texts_are_what_they_were_when_they_are_read_again(stops: list[str]) -> None:
    assert read_stops(stop_lines(stops)) == (tuple(stops), "")


def test_what_is_set_in_a_fold_is_counted() -> None:
    chosen = ChatSettings(
        sampling=Sampling(temperature=1, top_p=0.9, stop=("x",)),
        structure=Structure(StructureKind.CHOICE, "a"),
        mode=Mode.COMPLETION,
        thinking=False,
        logprobs=True,
        when_full=WhenFull.DROP_OLDEST,
    )
    counts = (folded_manner, folded_sampling, folded_form, folded_rest)
    assert [count(chosen) for count in counts] == [2, 2, 1, 2]
    assert [count(ChatSettings()) for count in counts] == [0, 0, 0, 0]
