"""An experiment of the list in words: what it compares, how far it is, what a screen reader says. Pure functions."""

from collections import Counter
from collections.abc import Iterable, Sequence

from desktop_app.domain.experiment import ExperimentHead, ExperimentKind
from desktop_app.ui.widgets.conversation_list_entries import day_words

WHAT_FOR = "Put the same words to several models, or to one model under different settings, and see what differs."
SENTENCES = {
    ExperimentKind.CONVERSATION: "Put one question to several models and read the answers next to each other.",
    ExperimentKind.PROMPTS: "Run a list of questions over all columns, unattended, with checks.",
}
"""What each kind is for."""
_NAMED = 4
"""Models that are named; more are counted."""


def models_words(names: Sequence[str]) -> str:
    """E.g. `Qwen3-8B × 2, Gemma-3`; one that stands in several columns is named once."""
    counted = [name if times == 1 else f"{name} × {times}" for name, times in Counter(names).items()]
    more = len(counted) - _NAMED
    return ", ".join(counted[:_NAMED]) + (f" and {more} more" if more > 0 else "") if counted else "no models yet"


def progress_words(head: ExperimentHead) -> str:
    """How far it is, e.g. `57 of 60 done`."""
    if not head.cells:
        return f"{head.prompts:,} questions, not run yet" if head.prompts > 1 else "nothing asked yet"
    return f"{head.done:,} of {head.cells:,} done"


def failed_words(head: ExperimentHead) -> str:
    """E.g. `3 failed`; empty for none."""
    return f"{head.failed:,} failed" if head.failed else ""


def spoken(head: ExperimentHead, now: float) -> str:
    """What a screen reader says of an experiment at Unix time *now*."""
    parts = (
        head.title,
        head.kind.value,
        "names hidden" if head.blind else "",
        models_words(head.columns),
        progress_words(head),
        failed_words(head),
        day_words(head.updated, now),
    )
    return ", ".join(filter(None, parts))


def sifted(heads: Iterable[ExperimentHead], text: str) -> tuple[ExperimentHead, ...]:
    """Those that have every word of *text* in their title, their models or their kind."""
    words = text.lower().split()
    return tuple(head for head in heads if all(word in _searched(head) for word in words))


def _searched(head: ExperimentHead) -> str:
    return "\n".join((head.title, head.kind.value, *head.columns)).lower()
