"""The story of getting an engine: what would be installed, installing it, choosing one that exists.

Owns one `SetupState`. The welcome page, the engine page and `vllm-desktop chat` draw it and call the verbs.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from desktop_app.domain.engine import EngineEnvironment, InstallPlan, InstallProgress, InstallStep
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.machine import Machine
from desktop_app.domain.observable import Observable
from desktop_app.engine import environments
from desktop_app.paths import Paths


@dataclass(frozen=True)
class SetupState:
    """What is known of the engine's environment, and how far its installation is."""

    environment: EngineEnvironment | None = None
    plan: InstallPlan | None = None
    progress: InstallProgress | None = None
    """Set while something is being installed or proved."""
    error: UserError | None = None

    @property
    def busy(self) -> bool:
        """Whether an installation is running."""
        return self.progress is not None


class Setup:
    """Installs the engine, or takes one that is there."""

    def __init__(self, paths: Paths, machine: Callable[[], Machine]) -> None:
        self._paths = paths
        self._machine = machine
        self._running: asyncio.Task[EngineEnvironment] | None = None
        self.state = Observable(SetupState(environment=environments.remembered(paths)))

    async def look(self) -> InstallPlan:
        """Find out what an installation would need on this machine, and publish it."""
        plan = await asyncio.to_thread(self._plan)
        self._change(plan=plan)
        return plan

    async def install(self) -> bool:
        """Install the engine and prove it; True when it is there in the end. Errors are published."""
        if self.state.value.busy:
            return False
        self._change(error=None, progress=InstallProgress(InstallStep.CHECK))
        return await self._finish(asyncio.create_task(self._install()))

    async def adopt(self, path: Path) -> bool:
        """Use an environment or interpreter that has vLLM already; True when it was proved."""
        if self.state.value.busy:
            return False
        self._change(error=None, progress=InstallProgress(InstallStep.VERIFY, str(path)))
        return await self._finish(asyncio.create_task(environments.adopt(path, self._paths)))

    def cancel(self) -> None:
        """End a running installation; what is there already is kept for the next try."""
        if self._running is not None:
            self._running.cancel()

    async def shutdown(self) -> None:
        """End a running installation and wait until it has ended."""
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait([self._running])

    def dismiss_error(self) -> None:
        """Forget the last failure."""
        self._change(error=None)

    def _plan(self) -> InstallPlan:
        from desktop_app.engine import install  # noqa: PLC0415 - most starts install nothing

        return install.plan(self._paths, self._machine())

    async def _install(self) -> EngineEnvironment:
        from desktop_app.engine import install  # noqa: PLC0415

        return await install.install(await self.look(), self._paths, self._on_progress)

    async def _finish(self, running: "asyncio.Task[EngineEnvironment]") -> bool:
        self._running = running
        await asyncio.wait([running])
        self._running = None
        # A reinstallation that failed or was cancelled may have taken the old engine with it.
        environment = environments.remembered(self._paths)
        error = None if running.cancelled() else running.exception()
        if error is None or isinstance(error, UserError):
            self._change(progress=None, environment=environment, error=error)
            return not running.cancelled() and error is None
        self._change(progress=None, environment=environment, error=_fault())
        raise error

    def _on_progress(self, progress: InstallProgress) -> None:
        self._change(progress=progress)

    def _change(self, **changes: object) -> None:
        self.state.set(replace(self.state.value, **changes))  # type: ignore[arg-type]  # names are this module's own


def _fault() -> UserError:
    return UserError("Something went wrong inside this program.", "Its log says more.", Remedy.RETRY)
