"""What is said where there are no two answers to vote on. `vote_view` shows it, and the board does not say it twice."""

from desktop_app.domain.errors import Remedy
from desktop_app.services.compare_view import CompareState

ALL_DONE = "Every pair of answers has been compared."
NOTHING = "There are no two answers to the same question yet."


def nothing_to_vote(state: CompareState) -> bool:
    """Whether what *state* calls an error is only that there is nothing to vote on: nothing can be mended."""
    error = state.error
    return state.pair is None and error is not None and error.remedy is Remedy.NONE and not error.details


def nothing_words(state: CompareState) -> tuple[str, str]:
    """What there is instead of two answers, and what can be done."""
    if state.error is not None and nothing_to_vote(state):
        return state.error.title, state.error.reason
    return ALL_DONE if state.votes else NOTHING, ""
