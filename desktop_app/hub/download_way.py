"""How a download gets to the Hub: its address, what lets us in, what the child may know. Called by `download.py`."""

import base64
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from desktop_app.domain.errors import UserError

_ENVIRONMENT = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    | {f"{kind}_proxy" for kind in ("http", "https", "all", "no")}
    | {f"{kind}_PROXY" for kind in ("HTTP", "HTTPS", "ALL", "NO")}
)
"""What the child gets to see: nobody's token is among it."""


def way_in(endpoint: str, token: str) -> tuple[str, str]:
    """The endpoint without user and password, and what to say to be let in; empty for nothing.

    Raises:
        UserError: the address or the token cannot be one.
    """
    try:
        parts = urlsplit(endpoint)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise _no_address(endpoint) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise _no_address(endpoint)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"
    if token and not re.fullmatch(r"[!-~]{1,1000}", token):
        raise UserError("The token cannot be one.", "It has spaces or other characters that tokens do not have.")
    if token:
        return place, f"Bearer {token}"
    if parts.username:
        person = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return place, "Basic " + base64.b64encode(person.encode()).decode()
    return place, ""


def _no_address(endpoint: str) -> UserError:
    shown = re.sub(r"//[^/@]*@", "//…@", endpoint)[:100]
    return UserError("The address of the Hub cannot be used.", f"{shown!r} does not begin with http:// or https://.")


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What of our environment the fetcher gets to see."""
    return {name: value for name, value in environ.items() if name in _ENVIRONMENT}
