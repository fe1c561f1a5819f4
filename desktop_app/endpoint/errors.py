"""What goes wrong between us and a running engine, in words. Used in this folder only.

The engine's own sentences were captured from vLLM 0.32; they stand in the details. `server_errors.py` has the words
for servers elsewhere; `refusals.py` those that are the same whoever says them; `broken` and `refused` choose.
"""

from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.endpoint.address import Address
from desktop_app.endpoint.refusals import NoTemplateError, first_sentence, known
from desktop_app.endpoint.server_errors import server_refused, unreachable

__all__ = [
    "NoTemplateError",
    "NotOfferedError",
    "answer_unreadable",
    "broken",
    "engine_refused",
    "refused",
]

_DETAIL_LENGTH = 4_000


class NotOfferedError(UserError):
    """The server does not have what it was asked for, and never will have."""


def broken(address: Address, error: OSError) -> UserError:
    """The connection to *address* could not be made, or broke, or took too long."""
    if address.elsewhere:
        return unreachable(address, error)
    return engine_silent(str(error)) if isinstance(error, TimeoutError) else engine_gone(str(error))


def refused(address: Address, status: int, message: str) -> UserError:
    """*address* answered with an error: HTTP status and its own words."""
    if not address.elsewhere:
        return engine_refused(status, message)
    message = address.hide_key(message)[:_DETAIL_LENGTH]
    return known(message, f"{status}: {message}") or server_refused(address, status, message)


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
    if error := known(message, details):
        return error
    if status == 404:
        return EngineError("The engine does not serve this model now.", "Start it again.", Remedy.START, details)
    if status == 503:
        return EngineError("The engine is busy with other questions.", "Try again in a moment.", Remedy.RETRY, details)
    if status >= 500:
        return EngineError("The engine failed while it answered.", "Its log says more.", Remedy.SHOW_LOG, details)
    return UserError("The engine did not accept this question.", first_sentence(message), details=details)
