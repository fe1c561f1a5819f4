"""An experiment as CSV, a row for each cell, for statistics. `services/experiment_files.py` calls it.

What is not known is empty, never 0. A text that a spreadsheet would take for a formula has an apostrophe before it
(`csv_cells`); the JSON export has every text as it was.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from desktop_app.domain.experiment import Cell, Column, Experiment, Prompt, Provenance
from desktop_app.domain.experiment_words import all_settings_words, finish_words, flag_words, host_words
from desktop_app.interchange.csv_cells import fit
from desktop_app.interchange.experiment_parcel import ExperimentParcel
from desktop_app.interchange.experiment_wording import HIDDEN, titles
from desktop_app.interchange.values import line

Value = str | int | float | None


@dataclass(frozen=True)
class _Row:
    """A cell with everything around it."""

    experiment: Experiment
    cell: Cell
    column: Column
    title: str
    prompt: Prompt
    source: Provenance
    files: str
    """One SHA-256 of all files' names and hashes."""


class _Line:
    """What a csv writer writes to: gives back the line."""

    def write(self, text: str) -> str:
        """The line."""
        return text


def csv_pieces(parcel: ExperimentParcel) -> Iterator[str]:
    """The head and a line for each cell. It begins with a byte order mark, without which Excel reads no UTF-8."""
    experiment = parcel.experiment
    writer = csv.writer(_Line(), lineterminator="\r\n")
    named, prompts = titles(experiment), {prompt.id: prompt for prompt in experiment.prompts}
    columns = {column.id: column for column in experiment.columns}
    digests = {number: _digest(one) for number, one in parcel.provenance.items()}
    yield f"\ufeff{writer.writerow(_FIELDS)}"
    for cell in parcel.cells:
        column, prompt = columns.get(cell.column), prompts.get(cell.prompt)
        if column is None or prompt is None:
            continue
        number = -1 if cell.provenance is None else cell.provenance
        source = parcel.provenance.get(number, Provenance())
        row = _Row(experiment, parcel.whole(cell), column, named[column.id], prompt, source, digests.get(number, ""))
        values = (value(row) for value in _FIELDS.values())
        yield str(writer.writerow([fit(value) if isinstance(value, str) else value for value in values]))


def _digest(source: Provenance) -> str:
    if not source.files:
        return ""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(source.files))
    return sha256(lines.encode("utf-8", "replace")).hexdigest()


def _truth(value: bool | None) -> str:
    return "" if value is None else "true" if value else "false"


def _checks(cell: Cell) -> str:
    if not cell.checks:
        return ""
    results = [{"kind": one.kind.value, "passed": one.passed, "why": one.why} for one in cell.checks]
    return json.dumps(results, ensure_ascii=False)


def _seed(cell: Cell) -> Value:
    try:
        body = json.loads(cell.answer.record.request or "{}")
    except (ValueError, RecursionError):
        return None
    seed = body.get("seed") if isinstance(body, dict) else None
    return seed if isinstance(seed, int) and not isinstance(seed, bool) else None


_FIELDS: dict[str, Callable[[_Row], Value]] = {
    "experiment": lambda row: row.experiment.title,
    "kind": lambda row: row.experiment.kind.value,
    "note": lambda row: HIDDEN if row.experiment.blind else "",
    "cell": lambda row: row.cell.id,
    "prompt": lambda row: row.prompt.id,
    "prompt_name": lambda row: row.prompt.name,
    "prompt_text": lambda row: row.prompt.text,
    "reference": lambda row: row.prompt.reference,
    "repeat": lambda row: row.cell.repeat + 1,
    "column": lambda row: row.column.id,
    "column_title": lambda row: row.title,
    "column_removed": lambda row: _truth(row.column.removed),
    "model": lambda row: line(row.column.model.name),
    "server": lambda row: host_words(row.column.model.address),
    "settings": lambda row: all_settings_words(row.column),
    "system_prompt": lambda row: row.column.settings.system,
    "engine_options": lambda row: ", ".join(flag_words(flag, value) for flag, value in row.column.flags),
    "state": lambda row: row.cell.state.value,
    "passed": lambda row: _truth(row.cell.passed),
    "checks": lambda row: _checks(row.cell),
    "answer": lambda row: row.cell.answer.text,
    "reasoning": lambda row: row.cell.answer.reasoning,
    "error": lambda row: row.cell.answer.error,
    "ended": lambda row: finish_words(row.cell),
    "finish_reason": lambda row: row.cell.answer.record.finish,
    "stop_reason": lambda row: row.cell.answer.record.stop_reason,
    "first_word_seconds": lambda row: row.cell.answer.timing.first_token_seconds or None,
    "decode_seconds": lambda row: row.cell.answer.timing.decode_seconds or None,
    "tokens_per_second": lambda row: row.cell.answer.timing.tokens_per_second or None,
    "prompt_tokens": lambda row: row.cell.answer.timing.prompt_tokens or None,
    "answer_tokens": lambda row: row.cell.answer.timing.answer_tokens or None,
    "cached_tokens": lambda row: row.cell.answer.record.cached_tokens,
    "queue_seconds": lambda row: row.cell.answer.record.queue_seconds,
    "reasoning_tokens": lambda row: row.cell.answer.record.reasoning_tokens or None,
    "reasoning_seconds": lambda row: row.cell.answer.record.reasoning_seconds or None,
    "context_tokens": lambda row: row.cell.answer.record.context_tokens or None,
    "sent_messages": lambda row: row.cell.answer.record.sent_messages or None,
    "memory_bytes": lambda row: row.cell.memory or None,
    "order": lambda row: row.cell.order or None,
    "beside": lambda row: row.cell.beside if row.cell.order else None,
    "asked_unix_seconds": lambda row: row.cell.answer.created or None,
    "seed": lambda row: _seed(row.cell),
    "request": lambda row: row.cell.answer.record.request,
    "left_out": lambda row: row.cell.answer.record.left_out,
    "provenance": lambda row: row.cell.provenance,
    "revision": lambda row: row.source.revision or row.cell.answer.record.revision,
    "files_sha256": lambda row: row.files,
    "template_sha256": lambda row: row.source.template,
    "engine": lambda row: row.source.engine or row.cell.answer.record.engine,
    "engine_arguments": lambda row: " ".join(row.source.arguments),
    "hardware": lambda row: row.source.hardware,
    "program": lambda row: row.source.program,
    "carried_column": lambda row: row.prompt.carried,
}
"""Names of the columns and what stands in them. New ones are added at the end: readers may count."""
