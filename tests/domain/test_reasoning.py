"""Thoughts told from the answer, however the words are cut into pieces."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.reasoning import ThinkSplitter, split

PARTS = st.lists(
    st.sampled_from(["<think>", "</think>", "<", "</", "think>", "\n", "\r\n", " ", "\t", "a", "thinks", "`", "<b>"]),
    max_size=14,
)


def fed(pieces: list[str]) -> tuple[str, str]:
    splitter = ThinkSplitter()
    thoughts, answer = "", ""
    for part in [*map(splitter.feed, pieces), splitter.end()]:
        if part.text_was_reasoning:
            thoughts, answer = (answer + part.reasoning).strip(), part.text
        else:
            thoughts, answer = thoughts + part.reasoning, answer + part.text
    return thoughts, answer


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("Yes.", "", "Yes."),
        ("<think>\nHm, well.\n</think>\n\nYes.", "Hm, well.", "Yes."),
        ("\n<think>Hm</think>Yes.", "Hm", "Yes."),
        ("<think>\n\n</think>\n\nYes.", "", "Yes."),
        ("<think>\nHm, wel", "Hm, wel", ""),
        ("<think>Hm </thi", "Hm </thi", ""),
        ("Hm, well.\n</think>\n\nYes.", "Hm, well.", "Yes."),
        ("Hm, well.</think>\r\nYes.", "Hm, well.", "Yes."),
        ("Hm, well.\n</think>", "Hm, well.", ""),
        ("</think>\n\nYes.", "", "Yes."),
        ("Models end thoughts with `</think>`.\n", "", "Models end thoughts with `</think>`.\n"),
        ("They write </think> then.", "", "They write </think> then."),
        ("Like this:\n<think>\nhm\n</think>\nYes", "", "Like this:\n<think>\nhm\n</think>\nYes"),
        ("<think>a</think>b <think>c</think>\nd", "a", "b <think>c</think>\nd"),
        ("  indented\n", "", "  indented\n"),
        ("<thin", "", "<thin"),
        ("", "", ""),
    ],
)
def test_what_is_thought_and_what_is_said(text: str, thoughts: str, answer: str) -> None:
    assert split(text) == (thoughts, answer)
    assert fed(list(text)) == (thoughts, answer)


@given(PARTS)
def test_any_chunking_gives_the_same_as_the_whole(parts: list[str]) -> None:
    text = "".join(parts)
    assert fed(parts) == fed(list(text)) == fed([text]) == split(text)


@given(PARTS, st.lists(st.integers(0, 40)))
def test_no_word_is_ever_lost(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    ends = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    pieces = [text[begin:end] for begin, end in itertools.pairwise(ends)]
    assert fed(pieces) == split(text)
    assert [sign for sign in "".join(fed(pieces)) if sign in "ab`"] == [sign for sign in text if sign in "ab`"]


def test_a_long_answer_without_tags_is_passed_on_at_once() -> None:
    splitter = ThinkSplitter()
    splitter.feed("Well")
    assert splitter.feed(" then").text == " then"
    assert splitter.feed(" 1 < 2").text == " 1 < 2"
