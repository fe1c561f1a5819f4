"""The prompts of an experiment as rows. Called by `experiments.py`, inside a transaction of `database.py`.

A prompt that has answers stays what it was when it was answered. Which answer all columns go on from is only written by
`carry()`: whoever adds prompts or puts others in their place says nothing about answers.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import MAX_PROMPTS, Column, Prompt
from desktop_app.store.cleaning import clean
from desktop_app.store.experiments_json import decode_checks, encode_checks
from desktop_app.store.experiments_rows import ANSWERED, numbered

_QUOTED = 60
"""Characters of a question that a sentence about it quotes."""


def read(db: sqlite3.Connection, experiment: int, beyond: int = 0) -> tuple[Prompt, ...]:
    """The prompts with a number above *beyond*, in their order."""
    cursor = db.cursor()
    cursor.row_factory = None
    rows = cursor.execute(
        "SELECT id, text, reference, column_id, checks, name, carried FROM experiment_prompts"
        " WHERE experiment = ? AND id > ? ORDER BY place, id",
        (experiment, beyond),
    )
    return tuple(
        Prompt(number, text, reference, column, decode_checks(checks), name, carried)
        for number, text, reference, column, checks, name, carried in rows
    )


def follow_columns(prompts: Sequence[Prompt], columns: Sequence[Column]) -> list[Prompt]:
    """Prompts for an experiment whose *columns* get the numbers 1, 2, …: those for one column follow theirs.

    A column's number may also be 0 already, then its prompts call it by its place.
    """
    numbers = {column.id or place: place for place, column in enumerate(columns, 1)}
    return [one if one.column is None else replace(one, column=numbers[one.column]) for one in prompts]


def add(db: sqlite3.Connection, experiment: int, prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """Put prompts behind those that are there; returns them with their numbers.

    Raises:
        UserError: the experiment is gone, or would have too many.
    """
    count, place, last = db.execute(
        "SELECT count(*), coalesce(max(place) + 1, 0), coalesce(max(id), 0) FROM experiment_prompts"
        " WHERE experiment = ?",
        (experiment,),
    ).fetchone()
    _refuse_too_many(count + len(prompts))
    numbers = numbered(db, experiment, "next_prompt", [0] * len(prompts), ())
    _write(db, experiment, prompts, numbers, place)
    return read(db, experiment, beyond=last) if prompts else ()


def replace_all(db: sqlite3.Connection, experiment: int, prompts: Sequence[Prompt]) -> None:
    """Make *prompts* those of an experiment; cells of others, and cells that are no longer wanted, go.

    Raises:
        UserError: one that has answers would go or become another, or there are too many; nothing is changed.
    """
    _refuse_too_many(len(prompts))
    known = {prompt.id: prompt for prompt in read(db, experiment)}
    numbers = numbered(db, experiment, "next_prompt", [prompt.id for prompt in prompts], known)
    kept = dict(zip(numbers, prompts, strict=True))
    for number in _answered(db, experiment):
        _refuse_other_question(known[number], kept.get(number))
    gone = [(experiment, number) for number in known.keys() - kept.keys()]
    db.executemany("DELETE FROM cells WHERE experiment = ? AND prompt = ?", gone)
    db.executemany("DELETE FROM experiment_prompts WHERE experiment = ? AND id = ?", gone)
    _write(db, experiment, prompts, numbers, 0)
    db.execute(
        f"DELETE FROM cells WHERE experiment = ? AND NOT {ANSWERED} AND column_id <>"  # noqa: S608
        " (SELECT column_id FROM experiment_prompts p WHERE p.experiment = cells.experiment AND p.id = prompt)",
        (experiment,),
    )


def carry(db: sqlite3.Connection, experiment: int, prompt: int, column: int | None) -> None:
    """Have all columns go on from the answer of *column* to a prompt; None for each from its own."""
    statement = "UPDATE experiment_prompts SET carried = ? WHERE experiment = ? AND id = ?"
    db.execute(statement, (column, experiment, prompt))


def _answered(db: sqlite3.Connection, experiment: int) -> list[int]:
    rows = db.execute(f"SELECT DISTINCT prompt FROM cells WHERE experiment = ? AND {ANSWERED}", (experiment,))  # noqa: S608
    return [row["prompt"] for row in rows]


def _write(
    db: sqlite3.Connection, experiment: int, prompts: Sequence[Prompt], numbers: Sequence[int], place: int
) -> None:
    db.executemany(
        "INSERT INTO experiment_prompts (experiment, id, place, column_id, name, checks, reference, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (experiment, id) DO UPDATE SET place = excluded.place,"
        " column_id = excluded.column_id, name = excluded.name, checks = excluded.checks,"
        " reference = excluded.reference, text = excluded.text",
        [
            (
                experiment,
                number,
                place + offset,
                prompt.column,
                clean(prompt.name),
                encode_checks(prompt.checks),
                clean(prompt.reference),
                clean(prompt.text),
            )
            for offset, (number, prompt) in enumerate(zip(numbers, prompts, strict=True))
        ],
    )


def _refuse_too_many(count: int) -> None:
    if count > MAX_PROMPTS:
        raise UserError(
            "These are too many questions for one experiment.",
            f"They would be {count:,}; an experiment holds up to {MAX_PROMPTS:,}. Make a second one of the rest.",
        )


def _refuse_other_question(before: Prompt, after: Prompt | None) -> None:
    if after is not None and (clean(after.text), after.column) == (before.text, before.column):
        return
    words = " ".join(before.text[: 2 * _QUOTED].split())
    quoted = words if len(words) <= _QUOTED else f"{words[:_QUOTED].rstrip()}…"
    raise UserError(
        f"A question that has answers cannot be {'changed' if after else 'taken away'}.",
        f"“{quoted}” was answered. Duplicate the experiment to go on with other questions.",
    )
