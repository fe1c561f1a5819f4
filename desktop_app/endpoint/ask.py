"""One question, one whole answer: for tests and counts, where nobody reads along. Needs no openai.

`client.Endpoint` is the only caller.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.endpoint import wire
from desktop_app.endpoint.address import Address
from desktop_app.endpoint.errors import answer_unreadable, broken, refused
from desktop_app.endpoint.probe import error_message

_HEADERS = {"accept": "application/json", "content-type": "application/json"}


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    text: str
    reasoning: str = ""
    """What the model thought before it answered, where the server tells."""
    finish: str = ""
    """Why it ended, in the server's words, e.g. `stop` or `length`."""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    """As the server counts them; 0 when it does not."""


async def post(address: Address, target: str, body: Mapping[str, object], seconds: float) -> dict[str, object]:
    """Send *body* and return the JSON object that comes back, within *seconds*.

    Raises:
        UserError: the server refused, failed, was too slow or is gone.
    """
    data = json.dumps(body).encode("utf-8")
    try:
        status, answer = await wire.whole(address, "POST", target, _HEADERS, data, seconds, wire.BODY_BYTES)
    except OSError as error:
        raise broken(address, error) from error
    if status != 200:
        raise refused(address, status, error_message(answer))
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise answer_unreadable(str(error)) from error
    if not isinstance(value, dict):
        raise answer_unreadable("no JSON object")
    return value


def read_reply(answer: Mapping[str, object]) -> Reply:
    """The first choice of a chat or text completion; raises UserError when there is none."""
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        raise answer_unreadable("an answer without a choice")
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    usage = answer.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Reply(
        text=_text(message.get("content") or choice.get("text")),
        # vLLM calls it `reasoning`; it and others called it `reasoning_content` before.
        reasoning=_text(message.get("reasoning") or message.get("reasoning_content")),
        finish=_text(choice.get("finish_reason")),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        answer_tokens=_count(usage.get("completion_tokens")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
