"""In what runs differ from one another, and why figures of two columns may not be compared, in sentences. Pure.

`services/compare_figures.py` and every export say them; the columns' own figures stand in `experiment_figures.py`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median

from desktop_app.domain.experiment import Cell, CellState, Column, Provenance

_MOST_NAMES = 5
"""Files or fields that are listed; of more, the number is said."""
_HASH = 12
"""Characters of a hash or a commit that are shown; nobody compares more by eye."""
_LONGEST = 120
"""Characters of one value."""
_FEW = 4
"""Prompts from which on it is no accident that one column always answered first."""
_ALLOWED = frozenset({"seed", "stream", "stream_options"})
"""Fields of a request that are compared elsewhere, or do not touch the answer."""
_MARK = "no value"


def differences_of(provenances: Sequence[Provenance]) -> tuple[str, ...]:
    """What changed from one to the next, in the order in which they were used; empty when nothing did.

    That arguments were given in another order is no change: to the engine it is none.
    """
    found: list[str] = []
    for before, after in pairwise(provenances):
        for changes in _CHANGES:
            found += changes(before, after)
    return tuple(dict.fromkeys(found))


def comparable(
    cells_left: Sequence[Cell],
    cells_right: Sequence[Cell],
    provenance: Mapping[int, Provenance],
    columns: tuple[Column, Column] | None = None,
) -> tuple[str, ...]:
    """Why figures of two columns may not be compared; empty when they may.

    Args:
        cells_left: the answers of one column.
        cells_right: those of the other.
        provenance: by id.
        columns: the two, so that what they differ in by purpose is no objection.
    """
    left, right = _ended(cells_left), _ended(cells_right)
    if not left or not right:
        return ("One of them has no answers.",)
    found = [
        *_origins(left, right, provenance),
        *_requests(left, right, columns),
        *_company(left.values(), right.values()),
        *_order(left, right),
    ]
    return tuple(dict.fromkeys(found))


def _model(before: Provenance, after: Provenance) -> Iterable[str]:
    yield from _changed("The model", before.model, after.model)
    yield from _changed("The server", before.address, after.address)
    yield from _changed("The model's revision", before.revision[:_HASH], after.revision[:_HASH])


def _files(before: Provenance, after: Provenance) -> Iterable[str]:
    old, new = dict(before.files), dict(after.files)
    if not old or not new:
        if old != new:
            yield "Of some answers it is not known which files the model had."
        return
    changed = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    for words, names in (
        ("changed", changed),
        ("added", sorted(new.keys() - old.keys())),
        ("taken away", sorted(old.keys() - new.keys())),
    ):
        if names:
            yield f"Files of the model were {words}: {_list(names)}."


def _template(before: Provenance, after: Provenance) -> Iterable[str]:
    if before.template != after.template:
        old, new = before.template[:_HASH] or "none", after.template[:_HASH] or "none"
        yield f"The chat template changed: {old} → {new}."


def _engine(before: Provenance, after: Provenance) -> Iterable[str]:
    yield from _changed("The engine", before.engine, after.engine)


def _arguments(before: Provenance, after: Provenance) -> Iterable[str]:
    old, new = _options(before.arguments), _options(after.arguments)
    for flag in sorted(old.keys() | new.keys()):
        if old.get(flag, _MARK) == new.get(flag, _MARK):
            continue
        if flag not in old:
            yield f"An argument of the engine was added: {_argument(flag, new[flag])}."
        elif flag not in new:
            yield f"An argument of the engine was taken away: {_argument(flag, old[flag])}."
        else:
            value = _short(new[flag] or "no value")
            yield f"An argument of the engine changed: {_argument(flag, old[flag])} → {value}."


def _hardware(before: Provenance, after: Provenance) -> Iterable[str]:
    yield from _changed("The hardware", before.hardware, after.hardware)


def _program(before: Provenance, after: Provenance) -> Iterable[str]:
    yield from _changed("The version of vLLM Desktop", before.program, after.program)


_CHANGES: tuple[Callable[[Provenance, Provenance], Iterable[str]], ...] = (
    _model,
    _files,
    _template,
    _engine,
    _arguments,
    _hardware,
    _program,
)


def _changed(what: str, old: str, new: str) -> Iterable[str]:
    if old == new:
        return
    if not old or not new:
        yield f"{what} is not known of some answers, and {_short(old or new)} of others."
    else:
        yield f"{what} changed: {_short(old)} → {_short(new)}."


def _options(arguments: Sequence[str]) -> dict[str, str]:
    """Variables, flags and their values, whether these stand behind a sign of equality or are the next words."""
    found: dict[str, list[str]] = {}
    flag = ""
    for word in arguments:
        if word.startswith("--"):
            flag, _, value = word.partition("=")
            found[flag] = [value] if value else []
        elif flag:
            found[flag].append(word)
        else:
            name, _, value = word.partition("=")
            found[name] = [value]
    return {name: " ".join(words) for name, words in found.items()}


def _argument(flag: str, value: str) -> str:
    return _short(f"{flag} {value}".strip())


def _list(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    shown = ", ".join(_short(name) for name in names[:_MOST_NAMES])
    return f"{shown} and {more:,} more" if more > 0 else shown


def _short(text: str) -> str:
    """One line of visible signs, not too long: names of files and of hardware come from elsewhere."""
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 4 * _LONGEST]).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


_Key = tuple[int, int]
"""Prompt and repeat."""


def _ended(cells: Sequence[Cell]) -> dict[_Key, Cell]:
    return {(cell.prompt, cell.repeat): cell for cell in cells if cell.state is CellState.DONE}


def _origins(
    left: Mapping[_Key, Cell], right: Mapping[_Key, Cell], provenance: Mapping[int, Provenance]
) -> Iterable[str]:
    """Hardware and engine."""
    sides = []
    for cells in (left.values(), right.values()):
        ids = {cell.provenance for cell in cells}
        sides.append([Provenance() if one is None else provenance.get(one, Provenance()) for one in ids])
    for name, what in (("hardware", "The hardware"), ("engine", "The engine")):
        values = [{str(getattr(one, name)) for one in side} for side in sides]
        if not all(all(side) for side in values):
            yield f"{what} is not known of all answers."
        elif values[0] != values[1] or len(values[0]) > 1:
            both = [" and ".join(_short(value) for value in sorted(side)) for side in values]
            yield f"{what} is not the same: {both[0]} on one side, {both[1]} on the other."


def _requests(
    left: Mapping[_Key, Cell], right: Mapping[_Key, Cell], columns: tuple[Column, Column] | None
) -> Iterable[str]:
    """Questions, sampling as sent, and seeds."""
    both = sorted(left.keys() & right.keys())
    if not both:
        yield "They have no question in common."
        return
    if alone := len(left.keys() ^ right.keys()):
        yield f"{alone:,} {'question was' if alone == 1 else 'questions were'} answered by one of them only."
    meant = _purpose(columns)
    fields, seeds = set[str](), 0
    for key in both:
        one, other = _body(left[key]), _body(right[key])
        names = one.keys() | other.keys()
        fields |= {name for name in names if one.get(name, _MARK) != other.get(name, _MARK)} - meant - _ALLOWED
        seeds += one.get("seed") != other.get("seed") and "seed" not in meant
    if fields:
        yield f"Sampling as sent is not the same: {_list(sorted(fields))}."
    if seeds:
        yield "Seeds are not the same." if seeds == len(both) else _some_seeds(seeds)


def _some_seeds(count: int) -> str:
    return f"Seeds are not the same in {count:,} {'question' if count == 1 else 'questions'}."


def _purpose(columns: tuple[Column, Column] | None) -> set[str]:
    """The fields of a request in which two columns were meant to differ."""
    if columns is None:
        return set()
    one, other = (_fields(column) for column in columns)
    return {name for name in one.keys() | other.keys() if one.get(name, _MARK) != other.get(name, _MARK)}


def _fields(column: Column) -> dict[str, object]:
    try:
        return column.settings.request()
    except (ValueError, RecursionError):
        return {}  # a schema that is no JSON: nothing was ever sent with it


def _body(cell: Cell) -> dict[str, object]:
    request = cell.answer.record.request
    try:
        body = json.loads(request) if request else {}
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _company(left: Iterable[Cell], right: Iterable[Cell]) -> Iterable[str]:
    """Whether both had the machine to themselves, or shared it with as many others."""
    one, other = ([cell.beside for cell in cells] for cells in (left, right))
    if not any(one) and not any(other):
        return
    if not any(one) or not any(other):
        yield "One answered alone, the other while other answers were being written."
    elif abs(median(one) - median(other)) >= 1:
        yield (
            f"Typically {median(one):g} other answers were being written beside the first's, {median(other):g} beside "
            "the other's: answers that share a machine slow one another down."
        )
    else:
        yield "They were written while other answers were: answers that share a machine slow one another down."


def _order(left: Mapping[_Key, Cell], right: Mapping[_Key, Cell]) -> Iterable[str]:
    """Whether one of them always came first: a machine that has just worked is warmer."""
    both = [key for key in left.keys() & right.keys() if left[key].order and right[key].order]
    if len(both) < _FEW:
        return
    first = sum(left[key].order < right[key].order for key in both)
    if first in (0, len(both)):
        yield "One of them was asked first every time: the machine may have been colder, or less busy, for it."
