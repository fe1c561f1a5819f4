"""A value that can be watched: how services tell pages what is, without knowing them.

Everything happens on one thread. A watcher is called with the present value at once and with every different value
after that; `watch()` returns the way to stop.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Observable(Generic[T]):
    """One owner sets `value`; anybody may read or watch it.

    Args:
        value: the first one.
        failed: told what a watcher raised at a change; the others hear of the change all the same. Without it whoever
            sets the value gets the exception.
    """

    def __init__(self, value: T, failed: Callable[[Exception], None] | None = None) -> None:
        self._value = value
        self._failed = failed
        self._watchers: list[Callable[[T], None]] = []

    @property
    def value(self) -> T:
        """The present value."""
        return self._value

    def set(self, value: T) -> None:
        """Publish *value*; watchers hear of it only when it differs from the last."""
        if value == self._value:
            return
        self._value = value
        # A watcher may stop watching, or start another, while it is being told.
        for watcher in list(self._watchers):
            if watcher in self._watchers:
                self._tell(watcher, value)

    def watch(self, watcher: Callable[[T], None]) -> Callable[[], None]:
        """Call *watcher* now and at every change; the returned function ends that."""
        self._watchers.append(watcher)
        watcher(self._value)

        def stop() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return stop

    def _tell(self, watcher: Callable[[T], None], value: T) -> None:
        try:
            watcher(value)
        except Exception as error:
            if self._failed is None:
                raise
            self._failed(error)
