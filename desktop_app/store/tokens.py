"""The token for closed repositories of the Hub: in the system's keyring, or in a file that only its owner can read.

Never in the database: that is copied into backups and could be shown in a support bundle. `services/hub_access` is the
only caller. Reading and writing block; callers use a thread.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from desktop_app.domain.errors import Remedy, UserError

_SERVICE = "vllm-desktop"
_USER = "hub-token"
_FILE_BYTES = 10_000
_SECONDS = 15.0
"""For the keyring: it may ask the person to unlock it, and on a machine without a desktop it may ask for ever."""
_KEYRING = "the system's keyring"

_Answer = TypeVar("_Answer")


class _KeyringError(Exception):
    """There is no keyring, or it did not do what it was asked to."""


class Tokens:
    """Keeps one token.

    Args:
        file: where it lies when the system has no keyring, mode 0600.
        seconds: how long the keyring is waited for.
    """

    def __init__(self, file: Path, seconds: float = _SECONDS) -> None:
        self._file = file
        self._seconds = seconds
        self._usable: bool | None = None
        """Whether there is a keyring; None until it was asked."""

    def __repr__(self) -> str:
        return f"<Tokens in {self._file}>"

    def get(self) -> str:
        """The token; empty when there is none.

        Raises:
            UserError: there is a file that cannot be read.
        """
        kept = self._read_file()
        if kept or not self._has_keyring():
            return kept
        try:
            found = self._ask(lambda: _keyring().get_password(_SERVICE, _USER))
        except _KeyringError:
            self._usable = False
            return ""
        return found if isinstance(found, str) else ""

    def set(self, token: str) -> None:
        """Keep *token* from now on, in the keyring where there is one; `place` says where it went.

        Raises:
            UserError: it could not be kept.
        """
        if self._has_keyring():
            try:
                self._ask(lambda: _keyring().set_password(_SERVICE, _USER, token))
                # Not every keyring that takes a secret gives it back.
                if self._ask(lambda: _keyring().get_password(_SERVICE, _USER)) != token:
                    raise _KeyringError
            except _KeyringError:
                self._usable = False
            else:
                self._remove_file()
                return
        self._write_file(token)

    def forget(self) -> None:
        """Keep no token any more.

        Raises:
            UserError: it could not be deleted.
        """
        if not self._remove_file():
            self._usable = None  # so it is in the keyring, even if that did not answer a while ago
        if not self._has_keyring():
            return
        try:
            if self._ask(lambda: _keyring().get_password(_SERVICE, _USER)) is None:
                return
            self._ask(lambda: _keyring().delete_password(_SERVICE, _USER))
        except _KeyringError as error:
            reason = "The system's keyring did not do it. Delete the entry vllm-desktop there."
            raise UserError("The token could not be deleted.", reason, Remedy.RETRY) from error

    @property
    def place(self) -> str:
        """Where a token is kept, in words that go on a sentence."""
        if self._file.exists() or not self._has_keyring():
            return f"a file only you can read, because this system has no keyring that works: {self._file}"
        return _KEYRING

    def _has_keyring(self) -> bool:
        """Whether there is a keyring that keeps secrets. Not those that fail, keep nothing, or keep it in the open."""
        if self._usable is None:
            try:
                self._usable = self._ask(_is_usable)
            except _KeyringError:
                self._usable = False
        return self._usable

    def _ask(self, question: Callable[[], _Answer]) -> _Answer:
        """What the keyring answers, within the time limit.

        It is asked in a thread of its own that nobody waits for at the end: a prompt on D-Bus may never come back.

        Raises:
            _KeyringError: it failed, or did not answer in time.
        """
        answers: list[_Answer] = []

        def ask() -> None:
            # Backends raise whatever the libraries below them do. None of that may be shown: it may hold the secret.
            with suppress(Exception):
                answers.append(question())

        thread = threading.Thread(target=ask, name="keyring", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if not answers:
            raise _KeyringError
        return answers[0]

    def _read_file(self) -> str:
        try:
            with open(os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as file:  # noqa: PTH123
                # A copy of the data folder may have come with other rights.
                os.fchmod(file.fileno(), 0o600)
                return file.read(_FILE_BYTES).strip()
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            # The content of the file must not get into a message.
            raise UserError(
                "The token for the Hub cannot be read.",
                "Enter it again.",
                details=f"{self._file}: {type(error).__name__}",
            ) from None

    def _write_file(self, token: str) -> None:
        """Replace the file in one step, so that a crash leaves the old one or the new one."""
        part = self._file.with_name(f"{self._file.name}.part")
        try:
            part.unlink(missing_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - Path.open cannot say O_EXCL and mode
                file.write(token)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._file)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise UserError(
                "The token could not be kept.", f"{error.strerror}.", Remedy.RETRY, f"{self._file}: {error.strerror}"
            ) from error

    def _remove_file(self) -> bool:
        """Whether there was one."""
        try:
            self._file.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            reason = f"Delete this file by hand: {self._file}"
            raise UserError("The token could not be deleted.", reason, Remedy.RETRY, str(error.strerror)) from error
        return True


def _keyring() -> ModuleType:
    import keyring  # noqa: PLC0415 - looks through all its backends; the window opens without it

    return keyring


def _is_usable() -> bool:
    backend = _keyring().get_keyring()
    kinds = [backend, *getattr(backend, "backends", [])]
    places = {type(one).__module__ for one in kinds}
    plain = ("keyring.backends.fail", "keyring.backends.null", "keyring.backends.chainer", "keyrings.alt.file")
    return any(not place.startswith(plain) for place in places)
