"""Experiments, their answers, votes and provenance in the database. The services are the callers.

A cell is written before it is asked, grows while it is answered, and is done with the last save of its answer: whoever
kills the program loses no answer that was complete, and at most what came since the last save of one that was not.
A deleted experiment is only marked, so that it can come back; `purge()` removes what has been marked for long.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from desktop_app.domain.chat import Message, MessageState
from desktop_app.domain.experiment import (
    Cell,
    CellHead,
    CellState,
    CheckResult,
    Experiment,
    ExperimentHead,
    Prompt,
    Provenance,
    Vote,
)
from desktop_app.store import experiments_cells as cells
from desktop_app.store import experiments_prompts as prompts
from desktop_app.store import experiments_rows as rows
from desktop_app.store import votes
from desktop_app.store.conversations import BIN_SECONDS
from desktop_app.store.database import Database
from desktop_app.store.experiments_json import decode_provenance, encode_provenance
from desktop_app.store.experiments_writer import GroupCommit
from desktop_app.store.messages import has_only_grown

ChangeChecks = Callable[[int, tuple[CheckResult, ...]], tuple[CheckResult, ...]]
"""What becomes of results, given the prompt's id."""


class ExperimentStore:
    """Reads and writes experiments; every method is all or nothing and raises UserError when it fails.

    Args:
        database: an open database.
        now: Unix time in seconds.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._together = GroupCommit(database)
        self._growing: dict[int, Message] = {}
        """Answers that are being written, as they were saved last, by cell."""

    async def experiments(self) -> tuple[ExperimentHead, ...]:
        """Every experiment that is not deleted, the one changed last first."""
        return await self._database.run(rows.listed)

    async def read(self, experiment: int) -> Experiment:
        """The whole definition of an experiment, also of a deleted one; UserError when there is none with this id."""
        return await self._database.run(lambda db: _read(db, experiment))

    async def create(self, experiment: Experiment) -> Experiment:
        """Make an experiment; it, its columns and its prompts get their ids here, the latter from 1 on.

        A prompt for one column calls it by the id that it has in *experiment*, or by its place (from 1) when that is 0.
        """
        now = self._now()

        def action(db: sqlite3.Connection) -> Experiment:
            made = rows.insert(db, experiment, now)
            prompts.add(db, made, prompts.follow_columns(experiment.prompts, experiment.columns))
            return _checked(db, made)

        return await self._database.run(action)

    async def update(self, experiment: Experiment) -> Experiment:
        """Write title, columns, options, blind and order_seed; returns what is stored now. Prompts stay what they are.

        A column with the id 0 is new, and so becomes one that has answers and was changed: the one that it was is kept
        as removed. One that is missing is removed; of removed ones only those are kept that something refers to. Cells
        that wait go with their column, or when there are fewer repeats.
        """
        now = self._now()

        def action(db: sqlite3.Connection) -> Experiment:
            rows.touch(db, experiment.id, now)
            rows.update(db, experiment)
            return _checked(db, experiment.id)

        return await self._database.run(action)

    async def add_prompts(self, experiment: int, new: Sequence[Prompt]) -> tuple[Prompt, ...]:
        """Put prompts behind those that are there; returns them with their ids."""
        now = self._now()

        def action(db: sqlite3.Connection) -> tuple[Prompt, ...]:
            rows.touch(db, experiment, now)
            added = prompts.add(db, experiment, new)
            _checked(db, experiment)
            return added

        return await self._database.run(action)

    async def set_prompts(self, experiment: int, wanted: Sequence[Prompt]) -> tuple[Prompt, ...]:
        """Make *wanted* all the prompts, in this order; those with an id that is not known are new.

        One that has answers may only change its reference, its checks and its name. UserError when it would go or
        become another question; then nothing is changed. Which answers are gone on from stays as it is.
        """
        now = self._now()

        def action(db: sqlite3.Connection) -> tuple[Prompt, ...]:
            rows.touch(db, experiment, now)
            prompts.replace_all(db, experiment, wanted)
            return _checked(db, experiment).prompts

        return await self._database.run(action)

    async def carry(self, experiment: int, prompt: int, column: int | None) -> tuple[Prompt, ...]:
        """Have all columns go on from the answer of *column* to a prompt, None for each from its own; all prompts."""
        now = self._now()

        def action(db: sqlite3.Connection) -> tuple[Prompt, ...]:
            rows.touch(db, experiment, now)
            prompts.carry(db, experiment, prompt, column)
            return prompts.read(db, experiment)

        return await self._database.run(action)

    async def duplicate(self, experiment: int, title: str) -> Experiment:
        """A new experiment with the same columns, prompts and options, without answers and votes.

        Removed columns, and prompts that only they were asked, are left out.
        """
        now = self._now()

        def action(db: sqlite3.Connection) -> Experiment:
            source = _read(db, experiment)
            shown = {None, *(column.id for column in source.shown)}
            asked = [prompt for prompt in source.prompts if prompt.column in shown]
            copy = replace(source, title=title, created=0.0, columns=source.shown)
            made = rows.insert(db, copy, now)
            prompts.add(db, made, prompts.follow_columns(asked, source.shown))
            return _read(db, made)

        return await self._database.run(action)

    async def delete(self, experiment: int) -> None:
        """Put an experiment into the bin; `restore()` brings it back for 30 days."""
        await self._set_deleted("coalesce(deleted, ?)", self._now(), experiment)

    async def restore(self, experiment: int) -> None:
        """Bring a deleted experiment back to the place it had."""
        await self._set_deleted("?", None, experiment)

    async def purge(self, older_than: float = BIN_SECONDS) -> int:
        """Remove for good what was deleted more than *older_than* seconds ago; returns how many experiments."""
        limit = self._now() - older_than
        return await self._database.run(lambda db: rows.remove_deleted_before(db, limit))

    async def heads(self, experiment: int) -> tuple[CellHead, ...]:
        """All cells without their long texts, in the order in which they were made; those of removed columns too."""
        return await self._database.run(lambda db: cells.heads(db, experiment))

    async def cells(self, experiment: int, ids: Sequence[int] | None = None) -> tuple[Cell, ...]:
        """Whole cells in the order in which they were made: those with these *ids*, or all."""
        return await self._database.run(lambda db: cells.read(db, experiment, ids))

    async def sources(self, experiment: int) -> tuple[tuple[int, int, int], ...]:
        """From what answers came: column, provenance, and as the how-manieth question that was first so."""
        return await self._database.run(lambda db: cells.sources(db, experiment))

    async def fill(self, experiment: int) -> tuple[CellHead, ...]:
        """Make every cell that is missing of shown columns × prompts × repeats; returns the new ones, which wait."""
        return await self._database.run(lambda db: cells.fill(db, _checked(db, experiment)))

    async def start(self, cell: Cell) -> None:
        """Write a cell as RUNNING, with its order, beside, memory, provenance and the beginning of its answer."""
        created = cell.answer.created or self._now()
        answer = replace(cell.answer, id=cell.id, created=created)
        running = replace(cell, state=CellState.RUNNING, answer=answer, checks=())
        self._growing.pop(cell.id, None)
        await self._together.run(lambda db: cells.write(db, running))

    async def save(self, message: Message) -> None:
        """Write the answer of the RUNNING cell with the message's id; one of another cell is passed over.

        Cheap while it is STREAMING, however long it is: then only what is new is written. With the last save, which
        says how it ended, the cell is DONE, STOPPED or FAILED; one that was interrupted stays RUNNING until `finish()`
        or `mark_interrupted()` decides.
        """
        before = self._growing.get(message.id)
        if message.state is not MessageState.STREAMING:
            self._growing.pop(message.id, None)
            await self._together.run(lambda db: cells.write_answer(db, message))
            return
        if before == message:
            return
        if before is not None and has_only_grown(before, message):
            saved = await self._together.run(lambda db: cells.grow(db, before, message))
        else:
            saved = await self._together.run(lambda db: cells.write_answer(db, message))
        if saved:
            self._growing[message.id] = message

    async def finish(self, cell: Cell) -> None:
        """Write everything of a cell but its place in the grid: its final state, its answer, what checks said."""
        self._growing.pop(cell.id, None)
        ended = replace(cell, answer=replace(cell.answer, id=cell.id))
        now = self._now()

        def action(db: sqlite3.Connection) -> None:
            cells.write(db, ended)
            owner = db.execute("SELECT experiment FROM cells WHERE id = ?", (cell.id,)).fetchone()
            if owner:
                rows.touch(db, owner["experiment"], now)

        await self._together.run(action)

    async def set_checks(self, cell: int, results: Sequence[CheckResult]) -> None:
        """Write what checks said of an answer, instead of what they said before."""
        await self._together.run(lambda db: cells.set_checks(db, cell, results))

    async def change_checks(self, experiment: int, change: ChangeChecks) -> None:
        """Write for every answer that is done what *change* makes of what checks said of it."""
        await self._together.run(lambda db: cells.change_checks(db, experiment, change))

    async def wait_again(self, ids: Iterable[int]) -> None:
        """Make cells WAITING, as if they had never been asked: their answers go."""
        wanted = tuple(ids)
        await self._together.run(lambda db: cells.empty(db, wanted))

    async def mark_interrupted(self, experiment: int) -> int:
        """Let cells that were RUNNING when an earlier run ended wait again; returns how many.

        What there is of their answers can be read until they are asked again.
        """
        return await self._together.run(lambda db: cells.end_streams(db, experiment))

    async def next_order(self, experiment: int) -> int:
        """The how-manieth question of its experiment the next one is, from 1; no number is given twice."""
        return await self._together.run(lambda db: rows.next_order(db, experiment))

    async def keep_provenance(self, provenance: Provenance) -> int:
        """The id of what answers came from; the same value has the same id."""
        content = encode_provenance(provenance)
        values = (sha256(content.encode()).digest(), content)

        def action(db: sqlite3.Connection) -> int:
            db.execute("INSERT OR IGNORE INTO provenances (sha256, content) VALUES (?, ?)", values)
            return int(db.execute("SELECT id FROM provenances WHERE sha256 = ?", values[:1]).fetchone()["id"])

        return await self._database.run(action)

    async def provenance(self, ids: Iterable[int]) -> dict[int, Provenance]:
        """What is stored under these ids; those that are not known are missing."""
        wanted = [(one,) for one in set(ids)]

        def action(db: sqlite3.Connection) -> dict[int, Provenance]:
            found = [db.execute("SELECT id, content FROM provenances WHERE id = ?", one).fetchone() for one in wanted]
            return {row["id"]: decode_provenance(row["content"]) for row in found if row}

        return await self._database.run(action)

    async def add_vote(self, vote: Vote) -> Vote:
        """Keep a vote; returns it with its id and its time."""
        now = self._now()
        return await self._database.run(lambda db: votes.add(db, vote, now))

    async def votes(self, experiment: int | None = None) -> tuple[Vote, ...]:
        """The votes of an experiment, or of all that are not deleted, in the order in which they were cast."""
        return await self._database.run(lambda db: votes.read(db, experiment))

    async def remove_vote(self, vote: int) -> None:
        """Forget a vote."""
        await self._database.run(lambda db: db.execute("DELETE FROM votes WHERE id = ?", (vote,)))

    async def file_hash(self, path: Path, size: int, mtime_ns: int) -> str | None:
        """The SHA-256 that was kept of a file with this size (bytes) and this time (nanoseconds); None for none."""
        statement = "SELECT sha256 FROM file_hashes WHERE path = ? AND size = ? AND mtime_ns = ?"
        values = (os.fsencode(path), size, mtime_ns)
        row = await self._database.run(lambda db: db.execute(statement, values).fetchone())
        return str(row["sha256"]) if row else None

    async def keep_file_hash(self, path: Path, size: int, mtime_ns: int, hashed: str) -> None:
        """Keep the SHA-256 of a file until it has another size (bytes) or another time (nanoseconds)."""
        statement = "INSERT OR REPLACE INTO file_hashes (path, size, mtime_ns, sha256) VALUES (?, ?, ?, ?)"
        values = (os.fsencode(path), size, mtime_ns, hashed)
        await self._database.run(lambda db: db.execute(statement, values))

    async def _set_deleted(self, value: str, deleted: float | None, experiment: int) -> None:
        statement = f"UPDATE experiments SET deleted = {value} WHERE id = ?"  # noqa: S608
        await self._database.run(lambda db: db.execute(statement, (deleted, experiment)))


def _read(db: sqlite3.Connection, experiment: int) -> Experiment:
    return replace(rows.read(db, experiment), prompts=prompts.read(db, experiment))


def _checked(db: sqlite3.Connection, experiment: int) -> Experiment:
    """The same, unless it has become larger than it may be."""
    found = _read(db, experiment)
    cells.refuse_too_many(found)
    return found
