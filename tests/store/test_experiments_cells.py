"""Cells: made, asked, saved while they grow, finished; nothing of them is lost when the program is killed."""

import asyncio
import json
import sqlite3
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import (
    Cell,
    CellHead,
    CellState,
    CheckKind,
    CheckResult,
    Experiment,
    Options,
    Provenance,
)
from desktop_app.store.conversations import INTERRUPTED_WORDS
from desktop_app.store.database import Database
from desktop_app.store.experiments import ExperimentStore
from tests.store.conftest import Clock
from tests.store.test_experiments import SKY, TRIAL, count

STREAM = Message(0, Role.ASSISTANT, "", MessageState.STREAMING, "small", record=AnswerRecord(request='{"seed": 1}'))
PASSED = CheckResult(CheckKind.CONTAINS, True, "It has “blue”.")
FAILED = CheckResult(CheckKind.JUDGE, False, "Not 👩‍👩‍👧 enough.")
UNDECIDED = CheckResult(CheckKind.JUDGE, None)


@pytest.fixture
def trials(database: Database, clock: Clock) -> ExperimentStore:
    return ExperimentStore(database, clock)


@pytest.fixture
async def trial(trials: ExperimentStore) -> Experiment:
    return await trials.create(TRIAL)


async def started(store: ExperimentStore, experiment: Experiment) -> Cell:
    """The first cell, running."""
    head = (await store.fill(experiment.id))[0]
    order = await store.next_order(experiment.id)
    provenance = await store.keep_provenance(Provenance("small"))
    cell = Cell(head.id, head.prompt, head.column, 0, CellState.WAITING, STREAM, order, 2, 10**9, provenance)
    await store.start(cell)
    return (await store.cells(experiment.id, [head.id]))[0]


async def one(store: ExperimentStore, experiment: Experiment, cell: int) -> Cell:
    (found,) = await store.cells(experiment.id, [cell])
    return found


async def test_every_cell_that_is_missing_is_made_once(trials: ExperimentStore, trial: Experiment) -> None:
    await trials.update(replace(trial, options=Options(repeats=2)))
    heads = await trials.fill(trial.id)
    assert [(head.prompt, head.repeat, head.column) for head in heads] == [
        (prompt, repeat, column) for prompt in (1, 2) for repeat in (0, 1) for column in (1, 2, 3)
    ]
    assert {head.state for head in heads} == {CellState.WAITING}
    assert await trials.heads(trial.id) == heads
    assert await trials.fill(trial.id) == ()
    await trials.add_prompts(trial.id, [replace(SKY, column=2)])
    assert [(head.prompt, head.column) for head in await trials.fill(trial.id)] == [(3, 2), (3, 2)]


async def test_with_fewer_repeats_those_that_wait_go(trials: ExperimentStore, trial: Experiment) -> None:
    twice = await trials.update(replace(trial, options=Options(repeats=2)))
    heads = await trials.fill(trial.id)
    kept = next(head for head in heads if head.repeat == 1)
    await trials.start(Cell(kept.id, kept.prompt, kept.column, 1))
    await trials.update(replace(twice, options=Options()))
    assert Counter(head.repeat for head in await trials.heads(trial.id)) == {0: 6, 1: 1}


async def test_a_grid_of_thousands_is_read_without_its_answers(trials: ExperimentStore, database: Database) -> None:
    made = await trials.create(replace(TRIAL, prompts=(SKY,) * 1000))
    assert len(await trials.fill(made.id)) == len(await trials.heads(made.id)) == 3000
    traced: list[str] = []

    def plan(db: sqlite3.Connection) -> list[str]:
        return [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {traced[0]}")]

    await database.run(lambda db: db.set_trace_callback(traced.append))
    await trials.heads(made.id)
    await database.run(lambda db: db.set_trace_callback(None))
    traced = [statement for statement in traced if statement.startswith("SELECT")]
    assert await database.run(plan) == ["SEARCH cells USING COVERING INDEX cells_heads (experiment=? AND id>?)"]


async def test_a_cell_begins_grows_and_ends(trials: ExperimentStore, trial: Experiment, clock: Clock) -> None:
    running = await started(trials, trial)
    answer = replace(STREAM, id=running.id, created=clock.time)
    assert running == Cell(running.id, 1, 1, 0, CellState.RUNNING, answer, 1, 2, 10**9, running.provenance)
    assert await trials.provenance([running.provenance or 0]) == {running.provenance: Provenance("small")}
    await trials.save(answer.with_text("Bl"))
    done = replace(
        answer,
        text="Blue.",
        reasoning="Hm",
        state=MessageState.CUT,
        timing=Timing(0.5, 2.0, 11, 101),
        record=replace(answer.record, finish="length", cached_tokens=7),
    )
    ended = replace(running, state=CellState.DONE, answer=done, memory=2 * 10**9, checks=(PASSED, FAILED))
    await trials.finish(ended)
    assert await one(trials, trial, running.id) == ended
    assert (await trials.heads(trial.id))[0] == CellHead(
        running.id, 1, 1, 0, CellState.DONE, "Blue.", False, 101, 50.0, 0.5, 2 * 10**9, cut=True, beside=2
    )


async def test_the_grid_shows_one_line_of_the_answer_or_why_there_is_none(
    trials: ExperimentStore, trial: Experiment
) -> None:
    running = await started(trials, trial)
    texts = {"\n\n  Because\tof 👩‍👩‍👧\nlight": "Because of 👩‍👩‍👧 light", "x" * 9000: "x" * 160, "": "It died."}
    for text, snippet in texts.items():
        answer = replace(running.answer, text=text, error="It died.", state=MessageState.FAILED)
        await trials.finish(replace(running, state=CellState.FAILED, answer=answer))
        assert (await trials.heads(trial.id))[0].snippet == snippet


async def test_an_answer_keeps_the_time_when_it_was_asked(
    trials: ExperimentStore, trial: Experiment, clock: Clock
) -> None:
    running = await started(trials, trial)
    begun, clock.time = clock.time, clock.time + 60
    await trials.finish(replace(running, state=CellState.DONE, answer=replace(STREAM, state=MessageState.COMPLETE)))
    assert (await one(trials, trial, running.id)).answer.created == begun


async def test_questions_are_numbered_once(trials: ExperimentStore, trial: Experiment) -> None:
    orders = await asyncio.gather(*(trials.next_order(trial.id) for _ in range(20)))
    assert orders == list(range(1, 21))
    other = await trials.create(TRIAL)
    assert await trials.next_order(other.id) == 1


async def test_while_it_streams_only_what_is_new_is_written(
    trials: ExperimentStore, trial: Experiment, database: Database
) -> None:
    running = await started(trials, trial)
    answer = running.answer.with_text("x" * 1_000_000)
    await trials.save(answer)
    for number in range(20):
        answer = replace(answer, text=f"{answer.text} {number}", reasoning=f"{answer.reasoning}{number}·")
        await trials.save(answer)
        await trials.save(answer)
    assert (await one(trials, trial, running.id)).answer == answer
    sizes = await database.run(lambda db: [len(row["text"]) for row in db.execute("SELECT text FROM cell_growth")])
    assert len(sizes) == 20
    assert sum(sizes) < 100
    rewritten = replace(answer, text="Yes", reasoning=answer.text)
    await trials.save(rewritten)
    assert (await one(trials, trial, running.id)).answer == rewritten
    assert await count(database, "cell_growth") == 0


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        (MessageState.COMPLETE, CellState.DONE),
        (MessageState.CUT, CellState.DONE),
        (MessageState.STOPPED, CellState.STOPPED),
        (MessageState.FAILED, CellState.FAILED),
        (MessageState.INTERRUPTED, CellState.RUNNING),
    ],
)
async def test_with_the_last_save_of_its_answer_a_cell_has_ended(
    trials: ExperimentStore, trial: Experiment, ended: MessageState, state: CellState
) -> None:
    running = await started(trials, trial)
    await trials.save(running.answer.with_text("Bl"))
    await trials.save(running.answer.with_text("Blue"))
    answer = replace(running.answer, text="Blue.", state=ended)
    await trials.save(answer)
    assert await one(trials, trial, running.id) == replace(running, state=state, answer=answer)
    restarted = await trials.mark_interrupted(trial.id)
    assert restarted == (1 if state is CellState.RUNNING else 0)


async def test_a_save_that_comes_late_changes_nothing(
    trials: ExperimentStore, trial: Experiment, database: Database
) -> None:
    running = await started(trials, trial)
    done = replace(running.answer, text="Blue.", state=MessageState.COMPLETE)
    await trials.finish(replace(running, state=CellState.DONE, answer=done))
    before = await trials.cells(trial.id)
    for late in (replace(done, text="Red.", state=MessageState.STOPPED), running.answer.with_text("Re")):
        await trials.save(late)
        await trials.save(replace(late, text="Red!"))
    assert await trials.cells(trial.id) == before
    await trials.wait_again([running.id])
    await trials.save(done)
    assert (await one(trials, trial, running.id)).state is CellState.WAITING
    await trials.start(running)
    await trials.save(running.answer.with_text("Gr"))
    await trials.mark_interrupted(trial.id)
    await trials.save(running.answer.with_text("Green"))
    assert (await one(trials, trial, running.id)).answer.text == "Gr"
    await trials.save(replace(done, id=999))
    await trials.finish(replace(running, id=999))
    assert await count(database, "cell_growth") == 0


async def test_a_save_that_was_given_up_is_made_good_by_the_next(trials: ExperimentStore, trial: Experiment) -> None:
    running = await started(trials, trial)
    await trials.save(running.answer.with_text("a"))
    saving = asyncio.create_task(trials.save(running.answer.with_text("ab")))
    await asyncio.sleep(0)
    saving.cancel()
    await trials.save(running.answer.with_text("abcd"))
    assert (await one(trials, trial, running.id)).answer.text == "abcd"


async def test_what_many_answers_save_at_once_is_one_transaction(
    trials: ExperimentStore, trial: Experiment, database: Database
) -> None:
    heads = await trials.fill(trial.id)
    begun: list[str] = []
    await database.run(lambda db: db.set_trace_callback(begun.append))
    await asyncio.gather(*(trials.start(Cell(head.id, head.prompt, head.column)) for head in heads))
    await asyncio.gather(*(trials.save(replace(STREAM, id=head.id, text="Bl")) for head in heads))
    await database.run(lambda db: db.set_trace_callback(None))
    assert begun.count("COMMIT") == 3
    assert {cell.answer.text for cell in await trials.cells(trial.id)} == {"Bl"}


async def test_a_full_disk_is_told_to_everybody_and_nothing_is_half_saved(
    trials: ExperimentStore, trial: Experiment, database: Database
) -> None:
    heads = await trials.fill(trial.id)
    for head in heads:
        await trials.start(Cell(head.id, head.prompt, head.column, answer=replace(STREAM, id=head.id, created=1.0)))
    before = await trials.cells(trial.id)
    pages = await database.run(lambda db: int(db.execute("PRAGMA page_count").fetchone()[0]))
    await database.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 3}").fetchone())
    answers = [replace(STREAM, id=head.id, text="x" * 10_000, created=1.0) for head in heads]
    results = await asyncio.gather(*(trials.save(answer) for answer in answers), return_exceptions=True)
    assert [isinstance(result, UserError) and "no room" in result.title for result in results] == [True] * 6
    assert await trials.cells(trial.id) == before
    await database.run(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())
    await asyncio.gather(*(trials.save(answer) for answer in answers))
    assert [cell.answer for cell in await trials.cells(trial.id)] == answers


async def test_cells_wait_again_as_if_they_had_never_been_asked(trials: ExperimentStore, trial: Experiment) -> None:
    running = await started(trials, trial)
    await trials.save(running.answer.with_text("Bl"))
    await trials.save(running.answer.with_text("Blue"))
    fresh = (await trials.heads(trial.id))[1]
    await trials.wait_again([running.id])
    waiting = await one(trials, trial, running.id)
    assert waiting == Cell(running.id, 1, 1, answer=Message(running.id, Role.ASSISTANT, "", MessageState.STREAMING))
    assert (await trials.heads(trial.id))[0] == replace(fresh, id=running.id, column=1)
    await trials.start(replace(waiting, answer=STREAM))
    await trials.save(running.answer.with_text("Blue"))
    assert (await one(trials, trial, running.id)).answer.text == "Blue"


async def test_what_was_running_waits_again_with_what_it_had(
    trials: ExperimentStore, trial: Experiment, database: Database
) -> None:
    running = await started(trials, trial)
    await trials.save(running.answer.with_text("Beca"))
    await trials.save(replace(running.answer, text="Because", reasoning="Hm"))
    restarted = ExperimentStore(database)
    assert await restarted.mark_interrupted(trial.id) == 1
    assert await restarted.mark_interrupted(trial.id) == 0
    cell = await one(restarted, trial, running.id)
    assert cell.state is CellState.WAITING
    assert (cell.answer.text, cell.answer.reasoning) == ("Because", "Hm")
    assert (cell.answer.state, cell.answer.error) == (MessageState.INTERRUPTED, INTERRUPTED_WORDS)
    assert (await restarted.heads(trial.id))[0].snippet == "Because"
    assert await restarted.fill(trial.id) == ()
    assert await count(database, "cell_growth") == 0


async def test_checks_are_decided_later(trials: ExperimentStore, trial: Experiment) -> None:
    running = await started(trials, trial)
    for results, passed in (((PASSED, UNDECIDED), None), ((PASSED,), True), ((UNDECIDED, FAILED), False), ((), None)):
        await trials.set_checks(running.id, results)
        assert (await one(trials, trial, running.id)).checks == results
        assert (await trials.heads(trial.id))[0].passed is passed


async def test_only_cells_that_are_asked_for_are_read(trials: ExperimentStore, trial: Experiment) -> None:
    heads = await trials.fill(trial.id)
    other = (await trials.fill((await trials.create(TRIAL)).id))[0]
    assert [cell.id for cell in await trials.cells(trial.id)] == [head.id for head in heads]
    wanted = [heads[4].id, heads[1].id, heads[1].id, other.id, 999]
    assert [cell.id for cell in await trials.cells(trial.id, wanted)] == [heads[1].id, heads[4].id]
    assert await trials.cells(trial.id, []) == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "dreaming"),
        ("ended", "dreaming"),
        ("record", "no JSON"),
        ("checks", "[" * 100_000),
        ("checks", json.dumps([{"kind": "contains", "passed": True}, {"kind": "magic", "passed": False}])),
        ("checks", json.dumps([{"kind": "contains", "passed": "yes"}])),
        ("passed", 17),
    ],
)
async def test_a_value_that_is_not_known_does_not_block_the_grid(
    trials: ExperimentStore, trial: Experiment, database: Database, column: str, value: str | int
) -> None:
    running = await started(trials, trial)
    answer = replace(running.answer, text="Blue.", state=MessageState.INTERRUPTED)
    await trials.finish(replace(running, state=CellState.FAILED, answer=answer))
    await database.run(lambda db: db.execute(f"UPDATE cells SET {column} = ?", (value,)))
    head, cell = (await trials.heads(trial.id))[0], await one(trials, trial, running.id)
    assert (head.state, head.snippet, head.passed) == (CellState.FAILED, "Blue.", None)
    assert (cell.state, cell.answer.state, cell.checks) == (CellState.FAILED, MessageState.INTERRUPTED, ())
    assert cell.answer.record == (AnswerRecord() if column == "record" else STREAM.record)


RUNNER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.experiment import Cell, CellState
from desktop_app.store.database import Database
from desktop_app.store.experiments import ExperimentStore

async def ask(store, experiment, heads):
    for head in heads:
        answer = Message(head.id, Role.ASSISTANT, "", MessageState.STREAMING)
        cell = Cell(head.id, head.prompt, head.column, head.repeat, answer=answer)
        cell = replace(cell, order=await store.next_order(experiment))
        await store.start(cell)
        for _ in range(4):
            answer = answer.with_text(answer.text + "word ")
            await store.save(answer)
            print("saved", head.id, len(answer.text), flush=True)
        answer = replace(answer, state=MessageState.COMPLETE)
        await store.save(answer)
        print("done", head.id, len(answer.text), flush=True)
        await store.finish(replace(cell, state=CellState.DONE, answer=answer))

async def main() -> None:
    database = Database(Path(sys.argv[1]))
    await database.open()
    store = ExperimentStore(database)
    await store.mark_interrupted(1)
    await store.fill(1)
    waiting = iter([head for head in await store.heads(1) if head.state is CellState.WAITING])
    await asyncio.gather(*(ask(store, 1, waiting) for _ in range(5)))
    await database.close()

asyncio.run(main())
"""


async def run_and_kill(path: Path, lines: int) -> list[list[str]]:
    """Let a program answer until it has said so many lines; all that it said."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", RUNNER, path, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    said = [await child.stdout.readline() for _ in range(lines)]
    child.kill()
    said += (await child.stdout.read()).splitlines(keepends=True)
    await child.wait()
    return [line.decode().split() for line in said if line.endswith(b"\n")]


async def test_killed_again_and_again_no_answer_is_lost_and_none_is_written_twice(path: Path) -> None:
    database = Database(path)
    await database.open()
    await ExperimentStore(database).create(replace(TRIAL, prompts=(SKY,) * 60))
    await database.close()
    done: Counter[str] = Counter()
    for lines in (1, 7, 60, 150, 301):
        said = await run_and_kill(path, lines)
        done.update(cell for what, cell, _ in said if what == "done")
        saved = {int(cell): int(length) for _, cell, length in said}
        database = Database(path)
        assert await database.open() is None
        store = ExperimentStore(database)
        await store.mark_interrupted(1)
        cells = {cell.id: cell for cell in await store.cells(1)}
        assert len(cells) == 180
        assert {cells[int(cell)].state for cell in done} <= {CellState.DONE}
        assert all(len(cells[cell].answer.text) >= length for cell, length in saved.items())
        assert {cell.state for cell in cells.values()} <= {CellState.DONE, CellState.WAITING}
        await database.close()
    assert len(done) > 60
    assert set(done.values()) == {1}
