"""Ratings from votes: how much better one contestant is than another, with an interval that says how sure that is.

`services/compare_voting.py` rates one experiment with them, `services/experiments.py` all together. The strengths
behind them stand in `strengths`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from desktop_app.domain.experiment import Verdict, Vote
from desktop_app.domain.strengths import Strengths, Tally, exists, fit, groups

AVERAGE = 1000.0
"""Points of the average contestant."""
POINTS = 400 / math.log(10)
"""Points for each unit of the logarithm of a strength: Elo's scale, where 400 more is ten times as strong."""
DEVIATIONS = 1.959964
"""Standard errors to either side of a value that hold the truth 95 times out of 100."""


@dataclass(frozen=True)
class Rating:
    """What the votes say of one contestant."""

    identity: str
    name: str
    votes: int
    """Comparisons that it took part in."""
    wins: int
    losses: int
    ties: int
    """Also those where both were bad."""
    points: float | None = None
    """On the scale of Elo: 1000 is the average of all that have points, 400 more is ten times as many wins as losses.
    None when the votes do not say: it has won or lost everything, or was never compared with some of the others."""
    low: float | None = None
    """Lower end of the interval of 95 %."""
    high: float | None = None
    why: str = ""
    """Why there are no points, as a sentence; empty when there are."""


def ratings(votes: Sequence[Vote]) -> tuple[Rating, ...]:
    """Everybody who took part, best first; those that cannot be rated come last.

    Votes of several experiments can be mixed: contestants are told apart by their identity.

    Strengths can be told within a group of which everybody was, over however many others, both better and worse than
    everybody else in it, or as good (Ford 1957, doi:10.2307/2308513). The largest such group is rated, by the votes
    within it; from the others it is endlessly far away, or nobody knows how far.
    """
    counted = [vote for vote in votes if vote.left_identity != vote.right_identity]
    names = _names(counted)
    tally = _tally(counted, list(names))
    group = _rated_group(tally)
    strengths = fit(tally.among(group)) if group else None
    found = list[Rating]()
    for index, (identity, name) in enumerate(names.items()):
        wins, losses, ties = sum(tally.wins[index]), sum(row[index] for row in tally.wins), sum(tally.ties[index])
        rating = Rating(identity, name, wins + losses + ties, wins, losses, ties)
        if strengths and index in group:
            found.append(_pointed(rating, strengths, group.index(index)))
        else:
            found.append(replace(rating, why=_why(rating)))
    return tuple(sorted(found, key=_rank))


def _names(votes: Sequence[Vote]) -> dict[str, str]:
    """Of every identity the name that it was last called by."""
    names = dict[str, str]()
    for vote in votes:
        for identity, name in ((vote.left_identity, vote.left_name), (vote.right_identity, vote.right_name)):
            names[identity] = name or names.get(identity, "")
    return names


def _tally(votes: Sequence[Vote], identities: Sequence[str]) -> Tally:
    places = {identity: place for place, identity in enumerate(identities)}
    wins = [[0] * len(places) for _ in places]
    ties = [[0] * len(places) for _ in places]
    for vote in votes:
        left, right = places[vote.left_identity], places[vote.right_identity]
        if vote.verdict is Verdict.LEFT:
            wins[left][right] += 1
        elif vote.verdict is Verdict.RIGHT:
            wins[right][left] += 1
        else:
            ties[left][right] += 1
            ties[right][left] += 1
    return Tally(tuple(map(tuple, wins)), tuple(map(tuple, ties)))


def _rated_group(tally: Tally) -> list[int]:
    """The largest group whose strengths exist, of several the one with most votes; empty for none."""
    able = [group for group in groups(tally) if exists(tally.among(group))]
    return max(able, key=lambda group: (len(group), tally.among(group).votes), default=[])


def _pointed(rating: Rating, strengths: Strengths, place: int) -> Rating:
    points, reach = AVERAGE + POINTS * strengths.values[place], POINTS * DEVIATIONS * strengths.error(place)
    return replace(rating, points=points, low=points - reach, high=points + reach)


def _why(rating: Rating) -> str:
    """Why a contestant cannot be rated."""
    if not rating.wins and not rating.losses:
        return "All its comparisons were ties so far."
    if not rating.losses:
        return "It has not lost yet, so nobody can tell how much better it is."
    if not rating.wins:
        return "It has not won yet, so nobody can tell how much worse it is."
    return "It was compared too little with the others to tell how far it is from them."


def _rank(rating: Rating) -> tuple[bool, float, str, str]:
    """Sorts the best first, those without points last."""
    unrated = rating.points is None
    value = (rating.wins - rating.losses) / rating.votes if rating.points is None else rating.points
    return unrated, -value, rating.name, rating.identity
