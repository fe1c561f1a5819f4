"""An experiment as JSON, with nothing left out: `resources/experiment-export.schema.json` describes it.

`services/experiment_files.py` calls it. Where the model's files lie on this computer is not said.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import PurePath

from desktop_app.domain.chat import Timing
from desktop_app.domain.experiment import Cell, Check, CheckResult, Column, Options, Prompt, Provenance, Vote
from desktop_app.domain.experiment_figures import ColumnFigures, figures_words
from desktop_app.domain.experiment_words import finish_words, host_words
from desktop_app.domain.launch import FlagValue, ModelRef
from desktop_app.domain.ratings import Rating
from desktop_app.interchange.experiment_parcel import ExperimentParcel
from desktop_app.interchange.experiment_wording import titles

FORMAT = "vllm-desktop-experiment"
VERSION = 1
"""A reader of version 1 must refuse a file with a higher one."""


def json_pieces(parcel: ExperimentParcel) -> Iterator[str]:
    """The file: what stands above the cells, then a cell to a line."""
    yield _dumped(_above(parcel)).removesuffix("}") + ', "cells": ['
    for number, cell in enumerate(parcel.cells):
        yield ",\n" if number else "\n"
        yield _dumped(_cell(parcel.whole(cell)))
    yield "\n]}\n"


def _above(parcel: ExperimentParcel) -> dict[str, object]:
    experiment = parcel.experiment
    named = titles(experiment)
    values: dict[str, object] = {"format": FORMAT, "version": VERSION, "title": experiment.title}
    return values | _known(
        {
            "kind": experiment.kind.name.lower(),
            "created": experiment.created,
            "updated": experiment.updated,
            "order_seed": experiment.order_seed,
            "hidden": parcel.hidden,
            "options": {} if parcel.hidden else _options(experiment.options),
            "checks": [_check(one) for one in experiment.options.checks],
            "columns": [_column(one, named[one.id]) for one in experiment.columns],
            "prompts": [_prompt(one) for one in experiment.prompts],
            "provenance": [_provenance(number, one) for number, one in parcel.provenance.items()],
            "figures": [_figures(one) for one in parcel.figures],
            "notes": list(figures_words(experiment.shown, parcel.cells)) if parcel.figures else [],
            "votes": [_vote(one) for one in parcel.votes],
            "ratings": [_rating(one) for one in parcel.ratings],
        }
    )


def _options(options: Options) -> dict[str, object]:
    always = {"pace": options.pace.name.lower(), "concurrency": options.concurrency, "repeats": options.repeats}
    rest = {
        "seed": options.seed,
        "shuffle": options.shuffle,
        "memory_limit": options.memory_limit or None,
        "judge": _model(options.judge) if options.judge else None,
    }
    return always | {name: value for name, value in rest.items() if value is not None}


def _column(column: Column, title: str) -> dict[str, object]:
    always: dict[str, object] = {"id": column.id, "title": title, "model": _model(column.model)}
    return always | _known(
        {
            "name": column.name,
            "settings": column.settings.as_json(),
            "flags": {flag: _flag(value) for flag, value in column.flags},
            "removed": column.removed,
        }
    )


def _model(model: ModelRef) -> dict[str, object]:
    return {"name": model.name} | _known({"server": host_words(model.address)})


def _flag(value: FlagValue) -> FlagValue:
    """Of a file on this computer only its name."""
    return PurePath(value).name if isinstance(value, str) and PurePath(value).is_absolute() else value


def _check(check: Check) -> dict[str, object]:
    always = {"kind": check.kind.name.lower(), "ignore_case": check.ignore_case}
    return always | _known({"text": check.text})


def _prompt(prompt: Prompt) -> dict[str, object]:
    rest = {
        "name": prompt.name,
        "reference": prompt.reference,
        "column": prompt.column,
        "checks": [_check(one) for one in prompt.checks],
    }
    # That of a column which is not in the file counts, too: nobody went on from its own answer.
    carried = {} if prompt.carried is None else {"carried": prompt.carried}
    return {"id": prompt.id, "text": prompt.text} | _known(rest) | carried


def _provenance(number: int, one: Provenance) -> dict[str, object]:
    values = one.as_json() | {"address": host_words(one.address), "files": dict(one.files)}
    return {"id": number} | _known({name: list(v) if isinstance(v, tuple) else v for name, v in values.items()})


def _cell(cell: Cell) -> dict[str, object]:
    answer = cell.answer
    always = {"id": cell.id, "prompt": cell.prompt, "column": cell.column, "repeat": cell.repeat}
    return (
        always
        | {"state": cell.state.value, "text": answer.text}
        | _known(
            {
                "reasoning": answer.reasoning,
                "ended": finish_words(cell),
                "error": answer.error,
                "model": answer.model,
                "created": answer.created,
                "timing": _known({field.name: getattr(answer.timing, field.name) for field in fields(Timing)}),
                "record": answer.record.as_json(),
                "order": cell.order,
                "memory": cell.memory,
                "checks": [_result(one) for one in cell.checks],
            }
        )
        | ({"beside": cell.beside} if cell.order else {})
        | {name: value for name, value in _unsure(cell).items() if value is not None}
    )


def _unsure(cell: Cell) -> dict[str, object]:
    """What may be false or 0 and must then be said."""
    return {"passed": cell.passed, "provenance": cell.provenance}


def _result(result: CheckResult) -> dict[str, object]:
    return {"kind": result.kind.name.lower(), "passed": result.passed} | _known({"why": result.why})


def _figures(one: ColumnFigures) -> dict[str, object]:
    names = [field.name for field in fields(ColumnFigures) if field.name not in ("column", "best")]
    values = {name: getattr(one, name) for name in names}
    return {"column": one.column} | _known(values | {"best": sorted(one.best)})


def _vote(vote: Vote) -> dict[str, object]:
    always = {"prompt": vote.prompt, "repeat": vote.repeat, "left": vote.left, "right": vote.right}
    rest = {"reason": vote.reason, "created": vote.created}
    return always | {"verdict": vote.verdict.name.lower(), "blind": vote.blind} | _known(rest)


def _rating(one: Rating) -> dict[str, object]:
    always: dict[str, object] = {"name": one.name, "identity": one.identity}
    counts = {"votes": one.votes, "wins": one.wins, "losses": one.losses, "ties": one.ties}
    points = {"points": one.points, "low": one.low, "high": one.high}
    sure = {name: value for name, value in points.items() if value is not None and math.isfinite(value)}
    return always | counts | sure


def _known(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in (None, "", 0, 0.0, False, [], {})}


def _dumped(values: Mapping[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, allow_nan=False)
