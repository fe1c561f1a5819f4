"""Ratings from votes: how much better one contestant is than another, with an interval that says how sure that is."""

from dataclasses import dataclass


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
    """On the scale of Elo: 1000 is the average of all, 400 more is ten times as many wins as losses. None when the
    votes do not say: it has won or lost everything, or was never compared with some of the others."""
    low: float | None = None
    """Lower end of the interval of 95 %."""
    high: float | None = None
