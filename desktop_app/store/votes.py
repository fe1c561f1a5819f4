"""Votes on pairs of answers as rows. Called by `experiments.py`, inside a transaction of `database.py`."""

import sqlite3
from dataclasses import replace

from desktop_app.domain.experiment import Verdict, Vote
from desktop_app.store.cleaning import clean

_VERDICTS = {verdict.name.lower(): verdict for verdict in Verdict}


def add(db: sqlite3.Connection, vote: Vote, now: float) -> Vote:
    """Keep a vote; returns it with its id, and with *now* (Unix time, seconds) as its time unless it has one."""
    stored = replace(
        vote,
        reason=clean(vote.reason),
        created=vote.created or now,
        left_name=clean(vote.left_name),
        right_name=clean(vote.right_name),
    )
    cursor = db.execute(
        "INSERT INTO votes (experiment, prompt, repeat, left_column, right_column, verdict, blind, created,"
        " left_identity, right_identity, left_name, right_name, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            stored.experiment,
            stored.prompt,
            stored.repeat,
            stored.left,
            stored.right,
            stored.verdict.name.lower(),
            stored.blind,
            stored.created,
            stored.left_identity,
            stored.right_identity,
            stored.left_name,
            stored.right_name,
            stored.reason,
        ),
    )
    return replace(stored, id=int(cursor.lastrowid or 0))


def read(db: sqlite3.Connection, experiment: int | None) -> tuple[Vote, ...]:
    """The votes of an experiment, or of all that are not deleted, in the order in which they were cast.

    One whose verdict is not known is passed over: nobody can say any more what it said.
    """
    chosen = (
        "experiment = ?"
        if experiment is not None
        else "experiment IN (SELECT id FROM experiments WHERE deleted IS NULL)"
    )
    values = () if experiment is None else (experiment,)
    rows = db.execute(f"SELECT * FROM votes WHERE {chosen} ORDER BY id", values)  # noqa: S608
    return tuple(_vote(row) for row in rows if row["verdict"] in _VERDICTS)


def _vote(row: sqlite3.Row) -> Vote:
    return Vote(
        row["id"],
        row["experiment"],
        row["prompt"],
        row["repeat"],
        row["left_column"],
        row["right_column"],
        _VERDICTS[row["verdict"]],
        row["reason"],
        bool(row["blind"]),
        row["created"],
        row["left_identity"],
        row["right_identity"],
        row["left_name"],
        row["right_name"],
    )
