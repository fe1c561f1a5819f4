"""An experiment as a report in Markdown. `services/experiment_files.py` calls it.

Questions and answers are quotations, so that headings and code of a model stay its own.
"""

from collections.abc import Iterator

from desktop_app.domain.experiment import Cell, Column, Prompt
from desktop_app.interchange import experiment_wording as told
from desktop_app.interchange.experiment_parcel import ExperimentParcel
from desktop_app.interchange.experiment_wording import Field, Sheet
from desktop_app.interchange.values import line
from desktop_app.interchange.wrapping import quoted
from desktop_app.markdown.blocks import clean

_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>#|~$"})
_LONGEST = 2000
"""Characters of one line of ours."""


def markdown_pieces(parcel: ExperimentParcel) -> Iterator[str]:
    """The report, in pieces."""
    experiment = parcel.experiment
    yield f"# {_plain(experiment.title)}\n\n"
    if parcel.hidden:
        yield f"**{told.HIDDEN}**\n\n"
    yield "".join(f"{_plain(words)}\n" for words in told.facts(parcel)).replace("\n", "  \n") + "\n"
    if not parcel.hidden:
        yield f"## What was compared\n\n{_table(told.columns_sheet(experiment))}\n"
        yield from _systems(parcel)
        yield from _results(parcel)
        yield from _votes(parcel)
    yield "## Prompts and answers\n\n"
    for number, prompt in enumerate(experiment.prompts, 1):
        yield from _prompt(parcel, number, prompt)
    if not parcel.hidden:
        yield from _sources(parcel)


def _systems(parcel: ExperimentParcel) -> Iterator[str]:
    for column in parcel.experiment.shown:
        if column.settings.system:
            yield f"System prompt of {_plain(told.heading(column, parcel.experiment))}:\n\n"
            yield f"{_quoted(column.settings.system)}\n\n"


def _results(parcel: ExperimentParcel) -> Iterator[str]:
    if not parcel.figures:
        return
    yield f"## Results\n\n{_table(told.results_sheet(parcel))}\n"
    yield "".join(f"- {_plain(words)}\n" for words in told.results_words(parcel)) + "\n"


def _votes(parcel: ExperimentParcel) -> Iterator[str]:
    if not parcel.votes:
        return
    yield f"## Votes\n\n{_table(told.ratings_sheet(parcel.ratings))}\n" if parcel.ratings else "## Votes\n\n"
    yield f"{_table(told.votes_sheet(parcel))}\n"


def _prompt(parcel: ExperimentParcel, number: int, prompt: Prompt) -> Iterator[str]:
    yield f"### {_plain(told.prompt_title(number, prompt.name))}\n\n{_quoted(prompt.text)}\n\n"
    if prompt.reference:
        yield f"A good answer says:\n\n{_quoted(prompt.reference)}\n\n"
    for words in told.prompt_facts(prompt, parcel.experiment):
        yield f"*{_plain(words)}*\n\n"
    for repeat, cells in sorted(parcel.answers.get(prompt.id, {}).items()):
        for column in parcel.experiment.shown:
            if column.id in cells:
                yield from _answer(parcel, column, repeat, parcel.whole(cells[column.id]))


def _answer(parcel: ExperimentParcel, column: Column, repeat: int, cell: Cell) -> Iterator[str]:
    again = f", repeat {repeat + 1}" if parcel.experiment.options.repeats > 1 else ""
    yield f"#### {_plain(told.heading(column, parcel.experiment) + again)}\n\n"
    answer = cell.answer
    if answer.reasoning.strip():
        yield f"{_quoted(f'**Thoughts**{chr(10)}{chr(10)}{answer.reasoning.strip()}')}\n\n"
    if told.only_thought(answer):
        yield "*It only thought and gave no answer.*\n\n"
    elif answer.text.strip():
        # Two quotations with nothing in between would be read as one.
        yield "Answer:\n\n" if answer.reasoning.strip() else ""
        yield f"{_quoted(answer.text.strip())}\n\n"
    if words := told.under(cell, hidden=parcel.hidden):
        yield f"*{_plain(words)}*\n\n"
    if cell.checks:
        yield "".join(f"- {_plain(told.result_words(one))}\n" for one in cell.checks) + "\n"


def _sources(parcel: ExperimentParcel) -> Iterator[str]:
    found = told.sources(parcel)
    if found:
        yield "## Where the answers came from\n\n"
    for source in found:
        yield f"### {_plain(source.title)}\n\n"
        yield "".join(f"- {name}: {_plain(value)}\n" for name, value in source.facts)
        if source.files:
            yield "- Files (SHA-256):\n"
            yield "".join(f"  - {_plain(name)}: `{_plain(value)}`\n" for name, value in source.files)
        yield "\n"


def _table(sheet: Sheet) -> str:
    lines = [sheet.head, tuple("---" for _ in sheet.head)]
    rows = [f"| {' | '.join(map(_plain, lines[0]))} |", f"| {' | '.join(lines[1])} |"]
    rows += [f"| {' | '.join(map(_field, row))} |" for row in sheet.rows]
    return "\n".join(rows) + "\n"


def _field(field: Field) -> str:
    return f"**{_plain(field.words)}** (best)" if field.best else _plain(field.words)


def _quoted(text: str) -> str:
    return quoted(clean(text))


def _plain(words: str) -> str:
    """A line in which nothing means anything to Markdown."""
    return line(words, _LONGEST).translate(_SIGNS)
