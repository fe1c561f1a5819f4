"""Conversations, their bin, folders and settings as the database keeps them."""

from dataclasses import replace

import pytest

from desktop_app.domain.chat import Conversation, Folder, Message, MessageState, Role
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.domain.tree import Tree
from desktop_app.store.conversations import CHAIN, ConversationStore
from desktop_app.store.database import Database
from tests.store.conftest import Clock

QUESTION = Message(0, Role.USER, "Why?")
ANSWER = Message(0, Role.ASSISTANT, "Because.", model="Guide", parent=CHAIN)
DAY = 24 * 3600


async def titles(store: ConversationStore) -> list[str]:
    return [conversation.title for conversation in await store.conversations()]


async def count(database: Database, table: str) -> int:
    return await database.run(lambda db: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]))


async def test_created_with_its_first_messages(store: ConversationStore, clock: Clock) -> None:
    conversation, (question, answer) = await store.create("Why", (QUESTION, ANSWER))
    assert conversation == Conversation(conversation.id, "Why", clock.time)
    stored = await store.read(conversation.id)
    assert stored.messages == (question, answer)
    assert (question.parent, answer.parent) == (None, question.id)
    assert stored.chosen == {None: question.id, question.id: answer.id}
    assert (stored.settings, stored.seen_from, stored.summary) == (ChatSettings(), None, "")
    assert await store.conversations() == (conversation,)


async def test_nothing_is_stored_of_a_conversation_that_is_not_there(store: ConversationStore) -> None:
    stored = await store.read(12345)
    assert (stored.messages, stored.chosen) == ((), {})


async def test_the_one_written_to_last_comes_first_even_when_the_clock_jumps_back(
    store: ConversationStore, clock: Clock
) -> None:
    first, _ = await store.create("first")
    await store.create("second")
    clock.time -= 5000
    await store.add(first.id, QUESTION)
    assert await titles(store) == ["first", "second"]


async def test_pinned_ones_stand_above_the_others(store: ConversationStore) -> None:
    made = [(await store.create(title))[0].id for title in "abc"]
    await store.set_pinned(made[:2], True)
    assert await titles(store) == ["b", "a", "c"]
    await store.set_pinned([made[1]], False)
    assert await titles(store) == ["a", "c", "b"]
    assert [one.pinned for one in await store.conversations()] == [True, False, False]


async def test_a_title_that_a_person_chose_is_not_improved(store: ConversationStore) -> None:
    conversation, _ = await store.create("Why")
    await store.rename(conversation.id, "Sky", by_person=False)
    assert (await store.conversations())[0] == replace(conversation, title="Sky")
    await store.rename(conversation.id, "Reasons")
    await store.rename(conversation.id, "Better", by_person=False)
    (renamed,) = await store.conversations()
    assert (renamed.title, renamed.titled) == ("Reasons", True)


async def test_what_is_chosen_for_a_conversation(store: ConversationStore) -> None:
    settings = ChatSettings(system="Be brief.", sampling=Sampling(temperature=0.5, stop=("\n",)))
    conversation, (question, *_) = await store.create("Why", (QUESTION, ANSWER), settings)
    assert (await store.read(conversation.id)).settings == settings
    await store.set_settings(conversation.id, replace(settings, system="a\ud83d"))
    assert (await store.read(conversation.id)).settings.system == "a?"
    await store.set_seen_from(conversation.id, question.id, "They spoke.")
    stored = await store.read(conversation.id)
    assert (stored.seen_from, stored.summary) == (question.id, "They spoke.")
    await store.set_seen_from(conversation.id, None)
    stored = await store.read(conversation.id)
    assert (stored.seen_from, stored.summary) == (None, "")


@pytest.mark.parametrize("value", ["no JSON", "[]", '{"sampling": {"temperature": 99}}', "[" * 100_000])
async def test_settings_that_make_no_sense_count_as_not_chosen(
    store: ConversationStore, database: Database, value: str
) -> None:
    conversation, _ = await store.create("Why")
    await database.run(lambda db: db.execute("UPDATE conversations SET settings = ?", (value,)))
    assert (await store.read(conversation.id)).settings == ChatSettings()


async def test_deleted_comes_back_with_its_messages_in_its_place(store: ConversationStore, clock: Clock) -> None:
    conversation, messages = await store.create("Why", (QUESTION,))
    newer, _ = await store.create("newer")
    await store.delete([conversation.id])
    clock.time += 5
    await store.delete([newer.id, conversation.id])
    assert await titles(store) == []
    assert [(one.conversation.title, one.deleted) for one in await store.bin()] == [
        ("newer", clock.time),
        ("Why", clock.time - 5),
    ]
    await store.restore([newer.id, conversation.id])
    assert await titles(store) == ["newer", "Why"]
    assert (await store.read(conversation.id)).messages == messages
    assert await store.bin() == ()


async def test_purge_takes_only_what_was_deleted_long_ago(store: ConversationStore, clock: Clock) -> None:
    old, _ = await store.create("old", (QUESTION, ANSWER))
    await store.delete([old.id])
    clock.time += 40 * DAY
    young, _ = await store.create("young")
    await store.create("kept")
    await store.delete([young.id])
    assert await store.purge() == 1
    assert (await store.read(old.id)).messages == ()
    await store.restore([young.id])
    assert await titles(store) == ["kept", "young"]


async def test_only_what_is_in_the_bin_is_removed_for_good(store: ConversationStore, database: Database) -> None:
    gone, _ = await store.create("gone", (QUESTION, ANSWER))
    kept, _ = await store.create("kept", (QUESTION,))
    await store.delete([gone.id])
    assert await store.empty_bin([gone.id, kept.id, 999]) == 1
    assert await titles(store) == ["kept"]
    assert await count(database, "messages") == 1


async def test_a_long_chain_of_messages_can_be_removed(store: ConversationStore, database: Database) -> None:
    conversation, _ = await store.create("long", [replace(QUESTION, parent=CHAIN)] * 3000)
    await store.delete([conversation.id])
    await store.empty_bin([conversation.id])
    assert await count(database, "messages") == 0


async def test_folders(store: ConversationStore) -> None:
    work, home = await store.add_folder("work"), await store.add_folder("Home")
    first, second = [(await store.create(title))[0].id for title in ("first", "second")]
    await store.move([first, second], work.id)
    await store.move([second], None)
    assert [one.folder for one in await store.conversations()] == [None, work.id]
    await store.rename_folder(work.id, "Work\ud83d")
    assert await store.folders() == (home, Folder(work.id, "Work?"))
    await store.remove_folder(work.id)
    assert await store.folders() == (home,)
    assert [one.folder for one in await store.conversations()] == [None, None]


async def test_an_imported_tree_keeps_its_versions_and_times(store: ConversationStore, clock: Clock) -> None:
    messages = (
        Message(70, Role.USER, "old question", created=5.0),
        Message(71, Role.ASSISTANT, "a", parent=70, created=6.0),
        Message(72, Role.ASSISTANT, "b", parent=70, deleted=True),
        Message(73, Role.ASSISTANT, "c", MessageState.STREAMING, parent=70),
        Message(75, Role.USER, "after a", parent=71),
    )
    settings = ChatSettings(system="Be brief.")
    told = Conversation(3, "From elsewhere", 7.0, titled=True, pinned=True, folder=99)
    made = await store.import_tree(told, messages, {None: 70, 70: 71}, settings)
    assert made == replace(told, id=made.id, folder=None)
    assert await store.conversations() == (made,)
    stored = await store.read(made.id)
    assert stored.settings == settings
    tree = Tree(stored.messages, stored.chosen)
    assert [message.text for message in tree.path()] == ["old question", "a", "after a"]
    assert len(tree) == 5
    assert [message.created for message in tree.path()] == [5.0, 6.0, clock.time]
    states = {message.text: (message.state, message.deleted) for message in stored.messages}
    assert states["b"] == (MessageState.COMPLETE, True)
    assert states["c"] == (MessageState.INTERRUPTED, False)


async def test_an_imported_tree_that_makes_no_sense_loses_no_message(store: ConversationStore) -> None:
    messages = [
        Message(3, Role.USER, "child before its parent", parent=2),
        Message(2, Role.USER, "in a circle", parent=4),
        Message(4, Role.USER, "in a circle too", parent=2),
        Message(5, Role.USER, "its own parent", parent=5),
        Message(6, Role.USER, "nobody's child", parent=77),
    ]
    made = await store.import_tree(Conversation(0, "odd", 0), messages, {77: 6, 2: 99, 5: 3, None: 3}, ChatSettings())
    stored = await store.read(made.id)
    assert {message.text for message in stored.messages} == {one.text for one in messages}
    Tree(stored.messages, stored.chosen).path()


async def test_a_branch_is_the_way_to_its_message(store: ConversationStore) -> None:
    conversation, (question, answer) = await store.create("Why", (QUESTION, ANSWER), ChatSettings(system="Be brief."))
    (other,) = await store.add(conversation.id, Message(0, Role.ASSISTANT, "No.", parent=question.id))
    (later,) = await store.add(conversation.id, Message(0, Role.USER, "And?", parent=answer.id))
    await store.set_seen_from(conversation.id, answer.id, "earlier")
    folder = await store.add_folder("work")
    await store.move([conversation.id], folder.id)
    branch = await store.branch(conversation.id, later.id)
    assert (branch.title, branch.folder) == ("Why (branch)", folder.id)
    stored = await store.read(branch.id)
    assert [message.text for message in stored.messages] == ["Why?", "Because.", "And?"]
    assert stored.messages == Tree(stored.messages, stored.chosen).path()
    assert stored.settings.system == "Be brief."
    assert (stored.seen_from, stored.summary) == (stored.messages[1].id, "earlier")
    short = await store.read((await store.branch(conversation.id, other.id)).id)
    assert [message.text for message in short.messages] == ["Why?", "No."]
    assert (short.seen_from, short.summary) == (None, "")
    assert (await store.read(conversation.id)).messages == (question, answer, other, later)


async def test_no_branch_from_a_message_of_elsewhere(store: ConversationStore) -> None:
    conversation, _ = await store.create("Why", (QUESTION,))
    _, (other,) = await store.create("other", (QUESTION,))
    for place in (conversation.id, 999):
        with pytest.raises(KeyError):
            await store.branch(place, other.id)
    assert len(await store.conversations()) == 2
