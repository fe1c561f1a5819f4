"""Installs vLLM into an environment of its own below the data folder, proves it, has it tried, and chooses it.

`services/setup` shows the plan, starts `install` as a task and cancels that task to stop it. Five phases: pip finds the
parts; they are downloaded into a wheelhouse, `engines/wheels/<key>`; pip installs them from there without a network;
every file is verified; a model is started. Each version has an environment of its own, `engines/<key>`, built where it
stays (environments cannot be moved), and one that is in use is never touched, unless it is the one to repair.

Killed in whatever phase, the next try continues: what was downloaded is kept, half a package is installed again, an
environment that is complete is only proved. Nothing is taken for an engine before it was proved, and nothing is chosen
before it was tried.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import (
    EngineCheck,
    EngineEnvironment,
    EngineKind,
    InstalledEngine,
    InstallPlan,
    InstallProgress,
    InstallStep,
)
from desktop_app.engine import (
    contents,
    environments,
    install_parts,
    install_plan,
    install_tools,
    pip_failures,
    pip_output,
    pip_settings,
    proof,
    wheel_sources,
)
from desktop_app.engine.install_download import Download
from desktop_app.engine.install_parts import Part
from desktop_app.engine.install_progress import ProgressKeeper, Unpacking
from desktop_app.engine.install_resolve import Found, Resolver
from desktop_app.paths import Paths

_POLL_SECONDS = 0.5

Try = Callable[[EngineEnvironment], Awaitable[None]]
"""Starts a model on an engine.

Raises:
    UserError: it does not start.
"""


async def install(
    plan: InstallPlan, paths: Paths, report: Callable[[InstallProgress], None], try_engine: Try
) -> EngineEnvironment:
    """Carry out *plan*; the engine is proved, tried and chosen when this returns. Cancel the task to stop it at once.

    Raises:
        EngineError: in words, with the last lines of the program that failed as details; all of them are in
            `paths.install_log`.
        UserError: what *try_engine* raised; the engine is known then, and not chosen.
    """
    try:
        with install_tools.locked(paths) as lock, install_tools.log(paths) as log:
            temporary = await asyncio.to_thread(install_tools.fresh_temporary, paths)
            tools = install_tools.Tools(paths, temporary, log, lock)
            return await _Installation(plan, paths, temporary, tools, report, try_engine).run()
    except OSError as error:
        raise install_tools.disk_error(error) from error


def remove(environment: EngineEnvironment, paths: Paths) -> int:
    """Delete an engine of ours, or forget somebody else's; the bytes that this frees. It blocks for seconds.

    Raises:
        EngineError: something is being installed at this moment, or the folder cannot be deleted.
    """
    try:
        with install_tools.locked(paths):
            return environments.remove(environment, paths)
    except OSError as error:
        raise install_tools.disk_error(error) from error


async def newest(paths: Paths, kind: EngineKind) -> str:
    """The newest version of the engine that the person's package index has. Asks it.

    Raises:
        EngineError: it does not say.
    """
    try:
        with install_tools.locked(paths) as lock, install_tools.log(paths) as log:
            temporary = await asyncio.to_thread(install_tools.fresh_temporary, paths)
            tools = install_tools.Tools(paths, temporary, log, lock)
            try:
                await tools.make()
                return await wheel_sources.newest(tools.pip.run, kind)
            finally:
                await asyncio.to_thread(shutil.rmtree, temporary)
    except OSError as error:
        raise install_tools.disk_error(error) from error


class _Installation:
    """One attempt. The lock is held and the log is open while it lives."""

    def __init__(
        self,
        plan: InstallPlan,
        paths: Paths,
        temporary: Path,
        tools: install_tools.Tools,
        report: Callable[[InstallProgress], None],
        try_engine: Try,
    ) -> None:
        self._plan = plan
        self._paths = paths
        self._temporary = temporary
        self._tools = tools
        self._pip = tools.pip
        self._try_engine = try_engine
        self._progress = ProgressKeeper(report)

    async def run(self) -> EngineEnvironment:
        reporting = asyncio.create_task(self._progress.keep_reporting())
        try:
            return await self._steps()
        finally:
            reporting.cancel()
            # Waited for, not asked: a fault in the reporting belongs to the event loop's handler, which logs it.
            await asyncio.wait([reporting])
            await asyncio.to_thread(shutil.rmtree, self._temporary)

    async def _steps(self) -> EngineEnvironment:
        self._progress.enter(InstallStep.RESOLVE)
        await asyncio.to_thread(self._check_disk)
        await asyncio.to_thread(environments.sweep, self._paths)
        environment = await (self._mend() if self._plan.repair else self._find())
        if environment is None:
            environment = await self._build()
        self._progress.enter(InstallStep.TRY, "The Guide is started on it")
        await self._try_engine(environment)
        await asyncio.to_thread(self._keep, environment, tried=True)
        await asyncio.to_thread(environments.remember, environment, self._paths)
        self._progress.done()
        return environment

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self._paths.engines).free
        needed = self._plan.disk_bytes
        if free < needed:
            reason = f"Installing needs {_gigabytes(needed)} at its fullest; {_gigabytes(free)} are free."
            raise EngineError("There is not enough room on the disk.", reason, Remedy.RETRY)

    async def _find(self) -> EngineEnvironment | None:
        """An engine that is complete already and works: an attempt was killed before its end, or it was forgotten."""
        if self._plan.offline:
            return None
        for folder in install_plan.there(self._paths, self._plan.kind, self._plan.version):
            if not contents.is_whole(contents.packages_of(folder)):
                continue
            self._progress.say("Looking whether the engine that is there works")
            try:
                environment = await proof.prove(folder / "bin" / "python", managed=True)
            except proof.BrokenEngineError as error:
                self._pip.note(f"{folder.name}: {error.sentence()}")
                continue
            self._progress.enter(InstallStep.VERIFY)
            await asyncio.to_thread(self._keep, environment)
            return environment
        return None

    async def _mend(self) -> EngineEnvironment | None:
        """Put right what is damaged in the engine to repair; None when all of it has to be installed again."""
        folder, packages = self._plan.folder, contents.packages_of(self._plan.folder)
        if not contents.distribution(packages) or not await self._tools.works(folder):
            return None
        damaged = await self._damaged(folder)
        if not damaged:
            try:
                environment = await proof.prove(folder / "bin" / "python", managed=True)
            except proof.BrokenEngineError:
                await asyncio.to_thread(self._discard)
                return None
            await asyncio.to_thread(self._keep, environment)
            return environment
        settings = await self._make_tools()
        resolver = Resolver(self._pip, self._temporary, settings, self._progress, self._tools.light)
        requirements = install_parts.installed(packages, damaged)
        found = await resolver.exactly(requirements, self._plan.kind, self._plan.version)
        await self._put_in(await self._download(found, found.parts, settings), damaged)
        return await self._verify()

    async def _build(self) -> EngineEnvironment:
        """Install all of it, or what is lacking of it."""
        settings = await self._make_tools()
        found = await self._find_parts(settings)
        parts = install_parts.fit(found.parts)
        engine = install_parts.engine(parts)
        if proof.too_old(engine.version):
            wheel_sources.requirement(self._plan.kind, engine.version.split("+")[0])
        if not self._plan.repair:
            self._plan = replace(self._plan, folder=self._paths.engines / install_parts.key(engine))
        damaged = await self._make_folder(engine)
        lacking = install_parts.missing(parts, contents.packages_of(self._plan.folder))
        wanted = tuple(part for part in parts if part in lacking or part.name in damaged)
        ready = {part.name: part for part in await self._download(found, wanted, settings)}
        listed = [ready.get(part.name, part) for part in parts]
        await asyncio.to_thread(install_parts.write_lists, listed, self._house())
        await self._put_in(tuple(ready.values()), damaged)
        return await self._verify()

    async def _make_tools(self) -> dict[str, str] | None:
        self._progress.say("Getting pip ready")
        await self._tools.make(offline=self._plan.offline is not None)
        self._progress.say("")
        return await pip_settings.read(self._pip.run)

    async def _find_parts(self, settings: dict[str, str] | None) -> Found:
        resolver = Resolver(self._pip, self._temporary, settings, self._progress, self._tools.light)
        if self._plan.offline:
            return await resolver.folder(self._plan.offline, self._plan.kind)
        for house in self._houses():
            packages = contents.packages_of(self._paths.engines / house.name)
            parts = await asyncio.to_thread(install_parts.gathered, house, packages)
            if parts:
                self._progress.say("An earlier attempt has found and downloaded them")
                return Found(parts)
        return await resolver.engine(self._plan.kind, self._plan.version)

    def _houses(self) -> Iterator[Path]:
        """Wheelhouses of attempts at the same engine, the youngest first."""
        if self._plan.repair:
            return
        names = f"vllm-{self._plan.kind.name.lower()}-{self._plan.version or '*'}"
        yield from sorted((self._paths.engines / "wheels").glob(names), key=lambda path: -path.stat().st_mtime)

    async def _make_folder(self, engine: Part) -> frozenset[str]:
        """Make the engine's environment, or take the one that is begun; the packages in it that are damaged."""
        folder = self._plan.folder
        there = contents.distribution(contents.packages_of(folder))
        if there and pip_output.project(there) != engine.name:
            # The processor build comes under two names, and one over the other would own the same files.
            await asyncio.to_thread(self._discard)
        await self._tools.make_engine(folder)
        if not any(contents.packages_of(folder).glob("*.dist-info")):
            return frozenset()
        return await self._damaged(folder)

    async def _damaged(self, folder: Path) -> frozenset[str]:
        """The packages in *folder* that are not what they should be, or that pip was killed over."""
        self._progress.say("Comparing what is there with what it should be")
        result = await environments.check(self._suspect(folder), lambda _progress: None)
        halves = (path.name.split("-")[0] for path in contents.halves(contents.packages_of(folder)))
        return frozenset(pip_output.project(name) for name in (*result.packages, *halves))

    def _suspect(self, folder: Path) -> EngineEnvironment:
        return EngineEnvironment(folder / "bin" / "python", self._plan.version, self._plan.kind, managed=True)

    async def _download(
        self, found: Found, wanted: tuple[Part, ...], settings: dict[str, str] | None
    ) -> tuple[Part, ...]:
        house = self._house()
        house.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._progress.enter(InstallStep.DOWNLOAD, "Asking how much it is")
        download = Download(house, self._temporary, self._pip, found.indexes, found.offline, settings, self._progress)
        return await download.run(wanted, found.fetched)

    async def _put_in(self, parts: tuple[Part, ...], damaged: frozenset[str]) -> None:
        """Install *parts* from the wheelhouse. From here on nobody takes the environment for an engine."""
        self._progress.enter(InstallStep.INSTALL)
        if not parts and not damaged:
            return
        folder, house = self._plan.folder, self._house()
        packages = contents.packages_of(folder)
        await asyncio.to_thread(environments.forget, self._paths, folder.name)
        await asyncio.to_thread(contents.drop, packages, damaged)
        lock = self._temporary / install_parts.LOCK
        install_parts.write_lock(parts, lock)
        offline = ("--no-index", "--find-links", str(house), "--no-deps", "--require-hashes", "-r", str(lock))
        unpacking = Unpacking({part.name: (house / part.file).stat().st_size + 100_000 for part in parts})
        watching = asyncio.create_task(self._watch(unpacking, packages))
        try:
            python = str(folder / "bin" / "python")
            code, lines = await self._pip.run("--python", python, "install", *offline, offline=True)
        finally:
            watching.cancel()
            await asyncio.wait([watching])
        if code:
            raise pip_failures.explain(lines, code)

    async def _watch(self, unpacking: Unpacking, packages: Path) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            unpacking.measured(await asyncio.to_thread(contents.in_place, packages))
            self._progress.unpacking(unpacking)

    async def _verify(self) -> EngineEnvironment:
        """Compare every file and load it; then it is an engine that is known, but not chosen."""
        self._progress.enter(InstallStep.VERIFY)
        folder, house = self._plan.folder, self._house()
        result = await environments.check(self._suspect(folder), self._progress.checked)
        if not result.passed:
            reason = "The disk may be failing, or another program changes files there. Trying again installs them anew."
            details = "\n".join((*result.bad, *result.missing))
            raise EngineError("What was installed is not what was downloaded.", reason, Remedy.RETRY, details)
        self._progress.say("Loading it")
        try:
            environment = await proof.prove(folder / "bin" / "python", managed=True)
        except proof.BrokenEngineError as error:
            # Every file is what it should be, so these packages do not fit together: look for others next time.
            await asyncio.to_thread(install_parts.forget_list, house)
            await asyncio.to_thread(self._discard)
            raise EngineError(error.title, error.reason, Remedy.RETRY, error.details) from error
        await asyncio.to_thread(self._keep, environment, result)
        await asyncio.to_thread(shutil.rmtree, house, ignore_errors=True)
        return environment

    def _keep(self, environment: EngineEnvironment, check: EngineCheck | None = None, tried: bool = False) -> None:
        """Have the engine known, with how much room it takes."""
        before = next((one for one in environments.known(self._paths) if one.environment == environment), None)
        size = before.disk_bytes if before and not check else 0
        engine = InstalledEngine(
            environment,
            chosen=False,
            disk_bytes=size or contents.tree_bytes(environment.folder),
            last_check=check or (before.last_check if before else None),
            tried=tried or bool(before and before.tried and not check),
        )
        environments.save(engine, self._paths)

    def _discard(self) -> None:
        environments.forget(self._paths, self._plan.folder.name)
        environments.discard(self._plan.folder)

    def _house(self) -> Path:
        return self._paths.engines / "wheels" / self._plan.folder.name


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
