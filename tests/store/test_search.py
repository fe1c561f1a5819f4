"""What is found, in which order, and how it is shown."""

import sqlite3
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.domain.chat import Attachment, AttachmentKind, Message, MessageState, Role
from desktop_app.store.conversations import CHAIN, ConversationStore
from desktop_app.store.database import Database
from desktop_app.store.search_words import SNIPPET, one_line, read_query, snippet
from tests.store.conftest import Clock

QUESTION = Message(0, Role.USER, "Why is the sky blue?")
ANSWER = Message(0, Role.ASSISTANT, "Because of Rayleigh scattering.", parent=CHAIN)
HOSTILE = ['"', '""', "*", "^", "NEAR(a b, 2)", "AND", "NOT OR", "(", "text:", "a:b", "- -", "{x}", "'", "\0", "\ud83d"]
DAY = 24 * 3600


async def found(store: ConversationStore, text: str) -> list[str]:
    return [one.snippet for one in await store.search(text)]


async def words_of(database: Database, index: str) -> list[str]:
    def action(db: sqlite3.Connection) -> list[str]:
        db.execute(f"CREATE VIRTUAL TABLE temp.{index}_words USING fts5vocab (main, {index}, row)")
        return [row["term"] for row in db.execute(f"SELECT term FROM temp.{index}_words")]

    return await database.run(action)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("sky", "the blue SKY above"),
        ("bl sk", "blue, blue sky; bl"),
        ("sky blue", "a blue and wide sky"),
        ("sk", "the sky"),
        ("SKY!", "sky"),
        ('"blue sky"', "a blue sky"),
        ('"blue sk', "a blue sky"),
        ("foo_bar", "call foo_bar(1)"),
        ("don't", "I don't know"),
        ("uber", "Über den Wolken"),
        ("Über", "uber alles"),
        ("cafe\u0301", "im Café"),
        ("café", "im cafe\u0301"),
        ("naïv", "naiveté"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("天", "今天天气很好"),
        ("气很", "今天天气很好"),
        ("今天天气很好", "今天天气很好。"),
        ("天气 blue", "blue 天气"),
        ("カナ", "ひらがなとカタカナ"),
        ("국어", "한국어를 배운다"),
        ("𠀋", "rare 𠀋 sign"),
        ("v2天", "版本v2天气"),
        ("ไทย", "ภาษาไทยง่าย"),
        ("हिन्दी", "मुझे हिन्दी पसंद है"),
        ("привет", "Скажи: Привет!"),
        ("x", "x = 1"),
        ("3.14", "about 3.14159"),
    ],
)
async def test_found_and_marked(store: ConversationStore, query: str, text: str) -> None:
    await store.create("…", (replace(QUESTION, text=text), replace(QUESTION, text="something else")))
    (one,) = await store.search(query)
    assert one.snippet == unicodedata.normalize("NFC", text)
    assert one.marks


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("sky green", "blue sky"),
        ("sk blue", "blue sky"),
        ('"sky blue"', "blue sky"),
        ('"blue sk"', "blue sky"),
        ("ky", "blue sky"),
        ("x", "xylophone"),
        ("天很", "今天天气很好"),
        ("NEAR", "blue sky"),
    ],
)
async def test_not_found(store: ConversationStore, query: str, text: str) -> None:
    await store.create("…", (replace(QUESTION, text=text),))
    assert await store.search(query) == ()


@pytest.mark.parametrize("query", [*HOSTILE, *(f"sky {one}" for one in HOSTILE), "sky " * 500, '"sky' * 100, "", " \n"])
async def test_nothing_that_is_typed_breaks_it(store: ConversationStore, query: str) -> None:
    await store.create("sky", (QUESTION, ANSWER))
    await store.search(query)


async def test_titles_come_first_and_follow_their_changes(store: ConversationStore) -> None:
    conversation, (question,) = await store.create("The sea", (replace(QUESTION, text="The sea and the sky"),))
    titled, _ = await store.create("sky and sea")
    assert [(one.conversation, one.message) for one in await store.search("sea sky")] == [
        (titled.id, None),
        (conversation.id, question.id),
    ]
    await store.rename(titled.id, "land")
    assert [one.title for one in await store.search("sea")] == ["The sea", "The sea"]
    assert [one.title for one in await store.search("land")] == ["land"]


async def test_names_of_attachments_are_found_and_shown(store: ConversationStore) -> None:
    paper = Attachment(0, "Rayleigh 1871.pdf", AttachmentKind.TEXT, "text/plain", "secret inside")
    await store.create("…", (replace(QUESTION, attachments=(paper,)),))
    assert await found(store, "rayleigh") == ["Rayleigh 1871.pdf"]
    assert await found(store, "secret") == []


async def test_what_a_person_took_out_is_not_found(store: ConversationStore) -> None:
    conversation, (question, answer) = await store.create("sky", (QUESTION, ANSWER))
    await store.set_deleted([question.id], True)
    assert [one.message for one in await store.search("sky")] == [None]
    await store.set_deleted([question.id], False)
    await store.delete([conversation.id])
    assert await store.search("sky") == await store.search("rayleigh") == ()
    await store.restore([conversation.id])
    assert len(await store.search("sky")) == 2
    assert [one.message for one in await store.search("rayleigh")] == [answer.id]


async def test_a_version_that_is_not_shown_is_found(store: ConversationStore) -> None:
    conversation, (question, first) = await store.create("…", (QUESTION, ANSWER))
    await store.add(conversation.id, Message(0, Role.ASSISTANT, "No idea.", parent=question.id))
    assert [one.message for one in await store.search("rayleigh")] == [first.id]


async def test_an_answer_is_found_when_it_has_ended_with_its_last_words(store: ConversationStore) -> None:
    streaming = replace(ANSWER, text="", state=MessageState.STREAMING)
    _, (_, answer) = await store.create("…", (QUESTION, streaming))
    await store.save(answer.with_text("Because"))
    await store.save(answer.with_text("Because of clouds"))
    assert await store.search("clouds") == ()
    done = replace(answer, text="Because of clouds.", state=MessageState.COMPLETE)
    await store.save(done)
    assert len(await store.search("clouds")) == 1
    await store.save(replace(done, text="Because of rain."))
    assert await store.search("clouds") == ()
    assert len(await store.search("rain")) == 1


async def test_what_is_gone_for_good_is_in_the_index_no_more(store: ConversationStore, database: Database) -> None:
    conversation, _ = await store.create("Ω 天气", (QUESTION, ANSWER, replace(QUESTION, text="Σ 今天 é e\u0301")))
    await store.delete([conversation.id])
    await store.empty_bin([conversation.id])
    assert await words_of(database, "message_index") == await words_of(database, "title_index") == []


async def test_of_equal_hits_the_newer_one_and_of_new_ones_the_better_one_comes_first(
    store: ConversationStore, clock: Clock
) -> None:
    await store.create("…", (replace(QUESTION, text="sky once, and many other words besides, one after another"),))
    clock.time += 300 * DAY
    text = "sky once, and many other words besides, one after another."
    await store.create("…", (replace(QUESTION, text=text), replace(QUESTION, text="sky sky sky")))
    assert [one[:9] for one in await found(store, "sky")] == ["sky sky s", "sky once,", "sky once,"]
    assert (await store.search("sky"))[1].created == clock.time


async def test_no_more_than_was_asked_for(store: ConversationStore) -> None:
    await store.create("sky", [QUESTION] * 30)
    assert len(await store.search("sky", limit=10)) == 10
    assert len(await store.search("sky", limit=1)) == 1


def test_a_snippet_shows_the_first_hit_with_some_words_before_it() -> None:
    text = "word " * 2000 + "the needle\n\n in  a haystack" + " word" * 2000
    query = read_query("needle hay")
    assert query is not None
    line, marks = snippet(text, query)
    assert [line[begin:end] for begin, end in marks] == ["needle", "hay"]
    assert line.startswith("…word word")
    assert "the needle in a haystack word" in line
    assert line.endswith("…")
    assert len(line) <= SNIPPET


def test_a_snippet_shows_words_and_not_what_shapes_them() -> None:
    query = read_query("cache")
    assert query is not None
    line, marks = snippet("## Memory\n\n> A **KV cache** takes `2 * n`", query)
    assert line == "Memory A KV cache takes 2 * n"
    assert [line[begin:end] for begin, end in marks] == ["cache"]


def test_a_snippet_is_one_harmless_line() -> None:
    assert one_line("a\n\tb\u202e c\u2066\x1b[31m\u2028d\u200b\ufeffe\x85f\0g\ud83d") == "a b c [31m de f g"


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=400), st.text(max_size=30))
def test_a_snippet_of_anything_for_anything(text: str, typed: str) -> None:
    query = read_query(typed)
    if query is None:
        return
    line, marks = snippet(text * 30, query)
    assert len(line) <= SNIPPET
    assert "\n" not in line
    assert all(0 <= begin < end <= len(line) for begin, end in marks)
