"""One timer that lets all transcripts draw what has arrived, one of them per turn of the event loop.

`bootstrap` makes one `Pump` and every `Transcript` asks it for a turn. Four panes drawn in the same turn make the
window wait for the sum of them; one pane per turn keeps the longest wait at that of one pane.
"""

from time import perf_counter
from typing import Protocol

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer

FRAME_SECONDS = 0.033
"""A pane is drawn at most this often: 30 times a second look like a stream and leave the processor alone."""

BREATH_MILLISECONDS = 4
"""Between the turns of two panes; events of the person are handled in it."""

REST = 4
"""A pane whose turn was long waits this many times as long until the next: at most a fifth of the processor."""

CATCH_UP_REST = 1
"""The same for a pane that had more than fits into its turn, for which somebody waits: half the processor."""

LONGEST_REST = 0.5
"""Seconds. A turn that took seconds did so because the whole machine stood still; text must not stand still for it."""


def rest_after(seconds: float, *, more: bool) -> float:
    """How many seconds a pane rests whose turn took *seconds*, and which has *more* to draw or not."""
    return min((CATCH_UP_REST if more else REST) * seconds, LONGEST_REST)


class Pane(Protocol):
    """What the pump turns."""

    def flush(self) -> bool:
        """Draw a part of what has arrived; True when there is more."""


class Pump(QObject):
    """Gives turns to panes; its timer stands still while nobody has asked."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._due: dict[Pane, float] = {}
        self._rested: dict[Pane, float] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_turn)

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting for a turn."""
        return not self._due

    def request(self, pane: Pane) -> None:
        """Give *pane* a turn as soon as its rest is over; asking again before that changes nothing."""
        if pane in self._due:
            return
        self._due[pane] = self._rested.get(pane, 0.0)
        # Whoever is rested does not wait for the rest of another.
        if not self._timer.isActive() or self._timer.remainingTime() > BREATH_MILLISECONDS:
            self._wait(BREATH_MILLISECONDS)

    def forget(self, pane: Pane) -> None:
        """*pane* is going away."""
        self._due.pop(pane, None)
        self._rested.pop(pane, None)

    def _on_turn(self) -> None:
        pane = min(self._due, key=self._due.__getitem__, default=None)
        if pane is None:
            return
        now = perf_counter()
        if self._due[pane] <= now:
            del self._due[pane]
            self._turn(pane, now)
        if self._due:
            self._wait(BREATH_MILLISECONDS)

    def _turn(self, pane: Pane, start: float) -> None:
        if isinstance(pane, QObject) and not shiboken6.isValid(pane):
            self.forget(pane)
            return
        more = pane.flush()
        end = perf_counter()
        if more:
            self._rested[pane] = end + rest_after(end - start, more=True)
            self.request(pane)
        else:
            self._rested[pane] = max(start + FRAME_SECONDS, end + rest_after(end - start, more=False))

    def _wait(self, least: int) -> None:
        wait = (min(self._due.values()) - perf_counter()) * 1000
        self._timer.start(max(least, int(wait) + 1))
