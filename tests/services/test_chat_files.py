"""Chats to files and back, over a real database."""

import asyncio
import json
import resource
import stat
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import Conversation, Message, Role
from desktop_app.domain.errors import UserError
from desktop_app.interchange.json_writer import JsonWriter
from desktop_app.interchange.parcel import Parcel
from desktop_app.services.attachments import ImageLimits, ScaledImage
from desktop_app.services.chat_files import ChatFiles, Form
from desktop_app.store.conversations import ConversationStore, Stored
from desktop_app.store.database import Database
from tests.interchange.chats import PNG, sky, written

DATA = Path(__file__).parents[1] / "data" / "interchange"


def anew(data: bytes, _limits: ImageLimits) -> ScaledImage:
    """Takes every PNG."""
    if not data.startswith(PNG[:8]):
        raise UserError("The picture could not be read.")
    return ScaledImage(data, "image/png", 1, 1)


class Press:
    """Stands where PDFs are made."""

    def __init__(self) -> None:
        self.parcels: Sequence[Parcel] = ()

    async def __call__(self, parcels: Sequence[Parcel]) -> bytes:
        self.parcels = parcels
        return b"%PDF"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ConversationStore]:
    database = Database(tmp_path / "chats.sqlite3")
    await database.open()
    yield ConversationStore(database)
    await database.close()


@pytest.fixture
def files(store: ConversationStore) -> ChatFiles:
    return ChatFiles(store, anew, Press())


async def kept(store: ConversationStore, files: ChatFiles, tmp_path: Path) -> Conversation:
    """The chat about the sky, imported."""
    file = tmp_path / "in.json"
    file.write_text(written(JsonWriter(), replace(sky(), seen_from=5, summary="earlier")), "utf-8")
    result = await files.import_file(file)
    file.unlink()
    return result.conversations[0]


def names(folder: Path) -> list[str]:
    """What lies in a folder, hidden files too, except for what the database keeps beside itself."""
    return sorted(one.name for one in folder.iterdir() if not one.name.startswith("chats.sqlite3-"))


def shape(stored: Stored) -> list[object]:
    """A tree without its ids: what every message says, and below what."""
    texts = {one.id: one.text for one in stored.messages}
    return [(one.text, texts.get(one.parent or -1), one.role, one.reasoning) for one in stored.messages]


async def test_what_is_exported_comes_back_with_every_version(
    store: ConversationStore, files: ChatFiles, tmp_path: Path
) -> None:
    first = await kept(store, files, tmp_path)
    file = tmp_path / "out.json"
    await files.export([first.id], Form.JSON, file)
    result = await files.import_file(file)
    assert result.words == "Imported 1 chat with 6 messages."
    one, two = await store.read(first.id), await store.read(result.conversations[0].id)
    emptied = [replace(message, text="") if message.deleted else message for message in one.messages]
    assert shape(replace(one, messages=tuple(emptied))) == shape(two)
    assert one.settings == two.settings
    assert two.summary == "earlier"
    seen = {message.id: message.text for message in two.messages}
    assert seen[two.seen_from or 0] == "And <b>then</b>?"
    question = next(message for message in two.messages if message.attachments)
    assert await store.attachment_data(question.attachments[0].id) == PNG
    folders = {folder.id: folder.name for folder in await store.folders()}
    assert [folders[chat.folder or 0] for chat in await store.conversations()] == ["Physics", "Physics"]


async def test_what_was_deleted_does_not_leave_the_house(
    store: ConversationStore, files: ChatFiles, tmp_path: Path
) -> None:
    one = await kept(store, files, tmp_path)
    for form in (Form.JSON, Form.HTML, Form.MARKDOWN):
        file = tmp_path / f"out{form.value}"
        await files.export([one.id], form, file)
        assert "taken out" not in file.read_text("utf-8")
        assert "Why is the sky blue?" in file.read_text("utf-8")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(tmp_path) == ["chats.sqlite3", "out.html", "out.json", "out.md"]


async def test_pdf_is_made_by_whoever_can(store: ConversationStore, tmp_path: Path) -> None:
    press = Press()
    files = ChatFiles(store, anew, press)
    one = await kept(store, files, tmp_path)
    await files.export([one.id], Form.PDF, tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes() == b"%PDF"
    assert [parcel.conversation.title for parcel in press.parcels] == ["Sky & <sea>"]


async def test_what_was_there_stays_until_all_is_written(
    store: ConversationStore, files: ChatFiles, tmp_path: Path
) -> None:
    one = await kept(store, files, tmp_path)
    file = tmp_path / "out.html"
    file.write_text("before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(UserError) as caught:
            await files.export([one.id], Form.HTML, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.sentence() == "The chats were not written. There is no room left where “out.html” should go."
    assert file.read_text() == "before"
    assert names(tmp_path) == ["chats.sqlite3", "out.html"]


async def test_places_that_do_not_exist_are_told(store: ConversationStore, files: ChatFiles, tmp_path: Path) -> None:
    one = await kept(store, files, tmp_path)
    with pytest.raises(UserError, match="were not written"):
        await files.export([one.id], Form.JSON, tmp_path / "no" / "out.json")
    with pytest.raises(UserError, match="were not written"):
        await files.export([999], Form.JSON, tmp_path / "out.json")


async def test_cancelling_leaves_nothing(store: ConversationStore, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def slow(_parcels: Sequence[Parcel]) -> bytes:
        begun.set()
        await asyncio.Event().wait()
        return b""

    files = ChatFiles(store, anew, slow)
    one = await kept(store, files, tmp_path)
    task = asyncio.create_task(files.export([one.id], Form.PDF, tmp_path / "out.pdf"))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names(tmp_path) == ["chats.sqlite3"]


async def test_an_archive_of_chatgpt_in_several_files(
    store: ConversationStore, files: ChatFiles, tmp_path: Path
) -> None:
    chats = json.loads((DATA / "chatgpt.json").read_text("utf-8"))
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("chat.html", "<html>")
        archive.writestr("export/conversations-000.json", json.dumps(chats[:1]))
        archive.writestr("export/conversations-001.json", json.dumps(chats[1:]))
        archive.writestr("shared_conversations.json", "[]")
    result = await files.import_file(file)
    assert result.words == "Imported 2 chats with 7 messages; 1 was damaged and left out."
    titles = {one.title for one in await store.conversations()}
    assert titles == {"Twelve times twelve", "Imported chat"}
    shown = (await store.read(result.conversations[0].id)).chosen
    assert None in shown


async def test_pictures_of_an_import_are_written_anew_or_left_out(
    store: ConversationStore, files: ChatFiles, tmp_path: Path
) -> None:
    result = await files.import_file(DATA / "open_webui.json")
    assert result.words == "Imported 2 chats with 7 messages."
    stored = await store.read(result.conversations[0].id)
    assert [one.name for one in stored.messages[0].attachments] == ["picture", "notes.txt"]
    hostile = sky()
    first = hostile.messages[0]
    pictures = tuple(replace(one, data=b"no picture") if one.data else one for one in first.attachments)
    file = tmp_path / "hostile.json"
    messages = (replace(first, attachments=pictures), *hostile.messages[1:])
    file.write_text(written(JsonWriter(), replace(hostile, messages=messages)), "utf-8")
    stored = await store.read((await files.import_file(file)).conversations[0].id)
    assert [one.name for one in stored.messages[0].attachments] == ["notes.md"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"hello", "no JSON"),
        (b"[]", "There is no chat in it."),
        (b'[{"mapping": 7}]', "The only chat in it is damaged."),
        (b'{"format": "vllm-desktop-chats", "version": 9}', "newer version"),
        (b"PK\x03\x04 no archive", "damaged archive"),
        (b"\xff\xfe[\x00]\x00", "There is no chat in it."),
    ],
)
async def test_other_files_are_refused_in_words(files: ChatFiles, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "in.json"
    file.write_bytes(content)
    with pytest.raises(UserError, match="could not be read") as caught:
        await files.import_file(file)
    assert words in caught.value.reason


async def test_an_archive_without_chats_and_a_file_that_is_gone(files: ChatFiles, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("user.json", "{}")
    for name, words in (("a.zip", "no conversations.json"), ("gone.json", "not there")):
        with pytest.raises(UserError, match="The chats could not be read") as caught:
            await files.import_file(tmp_path / name)
        assert words in caught.value.reason


async def test_a_chat_of_a_thousand_messages(store: ConversationStore, files: ChatFiles, tmp_path: Path) -> None:
    messages = tuple(
        Message(number, Role.USER if number % 2 else Role.ASSISTANT, f"words {number}", parent=number - 1 or None)
        for number in range(1, 1001)
    )
    made = await store.import_tree(Conversation(0, "Long", 0), messages, {}, sky().settings)
    for form in (Form.JSON, Form.HTML, Form.MARKDOWN):
        await files.export([made.id], form, tmp_path / f"long{form.value}")
    assert "words 1000" in (tmp_path / "long.html").read_text("utf-8")
    assert (await files.import_file(tmp_path / "long.json")).words == "Imported 1 chat with 1,000 messages."
