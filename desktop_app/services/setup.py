"""The story of getting an engine and keeping it well: installed, updated, checked, repaired, chosen, removed.

Owns one `SetupState`. The welcome page, the engine page and the terminal draw it and call the verbs. One thing is done
at a time; what is published outlives a change of page.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from desktop_app.domain import cards
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.installation import (
    CheckProgress,
    EngineEnvironment,
    InstalledEngine,
    InstallPlan,
    InstallProgress,
    InstallStep,
)
from desktop_app.domain.machine import Machine
from desktop_app.domain.observable import Observable
from desktop_app.domain.units import disk_words
from desktop_app.engine import environments
from desktop_app.paths import Paths


@dataclass(frozen=True)
class SetupState:
    """What is known of the engines, and how far the work on one of them is."""

    environment: EngineEnvironment | None = None
    """The chosen one."""
    plan: InstallPlan | None = None
    progress: InstallProgress | None = None
    """Set while something is being installed, repaired or proved."""
    error: UserError | None = None
    engines: tuple[InstalledEngine, ...] = ()
    """All of them, the newest first."""
    checking: CheckProgress | None = None
    """Set while the files of an engine are being compared."""
    repairing: str = ""
    """The key of the engine whose files are being replaced: nothing can be started on it meanwhile."""
    note: str = ""
    """A sentence about what was done last, e.g. `Removed. 2.6 GB are free again.`"""

    @property
    def busy(self) -> bool:
        """Whether something is being installed, repaired or proved."""
        return self.progress is not None

    def engine(self, key: str) -> InstalledEngine | None:
        """The engine *key*; None when it is not known."""
        return next((engine for engine in self.engines if engine.environment.key == key), None)


class Setup:
    """Looks after the engines.

    Args:
        paths: the data folder.
        machine: looks at the computer; called in a thread.
        try_engine: starts a model on a new engine before it is chosen; raises `UserError`.
        in_use: whether a model runs on an engine at this moment.
    """

    def __init__(
        self,
        paths: Paths,
        machine: Callable[[], Machine],
        try_engine: Callable[[EngineEnvironment], Awaitable[None]],
        in_use: Callable[[EngineEnvironment], bool],
    ) -> None:
        self._paths = paths
        self._machine = machine
        self._try_engine = try_engine
        self._in_use = in_use
        self._running: asyncio.Task[str] | None = None
        self.state = Observable(
            SetupState(environment=environments.remembered(paths), engines=environments.known(paths))
        )

    async def look(self) -> InstallPlan:
        """Find out what an installation would need on this machine and what the engines take, and publish it."""
        plan = await asyncio.to_thread(self._plan, "", None)
        self._change(plan=plan)
        await asyncio.to_thread(self._measure)
        self._refresh()
        return plan

    async def install(self, version: str = "") -> bool:
        """Install the engine beside those that are there, have it tried, and choose it; True when all of that is done.

        Errors are published, as with every verb.
        """
        return await self._work(self._install(version, None))

    async def install_from(self, folder: Path) -> bool:
        """The same from a folder of packages, without a network."""
        return await self._work(self._install("", folder))

    async def update(self) -> bool:
        """Ask the package index for a newer vLLM and install it beside the present one; the network is asked here only.

        True when there is a newer one and it was installed.
        """
        before = self.state.value.environment
        return await self._work(self._update()) and self.state.value.environment != before

    async def repair(self, key: str) -> bool:
        """Compare every file of an engine of ours, install again what is damaged, have it tried, and choose it."""
        engine = self._free(key, "repaired")
        return engine is not None and await self._work(self._repair(engine.environment))

    async def check(self, key: str) -> bool:
        """Compare every file of an engine with what its packages say; True when all are as they should be."""
        engine = self.state.value.engine(key)
        if engine is None or self._occupied:
            return False
        self._change(error=None, note="", checking=CheckProgress(key))
        return await self._finish(asyncio.create_task(self._check(engine)))

    async def choose(self, key: str) -> bool:
        """Use an engine that is known from now on; one that was never tried is tried first."""
        engine = self.state.value.engine(key)
        return engine is not None and await self._work(self._choose(engine), InstallStep.TRY)

    async def remove(self, key: str) -> bool:
        """Delete an engine of ours, or forget somebody else's; not while a model runs on it."""
        engine = self._free(key, "removed")
        return engine is not None and await self._work(self._remove(engine.environment), InstallStep.VERIFY)

    async def adopt(self, path: Path) -> bool:
        """Use an environment or interpreter that has vLLM already; True when it was proved."""
        return await self._work(self._adopt(path), InstallStep.VERIFY)

    async def add_container(self, image: str, pull: bool = False) -> bool:
        """Use vLLM in a container's image; *pull* fetches an image that is not here, otherwise nothing is fetched."""
        return await self._work(self._add_container(image.strip(), pull), InstallStep.VERIFY)

    def cancel(self) -> None:
        """End what is being done; what is there already is kept for the next try."""
        if self._running is not None:
            self._running.cancel()

    async def shutdown(self) -> None:
        """End what is being done and wait until it has ended."""
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait([self._running])

    def dismiss_error(self) -> None:
        """Forget the last failure."""
        self._change(error=None)

    @property
    def _occupied(self) -> bool:
        return self._running is not None or self.state.value.busy or self.state.value.checking is not None

    def _free(self, key: str, what: str) -> InstalledEngine | None:
        """The engine *key*, unless a model runs on it, which is told."""
        engine = self.state.value.engine(key)
        if engine is None or self._occupied:
            return None
        if self._in_use(engine.environment):
            reason = f"Stop the model that runs on {engine.environment.name}, then try again."
            self._change(error=UserError(f"An engine in use cannot be {what}.", reason), note="")
            return None
        return engine

    async def _work(self, story: Coroutine[Any, Any, str], step: InstallStep = InstallStep.RESOLVE) -> bool:
        """Run *story* to its end, which gives the note; one at a time."""
        if self._occupied:
            story.close()
            return False
        self._change(error=None, note="", progress=InstallProgress(step))
        return await self._finish(asyncio.create_task(story))

    async def _finish(self, running: "asyncio.Task[str]") -> bool:
        self._running = running
        await asyncio.wait([running])
        self._running = None
        error = None if running.cancelled() else running.exception()
        told = error if error is None or isinstance(error, UserError) else _fault()
        note = "" if running.cancelled() or error else running.result()
        self._refresh(progress=None, checking=None, repairing="", error=told, note=note)
        if error is not None and told is not error:
            raise error
        return not running.cancelled() and error is None

    def _plan(self, version: str, offline: Path | None) -> InstallPlan:
        from desktop_app.engine import install_plan  # noqa: PLC0415 - most starts install nothing

        return install_plan.plan(self._paths, self._machine(), version, offline)

    async def _install(self, version: str, offline: Path | None) -> str:
        plan = await asyncio.to_thread(self._plan, version, offline)
        self._change(plan=plan)
        return await self._carry_out(plan)

    async def _carry_out(self, plan: InstallPlan) -> str:
        from desktop_app.engine import install  # noqa: PLC0415

        environment = await install.install(plan, self._paths, self._on_progress, self._try_engine)
        return f"{environment.name} is ready."

    async def _update(self) -> str:
        from desktop_app.engine import install, wheel_sources  # noqa: PLC0415

        plan = await asyncio.to_thread(self._plan, "", None)
        self._change(plan=plan, progress=InstallProgress(InstallStep.RESOLVE, "Asking for the newest version"))
        newest = await install.newest(self._paths, plan.kind)
        present = [engine.environment.version for engine in self.state.value.engines if engine.environment.managed]
        if any(wheel_sources.release(version) >= wheel_sources.release(newest) for version in present):
            return f"There is no newer vLLM than {max(present, key=wheel_sources.release)}, which is installed."
        return await self._install(newest, None)

    async def _repair(self, environment: EngineEnvironment) -> str:
        from desktop_app.engine import install_plan  # noqa: PLC0415

        if not environments.is_ours(environment, self._paths):
            reason = "This program repairs only engines that it has installed itself."
            raise UserError("This engine cannot be repaired from here.", reason)
        self._change(repairing=environment.key)
        plan = await asyncio.to_thread(lambda: install_plan.repair_plan(self._paths, self._machine(), environment))
        return await self._carry_out(plan)

    async def _check(self, engine: InstalledEngine) -> str:
        result = await environments.check(engine.environment, lambda progress: self._change(checking=progress))
        await asyncio.to_thread(environments.save, replace(engine, last_check=result), self._paths)
        if not result.passed:
            remedy = Remedy.ENGINES
            details = "\n".join((*result.bad, *result.missing))
            raise UserError(f"{engine.environment.name} is damaged.", result.words(), remedy, details)
        return result.words()

    async def _choose(self, engine: InstalledEngine) -> str:
        if not engine.tried:
            self._change(progress=InstallProgress(InstallStep.TRY, "The Guide is started on it"))
            await self._try_engine(engine.environment)
            await asyncio.to_thread(environments.save, replace(engine, tried=True), self._paths)
        await asyncio.to_thread(environments.remember, engine.environment, self._paths)
        return f"{engine.environment.name} is used from the next start on."

    async def _remove(self, environment: EngineEnvironment) -> str:
        self._change(progress=InstallProgress(InstallStep.VERIFY, f"Removing {environment.name}"))
        freed = await asyncio.to_thread(self._remove_now, environment)
        if not freed:
            return f"{environment.name} is forgotten. Nothing was deleted."
        return f"Removed. {disk_words(freed)} are free again."

    def _remove_now(self, environment: EngineEnvironment) -> int:
        from desktop_app.engine import install  # noqa: PLC0415

        freed = install.remove(environment, self._paths)
        left = [one.environment for one in environments.known(self._paths) if one.tried]
        if left and environments.remembered(self._paths) is None:
            environments.remember(left[0], self._paths)
        return freed

    async def _adopt(self, path: Path) -> str:
        self._change(progress=InstallProgress(InstallStep.VERIFY, str(path)))
        environment = await environments.adopt(path, self._paths)
        return f"{environment.name} is used from the next start on."

    async def _add_container(self, image: str, pull: bool) -> str:
        from desktop_app.engine import containers  # noqa: PLC0415

        program = containers.find_program()
        if program is None:
            reason = "Containers are run by docker or podman. Install one of them, then try again."
            raise UserError("Neither docker nor podman is on this computer.", reason)
        machine = await asyncio.to_thread(self._machine)
        self._say(image)
        if not await containers.present(program, image):
            if not pull:
                reason = f"Nothing is fetched unasked. Fetch it here, or with `{program.name} pull {image}`."
                raise UserError(f"The image {image} is not on this computer.", reason)
            await containers.pull(program, image, self._say)
        self._say(f"Loading vLLM in {image}")
        environment = await containers.prove(program, image, card=cards.first_usable(machine.gpus) is not None)
        await asyncio.to_thread(environments.remember, environment, self._paths)
        return f"{environment.name} is used from the next start on."

    def _say(self, text: str) -> None:
        self._change(progress=InstallProgress(InstallStep.VERIFY, text))

    def _measure(self) -> None:
        """Find out how much room engines take that nobody has measured: those from before there were several."""
        from desktop_app.engine import contents  # noqa: PLC0415

        for engine in environments.known(self._paths):
            if not engine.disk_bytes and environments.is_ours(engine.environment, self._paths):
                size = contents.tree_bytes(engine.environment.folder)
                environments.save(replace(engine, disk_bytes=size), self._paths)

    def _on_progress(self, progress: InstallProgress) -> None:
        self._change(progress=progress)

    def _refresh(self, **changes: object) -> None:
        """Publish what is on the disk now: a repair that failed or was cancelled may have taken an engine with it."""
        environment, engines = environments.remembered(self._paths), environments.known(self._paths)
        self._change(environment=environment, engines=engines, **changes)

    def _change(self, **changes: object) -> None:
        self.state.set(replace(self.state.value, **changes))  # type: ignore[arg-type]  # names are this module's own


def _fault() -> UserError:
    return UserError("Something went wrong inside this program.", "Its log says more.", Remedy.RETRY)
