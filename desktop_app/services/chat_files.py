"""Chats to files and back: exports that are whole or not there, imports from here and from elsewhere.

`ui/pages/chat` asks for it. What is slow runs in threads, one chat at a time, so that neither memory nor the window is
filled by an export of everything.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Protocol

from desktop_app.domain.chat import Attachment, AttachmentKind, Conversation, Folder, Message
from desktop_app.domain.errors import UserError
from desktop_app.domain.sampling import ChatSettings
from desktop_app.domain.tree import Tree
from desktop_app.interchange.parcel import Damaged, Parcel, Writer
from desktop_app.interchange.whole_file import WholeFile, disk_words
from desktop_app.services.attachments import ImageLimits, ReadImage
from desktop_app.store.conversations import Stored

_log = logging.getLogger(__name__)

_NOT_WRITTEN = "The chats were not written."
_NOT_READ = "The chats could not be read."


class Form(Enum):
    """What a file of chats can be. The value is the ending of its name."""

    MARKDOWN = ".md"
    HTML = ".html"
    PDF = ".pdf"
    JSON = ".json"

    @property
    def words(self) -> str:
        """What people choose it by."""
        return {".md": "Markdown", ".html": "Web page", ".pdf": "PDF", ".json": "JSON, to import again"}[self.value]


@dataclass(frozen=True)
class ImportResult:
    """What became of an import."""

    words: str
    """E.g. `Imported 41 chats with 1,204 messages; 2 were damaged and left out.`"""
    conversations: tuple[Conversation, ...]


class ChatStore(Protocol):
    """What is needed of a store of conversations."""

    async def conversations(self) -> tuple[Conversation, ...]:
        """Every conversation."""
        ...

    async def read(self, conversation: int) -> Stored:
        """Everything of one."""
        ...

    async def folders(self) -> tuple[Folder, ...]:
        """All folders."""
        ...

    async def add_folder(self, name: str) -> Folder:
        """Make one."""
        ...

    async def attachment_data(self, attachment: int) -> bytes:
        """The bytes of a picture."""
        ...

    async def import_tree(
        self,
        conversation: Conversation,
        messages: Sequence[Message],
        chosen: Mapping[int | None, int],
        settings: ChatSettings,
    ) -> Conversation:
        """Store one from elsewhere."""
        ...

    async def set_seen_from(self, conversation: int, message: int | None, summary: str = "") -> None:
        """From which message on the model is given it."""
        ...


class ChatFiles:
    """Exports and imports.

    Args:
        store: the conversations.
        read_image: checks pictures of an import and writes them anew.
        make_pdf: conversations as a PDF; runs on the window's thread, in small steps.
    """

    def __init__(
        self, store: ChatStore, read_image: ReadImage, make_pdf: Callable[[Sequence[Parcel]], Awaitable[bytes]]
    ) -> None:
        self._store = store
        self._read_image = read_image
        self._make_pdf = make_pdf

    async def export(self, ids: Sequence[int], form: Form, file: Path) -> None:
        """Write conversations to *file*, readable by nobody else; what was there is replaced once all is written.

        Raises:
            UserError: it was not written, and why; no part of it is left.
        """
        wanted = set(ids)
        found = {one.id: one for one in await self._store.conversations() if one.id in wanted}
        chats = [found[one] for one in ids if one in found]
        if not chats:
            raise UserError(_NOT_WRITTEN, "There is no chat to write.")
        await _write(file, self._pieces(chats, form))

    async def import_file(self, file: Path) -> ImportResult:
        """Take in an export of ours, of ChatGPT or of Open WebUI.

        Raises:
            UserError: nothing in it could be read, and why.
        """
        from desktop_app.services.chat_archive import read_file  # noqa: PLC0415 - brings a parser along

        made, count, damaged, reason = list[Conversation](), 0, 0, ""
        folders = {one.name: one.id for one in await self._store.folders()}
        async for one in _threaded(read_file(file, _NOT_READ)):
            if isinstance(one, Damaged):
                _log.warning("a chat of an import was left out: %s", one.reason)
                damaged, reason = damaged + 1, reason or one.reason
            elif one.messages:
                made.append(await self._keep(one, folders))
                count += len(one.messages)
        if not made:
            raise UserError(_NOT_READ, _nothing_words(damaged), details=reason)
        return ImportResult(_result_words(len(made), count, damaged), tuple(made))

    async def _pieces(self, chats: Sequence[Conversation], form: Form) -> AsyncIterator[bytes]:
        folders = {one.id: one.name for one in await self._store.folders()}
        if form is Form.PDF:
            yield await self._make_pdf([await self._parcel(one, folders, pictures=False) for one in chats])
            return
        writer = await asyncio.to_thread(_writer, form)
        yield _encoded([writer.begin([one.title for one in chats])])
        for one in chats:
            parcel = await self._parcel(one, folders, pictures=form is not Form.MARKDOWN)
            yield await asyncio.to_thread(lambda parcel=parcel: _encoded(writer.chat(parcel)))  # type: ignore[misc]
        yield _encoded([writer.end()])

    async def _parcel(self, one: Conversation, folders: Mapping[int, str], *, pictures: bool) -> Parcel:
        stored = await self._store.read(one.id)
        messages = []
        for message in stored.messages:
            shown = _emptied(message) if message.deleted else message
            attachments = [await self._with_data(item) if pictures else item for item in shown.attachments]
            messages.append(replace(shown, attachments=tuple(attachments)))
        return Parcel(
            one,
            tuple(messages),
            stored.chosen,
            stored.settings,
            folders.get(one.folder, "") if one.folder is not None else "",
            stored.seen_from,
            stored.summary,
        )

    async def _with_data(self, attachment: Attachment) -> Attachment:
        if attachment.kind is not AttachmentKind.IMAGE:
            return attachment
        return replace(attachment, data=await self._store.attachment_data(attachment.id))

    async def _keep(self, parcel: Parcel, folders: dict[str, int]) -> Conversation:
        """Store a parcel that was read."""
        if parcel.folder and parcel.folder not in folders:
            folders[parcel.folder] = (await self._store.add_folder(parcel.folder)).id
        conversation = replace(parcel.conversation, folder=folders.get(parcel.folder))
        messages = await asyncio.to_thread(lambda: [self._sound(message) for message in parcel.messages])
        kept = await self._store.import_tree(conversation, messages, parcel.chosen, parcel.settings)
        if parcel.seen_from is not None:
            now = (await self._store.read(kept.id)).messages
            seen_from = _same_place(parcel.seen_from, parcel.messages, now)
            await self._store.set_seen_from(kept.id, seen_from, parcel.summary)
        return kept

    def _sound(self, message: Message) -> Message:
        """The message with its pictures written anew; those that cannot be read are left out."""
        attachments = []
        for one in message.attachments:
            if one.kind is AttachmentKind.IMAGE:
                with contextlib.suppress(UserError):
                    image = self._read_image(one.data, ImageLimits())
                    attachments.append(replace(one, data=image.data, media=image.media))
            else:
                attachments.append(one)
        return replace(message, attachments=tuple(attachments)) if message.attachments else message


def _writer(form: Form) -> Writer:
    # Each brings a parser or a highlighter along, which a window without exports never needs.
    if form is Form.JSON:
        from desktop_app.interchange.json_writer import JsonWriter  # noqa: PLC0415 - see above

        return JsonWriter()
    if form is Form.MARKDOWN:
        from desktop_app.interchange.markdown_writer import MarkdownWriter  # noqa: PLC0415 - see above

        return MarkdownWriter()
    from desktop_app.interchange.html_writer import HtmlWriter  # noqa: PLC0415 - see above

    return HtmlWriter()


def _encoded(pieces: Iterator[str] | Sequence[str]) -> bytes:
    return "".join(pieces).encode("utf-8", "replace")


def _emptied(message: Message) -> Message:
    """What was deleted keeps its place, for what hangs on it, but none of its words leave the house."""
    return Message(message.id, message.role, "", created=message.created, parent=message.parent, deleted=True)


async def _write(file: Path, pieces: AsyncIterator[bytes]) -> None:
    try:
        whole = await asyncio.to_thread(WholeFile, file)
        try:
            async for piece in pieces:
                await asyncio.to_thread(whole.write, piece)
            await asyncio.to_thread(whole.keep)
        finally:
            await asyncio.to_thread(whole.close)
    except OSError as error:
        raise UserError(_NOT_WRITTEN, disk_words(error, file)) from error


async def _threaded(items: Iterator[Parcel | Damaged]) -> AsyncIterator[Parcel | Damaged]:
    """The items of an iterator that blocks."""
    while (one := await asyncio.to_thread(next, items, None)) is not None:
        yield one


def _nothing_words(damaged: int) -> str:
    if not damaged:
        return "There is no chat in it."
    return "The only chat in it is damaged." if damaged == 1 else f"All {damaged:,} chats in it are damaged."


def _result_words(chats: int, messages: int, damaged: int) -> str:
    told = f"Imported {chats:,} {'chat' if chats == 1 else 'chats'} with {messages:,} messages"
    if not damaged:
        return f"{told}."
    return f"{told}; {damaged:,} {'was' if damaged == 1 else 'were'} damaged and left out."


def _same_place(message: int, before: Sequence[Message], now: Sequence[Message]) -> int | None:
    """The id that *message* of *before* has in *now*, the same tree with other ids; None when it is not there."""
    tree, other = Tree(before), _children(now)
    steps, step = list[int](), message if message in tree else None
    siblings = _children(before)
    while step is not None:
        parent = tree.get(step).parent
        steps.append(siblings[parent].index(step))
        step = parent
    found: int | None = None
    for place in reversed(steps):
        children = other.get(found, [])
        if place >= len(children):
            return None
        found = children[place]
    return found


def _children(messages: Sequence[Message]) -> dict[int | None, list[int]]:
    children: dict[int | None, list[int]] = {}
    for message in messages:
        children.setdefault(message.parent, []).append(message.id)
    return children
