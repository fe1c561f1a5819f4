"""Experiments and their columns as rows. Called by `experiments.py`.

A column that has answers stays what it was when it gave them: one that is changed becomes a new column. Everything here
runs inside a transaction of `database.py`, on its thread.
"""

import itertools
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Column, Experiment, ExperimentHead, ExperimentKind
from desktop_app.store.cleaning import clean
from desktop_app.store.experiments_json import decode_column, decode_options, encode_column, encode_options

ANSWERED = "(state IN ('running', 'done', 'stopped') OR (state = 'failed' AND characters > 0))"
"""Whether a cell has an answer or a part of one, which must not lose its question."""

_NEXT_TOUCH = "(SELECT coalesce(max(touched), 0) + 1 FROM experiments)"
_KINDS = {kind.name.lower(): kind for kind in ExperimentKind}
_NO_COUNTS = (0, 0, 0)


def listed(db: sqlite3.Connection) -> tuple[ExperimentHead, ...]:
    """Every experiment that is not deleted, the one changed last first; cells of removed columns do not count."""
    shown: dict[int, list[Column]] = {}
    for row in db.execute("SELECT * FROM experiment_columns WHERE NOT removed ORDER BY experiment, place, id"):
        shown.setdefault(row["experiment"], []).append(_column(row))
    prompts = dict(map(tuple, db.execute("SELECT experiment, count(*) FROM experiment_prompts GROUP BY experiment")))
    counts = {
        row["experiment"]: (row["done"], row["cells"], row["failed"])
        for row in db.execute(
            "SELECT experiment, sum(state = 'done') AS done, count(*) AS cells, sum(state = 'failed') AS failed"
            " FROM cells WHERE NOT EXISTS (SELECT 1 FROM experiment_columns c"
            " WHERE c.experiment = cells.experiment AND c.id = cells.column_id AND c.removed) GROUP BY experiment"
        )
    }
    return tuple(
        ExperimentHead(
            row["id"],
            row["title"],
            _kind(row),
            row["updated"],
            tuple(column.name or column.model.name for column in shown.get(row["id"], ())),
            prompts.get(row["id"], 0),
            *counts.get(row["id"], _NO_COUNTS),
            blind=bool(row["blind"]),
        )
        for row in db.execute("SELECT * FROM experiments WHERE deleted IS NULL ORDER BY touched DESC")
    )


def read(db: sqlite3.Connection, experiment: int) -> Experiment:
    """An experiment without its prompts.

    Raises:
        UserError: there is none with this id.
    """
    row = db.execute("SELECT * FROM experiments WHERE id = ?", (experiment,)).fetchone()
    if row is None:
        raise _gone()
    return Experiment(
        row["id"],
        row["title"],
        _kind(row),
        columns(db, experiment),
        (),
        decode_options(row["options"]),
        row["created"],
        row["updated"],
        row["order_seed"],
        bool(row["blind"]),
    )


def columns(db: sqlite3.Connection, experiment: int) -> tuple[Column, ...]:
    """All columns, removed ones too, from left to right."""
    rows = db.execute("SELECT * FROM experiment_columns WHERE experiment = ? ORDER BY place, id", (experiment,))
    return tuple(map(_column, rows))


def insert(db: sqlite3.Connection, experiment: Experiment, now: float) -> int:
    """A new experiment with its columns, which get the numbers 1, 2, …, and without prompts; returns its id."""
    cursor = db.execute(
        "INSERT INTO experiments (title, kind, options, created, updated, order_seed, blind, touched)"  # noqa: S608
        f" VALUES (?, ?, ?, ?, ?, ?, ?, {_NEXT_TOUCH})",
        (
            clean(experiment.title),
            experiment.kind.name.lower(),
            encode_options(experiment.options),
            experiment.created or now,
            now,
            experiment.order_seed,
            experiment.blind,
        ),
    )
    made = int(cursor.lastrowid or 0)
    first = _take(db, made, "next_column", len(experiment.columns))
    _write_columns(db, made, [replace(one, id=number) for number, one in enumerate(experiment.columns, first)])
    return made


def update(db: sqlite3.Connection, experiment: Experiment) -> None:
    """Write everything but the prompts; cells that wait and are no longer wanted go."""
    db.execute(
        "UPDATE experiments SET title = ?, options = ?, order_seed = ?, blind = ? WHERE id = ?",
        (
            clean(experiment.title),
            encode_options(experiment.options),
            experiment.order_seed,
            experiment.blind,
            experiment.id,
        ),
    )
    _set_columns(db, experiment.id, experiment.columns)
    db.execute(
        "DELETE FROM cells WHERE experiment = ? AND state = 'waiting' AND (repeat >= ? OR column_id IN"
        " (SELECT id FROM experiment_columns WHERE experiment = cells.experiment AND removed))",
        (experiment.id, experiment.options.repeats),
    )
    db.execute(
        "DELETE FROM experiment_columns AS c WHERE experiment = ? AND removed"
        " AND NOT EXISTS (SELECT 1 FROM cells WHERE experiment = c.experiment AND column_id = c.id)"
        " AND NOT EXISTS"
        " (SELECT 1 FROM experiment_prompts WHERE experiment = c.experiment AND c.id IN (column_id, carried))"
        " AND NOT EXISTS (SELECT 1 FROM votes WHERE experiment = c.experiment AND c.id IN (left_column, right_column))",
        (experiment.id,),
    )


def touch(db: sqlite3.Connection, experiment: int, now: float) -> None:
    """Put an experiment at the top of the list.

    Raises:
        UserError: it is gone.
    """
    statement = f"UPDATE experiments SET updated = ?, touched = {_NEXT_TOUCH} WHERE id = ?"  # noqa: S608
    if not db.execute(statement, (now, experiment)).rowcount:
        raise _gone()


def next_order(db: sqlite3.Connection, experiment: int) -> int:
    """The how-manieth question of its experiment the next one is, from 1; no number is given twice.

    Raises:
        UserError: the experiment is gone.
    """
    return _take(db, experiment, "asked", 1) + 1


def remove_deleted_before(db: sqlite3.Connection, limit: float) -> int:
    """Remove for good what was deleted before *limit* (Unix time, seconds); returns how many experiments."""
    removed = db.execute("DELETE FROM experiments WHERE deleted < ?", (limit,)).rowcount
    if removed:
        db.execute(
            "DELETE FROM provenances WHERE id NOT IN (SELECT provenance FROM cells WHERE provenance IS NOT NULL)"
        )
    return removed


def numbered(
    db: sqlite3.Connection, experiment: int, counter: str, wanted: Sequence[int], known: Collection[int]
) -> list[int]:
    """For each of *wanted* itself where it is *known* and comes for the first time, else a number never given before.

    Args:
        db: the database.
        experiment: in which the numbers are.
        counter: the column of `experiments` that knows the next number.
        wanted: numbers, 0 for what is new.
        known: numbers that are in use.
    """
    kept = [one if one in known else 0 for one in wanted]
    first_places = {one: place for place, one in reversed(list(enumerate(kept)))}
    once = [one if first_places[one] == place else 0 for place, one in enumerate(kept)]
    fresh = itertools.count(_take(db, experiment, counter, once.count(0)))
    return [one or next(fresh) for one in once]


def _take(db: sqlite3.Connection, experiment: int, counter: str, count: int) -> int:
    """The first of *count* numbers that nobody else gets."""
    row = db.execute(f"SELECT {counter} FROM experiments WHERE id = ?", (experiment,)).fetchone()  # noqa: S608
    if row is None:
        raise _gone()
    db.execute(f"UPDATE experiments SET {counter} = {counter} + ? WHERE id = ?", (count, experiment))  # noqa: S608
    return int(row[counter])


def _set_columns(db: sqlite3.Connection, experiment: int, wanted: Sequence[Column]) -> None:
    known = {column.id: column for column in columns(db, experiment)}
    answered = {
        row["column_id"]
        for row in db.execute(
            f"SELECT DISTINCT column_id FROM cells WHERE experiment = ? AND {ANSWERED}",  # noqa: S608
            (experiment,),
        )
    }
    changed = {one.id for one in wanted if one.id in answered and _content(one) != _content(known[one.id])}
    usable = known.keys() - changed
    numbers = numbered(db, experiment, "next_column", [one.id for one in wanted], usable)
    db.execute("UPDATE experiment_columns SET removed = 1 WHERE experiment = ?", (experiment,))
    _write_columns(db, experiment, [replace(one, id=number) for one, number in zip(wanted, numbers, strict=True)])


def _content(column: Column) -> str:
    """What decides a column's answers."""
    return encode_column(replace(column, name=""))


def _write_columns(db: sqlite3.Connection, experiment: int, numbered_columns: Sequence[Column]) -> None:
    db.executemany(
        "INSERT INTO experiment_columns (experiment, id, place, removed, content) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (experiment, id) DO UPDATE"
        " SET place = excluded.place, removed = excluded.removed, content = excluded.content",
        [
            (experiment, column.id, place, column.removed, encode_column(column))
            for place, column in enumerate(numbered_columns)
        ],
    )


def _column(row: sqlite3.Row) -> Column:
    return decode_column(row["id"], bool(row["removed"]), row["content"])


def _kind(row: sqlite3.Row) -> ExperimentKind:
    return _KINDS.get(row["kind"], ExperimentKind.PROMPTS)


def _gone() -> UserError:
    return UserError("This experiment is gone.", "It was deleted more than 30 days ago, or its file was damaged.")
