"""What hangs on a question before it is sent."""

import asyncio
from pathlib import Path

from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.domain.errors import UserError
from desktop_app.services.draft import MAX_ATTACHMENTS, Draft, DraftState, weighed


class Reader:
    """Reads nothing; waits where a test wants to look at what is being read."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, path: Path) -> Attachment:
        await self.gate.wait()
        if path.name == "bad":
            raise UserError("“bad” cannot be read.")
        return _made(path.name)

    async def from_text(self, name: str, text: str) -> Attachment:
        return _made(name, text)

    async def from_image(self, data: bytes) -> Attachment:
        return Attachment(-1, "Pasted picture", AttachmentKind.IMAGE, "image/png", data=data)


def _made(name: str, text: str = "words") -> Attachment:
    return Attachment(-1, name, AttachmentKind.TEXT, "text/plain", text)


def names(draft: Draft) -> list[str]:
    return [one.name for one in draft.state.value.attachments]


def being_read(draft: Draft) -> list[str]:
    return list(draft.state.value.reading)


async def test_files_are_attached_in_their_order_and_taken_once() -> None:
    draft = Draft(Reader())
    await draft.add_files([Path("a"), Path("b")])
    await draft.add_text("c", "words")
    assert names(draft) == ["a", "b", "c"]
    draft.remove(1)
    assert [one.name for one in draft.take()] == ["a", "c"]
    assert draft.take() == ()


async def test_what_cannot_be_read_is_told_and_the_others_stay() -> None:
    draft = Draft(Reader())
    await draft.add_files([Path("a"), Path("bad")])
    error = draft.state.value.error
    assert error is not None
    assert error.title == "“bad” cannot be read."
    assert names(draft) == ["a"]
    draft.dismiss_error()
    assert draft.state.value.error is None


async def test_each_conversation_keeps_its_own() -> None:
    reader = Reader()
    draft = Draft(reader)
    reader.gate.clear()
    reading = asyncio.create_task(draft.add_files([Path("a"), Path("b")]))
    await asyncio.sleep(0)
    assert being_read(draft) == ["a"]
    draft.switch(7)
    assert being_read(draft) == []
    reader.gate.set()
    await reading
    assert names(draft) == []
    draft.switch(None)
    assert names(draft) == ["a", "b"]


async def test_there_is_a_limit() -> None:
    draft = Draft(Reader())
    await draft.add_files([Path(str(number)) for number in range(MAX_ATTACHMENTS + 1)])
    assert len(names(draft)) == MAX_ATTACHMENTS
    assert draft.state.value.error is not None


async def test_a_question_that_was_not_sent_gets_its_files_back() -> None:
    draft = Draft(Reader())
    await draft.add_image(b"png")
    taken = draft.take()
    draft.put(taken)
    assert names(draft) == ["Pasted picture"]


async def test_a_picture_for_a_model_that_takes_none_is_told() -> None:
    takes: list[bool | None] = [None]
    draft = Draft(Reader(), lambda: takes[0])
    await draft.add_image(b"png")
    assert not draft.state.value.unseen
    takes[0] = False
    draft.model_changed()
    assert told(draft)
    draft.remove(0)
    assert draft.state.value == DraftState()


def told(draft: Draft) -> bool:
    return draft.state.value.unseen


def test_what_is_attached_gets_the_tokens_that_were_counted_for_it() -> None:
    files = (_made("a"), _made("b"))
    assert [one.tokens for one in weighed(files, (3, 4))] == [3, 4]
    assert weighed(files, (3,)) == files
