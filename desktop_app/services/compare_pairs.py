"""Which two answers somebody is asked to compare next, so that pairs and sides come out even. Pure.

`compare_voting.py` owns a `Pairs` while somebody votes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

from desktop_app.domain.experiment import Vote

Question = tuple[int, int]
"""A prompt and a repeat."""


@dataclass(frozen=True)
class Pair:
    """Two columns' answers to one question."""

    prompt: int
    repeat: int
    left: int
    """The column whose answer is shown at the left."""
    right: int

    @property
    def key(self) -> tuple[int, int, frozenset[int]]:
        """The same for both sides."""
        return self.prompt, self.repeat, frozenset((self.left, self.right))


class Pairs:
    """Every comparison that can still be made; each at most once.

    Args:
        finished: for each question, the columns that answered it.
        votes: comparisons that were made.
        passed_over: keys of pairs that somebody did not want to compare now.
        chance: draws what is equal otherwise.
    """

    def __init__(
        self,
        finished: Mapping[Question, Iterable[int]],
        votes: Sequence[Vote],
        passed_over: Iterable[tuple[int, int, frozenset[int]]],
        chance: Random,
    ) -> None:
        self._chance = chance
        made = {Pair(vote.prompt, vote.repeat, vote.left, vote.right).key for vote in votes} | set(passed_over)
        self._left: dict[tuple[int, int], list[Question]] = {}
        """Questions that are left, by the two columns, the smaller id first."""
        for (prompt, repeat), columns in finished.items():
            for one, other in combinations(sorted(columns), 2):
                if (prompt, repeat, frozenset((one, other))) not in made:
                    self._left.setdefault((one, other), []).append((prompt, repeat))
        self._met: Counter[frozenset[int]] = Counter(frozenset((vote.left, vote.right)) for vote in votes)
        self._sides: Counter[tuple[int, int]] = Counter((vote.left, vote.right) for vote in votes)
        self._at_left: Counter[int] = Counter(vote.left for vote in votes)
        self._at_right: Counter[int] = Counter(vote.right for vote in votes)

    def __len__(self) -> int:
        return sum(map(len, self._left.values()))

    def draw(self) -> Pair | None:
        """Take out the next pair: of the two columns that met least often; None when nothing is left."""
        if not self._left:
            return None
        least = min(self._met[frozenset(columns)] for columns in self._left)
        columns = self._chance.choice(sorted(one for one in self._left if self._met[frozenset(one)] == least))
        questions = self._left[columns]
        prompt, repeat = self._take(columns, self._chance.randrange(len(questions)))
        return Pair(prompt, repeat, *self._placed(*columns))

    def take(self, pair: Pair) -> None:
        """Take out a pair that is shown in another way; nothing happens when it is not there."""
        columns = (min(pair.left, pair.right), max(pair.left, pair.right))
        questions = self._left.get(columns, [])
        if (pair.prompt, pair.repeat) in questions:
            self._take(columns, questions.index((pair.prompt, pair.repeat)))

    def voted(self, pair: Pair) -> None:
        """Count a comparison that was made."""
        self._met[frozenset((pair.left, pair.right))] += 1
        self._sides[pair.left, pair.right] += 1
        self._at_left[pair.left] += 1
        self._at_right[pair.right] += 1

    def _take(self, columns: tuple[int, int], index: int) -> Question:
        questions = self._left[columns]
        questions[index], questions[-1] = questions[-1], questions[index]
        question = questions.pop()
        if not questions:
            del self._left[columns]
        return question

    def _placed(self, one: int, other: int) -> tuple[int, int]:
        """Which of two columns stands left: first these two come out even, then each by itself, then chance."""
        lead = self._sides[one, other] - self._sides[other, one]
        if not lead:
            lead = self._lead(one) - self._lead(other)
        if not lead:
            lead = self._chance.choice((-1, 1))
        return (one, other) if lead < 0 else (other, one)

    def _lead(self, column: int) -> int:
        """How much more often a column stood left than right."""
        return self._at_left[column] - self._at_right[column]
