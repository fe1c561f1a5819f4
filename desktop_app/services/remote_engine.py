"""A model of a server elsewhere: it can be talked to and watched, but not started or stopped.

Owns one `EngineStatus` and the connection; `services/serving` is its only user, and treats it like an engine of ours.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from desktop_app.domain.engine import EngineStage, EngineStatus, StartPhase, StartProgress
from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.endpoint.client import Endpoint


class RemoteEngine:
    """The way to one model of a server elsewhere.

    Args:
        model: what it serves, and its address.
        connect: opens the way; raises UserError.
    """

    def __init__(self, model: ModelRef, connect: Callable[[ModelRef], Awaitable[Endpoint]]) -> None:
        self.model = model
        self._connect = connect
        self._connecting: asyncio.Task[Endpoint] | None = None
        self.endpoint: Endpoint | None = None
        """The way to it while it is connected."""
        self.status = Observable(self._status(EngineStage.STOPPED))

    def refresh(self) -> None:
        """Nothing here depends on what is installed."""

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        status = self.status.value
        stage = EngineStage.STOPPED if status.stage is EngineStage.FAILED else status.stage
        self.status.set(replace(status, stage=stage, error=None))

    def fail(self, error: UserError) -> None:
        """Publish what is wrong; a connection goes on."""
        stage = self.status.value.stage if self.endpoint else EngineStage.FAILED
        self.status.set(replace(self.status.value, stage=stage, error=error))

    async def start(self) -> bool:
        """Connect; True when its server answers and has the model."""
        if self.endpoint is not None:
            return True
        if self._connecting is None:
            self.status.set(
                self._status(EngineStage.STARTING, StartProgress(StartPhase.OPENING, phases=(StartPhase.OPENING,)))
            )
            self._connecting = asyncio.ensure_future(self._connect(self.model))
        connecting = self._connecting
        await asyncio.wait([connecting])
        if self._connecting is connecting:
            self._connecting = None
            self._settle(connecting)
        return self.endpoint is not None

    async def stop(self, why: str = "") -> None:
        """Let go of the connection; the server goes on."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        endpoint, self.endpoint = self.endpoint, None
        if endpoint is not None:
            await endpoint.close()
        self.status.set(replace(self._status(EngineStage.STOPPED), note=why or "Disconnected. The server goes on."))

    def _settle(self, connecting: "asyncio.Task[Endpoint]") -> None:
        if connecting.cancelled():
            self.status.set(self._status(EngineStage.STOPPED))
            return
        error = connecting.exception()
        if error is None:
            self.endpoint = connecting.result()
            self.status.set(replace(self._status(EngineStage.READY), context_tokens=self.endpoint.context_tokens))
        elif isinstance(error, UserError):
            self.status.set(replace(self._status(EngineStage.FAILED), error=error))
        else:
            self.status.set(self._status(EngineStage.STOPPED))
            raise error

    def _status(self, stage: EngineStage, progress: StartProgress | None = None) -> EngineStatus:
        return EngineStatus(stage, self.model, progress, engine="a server elsewhere", address=self.model.address)
