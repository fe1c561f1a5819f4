"""Strengths that make the outcomes of comparisons likeliest, and how sure they are. Pure; `ratings` calls it.

The model is that of Bradley and Terry (1952, doi:10.2307/2334029): a contestant of strength π wins over one of strength
ρ with probability π / (π + ρ). With ties it is Davidson's (1970, doi:10.1080/01621459.1970.10481082): win, loss and tie
are as likely as π : ρ : ν·√(πρ). Unlike Elo's numbers, these do not depend on the order of the votes.

Intervals of 1.96 standard errors hold the truth 94 to 97 times out of 100 from ten votes of each two on when there are
three contestants or more, and from fifty when there are two; with fewer votes they are wider than they would have to be
(simulated, see `tests/domain/test_ratings.py`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_STEPS = 100
"""Newton's method takes about ten."""
_CLOSE = 1e-9
"""Of the slope, for each vote: where the maximum counts as found."""
_HALVINGS = 40
_ROUNDING = 1e-12
"""Of a likelihood, by which it may seem to fall next to the top."""

Matrix = list[list[float]]


@dataclass(frozen=True)
class Strengths:
    """The strengths that make the votes likeliest, and how sure they are."""

    values: tuple[float, ...]
    """Logarithms; their sum is 0."""
    covariance: tuple[tuple[float, ...], ...] = field(repr=False)
    """Of `values`: the inverse of the observed information."""
    tie: float = 0.0
    """Davidson's ν: two of the same strength tie ν times as often as one of them wins. 0 without ties."""

    def error(self, one: int) -> float:
        """The standard error of a strength against the average."""
        return math.sqrt(max(0.0, self.covariance[one][one]))

    def difference(self, one: int, other: int) -> tuple[float, float]:
        """How much stronger *one* is than *other*, as a logarithm, and the standard error of that."""
        spread = self.covariance
        variance = spread[one][one] + spread[other][other] - 2 * spread[one][other]
        return self.values[one] - self.values[other], math.sqrt(max(0.0, variance))


@dataclass(frozen=True)
class Tally:
    """Votes, counted: row over column."""

    wins: tuple[tuple[int, ...], ...]
    ties: tuple[tuple[int, ...], ...]
    """The same to both sides of the diagonal."""

    @property
    def size(self) -> int:
        """How many contestants there are."""
        return len(self.wins)

    @property
    def votes(self) -> int:
        """How many there are."""
        return sum(map(sum, self.wins)) + sum(map(sum, self.ties)) // 2

    def has_tie(self) -> bool:
        """Whether there is any."""
        return any(any(row) for row in self.ties)

    def among(self, some: Sequence[int]) -> "Tally":
        """Only the votes among *some* of the contestants, in that order."""
        return Tally(
            tuple(tuple(self.wins[i][j] for j in some) for i in some),
            tuple(tuple(self.ties[i][j] for j in some) for i in some),
        )


def fit(tally: Tally) -> Strengths | None:
    """The strengths that make *tally* likeliest; None when there are none, see `exists`."""
    if not exists(tally):
        return None
    point = _Point([0.0] * tally.size, 0.0 if tally.has_tie() else -math.inf)
    shape = _Shape(tally, point)
    for _ in range(_STEPS):
        if shape.steepest() <= _CLOSE * tally.votes:
            break
        point = _climbed(tally, point, *shape.step())
        shape = _Shape(tally, point)
    return Strengths(tuple(point.values), tuple(map(tuple, shape.spread())), math.exp(point.log_tie))


def exists(tally: Tally) -> bool:
    """Whether there are strengths that make *tally* likeliest, so that nobody's is endless.

    There are when the graph of wins, in which a tie counts as both, is strongly connected, and, if there are ties, has
    a closed walk of more wins than ties. For if it has none, there are strengths in which winners are at least one unit
    ahead and those that tied at most one apart; stretching these, and ν by half as much, makes the votes ever likelier,
    e.g. for one win and one tie of the same two. (The likelihood is that of a log-linear model: its maximum exists if
    and only if no direction leads up for ever; the second condition says so of the directions in which ν grows.)
    """
    if tally.size < 2 or len(groups(tally)) > 1:
        return False
    return not tally.has_tie() or _wins_in_a_circle(tally)


@dataclass(frozen=True)
class _Point:
    """Where the likelihood is looked at."""

    values: list[float]
    log_tie: float
    """The logarithm of ν; without ties −∞, where it stays."""

    def chances(self, one: int, other: int) -> tuple[float, float, float]:
        """Of a win of *one*, a win of *other*, and a tie."""
        gap = self.values[one] - self.values[other]
        top = max(abs(gap) / 2, self.log_tie)
        win, loss, tie = math.exp(gap / 2 - top), math.exp(-gap / 2 - top), math.exp(self.log_tie - top)
        total = win + loss + tie
        return win / total, loss / total, tie / total

    def moved(self, step: Sequence[float], tie_step: float, share: float) -> "_Point":
        """A share of a step further."""
        return _Point(
            [value + share * by for value, by in zip(self.values, step, strict=True)], self.log_tie + share * tie_step
        )


class _Shape:
    """Slope and curvature of the logarithm of the likelihood at a point.

    In the gap between two and in ν the model is log-linear: with x = ½, −½, 0 and z = 0, 0, 1 for win, loss and tie the
    slope is what x and z were minus what they are expected to be, the curvature is their covariance.
    """

    def __init__(self, tally: Tally, point: _Point) -> None:
        size = tally.size
        self._slope = [0.0] * size
        self._curve: Matrix = [[0.0] * size for _ in range(size)]
        self._mixed = [0.0] * size
        """Between each strength and ν."""
        self._tie_slope = self._tie_curve = 0.0
        for one, other, wins, losses, ties in _pairs(tally):
            win, loss, tie = point.chances(one, other)
            count = wins + losses + ties
            slope = (wins - losses - count * (win - loss)) / 2
            curve = count * (win + loss - (win - loss) ** 2) / 4
            mixed = -count * (win - loss) * tie / 2
            self._tie_slope += ties - count * tie
            self._tie_curve += count * tie * (1 - tie)
            for place, sign in ((one, 1), (other, -1)):
                self._slope[place] += sign * slope
                self._mixed[place] += sign * mixed
                self._curve[place][place] += curve
            self._curve[one][other] -= curve
            self._curve[other][one] -= curve

    def steepest(self) -> float:
        """The largest slope."""
        return max(abs(slope) for slope in (*self._slope, self._tie_slope))

    def spread(self) -> Matrix:
        """The covariance of the strengths, whose sum is 0, whatever ν is.

        Information about all strengths together there is none, so it is made whole along that direction, inverted, and
        the direction is taken out again.
        """
        size, per_tie = len(self._slope), 1 / self._tie_curve if self._tie_curve else 0.0
        whole = [
            [self._curve[i][j] - self._mixed[i] * self._mixed[j] * per_tie + 1 / size for j in range(size)]
            for i in range(size)
        ]
        return [[value - 1 / size for value in row] for row in _inverse(whole)]

    def step(self) -> tuple[list[float], float]:
        """Newton's, for the strengths and for the logarithm of ν."""
        per_tie = 1 / self._tie_curve if self._tie_curve else 0.0
        slope = [own - mixed * self._tie_slope * per_tie for own, mixed in zip(self._slope, self._mixed, strict=True)]
        step = [_product(row, slope) for row in self.spread()]
        return step, (self._tie_slope - _product(self._mixed, step)) * per_tie


def _climbed(tally: Tally, point: _Point, step: Sequence[float], tie_step: float) -> _Point:
    """A step further, or so much of it that it leads up: the likelihood has one top only."""
    height, share = _height(tally, point), 1.0
    height -= _ROUNDING * abs(height)
    for _ in range(_HALVINGS):
        moved = point.moved(step, tie_step, share)
        if _height(tally, moved) >= height:
            return moved
        share /= 2
    return point.moved(step, tie_step, share)


def _height(tally: Tally, point: _Point) -> float:
    """The logarithm of the likelihood."""
    total = 0.0
    for one, other, *counts in _pairs(tally):
        for count, chance in zip(counts, point.chances(one, other), strict=True):
            if count:
                total += count * math.log(chance) if chance > 0 else -math.inf
    return total


def _pairs(tally: Tally) -> Iterator[tuple[int, int, int, int, int]]:
    """Each two that were compared: both, wins of the first, wins of the second, ties."""
    for one in range(tally.size):
        for other in range(one + 1, tally.size):
            counts = tally.wins[one][other], tally.wins[other][one], tally.ties[one][other]
            if any(counts):
                yield one, other, *counts


def _inverse(matrix: Matrix) -> Matrix:
    """By elimination (Gauss and Jordan); *matrix* is positive definite."""
    size = len(matrix)
    rows = [[*row, *(1.0 if i == j else 0.0 for j in range(size))] for i, row in enumerate(matrix)]
    for place in range(size):
        best = max(range(place, size), key=lambda row: abs(rows[row][place]))
        rows[place], rows[best] = rows[best], rows[place]
        pivot = rows[place][place]
        rows[place] = [value / pivot for value in rows[place]]
        for other in range(size):
            if other != place and (factor := rows[other][place]):
                rows[other] = [value - factor * by for value, by in zip(rows[other], rows[place], strict=True)]
    return [row[size:] for row in rows]


def _product(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def groups(tally: Tally) -> list[list[int]]:
    """Contestants in groups of which everybody was, over however many others, better than or as good as all in it.

    The groups are as large as can be: the strongly connected parts of the graph, found Kosaraju's way.
    """
    above = [[j for j in range(tally.size) if tally.wins[i][j] or tally.ties[i][j]] for i in range(tally.size)]
    below = [[j for j in range(tally.size) if tally.wins[j][i] or tally.ties[j][i]] for i in range(tally.size)]
    seen, order = set[int](), list[int]()
    for start in range(tally.size):
        order += _reached(start, above, seen)
    seen = set()
    return [found for start in reversed(order) if (found := _reached(start, below, seen))]


def _reached(start: int, edges: Sequence[Sequence[int]], seen: set[int]) -> list[int]:
    """What is reached from *start* and was not in *seen*; whoever leads on comes after those that it leads to."""
    if start in seen:
        return []
    seen.add(start)
    found, path = list[int](), [(start, iter(edges[start]))]
    while path:
        place, rest = path[-1]
        following = next((one for one in rest if one not in seen), None)
        if following is None:
            found.append(place)
            path.pop()
        else:
            seen.add(following)
            path.append((following, iter(edges[following])))
    return found


def _wins_in_a_circle(tally: Tally) -> bool:
    """Whether a closed walk has more wins than ties (a circle of negative length, Bellman's and Ford's way)."""
    lengths = [0] * tally.size
    for _ in range(tally.size + 1):
        changed = False
        for one, other, wins, losses, ties in _pairs(tally):
            for start, end, won in ((one, other, wins), (other, one, losses)):
                length = -1 if won else 1
                if (won or ties) and lengths[start] + length < lengths[end]:
                    lengths[end] = lengths[start] + length
                    changed = True
        if not changed:
            return False
    return True
