"""What happened in the last hour, as marks. `services/monitor` owns one `MarkBook` and tells it what it sees."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from desktop_app.domain.alerts import Alert
from desktop_app.domain.clock import seconds_now
from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import plain_name
from desktop_app.domain.marks import Mark, MarkKind

KEPT_SECONDS = 3600.0
_MOST = 400
"""More cannot be told apart on an axis, and a loop of failing starts must not fill the memory."""
_NAMELESS = "A model"
_GATHER_SECONDS = 5.0
"""Answers of one engine that end within that time are one mark."""


class MarkBook:
    """Keeps the marks.

    Args:
        clock: `clock.seconds_now()`.
    """

    def __init__(self, clock: Callable[[], float] = seconds_now) -> None:
        self._clock = clock
        self._kept: deque[Mark] = deque(maxlen=_MOST)
        self._marks: tuple[Mark, ...] = ()
        self._engines: dict[str, EngineStatus] = {}
        """Those of the last hearing, by key."""
        self._talked = ""
        """The engine that was talked to last."""
        self._answers: dict[str, int] = {}
        """Answers of engines that ended and have no mark yet, by key."""
        self._told: dict[str, float] = {}
        """When answers of an engine were marked last."""
        self._alerts: frozenset[str] = frozenset()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All of the last hour, the oldest first; the same object as long as nothing changes."""
        oldest = self._clock() - KEPT_SECONDS
        if self._marks and self._marks[0].at < oldest:
            while self._kept and self._kept[0].at < oldest:
                self._kept.popleft()
            self._marks = tuple(self._kept)
        return self._marks

    def hear_engines(self, engines: Sequence[EngineStatus]) -> None:
        """The engines that start, run, stop or have failed."""
        before, self._engines = self._engines, {one.key: one for one in engines}
        for key in _ready(before) - _ready(self._engines):
            self._mark_answers(_name(before[key]), self._answers.pop(key, 0))
        for key, status in self._engines.items():
            was = before[key].stage if key in before else EngineStage.STOPPED
            if status.stage is not was:
                self._mark_stage(status)
        for key, status in before.items():
            if key not in self._engines and status.active:
                gone = "was stopped" if not status.address else "is not connected any more"
                self._mark(MarkKind.STOPPED, f"{_name(status)} {gone}.")

    def hear_talk(self, current: EngineStatus) -> None:
        """The engine that is talked to, whatever its state."""
        if current.stage is EngineStage.READY and current.key != self._talked:
            if self._talked:
                self._mark(MarkKind.MODEL, f"{_name(current)} is talked to.")
            self._talked = current.key

    def hear_figures(self, engines: Sequence[EngineFigures]) -> None:
        """What engines told; each figure once."""
        now = self._clock()
        for one in engines:
            count = self._answers.pop(one.key, 0) + one.finished
            if count and now - self._told.get(one.key, -_GATHER_SECONDS) >= _GATHER_SECONDS:
                self._mark_answers(plain_name(one.name, _NAMELESS), count)
                self._told[one.key] = now
            elif count:
                self._answers[one.key] = count

    def hear_alerts(self, alerts: Sequence[Alert]) -> None:
        """What is warned of now."""
        for alert in alerts:
            if alert.key not in self._alerts:
                self._mark(MarkKind.WARNING, alert.title)
        self._alerts = frozenset(alert.key for alert in alerts)

    def _mark_stage(self, status: EngineStatus) -> None:
        name = _name(status)
        if status.stage is EngineStage.STARTING and not status.address:
            self._mark(MarkKind.STARTED, f"{name} is being started.")
        elif status.stage is EngineStage.READY:
            self._mark(MarkKind.READY, f"{name} is connected." if status.address else f"{name} is ready.")
        elif status.stage is EngineStage.FAILED and status.error is not None:
            kind = MarkKind.OUT_OF_MEMORY if is_out_of_memory(status.error) else MarkKind.FAILED
            self._mark(kind, f"{name}: {status.error.title}")

    def _mark_answers(self, name: str, count: int) -> None:
        if count:
            self._mark(MarkKind.ANSWER, f"{name} finished {'an answer' if count == 1 else f'{count:,} answers'}.")

    def _mark(self, kind: MarkKind, words: str) -> None:
        self._kept.append(Mark(self._clock(), kind, words))
        self._marks = tuple(self._kept)


def _ready(engines: Mapping[str, EngineStatus]) -> set[str]:
    return {key for key, status in engines.items() if status.stage is EngineStage.READY}


def is_out_of_memory(error: UserError) -> bool:
    """Whether an engine failed for want of memory: the causes in `engine/failure_causes_memory` say so alike."""
    return error.title.startswith("Not enough ") and "memory" in error.title


def _name(status: EngineStatus) -> str:
    return plain_name(status.model.name if status.model else "", _NAMELESS)
