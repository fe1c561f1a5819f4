"""What goes wrong between us and a running engine, in words. Used in this folder only.

The engine's own sentences were captured from vLLM 0.32; they stand in the details.
"""

import re

from desktop_app.domain.errors import EngineError, Remedy, UserError

_CONTEXT = re.compile(r"maximum context length is (\d+) tokens")
_DETAIL_LENGTH = 4_000


def engine_gone(details: str) -> UserError:
    """Nobody answers on the socket, or the connection broke."""
    return EngineError("The model stopped answering.", "The engine is not running any more.", Remedy.START, details)


def engine_silent(details: str) -> UserError:
    """Somebody is there but does not answer in time."""
    return EngineError(
        "The engine does not answer.", "It may be very busy. Try again in a moment.", Remedy.RETRY, details
    )


def answer_unreadable(details: str) -> UserError:
    """Something came that is not an answer."""
    return EngineError("The engine sent something that is not an answer.", "", Remedy.SHOW_LOG, details)


def engine_refused(status: int, message: str) -> UserError:
    """An error that the engine itself reported, by HTTP status and its own words."""
    details = f"{status}: {message[:_DETAIL_LENGTH]}"
    if found := _CONTEXT.search(message):
        return UserError(
            f"This conversation is longer than the model can keep in mind ({int(found[1]):,} tokens).",
            "Start a new chat, or ask with fewer words.",
            details=details,
        )
    if "chat template" in message and "allowed" in message:
        return UserError(
            "This model cannot hold a conversation.",
            "It comes without a chat template, the rule by which questions and answers are written down. "
            "Models with “Instruct” or “Chat” in their name have one.",
            Remedy.CHOOSE_MODEL,
            details,
        )
    if status == 404:
        return EngineError("The engine does not serve this model now.", "Start it again.", Remedy.START, details)
    if status == 503:
        return EngineError("The engine is busy with other questions.", "Try again in a moment.", Remedy.RETRY, details)
    if status >= 500:
        return EngineError("The engine failed while it answered.", "Its log says more.", Remedy.SHOW_LOG, details)
    return UserError("The engine did not accept this question.", _first_sentence(message), details=details)


def _first_sentence(message: str) -> str:
    return message.strip().partition("\n")[0][:200]
