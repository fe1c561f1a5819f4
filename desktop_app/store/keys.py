"""The keys of servers elsewhere: in a file of their own that nobody else can read, or in memory only.

Not in the database: that is copied into backups and could be shown in a support bundle. `services/servers` is the only
caller. Reading and writing block; callers use a thread.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError

_FILE_BYTES = 1_000_000


class Keys:
    """Keys by the address that they belong to.

    Args:
        file: where kept keys lie, mode 0600; made when the first one is kept.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: dict[str, str] = {}
        self._passing: dict[str, str] = {}
        """Forgotten when the program ends."""

    def __repr__(self) -> str:
        return f"<Keys of {len(self.all())} servers>"

    def load(self) -> None:
        """Read the kept keys; call it once, before anything else.

        Raises:
            UserError: the file is there but cannot be read, or is not what was written; no key is known then.
        """
        try:
            with open(os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as file:  # noqa: PTH123
                # A copy of the data folder may have come with other rights.
                os.fchmod(file.fileno(), 0o600)
                value = json.loads(file.read(_FILE_BYTES))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            reason = "Enter them again where they are needed."
            # The content of the file must not get into a message.
            raise UserError(
                "The keys of your servers cannot be read.", reason, details=f"{self._file}: {type(error).__name__}"
            ) from None
        if isinstance(value, dict):
            self._kept = {url: key for url, key in value.items() if isinstance(url, str) and isinstance(key, str)}

    def get(self, url: str) -> str:
        """The key for *url*; empty when there is none."""
        return self._passing.get(url) or self._kept.get(url, "")

    def is_kept(self, url: str) -> bool:
        """Whether the key for *url* outlives the program."""
        return url in self._kept

    def all(self) -> tuple[str, ...]:
        """Every known key, for whoever has to take care that none is shown."""
        return tuple({*self._kept.values(), *self._passing.values()} - {""})

    def set(self, url: str, key: str, keep: bool) -> None:
        """Know *key* for *url*; an empty one is forgotten.

        Args:
            url: the server's address without key.
            key: the key.
            keep: whether it is written to the file, or known until the program ends.

        Raises:
            UserError: it could not be written; it is known until the program ends.
        """
        self._passing.pop(url, None)
        kept = {**self._kept, url: key} if keep and key else {u: k for u, k in self._kept.items() if u != url}
        if key:
            self._passing[url] = key
        if kept != self._kept:
            self._write(kept)
        if keep:
            self._passing.pop(url, None)

    def _write(self, kept: dict[str, str]) -> None:
        """Replace the file in one step, so that a crash leaves the old one or the new one."""
        part = self._file.with_name(f"{self._file.name}.part")
        try:
            part.unlink(missing_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - Path.open cannot say O_EXCL and mode
                json.dump(kept, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._file)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise UserError(
                "The key could not be saved, so it is known only until this program ends.",
                f"{error.strerror}." if error.strerror else "",
                Remedy.RETRY,
                f"{self._file}: {error.strerror}",
            ) from error
        self._kept = kept
