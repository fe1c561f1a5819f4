"""The rows of a log that can be seen: a window on the records that pass the filter, however many there are.

Qt's views lay out every row of their model again whenever one comes or goes, which takes longer than a frame for the
100,000 lines of a log. So the model has only as many rows as fit on the screen, and `log_view` moves it.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, QTimer, Signal

from desktop_app.services.engine_log import EngineLog
from desktop_app.services.log_reading import Level, Record
from desktop_app.services.log_sieve import Criteria, Sieve

_SLICE_SECONDS = 0.004
"""Sifting gives the event loop back after so long; a block that was begun is finished, 2 ms more."""
_FRAME_SECONDS = 1 / 30
"""Meanwhile those who watch are told so often."""

RECORD = int(Qt.ItemDataRole.UserRole)
"""The role under which a row gives its `Record`."""

_LINE_END = "\n"
_LEVEL_WORDS = {Level.WARNING: "Warning: ", Level.ERROR: "Error: "}

Index = QModelIndex | QPersistentModelIndex


class LogModel(QAbstractListModel):
    """Sifts a log and shows a window of what passed.

    `shown` are the records that pass the filter, `found` those of them that have the searched words.
    """

    changed = Signal()
    """There are more or fewer records, or the window shows others."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._row_height = 0
        self.log = EngineLog()
        self._stops: list[Callable[[], None]] = []
        self._awake = False
        self._rows: list[Record] = []
        self._top = 0
        self._height = 0
        self._filter = Criteria()
        self.words = ""
        """What is searched for; empty for nothing."""
        self.done = True
        """Whether everything was sifted."""
        self._told = 0.0
        self._slices = QTimer(self, singleShot=True, interval=0)
        self._slices.timeout.connect(self._on_slice_due)
        self._sift()
        # The log lives on; it must not tell somebody who is gone.
        stops = self._stops
        self.destroyed.connect(lambda: _call_all(stops))

    @property
    def count(self) -> int:
        """How many records pass the filter."""
        return self.shown.count

    @property
    def criteria(self) -> Criteria:
        """The filter."""
        return self._filter

    def show_log(self, log: EngineLog) -> None:
        """Show this one from now on, all of it."""
        if log is not self.log:
            self.log = log
            self._filter = replace(self._filter, since=0)
            # Numbers begin anew with every log: a row must not be taken for another one.
            self._resize(0)
            self._sift()
            self._listen()

    def set_awake(self, awake: bool) -> None:
        """Follow the log, or, while nobody looks, let it be."""
        if awake is not self._awake:
            self._awake = awake
            self._listen()

    def set_filter(self, criteria: Criteria) -> None:
        """Show what passes these."""
        if criteria != self._filter:
            self._filter = criteria
            self._sift()

    def search(self, words: str) -> None:
        """Look for *words* among what is shown."""
        if words != self.words:
            self.words = words
            self._sift_words()

    def set_row_height(self, pixels: int) -> None:
        """How tall a row is."""
        self._row_height = pixels

    def move_to(self, top: int, height: int) -> None:
        """Show *height* rows from position *top* on; fewer where the log ends."""
        self._top, self._height = top, height
        self._fill()

    def row_of(self, number: int) -> int:
        """The row that shows record *number*; -1 when none does."""
        return next((row for row, record in enumerate(self._rows) if record.number == number), -1)

    def record_at(self, row: int) -> Record | None:
        """The record in *row*; None below the last one."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def rowCount(self, parent: Index | None = None) -> int:
        """As many as are seen."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """A row as text, its record, or the words that a screen reader says."""
        record = self.record_at(index.row())
        if record is None:
            return None
        if role == RECORD:
            return record
        if role == Qt.ItemDataRole.DisplayRole:
            return record.line
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = f"{record.message.partition(_LINE_END)[0]} {record.cause}".rstrip()
            return f"{_LEVEL_WORDS.get(record.level, '')}{words}"
        return QSize(0, self._row_height) if role == Qt.ItemDataRole.SizeHintRole else None

    def _listen(self) -> None:
        _call_all(self._stops)
        if self._awake:
            self._stops.append(self.log.grew.watch(self._on_grew))

    def _on_grew(self, _count: int) -> None:
        # Once what is going on has come to its end: an announcement has no time for rows.
        self._slices.start()

    def _sift(self) -> None:
        self.shown = Sieve(self.log, self._filter)
        self._sift_words()

    def _sift_words(self) -> None:
        self.found = Sieve(self.log, replace(self._filter, words=self.words))
        self._slices.start()

    def _on_slice_due(self) -> None:
        deadline = time.perf_counter() + _SLICE_SECONDS
        self.done = self.shown.step(deadline) and (not self.words or self.found.step(deadline))
        if not self.done:
            self._slices.start()
        if self.done or deadline - self._told > _FRAME_SECONDS:
            self._told = deadline
            self.changed.emit()

    def _fill(self) -> None:
        """Take the records of the window; those that it showed before are known."""
        known = {record.number: record for record in self._rows}
        top = max(0, min(self._top, self.count))
        numbers = self.shown.numbers(top, min(top + self._height, self.count))
        rows = [known.get(number) or self.log.record(number) for number in numbers if number >= self.log.oldest]
        if rows == self._rows:
            return
        self._resize(len(rows))
        self._rows = rows
        if rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def _resize(self, count: int) -> None:
        have = len(self._rows)
        if count > have:
            self.beginInsertRows(QModelIndex(), have, count - 1)
            self._rows = self._rows + self._rows[:1] * (count - have) if self._rows else self._blank(count)
            self.endInsertRows()
        elif count < have:
            self.beginRemoveRows(QModelIndex(), count, have - 1)
            self._rows = self._rows[:count]
            self.endRemoveRows()

    @staticmethod
    def _blank(count: int) -> list[Record]:
        return [Record(-1, Level.OTHER, "", "", "", "")] * count


def _call_all(functions: list[Callable[[], None]]) -> None:
    while functions:
        functions.pop()()
