"""Publishing at most so and so often: many changes become one. `compare_stage.py` has one for each thing it says."""

import asyncio
from collections.abc import Callable


class Beat:
    """Calls *publish* soon after something changed, but not more often than every *seconds*.

    Args:
        seconds: between two calls, at least.
        publish: says what is.
    """

    def __init__(self, seconds: float, publish: Callable[[], None]) -> None:
        self._seconds = seconds
        self._publish = publish
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def soon(self) -> None:
        """Something changed that can wait for its turn."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, self._last + self._seconds - loop.time()), self.now)

    def now(self) -> None:
        """Something changed that a person waits for."""
        self.stop()
        self._last = asyncio.get_running_loop().time()
        self._publish()

    def stop(self) -> None:
        """Nobody is to be told any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
