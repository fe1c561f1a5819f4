"""Experiments of a file of an older form, and of a damaged one."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import Message, MessageState, Role, Timing
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import (
    Cell,
    CellState,
    CheckKind,
    CheckResult,
    Experiment,
    Provenance,
    Verdict,
    Vote,
)
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database
from desktop_app.store.experiments import ExperimentStore
from desktop_app.store.salvage import Salvaged
from desktop_app.store.schema import MIGRATIONS
from tests.store.test_experiments import SKY, TRIAL
from tests.store.test_salvage import check_whole, damaged_by_chance, leaf_pages, put, reopened, spoil
from tests.store.test_schema import everything

PROMPTS = 100
CELLS = 3 * PROMPTS
STEPS = [one for one in MIGRATIONS[2].split(";\n") if one.strip()]
TABLES = (
    "experiments",
    "experiment_columns",
    "experiment_prompts",
    "cells",
    "cell_growth",
    "provenances",
    "votes",
    "file_hashes",
)


async def fill(path: Path) -> None:
    """One experiment of which all is answered but one cell that is being written, and no chat."""
    database = Database(path)
    await database.open()
    store = ExperimentStore(database)
    prompts = tuple(replace(SKY, text=f"question {number} " + "word " * (number % 40)) for number in range(PROMPTS))
    made = await store.create(replace(TRIAL, prompts=prompts))
    provenance = await store.keep_provenance(Provenance("small"))
    heads = await store.fill(made.id)
    for head in heads[:-1]:
        text = f"answer {head.id} " + "word " * (head.id * 7 % 60)
        answer = Message(head.id, Role.ASSISTANT, text, MessageState.COMPLETE, f"model {head.column}", 5.0, Timing(1.0))
        check = CheckResult(CheckKind.CONTAINS, True)
        cell = Cell(head.id, head.prompt, head.column, 0, CellState.DONE, answer, head.id, 1, 9, provenance, (check,))
        await store.finish(cell)
        await store.next_order(made.id)
    last = heads[-1]
    answer = Message(last.id, Role.ASSISTANT, "", MessageState.STREAMING)
    await store.start(Cell(last.id, last.prompt, last.column, answer=answer, order=await store.next_order(made.id)))
    await store.save(answer.with_text("growing"))
    await store.save(answer.with_text("growing more"))
    await store.add_vote(Vote(0, made.id, 1, 0, 1, 2, Verdict.LEFT, "clearer", left_name="a", right_name="b"))
    await store.keep_file_hash(Path("/models/small/config.json"), 5, 6, "aa")
    await database.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "things.sqlite3"
    asyncio.run(fill(path))
    return path.read_bytes()


async def one_experiment(database: Database) -> tuple[Experiment, tuple[Cell, ...]]:
    """The only experiment and its cells; everything that is there can be read, and things can go on."""
    store = ExperimentStore(database)
    (head,) = await store.experiments()
    cells = await store.cells(head.id)
    experiment = await store.read(head.id)
    assert [one.id for one in await store.heads(head.id)] == [cell.id for cell in cells]
    assert {cell.column for cell in cells} <= {column.id for column in experiment.columns}
    assert {cell.prompt for cell in cells} <= {prompt.id for prompt in experiment.prompts}
    assert await store.provenance({cell.provenance or 0 for cell in cells}) in ({1: Provenance("small")}, {})
    await store.votes()
    await check_whole(database)
    return experiment, cells


async def goes_on(database: Database, experiment: Experiment, cells: tuple[Cell, ...]) -> None:
    """What is new gets numbers that nothing has, and what is lost is asked again."""
    store = ExperimentStore(database)
    assert await store.next_order(experiment.id) > max((cell.order for cell in cells), default=0)
    (prompt,) = await store.add_prompts(experiment.id, [SKY])
    assert prompt.id > max((one.id for one in experiment.prompts), default=0)
    await store.mark_interrupted(experiment.id)
    await store.fill(experiment.id)
    states = [head.state for head in await store.heads(experiment.id)]
    assert len(states) == len(experiment.shown) * (len(experiment.prompts) + 1)
    assert states.count(CellState.DONE) == sum(1 for cell in cells if cell.state is CellState.DONE)


async def test_around_a_broken_page_of_answers_all_others_are_saved(path: Path, whole: bytes) -> None:
    put(path, whole)
    pages = leaf_pages(path, "cells")
    spoil(path, pages[len(pages) // 2])
    database, notice = await reopened(path)
    assert notice is not None
    experiment, cells = await one_experiment(database)
    assert CELLS - 80 < len(cells) < CELLS
    assert f"Saved from the file: {len(cells) + PROMPTS} messages in 1 experiment." in notice.reason
    assert (experiment.title, len(experiment.columns), len(experiment.prompts)) == ("trial", 3, PROMPTS)
    assert {cell.answer.text.split()[0] for cell in cells} == {"answer", "growing"}
    assert cells[-1].answer.text == "growing more"
    assert [(cell.provenance, cell.checks[0].passed) for cell in cells[:-1]] == [(1, True)] * (len(cells) - 1)
    (vote,) = await ExperimentStore(database).votes()
    assert (vote.verdict, vote.reason) == (Verdict.LEFT, "clearer")
    assert await ExperimentStore(database).file_hash(Path("/models/small/config.json"), 5, 6) == "aa"
    await goes_on(database, experiment, cells)
    await database.close()


@pytest.mark.parametrize("table", [*TABLES, "cells_heads"])
async def test_without_a_table_the_answers_are_still_there(path: Path, whole: bytes, table: str) -> None:
    put(path, whole)
    for page in leaf_pages(path, table):
        spoil(path, page)
    database, notice = await reopened(path)
    assert notice is not None
    experiment, cells = await one_experiment(database)
    assert len(experiment.prompts) == PROMPTS
    assert len(cells) == (0 if table == "cells" else CELLS)
    if table == "experiments":
        assert experiment.title == "Experiment from a damaged file"
    if table == "experiment_columns":
        assert [column.model.name for column in experiment.columns] == ["model 1", "model 2", "model 3"]
    if table == "experiment_prompts":
        assert experiment.prompts[4].text == "Question 5, lost in a damaged file"
    if table == "provenances":
        assert {cell.provenance for cell in cells} == {None}
    await goes_on(database, experiment, cells)
    await database.close()


async def test_nobody_goes_on_from_an_answer_that_is_lost(path: Path, whole: bytes) -> None:
    put(path, whole)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE experiment_prompts SET carried = 1 WHERE id IN (4, 50)")
        db.execute("DELETE FROM cells WHERE prompt = 50")
        db.commit()
    spoil(path, leaf_pages(path, "votes")[0])
    database, notice = await reopened(path)
    assert notice is not None
    experiment, _ = await one_experiment(database)
    assert [prompt.id for prompt in experiment.prompts if prompt.carried is not None] == [4]
    await database.close()


async def test_when_only_votes_are_left_their_numbers_are_not_given_again(path: Path, whole: bytes) -> None:
    put(path, whole)
    for table in ("experiments", "experiment_columns", "experiment_prompts", "cells"):
        for page in leaf_pages(path, table):
            spoil(path, page)
    database, _ = await reopened(path)
    store = ExperimentStore(database)
    experiment = await store.read(1)
    assert (experiment.columns, experiment.prompts, len(await store.votes(1))) == ((), (), 1)
    assert [one.id for one in await store.add_prompts(1, [SKY])] == [2]
    assert [one.id for one in (await store.update(replace(experiment, columns=TRIAL.columns))).columns] == [3, 4, 5]
    await database.close()


@pytest.mark.parametrize("seed", range(12))
async def test_damage_anywhere_never_ends_in_a_crash_nor_in_silence(path: Path, whole: bytes, seed: int) -> None:
    put(path, damaged_by_chance(whole, seed))
    database, notice = await reopened(path)
    store = ExperimentStore(database)
    cells: tuple[Cell, ...] = ()
    for _ in range(2):
        try:
            cells = tuple([cell for head in await store.experiments() for cell in await store.cells(head.id)])
            break
        except UserError as later:
            # What no check at the start sees is seen when it is read.
            notice = later
    if notice is None:
        assert len(cells) == CELLS
    elif cells:
        await goes_on(database, *await one_experiment(database))
    await database.close()


def test_what_was_saved_in_words() -> None:
    assert Salvaged(31, 412).words() == "412 messages in 31 chats"
    assert Salvaged(0, 0).words() == ""
    assert Salvaged(0, 0, 1).words() == "1 experiment"
    assert Salvaged(2, 0, 1).words() == "2 chats and 1 experiment"
    assert Salvaged(1, 1).words() == "1 message in 1 chat"
    assert Salvaged(1, 1200, 2).words() == "1,200 messages in 1 chat and 2 experiments"
    assert Salvaged(0, 3, 1).words() == "3 messages in 1 experiment"


async def make_second_form(path: Path) -> None:
    database = Database(path, MIGRATIONS[:2])
    await database.open()
    store = ConversationStore(database, lambda: 10.0)
    question = Message(0, Role.USER, "Why is the sky blue?")
    await store.create("sky", (question, replace(question, text="And the sea?")))
    conversation, _ = await store.create("gone")
    await store.delete([conversation.id])
    await database.close()


async def test_a_file_of_the_second_form_gets_experiments_and_keeps_what_it_has(path: Path) -> None:
    await make_second_form(path)
    before = everything(path)
    database = Database(path)
    assert await database.open() is None
    store = ConversationStore(database)
    assert [one.title for one in await store.conversations()] == ["sky"]
    assert [message.text for message in (await store.read(1)).messages] == ["Why is the sky blue?", "And the sea?"]
    assert [found.message for found in await store.search("sea")] == [2]
    trials = ExperimentStore(database)
    assert await trials.experiments() == ()
    made = await trials.create(TRIAL)
    assert len(await trials.fill(made.id)) == 6
    await check_whole(database)
    await database.close()
    with closing(sqlite3.connect(path.with_name("things.before-form-3.sqlite3"))) as db:
        assert [*db.iterdump(), str(db.execute("PRAGMA user_version").fetchone())] == before


async def test_in_a_file_of_the_third_form_each_column_goes_on_from_its_own_answers(path: Path) -> None:
    older = Database(path, MIGRATIONS[:3])
    await older.open()
    await older.run(
        lambda db: db.execute(
            "INSERT INTO experiments VALUES (1, 't', 'conversation', '', 1, 1, 1, 0, 0, 1, 2, 0, NULL)"
        )
    )
    await older.run(lambda db: db.execute("INSERT INTO experiment_prompts VALUES (1, 1, 0, NULL, '', '', '', 'Why?')"))
    await older.close()
    database = Database(path)
    assert await database.open() is None
    store = ExperimentStore(database)
    assert [(one.text, one.carried) for one in (await store.read(1)).prompts] == [("Why?", None)]
    assert [one.carried for one in await store.carry(1, 1, 1)] == [1]
    await check_whole(database)
    await database.close()


@pytest.mark.parametrize("step", range(len(STEPS) + 1))
async def test_broken_off_before_any_step_it_stays_what_it_was(path: Path, step: int) -> None:
    await make_second_form(path)
    before = everything(path)
    script = ";\n".join([*STEPS[:step], "INSERT INTO nowhere VALUES (1)"])
    broken = Database(path, (*MIGRATIONS[:2], script))
    with pytest.raises(UserError):
        await broken.open()
    await broken.close()
    assert everything(path) == before


async def test_when_nothing_can_be_read_chats_from_before_there_were_experiments_come_back(path: Path) -> None:
    await make_second_form(path)
    database, _ = await reopened(path)
    await database.close()
    put(path, b"<html>no</html>" * 4000)
    database, notice = await reopened(path)
    assert notice is not None
    assert "things.before-form-3.sqlite3): 2 messages in 2 chats. What came later is lost." in notice.reason
    assert len((await ExperimentStore(database).create(TRIAL)).columns) == 3
    await database.close()
