"""Gets the files of an engine's parts into a folder: with our own fetcher, and with pip where only pip is let in.

Called by `install.py`. Our fetcher continues where it was broken off and tells bytes; pip knows the person's passwords,
certificates and mirrors, but begins each file anew. So pip is asked for those files alone that were refused to us.
"""

import asyncio
import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.engine import install_parts, install_progress, pip_failures, pip_settings
from desktop_app.engine.install_parts import Part
from desktop_app.engine.install_progress import Downloads, ProgressKeeper
from desktop_app.engine.pip_failures import PipFault
from desktop_app.engine.pip_runner import Pip
from desktop_app.transfer import children, jobs
from desktop_app.transfer.failures import Why

_BATCH = 10
"""Files that pip fetches in one go: it keeps what it has when all of them are there, and needs a second to start."""
_WATCH_SECONDS = 0.25
_FAULTS = {Why.DISK: PipFault.DISK_FULL, Why.NETWORK: PipFault.NETWORK}


class Download:
    """One download.

    Args:
        folder: the wheelhouse, where files end up and unfinished ones stay.
        temporary: a folder for what is not kept.
        pip: for what is refused to us.
        indexes: pip's options for where the parts were found.
        offline: whether nobody but those may be asked.
        settings: what the person has set pip to; None when that is not known.
        progress: is told how far it is.
    """

    def __init__(
        self,
        folder: Path,
        temporary: Path,
        pip: Pip,
        indexes: tuple[str, ...],
        offline: bool,
        settings: Mapping[str, str] | None,
        progress: ProgressKeeper,
    ) -> None:
        self._folder = folder
        self._temporary = temporary
        self._pip = pip
        self._indexes = indexes
        self._offline = offline
        self._settings = settings
        self._progress = progress
        self._failures: dict[str, tuple[Why, str]] = {}

    async def run(self, parts: tuple[Part, ...], by_pip: frozenset[str] = frozenset()) -> tuple[Part, ...]:
        """Get *parts*, those whose files are named in *by_pip* with pip: it has them in its cache.

        Returns:
            The parts as they can be installed: wheels, each with its hash.

        Raises:
            EngineError: something cannot be had; what came is kept.
        """
        downloads = Downloads(part.file for part in parts)
        everything = pip_settings.only_pip_can(self._settings)
        ours = tuple(part for part in parts if part.sha256 and part.url and part.file not in by_pip and not everything)
        if ours:
            await self._fetch(ours, downloads)
        self._raise_for(Why.DISK, Why.NETWORK)
        left = [part for part in parts if not (self._folder / part.file).exists()]
        if left:
            await self._let_pip(left, downloads)
        return tuple([await self._ready(part) for part in parts])

    async def _fetch(self, parts: tuple[Part, ...], downloads: Downloads) -> None:
        """Have the fetcher get what it can; what it cannot is in `_failures`."""
        job = self._temporary / "job.json"
        wanted = tuple(jobs.Part(part.file, part.url, part.sha256) for part in parts)
        jobs.write_job(job, jobs.Job(str(self._folder), wanted))
        lines: list[str] = []

        def hear(line: str) -> None:
            try:
                said = json.loads(line)
            except ValueError:
                lines.append(line)
                return
            downloads.sizes(said.get("sizes", {}))
            downloads.measured(said.get("bytes", {}))
            if "failed" in said:
                self._failures[said["failed"]] = (Why(said["why"]), said["words"])
                self._pip.note(f"{said['failed']}: {said['words']}")
            elif "done" in said:
                self._pip.note(f"{said['done']}: there")
            self._progress.downloads(downloads)

        env = pip_settings.fetch_environment(self._settings, os.environ)
        code = await children.run(jobs.command(job), env, self._temporary, hear, None, self._pip.lock)
        if code and not self._failures:
            raise pip_failures.explain(lines, code)

    def _raise_for(self, *reasons: Why) -> None:
        for why in reasons:
            found = [(file, words) for file, (one, words) in self._failures.items() if one is why]
            if found:
                details = "\n".join(f"{file}: {words}" for file, words in found[:20])
                if why is Why.DISK and "No space left" not in details:
                    raise EngineError("The engine's folder cannot be written to.", found[0][1], Remedy.RETRY, details)
                raise pip_failures.in_words(_FAULTS[why], details)

    async def _let_pip(self, parts: list[Part], downloads: Downloads) -> None:
        """Have pip fetch *parts*, some at a time, so that little is lost when it is ended."""
        watching = asyncio.create_task(self._watch(downloads))
        try:
            for at in range(0, len(parts), _BATCH):
                await self._pip_download(parts[at : at + _BATCH])
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _pip_download(self, parts: list[Part]) -> None:
        names = self._temporary / "download.txt"
        install_parts.write_lock(parts, names)
        sure = ("--require-hashes",) if all(part.sha256 for part in parts) else ()
        arguments = ("download", "--no-deps", *sure, "-d", str(self._folder), *self._indexes, "-r", str(names))
        code, lines = await self._pip.run(*arguments, offline=self._offline)
        if code:
            raise pip_failures.explain(lines, code)

    async def _watch(self, downloads: Downloads) -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            found = await asyncio.to_thread(install_progress.sizes_of, self._temporary)
            downloads.measured(found)
            self._progress.downloads(downloads)

    async def _ready(self, part: Part) -> Part:
        """*part* as a wheel whose hash is known."""
        if not part.is_wheel:
            part = await self._build(part)
        if not (self._folder / part.file).exists():
            reason = f"pip fetched something else than {part.file}."
            raise EngineError("A part of the engine was not found.", reason, Remedy.RETRY)
        if part.sha256:
            return part
        return replace(part, sha256=await asyncio.to_thread(_digest, self._folder / part.file))

    async def _build(self, part: Part) -> Part:
        """Make a wheel of a source archive. What that needs comes from where the person has pip look."""
        self._progress.say(f"Building {part.name} {part.version}")
        made = self._temporary / "built"
        arguments = ("wheel", "--no-deps", "-w", str(made), *self._indexes, str(self._folder / part.file))
        code, lines = await self._pip.run(*arguments, offline=self._offline)
        if code:
            raise pip_failures.explain(lines, code)
        wheel = next(made.glob("*.whl"))
        with contextlib.suppress(FileNotFoundError):
            (self._folder / wheel.name).unlink()
        wheel.rename(self._folder / wheel.name)
        return replace(part, file=wheel.name, sha256="", url="")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
