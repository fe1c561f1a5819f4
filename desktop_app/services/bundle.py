"""The support bundle: everything that helps somebody to help, read by the person before it is saved, never sent.

The page of engines shows what `collect` returns and hands it to `save`. Every text is masked here (`masking.py`);
what other services know is handed in as `Sources`.
"""

import asyncio
import logging
import os
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.errors import UserError
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import ModelSettings
from desktop_app.domain.machine import Machine
from desktop_app.paths import Paths

# ruff: noqa: PLC0415 - what collects and masks takes 15 ms to import, and hardly any window makes a bundle
if TYPE_CHECKING:
    from desktop_app.services.masking import Masker, Person

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BundlePart:
    """One file of the bundle."""

    name: str
    """As in the zip, e.g. `versions.txt`."""
    text: str
    """All of it, masked."""


@dataclass(frozen=True)
class Sources:
    """What the bundle asks other services for."""

    machine: Callable[[], Machine]
    """Describes the computer; blocks, and is called in a thread."""
    report: Callable[[], Awaitable[str]]
    """What the doctor says, as text."""
    commands: Callable[[], Mapping[str, tuple[Sequence[str], Mapping[str, str]]]]
    """The command line and the variables of every running engine, by the model's name."""
    settings: Callable[[], Mapping[str, ModelSettings]]
    """What was chosen for models, by their name."""
    engines: Callable[[], Iterable[EngineEnvironment]]
    """The engines that are known."""
    keys: Callable[[], Iterable[str]]
    """Keys of servers, to be masked wherever they stand."""


class Bundle:
    """Collects and saves.

    Args:
        paths: whose logs to take.
        sources: what other services know.
        outside: the environment that the program was started in; its secrets are masked.
        person: whose name is masked; by default whoever runs the program.
    """

    def __init__(
        self, paths: Paths, sources: Sources, outside: Mapping[str, str], person: "Person | None" = None
    ) -> None:
        self._paths = paths
        self._sources = sources
        self._outside = outside
        self._person = person

    async def collect(self) -> tuple[BundlePart, ...]:
        """Everything that there is to see, masked. A part that cannot be had says why; nothing is written."""
        from desktop_app.services import bundle_texts as texts

        sources = self._sources
        chosen, started = dict(sources.settings()), dict(sources.commands())
        masker = self._make_masker(chosen, started)
        parts = [
            ("versions.txt", await _answer(lambda: asyncio.to_thread(texts.versions, tuple(sources.engines())))),
            ("machine.txt", await _answer(lambda: asyncio.to_thread(lambda: texts.machine(sources.machine())))),
            ("settings.txt", await _answer(lambda: asyncio.to_thread(texts.settings, chosen, masker))),
            ("commands.txt", await _answer(lambda: asyncio.to_thread(texts.commands, started, masker))),
            ("doctor.json", await _answer(sources.report)),
        ]
        parts += await asyncio.to_thread(self._logs)
        return tuple([BundlePart(name, await asyncio.to_thread(masker.mask, text)) for name, text in parts])

    async def save(self, file: Path, parts: Sequence[BundlePart]) -> None:
        """Write *parts* as a zip that nobody else can read; *file* is the old one or the whole new one.

        Raises:
            UserError: it could not be written.
        """
        try:
            await asyncio.to_thread(_write, file, parts)
        except OSError as error:
            reason = f"{error.strerror or error}. Save it in another place."
            raise UserError("The support bundle could not be saved.", reason, details=f"{file}: {error}") from error

    def _make_masker(
        self, chosen: Mapping[str, ModelSettings], started: Mapping[str, tuple[Sequence[str], Mapping[str, str]]]
    ) -> "Masker":
        from desktop_app.services.masking import Masker, secrets_of, this_person

        # The same variable may have another value in each.
        variables = (*(dict(one.variables) for one in chosen.values()), *(seen for _, seen in started.values()))
        secrets = (secrets_of(some) for some in (self._outside, *variables))
        return Masker(self._person or this_person(), set(self._sources.keys()).union(*secrets))

    def _logs(self) -> list[tuple[str, str]]:
        """The end of every log, and of those of engines the first error."""
        from desktop_app.services.bundle_logs import first_error, tail

        parts = []
        for log in sorted(self._paths.logs.glob("engine-*.log")):
            both = (log.with_name(f"{log.name}.1"), log)
            parts += [(f"{log.stem}-first-error.txt", _of_file(partial(first_error, both)))]
            parts += [(log.name, _of_file(partial(_readable_tail, log)))]
        own = (self._paths.install_log, self._paths.logs / "program.log")
        return parts + [(log.name, _of_file(partial(tail, log))) for log in own]


def _of_file(read: Callable[[], str]) -> str:
    try:
        return read()
    except FileNotFoundError:
        return "There is none."
    except OSError as error:
        return f"It could not be read: {error.strerror or error}."


def _readable_tail(log: Path) -> str:
    from desktop_app.services.bundle_logs import readable, tail

    return readable(tail(log))


async def _answer(ask: Callable[[], Awaitable[str]]) -> str:
    """What *ask* returns, or why it does not: a bundle is made when something is broken."""
    try:
        return await ask()
    except Exception:
        _logger.exception("a part of the support bundle")
        return f"This part could not be made.\n\n{traceback.format_exc()}"


def _write(file: Path, parts: Sequence[BundlePart]) -> None:
    """Write beside *file* first, so that a crash or a full disk leaves no half bundle under its name."""
    import zipfile

    descriptor, draft = tempfile.mkstemp(prefix=f".{file.name[:100]}.", dir=file.parent)  # mode 0600
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - it is open already
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for part in parts:
                    archive.writestr(part.name, part.text.encode("utf-8", "replace"))
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise
