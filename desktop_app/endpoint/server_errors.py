"""What goes wrong between us and a server elsewhere, in words. Used in this folder only, by `errors.py`.

A server's own words stand in the reason or the details, cut and without the key.
"""

import socket
import ssl

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.endpoint.address import Address

_REASON_LENGTH = 200


def unreachable(address: Address, error: OSError) -> UserError:
    """No connection, or one that broke."""
    title, reason = _broken_words(address, error)
    return UserError(title, reason, Remedy.RETRY, f"{address.url}: {type(error).__name__}: {error}")


def server_refused(address: Address, status: int, message: str) -> UserError:
    """An answer with an error status."""
    said = " ".join(message.strip().partition("\n")[0].split())[:_REASON_LENGTH]
    title, reason = _refused_words(address, status, said)
    remedy = Remedy.RETRY if status in (408, 425, 429) or status >= 500 else Remedy.NONE
    return UserError(title, reason, remedy, f"{address.url}: {status}: {message}")


def _broken_words(address: Address, error: OSError) -> tuple[str, str]:
    host = address.host
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The server at {host} cannot prove that it is {host}.",
            f"Its certificate is not accepted: {error.verify_message or error.reason}. Nothing was sent to it.",
        )
    if isinstance(error, ssl.SSLError):
        return f"The server at {host} does not speak https here.", "Its address may begin with http:// instead."
    if isinstance(error, socket.gaierror):
        return f"No server called {host} was found.", "Look at the address, and whether this computer is online."
    if isinstance(error, TimeoutError):
        return f"The server at {host} does not answer.", "It may be very busy, or the address leads nowhere."
    if isinstance(error, ConnectionRefusedError):
        return f"Nobody answers at {host}, port {address.port}.", "The server may not be running."
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return f"The server at {host} broke the connection.", "It may have been restarted, or expect https://."
    if type(error).__name__ == "WireError":
        return f"The server at {host} sent something that is not an answer.", f"{error}.".capitalize()
    return f"The server at {host} cannot be reached.", f"{error.strerror or error}."


def _refused_words(address: Address, status: int, said: str) -> tuple[str, str]:
    host = address.host
    if 300 <= status < 400:
        return (
            f"The server at {host} points to another address.",
            "Redirects are not followed, since the key would go along. Use the other address if you trust it.",
        )
    if status == 401:
        missing = "It wants a key." if not address.key else "Look whether the key is complete and still valid."
        return f"The server at {host} refused the key." if address.key else f"{host} asks for a key.", missing
    if status == 402:
        return f"The server at {host} wants to be paid first.", said
    if status == 403:
        return f"The server at {host} does not allow this.", said or "The key may not be meant for it."
    if status in (404, 405):
        if "model" in said.lower():
            return f"The server at {host} does not have this model.", said
        return (
            "There is no OpenAI-compatible server at this address.",
            f"{address.url} was tried. Most addresses end in /v1.",
        )
    if status in (408, 504):
        return f"The server at {host} took too long.", said
    if status == 429:
        return f"The server at {host} takes no more questions for now.", said or "Its limit is reached."
    if status >= 500:
        return f"The server at {host} failed or is overloaded.", said
    return f"The server at {host} did not accept this question.", said
