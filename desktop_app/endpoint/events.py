"""From the bytes of an event stream to deltas. Pure; `stream.py` feeds it.

Nothing that comes in is trusted: an event that is not understood is passed over, one that is too large ends the stream,
and every value is used only when it is of the kind that it should be.
"""

import json
import logging
import re
from collections.abc import Callable
from typing import Any

from jiter import from_json

from desktop_app.domain.chat import Delta, MessageState
from desktop_app.domain.errors import UserError
from desktop_app.endpoint.chances import read_chances
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

_FINGERPRINT = re.compile(r"vllm-(\d[0-9A-Za-z.+]{0,39})-")
"""vLLM's `system_fingerprint` begins with its version: entrypoints/serve/utils/fingerprint.py."""
_WORD = 200
"""Characters that are taken of a reason or a stop string; a person's stop strings are no longer."""

_QUEUE_MS = 1e9
"""No wait is longer: eleven days."""
_NOTHING = Delta()

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
    """What one chunk of a chat or text completion says; None when it says nothing.

    Raises:
        UserError: the chunk is an error.
    """
    if not isinstance(chunk, dict):
        return None
    if error := chunk.get("error"):
        raise refuse(*_error(error))
    choices = chunk.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    usage = chunk.get("usage")
    prompt, answer = _usage(usage) if usage is not None else (0, 0)
    text, reasoning = _words(choice) if isinstance(choice, dict) else ("", "")
    reason = choice.get("finish_reason") if isinstance(choice, dict) else None
    # Nearly every chunk is one token and its count; what else there can be is looked for where it can be.
    if not reason and choice is not None and choice.get("logprobs") is None:
        return Delta(text, None, prompt, answer, reasoning) if text or reasoning or prompt or answer else None
    delta = Delta(text, prompt_tokens=prompt, answer_tokens=answer, reasoning=reasoning)
    delta = delta._replace(**_ending(choice), **_report(chunk, usage))
    return delta if delta != _NOTHING else None


def _decode(event: bytes) -> object:
    try:
        return from_json(event)
    except ValueError:
        # jiter refuses half a surrogate pair and bytes that are not UTF-8; the words around them are still good.
        return json.loads(event.decode("utf-8", "replace"))


def _words(choice: dict[str, object]) -> tuple[str, str]:
    """What a choice adds to the answer, and what to the thoughts before it."""
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        text = choice.get("text")
        return (text, "") if isinstance(text, str) else ("", "")
    content = delta.get("content")
    # vLLM calls it `reasoning`; it and others called it `reasoning_content` before.
    thought = delta.get("reasoning") or delta.get("reasoning_content")
    return content if isinstance(content, str) else "", thought if isinstance(thought, str) else ""


def _ending(choice: object) -> dict[str, Any]:
    """Why a choice ended, and the probabilities of its tokens."""
    if not isinstance(choice, dict):
        return {}
    found: dict[str, Any] = {"chances": read_chances(choice.get("logprobs"))}
    # Some servers send an empty reason with every chunk.
    if reason := choice.get("finish_reason"):
        stop = choice.get("stop_reason")
        found["finish"] = _FINISHES.get(str(reason), MessageState.INTERRUPTED)
        found["reason"] = str(reason)[:_WORD]
        # A number is the id of the token that ended it, which is no news.
        found["stop_reason"] = stop[:_WORD] if isinstance(stop, str) else ""
    return found


def _report(chunk: dict[str, object], usage: object) -> dict[str, Any]:
    """What the last chunks tell besides: tokens by their kind, the wait in the queue, the engine."""
    found: dict[str, Any] = {}
    if isinstance(usage, dict):
        found["cached_tokens"] = _count(usage.get("prompt_tokens_details"), "cached_tokens")
        found["reasoning_tokens"] = _count(usage.get("completion_tokens_details"), "reasoning_tokens") or 0
    metrics = chunk.get("metrics")
    waited = metrics.get("queue_time_ms") if isinstance(metrics, dict) else None
    if isinstance(waited, int | float) and 0 <= waited < _QUEUE_MS:
        found["queue_seconds"] = waited / 1000
    fingerprint = chunk.get("system_fingerprint")
    if isinstance(fingerprint, str) and (version := _FINGERPRINT.match(fingerprint)):
        found["engine"] = f"vLLM {version[1]}"
    return found


def _count(details: object, name: str) -> int | None:
    value = details.get(name) if isinstance(details, dict) else None
    return value if isinstance(value, int) and value >= 0 else None


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
