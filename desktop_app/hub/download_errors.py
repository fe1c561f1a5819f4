"""Failures of a download in words: what happened, what was kept, what to do. Called by `download.py`."""

import errno
from dataclasses import dataclass

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.units import disk_words
from desktop_app.transfer.failures import Why

_KEPT = "What has come is kept; the download goes on where it stopped."


@dataclass(frozen=True)
class Failure:
    """What the fetcher said of a file that it could not get."""

    file: str
    why: Why
    words: str
    status: int = 0
    kind: str = ""


@dataclass(frozen=True)
class Asked:
    """What was asked of whom, for the words."""

    repo_id: str
    endpoint: str
    has_token: bool


def no_room(needed: int, free: int) -> UserError:
    """The disk has less than what is still to come; sizes in bytes."""
    if needed > free:
        missing = f"make room for {disk_words(needed - free)}"
        reason = f"{disk_words(needed)} more are needed and {disk_words(free)} are free: {missing}. {_KEPT}"
    else:
        reason = f"It was full a moment ago, or what you may use of it is. {_KEPT}"
    return UserError("There is not enough room on the disk.", reason, Remedy.RETRY)


def busy() -> UserError:
    """Somebody else writes into the same folder."""
    reason = "Another window or another program is at it. Wait until it is done, or pause it there."
    return UserError("This model is being downloaded already.", reason, Remedy.RETRY)


def disk(error: OSError) -> UserError:
    """The folder cannot be used."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _not_writable(str(error))
    reason = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    return UserError("The disk does not take the model.", f"{reason}. {_KEPT}", Remedy.RETRY, str(error))


def ended(code: int, lines: list[str]) -> UserError:
    """The fetcher ended without a word."""
    return UserError("The download was interrupted.", _KEPT, Remedy.RETRY, "\n".join([*lines[-20:], f"exit {code}"]))


def explain(failures: list[Failure], asked: Asked) -> UserError:
    """The failure that stands for all of them; a full disk is told by `no_room`."""
    failure = min(failures, key=lambda one: _ORDER.index(one.why))
    details = "\n".join(f"{one.file}: {one.words}" for one in failures[:20])
    if failure.why is Why.DISK:
        return _not_writable(details)
    if failure.why is Why.HASH:
        return _other_content(failure, details)
    if failure.why is Why.REFUSED:
        return _refused(failure, asked, details)
    return _network(failure, details)


_ORDER = (Why.DISK, Why.REFUSED, Why.HASH, Why.NETWORK, Why.STOPPED)


def _not_writable(details: str) -> UserError:
    reason = f"Is the disk still there, and may you write into the folder for models? {_KEPT}"
    return UserError("The model's folder cannot be written to.", reason, Remedy.RETRY, details)


def _other_content(failure: Failure, details: str) -> UserError:
    reason = (
        f"{failure.file} is not what its owner published, so it was thrown away; the other files are kept. Try again. "
        "If it happens again, a mirror, a proxy or the log-in page of a network changes what comes."
    )
    return UserError("Something else came than was asked for.", reason, Remedy.RETRY, details)


def _network(failure: Failure, details: str) -> UserError:
    if failure.status == 429:
        return UserError(
            "The Hub has asked us to wait for a while.", f"Too much was asked. {_KEPT}", Remedy.RETRY, details
        )
    if failure.status:
        reason = f"It answers {failure.status}, which is a fault on its side and mostly passes. {_KEPT}"
        return UserError("The Hub has trouble.", reason, Remedy.RETRY, details)
    return UserError("The connection to the Hub was lost.", f"Are you online? {_KEPT}", Remedy.RETRY, details)


def _refused(failure: Failure, asked: Asked, details: str) -> UserError:
    if failure.kind == "GatedRepo":
        return _gated(asked, details)
    if failure.kind == "RevisionNotFound":
        reason = "Its owner took it back. Look the model up again to get the version of today."
        return UserError("This version of the model is not there any more.", reason, Remedy.CHOOSE_MODEL, details)
    if failure.kind == "EntryNotFound":
        reason = f"{failure.file} is missing there. Look the model up again."
        return UserError("This version of the model is not complete at the Hub.", reason, Remedy.CHOOSE_MODEL, details)
    if failure.kind == "RepoNotFound" or failure.status == 404:
        reason = f"{asked.repo_id} was taken away, renamed, or is hidden from all but those who were let in."
        return UserError("The Hub does not have this model.", reason, Remedy.CHOOSE_MODEL, details)
    if failure.status == 401 and asked.has_token:
        reason = "It has run out or was taken back. Make a new one at the Hub and give it to the program."
        return UserError("The Hub does not accept your token.", reason, Remedy.RETRY, details)
    reason = f"It says about {failure.file}: {failure.words}. {_KEPT}"
    return UserError("The Hub does not hand this model out.", reason, Remedy.RETRY, details)


def _gated(asked: Asked, details: str) -> UserError:
    page = f"{asked.endpoint}/{asked.repo_id}"
    if asked.has_token:
        reason = (
            f"Open {page} with the account that your token is from, and agree to what is asked there. Some owners "
            "answer after days. Then try again."
        )
        return UserError("Your account was not let into this model yet.", reason, Remedy.RETRY, details)
    reason = (
        f"First sign in at the Hub, open {page} and agree to what is asked there. Then make a token that may read, at "
        f"{asked.endpoint}/settings/tokens, and give it to the program. Then try again."
    )
    return UserError("This model's owner wants to know who uses it.", reason, Remedy.RETRY, details)
