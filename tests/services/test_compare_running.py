"""Questions to all columns: asked, queued, stopped, failed, asked again, taken up after a crash."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import Message, MessageState
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import (
    CellState,
    Check,
    CheckKind,
    CheckResult,
    Column,
    ExperimentKind,
    Options,
    Prompt,
)
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.paths import Paths
from desktop_app.services.compare_view import CompareState
from tests.conftest import reach
from tests.services.compare_world import CompareWorld, compare_world


@pytest.fixture
async def world(paths: Paths) -> AsyncIterator[CompareWorld]:
    async with compare_world(paths) as made:
        yield made


async def test_a_question_is_answered_by_every_column_and_the_next_one_follows_it(world: CompareWorld) -> None:
    await world.pair(answer="Because.")
    assert await world.compare.ask("Why is the sky blue?\n")
    assert world.words == [["Why is the sky blue?", "Because."]] * 2
    assert not world.runs()
    assert (world.state.done, world.state.waiting, world.state.failed) == (2, 0, 0)
    assert world.title() == "Why is the sky blue?"

    await world.compare.ask("And the sea?")
    assert world.words == [["Why is the sky blue?", "Because.", "And the sea?", "Because."]] * 2
    assert world.title() == "Why is the sky blue?"
    cells = world.state.columns[0].cells
    assert [cell.state for cell in cells] == [CellState.DONE] * 2
    assert cells[1].answer.record.sent_messages == 3
    assert cells[1].provenance is not None
    assert [figures.answers for figures in world.state.figures] == [2, 2]


async def test_a_question_to_one_column_is_that_columns_alone(world: CompareWorld) -> None:
    await world.pair(answer="Yes.")
    await world.compare.ask("Only you?", world.column("Warm").column.id)
    assert world.words == [[], ["Only you?", "Yes."]]
    assert (world.state.done, world.state.waiting) == (1, 0)


async def test_nothing_is_asked_without_words_or_without_an_experiment(world: CompareWorld) -> None:
    assert not await world.compare.ask("Anybody?")
    await world.pair()
    assert not await world.compare.ask(" \n")
    assert world.words == [[], []]


async def test_with_one_column_the_question_is_kept_until_there_is_another(world: CompareWorld) -> None:
    model = await world.model("Tiny", answer="Yes.")
    await world.compare.new(ExperimentKind.CONVERSATION, [Column(0, model)])
    assert await world.compare.ask("Hello?")
    assert "nothing to compare" in world.error
    assert (world.state.waiting, world.state.run) == (1, None)
    warm = ChatSettings(sampling=Sampling(temperature=1.0))
    await world.compare.set_columns([world.state.columns[0].column, Column(0, model, warm)])
    await world.compare.run()
    assert world.words == [["Hello?", "Yes."]] * 2


async def test_answers_grow_together_and_what_did_not_change_stays_the_same_object(world: CompareWorld) -> None:
    await world.pair(slow=True)
    seen: list[CompareState] = []
    unwatch = world.compare.state.watch(seen.append)
    asking = world.begin_ask("Go on.")
    await reach(lambda: len([state for state in seen if state.run]) > 8, "states while it runs")
    unwatch()
    assert world.runs()
    questions = {id(column.messages[0]) for state in seen for column in state.columns[:1] if column.messages}
    assert len(questions) == 1
    await world.compare.stop()
    await asking
    assert not world.runs()
    assert {message.state for column in world.state.columns for message in column.messages[1:]} == {
        MessageState.STOPPED
    }


async def test_a_question_during_a_run_waits_for_its_turn(world: CompareWorld, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    await world.pair(tokens=30, go_on_when=str(go_on))
    first = world.begin_ask("First?")
    await reach(world.writing, "the first answer")
    second = world.begin_ask("Second?")
    await reach(lambda: world.state.waiting == 2, "the second question")
    assert world.words[0][-1] == "Second?"
    go_on.touch()
    await asyncio.gather(first, second)
    assert (world.state.done, world.state.waiting) == (4, 0)
    assert [len(words) for words in world.words] == [4, 4]


async def test_stop_keeps_what_waits_and_run_goes_on(world: CompareWorld) -> None:
    await world.pair(ExperimentKind.PROMPTS, slow=True)
    await world.prompts(6, Options(concurrency=1))
    running = world.begin_run()
    await reach(lambda: CellState.RUNNING in world.states(), "an answer")
    await world.compare.stop()
    await running
    assert (world.state.done, world.state.failed, world.state.waiting) == (0, 1, 11)
    await world.compare.stop()
    await reach(lambda: CellState.RUNNING not in world.states(), "the grid at rest")

    again = world.tasks.start(world.compare.rerun_failed(), name="again")
    await reach(lambda: CellState.RUNNING in world.states(), "an answer")
    assert (world.state.failed, world.state.waiting) == (0, 11)
    await world.compare.stop()
    await again


async def test_stop_at_the_very_beginning_ends_the_run(world: CompareWorld) -> None:
    await world.pair(ExperimentKind.PROMPTS, slow=True)
    await world.prompts(3)
    began = asyncio.Event()
    unwatch = world.compare.state.watch(lambda state: began.set() if state.run else None)
    running = world.begin_run()
    await began.wait()
    unwatch()
    await world.compare.stop()
    await running
    assert not world.runs()
    assert world.state.done == 0


async def test_columns_questions_and_options_stay_while_it_runs(world: CompareWorld) -> None:
    await world.pair(slow=True)
    asking = world.begin_ask("Go on.")
    await reach(world.writing, "an answer")
    before = world.state.experiment
    for change in (
        world.compare.set_columns([]),
        world.compare.set_prompts([]),
        world.compare.set_options(Options(repeats=2)),
    ):
        await change
        assert "is running" in world.error
        assert world.state.experiment == before
    await world.compare.check_again()
    assert "still running" in world.error
    await world.compare.rename("Another")
    assert world.title() == "Another"
    await world.compare.stop()
    await asking


async def test_a_column_that_fails_does_not_hold_up_the_others(world: CompareWorld) -> None:
    good = await world.model("Good", answer="Fine.")
    gone = await world.model("Gone")
    world.bench.elsewhere["Gone"] = UserError("The server does not answer.")
    await world.compare.new(ExperimentKind.CONVERSATION, [Column(0, good), Column(0, gone)])
    await world.compare.ask("How are you?")
    assert world.words[0] == ["How are you?", "Fine."]
    failed = world.column("Gone")
    assert "does not answer" in failed.failure
    assert failed.messages[1].state is MessageState.FAILED
    assert (world.state.done, world.state.failed) == (1, 1)

    world.bench.elsewhere["Gone"] = world.bench.elsewhere["Good"]
    await world.compare.rerun_failed()
    assert (world.state.done, world.state.failed) == (2, 0)
    assert world.column("Gone").failure == ""


async def test_an_answer_is_asked_for_again_unless_others_build_on_it(world: CompareWorld) -> None:
    await world.pair(answer="Yes.")
    await world.compare.ask("First?")
    (only,) = world.state.columns[0].cells
    await world.compare.ask_again(only.id)
    (again,) = world.state.columns[0].cells
    assert (again.id, again.state) == (only.id, CellState.DONE)
    assert again.order > only.order
    await world.compare.ask("Second?")
    await world.compare.ask_again(only.id)
    assert "goes on" in world.error
    assert world.state.columns[0].cells[0] == again


async def test_checks_are_made_and_made_again(world: CompareWorld) -> None:
    await world.pair(ExperimentKind.PROMPTS, answer="The answer is 42.")
    await world.prompts(2, Options(checks=(Check(CheckKind.CONTAINS, "42"),)))
    await world.compare.run()
    assert [figures.passed for figures in world.state.figures] == [2, 2]
    await world.compare.set_options(Options(checks=(Check(CheckKind.CONTAINS, "43"),)))
    assert [(figures.passed, figures.checked) for figures in world.state.figures] == [(0, 0), (0, 0)]
    await reach(
        lambda: {head.passed for head in world.grid.cells.values()} == {None}, "what was said of 42 in the grid"
    )
    await world.compare.check_again()
    assert [(figures.passed, figures.checked) for figures in world.state.figures] == [(0, 2), (0, 2)]
    await reach(lambda: {head.passed for head in world.grid.cells.values()} == {False}, "the grid")


async def test_what_a_check_said_goes_when_it_is_changed_and_only_then(world: CompareWorld) -> None:
    made = await world.pair(ExperimentKind.PROMPTS, answer="The answer is 42.")
    judged, has_42 = Check(CheckKind.JUDGE), Check(CheckKind.CONTAINS, "42")
    await world.prompts(2, Options(checks=(has_42, judged)))
    await world.compare.run()
    cells = await world.part.store.cells(made)
    good = CheckResult(CheckKind.JUDGE, True, "Good.")
    for cell in cells:
        await world.part.store.set_checks(cell.id, (cell.checks[0], good))

    async def said() -> list[list[tuple[str, bool | None]]]:
        stored = await world.part.store.cells(made)
        return [[(result.why[:16], result.passed) for result in cell.checks] for cell in stored]

    has_43 = Check(CheckKind.CONTAINS, "43")
    await world.compare.set_options(Options(checks=(judged, has_43, has_42)))
    assert await said() == [[("Good.", True), ("Not checked yet.", None), ("“42” is in it.", True)]] * 4
    await world.compare.run()
    assert await said() == [[("Good.", True), ("“43” is not in i", False), ("“42” is in it.", True)]] * 4

    assert world.state.experiment is not None
    first, second = world.state.experiment.prompts
    await world.compare.set_prompts([replace(first, reference="Forty-two."), second])
    assert [one[0] for one in await said()] == [("Not judged yet.", None)] * 2 + [("Good.", True)] * 2
    await world.compare.set_options(Options(checks=(judged,), judge=await world.model("Judge")))
    assert await said() == [[("Not judged yet.", None)]] * 4, "another judge, another verdict"


async def test_what_runs_goes_on_when_another_one_is_opened(world: CompareWorld) -> None:
    first = await world.pair(slow=True)
    asking = world.begin_ask("Go on.")
    await reach(world.writing, "an answer")
    columns = [column.column for column in world.state.columns]
    second = await world.compare.new(ExperimentKind.CONVERSATION, columns)
    assert second is not None
    assert not world.runs()
    assert world.state.elsewhere == "Go on."
    assert {world.compare.running, world.experiments.state.value.running} == {first}
    assert await world.compare.ask("And here?")
    assert "“Go on.” is still running" in world.error
    assert world.state.waiting == 2
    await world.compare.stop()

    await world.compare.open(first)
    await reach(world.writing, "the answer that goes on")
    assert world.runs()
    await world.experiments.delete(first)
    await asking
    assert world.compare.running is None
    await world.experiments.undo()
    assert world.title() == "Go on."
    assert {cell.state for column in world.state.columns for cell in column.cells} == {CellState.STOPPED}


async def test_a_plan_is_there_before_anything_is_started(world: CompareWorld) -> None:
    await world.pair(ExperimentKind.PROMPTS)
    await reach(lambda: world.state.plan is not None, "a plan of a new experiment")
    await world.prompts(4)
    await world.compare.look_ahead()
    plan = world.state.plan
    assert plan is not None
    assert plan.words
    assert sorted(column for batch in plan.batches for column in batch) == [1, 2]
    await world.answered()
    await world.compare.look_ahead()
    assert world.state.plan is None


async def test_what_a_crash_interrupted_waits_and_starts_only_when_it_is_told_to(world: CompareWorld) -> None:
    made = await world.pair(ExperimentKind.PROMPTS, answer="Yes.")
    await world.prompts(3)
    for cell in (await world.part.store.cells(made))[:2]:
        begun = replace(cell, state=CellState.RUNNING, answer=replace(cell.answer, id=cell.id, text="Half an"))
        await world.part.store.start(begun)
    world.compare.close()
    await world.compare.open(made)
    assert (world.state.waiting, world.state.run) == (6, None)
    await world.compare.run()
    assert (world.state.done, world.state.waiting) == (6, 0)


async def test_the_program_closes_in_the_middle_and_nothing_is_lost(world: CompareWorld) -> None:
    made = await world.pair(slow=True)
    asking = world.begin_ask("Go on.")
    await reach(world.writing, "an answer")
    await world.part.shutdown()
    await world.part.shutdown()
    await asking
    cells = await world.part.store.cells(made)
    assert {cell.state for cell in cells} == {CellState.WAITING}
    assert not await world.compare.ask("Late?")


async def test_what_cannot_be_stored_is_told_and_the_question_handed_back(world: CompareWorld) -> None:
    await world.pair()
    await world.database.run(lambda db: db.execute("DROP TABLE experiment_prompts"))
    assert not await world.compare.ask("Hello?")
    assert world.error


async def test_when_the_disk_is_full_everything_waits_that_could_not_be_kept(world: CompareWorld) -> None:
    made = await world.pair(ExperimentKind.PROMPTS, answer="word " * 20_000)
    await world.prompts(2)
    pages = await world.database.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await world.database.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone())
    await world.compare.run()
    assert world.error
    await reach(lambda: CellState.RUNNING not in world.states(), "nothing that seems to be written")
    assert world.state.waiting > 0
    assert world.state.waiting + world.state.done == 4

    await world.database.run(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())
    await world.compare.run()
    assert (world.state.waiting, world.state.done) == (0, 4)
    assert {cell.state for cell in await world.part.store.cells(made)} == {CellState.DONE}


async def test_after_a_failure_of_the_disk_is_shown_what_is_on_it(world: CompareWorld, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    made = await world.pair(ExperimentKind.PROMPTS, answer="word " * 20_000, go_on_when=str(go_on))
    await world.prompts(1)
    running = world.begin_run()
    await reach(lambda: world.states() == [CellState.RUNNING] * 2, "two answers")
    # As after the last save of an answer: what comes then is what its checks and figures say.
    ended, _ = await world.part.store.cells(made)
    await world.database.run(lambda db: db.execute("UPDATE cells SET state = 'done' WHERE id = ?", (ended.id,)))
    pages = await world.database.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await world.database.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    go_on.touch()
    await running
    assert world.error
    await reach(lambda: CellState.RUNNING not in world.states(), "the grid at rest")
    stored = [head.state is CellState.DONE for head in await world.part.store.heads(made)]
    assert [shown is CellState.DONE for shown in world.states()] == stored
    assert (world.state.done, world.state.waiting) == (sum(stored), 2 - sum(stored))


async def test_the_grid_shows_an_answer_as_it_shows_it_the_next_time(world: CompareWorld) -> None:
    made = await world.pair(ExperimentKind.PROMPTS, answer="  One line.\n\nAnother\tone. " + "more " * 200)
    await world.prompts(1)
    await world.compare.run()
    await reach(lambda: set(world.states()) == {CellState.DONE}, "the answers")
    assert tuple(world.grid.cells.values()) == await world.part.store.heads(made)


async def test_a_blind_run_names_nobody(world: CompareWorld) -> None:
    good = await world.model("Good", answer="Fine.")
    gone = await world.model("Gone")
    world.bench.elsewhere["Gone"] = UserError("Gone does not answer.")
    await world.compare.new(ExperimentKind.CONVERSATION, [Column(0, good), Column(0, gone)], "Blind one", blind=True)
    seen: list[CompareState] = []
    unwatch = world.compare.state.watch(seen.append)
    await world.compare.ask("How are you?")
    unwatch()
    hidden = [state for state in seen if state.hidden]
    assert hidden
    assert not [state for state in hidden if "Good" in repr(state) or "Gone" in repr(state) or "example" in repr(state)]
    assert [column.title for column in world.state.columns] == ["Column 1", "Column 2"]
    failed = [column for column in world.state.columns if column.failure]
    assert len(failed) == 1

    await world.compare.ask("Only you?", failed[0].column.id)
    other = next(column for column in world.state.columns if not column.failure)
    assert [message.text for message in other.messages if message.id < 0] == ["How are you?"]
    await world.compare.reveal()
    assert "does not answer" in world.column("Gone").failure


async def test_an_answer_is_read_while_it_grows(world: CompareWorld) -> None:
    await world.pair(ExperimentKind.PROMPTS, slow=True)
    await world.compare.set_prompts([Prompt(0, "Go on.")])
    running = world.begin_run()
    await reach(lambda: any(head.snippet for head in world.grid.cells.values()), "words in the grid")
    head = next(head for head in world.grid.cells.values() if head.snippet)
    assert await world.compare.continue_in_chat(head.id) is None
    assert "still being written" in world.error
    whole = await world.compare.cell(head.id)
    assert whole is not None
    assert whole.answer.text.startswith(head.snippet[:10])
    assert isinstance(whole.answer, Message)
    await world.compare.stop()
    await running
