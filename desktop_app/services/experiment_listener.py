"""Who is told what happens in a run of an experiment: the protocol between `experiment_runner.py` and `compare.py`."""

from typing import Protocol

from desktop_app.domain.chat import Message
from desktop_app.domain.experiment import Cell
from desktop_app.services.compare_view import RunState


class Listener(Protocol):
    """Is told what happens in a run; all calls come on the event loop."""

    def started(self, cell: Cell) -> None:
        """A cell is RUNNING; its order, beside and provenance are set."""

    def grew(self, cell_id: int, message: Message) -> None:
        """The answer as far as it is, at most 30 times a second each, and once at its end."""

    def ended(self, cell: Cell) -> None:
        """A cell is DONE, FAILED or STOPPED, or WAITING again as the program closes; or its checks changed."""

    def column_said(self, column_id: int, words: str, failure: str) -> None:
        """What the engine of a column does, and why the column has no more answers; both empty for nothing."""

    def progress(self, state: RunState) -> None:
        """How far the run is, at most ten times a second."""
