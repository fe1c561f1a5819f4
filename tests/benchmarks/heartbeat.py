"""How long the event loop is away: a timer that ought to fire every millisecond, and what windows share that have one.

Called by the programs that parts of the benchmarks run by path. A beat is noted by the clock and by the thread's
processor time, which does not see other programs.
"""

import asyncio
import gc
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication
from qasync import QEventLoop

_CALM_SECONDS = 2.0
_CALM = ("wall_p99_ms", "wall_p99_by_time_ms", "wall_longest_ms")


class Heartbeat:
    """Notes the time of every beat."""

    def __init__(self) -> None:
        self.wall: list[int] = []
        self.cpu: list[int] = []
        self._timer = QTimer(interval=1, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_beat)

    def start(self) -> None:
        """Beat."""
        self._timer.start()

    def stop(self) -> dict[str, float]:
        """Stop; the gaps between beats in milliseconds."""
        self._timer.stop()
        return {"beats": len(self.wall)} | _gaps("wall", self.wall) | _gaps("cpu", self.cpu)

    def _on_beat(self) -> None:
        self.wall.append(time.perf_counter_ns())
        self.cpu.append(time.thread_time_ns())


async def calm() -> dict[str, float]:
    """What the machine alone does to a timer, for two seconds before something is measured."""
    heart = Heartbeat()
    heart.start()
    await asyncio.sleep(_CALM_SECONDS)
    found = heart.stop()
    return {f"calm_{key}": found[key] for key in _CALM}


async def act_by_act(acts: Mapping[str, Callable[[], Awaitable[None]]]) -> dict[str, dict[str, float]]:
    """The gaps of each act, one after another."""
    found = {}
    for name, act in acts.items():
        heart = Heartbeat()
        heart.start()
        await act()
        found[name] = heart.stop()
    return found


async def answers(together: Callable[[], Awaitable[int]]) -> dict[str, float]:
    """The gaps while answers come, how long that takes, their characters, and the share of a core that it costs."""
    heart, start, cpu = Heartbeat(), time.perf_counter(), time.process_time()
    heart.start()
    characters = await together()
    seconds = time.perf_counter() - start
    share = (time.process_time() - cpu) / seconds
    return heart.stop() | {"seconds": round(seconds, 2), "characters": characters, "cpu": round(share, 3)}


def let_go() -> None:
    """As `bootstrap.open_window` does once everything is loaded."""
    gc.collect()
    gc.freeze()


def turn_wheel(view: QAbstractScrollArea, angle: int) -> None:
    """One notch of the mouse's wheel in the middle of *view*, in eighths of a degree."""
    middle = QPointF(view.viewport().rect().center())
    event = QWheelEvent(
        middle,
        view.viewport().mapToGlobal(middle),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def run(story: Callable[[QApplication], Coroutine[object, object, None]]) -> None:
    """Do *story* in an application of its own, and return when it is over."""
    application = QApplication([])
    with QEventLoop(application) as loop:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(story(application))


def _gaps(name: str, stamps: list[int]) -> dict[str, float]:
    """The 99th percentile of the gaps, what an event that comes at any moment meets in 99 of 100 cases, the longest."""
    found = sorted((after - before) / 1e6 for before, after in itertools.pairwise(stamps))
    total, passed, met = sum(found), 0.0, 0.0
    for met in found:
        passed += met
        if passed >= 0.99 * total:
            break
    p99 = statistics.quantiles(found, n=100)[98]
    values = {"p99_ms": p99, "p99_by_time_ms": met, "longest_ms": found[-1]}
    return {f"{name}_{key}": round(value, 2) for key, value in values.items()}
