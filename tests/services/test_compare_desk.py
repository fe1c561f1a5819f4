"""What is shown of an experiment in memory: a change costs what changed, and what did not stays the same object."""

import asyncio
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.chat import Message, MessageState, Role, Timing
from desktop_app.domain.experiment import Cell, CellHead, CellState, Column, Experiment, ExperimentKind, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.services.compare_beat import Beat
from desktop_app.services.compare_cells import Cells, head_of
from desktop_app.services.compare_desk import Desk
from tests.conftest import reach

COLUMNS = (Column(1, ModelRef("One", Path("one"))), Column(2, ModelRef("Two", Path("two"))))


def conversation(turns: int = 3, *, blind: bool = False) -> Desk:
    """Two columns; in the last turn the first one is still writing."""
    prompts = tuple(Prompt(number, f"Question {number}?") for number in range(1, turns + 1))
    cells = [
        Cell(10 * prompt.id + column.id, prompt.id, column.id, 0, CellState.DONE, said(10 * prompt.id + column.id))
        for prompt in prompts
        for column in COLUMNS
    ]
    last = cells[-2]
    cells[-2] = replace(last, state=CellState.RUNNING, answer=replace(last.answer, state=MessageState.STREAMING))
    experiment = Experiment(1, "t", ExperimentKind.CONVERSATION, COLUMNS, prompts, blind=blind, order_seed=1)
    desk = Desk(experiment, Cells([head_of(cell) for cell in cells], []))
    for cell in cells:
        desk.put_cell(cell)
    return desk


def said(cell: int, text: str = "Words.") -> Message:
    return Message(cell, Role.ASSISTANT, text, timing=Timing(0.1, 1.0, 5, 11))


def grid_of(rows: int) -> Desk:
    prompts = tuple(Prompt(number, "?") for number in range(1, rows + 1))
    heads = [
        CellHead(2 * prompt.id + column.id, prompt.id, column.id, 0, CellState.WAITING)
        for prompt in prompts
        for column in COLUMNS
    ]
    return Desk(Experiment(1, "t", ExperimentKind.PROMPTS, COLUMNS, prompts), Cells(heads))


def test_a_growing_answer_changes_its_column_and_nothing_else() -> None:
    for blind in (False, True):
        desk = conversation(blind=blind)
        before = desk.state()
        desk.grow(31, replace(said(31, "Words and more."), state=MessageState.STREAMING))
        after = desk.state()
        changed = [one for one, other in zip(before.columns, after.columns, strict=True) if one is not other]
        assert len(changed) == 1
        (column,) = [one for one in after.columns if any(m.text == "Words and more." for m in one.messages)]
        pairs = zip(changed[0].messages, column.messages, strict=True)
        assert [one is other for one, other in pairs] == [True] * 5 + [False]


def test_a_question_that_follows_leaves_all_before_it_as_it_was() -> None:
    desk = conversation(blind=True)
    before = desk.state().columns[0].messages
    prompts = (*desk.experiment.prompts, Prompt(9, "One more?"))
    desk.put_experiment(replace(desk.experiment, prompts=prompts))
    desk.add_cells([CellHead(90 + column.id, 9, column.id, 0, CellState.WAITING) for column in COLUMNS])
    after = desk.state().columns[0].messages
    assert [one is other for one, other in zip(before, after, strict=False)] == [True] * 6
    assert [message.text for message in after[6:]] == ["One more?"]


def test_a_grid_tells_only_what_changed() -> None:
    desk = grid_of(5000)
    first = desk.grid_change(1)
    assert first.whole
    assert len(first.cells) == 10_000
    untouched = first.cells[7, 2, 0]

    desk.put_cell(Cell(2 * 3 + 1, 3, 1, 0, CellState.RUNNING, said(7, "")))
    desk.grow(7, said(7, "Growing " * 100))
    second = desk.grid_change(2)
    assert not second.whole
    assert second.changed == {(3, 1, 0)}
    assert second.cells[3, 1, 0].snippet == ("Growing " * 100)[:160]
    assert second.cells[7, 2, 0] is untouched
    assert desk.grid_change(3).changed == frozenset()


def test_cells_are_counted_as_they_change() -> None:
    desk = grid_of(2)
    assert (desk.state().waiting, desk.state().done) == (4, 0)
    desk.put_cell(Cell(3, 1, 1, 0, CellState.DONE, said(3)))
    desk.put_cell(Cell(4, 1, 2, 0, CellState.FAILED, replace(said(4, ""), error="It broke.")))
    state = desk.state()
    assert (state.waiting, state.done, state.failed) == (2, 1, 1)
    assert desk.grid_change(1).cells[1, 2, 0].snippet == "It broke."
    desk.wait_again([4])
    assert (desk.state().waiting, desk.state().failed) == (3, 0)
    assert desk.grid_change(2).changed == {(1, 2, 0)}


def test_what_belongs_to_no_cell_is_passed_over() -> None:
    desk = grid_of(1)
    desk.grow(77, said(77))
    desk.grow(3, said(3))  # it waits
    desk.wait_again([77])
    assert desk.state().waiting == 2


async def test_many_changes_become_one_publication() -> None:
    published: list[float] = []
    loop = asyncio.get_running_loop()
    beat = Beat(0.03, lambda: published.append(loop.time()))
    beat.now()
    for _ in range(50):
        beat.soon()
    await reach(lambda: len(published) == 2, "the second publication")
    beat.soon()
    await reach(lambda: len(published) == 3, "the third")
    beat.soon()
    beat.stop()
    assert len(published) == 3
