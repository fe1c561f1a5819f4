"""How the fetcher asks servers: the secret goes to one place only, redirects are looked at, failures get their reason.

Proxies and certificates come from the environment, as `urllib` and `ssl` read them.
"""

import email.utils
import http.client
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from desktop_app.transfer.failures import FetchError, Why

BLOCK = 1 << 18
"""Bytes that are read at once, at most."""
_SECONDS = 30.0
"""How long a server may be silent."""
_LONGEST_WAIT = 120.0
"""Seconds. Servers may ask for more; then they are asked again before."""
_HEADERS = {"User-Agent": "vllm-desktop", "Accept-Encoding": "identity"}
_PORTS = {"http": 80, "https": 443}
_HOPS = 5
"""Redirects that are followed. The Hub needs one, a renamed repository two."""


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port.

    Raises:
        ValueError: it is no address.
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


@dataclass(frozen=True)
class Secret:
    """What lets us in at one server and is shown to no other."""

    place: str
    """An address there; its scheme, host and port are what counts."""
    authorization: str

    def __repr__(self) -> str:
        return "Secret(…)"

    def put_on(self, request: urllib.request.Request) -> None:
        """Give it along where it belongs. urllib does not carry such a header to where it is redirected."""
        if origin(request.full_url) == origin(self.place):
            request.add_unredirected_header("Authorization", self.authorization)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects that lead to a web server, never from a safe connection to an open one."""

    max_redirections = _HOPS

    def __init__(self, secret: Secret | None) -> None:
        self._secret = secret

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:  # noqa: ANN401 - urllib's own
        before, after = origin(req.full_url)[0], origin(newurl)[0]
        if after not in _PORTS or (before == "https" and after == "http"):
            raise FetchError(Why.REFUSED, f"the server sends us from {before} to {after or 'nowhere'}", code)
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and self._secret is not None:
            self._secret.put_on(request)
        return request


class Web:
    """Asks servers, with *secret* where it belongs."""

    def __init__(self, secret: Secret | None = None) -> None:
        self._secret = secret
        self._open = urllib.request.build_opener(_Redirects(secret)).open

    def size(self, url: str) -> int:
        """Bytes of what is there; 0 when the server does not say."""
        try:
            with self._open(self._request(url, {}, "HEAD"), timeout=_SECONDS) as answer:
                return int(answer.headers.get("Content-Length") or 0)
        except (OSError, ValueError, http.client.HTTPException, FetchError):
            return 0  # the download itself says what is wrong

    def ask(self, url: str, headers: Mapping[str, str]) -> Any:  # noqa: ANN401 - urllib's own type of answer
        """The answer, its content still to be read.

        Raises:
            FetchError: there is none, or the server refuses.
        """
        try:
            return self._open(self._request(url, headers, "GET"), timeout=_SECONDS)
        except urllib.error.HTTPError as error:
            error.close()
            raise _refusal(error) from error
        except urllib.error.URLError as error:
            raise FetchError(_why(error.reason), str(error.reason)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchError(_why(error), str(error)) from error

    def _request(self, url: str, headers: Mapping[str, str], method: str) -> urllib.request.Request:
        request = urllib.request.Request(url, headers={**_HEADERS, **headers}, method=method)  # noqa: S310 - only http and https come here
        if self._secret is not None:
            self._secret.put_on(request)
        return request


def read(answer: Any) -> bytes:  # noqa: ANN401 - urllib's own type of answer
    """What has come, as soon as something has, so that nothing is lost when we are killed; empty at the end.

    Raises:
        FetchError: the connection broke.
    """
    try:
        return bytes(answer.read1(BLOCK))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(Why.NETWORK, str(error) or type(error).__name__) from error


def continues(answer: Any, have: int) -> bool:  # noqa: ANN401 - urllib's own type of answer
    """Whether the answer begins after the *have* bytes that are there."""
    return answer.status == 206 and str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")


def strong_etag(answer: Any) -> str:  # noqa: ANN401 - urllib's own type of answer
    """The ETag of exactly these bytes; empty when there is none."""
    etag = str(answer.headers.get("ETag", ""))
    return etag if re.fullmatch(r'"[!#-~]{1,200}"', etag) else ""


def _refusal(error: urllib.error.HTTPError) -> FetchError:
    busy = error.code in (408, 416, 425, 429) or error.code >= 500
    kind = str(error.headers.get("X-Error-Code", ""))
    return FetchError(
        Why.NETWORK if busy else Why.REFUSED,
        f"the server says {error.code}",
        error.code,
        kind if re.fullmatch(r"[A-Za-z]{1,40}", kind) else "",
        _wait(error.headers) if error.code in (429, 503) else None,
    )


def _wait(headers: Any) -> float | None:  # noqa: ANN401 - urllib's own type of headers
    """Seconds that a busy server asks for: `Retry-After`, or the Hub's `RateLimit: "api";r=0;t=55`."""
    after = str(headers.get("Retry-After", "")).strip()
    limit = re.search(r"\bt=(\d{1,9})\b", str(headers.get("RateLimit", "")))
    if re.fullmatch(r"\d{1,9}", after):
        seconds = float(after)
    elif after:
        try:
            seconds = email.utils.parsedate_to_datetime(after).timestamp() - time.time()
        except ValueError:
            return None
    elif limit:
        seconds = float(limit[1])
    else:
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _why(reason: object) -> Why:
    """Whether trying again may help, or pip has to be asked, which knows the person's certificates and proxies."""
    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    unsafe = isinstance(reason, ssl.SSLError | ValueError) and not isinstance(reason, broken)
    return Why.REFUSED if unsafe or "Tunnel connection failed" in str(reason) else Why.NETWORK
