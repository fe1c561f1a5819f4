"""Exports of temporary chats, imports onto the disk."""

import json
from collections.abc import Sequence
from pathlib import Path

from desktop_app.domain.chat import Attachment, AttachmentKind, Message, Role
from desktop_app.interchange.parcel import Parcel
from desktop_app.services.attachments import ImageLimits, ScaledImage
from desktop_app.services.chat_files import ChatFiles, Form
from desktop_app.services.conversation_desk import Stores
from desktop_app.services.every_chat import EveryChat
from tests.interchange.chats import PNG
from tests.services.chat_world import ChatWorld


def unchanged(data: bytes, _limits: ImageLimits) -> ScaledImage:
    return ScaledImage(data, "image/png", 1, 1)


async def no_pdf(_parcels: Sequence[Parcel]) -> bytes:
    return b""


async def test_a_temporary_chat_is_exported_and_kept_once_it_is_imported(world: ChatWorld, tmp_path: Path) -> None:
    picture = Attachment(0, "a.png", AttachmentKind.IMAGE, "image/png", data=PNG, size=len(PNG))
    question = Message(0, Role.USER, "Between us", attachments=(picture,))
    chat, _ = await world.temporary.create("Between us", (question,))
    files = ChatFiles(EveryChat(Stores(world.store, world.temporary)), unchanged, no_pdf)
    file = tmp_path / "out.json"
    await files.export([chat.id], Form.JSON, file)
    assert await world.store.conversations() == ()
    assert "Between us" in json.dumps(json.loads(file.read_text("utf-8")))
    (imported,) = (await files.import_file(file)).conversations
    (message,) = (await world.store.read(imported.id)).messages
    assert message.text == "Between us"
    assert await world.store.attachment_data(message.attachments[0].id) == PNG
