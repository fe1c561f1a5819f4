"""Learns how long starts take, and says how much of this one is left and whether it is stuck. `services` owns one.

Pure: times come in as seconds of a monotonic clock. What was learned is a `StartHistory`, which `store/` keeps as JSON.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from desktop_app.domain.engine import StartPhase, StartProgress
from desktop_app.domain.launch import LaunchPlan

_KEPT_ALIKE = 5
"""Starts of one model in one way that are remembered; the middle one of them is what the next is expected to take."""
_KEPT = 60
_FLOOR_UNKNOWN = 60.0
"""Seconds of silence that are normal in a phase of which nothing is known."""
_FLOOR_KNOWN = 30.0
_SLOW_PHASES = (StartPhase.READING_WEIGHTS, StartPhase.COMPILING, StartPhase.CAPTURING)
"""What a cold disk or an empty cache can make ten times longer than last time."""
_STUCK_FACTOR = 3.0
_LARGEST_SHARE = 0.99
_TRUSTED_SHARE = 0.2
"""From this share of a counted phase on, its own speed tells more than earlier starts do."""


@dataclass(frozen=True)
class StartKind:
    """What was started: starts of the same kind take about the same time."""

    model: str
    """`ModelRef.key`."""
    way: str
    """Stands for flags and variables: the same text for the same ones."""
    engine: str
    """Version, build and place of vLLM."""

    @classmethod
    def of(cls, plan: LaunchPlan) -> "StartKind":
        """The kind of a start by *plan*."""
        way = sha256(repr((sorted(plan.flags), sorted(plan.variables))).encode("utf-8", "surrogateescape"))
        environment = plan.environment
        engine = f"{environment.version} {environment.kind.name} {environment.python}"
        return cls(plan.model.key, way.hexdigest()[:16], engine)


@dataclass(frozen=True)
class StartRecord:
    """One start that became ready: how long each of its phases took, in seconds."""

    kind: StartKind
    seconds: tuple[tuple[StartPhase, float], ...]

    @property
    def total(self) -> float:
        """How long it took from the first moment to ready, in seconds."""
        return sum(taken for _, taken in self.seconds)


@dataclass(frozen=True)
class StartHistory:
    """The last starts, the oldest first."""

    records: tuple[StartRecord, ...] = ()

    def with_record(self, record: StartRecord) -> "StartHistory":
        """One more; of the same kind and altogether only the last few are kept."""
        alike = [place for place, one in enumerate(self.records) if one.kind == record.kind]
        dropped = set(alike[: max(0, len(alike) + 1 - _KEPT_ALIKE)])
        kept = [one for place, one in enumerate(self.records) if place not in dropped]
        return StartHistory((*kept, record)[-_KEPT:])

    def expectation(self, kind: StartKind) -> "Expectation":
        """What the next start of *kind* may take: as others of that kind, else of its model, else of its engine."""
        exact = [one for one in self.records if one.kind == kind]
        if exact:
            return Expectation.of(exact, first=False)
        model = [one for one in self.records if one.kind.model == kind.model]
        engine = [one for one in self.records if one.kind.engine == kind.engine]
        return Expectation.of(model[-_KEPT_ALIKE:] or engine[-_KEPT_ALIKE:], first=True)

    def as_json(self) -> list[dict[str, object]]:
        """For `from_json`."""
        return [
            {
                "model": one.kind.model,
                "way": one.kind.way,
                "engine": one.kind.engine,
                "seconds": {phase.name: round(taken, 3) for phase, taken in one.seconds},
            }
            for one in self.records
        ]

    @classmethod
    def from_json(cls, data: object) -> "StartHistory":
        """What `as_json` made; records that are not as they should be are left out."""
        read = map(_record, data if isinstance(data, list) else ())
        return cls(tuple(one for one in read if one is not None)[-_KEPT:])


def _record(data: object) -> StartRecord | None:
    if not isinstance(data, dict) or not isinstance(data.get("seconds"), dict):
        return None
    kind = [data.get(name) for name in ("model", "way", "engine")]
    names = {phase.name: phase for phase in StartPhase}
    seconds = tuple(
        (names[name], float(taken))
        for name, taken in data["seconds"].items()
        if name in names and isinstance(taken, int | float) and 0 <= taken < 1e6
    )
    if not seconds or not all(isinstance(part, str) for part in kind):
        return None
    return StartRecord(StartKind(*map(str, kind)), seconds)


@dataclass(frozen=True)
class Expectation:
    """How long the phases of a start may take, learned from others; in seconds."""

    usual: Mapping[StartPhase, float] = field(default_factory=dict)
    longest: Mapping[StartPhase, float] = field(default_factory=dict)
    first: bool = True
    """Whether this model was never started like this."""

    @classmethod
    def of(cls, records: Iterable[StartRecord], *, first: bool) -> "Expectation":
        """The middle of *records*, and the longest, phase by phase."""
        taken: dict[StartPhase, list[float]] = {}
        for record in records:
            for phase, seconds in record.seconds:
                taken.setdefault(phase, []).append(seconds)
        usual = {phase: _middle(values) for phase, values in taken.items()}
        return cls(usual, {phase: max(values) for phase, values in taken.items()}, first)

    def patience(self, phase: StartPhase) -> float:
        """After how many seconds without news *phase* seems stuck."""
        if phase not in self.longest:
            return _FLOOR_UNKNOWN
        floor = _FLOOR_UNKNOWN if self.first or phase in _SLOW_PHASES else _FLOOR_KNOWN
        return max(floor, _STUCK_FACTOR * self.longest[phase])


@dataclass(frozen=True)
class TimedProgress(StartProgress):
    """Where a start stands, with what words about its time need."""

    quiet: float = 0.0
    """Seconds since anything new was heard."""
    usual: float | None = None
    """What a start like this takes from beginning to end, in seconds; learned from others, None when there are none."""


class StartClock:
    """Follows the time of one start.

    Args:
        expected: what was learned from earlier starts, see `StartHistory.expectation`.
        phases: the phases that this start will have, in order.
        began: when it began.
    """

    def __init__(self, expected: Expectation, phases: tuple[StartPhase, ...], began: float) -> None:
        self._expected = expected
        self._began = began
        self._news = began
        self._heard = 0
        self._share = 0.0
        self._entered = began
        self._progress = StartProgress(phases[0] if phases else StartPhase.LOADING_ENGINE, phases=phases)
        self._taken: dict[StartPhase, float] = {}

    def hear(self, progress: StartProgress, heard: int, now: float) -> TimedProgress:
        """Take where the start stands and how much was heard of it (`PhaseReader.progress` and `.heard`)."""
        before = self._progress
        if progress.phase is not before.phase:
            self._taken[before.phase] = self._taken.get(before.phase, 0.0) + now - self._entered
            self._entered = now
        moved = (progress.phase, progress.done, progress.total) != (before.phase, before.done, before.total)
        if moved or heard != self._heard:
            self._news = now
        self._heard = heard
        self._progress = progress
        return self.at(now)

    def at(self, now: float) -> TimedProgress:
        """Where the start stands at *now*, when nothing more was heard."""
        progress, expected = self._progress, self._expected
        seconds = max(0.0, now - self._began)
        quiet = max(0.0, now - self._news)
        usual = self._usual()
        rest = self._rest(now) if usual is not None else None
        if rest is not None:
            share = seconds / (seconds + rest) if rest > 0 else _LARGEST_SHARE
            self._share = max(self._share, min(_LARGEST_SHARE, share))
        return TimedProgress(
            progress.phase,
            progress.done,
            progress.total,
            progress.phases,
            seconds=seconds,
            left=rest,
            share=self._share if rest is not None else None,
            first=expected.first,
            stuck=quiet > expected.patience(progress.phase),
            quiet=quiet,
            usual=usual,
        )

    def finished(self, kind: StartKind, now: float) -> StartRecord:
        """The start became ready at *now*: what is to be remembered of it."""
        taken = self._taken | {self._progress.phase: self._taken.get(self._progress.phase, 0.0) + now - self._entered}
        return StartRecord(kind, tuple((phase, round(taken[phase], 3)) for phase in StartPhase if phase in taken))

    def _usual(self) -> float | None:
        known = self._expected.usual
        return sum(known.get(phase, 0.0) for phase in self._progress.phases) if known else None

    def _rest(self, now: float) -> float:
        """Seconds still to come, as far as earlier starts tell."""
        phases, phase = self._progress.phases, self._progress.phase
        later = phases[phases.index(phase) + 1 :] if phase in phases else ()
        return self._rest_of_phase(now) + sum(self._expected.usual.get(one, 0.0) for one in later)

    def _rest_of_phase(self, now: float) -> float:
        spent = now - self._entered
        usual = self._expected.usual.get(self._progress.phase, 0.0)
        done, total = self._progress.done, self._progress.total
        if total > 1 and done / total >= _TRUSTED_SHARE:
            return spent * (total - done) / done
        return max(0.0, usual - spent)


def time_words(progress: StartProgress) -> str:
    """What to say about the time of a start, e.g. `about 14 s left`; empty when there is nothing to say."""
    quiet, usual = (progress.quiet, progress.usual) if isinstance(progress, TimedProgress) else (0.0, None)
    if progress.stuck:
        silence = f"for {_span(quiet)}" if quiet else "for long"
        return f"Seems stuck: nothing new {silence}. Look at the log, or cancel and try again."
    if progress.first:
        if usual:
            return f"First start takes longer; the next about {_span(usual)}"
        return "First start takes longer than the next ones"
    if progress.left is None:
        return ""
    if progress.left >= 1:
        return f"about {_span(progress.left)} left"
    return "almost ready" if usual and progress.seconds < usual else "a moment longer than last time"


def _span(seconds: float) -> str:
    """A time in words, e.g. `14 s` or `3 min`."""
    return f"{max(1, round(seconds))} s" if seconds < 100 else f"{round(seconds / 60)} min"


def _middle(values: list[float]) -> float:
    """The median; `statistics` takes 5 ms to import, which every window would wait for."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2
