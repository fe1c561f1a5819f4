"""How much of what a model can keep in mind a conversation takes: counted by the engine, estimated where it cannot.

`context_meter.py` shows it, `context_full.py` decides by it what is sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from desktop_app.domain.chat import Attachment, AttachmentKind, Message, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.history import as_sent, as_text
from desktop_app.domain.sampling import ChatSettings, Mode
from desktop_app.services.conversation_desk import ChatEndpoint

CHARACTERS_PER_TOKEN = 4
"""Of English text in the vocabularies of present models; for estimates only."""
PICTURE_TOKENS = 1_000
"""An estimate: from 256 (Gemma 3) to some thousands (Qwen2.5-VL, by size)."""
FRAME_TOKENS = 8
"""An upper bound of what a chat template writes around a message."""
ROOM_TOKENS = 256
"""Room for an answer that is left at least, where the context is not small and no shorter answer was asked for."""
_ROOM_SHARE = 8
_HOPELESS = 8
"""More characters than this for every token of the context are not sent to be counted: no text is that dense."""


@dataclass(frozen=True)
class Count:
    """A number of tokens."""

    tokens: int
    estimated: bool = False


def room_for_answer(settings: ChatSettings, limit: int) -> int:
    """Tokens that must be left for an answer, of a context of *limit* tokens."""
    return min(settings.sampling.max_tokens or limit, limit // _ROOM_SHARE, ROOM_TOKENS)


def as_asked(
    path: Sequence[Message], settings: ChatSettings, seen_from: int | None, summary: str
) -> tuple[Message, ...] | str:
    """What the engine is given of a conversation: turns, or one text. `seen_from` counts when it is on the path."""
    if all(message.id != seen_from for message in path):
        seen_from = None
    if settings.mode is Mode.COMPLETION:
        return as_text(path, seen_from)
    return as_sent(path, settings, seen_from, summary)


def estimate(prompt: Sequence[Message] | str) -> int:
    """About how many tokens that has."""
    if isinstance(prompt, str):
        return -(-len(prompt) // CHARACTERS_PER_TOKEN)
    return sum(_estimate_one(message) for message in prompt)


def most(prompt: Sequence[Message] | str) -> int:
    """So many tokens it has at most: a token has a byte at least. Not known, and very high, with pictures."""
    if isinstance(prompt, str):
        return len(prompt.encode("utf-8", "replace")) + FRAME_TOKENS
    files = [attachment for message in prompt for attachment in message.attachments]
    if any(one.kind is AttachmentKind.IMAGE for one in files):
        return 1 << 40
    texts = [*(message.text for message in prompt), *(one.text for one in files), *(one.name for one in files)]
    return sum(len(text.encode("utf-8", "replace")) + 4 * FRAME_TOKENS for text in texts)


def _estimate_one(message: Message) -> int:
    text = estimate(message.text) + FRAME_TOKENS // 2
    return text + sum(_estimate_file(attachment) for attachment in message.attachments)


def _estimate_file(attachment: Attachment) -> int:
    if attachment.kind is AttachmentKind.IMAGE:
        return attachment.tokens or PICTURE_TOKENS
    return attachment.tokens or estimate(attachment.text)


class Counter:
    """Counts by the engine's own `/tokenize`.

    Args:
        endpoint: the way to the engine that is ready now; None while there is none.
    """

    def __init__(self, endpoint: Callable[[], ChatEndpoint | None]) -> None:
        self._endpoint = endpoint
        self._files: dict[tuple[str, str, str], int] = {}
        """Tokens of the texts that hang on the draft, by model, name and text."""

    async def count(self, prompt: Sequence[Message] | str, endpoint: ChatEndpoint | None = None) -> Count:
        """Tokens of turns or of a text; estimated when the engine cannot count them.

        Args:
            prompt: what is counted.
            endpoint: who is about to be sent it; by default an engine of ours. A server elsewhere is not told what
                nobody has sent, only to count it.
        """
        endpoint = endpoint or self._near()
        guess = Count(estimate(prompt), estimated=True)
        if not prompt:
            return Count(0)
        if endpoint is None or _hopeless(guess.tokens, endpoint.context_tokens):
            return guess
        prompt, pictures = _without_pictures(prompt)
        try:
            return Count(await endpoint.count_tokens(_countable(prompt)) + pictures, estimated=pictures > 0)
        except UserError:
            return guess

    def _near(self) -> ChatEndpoint | None:
        endpoint = self._endpoint()
        return None if endpoint is None or endpoint.elsewhere else endpoint

    async def draft(self, text: str, attachments: Sequence[Attachment]) -> tuple[Count, tuple[Count, ...]]:
        """Tokens of what is written, and of each thing attached; what was counted once is not counted again."""
        files = [await self._file(attachment) for attachment in attachments]
        here = {(attachment.name, attachment.text) for attachment in attachments}
        # Texts of ten million characters are not kept for what is not attached any more.
        self._files = {key: tokens for key, tokens in self._files.items() if key[1:] in here}
        return await self.count(text), tuple(files)

    async def _file(self, attachment: Attachment) -> Count:
        if attachment.kind is AttachmentKind.IMAGE:
            return Count(_estimate_file(attachment), estimated=True)
        endpoint = self._endpoint()
        key = (endpoint.model if endpoint else "", attachment.name, attachment.text)
        if key not in self._files:
            count = await self.count(attachment.text)
            if count.estimated:
                return count
            self._files[key] = count.tokens
        return Count(self._files[key])


def _without_pictures(prompt: Sequence[Message] | str) -> tuple[Sequence[Message] | str, int]:
    """The prompt, and about how many tokens its pictures have: to count them, the engine would have to be sent them."""
    if isinstance(prompt, str) or not any(message.attachments for message in prompt):
        return prompt, 0
    files = [one for message in prompt for one in message.attachments if one.kind is AttachmentKind.IMAGE]
    texts = [replace(message, attachments=_texts(message)) for message in prompt]
    return texts, sum(_estimate_file(one) for one in files)


def _texts(message: Message) -> tuple[Attachment, ...]:
    return tuple(one for one in message.attachments if one.kind is AttachmentKind.TEXT)


def _hopeless(guess: int, limit: int) -> bool:
    return guess * CHARACTERS_PER_TOKEN > max(limit, 8_192) * _HOPELESS


def _countable(prompt: Sequence[Message] | str) -> Sequence[Message] | str:
    """Templates refuse a conversation without a question; a system prompt by itself is counted as text."""
    if not isinstance(prompt, str) and all(message.role is Role.SYSTEM for message in prompt):
        return "\n".join(message.text for message in prompt)
    return prompt
