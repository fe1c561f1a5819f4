"""What went wrong with the Hub, in words. Used by `asking` and `remote`.

The rules are those of huggingface_hub's own `hf_raise_for_status`; that one reads answers of any length and tells
programmers. Nothing here holds the token.
"""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.hub.library import library
from desktop_app.hub.small_files import shown

_LONGEST_WAIT = 7 * 86_400
"""Seconds that a Hub may ask us to wait; more is nonsense."""


def refusal(code: int, headers: Mapping[str, str], endpoint: str, repo_id: str, has_token: bool) -> UserError:
    """What an answer with the status *code* (400 or more) means.

    Args:
        code: HTTP's.
        headers: the answer's; names in any case.
        endpoint: the Hub's address.
        repo_id: the repository that was asked about; empty for the list.
        has_token: whether a token was sent along.
    """
    said = {name.lower(): value for name, value in headers.items()}
    kind, words = said.get("x-error-code", ""), shown(said.get("x-error-message", ""))
    details = f"{code} {kind} {words}".strip()
    if kind == "GatedRepo":
        return gated(endpoint, repo_id, has_token)
    if code == 401 and has_token and kind != "RepoNotFound":
        reason = "It may have expired or been revoked. Make a new one, enter it here, or forget the old one."
        return UserError("The Hub does not accept your token.", reason, Remedy.NONE, details)
    if code == 429:
        return _too_often(said, details)
    if kind == "RevisionNotFound":
        reason = f"{shown(repo_id)} has no such version (any more). Leave the version away to get the newest."
        return UserError("This version of the model is not there.", reason, Remedy.CHOOSE_MODEL, details)
    if kind == "EntryNotFound":
        reason = f"A file of {shown(repo_id)} that its list names cannot be found. Its owner may be changing it now."
        return UserError("The repository is not as its list says.", reason, Remedy.RETRY, details)
    if words.startswith("Access to this resource is disabled"):
        return disabled(repo_id)
    if code >= 500:
        return UserError("The Hub has a fault of its own.", "Try again in a few minutes.", Remedy.RETRY, details)
    if repo_id and (kind == "RepoNotFound" or code in (401, 404)):
        return _no_such_repository(repo_id, endpoint, has_token, details)
    if code in (404, 405, 501):
        return not_a_hub(endpoint, f"It has no list of models ({code}).")
    return UserError("The Hub refused to answer.", f"It said {code} {words}".strip() + ".", Remedy.RETRY, details)


def gated(endpoint: str, repo_id: str, has_token: bool) -> UserError:
    """The owner of a repository must be asked first: what to do, in order."""
    page = f"{endpoint}/{shown(repo_id)}"
    if has_token:
        first = f"1. Open {page} with the account that your token is of, and accept its conditions."
        wait = "2. If its owner answers by hand, wait for the answer."
        last = "3. If that is done already, make a new token of the kind Read, and enter it here."
        return UserError("Your account may not read this model yet.", f"{first} {wait} {last}", Remedy.RETRY)
    steps = (
        f"1. Open {page}, sign in and accept its conditions.",
        f"2. Make a token of the kind Read at {endpoint}/settings/tokens.",
        "3. Enter the token here, then try again.",
    )
    return UserError("The owner of this model wants to be asked first.", " ".join(steps), Remedy.RETRY)


def disabled(repo_id: str) -> UserError:
    """The Hub itself has closed a repository."""
    reason = f"The Hub has closed {shown(repo_id)}; it does not say why."
    return UserError("This model is not given out any more.", reason, Remedy.CHOOSE_MODEL)


def not_a_hub(endpoint: str, reason: str, details: str = "") -> UserError:
    """Something else answers at the Hub's address: a page of a proxy, or a mirror that only passes files on."""
    return UserError(
        f"What answers at {endpoint} is no Hub.",
        f"{reason} Is there a sign-in page of your network in between, or a mirror that does not know this question? "
        "Check the Hub's address.",
        Remedy.RETRY,
        details,
    )


def too_large(endpoint: str, limit: int) -> UserError:
    """An answer goes on beyond what such an answer can be; *limit* in bytes."""
    return not_a_hub(endpoint, f"It answers with more than {max(1, limit >> 20)} MB, which no Hub does.")


def unreachable(error: Exception, endpoint: str, seconds: float) -> UserError:
    """No answer came, for the reason in *error*, one of httpx's."""
    httpx = library("utils").httpx
    host = shown(urlsplit(endpoint).hostname or endpoint)
    details = shown(f"{type(error).__name__}: {error}", 500)
    if _is_tls(error):
        reason = (
            f"The connection to {host} is not secure: its certificate is not one that this computer trusts. In some "
            "networks a proxy comes in between; whoever runs it can say how its certificate is installed."
        )
        return UserError("The Hub cannot be reached safely.", reason, Remedy.RETRY, details)
    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        reason = f"{host} did not answer within {seconds:.0f} seconds. Is the network slow, or a proxy in the way?"
        return UserError("The Hub does not answer.", reason, Remedy.RETRY, details)
    if isinstance(error, httpx.ConnectError):
        reason = f"There is no way to {host}. Is this computer online, and the address right?"
        return UserError("The Hub cannot be reached.", reason, Remedy.RETRY, details)
    return UserError("The connection to the Hub broke off.", f"{host} hung up. Try again.", Remedy.RETRY, details)


def offline() -> UserError:
    """The library was told by HF_HUB_OFFLINE to ask nobody."""
    reason = "The program was started with HF_HUB_OFFLINE=1. Start it without that to reach the Hub."
    return UserError("You work offline: the Hub is not asked for anything.", reason)


def _no_such_repository(repo_id: str, endpoint: str, has_token: bool, details: str) -> UserError:
    host = shown(urlsplit(endpoint).netloc)
    closed = "or it is private and your token does not open it" if has_token else "or it is private"
    reason = f"{shown(repo_id)} is not there, {closed}: the Hub does not say which. Check how it is written."
    return UserError(f"{host} has no such model.", reason, Remedy.CHOOSE_MODEL, details)


def _too_often(headers: Mapping[str, str], details: str) -> UserError:
    seconds = _seconds_to_wait(headers)
    wait = f"Wait {_words(seconds)}" if seconds else "Wait a few minutes"
    reason = f"{wait}, then try again. Those who enter a token may ask more often."
    return UserError("The Hub was asked too often from this network.", reason, Remedy.RETRY, details)


def _seconds_to_wait(headers: Mapping[str, str]) -> int:
    """How long the Hub asks us to wait; 0 when it does not say, or nonsense."""
    after = headers.get("retry-after", "").strip()
    if after.isdecimal() and len(after) < 10:
        seconds = int(after)
    elif limits := library("utils").parse_ratelimit_headers(dict(headers)):
        seconds = int(limits.reset_in_seconds)
    else:
        try:
            seconds = int((parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds()) + 1
        except (ValueError, TypeError):
            return 0
    return seconds if 0 < seconds <= _LONGEST_WAIT else 0


def _words(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} second{'s' * (seconds != 1)}"
    return f"{-(-seconds // 60)} minutes" if seconds < 7200 else f"{-(-seconds // 3600)} hours"


def _is_tls(error: BaseException | None) -> bool:
    """Whether the cause of *error* is a certificate or the encryption itself."""
    for _ in range(10):
        if error is None:
            return False
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
