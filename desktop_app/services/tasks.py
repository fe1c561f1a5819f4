"""Work that goes on by itself: started, named, referenced, and ended with the program.

`asyncio` keeps only weak references to tasks and keeps their exceptions to itself; here neither gets lost.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Tasks:
    """Every task of the program.

    Args:
        failed: told the name and the exception of a task that ended with one. Being cancelled is none.
    """

    def __init__(self, failed: Callable[[str, BaseException], None]) -> None:
        self._failed = failed
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run *work* beside everything else; after `shutdown()` it is cancelled before it begins."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._on_ended)
        if self._closed:
            task.cancel()
        return task

    @property
    def names(self) -> tuple[str, ...]:
        """What is running, sorted; for logs and tests."""
        return tuple(sorted(task.get_name() for task in self._running))

    async def shutdown(self) -> None:
        """Cancel everything and wait until it has ended; the caller itself is spared."""
        self._closed = True
        # A task that is being cancelled may start another one.
        while others := self._running - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.wait(others)

    def _on_ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(task.get_name(), error)
