"""The small rules of the vocabulary."""

import pytest

from desktop_app.domain.chat import AnswerRecord, Timing, title_from
from desktop_app.domain.engine import StartPhase, StartProgress
from desktop_app.domain.observable import Observable


def test_speed_leaves_out_the_wait_for_the_first_word() -> None:
    timing = Timing(first_token_seconds=5.0, decode_seconds=2.0, prompt_tokens=10, answer_tokens=81)
    assert timing.tokens_per_second == pytest.approx(40.0)


def test_one_token_has_no_speed() -> None:
    assert Timing(first_token_seconds=0.1, decode_seconds=0.1, answer_tokens=1).tokens_per_second == 0
    assert Timing().tokens_per_second == 0


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("How do I stop a model?", "How do I stop a model?"),
        ("\n\n  first   line \nsecond", "first line"),
        ("", "New chat"),
        ("## What is it?", "What is it?"),
        ("> - #1 is what?", "#1 is what?"),
        ("What is 5 - 3?", "What is 5 - 3?"),
        ("#include <stdio.h>", "#include <stdio.h>"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("```", "New chat"),
        ("word " * 30, "word word word word word word word word word…"),
    ],
)
def test_title_is_the_first_line_cut_at_a_word(text: str, title: str) -> None:
    assert title_from(text) == title


def test_progress_counts_only_what_can_be_counted() -> None:
    assert StartProgress(StartPhase.READING_WEIGHTS, 3, 4).words() == "Reading weights, 3 of 4"
    assert StartProgress(StartPhase.READING_WEIGHTS, 1, 1).words() == "Reading weights"


def test_watchers_hear_each_change_once_and_may_leave_meanwhile() -> None:
    value = Observable(1)
    heard: list[int] = []
    stop = value.watch(heard.append)
    value.watch(lambda _: stop())
    value.set(1)
    value.set(2)
    assert heard == [1]


def _fail_after_one(number: int) -> None:
    if number > 1:
        raise ValueError(number)


def test_a_watcher_that_fails_is_told_of_and_the_others_hear_all_the_same() -> None:
    failed: list[str] = []
    value = Observable(1, lambda error: failed.append(repr(error)))
    heard: list[int] = []
    value.watch(_fail_after_one)
    value.watch(heard.append)
    value.set(2)
    assert (value.value, heard, failed) == (2, [1, 2], ["ValueError(2)"])


def test_whoever_sets_a_value_gets_what_a_watcher_raised_when_nobody_else_wants_it() -> None:
    value = Observable(1)
    value.watch(_fail_after_one)
    with pytest.raises(ValueError, match="2"):
        value.set(2)


def test_a_record_tells_nothing_of_a_cache_from_an_empty_cache() -> None:
    record = AnswerRecord(cached_tokens=0, queue_seconds=0.0)
    assert AnswerRecord.from_json(record.as_json()) == record
    assert AnswerRecord().as_json() == {}
