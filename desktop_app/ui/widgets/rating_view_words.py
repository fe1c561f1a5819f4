"""Ratings in words: the figure with its interval, how a contestant fared, what votes cannot tell. Pure functions."""

from desktop_app.domain.ratings import Rating

NO_VOTES = "There are no votes yet. Compare answers without names, and say which one is better."
_READING = "Best first. The line is the range in which a rating lies, the dashes are the average."
_TOO_FEW = "That is too few for a rating: everybody has to have won and lost, or tied."
NOT_APART = "≈  The votes do not tell these two apart yet."
HOW = (
    "How it is computed: the strengths that make all votes together likeliest (Bradley and Terry's model, with ties "
    "after Davidson; “both are bad” counts as a tie). 1000 is the average of all; 400 points more are ten wins for "
    "every loss. The range in brackets holds the true value 95 times out of 100: the fewer votes, the wider it is."
)


def votes_words(votes: int, rated: bool) -> str:
    """How many votes there are, and how to read what follows; *rated* says whether they suffice for a rating."""
    return f"{_counted(votes, 'vote')}. {_READING if rated else _TOO_FEW}"


def range_words(rating: Rating) -> str:
    """E.g. `1043 (981 to 1105)`."""
    if rating.points is None:
        return "no rating yet"
    if rating.low is None or rating.high is None:
        return f"{rating.points:.0f}"
    return f"{rating.points:.0f} ({rating.low:.0f} to {rating.high:.0f})"


def counts_words(rating: Rating) -> str:
    """E.g. `24 votes: 14 wins, 3 ties, 7 losses`."""
    wins, losses = _counted(rating.wins, "win"), _counted(rating.losses, "loss", "losses")
    return f"{_counted(rating.votes, 'vote')}: {wins}, {_counted(rating.ties, 'tie')}, {losses}"


def overlap(one: Rating, other: Rating) -> bool:
    """Whether the intervals of two contestants have points in common."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low <= other.high and other.low <= one.high


def sentence(rating: Rating, settings: str) -> str:
    """What a screen reader says of a contestant."""
    told = range_words(rating) if rating.points is not None else f"no rating yet. {rating.why.rstrip('.')}"
    return f"{', '.join(filter(None, (rating.name, settings)))}: {told}. {counts_words(rating)}."


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
