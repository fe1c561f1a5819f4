"""How far a run of an experiment is, in words and figures. `experiment_course.py` keeps it up to date.

Figures are told ten times a second at most, however many cells end meanwhile.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.services.compare_view import RunState
from desktop_app.services.experiment_clock import Costs
from desktop_app.services.experiment_listener import Listener
from desktop_app.services.experiment_plan import Batch, Demand, Plan

TELL_SECONDS = 0.1

WAITS = "Waits for its turn"


class Progress:
    """Tells a listener how far a run is.

    Args:
        listener: is told.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._words = ""
        self._counted = False
        """Whether the words want the count of cells behind them."""
        self._done = 0
        self._waiting: Counter[int] = Counter()
        self._costs = Costs(1)
        self._batches: tuple[Batch, ...] = ()
        self._number = 0
        self._starts: dict[str, float | None] = {}
        """What starts of the present batch still take, by engine."""
        self._share: float | None = None
        self._said: dict[int, tuple[str, str]] = {}
        self._told: RunState | None = None
        self.stopping = False
        """Whether the run is coming to its end before its time."""

    async def tell_again_and_again(self) -> None:
        """Tell what changed, until cancelled."""
        while True:
            self.tell()
            await asyncio.sleep(TELL_SECONDS)

    def tell(self) -> None:
        """Tell how far it is, if that is new."""
        total = self._done + self._waiting.total()
        count = f", {self._done:,} of {total:,}" if self._counted and total else ""
        words = "Stopping" if self.stopping else f"{self._words}{count}"
        state = RunState(
            words, self._done, total, self._number, max(1, len(self._batches)), self._left(), self._share, self.stopping
        )
        if state != self._told:
            self._told = state
            self._listener.progress(state)

    def say(self, words: str, *, counted: bool = False) -> None:
        """What happens just now; the count of cells is put behind it when it is *counted*."""
        self.note(words, counted=counted)
        self.tell()

    def note(self, words: str, *, counted: bool = False) -> None:
        """The same, told with the next figures."""
        self._words, self._counted, self._share = words, counted, None

    def planned(self, plan: Plan, waiting: Mapping[int, int], costs: Costs) -> None:
        """The cells that wait, by column, are going to be asked like this."""
        self._batches, self._number, self._costs = plan.batches, 0, costs
        self._waiting = Counter(waiting)
        for batch in plan.batches:
            for column in batch.columns:
                self.column(column, WAITS)

    def begin(self, number: int) -> None:
        """The batch *number* begins, from 0."""
        self._number = number
        self._starts = {demand.seat.key: demand.seconds for demand in self._batches[number].demands}

    def starting(self, demand: Demand, status: EngineStatus) -> None:
        """The engine of *demand* does this while it is started."""
        progress = status.progress
        if status.stage is not EngineStage.STARTING or progress is None:
            return
        words = progress.words()
        for column in demand.columns:
            self.column(column, f"Starting: {words[0].lower()}{words[1:]}")
        self._words, self._counted, self._share = f"Starting {demand.seat.name}", False, progress.share
        if progress.left is not None:
            self._starts[demand.seat.key] = progress.left

    def ready(self, demand: Demand) -> None:
        """The engine of *demand* can be asked, or never will be."""
        self._starts[demand.seat.key] = 0.0
        self._share = None

    def column(self, column: int, words: str = "", failure: str = "") -> None:
        """What there is to say of a column."""
        if self._said.get(column) != (words, failure):
            self._said[column] = words, failure
            self._listener.column_said(column, words, failure)

    def asking(self, names: Sequence[str]) -> None:
        """These engines are asked now."""
        self.say(f"Asking {_list(names)}", counted=True)

    def ended(self, column: int, seconds: float) -> None:
        """A cell of *column* has ended; it took *seconds* when it has an answer, 0 otherwise."""
        self._done += 1
        if self._waiting[column]:
            self._waiting[column] -= 1
        if seconds:
            self._costs.learn(column, seconds)

    def put_off(self, columns: Iterable[int]) -> None:
        """These columns come later than planned."""
        for column in columns:
            self.column(column, WAITS)

    def _left(self) -> float | None:
        """Seconds that it still takes; None while that is not known."""
        if not self._batches or self.stopping:
            return None
        present, *later = self._batches[self._number :]
        starts = list(self._starts.values())
        answers = self._costs.of_answers([demand.columns for demand in present.demands], self._waiting)
        rest = self._costs.of_plan([batch.demands for batch in later], self._waiting)
        if answers is None or rest is None or None in starts:
            return None
        return answers + rest + sum(seconds or 0.0 for seconds in starts)


def _list(names: Sequence[str]) -> str:
    """Names in a row, e.g. `A, B and C`."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
