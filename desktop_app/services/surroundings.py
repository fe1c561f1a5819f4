"""What else there is on this computer that concerns engines: vLLM of others, and a program that runs containers.

Looked at when the page of engines is shown; nothing of it is ever touched.
"""

import asyncio
from dataclasses import dataclass

from desktop_app.domain.observable import Observable
from desktop_app.paths import Paths


@dataclass(frozen=True)
class SurroundingsState:
    """What was seen last."""

    strangers: tuple[tuple[int, str, int], ...] = ()
    """Process id, what it calls itself and memory in bytes of each vLLM that is not ours."""
    containers: bool = False
    """Whether docker or podman is here."""


class Surroundings:
    """Looks around.

    Args:
        paths: the data folder; engines in it are ours.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self.state = Observable(SurroundingsState())

    async def look(self) -> None:
        """See what there is now, and publish it."""
        from desktop_app.engine import containers, leftovers  # noqa: PLC0415 - the window opens without them

        found = await leftovers.strangers(self._paths)
        program = await asyncio.to_thread(containers.find_program)
        others = tuple((one.pid, one.name, one.memory_bytes) for one in found)
        self.state.set(SurroundingsState(others, program is not None))
