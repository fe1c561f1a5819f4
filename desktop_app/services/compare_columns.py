"""What becomes of an experiment's columns when somebody changes them, and in which order they are shown. Pure.

`compare.py` and its neighbours are the callers.
"""

from collections.abc import Sequence, Set
from dataclasses import replace
from random import Random

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import MAX_COLUMNS, MIN_COLUMNS, Column, Experiment, ExperimentKind

TITLE_CHARACTERS = 200
"""The longest title of an experiment."""


def changed_columns(experiment: Experiment, wanted: Sequence[Column], answered: Set[int]) -> tuple[Column, ...]:
    """All columns that *experiment* has when *wanted* are to be shown: those first, then what is kept of the others.

    A column that has answers and is to be asked in another way becomes a new one, with id 0; the old one stays, taken
    away, with its answers. One that was taken away comes back as it was.

    Args:
        experiment: as it is.
        wanted: from left to right; new ones have id 0.
        answered: ids of the columns that have answers.
    """
    shown: list[Column] = []
    kept: set[int] = set()
    for column in wanted:
        before = experiment.column(column.id) if column.id not in kept else None
        if before is None or (before.id in answered and before.identity != column.identity):
            shown.append(replace(column, id=0, removed=False))
        else:
            kept.add(column.id)
            shown.append(replace(column, removed=False))
    return (*shown, *(replace(one, removed=True) for one in experiment.columns if one.id not in kept))


def in_order(experiment: Experiment, hidden: bool) -> tuple[Column, ...]:
    """The columns as they are shown; while names are hidden in an order drawn from the experiment's seed."""
    columns = list(experiment.shown)
    if hidden:
        # Sorted first: the order in which somebody put them must not shine through.
        columns.sort(key=lambda column: column.id)
        Random(f"columns {experiment.order_seed}").shuffle(columns)  # noqa: S311 - nobody is to be kept out
    return tuple(columns)


def title_of(kind: ExperimentKind, columns: Sequence[Column], *, blind: bool = False) -> str:
    """What an experiment is called that nobody named, e.g. `Qwen3-8B, Guide`; a blind one names nobody."""
    names = () if blind else dict.fromkeys(column.name or column.model.name for column in columns)
    return (", ".join(names) or kind.value)[:TITLE_CHARACTERS]


def is_unnamed(experiment: Experiment) -> bool:
    """Whether an experiment is called as nobody called it."""
    return experiment.title == title_of(experiment.kind, experiment.shown, blind=experiment.blind)


def too_many(columns: Sequence[Column]) -> UserError | None:
    """Why so many columns cannot be."""
    if len(columns) <= MAX_COLUMNS:
        return None
    return UserError(f"A comparison has at most {MAX_COLUMNS} columns.", "Take one away before you add another.")


def too_few(experiment: Experiment) -> UserError | None:
    """Why an experiment cannot be run with the columns that it has."""
    if len(experiment.shown) >= MIN_COLUMNS:
        return None
    words = "Add another model, or the same one with other settings; what you asked is kept until then."
    return UserError("There is nothing to compare yet.", words)
