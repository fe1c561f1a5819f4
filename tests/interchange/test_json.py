"""Our own JSON: whatever goes out comes back, and whatever comes from elsewhere is checked."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from desktop_app.domain.chat import MessageState
from desktop_app.interchange.json_reader import read_chat
from desktop_app.interchange.json_writer import JsonWriter, chat_values
from desktop_app.interchange.parcel import Damaged, Parcel
from desktop_app.interchange.reader import NotChatsError, read_chats
from desktop_app.interchange.values import DamagedError
from desktop_app.paths import resources
from tests.interchange.chats import parcels, sky, written

SCHEMA = json.loads((resources() / "chat-export.schema.json").read_text("utf-8"))


@given(parcels())
@settings(max_examples=60, deadline=None, database=None)
def test_round_trip_is_exact(parcel: Parcel) -> None:
    told = written(JsonWriter(), parcel)
    assert list(read_chats(told)) == [parcel]
    jsonschema.validate(json.loads(told), SCHEMA)


def test_several_chats_come_back_in_their_order() -> None:
    assert list(read_chats(written(JsonWriter(), sky(), sky(), sky()))) == [sky()] * 3
    assert list(read_chats(written(JsonWriter()))) == []


def message(number: object, parent: object = None, **more: object) -> dict[str, object]:
    return {"id": number, "parent": parent, "role": "user", "text": "x", **more}


def chat(*messages: object, **more: object) -> dict[str, object]:
    return {"title": "T", "messages": list(messages), **more}


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        chat() | {"messages": {}},
        chat(1),
        chat(message("1")),
        chat(message(True)),
        chat(message(1.0)),
        chat(message(2**70)),
        chat(message(1), message(1)),
        chat(message(1, 1)),
        chat(message(1, 2), message(2, 3), message(3, 1)),
        chat(message(1, "0")),
        chat(message(1, role="system")),
        chat(message(1, text=None)),
        chat(message(1, text=["x"])),
    ],
)
def test_what_is_no_conversation_is_damaged(values: object) -> None:
    with pytest.raises(DamagedError):
        read_chat(values)


def test_a_parent_that_is_missing_makes_a_beginning_and_order_does_not_matter() -> None:
    read = read_chat(chat(message(3, 2), message(2, 99), message(1)))
    assert [(one.id, one.parent) for one in read.messages] == [(2, None), (3, 2), (1, None)]


def test_what_is_of_another_kind_counts_as_not_there() -> None:
    odd = {"kind": "image", "data": "?", "name": "../../etc/pass\u202ewd", "size": -1, "tokens": "many", "media": 7}
    told = message(1, created="yesterday", timing=[1], record={"cached_tokens": "x"}, state="streaming", model=["m"])
    values: dict[str, Any] = chat(told | {"attachments": [odd, 7], "reasoning": 5})
    more = {"shown": [{"after": None, "message": 9}, 7], "settings": {"sampling": {"temperature": 99}}, "updated": -1}
    read = read_chat(values | more | {"seen_from": 77, "title": "a\nb\u202ec\x1b[31m", "folder": 7})
    one = read.messages[0]
    assert read.conversation.title == "a b c [31m"
    assert (read.chosen, read.seen_from, read.folder, read.conversation.updated) == ({}, None, "", 0)
    assert read.settings.sampling.temperature is None
    assert (one.state, one.model, one.created, one.reasoning) == (MessageState.INTERRUPTED, "", 0, "")
    assert one.attachments[0].name == "pass wd"
    assert (one.attachments[0].data, one.attachments[0].size, one.attachments[0].media) == (b"", 0, "image/png")


def test_halves_of_characters_and_numbers_beyond_all_limits() -> None:
    told = '{"format": "vllm-desktop-chats", "version": 1, "chats": [{"title": "\\ud800", "updated": 1e999, "messages":'
    told += '[{"id": 1, "parent": null, "role": "user", "text": "a\\udfff", "timing": {"answer_tokens": 9'
    told += '99999999999999999999}, "record": {"sent_messages": 123456789012345678901, "queue_seconds": NaN}}]}]}'
    (read,) = read_chats(told)
    assert isinstance(read, Parcel)
    assert read.conversation.title == "Imported chat"
    assert read.conversation.updated == 0
    assert read.messages[0].text == "a\ufffd"
    assert (read.messages[0].timing.answer_tokens, read.messages[0].record.sent_messages) == (0, 0)


def test_a_damaged_chat_is_told_and_the_others_are_read() -> None:
    good = chat_values(sky())
    told = json.dumps({"format": "vllm-desktop-chats", "version": 1, "chats": [good, chat(message(1, 1)), good]})
    assert [type(one) for one in read_chats(told)] == [Parcel, Damaged, Parcel]


def test_a_file_that_ends_too_early_gives_what_is_whole() -> None:
    told = written(JsonWriter(), sky(), sky())
    assert [type(one) for one in read_chats(told[: len(told) * 3 // 4])] == [Parcel, Damaged]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("", "no JSON"),
        ("hello", "no JSON"),
        ("[1, 2]", "no chats"),
        ("{}", "no chats"),
        ('{"a": [1]}', "no chats"),
        ('[{"role": "user"}]', "no chats"),
        ('{"format": "other"}', "no chats"),
        ('{"format": "vllm-desktop-chats", "version": 2, "chats": []}', "newer version"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"mapping"', "no whole JSON"),
    ],
)
def test_other_files_are_refused_in_words(told: str, words: str) -> None:
    with pytest.raises(NotChatsError, match=words):
        list(read_chats(told))


def test_a_conversation_of_ten_thousand_messages_is_no_depth() -> None:
    messages = [message(number, number - 1 if number else None) for number in range(10_000)]
    assert len(read_chat(chat(*messages)).tree().path()) == 10_000
