"""What is attached to a question that is still being written, for each conversation until it is sent.

The words of a draft are the composer's, and `store/settings` keeps them, but those of temporary chats are kept here;
files are read here, one after another.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.domain.errors import UserError
from desktop_app.domain.observable import Observable

MAX_ATTACHMENTS = 20
"""Of one question."""
_NEW_TEMPORARY = -1
"""Stands for a new chat that is never written; None is one that will be."""


class Reads(Protocol):
    """Turns files, texts and pictures into attachments; `services.attachments.Attachments` is one. Raises UserError."""

    async def read(self, path: Path) -> Attachment:
        """A file."""

    async def from_text(self, name: str, text: str) -> Attachment:
        """A text that was pasted."""

    async def from_image(self, data: bytes) -> Attachment:
        """A picture that was pasted, as PNG."""


@dataclass(frozen=True)
class DraftState:
    """What hangs on the question that is being written."""

    attachments: tuple[Attachment, ...] = ()
    reading: tuple[str, ...] = ()
    """Names of what is being read."""
    error: UserError | None = None
    """What could not be attached, until `dismiss_error()` or the next one."""
    unseen: bool = False
    """Whether there is a picture among them and the model takes none."""


class Draft:
    """Holds the attachments of every question that is being written.

    Args:
        attachments: reads what is to be attached.
        pictures: whether the model that is ready takes pictures; None when that is not known.
    """

    def __init__(self, attachments: Reads, pictures: Callable[[], bool | None] = lambda: None) -> None:
        self._reads = attachments
        self._pictures = pictures
        self._conversation: int | None = None
        self._kept: dict[int | None, DraftState] = {}
        self._words: dict[int | None, str] = {}
        self.state = Observable(DraftState())

    @property
    def words(self) -> str:
        """What is written in the open temporary chat; `store/settings` keeps the words of the others."""
        return self._words.get(self._conversation, "")

    def keep_words(self, words: str) -> None:
        """Keep what is written in the open temporary chat for as long as the program runs."""
        self._words.pop(self._conversation, None)
        if words:
            self._words[self._conversation] = words

    def switch(self, conversation: int | None, *, temporary: bool = False) -> None:
        """Show what was attached in another conversation; None is a new one, *temporary* or not."""
        self._conversation = _NEW_TEMPORARY if conversation is None and temporary else conversation
        self._show(self._state_of(self._conversation))

    def model_changed(self) -> None:
        """Another model is ready, or more is known of it."""
        self._show(self._state_of(self._conversation))

    async def add_files(self, paths: Iterable[Path]) -> None:
        """Attach files, in this order."""
        # Whoever opens another conversation meanwhile does not want them there.
        conversation = self._conversation
        for path in paths:
            await self._add(conversation, path.name, partial(self._reads.read, path))

    async def add_text(self, name: str, text: str) -> None:
        """Attach a text that is too long for the field."""
        await self._add(self._conversation, name, partial(self._reads.from_text, name, text))

    async def add_image(self, data: bytes) -> None:
        """Attach a picture that was pasted."""
        await self._add(self._conversation, "Pasted picture", partial(self._reads.from_image, data))

    def put(self, attachments: tuple[Attachment, ...]) -> None:
        """Bring back what hung on a question that was not sent."""
        state = self.state.value
        self._change(self._conversation, replace(state, attachments=(*state.attachments, *attachments)))

    def remove(self, index: int) -> None:
        """Take one attachment off again."""
        state = self.state.value
        left = tuple(one for number, one in enumerate(state.attachments) if number != index)
        self._change(self._conversation, replace(state, attachments=left))

    def take(self) -> tuple[Attachment, ...]:
        """What hangs on the question that is sent now; nothing hangs on the next one."""
        taken = self.state.value.attachments
        self._change(self._conversation, replace(self.state.value, attachments=(), error=None))
        return taken

    def dismiss_error(self) -> None:
        """The person has read what could not be attached."""
        self._change(self._conversation, replace(self.state.value, error=None))

    async def _add(self, conversation: int | None, name: str, read: Callable[[], Awaitable[Attachment]]) -> None:
        state = self._state_of(conversation)
        if len(state.attachments) + len(state.reading) >= MAX_ATTACHMENTS:
            error = UserError(f"“{name}” was not attached.", f"A question takes {MAX_ATTACHMENTS} files at most.")
            self._change(conversation, replace(state, error=error))
            return
        self._change(conversation, replace(state, reading=(*state.reading, name), error=None))
        attachment: Attachment | None = None
        failure: UserError | None = None
        try:
            attachment = await read()
        except UserError as error:
            failure = error
        finally:
            state = self._state_of(conversation)
            reading = list(state.reading)
            reading.remove(name)
            added = (attachment,) if attachment else ()
            changed = replace(state, attachments=(*state.attachments, *added), reading=tuple(reading))
            self._change(conversation, replace(changed, error=failure or changed.error))

    def _state_of(self, conversation: int | None) -> DraftState:
        return self._kept.get(conversation, DraftState())

    def _change(self, conversation: int | None, state: DraftState) -> None:
        state = self._kept[conversation] = replace(state, unseen=False)
        if state == DraftState():
            del self._kept[conversation]
        if conversation == self._conversation:
            self._show(state)

    def _show(self, state: DraftState) -> None:
        seen = self._pictures() is not False
        pictures = any(one.kind is AttachmentKind.IMAGE for one in state.attachments)
        self.state.set(replace(state, unseen=pictures and not seen))


def weighed(attachments: tuple[Attachment, ...], tokens: Sequence[int]) -> tuple[Attachment, ...]:
    """What is attached, with its *tokens*; as it is where they were counted for something else."""
    if len(tokens) != len(attachments):
        return attachments
    return tuple(replace(one, tokens=count) for one, count in zip(attachments, tokens, strict=True))
