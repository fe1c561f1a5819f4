"""Cells of experiments and their answers as rows. Called by `experiments.py`.

An answer that is being written comes twice a second, each time as a whole; only what is new of it is written, into
`cell_growth`, as `messages.py` does it. Everything here runs inside a transaction of `database.py`, on its thread.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellHead, CellState, CheckResult, Experiment
from desktop_app.domain.experiment_words import snippet
from desktop_app.store.cleaning import clean
from desktop_app.store.conversations import INTERRUPTED_WORDS
from desktop_app.store.experiments_json import decode_results, encode_results

MAX_CELLS = 100_000
"""Cells of one experiment: ten times what a grid is drawn fluidly with."""
_HEAD = (
    "id, prompt, column_id, repeat, state, snippet, passed, answer_tokens, decode_seconds, first_token_seconds, memory,"
    " ended, beside"
)
_WHOLE = (
    "id, prompt, column_id, repeat, state, asked, beside, memory, provenance, checks, ended, model, created,"
    " first_token_seconds, decode_seconds, prompt_tokens, answer_tokens, error, record, reasoning, text"
)
_ANSWER = (
    "ended = ?, model = ?, created = coalesce(nullif(?, 0), created), first_token_seconds = ?, decode_seconds = ?,"
    " prompt_tokens = ?, answer_tokens = ?, characters = ?, snippet = ?, error = ?, record = ?, reasoning = ?, text = ?"
)
_CELL_STATES = {state.value: state for state in CellState}
_STATES = {state.value: state for state in MessageState}
_PASSED = {0: False, 1: True}
_ENDS = {
    MessageState.COMPLETE: CellState.DONE,
    MessageState.CUT: CellState.DONE,
    MessageState.STOPPED: CellState.STOPPED,
    MessageState.FAILED: CellState.FAILED,
}
"""How far a cell is when its answer has ended so. One that was interrupted is not done, and will be asked again unless
somebody says that it failed."""
_NO_TIMING = Timing()
_NO_RECORD = AnswerRecord()


def heads(db: sqlite3.Connection, experiment: int, beyond: int = 0) -> tuple[CellHead, ...]:
    """The cells with an id above *beyond*, in the order in which they were made, without their long texts."""
    cursor = db.cursor()
    cursor.row_factory = None
    question = f"SELECT {_HEAD} FROM cells WHERE experiment = ? AND id > ? ORDER BY id"  # noqa: S608
    rows = cursor.execute(question, (experiment, beyond))
    return tuple([_head(*row) for row in rows])


def read(db: sqlite3.Connection, experiment: int, ids: Sequence[int] | None) -> tuple[Cell, ...]:
    """Whole cells in the order in which they were made: those with these *ids*, or all."""
    cursor = db.cursor()
    cursor.row_factory = None
    chosen = "" if ids is None else "AND id IN (SELECT value FROM json_each(?))"
    values = (experiment,) if ids is None else (experiment, json.dumps(list(ids)))
    rows = cursor.execute(f"SELECT {_WHOLE} FROM cells WHERE experiment = ? {chosen} ORDER BY id", values)  # noqa: S608
    return tuple([_grown(db, _cell(*row)) for row in rows])


def sources(db: sqlite3.Connection, experiment: int) -> tuple[tuple[int, int, int], ...]:
    """Column, provenance and the first order of answers that came from it; reads no answer."""
    rows = db.execute(
        "SELECT column_id, provenance, min(asked) FROM cells"
        " WHERE experiment = ? AND provenance IS NOT NULL AND state <> 'waiting' GROUP BY column_id, provenance",
        (experiment,),
    )
    return tuple((column, provenance, asked) for column, provenance, asked in rows)


def refuse_too_many(experiment: Experiment) -> None:
    """Refuse more cells than an experiment holds, before anything of it is stored: nobody could open it any more.

    Raises:
        UserError: they would be too many.
    """
    columns, prompts, repeats = len(experiment.shown), len(experiment.prompts), experiment.options.repeats
    count = columns * prompts * repeats
    if count > MAX_CELLS:
        raise UserError(
            "These are too many answers for one experiment.",
            f"{prompts:,} questions × {columns} columns × {repeats} repeats are {count:,} answers;"
            f" an experiment holds up to {MAX_CELLS:,}. Take fewer questions or repeats.",
        )


def fill(db: sqlite3.Connection, known: Experiment) -> tuple[CellHead, ...]:
    """Make every cell of *known* that is missing; returns the new ones."""
    experiment, columns, prompts, repeats = known.id, known.shown, known.prompts, known.options.repeats
    there = set(
        map(tuple, db.execute("SELECT prompt, repeat, column_id FROM cells WHERE experiment = ?", (experiment,)))
    )
    last = db.execute("SELECT coalesce(max(id), 0) FROM cells WHERE experiment = ?", (experiment,)).fetchone()[0]
    db.executemany(
        "INSERT INTO cells (experiment, prompt, repeat, column_id) VALUES (?, ?, ?, ?)",
        [
            (experiment, prompt.id, repeat, column.id)
            for prompt in prompts
            for repeat in range(repeats)
            for column in columns
            if prompt.column in (None, column.id) and (prompt.id, repeat, column.id) not in there
        ],
    )
    return heads(db, experiment, beyond=last)


def write(db: sqlite3.Connection, cell: Cell) -> None:
    """Write everything of a cell that is there but its place in the grid."""
    db.execute("DELETE FROM cell_growth WHERE cell = ?", (cell.id,))
    db.execute(
        f"UPDATE cells SET state = ?, asked = ?, beside = ?, memory = ?, checks = ?, passed = ?,"  # noqa: S608
        f" provenance = (SELECT id FROM provenances WHERE id = ?), {_ANSWER} WHERE id = ?",
        (
            cell.state.value,
            cell.order,
            cell.beside,
            cell.memory,
            encode_results(cell.checks),
            cell.passed,
            cell.provenance,
            *_values(cell.answer),
            cell.id,
        ),
    )


def write_answer(db: sqlite3.Connection, answer: Message) -> bool:
    """Write the whole answer of a cell that is RUNNING, whose state follows; whether there is such a cell."""
    end = _ENDS.get(answer.state, CellState.RUNNING)
    values = (end.value, *_values(answer), answer.id)
    if not db.execute(f"UPDATE cells SET state = ?, {_ANSWER} WHERE id = ? AND state = 'running'", values).rowcount:  # noqa: S608
        return False
    db.execute("DELETE FROM cell_growth WHERE cell = ?", (answer.id,))
    return True


def grow(db: sqlite3.Connection, before: Message, after: Message) -> bool:
    """Write what *after* has more than *before*, as it was saved last, if its cell is RUNNING; whether it is."""
    # Kept under the place where it begins: a save that was given up half way is overwritten by the next one.
    cursor = db.execute(
        "INSERT OR REPLACE INTO cell_growth (cell, begin, reasoning, text)"
        " SELECT id, ?, ?, ? FROM cells WHERE id = ? AND state = 'running'",
        (
            len(before.text) + len(before.reasoning),
            clean(after.reasoning[len(before.reasoning) :]),
            clean(after.text[len(before.text) :]),
            after.id,
        ),
    )
    return cursor.rowcount > 0


def set_checks(db: sqlite3.Connection, cell: int, results: Sequence[CheckResult]) -> None:
    """Write what checks said of an answer, instead of what they said before."""
    passed = Cell(cell, 0, 0, checks=tuple(results)).passed
    db.execute("UPDATE cells SET checks = ?, passed = ? WHERE id = ?", (encode_results(results), passed, cell))


def change_checks(
    db: sqlite3.Connection,
    experiment: int,
    change: Callable[[int, tuple[CheckResult, ...]], tuple[CheckResult, ...]],
) -> None:
    """Write for every answer that is done what *change* makes of its results, given the prompt's number."""
    done = db.execute("SELECT id, prompt, checks FROM cells WHERE experiment = ? AND state = 'done'", (experiment,))
    for row in done.fetchall():
        results = decode_results(row["checks"])
        changed = change(row["prompt"], results)
        if changed != results:
            set_checks(db, row["id"], changed)


def empty(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Make cells as they were before they were asked."""
    wanted = [(one,) for one in ids]
    db.executemany("DELETE FROM cell_growth WHERE cell = ?", wanted)
    db.executemany(
        "UPDATE cells SET state = 'waiting', asked = 0, beside = 0, memory = 0, provenance = NULL, passed = NULL,"
        " ended = 'streaming', model = '', created = 0, first_token_seconds = 0, decode_seconds = 0, prompt_tokens = 0,"
        " answer_tokens = 0, characters = 0, snippet = '', checks = '', error = '', record = '', reasoning = '',"
        " text = '' WHERE id = ?",
        wanted,
    )


def end_streams(db: sqlite3.Connection, experiment: int) -> int:
    """Let cells that are RUNNING wait again; what there is of their answers stays until then. Returns how many."""
    rows = db.execute("SELECT id FROM cells WHERE experiment = ? AND state = 'running'", (experiment,)).fetchall()
    cells = read(db, experiment, [row["id"] for row in rows])
    for cell in cells:
        answer = replace(cell.answer, state=MessageState.INTERRUPTED, error=INTERRUPTED_WORDS)
        write(db, replace(cell, state=CellState.WAITING, answer=answer))
    return len(cells)


def _values(answer: Message) -> tuple[str | float, ...]:
    timing, record = answer.timing, answer.record.as_json()
    text = clean(answer.text)
    return (
        answer.state.value,
        clean(answer.model),
        answer.created,
        timing.first_token_seconds,
        timing.decode_seconds,
        timing.prompt_tokens,
        timing.answer_tokens,
        len(answer.text) + len(answer.reasoning),
        snippet(text) or snippet(clean(answer.error)),
        clean(answer.error),
        clean(json.dumps(record, ensure_ascii=False)) if record else "",
        clean(answer.reasoning),
        text,
    )


def _grown(db: sqlite3.Connection, cell: Cell) -> Cell:
    """The cell with what came of its answer since its row was written."""
    if cell.state is not CellState.RUNNING:
        return cell
    pieces = db.execute("SELECT reasoning, text FROM cell_growth WHERE cell = ? ORDER BY begin", (cell.id,)).fetchall()
    text = cell.answer.text + "".join(piece["text"] for piece in pieces)
    reasoning = cell.answer.reasoning + "".join(piece["reasoning"] for piece in pieces)
    return replace(cell, answer=replace(cell.answer, text=text, reasoning=reasoning))


def _head(
    id_: int,
    prompt: int,
    column: int,
    repeat: int,
    state: str,
    snippet: str,
    passed: int | None,
    tokens: int,
    decode: float,
    first: float,
    memory: int,
    ended: str,
    beside: int,
) -> CellHead:
    speed = Timing(decode_seconds=decode, answer_tokens=tokens).tokens_per_second if tokens else 0.0
    # One value that is not known must not make a whole grid unreadable.
    known = _CELL_STATES.get(state, CellState.FAILED)
    verdict = None if passed is None else _PASSED.get(passed)
    cut = ended == "cut"
    return CellHead(id_, prompt, column, repeat, known, snippet, verdict, tokens, speed, first, memory, cut, beside)


def _cell(
    id_: int,
    prompt: int,
    column: int,
    repeat: int,
    state: str,
    asked: int,
    beside: int,
    memory: int,
    provenance: int | None,
    checks: str,
    ended: str,
    model: str,
    created: float,
    first: float,
    decode: float,
    prompt_tokens: int,
    answer_tokens: int,
    error: str,
    record: str,
    reasoning: str,
    text: str,
) -> Cell:
    answer = Message(
        id_,
        Role.ASSISTANT,
        text,
        _STATES.get(ended, MessageState.INTERRUPTED),
        model,
        created,
        Timing(first, decode, prompt_tokens, answer_tokens) if first or prompt_tokens or answer_tokens else _NO_TIMING,
        error,
        reasoning=reasoning,
        record=_record(record) if record else _NO_RECORD,
    )
    known = _CELL_STATES.get(state, CellState.FAILED)
    results = decode_results(checks)
    return Cell(id_, prompt, column, repeat, known, answer, asked, beside, memory, provenance, results)


def _record(text: str) -> AnswerRecord:
    try:
        return AnswerRecord.from_json(json.loads(text))
    except (ValueError, RecursionError):
        return _NO_RECORD
