"""Comparing the files of a model on this computer with what was published, and saying what came of it.

`services/models_care` is the only caller.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.errors import UserError
from desktop_app.domain.library import Condition, LocalModel

if TYPE_CHECKING:
    from desktop_app.hub.verify import Findings

_STEP = 0.005
"""Share of the bytes after which progress is told again: a reader of files tells it thousands of times."""
_NAMED = 3
"""Files that a sentence names."""


class Check:
    """One comparison of a model's files with their published hashes, in a thread.

    Args:
        folder: the model's.
        tell: told the share that was compared, 0…1, on the event loop.
    """

    def __init__(self, folder: Path, tell: Callable[[float], None]) -> None:
        self._folder = folder
        self._tell = tell
        self._told = 0.0
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End it soon."""
        self._stopped.set()

    async def run(self) -> "Findings":
        """Compare; what was found until it was stopped. Raises UserError."""
        from desktop_app.hub.verify import verify  # noqa: PLC0415 - no window waits for it

        loop = asyncio.get_running_loop()

        def progress(done: int, total: int) -> None:
            share = done / total if total else 0.0
            if share - self._told >= _STEP and not loop.is_closed():
                self._told = share
                loop.call_soon_threadsafe(self._tell, share)

        try:
            return await asyncio.to_thread(verify, self._folder, progress, self._stopped.is_set)
        except asyncio.CancelledError:
            self.stop()
            raise


def words(found: "Findings") -> str:
    """What a comparison found, in a sentence."""
    if found.wrong or found.missing:
        problem = damage(found)
        return f"{problem.title} {problem.reason}"
    if found.cancelled:
        return "The check was stopped before it was done."
    files = f"All {found.checked} files are" if found.checked > 1 else "Its file is"
    rest = f" Of {found.unknown} more, nothing is known." if found.unknown else ""
    return f"{files} as published.{rest}"


def damage(found: "Findings") -> UserError:
    """Why a model with such files cannot be served."""
    parts = ((found.wrong, "not as published"), (found.missing, "missing"))
    told = [f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {what}" for names, what in parts if names]
    return UserError("The model is damaged.", f"{' and '.join(told)}. A repair fetches that again.")


def with_damage(model: LocalModel, problem: UserError | None) -> LocalModel:
    """*model* as what a comparison found it to be: a look at the folder does not see wrong bytes of the right size."""
    if problem is None or model.condition is Condition.DAMAGED:
        return model
    return replace(model, condition=Condition.DAMAGED, problem=problem)


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMED
    return f"{', '.join(names[:_NAMED])} and {more} more" if more > 0 else " and ".join(names)
