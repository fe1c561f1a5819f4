"""An experiment as one HTML file that needs no network and runs nothing. `services/experiment_files.py` calls it.

Columns stand side by side as in the window; what a model wrote goes through the renderer of exported chats.
"""

import html
from collections.abc import Iterator, Mapping, Sequence

from desktop_app.domain.experiment import Cell, Column, Prompt
from desktop_app.interchange import experiment_wording as told
from desktop_app.interchange.experiment_parcel import ExperimentParcel
from desktop_app.interchange.experiment_wording import Field, Sheet
from desktop_app.interchange.html_blocks import markdown_html
from desktop_app.interchange.html_writer import page_head
from desktop_app.interchange.values import line

_LONGEST = 2000
"""Characters of one line of ours."""
_RULES = """
main.experiment { max-width: none; padding: 1.5rem 1.75rem 4rem }
main.experiment > h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem } .facts p { margin: .15rem 0; color: var(--second) }
.notice { border-left: 4px solid var(--accent_text); padding: .1rem 1rem; margin: 1rem 0 }
.notes { color: var(--second); padding-left: 1.2rem; max-width: 60rem } td.best { font-weight: 650 }
.prompt { border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 2rem;
  content-visibility: auto; contain-intrinsic-size: auto 30rem }
.prompt > h3 { margin: 0 0 .5rem }
.question { background: var(--bubble); border-radius: 14px; padding: .1rem 1rem; max-width: 46rem }
.side { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(17rem, 1fr); gap: 1.25rem; overflow-x: auto;
  margin: 1rem 0; padding-bottom: .5rem }
.side > article { margin: 0; min-width: 0; max-width: 60rem; border: 1px solid var(--line); border-radius: 12px;
  padding: .8rem 1rem }
.side h4 { margin: 0 0 .4rem; font-size: .95rem } .side .text :is(h3, h4, h5, h6) { font-size: 1rem }
ul.checks { list-style: none; padding: 0; font-size: .85rem }
.source dt { color: var(--second); font-size: .85rem; margin-top: .5rem } .source dd { margin: 0 }
@media print { .side { display: block } .side > article { margin: .75rem 0 } }
@media (max-width: 40rem) { .side { grid-auto-flow: row; grid-auto-columns: auto } }
"""


def html_pieces(parcel: ExperimentParcel) -> Iterator[str]:
    """The page, in pieces."""
    experiment = parcel.experiment
    yield page_head(experiment.title, _RULES)
    yield f'<main class="experiment">\n<h1 dir="auto">{_line(experiment.title)}</h1>\n'
    if parcel.hidden:
        yield f'<div class="notice"><p>{_line(told.HIDDEN)}</p></div>\n'
    yield f'<div class="facts">{"".join(f"<p>{_line(words)}</p>" for words in told.facts(parcel))}</div>\n'
    if not parcel.hidden:
        yield f"<h2>What was compared</h2>\n{_table(told.columns_sheet(experiment))}"
        yield from _systems(parcel)
        yield from _results(parcel)
        yield from _votes(parcel)
    yield "<h2>Prompts and answers</h2>\n"
    for number, prompt in enumerate(experiment.prompts, 1):
        yield from _prompt(parcel, number, prompt)
    if not parcel.hidden:
        yield from _sources(parcel)
    yield "</main>\n</body>\n</html>\n"


def _systems(parcel: ExperimentParcel) -> Iterator[str]:
    for column in parcel.experiment.shown:
        if column.settings.system:
            title = _line(f"System prompt of {told.heading(column, parcel.experiment)}")
            yield from _folded("system", title, column.settings.system)


def _results(parcel: ExperimentParcel) -> Iterator[str]:
    if not parcel.figures:
        return
    yield f"<h2>Results</h2>\n{_table(told.results_sheet(parcel))}"
    if notes := told.results_words(parcel):
        yield f'<ul class="notes">{"".join(f"<li>{_line(words)}</li>" for words in notes)}</ul>\n'


def _votes(parcel: ExperimentParcel) -> Iterator[str]:
    if not parcel.votes:
        return
    yield "<h2>Votes</h2>\n"
    if parcel.ratings:
        yield _table(told.ratings_sheet(parcel.ratings))
    words = f"All votes ({len(parcel.votes):,})"
    yield f"<details><summary>{words}</summary>{_table(told.votes_sheet(parcel))}</details>\n"


def _prompt(parcel: ExperimentParcel, number: int, prompt: Prompt) -> Iterator[str]:
    yield f'<section class="prompt" id="prompt-{number}">\n'
    yield f'<h3 dir="auto">{_line(told.prompt_title(number, prompt.name))}</h3>\n<div class="question" dir="auto">\n'
    yield from markdown_html(prompt.text)
    yield "</div>\n"
    if prompt.reference:
        yield from _folded("reference", "A good answer says", prompt.reference)
    if words := told.prompt_facts(prompt, parcel.experiment):
        yield _list("checks", words)
    for repeat, cells in sorted(parcel.answers.get(prompt.id, {}).items()):
        yield from _side(parcel, repeat, cells)
    yield "</section>\n"


def _side(parcel: ExperimentParcel, repeat: int, cells: Mapping[int, Cell]) -> Iterator[str]:
    """The answers of all columns, beside one another."""
    yield '<div class="side">\n'
    for column in parcel.experiment.shown:
        if column.id in cells:
            yield from _answer(parcel, column, repeat, parcel.whole(cells[column.id]))
    yield "</div>\n"


def _answer(parcel: ExperimentParcel, column: Column, repeat: int, cell: Cell) -> Iterator[str]:
    again = f", repeat {repeat + 1}" if parcel.experiment.options.repeats > 1 else ""
    yield f"<article>\n<h4>{_line(told.heading(column, parcel.experiment) + again)}</h4>\n"
    answer = cell.answer
    if answer.reasoning.strip():
        yield from _folded("thoughts", "Thoughts", answer.reasoning)
    if told.only_thought(answer):
        yield "<p>It only thought and gave no answer.</p>\n"
    elif answer.text.strip():
        yield '<div class="text" dir="auto">\n'
        yield from markdown_html(answer.text)
        yield "</div>\n"
    if words := told.under(cell, hidden=parcel.hidden):
        yield f'<p class="under">{_line(words)}</p>\n'
    if cell.checks:
        yield _list("checks", [told.result_words(one) for one in cell.checks])
    yield "</article>\n"


def _sources(parcel: ExperimentParcel) -> Iterator[str]:
    found = told.sources(parcel)
    if found:
        yield "<h2>Where the answers came from</h2>\n"
    for source in found:
        yield f'<details class="source" open><summary>{_line(source.title)}</summary><dl>\n'
        yield from (f"<dt>{_line(name)}</dt><dd>{_line(value)}</dd>\n" for name, value in source.facts)
        if source.files:
            yield "<dt>Files (SHA-256)</dt>\n"
            yield from (f"<dd>{_line(name)} <code>{_line(value)}</code></dd>\n" for name, value in source.files)
        yield "</dl></details>\n"


def _folded(kind: str, title: str, text: str) -> Iterator[str]:
    """A text that opens at a click. *title* is HTML."""
    yield f'<details class="{kind}"><summary>{title}</summary><div dir="auto">'
    yield from markdown_html(text)
    yield "</div></details>\n"


def _table(sheet: Sheet) -> str:
    head = "".join(f"<th>{_line(words)}</th>" for words in sheet.head)
    rows = "".join(f"<tr>{''.join(map(_field, row))}</tr>\n" for row in sheet.rows)
    return f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n'


def _field(field: Field) -> str:
    return f'<td class="best">{_line(field.words)} ✓ best</td>' if field.best else f"<td>{_line(field.words)}</td>"


def _list(kind: str, lines: Sequence[str]) -> str:
    return f'<ul class="{kind}">{"".join(f"<li>{_line(words)}</li>" for words in lines)}</ul>\n'


def _line(words: str) -> str:
    """A single line as HTML, without signs that would turn it around."""
    return html.escape(line(words, _LONGEST))
