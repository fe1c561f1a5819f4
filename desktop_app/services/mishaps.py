"""Failures that nobody foresaw in work that goes on all the same: the program's log hears of each once.

What is done twice a second would fail as often, and fill the log with one and the same. `gauges` has one.
"""

import logging
from traceback import walk_tb

_logger = logging.getLogger(__name__)


class Mishaps:
    """Writes failures into the program's log: one from the same line of code once, however often it comes.

    Args:
        work: what goes on, for the log.
    """

    def __init__(self, work: str) -> None:
        self._work = work
        self._known: set[tuple[type[Exception], str, int]] = set()

    def tell(self, error: Exception) -> None:
        """Write *error* down, unless it is known."""
        kind = _kind(error)
        if kind not in self._known:
            self._known.add(kind)
            _logger.error("%s went on without what failed", self._work, exc_info=error)


def _kind(error: Exception) -> tuple[type[Exception], str, int]:
    """What it is and the line that raised it. Its words are left out: a figure in them may differ every time."""
    *_, place = ("", 0), *((frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__))
    return type(error), *place
