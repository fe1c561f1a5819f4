"""The cells of one experiment in memory: heads of all of them, and of a conversation the whole answers.

`compare_desk.py` owns one. A change costs what changed, however many cells there are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from desktop_app.domain.chat import Message, MessageState
from desktop_app.domain.experiment import Cell, CellHead, CellState
from desktop_app.domain.experiment_words import snippet
from desktop_app.services.compare_mask import Key


class Cells:
    """Every cell by prompt, column and repeat.

    Args:
        heads: all of them.
        whole: the same with their answers, where answers are kept in memory.
    """

    def __init__(self, heads: Iterable[CellHead] = (), whole: Sequence[Cell] | None = None) -> None:
        self.heads: dict[Key, CellHead] = {}
        self.whole: dict[Key, Cell] = {}
        self._keeps_whole = whole is not None
        self._keys: dict[int, Key] = {}
        self._counts: Counter[tuple[int, CellState]] = Counter()
        self._writing: dict[int, Message] = {}
        self._grown: set[int] = set()
        self.add(heads)
        for cell in whole or ():
            self.whole[cell.prompt, cell.column, cell.repeat] = cell

    def add(self, heads: Iterable[CellHead]) -> None:
        """Cells that were made: they wait."""
        for head in heads:
            key = (head.prompt, head.column, head.repeat)
            self._put_head(key, head)
            if self._keeps_whole:
                self.whole[key] = Cell(head.id, *key, state=head.state)

    def key_of(self, cell_id: int) -> Key | None:
        """Where a cell stands."""
        return self._keys.get(cell_id)

    def head_of(self, cell_id: int) -> CellHead | None:
        """A cell's head."""
        key = self._keys.get(cell_id)
        return self.heads[key] if key else None

    def put(self, cell: Cell) -> Key:
        """What became of a cell."""
        key = (cell.prompt, cell.column, cell.repeat)
        self._put_head(key, head_of(cell))
        self._grown.discard(cell.id)
        if cell.state is CellState.RUNNING:
            self._writing[cell.id] = cell.answer
        else:
            self._writing.pop(cell.id, None)
        if self._keeps_whole:
            self.whole[key] = cell
        return key

    def grow(self, cell_id: int, message: Message) -> Key | None:
        """How far the answer of a cell is; its head follows with `catch_up()`."""
        key = self._keys.get(cell_id)
        if key is None or self.heads[key].state is not CellState.RUNNING:
            return None
        self._writing[cell_id] = message
        self._grown.add(cell_id)
        if self._keeps_whole:
            self.whole[key] = replace(self.whole[key], answer=message)
        return key

    def catch_up(self) -> Iterator[Key]:
        """Bring the heads of answers that have grown up to date; which ones these were."""
        for cell_id in self._grown:
            key, message = self._keys[cell_id], self._writing[cell_id]
            tokens = message.timing.answer_tokens
            self.heads[key] = replace(self.heads[key], snippet=snippet(message.text), tokens=tokens)
            yield key
        self._grown.clear()

    def writing(self, cell_id: int) -> Message | None:
        """An answer that is being written, as far as it is."""
        return self._writing.get(cell_id)

    def wait_again(self, cell_ids: Iterable[int]) -> None:
        """These are to be asked again; what they had is gone."""
        for cell_id in cell_ids:
            if key := self._keys.get(cell_id):
                self.put(Cell(cell_id, *key))

    def count(self, columns: Iterable[int], *states: CellState) -> int:
        """How many cells of *columns* are in one of *states*."""
        return sum(self._counts[column, state] for column in columns for state in states)

    def answered(self) -> frozenset[int]:
        """Columns that have been asked anything."""
        asked = (column for (column, state), count in self._counts.items() if count and state is not CellState.WAITING)
        return frozenset(asked)

    def ended_in(self, columns: Iterable[int], states: Sequence[CellState]) -> list[CellHead]:
        """The heads of cells that ended in one of *states*."""
        wanted = set(columns)
        return [head for head in self.heads.values() if head.column in wanted and head.state in states]

    def _put_head(self, key: Key, head: CellHead) -> None:
        before = self.heads.get(key)
        if before is not None:
            self._counts[before.column, before.state] -= 1
        self._counts[head.column, head.state] += 1
        self.heads[key] = head
        self._keys[head.id] = key


def head_of(cell: Cell) -> CellHead:
    """A cell without its long texts."""
    answer, timing = cell.answer, cell.answer.timing
    return CellHead(
        cell.id,
        cell.prompt,
        cell.column,
        cell.repeat,
        cell.state,
        snippet(answer.text) or snippet(answer.error),
        cell.passed,
        timing.answer_tokens,
        timing.tokens_per_second,
        timing.first_token_seconds,
        cell.memory,
        answer.state is MessageState.CUT,
        cell.beside,
    )
