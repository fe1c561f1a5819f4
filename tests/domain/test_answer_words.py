"""Words under an answer, how it ended, and its details."""

import json
from dataclasses import replace

import pytest

from desktop_app.domain.answer_words import EDITED, Ending, EndingRemedy, details, ending, under
from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing

TIMING = Timing(0.31, 7.6, 100, 312)
RECORD = AnswerRecord("stop", context_tokens=2048)
ANSWER = Message(2, Role.ASSISTANT, "Yes.", model="tiny", timing=TIMING, record=RECORD)
NO_REMEDY = EndingRemedy.NONE


def cut(timing: Timing = TIMING, limit: int = 0, text: str = "Yes.", **record: object) -> Message:
    request = json.dumps({"max_tokens": limit}) if limit else "{}"
    known = replace(RECORD, finish="length", request=request)
    known = replace(known, **record)  # type: ignore[arg-type]  # names are AnswerRecord's own
    return replace(ANSWER, text=text, state=MessageState.CUT, timing=timing, record=known)


def test_the_line_under_an_answer() -> None:
    assert under(ANSWER) == "41 tok/s · 312 tokens · first word after 0.31 s · finished"
    assert under(replace(ANSWER, timing=Timing())) == "finished"
    assert under(replace(ANSWER, timing=Timing(0.5, 0.0, 3, 1))) == "1 token · first word after 0.50 s · finished"
    assert under(replace(ANSWER, timing=Timing(0.5, 2.0, 3, 5))).startswith("2.0 tok/s · 5 tokens")
    assert under(replace(ANSWER, state=MessageState.STREAMING)).endswith("0.31 s")


def test_a_question_has_none() -> None:
    question = Message(1, Role.USER, "Why?")
    assert (under(question), ending(question)) == ("", Ending())


@pytest.mark.parametrize(
    ("message", "words", "remedy"),
    [
        (ANSWER, "finished", NO_REMEDY),
        (replace(ANSWER, state=MessageState.STREAMING), "", NO_REMEDY),
        (replace(ANSWER, state=MessageState.STOPPED), "stopped by you", EndingRemedy.CONTINUE),
        (replace(ANSWER, state=MessageState.STOPPED, text=""), "stopped by you", EndingRemedy.REGENERATE),
        (cut(limit=312), "stopped at your limit of 312 tokens", EndingRemedy.CONTINUE),
        (cut(request='{"max_completion_tokens": 312}'), "stopped at your limit of 312 tokens", EndingRemedy.CONTINUE),
        (
            cut(Timing(0.3, 7.6, 100, 412), limit=312, continued_tokens=100),
            "stopped at your limit of 312 tokens",
            EndingRemedy.CONTINUE,
        ),
        (cut(Timing(0.3, 7.6, 1748, 300)), "stopped: the context of 2,048 tokens is full", EndingRemedy.CONTEXT),
        (
            cut(Timing(0.3, 7.6, 1748, 300), limit=512),
            "stopped: the context of 2,048 tokens is full",
            EndingRemedy.CONTEXT,
        ),
        (cut(), "stopped at the model's limit of 312 tokens", EndingRemedy.CONTINUE),
        (cut(Timing()), "stopped at a limit of tokens", EndingRemedy.CONTINUE),
        (cut(finish="repetition"), "stopped: it only repeated itself", EndingRemedy.REGENERATE),
        (replace(ANSWER, record=replace(RECORD, stop_reason="###")), "ended at your stop text “###”", NO_REMEDY),
        (replace(ANSWER, record=AnswerRecord(EDITED)), "written by you", NO_REMEDY),
        (
            replace(ANSWER, state=MessageState.INTERRUPTED, error="The model stopped answering."),
            "broken off. The model stopped answering.",
            EndingRemedy.CONTINUE,
        ),
        (replace(ANSWER, state=MessageState.INTERRUPTED, text=""), "broken off", EndingRemedy.REGENERATE),
        (replace(ANSWER, state=MessageState.FAILED, error="No model."), "No model.", EndingRemedy.REGENERATE),
        (
            replace(cut(limit=312, text=" "), reasoning="hm"),
            "the model only thought and gave no answer: raise its limit of tokens",
            EndingRemedy.LONGER,
        ),
        (
            replace(cut(Timing(0.3, 7.6, 1748, 300), text=""), reasoning="hm"),
            "stopped: the context of 2,048 tokens is full, and it only thought",
            EndingRemedy.CONTEXT,
        ),
        (
            replace(ANSWER, text="", reasoning="hm"),
            "the model only thought and gave no answer",
            EndingRemedy.REGENERATE,
        ),
    ],
)
def test_how_it_ended(message: Message, words: str, remedy: EndingRemedy) -> None:
    assert ending(message) == Ending(words, remedy)


def test_details() -> None:
    request = {
        "temperature": 0.7,
        "stop": ["###"],
        "structured_outputs": {"regex": "[0-9]+"},
        "chat_template_kwargs": {"enable_thinking": False},
        "continue_final_message": True,
    }
    record = AnswerRecord(
        "stop",
        cached_tokens=96,
        queue_seconds=0.25,
        reasoning_tokens=120,
        reasoning_seconds=2.14,
        context_tokens=2048,
        revision="abc123",
        engine="vLLM 0.32.0",
        request=json.dumps(request),
        sent_messages=3,
        left_out="top_k, min_p, system",
        continued_tokens=100,
    )
    assert dict(details(replace(ANSWER, record=record))) == {
        "Model": "tiny",
        "Revision": "abc123",
        "Engine": "vLLM 0.32.0",
        "Ended": "finished (stop)",
        "Speed": "41 tok/s",
        "First word after": "0.31 s",
        "Waited in the queue": "0.25 s",
        "Answer": "312 tokens, 100 of them before it was continued",
        "Thought": "120 tokens in 2.1 s",
        "Prompt": "100 tokens, 96 of them kept from before",
        "Messages sent": "3",
        "Context": "2,048 tokens",
        "Sampling as sent": 'temperature 0.7, stop ["###"], held to a pattern, thinking off',
        "Left out": "top_k, min_p: this server does not know them; "
        "this model takes no system prompt; it was put before the first question",
    }


def test_details_say_only_what_is_known() -> None:
    assert details(Message(2, Role.ASSISTANT, "Yes.", model="tiny")) == (("Model", "tiny"), ("Ended", "finished"))
    values = dict(details(replace(ANSWER, record=AnswerRecord(request="{}", queue_seconds=0.0, left_out="min_p"))))
    assert values["Sampling as sent"] == "the model's own defaults"
    assert values["Waited in the queue"] == "not at all"
    assert values["Left out"] == "min_p: this server does not know it"
    assert values["Prompt"] == "100 tokens"


@pytest.mark.parametrize("request_", ["{", "[]", '{"max_tokens": true}', '{"max_tokens": "x"}', "[" * 100_000])
def test_a_request_that_makes_no_sense_says_nothing(request_: str) -> None:
    assert ending(cut(request=request_)).words == "stopped at the model's limit of 312 tokens"


def test_a_long_stop_text_is_cut() -> None:
    words = ending(replace(ANSWER, record=replace(RECORD, stop_reason="x" * 300))).words
    assert words == f"ended at your stop text “{'x' * 80}…”"
