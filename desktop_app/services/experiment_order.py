"""In which order the cells of engines that are in memory together are asked, and how many at a time. Pure.

`experiment_course.py` asks. The order is drawn from the experiment's seed, so that it is the same every time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random

from desktop_app.domain.experiment import CellHead, Experiment, ExperimentKind, Pace


@dataclass(frozen=True)
class Lane:
    """Cells that are asked one after another, or several at a time."""

    cells: tuple[CellHead, ...]
    workers: int
    """How many at a time."""


Wave = tuple[Lane, ...]
"""Lanes that go on at the same time; the next wave begins when all have ended."""


def waves(experiment: Experiment, cells: Iterable[CellHead]) -> list[Wave]:
    """*cells* in the order of the prompts; side by side every question is a wave, since answers follow one another."""
    ordered = [_shuffled(experiment, group) for group in _by_question(experiment, cells)]
    if experiment.kind is ExperimentKind.CONVERSATION:
        return [_lanes(experiment, group, len(group)) for group in ordered]
    together = [cell for group in ordered for cell in group]
    return [_lanes(experiment, together, experiment.options.concurrency)] if together else []


def _by_question(experiment: Experiment, cells: Iterable[CellHead]) -> list[list[CellHead]]:
    """The cells of each prompt and repeat, the columns from left to right."""
    prompts = _places(prompt.id for prompt in experiment.prompts)
    columns = _places(column.id for column in experiment.columns)
    known = [cell for cell in cells if cell.prompt in prompts and cell.column in columns]
    known.sort(key=lambda cell: (prompts[cell.prompt], cell.repeat, columns[cell.column]))
    return [list(group) for _, group in groupby(known, key=lambda cell: (cell.prompt, cell.repeat))]


def _shuffled(experiment: Experiment, group: list[CellHead]) -> list[CellHead]:
    if experiment.options.shuffle:
        seed = f"{experiment.order_seed} {group[0].prompt} {group[0].repeat}"
        Random(seed).shuffle(group)  # noqa: S311 - nobody is to be kept out
    return group


def _lanes(experiment: Experiment, cells: Sequence[CellHead], workers: int) -> Wave:
    """A lane for every engine, or one for the whole machine."""
    if experiment.options.pace is Pace.ALONE:
        return (Lane(tuple(cells), 1),)
    engines = {column.id: column.engine_key for column in experiment.columns}
    lanes: dict[str, list[CellHead]] = {}
    for cell in cells:
        lanes.setdefault(engines[cell.column], []).append(cell)
    return tuple(Lane(tuple(lane), workers) for lane in lanes.values())


def _places(ids: Iterable[int]) -> Mapping[int, int]:
    return {one: place for place, one in enumerate(ids)}
