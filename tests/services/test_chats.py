"""The list of conversations: names, pins, folders, the bin, and search."""

from pathlib import Path

from desktop_app.domain.chat import Conversation, Folder, Message, Role
from tests.conftest import reach
from tests.endpoint.running import running
from tests.services.chat_world import ChatWorld


async def filled(world: ChatWorld, *titles: str) -> list[int]:
    """Conversations of one question each; their ids."""
    made = [await world.store.create(title, (Message(0, Role.USER, f"About {title}?"),)) for title in titles]
    await world.chats.refresh()
    return [conversation.id for conversation, _ in made]


def titles(world: ChatWorld) -> list[str]:
    return [one.title for one in world.listed.conversations]


def folders(world: ChatWorld) -> list[Folder]:
    return list(world.listed.folders)


def undo(world: ChatWorld) -> str:
    return world.listed.undo


def shown(world: ChatWorld) -> Conversation | None:
    return world.state.conversation


async def test_rename_and_pin(world: ChatWorld) -> None:
    one, two, three = await filled(world, "one", "two", "three")
    assert titles(world) == ["three", "two", "one"]
    await world.chat.open(one)
    await world.chats.rename(one, "  The\nreasons ")
    await world.chats.rename(one, "  ")
    await world.chats.pin([one, two], True)
    assert titles(world) == ["two", "The reasons", "three"]
    conversation = shown(world)
    assert conversation is not None
    assert (conversation.title, conversation.titled, conversation.pinned) == ("The reasons", True, True)
    await world.chats.pin([two, three], False)
    assert titles(world) == ["The reasons", "three", "two"]


async def test_folders(world: ChatWorld) -> None:
    one, two = await filled(world, "one", "two")
    await world.chats.add_folder(" Work ", [one])
    await world.chats.add_folder("  ")
    (folder,) = folders(world)
    assert folder.name == "Work"
    await world.chats.move([two], folder.id)
    await world.chats.rename_folder(folder.id, "Home")
    assert {chat.folder for chat in world.listed.conversations} == {folder.id}
    await world.chats.remove_folder(folder.id)
    assert folders(world) == []
    assert {chat.folder for chat in world.listed.conversations} == {None}
    assert world.listed.undo == "Removed the folder “Home”."
    await world.chats.undo()
    (folder,) = folders(world)
    assert {chat.folder for chat in world.listed.conversations} == {folder.id}


async def test_a_new_chat_begins_in_its_folder(world: ChatWorld) -> None:
    await world.chats.add_folder("Work")
    (folder,) = folders(world)
    world.chat.new(folder=folder.id)
    await world.chat.send("Why?")
    await reach(lambda: world.listed.conversations, "it is listed")
    assert world.listed.conversations[0].folder == folder.id


async def test_many_are_deleted_and_one_undo_brings_them_back(world: ChatWorld) -> None:
    one, two, three = await filled(world, "one", "two", "three")
    await world.chat.open(two)
    messages = world.state.messages
    await world.chats.delete([one, two, 999])
    assert titles(world) == ["three"]
    assert undo(world) == "Deleted 2 chats."
    assert [one.conversation.title for one in world.listed.bin] == ["two", "one"]
    assert (world.state.open_id, world.state.messages) == (None, ())
    await world.chats.delete([three])
    assert undo(world) == "Deleted “three”."
    await world.chats.undo()
    assert shown(world) is None
    await world.chats.undo()
    assert titles(world) == ["three", "two", "one"]
    assert world.state.open_id == two
    assert world.state.messages == messages
    assert world.listed.bin == ()
    assert undo(world) == ""
    await world.chats.undo()


async def test_the_bin(world: ChatWorld) -> None:
    one, two, three = await filled(world, "one", "two", "three")
    await world.chats.delete([one, two, three])
    await world.chats.restore([two])
    assert titles(world) == ["two"]
    await world.chats.delete_for_good([one])
    assert [entry.conversation.title for entry in world.listed.bin] == ["three"]
    assert world.listed.undo == ""
    await world.chats.empty_bin()
    assert world.listed.bin == ()
    assert titles(world) == ["two"]


async def test_search_the_last_text_wins(world: ChatWorld) -> None:
    await filled(world, "apples", "pears")
    for text in ("a", "ap", "apples", "pea", "pears"):
        world.chats.search(text)
    await reach(lambda: world.listed.searched == "pears", "it is found")
    assert {found.title for found in world.listed.found} == {"pears"}
    world.chats.search(" ")
    assert (world.listed.searched, world.listed.found) == ("", ())


async def test_temporary_chats_are_listed_searched_and_deleted(world: ChatWorld, tmp_path: Path) -> None:
    (one,) = await filled(world, "one")
    async with running(tmp_path, answer="It is so.") as engine:
        world.engine = engine.endpoint
        world.chat.new(temporary=True)
        await world.chat.send("Apples?")
    temporary = world.state.open_id
    assert temporary is not None
    await reach(lambda: len(world.listed.conversations) == 2, "it is listed")
    assert titles(world) == ["Apples?", "one"]
    world.chats.search("apples")
    await reach(lambda: world.listed.found, "it is found")
    assert {found.conversation for found in world.listed.found} == {temporary}
    await world.chats.add_folder("Work", [one, temporary])
    await world.chats.pin([one, temporary], True)
    assert [bool(chat.folder) for chat in world.listed.conversations] == [False, True]
    await world.chats.delete([one, temporary])
    assert titles(world) == []
    await world.chats.undo()
    assert titles(world) == ["Apples?", "one"]
    assert world.state.open_id == temporary


async def test_what_fails_stands_in_the_state(world: ChatWorld) -> None:
    (one,) = await filled(world, "one")
    await world.limit_pages(1)
    await world.chats.rename(one, "x" * 200)
    await world.chats.add_folder("x" * 60)
    await world.database.close()
    await world.chats.pin([one], True)
    assert world.listed.error is not None
    world.chats.dismiss_error()
    assert world.chats.state.value.error is None
