"""From the bytes of an event stream to deltas. Pure; `stream.py` feeds it.

Nothing that comes in is trusted: an event that is not understood is passed over, one that is too large ends the stream,
and every value is used only when it is of the kind that it should be.
"""

import json
import logging
from collections.abc import Callable

from jiter import from_json

from desktop_app.domain.chat import Delta, MessageState
from desktop_app.domain.errors import UserError
from desktop_app.endpoint.errors import answer_unreadable, engine_refused

_EVENT_BYTES = 1_000_000
"""The largest event that is read; one token with its usage has about 250 bytes."""

_FINISHES = {
    "stop": MessageState.COMPLETE,
    "tool_calls": MessageState.COMPLETE,
    "length": MessageState.CUT,
    "repetition": MessageState.CUT,
    "eos_token": MessageState.COMPLETE,
    "stop_sequence": MessageState.COMPLETE,
    "end_turn": MessageState.COMPLETE,
    "max_tokens": MessageState.CUT,
}
"""vLLM's finish reasons, then other servers'; any other (`abort`, `error`) means that the answer was broken off."""

_log = logging.getLogger(__name__)


class EventReader:
    """Splits an event stream (server-sent events) into deltas, however its bytes are cut into pieces.

    Args:
        refuse: puts an error that comes in the stream into words, from its status and message.
    """

    def __init__(self, refuse: Callable[[int, str], UserError] = engine_refused) -> None:
        self.done = False
        """Whether the stream said that it is over."""
        self._rest = b""
        self._data: list[bytes] = []
        self._refuse = refuse

    def feed(self, piece: bytes) -> list[Delta]:
        """The deltas that *piece* completes.

        Raises:
            UserError: the engine sent an error, or an event that is too large to be one.
        """
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        deltas = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:])
            elif line in (b"", b"\r") and self._data:
                event = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                self._data = []
                if (delta := self._read(event)) is not None:
                    deltas.append(delta)
        if len(self._rest) + sum(map(len, self._data)) > _EVENT_BYTES:
            raise answer_unreadable(f"an event of more than {_EVENT_BYTES:,} bytes")
        return deltas

    def _read(self, event: bytes) -> Delta | None:
        if event.strip() == b"[DONE]":
            self.done = True
            return None
        try:
            chunk = _decode(event)
        except (ValueError, RecursionError) as error:
            _log.debug("an event that is not JSON: %s", error)
            return None
        return read_chunk(chunk, self._refuse)


def read_chunk(chunk: object, refuse: Callable[[int, str], UserError] = engine_refused) -> Delta | None:
    """What one chunk of a chat completion says; None when it says nothing.

    Raises:
        UserError: the chunk is an error.
    """
    if not isinstance(chunk, dict):
        return None
    if error := chunk.get("error"):
        raise refuse(*_error(error))
    text, finish = _choice(chunk.get("choices"))
    prompt, answer = _usage(chunk.get("usage"))
    if not (text or finish or prompt or answer):
        return None
    return Delta(text, finish, prompt, answer)


def _decode(event: bytes) -> object:
    try:
        return from_json(event)
    except ValueError:
        # jiter refuses half a surrogate pair and bytes that are not UTF-8; the words around them are still good.
        return json.loads(event.decode("utf-8", "replace"))


def _choice(choices: object) -> tuple[str, MessageState | None]:
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return "", None
    # `reasoning` (or `reasoning_content`) may stand beside the content; it is not part of the answer.
    delta = choice.get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    reason = choice.get("finish_reason")
    # Some servers send an empty reason with every chunk.
    finish = None if not reason else _FINISHES.get(str(reason), MessageState.INTERRUPTED)
    return content if isinstance(content, str) else "", finish


def _usage(usage: object) -> tuple[int, int]:
    if not isinstance(usage, dict):
        return 0, 0
    prompt, answer = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return prompt if isinstance(prompt, int) else 0, answer if isinstance(answer, int) else 0


def _error(error: object) -> tuple[int, str]:
    if not isinstance(error, dict):
        return 500, str(error)
    code = error.get("code")
    return code if isinstance(code, int) else 500, str(error.get("message", ""))
