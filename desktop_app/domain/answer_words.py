"""Words under an answer: how fast, how long, how it ended and what helps; and its details. Pure.

`ui/widgets/message_*` draw them, `terminal/chat` and exports print them.
"""

import json
from dataclasses import dataclass
from enum import Enum

from desktop_app.domain.chat import Message, MessageState, Role

EDITED = "edited"
"""Stands in `AnswerRecord.finish` of a version that a person wrote."""
_VALUE_LENGTH = 80
"""Characters of one value of the request in `details`."""
_NOT_SAMPLING = ("continue_final_message", "add_generation_prompt", "logprobs", "top_logprobs", "stream")
_FORMS = {"json": "JSON", "regex": "a pattern", "choice": "one of a list", "json_schema": "JSON"}
_SYSTEM = "system"
"""Among what was left out: the chat template had no place for the system prompt."""


class EndingRemedy(Enum):
    """What helps when an answer ended early. The value is what people read."""

    NONE = ""
    CONTINUE = "Continue"
    REGENERATE = "Try again"
    CONTEXT = "Larger context"
    LONGER = "Allow longer answers"


@dataclass(frozen=True)
class Ending:
    """How an answer ended."""

    words: str = ""
    """E.g. `stopped at your limit of 512 tokens`, without the remedy; empty while it is written."""
    remedy: EndingRemedy = EndingRemedy.NONE


def under(message: Message) -> str:
    """E.g. `41 tok/s · 312 tokens · first word after 0.31 s · finished`; empty for questions. Remedies are buttons."""
    if message.role is not Role.ASSISTANT:
        return ""
    timing = message.timing
    parts = []
    if timing.tokens_per_second:
        parts.append(_speed(timing.tokens_per_second))
    if timing.answer_tokens:
        parts += [_tokens(timing.answer_tokens), f"first word after {timing.first_token_seconds:.2f} s"]
    return " · ".join([*parts, *([words] if (words := ending(message).words) else [])])


def ending(message: Message) -> Ending:
    """How an answer ended, and what helps; nothing while it is written, and for questions."""
    if message.role is not Role.ASSISTANT or message.state is MessageState.STREAMING:
        return Ending()
    if message.record.finish == EDITED:
        return Ending("written by you")
    if message.state is MessageState.FAILED:
        return Ending(message.error or "failed", EndingRemedy.REGENERATE)
    only_thought = bool(message.reasoning.strip()) and not message.text.strip()
    # Words can only be added to words.
    further = EndingRemedy.CONTINUE if message.text.strip() else EndingRemedy.REGENERATE
    if message.state is MessageState.STOPPED:
        return Ending("stopped by you", further)
    if message.state is MessageState.INTERRUPTED:
        return Ending(f"broken off. {message.error}" if message.error else "broken off", further)
    if message.state is MessageState.CUT:
        return _cut(message, only_thought)
    if only_thought:
        return Ending("the model only thought and gave no answer", EndingRemedy.REGENERATE)
    if stop := message.record.stop_reason:
        return Ending(f"ended at your stop text “{_short(stop)}”")
    return Ending("finished")


def details(message: Message) -> tuple[tuple[str, str], ...]:
    """What is known of how an answer came about: names and values for people."""
    record, timing = message.record, message.timing
    rows = (
        ("Model", message.model),
        ("Revision", record.revision),
        ("Engine", record.engine),
        ("Ended", _ended(message)),
        ("Speed", _speed(timing.tokens_per_second) if timing.tokens_per_second else ""),
        ("First word after", f"{timing.first_token_seconds:.2f} s" if timing.answer_tokens else ""),
        ("Waited in the queue", "" if record.queue_seconds is None else _wait(record.queue_seconds)),
        ("Answer", _answer(message)),
        ("Thought", _thought(message)),
        ("Prompt", _prompt(message)),
        ("Messages sent", f"{record.sent_messages:,}" if record.sent_messages else ""),
        ("Context", _tokens(record.context_tokens) if record.context_tokens else ""),
        ("Sampling as sent", _sampling(record.request)),
        ("Left out", _left_out(record.left_out)),
    )
    return tuple((name, value) for name, value in rows if value)


def _cut(message: Message, only_thought: bool) -> Ending:
    record, timing = message.record, message.timing
    limit, new_tokens = _limit(record.request), timing.answer_tokens - record.continued_tokens
    at_limit = bool(limit) and new_tokens >= limit
    # Engines end one or two tokens before the context is full to the last one.
    full = bool(record.context_tokens) and timing.prompt_tokens + new_tokens >= record.context_tokens - 2
    if record.finish == "repetition":
        return Ending("stopped: it only repeated itself", EndingRemedy.REGENERATE)
    if full and not at_limit:
        words = f"stopped: the context of {_tokens(record.context_tokens)} is full"
        return Ending(f"{words}, and it only thought" if only_thought else words, EndingRemedy.CONTEXT)
    if only_thought:
        words = "the model only thought and gave no answer: raise its limit of tokens"
        return Ending(words, EndingRemedy.LONGER)
    if at_limit:
        return Ending(f"stopped at your limit of {_tokens(limit)}", EndingRemedy.CONTINUE)
    if new_tokens > 0:
        return Ending(f"stopped at the model's limit of {_tokens(new_tokens)}", EndingRemedy.CONTINUE)
    return Ending("stopped at a limit of tokens", EndingRemedy.CONTINUE)


def _limit(request: str) -> int:
    """The limit of tokens in a request as it was sent; 0 for none."""
    body = _body(request)
    limit = body.get("max_tokens", body.get("max_completion_tokens"))
    return limit if isinstance(limit, int) and not isinstance(limit, bool) else 0


def _body(request: str) -> dict[str, object]:
    try:
        body = json.loads(request) if request else {}
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _tokens(count: int) -> str:
    return "1 token" if count == 1 else f"{count:,} tokens"


def _speed(tokens_per_second: float) -> str:
    return f"{tokens_per_second:.0f} tok/s" if tokens_per_second >= 10 else f"{tokens_per_second:.1f} tok/s"


def _wait(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.01 else "not at all"


def _short(text: str) -> str:
    return text if len(text) <= _VALUE_LENGTH else f"{text[:_VALUE_LENGTH]}…"


def _ended(message: Message) -> str:
    words, word = ending(message).words, message.record.finish
    return f"{words} ({_short(word)})" if words and word not in ("", EDITED) else words


def _answer(message: Message) -> str:
    tokens, before = message.timing.answer_tokens, message.record.continued_tokens
    if not tokens:
        return ""
    return f"{_tokens(tokens)}, {before:,} of them before it was continued" if before else _tokens(tokens)


def _thought(message: Message) -> str:
    tokens, seconds = message.record.reasoning_tokens, message.record.reasoning_seconds
    return f"{_tokens(tokens)} in {seconds:.1f} s" if tokens else ""


def _prompt(message: Message) -> str:
    tokens, cached = message.timing.prompt_tokens, message.record.cached_tokens
    if not tokens:
        return ""
    return _tokens(tokens) if cached is None else f"{_tokens(tokens)}, {cached:,} of them kept from before"


def _sampling(request: str) -> str:
    if not request:
        return ""
    body = _body(request)
    parts = [_parameter(name, value) for name, value in body.items() if name not in _NOT_SAMPLING]
    return ", ".join(parts) or "the model's own defaults"


def _parameter(name: str, value: object) -> str:
    if name in ("structured_outputs", "response_format") and isinstance(value, dict):
        kind = next((_FORMS[key] for key in _FORMS if key in value), "a form")
        return f"held to {kind}"
    if name == "chat_template_kwargs" and isinstance(value, dict) and "enable_thinking" in value:
        return "thinking on" if value["enable_thinking"] else "thinking off"
    return f"{name} {_short(json.dumps(value, ensure_ascii=False))}"


def _left_out(names: str) -> str:
    """E.g. `top_k: this server does not know it`."""
    fields = [name for name in names.split(", ") if name and name != _SYSTEM]
    parts = []
    if fields:
        parts.append(f"{', '.join(fields)}: this server does not know {'it' if len(fields) == 1 else 'them'}")
    if _SYSTEM in names.split(", "):
        parts.append("this model takes no system prompt; it was put before the first question")
    return "; ".join(parts)
