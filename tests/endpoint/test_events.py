"""The event stream, cut anywhere and broken in every way."""

import json

import pytest

from desktop_app.domain.chat import Delta, MessageState, TokenChance
from desktop_app.domain.errors import UserError
from desktop_app.endpoint.chances import read_chances
from desktop_app.endpoint.events import EventReader, read_chunk
from tests.endpoint import recorded


def chunk(text: str | None = None, finish: str | None = None, tokens: int = 0, **more: object) -> bytes:
    delta = {} if text is None else {"content": text}
    value: dict[str, object] = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    if tokens:
        value["usage"] = {"prompt_tokens": 7, "completion_tokens": tokens, "total_tokens": 7 + tokens}
    return b"data: " + json.dumps(value | more, ensure_ascii=False).encode() + b"\n\n"


GOLDEN = (
    b": keep-alive\n\n"
    + chunk("", role="assistant")
    + chunk("Grüß", tokens=1)
    + chunk(" 👩‍👩‍👧", tokens=2).replace(b"\n\n", b"\r\n\r\n").replace(b"data: ", b"data:")
    + chunk(finish="stop", tokens=2)
    + b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}\n\n'
    + b"data: [DONE]\n\n"
)
EXPECTED = [
    Delta("Grüß", None, 7, 1),
    Delta(" 👩‍👩‍👧", None, 7, 2),
    Delta("", MessageState.COMPLETE, 7, 2, reason="stop"),
    Delta("", None, 7, 2),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, len(GOLDEN)])
def test_every_way_to_cut_the_stream_gives_the_same(size: int) -> None:
    reader = EventReader()
    pieces = (GOLDEN[at : at + size] for at in range(0, len(GOLDEN), size))
    assert [delta for piece in pieces for delta in reader.feed(piece)] == EXPECTED
    assert reader.done


def test_cut_in_two_at_every_byte() -> None:
    for at in range(len(GOLDEN)):
        reader = EventReader()
        assert reader.feed(GOLDEN[:at]) + reader.feed(GOLDEN[at:]) == EXPECTED


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("stop", MessageState.COMPLETE),
        ("length", MessageState.CUT),
        ("abort", MessageState.INTERRUPTED),
        ("error", MessageState.INTERRUPTED),
        ("something new", MessageState.INTERRUPTED),
    ],
)
def test_finish_reasons(reason: str, state: MessageState) -> None:
    assert EventReader().feed(chunk(finish=reason)) == [Delta(finish=state, reason=reason)]


def test_the_last_words_may_come_with_the_finish() -> None:
    assert EventReader().feed(chunk("end", "stop")) == [Delta("end", MessageState.COMPLETE, reason="stop")]


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_stands_beside_the_answer(name: str) -> None:
    value = {"choices": [{"delta": {name: "hm"}}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    assert read_chunk(value) == Delta("", None, 1, 1, reasoning="hm")


@pytest.mark.parametrize(
    "event",
    [
        b"data: {broken\n\n",
        b"data: \n\n",
        b"data: 17\n\n",
        b"data: null\n\n",
        b"data: {}\n\n",
        b'data: {"choices":null}\n\n',
        b'data: {"choices":[null]}\n\n',
        b'data: {"choices":[{"delta":null}]}\n\n',
        b'data: {"choices":[{"delta":{"content":5}}],"usage":{"prompt_tokens":"x"}}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"event: ping\nid: 4\n\n",
        b"\xff\xfe\x00\n\n",
    ],
)
def test_what_makes_no_sense_is_passed_over(event: bytes) -> None:
    reader = EventReader()
    assert reader.feed(event + chunk("on")) == [Delta("on")]


def test_broken_characters_cost_only_themselves() -> None:
    reader = EventReader()
    (bad_bytes,) = reader.feed(b'data: {"choices":[{"delta":{"content":"a\xffb"}}]}\n\n')
    assert bad_bytes.text == "a\ufffdb"
    (half,) = reader.feed(b'data: {"choices":[{"delta":{"content":"a\\ud83d b"}}]}\n\n')
    assert half.text == "a\ud83d b"


def test_one_event_over_several_lines() -> None:
    assert EventReader().feed(b'data: {"choices":\ndata: [{"delta":{"content":"x"}}]}\n\n') == [Delta("x")]


def test_an_error_inside_the_stream_is_raised() -> None:
    with pytest.raises(UserError, match="failed while it answered") as caught:
        EventReader().feed(b'data: {"error":{"message":"EngineCore died","code":500}}\n\n')
    assert "EngineCore died" in caught.value.details
    with pytest.raises(UserError):
        EventReader().feed(b'data: {"error":"Unauthorized"}\n\n')


@pytest.mark.parametrize("flood", [b"x", b"data: x", b"data: x\n"])
def test_an_event_without_an_end_is_not_collected_for_ever(flood: bytes) -> None:
    reader = EventReader()

    def feed_much() -> None:
        for _ in range(101):
            reader.feed(flood * 10_000)

    with pytest.raises(UserError, match="not an answer"):
        feed_much()


def test_a_recorded_chat() -> None:
    first, last, report = EventReader().feed(recorded.CHAT)
    likely = (("Hello", -0.0124323396012187), ("I", -4.82493257522583))
    assert first == Delta("Hello", chances=(TokenChance("Hello", -0.0124323396012187, likely),))
    assert last == Delta(
        " Ask", MessageState.CUT, reason="length", chances=(TokenChance(" Ask", -0.0012462714221328497),)
    )
    assert report == Delta(
        prompt_tokens=473,
        answer_tokens=2,
        cached_tokens=384,
        queue_seconds=1.788362002116628 / 1000,
        engine="vLLM 0.32.0",
    )


def test_a_recorded_completion() -> None:
    first, last, report = EventReader().feed(recorded.TEXT)
    likely = (("Hello", -0.0124323396012187), ("I", -4.82493257522583))
    assert first == Delta("Hello", None, 3, 1, chances=(TokenChance("Hello", -0.0124323396012187, likely),))
    assert last == Delta("!", MessageState.COMPLETE, 3, 2, reason="stop", stop_reason="how")
    assert report == Delta("", None, 3, 2, cached_tokens=0, engine="vLLM 0.32.0")


def test_thoughts_and_their_count() -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}}
    assert read_chunk({"choices": [], "usage": usage}) == Delta("", None, 7, 5, reasoning_tokens=3)
    assert read_chunk({"choices": [{"delta": {"content": None, "reasoning": "hm"}}]}) == Delta(reasoning="hm")


@pytest.mark.parametrize(
    "more",
    [
        {"metrics": {"queue_time_ms": -1}},
        {"metrics": {"queue_time_ms": "1"}},
        {"metrics": {"queue_time_ms": float("nan")}},
        {"metrics": [1]},
        {"system_fingerprint": "fp_44709d6fcb"},
        {"system_fingerprint": 5},
        {"usage": {"prompt_tokens_details": {"cached_tokens": "1"}}},
        {"usage": {"prompt_tokens_details": 3, "completion_tokens_details": None}},
    ],
)
def test_a_report_that_makes_no_sense_says_nothing(more: dict[str, object]) -> None:
    assert read_chunk({"choices": []} | more) is None


def test_a_token_that_ended_it_is_no_stop_string() -> None:
    value = {"choices": [{"delta": {}, "finish_reason": "stop", "stop_reason": 128001}]}
    assert read_chunk(value) == Delta(finish=MessageState.COMPLETE, reason="stop")


@pytest.mark.parametrize(
    "logprobs",
    [
        *([], "x", {}, {"content": None}, {"content": [None, 5, {"token": "a"}, {"token": 1, "logprob": 0}]}),
        *({"content": [{"token": "a", "logprob": float("-inf")}]}, {"tokens": ["a"]}),
        {"tokens": ["a"], "token_logprobs": [None], "top_logprobs": [None]},
    ],
)
def test_probabilities_that_make_no_sense_are_left_out(logprobs: object) -> None:
    assert read_chances(logprobs) == ()


def test_others_that_make_no_sense_are_left_out() -> None:
    top = [{"token": "b", "logprob": -1}, {"token": "c"}, 7, {"token": "d", "logprob": 0.5}]
    assert read_chances({"content": [{"token": "a", "logprob": -2.0, "top_logprobs": top}]}) == (
        TokenChance("a", -2.0, (("d", 0.0), ("b", -1.0))),
    )
    assert read_chances({"tokens": ["a"], "token_logprobs": [-2.0], "top_logprobs": [{"a": -2.0, "b": None}]}) == (
        TokenChance("a", -2.0, (("a", -2.0),)),
    )
