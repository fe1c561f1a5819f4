"""How long a run of an experiment takes, from what its answers took so far. Pure; times in seconds.

`experiment_plan.py` asks before a run, `experiment_course.py` while it goes on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from desktop_app.domain.experiment import CellHead, CellState, Experiment, ExperimentKind, Pace

_LEARNED_FROM = 50
"""The last answers of a column that count: engines become slower or faster on the way."""


class Start(Protocol):
    """An engine and its columns; `experiment_plan.Demand` is one."""

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns that it answers for."""

    @property
    def seconds(self) -> float | None:
        """What its start takes; None when that is not known."""


@dataclass
class Costs:
    """What one answer of each column takes, and how many are written at the same time.

    Args:
        workers: questions that one engine answers at a time; 0 when the whole machine answers one.
    """

    workers: int
    _taken: dict[int, list[float]] = field(default_factory=dict)

    @classmethod
    def of(cls, experiment: Experiment, heads: Iterable[CellHead]) -> "Costs":
        """What the answers that are there took."""
        one_by_one = experiment.options.pace is Pace.ALONE
        prompts = experiment.kind is ExperimentKind.PROMPTS
        costs = cls(0 if one_by_one else experiment.options.concurrency if prompts else 1)
        for head in heads:
            if head.state is CellState.DONE and (head.first_word or head.speed):
                costs.learn(head.column, head.first_word + (head.tokens / head.speed if head.speed else 0.0))
        return costs

    def learn(self, column: int, seconds: float) -> None:
        """An answer of *column* took so long."""
        taken = self._taken.setdefault(column, [])
        taken.append(seconds)
        del taken[:-_LEARNED_FROM]

    def of_answers(self, columns: Sequence[tuple[int, ...]], waiting: Mapping[int, int]) -> float | None:
        """What the waiting cells of engines that are in memory together take; None while nothing is known.

        Args:
            columns: of each engine.
            waiting: how many cells wait, by column.
        """
        if not any(waiting.get(column) for engine in columns for column in engine):
            return 0.0
        if not self._taken:
            return None
        engines = [sum(waiting.get(column, 0) * self._one(column) for column in engine) for engine in columns]
        if not self.workers:
            return sum(engines)
        if self.workers > 1:
            return max(engines) / self.workers
        return max(waiting.get(column, 0) * self._one(column) for engine in columns for column in engine)

    def of_plan(self, batches: Sequence[Sequence[Start]], waiting: Mapping[int, int]) -> float | None:
        """What batches of engines take, one after another, with their starts; None when a part of it is not known."""
        total = 0.0
        for batch in batches:
            answers = self.of_answers([one.columns for one in batch], waiting)
            starts = [one.seconds for one in batch]
            if answers is None or None in starts:
                return None
            total += answers + sum(seconds or 0.0 for seconds in starts)
        return total

    def _one(self, column: int) -> float:
        """What an answer of *column* takes; as those of others while it has given none."""
        taken = self._taken.get(column) or [one for others in self._taken.values() for one in others]
        return sum(taken) / len(taken)
