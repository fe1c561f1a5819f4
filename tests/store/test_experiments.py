"""Experiments as they are made, changed, listed, copied and deleted; votes, provenance and hashes of files."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import (
    MAX_PROMPTS,
    Cell,
    CellHead,
    CellState,
    Check,
    CheckKind,
    Column,
    Experiment,
    ExperimentHead,
    ExperimentKind,
    Options,
    Pace,
    Prompt,
    Provenance,
    Verdict,
    Vote,
)
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Sampling, Structure, StructureKind
from desktop_app.store.database import Database
from desktop_app.store.experiments import ExperimentStore
from tests.store.conftest import Clock

SMALL = Column(0, ModelRef("small", Path("/models/small")))
WARM = Column(
    0,
    ModelRef("small", Path("/models/small")),
    ChatSettings("Be brief.", Sampling(temperature=1.5, stop=("END",)), Structure(StructureKind.JSON), thinking=False),
    (("--kv-cache-dtype", "fp8"), ("--enable-prefix-caching", False)),
    "warm",
)
AFAR = Column(0, ModelRef("big", address="https://example.org/v1"))
SKY = Prompt(0, "Why is the sky blue?", "Rayleigh scattering", name="sky")
SUM = Prompt(0, "2+2?", checks=(Check(CheckKind.REGEX, r"\b4\b", ignore_case=False), Check(CheckKind.JUDGE)))
OPTIONS = Options(Pace.ALONE, 8, 3, None, False, 10**12, (Check(CheckKind.CONTAINS, "blue"),), ModelRef("judge"))
TRIAL = Experiment(0, "trial", ExperimentKind.PROMPTS, (SMALL, WARM, AFAR), (SKY, SUM), order_seed=7, blind=True)


@pytest.fixture
def trials(database: Database, clock: Clock) -> ExperimentStore:
    return ExperimentStore(database, clock)


async def answer(store: ExperimentStore, head: CellHead, text: str = "Blue.") -> Cell:
    ended = Message(head.id, Role.ASSISTANT, text, MessageState.COMPLETE)
    cell = Cell(head.id, head.prompt, head.column, head.repeat, CellState.DONE, ended)
    await store.finish(cell)
    return cell


async def answer_column(store: ExperimentStore, experiment: int, column: int) -> None:
    for head in await store.fill(experiment):
        if head.column == column:
            await answer(store, head)


async def count(database: Database, table: str) -> int:
    return await database.run(lambda db: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]))


async def test_what_is_made_is_read_again_with_its_ids(trials: ExperimentStore, clock: Clock) -> None:
    made = await trials.create(replace(TRIAL, options=OPTIONS))
    assert [column.id for column in made.columns] == [1, 2, 3]
    assert [prompt.id for prompt in made.prompts] == [1, 2]
    assert [replace(column, id=0) for column in made.columns] == list(TRIAL.columns)
    assert [replace(prompt, id=0) for prompt in made.prompts] == list(TRIAL.prompts)
    assert (made.title, made.kind, made.options, made.order_seed, made.blind) == (
        "trial",
        ExperimentKind.PROMPTS,
        OPTIONS,
        7,
        True,
    )
    assert made.created == made.updated == clock.time
    assert await trials.read(made.id) == made
    assert [one.identity for one in made.columns] == [one.identity for one in TRIAL.columns]


async def test_options_that_nobody_chose_are_the_usual_ones(trials: ExperimentStore) -> None:
    assert (await trials.create(TRIAL)).options == Options()


async def test_a_prompt_for_one_column_follows_it_to_its_number(trials: ExperimentStore) -> None:
    columns = (replace(SMALL, id=4), replace(WARM, id=9))
    made = await trials.create(replace(TRIAL, columns=columns, prompts=(replace(SKY, column=9), SUM)))
    assert [prompt.column for prompt in made.prompts] == [2, None]


async def test_the_list_has_the_newest_first_and_counts(trials: ExperimentStore, clock: Clock) -> None:
    first = await trials.create(TRIAL)
    second = await trials.create(Experiment(0, "empty", ExperimentKind.CONVERSATION))
    assert [one.id for one in await trials.experiments()] == [second.id, first.id]
    heads = await trials.fill(first.id)
    clock.time += 60
    await answer(trials, heads[0])
    failed = Message(heads[1].id, Role.ASSISTANT, "", MessageState.FAILED, error="It died.")
    await trials.finish(Cell(heads[1].id, 1, 2, state=CellState.FAILED, answer=failed))
    assert await trials.experiments() == (
        ExperimentHead(
            first.id,
            "trial",
            TRIAL.kind,
            clock.time,
            ("small", "warm", "big"),
            2,
            done=1,
            cells=6,
            failed=1,
            blind=True,
        ),
        ExperimentHead(second.id, "empty", ExperimentKind.CONVERSATION, second.updated, (), 0, 0, 0),
    )
    await trials.update(replace(first, columns=first.columns[1:]))
    (head, _) = await trials.experiments()
    assert (head.columns, head.done, head.cells, head.failed) == (("warm", "big"), 0, 4, 1)


async def test_an_experiment_that_is_gone_is_told_in_words(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    gone = replace(made, id=99)
    for call in (
        trials.read(99),
        trials.update(gone),
        trials.add_prompts(99, [SKY]),
        trials.set_prompts(99, [SKY]),
        trials.duplicate(99, "copy"),
        trials.fill(99),
        trials.next_order(99),
    ):
        with pytest.raises(UserError, match="gone"):
            await call
    assert len(await trials.experiments()) == 1


async def test_everything_but_the_prompts_is_updated(trials: ExperimentStore, clock: Clock) -> None:
    made = await trials.create(TRIAL)
    clock.time += 5
    wanted = replace(
        made, title="other", options=OPTIONS, blind=False, order_seed=8, columns=(made.columns[2], SMALL), prompts=()
    )
    changed = await trials.update(wanted)
    assert changed.columns == (made.columns[2], replace(SMALL, id=4))
    assert (changed.title, changed.options, changed.blind, changed.order_seed) == ("other", OPTIONS, False, 8)
    assert changed.prompts == made.prompts
    assert (changed.created, changed.updated) == (made.created, clock.time)
    assert await trials.read(made.id) == changed


async def test_numbers_of_columns_are_never_given_twice(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    without = await trials.update(replace(made, columns=made.columns[:2]))
    assert [column.id for column in without.columns] == [1, 2]
    again = await trials.update(replace(without, columns=(*without.columns, AFAR, without.columns[0], made.columns[2])))
    assert [column.id for column in again.columns] == [1, 2, 4, 5, 6]


async def test_a_column_without_answers_is_changed_in_its_place(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    await answer_column(trials, made.id, 1)
    changed = replace(made.columns[1], settings=ChatSettings("Shout."))
    named = replace(made.columns[0], name="first")
    assert (await trials.update(replace(made, columns=(named, changed)))).columns == (named, changed)


async def test_a_column_with_answers_that_is_changed_becomes_a_new_one(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    await answer_column(trials, made.id, 2)
    other = replace(made.columns[1], settings=ChatSettings(sampling=Sampling(temperature=0.0)))
    changed = await trials.update(replace(made, columns=(made.columns[0], other, made.columns[2])))
    assert changed.shown == (made.columns[0], replace(other, id=4), made.columns[2])
    assert changed.column(2) == replace(made.columns[1], removed=True)
    assert {head.column for head in await trials.heads(made.id) if head.state is CellState.DONE} == {2}
    assert [(head.prompt, head.column) for head in await trials.fill(made.id)] == [(1, 4), (2, 4)]


async def test_a_removed_column_keeps_its_answers_and_comes_back_with_them(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    heads = await trials.fill(made.id)
    await answer(trials, heads[1])
    fewer = await trials.update(replace(made, columns=(made.columns[0],)))
    assert fewer.columns == (made.columns[0], replace(made.columns[1], removed=True))
    assert {head.id for head in await trials.heads(made.id)} == {heads[0].id, heads[1].id, heads[3].id}
    back = await trials.update(replace(fewer, columns=made.columns[:2]))
    assert back.shown == made.columns[:2]
    assert [(head.prompt, head.column) for head in await trials.fill(made.id)] == [(2, 2)]


async def test_a_removed_column_stays_while_a_question_or_a_vote_refers_to_it(trials: ExperimentStore) -> None:
    made = await trials.create(replace(TRIAL, prompts=(replace(SKY, column=1),)))
    await trials.add_vote(Vote(0, made.id, 1, 0, 2, 2, Verdict.TIE))
    removed = [replace(column, removed=True) for column in made.columns]
    assert [column.id for column in (await trials.update(replace(made, columns=tuple(removed)))).columns] == [1, 2]


async def test_prompts_are_added_behind_the_others(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    added = await trials.add_prompts(made.id, [replace(SUM, column=3), SKY])
    assert added == (replace(SUM, id=3, column=3), replace(SKY, id=4))
    assert (await trials.read(made.id)).prompts == made.prompts + added
    assert await trials.add_prompts(made.id, []) == ()
    with pytest.raises(sqlite3.IntegrityError):
        await trials.add_prompts(made.id, [replace(SKY, column=99)])


async def test_prompts_are_replaced_and_their_numbers_never_given_twice(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    first, second = made.prompts
    edited = replace(second, text="3+3?")
    assert await trials.set_prompts(made.id, [edited, SKY, edited]) == (
        edited,
        replace(SKY, id=3),
        replace(edited, id=4),
    )
    assert [one.id for one in await trials.set_prompts(made.id, [first])] == [5]
    assert await trials.set_prompts(made.id, []) == ()


async def test_a_prompt_with_answers_is_neither_dropped_nor_made_another(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    heads = await trials.fill(made.id)
    await answer(trials, heads[0])
    before = await trials.heads(made.id)
    first, second = made.prompts
    with pytest.raises(UserError, match="cannot be taken away") as dropped:
        await trials.set_prompts(made.id, [second, SUM])
    assert "“Why is the sky blue?”" in dropped.value.reason
    for other in (replace(first, text="Why is the sea blue?"), replace(first, column=1)):
        with pytest.raises(UserError, match="cannot be changed"):
            await trials.set_prompts(made.id, [other, second])
    assert (await trials.read(made.id)).prompts == made.prompts
    assert await trials.heads(made.id) == before
    checked = replace(first, reference="Rayleigh", checks=(Check(CheckKind.EXACT),), name="one")
    assert await trials.set_prompts(made.id, [checked]) == (checked,)
    assert [head.prompt for head in await trials.heads(made.id)] == [1, 1, 1]


async def test_a_prompt_that_only_failed_can_be_changed_and_dropped(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    heads = await trials.fill(made.id)
    failed = Message(heads[0].id, Role.ASSISTANT, "", MessageState.FAILED, error="It died.")
    await trials.finish(Cell(heads[0].id, 1, 1, state=CellState.FAILED, answer=failed))
    only = replace(made.prompts[0], column=2)
    await trials.set_prompts(made.id, [only])
    assert [(head.prompt, head.column) for head in await trials.heads(made.id)] == [(1, 2)]


async def test_there_is_an_end_to_prompts_and_cells(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    many = [Prompt(0, "?")] * MAX_PROMPTS
    for call in (trials.add_prompts(made.id, many), trials.set_prompts(made.id, [*many, SKY])):
        with pytest.raises(UserError, match="too many questions"):
            await call
    await trials.set_prompts(made.id, many)
    with pytest.raises(UserError, match="too many answers") as refused:
        await trials.update(replace(made, options=Options(repeats=4)))
    assert "10,000 questions × 3 columns × 4 repeats are 120,000 answers" in refused.value.reason
    assert (await trials.read(made.id)).options.repeats == 1, "otherwise nobody could open it any more"
    assert len(await trials.fill(made.id)) == 30_000


async def test_no_way_leads_to_an_experiment_that_cannot_be_filled(trials: ExperimentStore) -> None:
    made = await trials.create(replace(TRIAL, options=Options(repeats=100)))
    many = [Prompt(0, "?")] * 500
    for call in (trials.add_prompts(made.id, many), trials.set_prompts(made.id, [*made.prompts, *many])):
        with pytest.raises(UserError, match="too many answers"):
            await call
    with pytest.raises(UserError, match="too many answers"):
        await trials.create(replace(TRIAL, prompts=tuple(many), options=Options(repeats=100)))
    assert len(await trials.fill(made.id)) == 600


async def test_a_copy_has_neither_answers_nor_votes_nor_what_was_removed(trials: ExperimentStore) -> None:
    made = await trials.create(replace(TRIAL, options=OPTIONS))
    await answer_column(trials, made.id, 1)
    await trials.add_vote(Vote(0, made.id, 1, 0, 1, 2, Verdict.LEFT))
    await trials.add_prompts(made.id, [replace(SUM, column=1), replace(SUM, column=3)])
    await trials.update(replace(made, columns=made.columns[1:]))
    copy = await trials.duplicate(made.id, "again")
    assert copy.id != made.id
    assert (copy.title, copy.options, copy.order_seed, copy.blind) == ("again", OPTIONS, 7, True)
    assert copy.columns == (replace(WARM, id=1), replace(AFAR, id=2))
    assert copy.prompts == (*made.prompts, replace(SUM, id=3, column=2))
    assert await trials.heads(copy.id) == ()
    assert await trials.votes(copy.id) == ()


async def test_deleted_ones_can_be_brought_back_for_thirty_days(
    trials: ExperimentStore, database: Database, clock: Clock
) -> None:
    made = await trials.create(TRIAL)
    await trials.create(replace(TRIAL, title="stays"))
    await answer_column(trials, made.id, 1)
    await trials.add_vote(Vote(0, made.id, 1, 0, 1, 2, Verdict.LEFT))
    await trials.delete(made.id)
    assert [one.title for one in await trials.experiments()] == ["stays"]
    assert await trials.votes() == ()
    clock.time += 29 * 24 * 3600
    await trials.delete(made.id)
    assert await trials.purge() == 0
    await trials.restore(made.id)
    assert [one.title for one in await trials.experiments()] == ["trial", "stays"]
    assert len(await trials.votes()) == 1
    await trials.delete(made.id)
    clock.time += 31 * 24 * 3600
    assert await trials.purge() == 1
    tables = ("experiments", "experiment_columns", "experiment_prompts", "cells", "votes", "provenances")
    assert [await count(database, table) for table in tables] == [1, 3, 2, 0, 0, 0]
    assert await trials.purge(older_than=-1) == 0
    assert (await trials.create(TRIAL)).id == 3


async def test_which_answer_all_go_on_from_is_kept_and_belongs_to_the_answers(
    trials: ExperimentStore, clock: Clock
) -> None:
    made = await trials.create(replace(TRIAL, prompts=(replace(SKY, carried=2), SUM)))
    assert [prompt.carried for prompt in made.prompts] == [None, None], "there is no answer yet"
    await answer_column(trials, made.id, 2)
    clock.time += 60
    prompts = await trials.carry(made.id, 1, 2)
    assert [prompt.carried for prompt in prompts] == [2, None]
    stored = await trials.read(made.id)
    assert (stored.prompts, stored.updated) == (prompts, clock.time)

    changed = tuple(replace(prompt, name="x", carried=3) for prompt in prompts)
    assert [prompt.carried for prompt in await trials.set_prompts(made.id, changed)] == [2, None]
    without = [column for column in stored.columns if column.id != 2]
    assert (await trials.update(replace(stored, columns=tuple(without)))).prompts[0].carried == 2
    assert {prompt.carried for prompt in (await trials.duplicate(made.id, "copy")).prompts} == {None}
    assert [prompt.carried for prompt in await trials.carry(made.id, 1, None)] == [None, None]


async def test_a_column_that_all_go_on_from_stays_known(trials: ExperimentStore) -> None:
    made = await trials.create(TRIAL)
    await trials.carry(made.id, 1, 2)
    stored = await trials.update(replace(made, columns=(made.columns[0], made.columns[2])))
    assert [column.id for column in stored.columns if column.removed] == [2]


async def test_votes_are_kept_with_who_they_were_between(trials: ExperimentStore, clock: Clock) -> None:
    first, second = await trials.create(TRIAL), await trials.create(TRIAL)
    vote = Vote(0, first.id, 1, 2, 3, 1, Verdict.BOTH_BAD, "both \ud83d lie", True, 0.0, "a", "b", "left", "right")
    stored = await trials.add_vote(vote)
    assert stored == replace(vote, id=stored.id, created=clock.time, reason="both ? lie")
    other = await trials.add_vote(replace(vote, experiment=second.id, verdict=Verdict.RIGHT, blind=False, created=5.0))
    assert await trials.votes(first.id) == (stored,)
    assert await trials.votes() == (stored, other)
    await trials.remove_vote(stored.id)
    assert await trials.votes() == (other,)


async def test_a_vote_of_which_nobody_knows_what_it_said_does_not_count(
    trials: ExperimentStore, database: Database
) -> None:
    made = await trials.create(TRIAL)
    await trials.add_vote(Vote(0, made.id, 1, 0, 1, 2, Verdict.LEFT))
    await database.run(lambda db: db.execute("UPDATE votes SET verdict = 'perhaps'"))
    assert await trials.votes() == ()


async def test_the_same_provenance_is_kept_once(trials: ExperimentStore, database: Database) -> None:
    full = Provenance(
        "small",
        revision="abc",
        files=(("config.json", "aa"), ("model.safetensors", "bb")),
        template="cc",
        engine="vLLM 0.32.0 (CPU)",
        arguments=("--max-model-len", "8192"),
        hardware="8 cores",
        program="1.0",
    )
    first = await trials.keep_provenance(full)
    second = await trials.keep_provenance(replace(full, revision="abd"))
    assert await trials.keep_provenance(replace(full)) == first != second
    assert await trials.keep_provenance(Provenance(model="a\ud83d")) == await trials.keep_provenance(Provenance("a?"))
    assert await trials.provenance([first, second, 99, first]) == {first: full, second: replace(full, revision="abd")}
    await database.run(lambda db: db.execute("UPDATE provenances SET content = '[1'"))
    assert await trials.provenance([first]) == {first: Provenance()}


async def test_a_hash_counts_as_long_as_its_file_is_the_same(trials: ExperimentStore) -> None:
    file = Path("/models/\udcff/model.safetensors")
    assert await trials.file_hash(file, 5, 10**18) is None
    await trials.keep_file_hash(file, 5, 10**18, "aa")
    assert await trials.file_hash(file, 5, 10**18) == "aa"
    assert await trials.file_hash(file, 6, 10**18) is await trials.file_hash(file, 5, 10**18 + 1) is None
    await trials.keep_file_hash(file, 6, 10**18, "bb")
    assert await trials.file_hash(file, 6, 10**18) == "bb"
    assert await trials.file_hash(file, 5, 10**18) is None


async def test_any_text_can_be_stored(trials: ExperimentStore) -> None:
    text = "a\ud83d \x00 👩‍👩‍👧 عربي"
    model = ModelRef(text, Path("/models/\udcff"), is_guide=True, address=text)
    column = Column(0, model, ChatSettings(system=text), (("--flag", text), ("--on", True)), text)
    check = Check(CheckKind.CONTAINS, text)
    options = Options(checks=(check,), judge=model)
    prompt = Prompt(0, text, text, checks=(check,), name=text)
    made = await trials.create(Experiment(0, text, ExperimentKind.PROMPTS, (column,), (prompt,), options))
    assert await trials.read(made.id) == made
    clean = text.replace("\ud83d", "?")
    assert (made.title, made.prompts[0].text, made.columns[0].settings.system) == (clean, clean, clean)
    assert made.columns[0].model.folder == model.folder
    assert made.columns[0].flags == (("--on", True),)
    assert made.options.judge == replace(model, name=clean, address=clean)


BROKEN = ["", "no JSON", "[" * 100_000, "null", "7", '{"model": 7, "flags": {"a": 1}, "settings": [], "checks": 5}']


@pytest.mark.parametrize("text", BROKEN)
async def test_what_is_damaged_counts_as_not_known(trials: ExperimentStore, database: Database, text: str) -> None:
    made = await trials.create(replace(TRIAL, options=OPTIONS))

    def spoil(db: sqlite3.Connection) -> None:
        db.execute("UPDATE experiments SET options = ?, kind = ?", (text, text))
        db.execute("UPDATE experiment_columns SET content = ?", (text,))
        db.execute("UPDATE experiment_prompts SET checks = ?", (text,))

    await database.run(spoil)
    known = await trials.read(made.id)
    assert (known.kind, known.options) == (ExperimentKind.PROMPTS, Options())
    assert known.columns == tuple(Column(number, ModelRef("Unknown model")) for number in (1, 2, 3))
    assert [prompt.text for prompt in known.prompts] == [SKY.text, SUM.text]
    assert [prompt.checks for prompt in known.prompts] == [(), ()]
    assert (await trials.experiments())[0].columns == ("Unknown model",) * 3


async def test_options_out_of_range_count_as_not_chosen(trials: ExperimentStore, database: Database) -> None:
    made = await trials.create(TRIAL)
    wild = (
        '{"pace": "never", "concurrency": 1000000, "repeats": 0, "seed": 1e999, "shuffle": 1, "memory_limit": -1,'
        ' "checks": [{"kind": "magic"}, 7, {"kind": "exact", "text": 7}], "judge": {"name": ""}}'
    )
    await database.run(lambda db: db.execute("UPDATE experiments SET options = ?", (wild,)))
    assert (await trials.read(made.id)).options == Options(seed=None, checks=(Check(CheckKind.EXACT),))
    flags = (
        '{"model": {"name": "m", "folder": "a\\u0000"},'
        ' "flags": [["--a", 1], ["--b"], ["--c", "d\\u0000"], ["-e", "f"]]}'
    )
    await database.run(lambda db: db.execute("UPDATE experiment_columns SET content = ?", (flags,)))
    assert (await trials.read(made.id)).columns[0] == Column(1, ModelRef("m"), flags=(("-e", "f"),))
