"""The event stream, cut anywhere and broken in every way."""

import json

import pytest

from desktop_app.domain.chat import Delta, MessageState
from desktop_app.domain.errors import UserError
from desktop_app.endpoint.events import EventReader, read_chunk


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
    Delta("", MessageState.COMPLETE, 7, 2),
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
    assert EventReader().feed(chunk(finish=reason)) == [Delta(finish=state)]


def test_the_last_words_may_come_with_the_finish() -> None:
    assert EventReader().feed(chunk("end", "stop")) == [Delta("end", MessageState.COMPLETE)]


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_is_no_part_of_the_answer(name: str) -> None:
    value = {"choices": [{"delta": {name: "hm"}}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    assert read_chunk(value) == Delta("", None, 1, 1)


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
