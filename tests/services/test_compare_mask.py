"""Hidden names: nothing that is shown of a blind experiment says which column is which."""

from dataclasses import replace
from pathlib import Path

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
from desktop_app.domain.experiment import Cell, CellHead, CellState, Column, Experiment, ExperimentKind, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.services.compare_mask import MASKED_IDS, Mask, at_side
from desktop_app.services.compare_view import PlanState, RunState

SECRET = "Secret-7B"
COLUMNS = (
    Column(1, ModelRef(SECRET, Path("/models/secret")), name="secret name"),
    Column(2, ModelRef("Other", Path("/models/other"))),
)
MASK = Mask([COLUMNS[1], COLUMNS[0]])
ANSWER = Message(
    71,
    Role.ASSISTANT,
    "Words.",
    model=SECRET,
    created=5.0,
    timing=Timing(0.5, 1.0, 5, 6),
    record=AnswerRecord(engine="vLLM secret"),
    parent=3,
    logprobs=True,
)
CELL = Cell(71, 3, 1, 2, CellState.DONE, ANSWER, order=9, beside=2, memory=1 << 30, provenance=4)


def test_a_cell_says_nothing_of_its_column() -> None:
    shown = MASK.cell(CELL)
    assert shown.answer == Message(shown.id, Role.ASSISTANT, "Words.", parent=3)
    assert (shown.column, shown.order, shown.beside, shown.memory, shown.provenance) == (MASKED_IDS + 1, 0, 0, 0, None)
    assert "ecret" not in repr(shown)


def test_ids_say_where_something_is_shown_and_lead_back() -> None:
    ids = [MASK.cell_id((3, column, 2)) for column in (2, 1)]
    assert ids == sorted(ids)
    assert [MASK.key_of(one) for one in ids] == [(3, 2, 2), (3, 1, 2)]
    assert MASK.key_of(71) is None
    assert MASK.real_column(MASK.column_id(1)) == 1
    assert MASK.real_column(1) == 1
    assert max(MASK.cell_id((1_000_000, 1, 99)), MASK.column_id(1)) < 2**31


def test_a_failure_does_not_tell_the_name() -> None:
    failed = replace(ANSWER, text="", state=MessageState.FAILED, error=f"{SECRET} did not start.")
    assert "ecret" not in MASK.message(failed, (3, 1, 2)).error
    assert MASK.message(failed, (3, 1, 2)).error
    head = CellHead(71, 3, 1, 2, CellState.FAILED, f"{SECRET} did not start.", speed=9.0, memory=5)
    assert MASK.head(head).snippet
    assert "ecret" not in repr(MASK.head(head))
    assert (MASK.head(head).speed, MASK.head(head).memory) == (0.0, 0)
    assert "ecret" not in MASK.failure(f"{SECRET} ran out of memory")
    assert "ecret" not in MASK.words(f"Starting {SECRET}")
    assert (MASK.failure(""), MASK.words("")) == ("", "")


def test_an_experiment_shows_neither_names_nor_order() -> None:
    prompts = (Prompt(3, "Why?"), Prompt(4, "And you?", column=1), Prompt(5, "Gone?", column=9, carried=1))
    experiment = Experiment(1, "t", ExperimentKind.CONVERSATION, COLUMNS, prompts, order_seed=77)
    shown = MASK.experiment(experiment)
    assert [column.model.name for column in shown.columns] == ["Column 1", "Column 2"]
    assert "ecret" not in repr(shown)
    assert shown.order_seed == 0
    assert [prompt.column for prompt in shown.prompts][:2] == [None, MASKED_IDS + 1]
    assert shown.prompts[2].column not in {None, 9, MASKED_IDS, MASKED_IDS + 1}
    assert [prompt.carried for prompt in shown.prompts] == [None, None, MASKED_IDS + 1]


def test_columns_that_were_hidden_are_meant_as_they_are() -> None:
    new = Column(0, ModelRef("New"))
    meant = MASK.real_columns([MASK.column(COLUMNS[0]), new], Experiment(1, "", ExperimentKind.PROMPTS, COLUMNS))
    assert meant == (COLUMNS[0], new)


def test_plan_and_run_keep_what_tells_nothing() -> None:
    plan = PlanState(f"Memory holds {SECRET} alone.", ((1,), (2,)), 60.0, f"{SECRET} does not fit.", ("Guide",))
    shown = MASK.plan(plan)
    assert "ecret" not in repr(shown)
    assert shown.warning
    assert (shown.seconds, shown.stops) == (60.0, ("Guide",))
    assert shown.batches == (), "who is stopped, and who comes first, is one: it runs already"
    assert MASK.plan(replace(plan, batches=((1, 2),), warning="")).words != shown.words
    run = MASK.run(RunState(f"Asking {SECRET}", 3, 12, seconds_left=5.0))
    assert run == RunState("3 of 12 answered", 3, 12, seconds_left=5.0)


def test_the_sides_of_a_vote_have_ids_of_their_own() -> None:
    left, right = at_side(CELL, 6), at_side(replace(CELL, id=72, column=2), 7)
    assert left.id != right.id
    assert left.column == right.column == 0
    assert "ecret" not in repr((left, right))


def test_questions_to_hidden_columns_are_meant_as_they_are() -> None:
    known = (Prompt(4, "And you?", column=1), Prompt(5, "Gone?", column=9))
    experiment = Experiment(1, "t", ExperimentKind.CONVERSATION, COLUMNS, known)
    new = Prompt(0, "New?", column=MASK.column_id(2))
    handed_in = (*MASK.experiment(experiment).prompts, new, Prompt(0, "All?"))
    assert MASK.real_prompts(handed_in, experiment) == (*known, replace(new, column=2), Prompt(0, "All?"))
