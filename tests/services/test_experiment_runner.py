"""Runs of experiments, with the stand-in engine below the shipped supervisor and with servers elsewhere."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import MessageState
from desktop_app.domain.engine import EngineStage
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import CellState, Check, CheckKind, Column, ExperimentKind, Pace, Prompt
from desktop_app.domain.launch import FlagValue, ModelSettings
from desktop_app.domain.sampling import ChatSettings, Mode, Sampling
from desktop_app.engine.leftovers import read_record
from desktop_app.paths import Paths
from tests.conftest import reach
from tests.endpoint.running import elsewhere
from tests.engine_fakes import alive
from tests.services.experiment_world import ExperimentWorld, opened

_DONE, _FAILED, _WAITING = CellState.DONE, CellState.FAILED, CellState.WAITING
_ROOM_FOR_ONE = 3 << 30
_ROOM_FOR_TWO = 6 << 30


@pytest.fixture
async def world(paths: Paths, tmp_path: Path) -> AsyncIterator[ExperimentWorld]:
    made = await opened(paths, tmp_path)
    yield made
    await made.close()
    assert made.failures == []


def column(world: ExperimentWorld, name: str, **behaviour: object) -> Column:
    return Column(0, world.bench.model(name, **behaviour))


def requests(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def running(world: ExperimentWorld) -> set[str]:
    engines = world.bench.serving.engines.value
    return {one.model.name for one in engines if one.model and one.stage is EngineStage.READY}


async def test_both_fit_and_answer_together(world: ExperimentWorld) -> None:
    columns = [column(world, "first", answer="I am the first."), column(world, "second", answer="I am the second.")]
    experiment = await world.make(columns, ["Who?", "And who?"], memory_limit=_ROOM_FOR_TWO)
    plan = await world.plan(experiment)
    assert plan.state.words.startswith("Both fit into memory together (")
    assert plan.state.batches == ((1, 2),)

    await world.run(experiment)

    cells = await world.cells(experiment)
    assert [cell.state for cell in cells] == [_DONE] * 4
    assert {cell.answer.text for cell in cells if cell.column == 2} == {"I am the second."}
    assert sorted(cell.order for cell in cells) == [1, 2, 3, 4]
    assert min(cell.beside for cell in cells) > 0, "also of the one that was asked first"
    assert all(cell.memory > 0 and cell.answer.timing.answer_tokens for cell in cells)
    assert any("Asking first and second, " in words for words in world.heard.words)
    assert running(world) == set(), "nothing that was started for a prompt set is left"


async def test_only_one_fits_so_they_run_one_after_another(world: ExperimentWorld) -> None:
    columns = [column(world, "first"), column(world, "second")]
    experiment = await world.make(columns, ["Who?"], memory_limit=_ROOM_FOR_ONE)
    plan = await world.plan(experiment)
    assert plan.state.words == "Memory holds one of them at a time: they run one after another."
    assert plan.state.batches == ((1,), (2,))

    await world.run(experiment)

    assert await world.states(experiment) == [[_DONE], [_DONE]]
    assert (2, "Waits for its turn", "") in world.heard.said
    assert {state.batch for state in world.heard.states if state.batches == 2} == {0, 1}
    assert [cell.beside for cell in await world.cells(experiment)] == [0, 0]
    assert running(world) == set()


async def test_one_that_does_not_start_fails_its_column_and_no_other(world: ExperimentWorld) -> None:
    broken = column(world, "broken", exit=1)
    experiment = await world.make([broken, column(world, "sound")], ["One", "Two"])

    await world.run(experiment)

    assert await world.states(experiment) == [[_FAILED] * 2, [_DONE] * 2]
    failed = [cell for cell in await world.cells(experiment) if cell.state is _FAILED]
    why = next(why for one, _, why in world.heard.said if one == 1 and why)
    assert {cell.answer.error for cell in failed} == {why}
    assert {cell.answer.model for cell in failed} == {"broken"}


async def test_one_that_fits_nowhere_is_told_beforehand_and_fails(world: ExperimentWorld) -> None:
    columns = [
        Column(0, world.bench.model("large"), flags=(("--kv-cache-memory-bytes", "20G"),)),
        column(world, "small"),
    ]
    experiment = await world.make(columns, ["Who?"])
    plan = await world.plan(experiment)
    assert plan.state.warning.startswith("large with --kv-cache-memory-bytes=20G needs about ")
    assert plan.state.batches == ((2,),)

    await world.run(experiment)

    assert await world.states(experiment) == [[_FAILED], [_DONE]]


async def test_an_engine_killed_in_the_middle_fails_its_column_with_the_reason(world: ExperimentWorld) -> None:
    slow = column(world, "slow", tokens=10_000, tokens_per_second=200, max_model_len=20_000)
    experiment = await world.make([slow, column(world, "quick")], ["One", "Two", "Three"], concurrency=1)
    work = world.begin(experiment)
    await reach(lambda: any(message.text for _, message in world.heard.grown), "a word of the slow one")
    record = read_record(world.bench.paths.engine(slow.engine_key).record)
    assert record is not None
    os.kill(record.leader.pid, signal.SIGKILL)
    await work

    assert await world.states(experiment) == [[_FAILED] * 3, [_DONE] * 3]
    status = world.bench.serving.status_of(slow.model).value
    assert status.error is not None
    errors = {cell.answer.error for cell in await world.cells(experiment) if cell.column == 1}
    assert errors == {status.error.sentence()}


async def test_an_engine_stopped_by_hand_fails_its_column(world: ExperimentWorld) -> None:
    slow = column(world, "slow", tokens=10_000, tokens_per_second=200, max_model_len=20_000)
    experiment = await world.make([slow, column(world, "quick")], ["One", "Two"], concurrency=1)
    work = world.begin(experiment)
    await reach(lambda: any(message.text for _, message in world.heard.grown), "a word of the slow one")
    await world.bench.serving.stop(slow.engine_key)
    await work

    assert await world.states(experiment) == [[_FAILED] * 2, [_DONE] * 2]
    errors = {cell.answer.error for cell in await world.cells(experiment) if cell.column == 1}
    assert errors == {"slow was stopped before it could answer."}


async def test_a_refused_question_fails_alone(world: ExperimentWorld) -> None:
    experiment = await world.make(
        [column(world, "short", max_model_len=20)], ["Yes?", "word " * 40, "No?"], concurrency=1
    )
    await world.run(experiment)
    assert await world.states(experiment) == [[_DONE, _FAILED, _DONE]]


async def test_an_engine_with_options_of_its_own_runs_beside_the_ordinary_one(world: ExperimentWorld) -> None:
    model = world.bench.model("tiny")
    columns = [Column(0, model), Column(0, model, flags=(("--kv-cache-dtype", "fp8"),))]
    columns.append(Column(0, model, ChatSettings(sampling=Sampling(temperature=0.0))))
    world.bench.choices.chosen[model.key] = ModelSettings(flags=(("--max-num-seqs", "3"),))
    experiment = await world.make(columns, ["Who?"], kind=ExperimentKind.CONVERSATION)

    await world.run(experiment)

    assert await world.states(experiment) == [[_DONE]] * 3
    assert running(world) == {"tiny", "tiny with --kv-cache-dtype=fp8"}, "those of a conversation stay"
    plan = world.bench.serving.plan_of(columns[1].engine_key)
    assert plan is not None
    assert (plan.get("--kv-cache-dtype"), plan.get("--max-num-seqs")) == ("fp8", "3")
    cells = await world.cells(experiment)
    origins = await world.store.provenance({cell.provenance for cell in cells if cell.provenance})
    assert [cell.provenance for cell in cells] == [cells[0].provenance, cells[1].provenance, cells[0].provenance]
    assert "fp8" in origins[cells[1].provenance or 0].arguments
    assert {cell.answer.model for cell in cells} == {one.model for one in origins.values()} == {"tiny"}


async def test_what_runs_is_used_as_it_is_and_stays(world: ExperimentWorld) -> None:
    first = column(world, "first")
    assert await world.bench.serving.start(first.model)
    process = read_record(world.bench.paths.engine(first.engine_key).record)
    experiment = await world.make([first, column(world, "second")], ["Who?"])

    await world.run(experiment)

    assert await world.states(experiment) == [[_DONE], [_DONE]]
    assert running(world) == {"first"}
    assert process == read_record(world.bench.paths.engine(first.engine_key).record)
    assert world.bench.status.model == first.model, "the chat's model is left alone"


async def test_what_is_in_the_way_is_named_and_stopped(world: ExperimentWorld) -> None:
    assert await world.bench.serving.start(world.bench.model("theirs"))
    world.bench.machine = replace(world.bench.machine, available_bytes=1 << 30)
    experiment = await world.make([column(world, "first")], ["Who?"])
    plan = await world.plan(experiment)
    assert plan.state.stops == ("theirs",)

    async def room_comes_back() -> None:
        await reach(lambda: not running(world), "the end of theirs")
        world.bench.machine = replace(world.bench.machine, available_bytes=_ROOM_FOR_ONE)

    await asyncio.gather(world.run(experiment), room_comes_back())

    assert await world.states(experiment) == [[_DONE]]


async def test_one_that_runs_with_other_settings_is_started_anew(world: ExperimentWorld) -> None:
    first = column(world, "first")
    assert await world.bench.serving.start(first.model)
    world.bench.choices.chosen[first.model.key] = ModelSettings(flags=(("--max-num-seqs", "3"),))
    experiment = await world.make([first], ["Who?"])
    assert (await world.plan(experiment)).state.stops == ("first",)
    await world.run(experiment)
    assert await world.states(experiment) == [[_DONE]]
    assert running(world) == set()


async def test_no_room_after_all_makes_it_come_later(world: ExperimentWorld) -> None:
    columns = [column(world, "first"), column(world, "second")]
    experiment = await world.make(columns, ["Who?"])
    assert (await world.plan(experiment)).state.batches == ((1, 2),)

    def memory_goes_with_the_first(_engines: object) -> None:
        free = 1 << 30 if "first" in running(world) else _ROOM_FOR_TWO
        world.bench.machine = replace(world.bench.machine, available_bytes=free)

    world.bench.serving.engines.watch(memory_goes_with_the_first)
    await world.run(experiment)

    assert await world.states(experiment) == [[_DONE], [_DONE]]
    assert world.heard.said.count((2, "Waits for its turn", "")) == 2


async def test_stop_keeps_what_came_and_leaves_the_rest_waiting(world: ExperimentWorld) -> None:
    slow = column(world, "slow", tokens=10_000, tokens_per_second=200, max_model_len=20_000)
    experiment = await world.make([slow], ["One", "Two"], concurrency=1)
    work = world.begin(experiment)
    await reach(lambda: any(message.text for _, message in world.heard.grown), "a word")
    await world.runner.stop()
    assert work.done() or await asyncio.wait({work})

    first, second = await world.cells(experiment)
    assert (first.state, second.state) == (CellState.STOPPED, _WAITING)
    assert first.answer.state is MessageState.STOPPED
    assert first.answer.text
    assert running(world) == set()
    assert world.heard.states[-1].stopping


async def test_stop_ends_a_start(world: ExperimentWorld) -> None:
    loading = column(world, "loading", ready_after=600)
    experiment = await world.make([loading], ["One"])
    work = world.begin(experiment)
    await reach(world.bench.paths.engine(loading.engine_key).record.exists, "an engine process")
    await world.runner.stop()
    await work
    assert await world.states(experiment) == [[_WAITING]]
    assert not any(map(alive, world.bench.processes()))


async def test_closing_leaves_nothing_running_and_goes_on_later(world: ExperimentWorld) -> None:
    slow = column(world, "slow", tokens=10_000, tokens_per_second=200, max_model_len=20_000)
    experiment = await world.make([slow], ["One"], kind=ExperimentKind.CONVERSATION)
    work = world.begin(experiment)
    await reach(lambda: any(message.text for _, message in world.heard.grown), "a word")
    await world.runner.shutdown()
    await work
    assert await world.states(experiment) == [[_WAITING]]
    assert world.heard.over[-1].state is _WAITING
    assert not any(map(alive, world.bench.processes()))
    await world.run(experiment)
    assert await world.states(experiment) == [[_WAITING]], "a program that closes runs nothing"


async def test_a_conversation_goes_on_from_its_own_answers(world: ExperimentWorld, tmp_path: Path) -> None:
    record = tmp_path / "asked.jsonl"
    settings = ChatSettings(system="Be brief.", sampling=Sampling(seed=5))
    talker = Column(0, world.bench.model("talker", answer="So it is.", record=str(record)), settings)
    other = Column(0, world.bench.model("other", answer="No."))
    prompts = [Prompt(0, "One?"), Prompt(0, "Two?"), Prompt(0, "Only you?", column=2), Prompt(0, "Three?")]
    experiment = await world.make([talker, other], prompts, kind=ExperimentKind.CONVERSATION)

    await world.run(experiment)

    assert [len(one) for one in await world.states(experiment)] == [3, 4]
    asked = requests(record)
    assert [one["seed"] for one in asked] == [5, 5, 5]
    assert asked[-1]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "So it is."},
        {"role": "user", "content": "Two?"},
        {"role": "assistant", "content": "So it is."},
        {"role": "user", "content": "Three?"},
    ]
    await world.store.add_prompts(experiment.id, [Prompt(0, "Four?")])
    await world.run(experiment)
    assert len(requests(record)[-1]["messages"]) == 8  # type: ignore[arg-type]
    assert running(world) == {"talker", "other"}


async def test_all_columns_are_sent_the_answer_that_they_go_on_from(world: ExperimentWorld, tmp_path: Path) -> None:
    files = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    columns = [
        column(world, name, answer=f"I am {name}.", record=str(file))
        for name, file in zip(("first", "second"), files, strict=True)
    ]
    prompts = [Prompt(0, "Who?"), Prompt(0, "Only you?", column=1)]
    experiment = await world.make(columns, prompts, kind=ExperimentKind.CONVERSATION, memory_limit=_ROOM_FOR_ONE)
    await world.run(experiment)
    await world.store.carry(experiment.id, 1, 2)
    await world.store.add_prompts(experiment.id, [Prompt(0, "And then?")])
    await world.run(experiment)

    def sent(file: Path) -> list[str]:
        messages = requests(file)[-1]["messages"]
        assert isinstance(messages, list)
        return [str(one["content"]) for one in messages]

    assert sent(files[0]) == ["Who?", "I am second.", "Only you?", "I am first.", "And then?"]
    assert sent(files[1]) == ["Who?", "I am second.", "And then?"]

    await world.store.carry(experiment.id, 3, 1)
    added = replace(columns[0], settings=ChatSettings(system="Be late."))
    experiment = await world.store.read(experiment.id)
    await world.store.update(replace(experiment, columns=(*experiment.columns, added)))
    await world.run(experiment)
    assert sent(files[0]) == ["Be late.", "Who?", "I am second.", "And then?"], "a column that came later does so, too"


async def test_an_answer_that_was_stopped_is_sent_when_all_go_on_from_it(
    world: ExperimentWorld, tmp_path: Path
) -> None:
    file = tmp_path / "asked.jsonl"
    columns = [column(world, "first", record=str(file)), column(world, "second")]
    experiment = await world.make(columns, ["Who?"], kind=ExperimentKind.CONVERSATION)
    await world.store.fill(experiment.id)
    for cell in await world.cells(experiment):
        answer = replace(cell.answer, id=cell.id, text=f"Half of {cell.column}", state=MessageState.STOPPED)
        await world.store.finish(replace(cell, state=CellState.STOPPED, answer=answer))
    await world.store.carry(experiment.id, 1, 2)
    await world.store.add_prompts(experiment.id, [Prompt(0, "And then?")])
    await world.run(experiment)
    assert [one["content"] for one in requests(file)[-1]["messages"]] == ["Who?", "Half of 2", "And then?"]  # type: ignore[attr-defined]


async def test_repeats_have_seeds_in_a_row_and_prompts_stand_alone(world: ExperimentWorld, tmp_path: Path) -> None:
    record = tmp_path / "asked.jsonl"
    experiment = await world.make(
        [Column(0, world.bench.model("tiny", record=str(record)))], ["One?", "Two?"], repeats=3, seed=40, concurrency=1
    )
    await world.run(experiment)
    asked = requests(record)
    assert [one["seed"] for one in asked] == [40, 41, 42] * 2
    assert {len(one["messages"]) for one in asked} == {1}  # type: ignore[arg-type]


async def test_a_column_with_a_seed_of_its_own_begins_there(world: ExperimentWorld, tmp_path: Path) -> None:
    record = tmp_path / "asked.jsonl"
    own = ChatSettings(sampling=Sampling(seed=7))
    tiny = Column(0, world.bench.model("tiny", record=str(record)), own)
    await world.run(await world.make([tiny], ["One?"], repeats=3, seed=40, concurrency=1))
    assert [one["seed"] for one in requests(record)] == [7, 8, 9], "three times the same would be one answer"
    await world.run(await world.make([tiny], ["One?"], repeats=2, seed=None, concurrency=1))
    assert [one["seed"] for one in requests(record)[3:]] == [7, 8]


async def test_a_text_is_continued(world: ExperimentWorld, tmp_path: Path) -> None:
    record = tmp_path / "asked.jsonl"
    base = world.bench.model("base", base_model=True, record=str(record))
    columns = [Column(0, base, ChatSettings(mode=Mode.COMPLETION)), Column(0, base)]
    experiment = await world.make(columns, ["Once upon a time"])
    await world.run(experiment)
    assert await world.states(experiment) == [[_DONE], [_FAILED]]
    assert "Once upon a time" in [one.get("prompt") for one in requests(record)]
    refused = (await world.cells(experiment))[1]
    assert refused.answer.error.startswith("This model cannot hold a conversation.")


async def test_one_at_a_time_over_the_whole_machine(world: ExperimentWorld) -> None:
    columns = [column(world, name, tokens=3, tokens_per_second=100) for name in ("first", "second")]
    experiment = await world.make(columns, ["1", "2", "3", "4"], pace=Pace.ALONE, shuffle=True)
    await world.run(experiment)
    cells = sorted(await world.cells(experiment), key=lambda cell: cell.order)
    assert {cell.beside for cell in cells} == {0}
    assert [cell.prompt for cell in cells] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert len({tuple(cell.column for cell in cells[place : place + 2]) for place in range(0, 8, 2)}) == 2


async def test_as_many_questions_at_a_time_as_were_chosen(world: ExperimentWorld, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    tiny = column(world, "tiny", tokens=20, go_on_when=str(go_on))
    experiment = await world.make([tiny], [str(number) for number in range(9)], concurrency=3)
    work = world.begin(experiment)
    await reach(lambda: len({cell for cell, message in world.heard.grown if message.text}) == 3, "three answers")
    assert len(world.heard.begun) == 3
    go_on.touch()
    await work
    assert max(cell.beside for cell in await world.cells(experiment)) == 2


async def test_answers_are_checked(world: ExperimentWorld) -> None:
    checks = (Check(CheckKind.CONTAINS, "yes"),)
    prompts = [Prompt(0, "Is it?", checks=(Check(CheckKind.EXACT),), reference="Yes."), Prompt(0, "Was it?")]
    experiment = await world.make([column(world, "tiny", answer="Yes.")], prompts, checks=checks)
    await world.run(experiment)
    first, second = await world.cells(experiment)
    assert [(one.kind, one.passed) for one in first.checks] == [(CheckKind.CONTAINS, True), (CheckKind.EXACT, True)]
    assert second.passed is True


async def test_a_judge_is_started_when_all_is_said(world: ExperimentWorld) -> None:
    judge = world.bench.model("judge", answer='{"reason": "It says so.", "verdict": "pass"}', structured="ignores")
    checks = (Check(CheckKind.JUDGE, "Is it polite?"), Check(CheckKind.CONTAINS, "yes"))
    experiment = await world.make([column(world, "tiny", answer="Yes.")], ["One", "Two"], checks=checks, judge=judge)
    assert (await world.plan(experiment)).state.words.endswith("Then judge judges.")
    await world.run(experiment)
    cells = await world.cells(experiment)
    assert [(cell.checks[0].passed, cell.checks[0].why) for cell in cells] == [(True, "It says so.")] * 2
    assert {cell.passed for cell in cells} == {True}
    assert world.heard.over[-1].passed is True
    assert running(world) == set()


async def test_without_a_verdict_it_stays_undecided(world: ExperimentWorld) -> None:
    broken = world.bench.model("judge", exit=1)
    experiment = await world.make([column(world, "tiny")], ["One"], checks=(Check(CheckKind.JUDGE),), judge=broken)
    await world.run(experiment)
    (cell,) = await world.cells(experiment)
    assert (cell.state, cell.passed) == (_DONE, None)
    assert cell.checks[0].why.startswith("Not judged yet. ")
    world.bench.model("judge", answer="I cannot say.", structured="ignores")
    await world.run(experiment)
    (cell,) = await world.cells(experiment)
    assert cell.checks[0].why == "The judge gave no verdict that can be read: I cannot say."
    world.bench.model("judge", answer='{"reason": "No.", "verdict": "fail"}', structured="ignores")
    await world.runner.check_again(experiment, world.heard)
    (cell,) = await world.cells(experiment)
    assert cell.passed is False


async def test_servers_elsewhere_take_no_memory_and_one_that_goes_away_fails(
    world: ExperimentWorld, tmp_path: Path
) -> None:
    world.bench.machine = replace(world.bench.machine, available_bytes=1 << 20)
    async with elsewhere(tmp_path) as one, elsewhere(tmp_path, die_after_tokens=5, tokens=9) as two:
        columns = [Column(0, world.elsewhere("here", one)), Column(0, world.elsewhere("gone", two))]
        experiment = await world.make(columns, ["One", "Two", "Three"], concurrency=1)
        plan = await world.plan(experiment)
        assert (plan.state.batches, plan.state.warning) == (((1, 2),), "")
        await world.run(experiment)
    assert await world.states(experiment) == [[_DONE] * 3, [_FAILED] * 3]
    cells = await world.cells(experiment)
    origins = await world.store.provenance({cell.provenance for cell in cells if cell.provenance})
    assert {(one.address, one.engine) for one in origins.values()} >= {(columns[0].model.address, "vLLM 0.32.0")}


async def test_of_a_server_that_does_not_say_what_it_is_an_answer_says_only_where(
    world: ExperimentWorld, tmp_path: Path
) -> None:
    async with elsewhere(tmp_path, missing=["/version"]) as server:
        far = replace(world.elsewhere("far", server), address="https://example.org:8000/v1?key=hush")
        experiment = await world.make([Column(0, far)], ["One"])
        await world.run(experiment)
    assert await world.states(experiment) == [[_DONE]]
    (begun,) = world.heard.begun
    assert begun.answer.record.engine == "example.org:8000", "exports say it, and an address may hold a key"


async def test_a_prompt_that_comes_while_it_runs_is_asked_in_the_same_run(
    world: ExperimentWorld, tmp_path: Path
) -> None:
    go_on = tmp_path / "go-on"
    slow = column(world, "slow", tokens=40, go_on_when=str(go_on))
    experiment = await world.make([slow], ["One"], kind=ExperimentKind.CONVERSATION)
    work = world.begin(experiment)
    await reach(lambda: world.heard.begun, "the first question")
    await world.run(experiment)
    await world.store.add_prompts(experiment.id, [Prompt(0, "Two")])
    go_on.touch()
    await work
    assert await world.states(experiment) == [[_DONE, _DONE]]


async def test_what_takes_how_long_is_learned(world: ExperimentWorld) -> None:
    columns = [column(world, "first", tokens=30, tokens_per_second=100)]
    experiment = await world.make(columns, ["1", "2", "3"], concurrency=1)
    assert (await world.plan(experiment)).state.seconds == 0.0
    await world.run(experiment)
    known = [state.seconds_left for state in world.heard.states if state.seconds_left is not None]
    assert known
    await world.store.add_prompts(experiment.id, [Prompt(0, "4")])
    plan = await world.plan(await world.store.read(experiment.id))
    assert plan.state.seconds > 0


async def test_an_answer_that_failed_is_left_out_of_what_follows(world: ExperimentWorld, tmp_path: Path) -> None:
    record = tmp_path / "asked.jsonl"
    short = Column(0, world.bench.model("short", max_model_len=60, record=str(record)))
    experiment = await world.make([short], ["word " * 70, "Two?"], kind=ExperimentKind.CONVERSATION)
    await world.run(experiment)
    assert await world.states(experiment) == [[_FAILED, _FAILED]], "the question stays, and is too long for both"
    talk = await world.make([short], ["One?", "Two?"], kind=ExperimentKind.CONVERSATION)
    await world.run(talk)
    roles = [one["role"] for one in requests(record)[-1]["messages"]]  # type: ignore[attr-defined]
    assert roles == ["user", "assistant", "user"]


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--trust-remote-code", True),
        ("--trust_remote_code", True),
        ("--trust-remote", True),
        ("--trust-remote-code=true", True),
        ("--lora-modules", "one=/two --trust-remote-code"),
        ("--host", "0.0.0.0"),
    ],
)
async def test_a_column_cannot_let_a_models_own_code_run(world: ExperimentWorld, flag: str, value: FlagValue) -> None:
    model = world.bench.model("tiny")
    columns = [Column(0, model), Column(0, model, flags=((flag, value),))]
    experiment = await world.make(columns, ["One"])
    await world.run(experiment)
    assert await world.states(experiment) == [[_DONE], [_FAILED]]
    assert f"{flag} cannot be set like this." in (await world.cells(experiment))[1].answer.error


async def test_when_nothing_can_be_stored_the_run_ends_and_says_so(world: ExperimentWorld) -> None:
    slow = column(world, "slow", tokens=10_000, tokens_per_second=200, max_model_len=20_000)
    experiment = await world.make([slow], ["One", "Two"], concurrency=1)
    work = world.begin(experiment)
    await reach(lambda: any(message.text for _, message in world.heard.grown), "a word")
    await world.database.close()
    await world.bench.serving.stop(slow.engine_key)
    with pytest.raises(UserError, match="any more"):
        await work
    assert running(world) == set()


async def test_stop_ends_the_judge_and_the_next_run_takes_it_up(world: ExperimentWorld) -> None:
    world.bench.model("judge", hang=True)
    judge = world.bench.model("judge", hang=True)
    experiment = await world.make([column(world, "tiny")], ["One"], checks=(Check(CheckKind.JUDGE),), judge=judge)
    work = world.begin(experiment)
    await reach(lambda: "judge judges, 0 of 1" in world.heard.words, "the judge")
    await world.runner.stop()
    await work
    assert running(world) == set()
    world.bench.model("judge", answer='{"reason": "Good.", "verdict": "pass"}', structured="ignores")
    await world.run(experiment)
    assert [cell.passed for cell in await world.cells(experiment)] == [True]


async def test_an_engine_that_a_person_talks_to_by_now_is_left_running(world: ExperimentWorld, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    tiny = column(world, "tiny", tokens=40, go_on_when=str(go_on))
    experiment = await world.make([tiny], ["One"])
    work = world.begin(experiment)
    await reach(lambda: world.heard.begun, "the first question")
    world.bench.serving.switch(tiny.engine_key)
    go_on.touch()
    await work
    assert running(world) == {"tiny"}


async def test_an_engine_that_a_person_has_started_again_since_is_hers(world: ExperimentWorld) -> None:
    talker, tiny = column(world, "talker"), column(world, "tiny")
    serving = world.bench.serving
    await world.run(await world.make([talker], ["One"], kind=ExperimentKind.CONVERSATION))
    assert running(world) == {"talker"}, "the next question is about to come"
    await serving.stop(talker.engine_key)
    assert await serving.start(talker.model)
    serving.select(tiny.model)
    await world.run(await world.make([tiny], ["One"], memory_limit=_ROOM_FOR_TWO))
    assert running(world) == {"talker"}
    await world.runner.shutdown()
    assert running(world) == {"talker"}


async def test_without_an_installed_engine_that_is_said_beforehand(world: ExperimentWorld, tmp_path: Path) -> None:
    world.bench.environment = None
    async with elsewhere(tmp_path, "127.0.0.1", "", "") as server:
        columns = [column(world, "tiny"), Column(0, world.elsewhere("far", server))]
        experiment = await world.make(columns, ["One"])
        plan = await world.plan(experiment)
        assert plan.state.warning == "tiny needs an engine, and none is installed."
        assert plan.state.batches == ((2,),)
        await world.run(experiment)
    assert await world.states(experiment) == [[_FAILED], [_DONE]]
    assert (await world.cells(experiment))[0].answer.error == "tiny needs an engine, and none is installed."


async def test_columns_with_other_sampling_share_an_engine(world: ExperimentWorld) -> None:
    model = world.bench.model("tiny")
    columns = [Column(0, model), Column(0, model, ChatSettings(sampling=Sampling(temperature=0.5)))]
    experiment = await world.make(columns, ["One", "Two"])
    plan = await world.plan(experiment)
    assert plan.state.words.startswith("One engine is needed (")
    await world.run(experiment)
    cells = await world.cells(experiment)
    sent = [json.loads(cell.answer.record.request).get("temperature") for cell in cells]
    assert sent == [None, 0.5] * 2
