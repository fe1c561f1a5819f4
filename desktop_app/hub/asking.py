"""Questions to the Hub over HTTP, each with limits. Used by `remote` only.

The connection and its proxies are huggingface_hub's. Its own verbs are not used for reading: they take
answers of any length, wait and repeat for minutes when they are asked to, and have no time limit for a list.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from desktop_app.domain.errors import UserError
from desktop_app.hub import hub_errors
from desktop_app.hub.addresses import bearer
from desktop_app.hub.library import library
from desktop_app.hub.small_files import parse_json

_SECONDS = 10.0
"""For a connection, and between two pieces of an answer."""
_SECONDS_IN_ALL = 60.0
"""For a whole answer, however slowly it drips."""
_REDIRECTS = 5

Query = Sequence[tuple[str, str]]


class Asking:
    """Asks one Hub.

    Args:
        endpoint: its address, without a slash at its end.
        token: sent to that address only; empty for none.
        permit: called before each question; raises UserError when it may not be asked (any more).
    """

    def __init__(self, endpoint: str, token: str, permit: Callable[[], None]) -> None:
        self.endpoint = endpoint
        self._permit = permit
        self.has_token = bool(token)
        self._authorization = bearer(token) if token else ""

    def json(self, path: str, limit: int, repo_id: str = "", query: Query = ()) -> object:
        """The JSON at *path*, of at most *limit* bytes.

        Raises:
            UserError: there is none, in words.
        """
        raw = self.content(path, limit, repo_id, query)
        try:
            return parse_json(raw, path)
        except UserError as error:
            reason = "It answers with a web page." if raw.lstrip()[:1] == b"<" else "Its answer cannot be read."
            raise hub_errors.not_a_hub(self.endpoint, reason, error.details) from error

    def content(self, path: str, limit: int, repo_id: str, query: Query = ()) -> bytes:
        """What lies at *path*; refused when it is longer than *limit* bytes."""
        raw = self._ask(path, repo_id, query, {}, limit + 1)
        if len(raw) > limit:
            raise hub_errors.too_large(self.endpoint, limit)
        return raw

    def first_bytes(self, path: str, count: int, repo_id: str) -> bytes:
        """The first *count* bytes of what lies at *path*, or fewer where it ends before; nothing more is fetched."""
        return self._ask(path, repo_id, (), {"Range": f"bytes=0-{count - 1}"}, count)[:count]

    def _ask(self, path: str, repo_id: str, query: Query, headers: Mapping[str, str], enough: int) -> bytes:
        self._permit()
        errors, httpx = library("errors"), library("utils").httpx
        try:
            return self._follow(f"{self.endpoint}{path}", repo_id, query, headers, enough)
        except errors.OfflineModeIsEnabled as error:
            raise hub_errors.offline() from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError) as error:
            raise hub_errors.unreachable(error, self.endpoint, _SECONDS) from error

    def _follow(self, url: str, repo_id: str, query: Query, headers: Mapping[str, str], enough: int) -> bytes:
        """Ask at *url* and wherever it leads to; the token goes to the Hub's own address only."""
        deadline = time.monotonic() + _SECONDS_IN_ALL
        session, parameters = library("utils").get_session(), list(query) or None
        for _ in range(_REDIRECTS):
            sent = {**self._headers(url), **headers}
            how = {"params": parameters, "headers": sent, "timeout": _SECONDS, "follow_redirects": False}
            with session.stream("GET", url, **how) as answer:
                if not answer.has_redirect_location:
                    self._check(answer, repo_id)
                    return _read(answer, enough, deadline)
                url, parameters = self._next(url, answer.headers["location"]), None
        raise hub_errors.not_a_hub(self.endpoint, "It sends us from one address to the next without an end.")

    def _headers(self, url: str) -> dict[str, str]:
        # A compressed answer could be a thousand times as long as it looks.
        plain = {"User-Agent": "vllm-desktop", "Accept-Encoding": "identity"}
        ours = bool(self._authorization) and _origin(url) == _origin(self.endpoint)
        return plain | ({"Authorization": self._authorization} if ours else {})

    def _next(self, url: str, location: str) -> str:
        try:
            target = urljoin(url, location)
            scheme = _origin(target)[0]
        except ValueError as error:
            raise hub_errors.not_a_hub(self.endpoint, "It sends us to an address that is none.") from error
        if scheme not in ("http", "https") or (scheme == "http" and _origin(url)[0] == "https"):
            raise hub_errors.not_a_hub(self.endpoint, "It sends us to an address that is not encrypted.")
        return target

    def _check(self, answer: Any, repo_id: str) -> None:  # noqa: ANN401 - a class of httpx, which is imported late
        if answer.status_code >= 400:
            raise hub_errors.refusal(answer.status_code, answer.headers, self.endpoint, repo_id, self.has_token)
        if answer.status_code not in (200, 206):
            raise hub_errors.not_a_hub(self.endpoint, f"It answers with {answer.status_code}.")
        # Although it was asked not to. Other ways of packing hold gigabytes in a few bytes.
        if answer.headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
            raise hub_errors.not_a_hub(self.endpoint, "It packs its answers in a way that was not asked for.")


def _read(answer: Any, enough: int, deadline: float) -> bytes:  # noqa: ANN401 - as above
    """At most some more than *enough* bytes of an answer."""
    raw = bytearray()
    for block in answer.iter_bytes(1 << 16):
        raw += block
        if len(raw) >= enough:
            break
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(raw)} bytes in {_SECONDS_IN_ALL:.0f} seconds")
    return bytes(raw)


def _origin(url: str) -> tuple[str, str, int]:
    split = urlsplit(url)
    return split.scheme, split.hostname or "", split.port or {"http": 80, "https": 443}.get(split.scheme, 0)
