"""Which answer the columns of a conversation go on from: each from its own, or all from one that somebody marked. Pure.

`compare_desk.py` shows it; `compare_editing.py`, `compare_running.py` and `compare_taking.py` ask before they do
something. Which questions are sent with which answers is decided by `Prompt.goes_on_from()`.
"""

from collections.abc import Callable, Iterable, Iterator

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import MIN_COLUMNS, CellHead, CellState, Column, Experiment, ExperimentKind, Prompt
from desktop_app.services.compare_cells import Cells
from desktop_app.services.compare_mask import Key
from desktop_app.services.compare_view import GoingOn

Named = Callable[[int], tuple[int | None, str]]
"""At which place a column is shown, None when it was taken away, and what it is called."""

_GIVEN = (CellState.RUNNING, CellState.DONE, CellState.STOPPED)


def refusal(experiment: Experiment, cells: Cells, head: CellHead, carried: bool) -> UserError | None:
    """Why it cannot be said now that all columns go on from an answer, or, when it is not *carried*, from none."""
    prompt = experiment.prompt(head.prompt)
    if prompt is None or experiment.kind is not ExperimentKind.CONVERSATION:
        return UserError("Here every question stands for itself.", "Compare side by side to go on from an answer.")
    if prompt.column is not None:
        words = "Put the question to all columns; then all of them can go on from one answer."
        return UserError("Only one column was asked this.", words)
    if carried and not _can_be_gone_on_from(cells, head):
        return UserError("There is no finished answer to go on from.", "Wait until it is written, or choose another.")
    if _answered_after(experiment, cells, prompt, [column.id for column in experiment.columns]):
        words = "Ask in a new experiment, or continue in a chat."
        return UserError("Later answers were given with what was said until now in mind.", words)
    return None


def is_built_on(experiment: Experiment, cells: Cells, head: CellHead) -> bool:
    """Whether later answers of a conversation were given with an answer in mind, those of removed columns too."""
    prompt = experiment.prompt(head.prompt)
    if prompt is None or experiment.kind is not ExperimentKind.CONVERSATION:
        return False
    others = (column.id for column in experiment.columns if prompt.goes_on_from(column.id) == head.column)
    return _answered_after(experiment, cells, prompt, others)


def is_carried(experiment: Experiment, head: CellHead) -> bool:
    """Whether all columns go on from an answer."""
    prompt = experiment.prompt(head.prompt)
    return prompt is not None and prompt.carried == head.column


def stopped_and_carried(experiment: Experiment, cells: Cells) -> int:
    """How many answers of columns that are shown were stopped, and are gone on from as they are."""
    if experiment.kind is not ExperimentKind.CONVERSATION:
        return 0
    shown = {column.id for column in experiment.shown}
    marked = (cells.heads.get((one.id, one.carried, 0)) for one in experiment.prompts if one.carried in shown)
    return sum(head is not None and head.state is CellState.STOPPED for head in marked)


def said_before(cells: Cells, prompt: Prompt, column: int, repeat: int) -> CellHead | None:
    """The answer to *prompt* that stands before the later questions to *column*; None when there is none."""
    found = cells.heads.get((prompt.id, prompt.goes_on_from(column), repeat))
    return found or cells.heads.get((prompt.id, column, repeat))


def going_on(experiment: Experiment, cells: Cells, named: Named, *, resting: bool) -> Iterator[tuple[Key, GoingOn]]:
    """What is to be said below answers of the columns that are shown, and what can be chosen there.

    Args:
        experiment: a conversation.
        cells: its answers.
        named: where a column stands, and what it is called.
        resting: whether it does not run, so that it can be changed.
    """
    shown = experiment.shown
    newest = _newest(experiment, cells) if resting and len(shown) >= MIN_COLUMNS else None
    for prompt in experiment.prompts:
        if prompt.carried is None and prompt is not newest:
            continue
        for column in shown:
            key = (prompt.id, column.id, 0)
            head = cells.heads.get(key)
            if head is not None and head.state is not CellState.WAITING:
                is_open = prompt is newest
                can_mark = is_open and _can_be_gone_on_from(cells, head)
                yield key, _below(prompt, column, named, is_open=is_open, can_mark=can_mark)


def _below(prompt: Prompt, column: Column, named: Named, *, is_open: bool, can_mark: bool) -> GoingOn:
    if prompt.carried is None:
        return GoingOn(can_mark=can_mark)
    if prompt.carried == column.id:
        return GoingOn(marked=True, can_undo=is_open)
    place, title = named(prompt.carried)
    # Of one that is not there any more the mark can be taken back nowhere else.
    return GoingOn(False, place, title, can_mark, can_undo=is_open and place is None)


def _newest(experiment: Experiment, cells: Cells) -> Prompt | None:
    """The last question that was answered, if all columns were asked it: what is chosen there changes no answer."""
    columns = [column.id for column in experiment.columns]
    for prompt in reversed(experiment.prompts):
        if any(_is_given(cells, (prompt.id, column, 0)) for column in columns):
            return prompt if prompt.column is None else None
    return None


def _answered_after(experiment: Experiment, cells: Cells, prompt: Prompt, columns: Iterable[int]) -> bool:
    """Whether one of *columns* answered a question after *prompt*."""
    ids = [one.id for one in experiment.prompts]
    later = ids[ids.index(prompt.id) + 1 :]
    return any(_is_given(cells, (one, column, 0)) for column in columns for one in later)


def _is_given(cells: Cells, key: Key) -> bool:
    """Whether there is an answer, or a part of one; what failed without a word is asked again anyway."""
    cell = cells.whole.get(key)
    if cell is None:
        return False
    partly = cell.state is CellState.FAILED and bool(cell.answer.text or cell.answer.reasoning)
    return cell.state in _GIVEN or partly


def _can_be_gone_on_from(cells: Cells, head: CellHead) -> bool:
    cell = cells.whole.get((head.prompt, head.column, head.repeat))
    ended = cell is not None and cell.state in (CellState.DONE, CellState.STOPPED)
    return cell is not None and ended and bool(cell.answer.text.strip())
