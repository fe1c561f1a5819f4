"""Conversations that are never written to the disk."""

from pathlib import Path

from desktop_app.domain.chat import Attachment, AttachmentKind, Message, Role
from desktop_app.domain.sampling import ChatSettings
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.temporary import TEMPORARY_IDS, TemporaryStore

PICTURE = Attachment(0, "cat.png", AttachmentKind.IMAGE, "image/png", data=b"\x89PNG" * 100)
QUESTION = Message(0, Role.USER, "Why is the sky blue?", attachments=(PICTURE,))


async def test_it_is_the_same_store_with_ids_of_its_own(store: ConversationStore) -> None:
    temporary = TemporaryStore()
    kept, _ = await store.create("kept", (QUESTION,), ChatSettings())
    gone, (question,) = await temporary.create("gone", (QUESTION,))
    assert (kept.temporary, gone.temporary) == (False, True)
    assert kept.id < TEMPORARY_IDS < min(gone.id, question.id, question.attachments[0].id)
    assert await temporary.conversations() == (gone,)
    assert (await temporary.read(gone.id)).messages == (question,)
    assert await temporary.attachment_data(question.attachments[0].id) == PICTURE.data
    branch = await temporary.branch(gone.id, question.id)
    assert branch.temporary
    assert len(await temporary.search("sky")) == 2
    await temporary.delete([branch.id])
    assert [one.conversation.temporary for one in await temporary.bin()] == [True]
    await temporary.close()
    await temporary.close()


async def test_nothing_of_it_is_on_the_disk() -> None:
    temporary = TemporaryStore()
    before = open_files()
    await temporary.create("gone", [QUESTION] * 500)
    await temporary.search("sky")
    assert open_files() <= before
    await temporary.close()


async def test_one_that_was_never_used_is_closed_too() -> None:
    await TemporaryStore().close()


def open_files() -> set[str]:
    links = list(Path("/proc/self/fd").iterdir())
    return {target for link in links if link.is_symlink() and (target := str(link.readlink())).startswith("/")}
