"""What an export of an experiment says to people, in words and tables. Used by its Markdown and HTML writers."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from desktop_app.domain import answer_words
from desktop_app.domain.chat import Message
from desktop_app.domain.experiment import (
    Cell,
    CellState,
    Check,
    CheckResult,
    Column,
    Experiment,
    ExperimentKind,
    Pace,
    Prompt,
    Provenance,
)
from desktop_app.domain.experiment_figures import ColumnFigures, figures_words
from desktop_app.domain.experiment_words import (
    all_settings_words,
    column_title,
    finish_words,
    host_words,
    letter,
)
from desktop_app.domain.provenance_words import comparable, differences_of
from desktop_app.domain.ratings import Rating
from desktop_app.domain.units import memory_words
from desktop_app.interchange import wording
from desktop_app.interchange.experiment_parcel import ExperimentParcel

HIDDEN = (
    "This experiment is blind. Names, settings, figures and votes are left out, and the columns are shuffled, until "
    "somebody reveals them."
)


class Field(NamedTuple):
    """What stands at one place of a table."""

    words: str
    best: bool = False


class Sheet(NamedTuple):
    """A table."""

    head: tuple[str, ...]
    rows: tuple[tuple[Field, ...], ...]


class Source(NamedTuple):
    """What some answers came from."""

    title: str
    """E.g. `Qwen3-8B, 12 answers`."""
    facts: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]
    """Names and SHA-256."""


def titles(experiment: Experiment) -> dict[int, str]:
    """What every column is called, those that were taken away too."""
    return {column.id: column_title(column, experiment.columns) for column in experiment.columns}


def heading(column: Column, experiment: Experiment) -> str:
    """A column's letter and title, e.g. `A · Qwen3-8B`; only its title while names are hidden."""
    title = column_title(column, experiment.columns)
    return title if experiment.blind else f"{letter(experiment.shown.index(column))} · {title}"


def facts(parcel: ExperimentParcel) -> tuple[str, ...]:
    """What was done, in short sentences."""
    experiment, options = parcel.experiment, parcel.experiment.options
    asked = sum(cell.state is CellState.DONE for cell in parcel.cells)
    counts = ((len(experiment.shown), "column"), (len(experiment.prompts), "prompt"), (asked, "answer"))
    found = [
        f"{experiment.kind.value}: {', '.join(_count(number, word) for number, word in counts)}.",
        _when(experiment),
    ]
    if not parcel.hidden:
        found += [_pace(experiment), _seeds(experiment)]
        left_out = len(experiment.columns) - len(experiment.shown)
        if left_out:
            words = "column was" if left_out == 1 else "columns were"
            found.append(f"{left_out} {words} taken away; the answers stand in the exports as CSV and JSON.")
    elif options.repeats > 1:
        found.append(f"Every prompt was asked {options.repeats:,} times.")
    if options.checks:
        found.append(f"Checks of every answer: {'; '.join(check_words(one) for one in options.checks)}.")
    return tuple(one for one in found if one)


def columns_sheet(experiment: Experiment) -> Sheet:
    """Which models with which settings."""
    rows = []
    for column in experiment.shown:
        where = f" at {host}" if (host := host_words(column.model.address)) else ""
        settings = all_settings_words(column) or "the model's own"
        rows.append((Field(heading(column, experiment)), Field(f"{column.model.name}{where}"), Field(settings)))
    return Sheet(("Column", "Model", "Settings"), tuple(rows))


def results_sheet(parcel: ExperimentParcel) -> Sheet:
    """Figures of every column, with the best marked."""
    experiment = parcel.experiment
    known = {one.column: one for one in parcel.figures}
    columns = [(column, known[column.id]) for column in experiment.shown if column.id in known]
    rows = []
    for title, name, words in _FIGURES:
        values = [words(one) for _, one in columns]
        if any(values):
            fields = (Field(value or "–", name in one.best) for value, (_, one) in zip(values, columns, strict=True))
            rows.append((Field(title), *fields))
    return Sheet(("", *(heading(column, experiment) for column, _ in columns)), tuple(rows))


def results_words(parcel: ExperimentParcel) -> tuple[str, ...]:
    """What is to be known before figures are compared."""
    experiment = parcel.experiment
    letters = {column.id: letter(place) for place, column in enumerate(experiment.shown)}
    cells = {column.id: parcel.of_column(column.id) for column in experiment.shown}
    told: dict[str, list[str]] = {}
    for left, right in combinations(experiment.shown, 2):
        for words in comparable(cells[left.id], cells[right.id], parcel.provenance, (left, right)):
            told.setdefault(words, []).append(f"{letters[left.id]} and {letters[right.id]}")
    for column, name in letters.items():
        for words in _changes(cells[column], parcel.provenance):
            told.setdefault(words, []).append(name)
    return (
        *figures_words(experiment.shown, parcel.cells),
        *(f"{', '.join(who)}: {words}" for words, who in told.items()),
    )


def ratings_sheet(ratings: Sequence[Rating]) -> Sheet:
    """What the votes say, with how sure that is."""
    rows = []
    for one in ratings:
        points = "the votes do not say" if one.points is None else f"{one.points:.0f}"
        sure = "–" if one.low is None or one.high is None else f"{one.low:.0f} to {one.high:.0f}"
        counts = (one.votes, one.wins, one.losses, one.ties)
        rows.append((Field(one.name), Field(points), Field(sure), *(Field(f"{count:,}") for count in counts)))
    head = ("", "Rating", "95 % interval", "Votes", "Won", "Lost", "Tied or both bad")
    return Sheet(head, tuple(rows))


def votes_sheet(parcel: ExperimentParcel) -> Sheet:
    """Every vote with its reason."""
    named = titles(parcel.experiment)
    numbers = {prompt.id: place for place, prompt in enumerate(parcel.experiment.prompts, 1)}
    rows = []
    for vote in parcel.votes:
        question = f"{numbers[vote.prompt]}" if vote.prompt in numbers else "–"
        left, right = named.get(vote.left, vote.left_name), named.get(vote.right, vote.right_name)
        seen = "blind" if vote.blind else "names were shown"
        words = (question, left, right, vote.verdict.value, vote.reason, seen)
        rows.append(tuple(Field(one) for one in words))
    return Sheet(("Prompt", "Left", "Right", "Verdict", "Why", "How"), tuple(rows))


def sources(parcel: ExperimentParcel) -> tuple[Source, ...]:
    """What the answers came from, in the order in which it was used."""
    named = titles(parcel.experiment)
    used: dict[int, dict[int, int]] = {}
    for cell in sorted(parcel.cells, key=lambda cell: (cell.order, cell.id)):
        if cell.provenance is not None and cell.provenance in parcel.provenance:
            counts = used.setdefault(cell.provenance, {})
            counts[cell.column] = counts.get(cell.column, 0) + 1
    found = []
    for number, counts in used.items():
        one = parcel.provenance[number]
        title = "; ".join(f"{named[column]}, {_count(count, 'answer')}" for column, count in counts.items())
        found.append(Source(title, _source_facts(one), one.files))
    return tuple(found)


def prompt_title(number: int, name: str) -> str:
    """E.g. `Prompt 3: Capitals`."""
    return f"Prompt {number:,}: {name}" if name else f"Prompt {number:,}"


def prompt_facts(prompt: Prompt, experiment: Experiment) -> tuple[str, ...]:
    """What is said below a question: who was asked it, if not all, what all go on from, what is checked."""
    only = next((column for column in experiment.shown if column.id == prompt.column), None)
    asked = [f"Asked of {heading(only, experiment)} only"] if only else []
    return (*asked, *_carried(prompt, experiment), *(f"Check: {check_words(one)}" for one in prompt.checks))


def under(cell: Cell, *, hidden: bool) -> str:
    """The line below an answer: its figures and how it ended."""
    if hidden or cell.state in (CellState.WAITING, CellState.RUNNING):
        return finish_words(cell) if cell.state is not CellState.DONE else ""
    words = answer_words.under(cell.answer) or finish_words(cell)
    memory = f"{memory_words(cell.memory)} of memory" if cell.memory else ""
    order = f"asked as number {cell.order:,}" if cell.order else ""
    beside = f"beside {_count(cell.beside, 'other')}" if cell.beside else ""
    return " · ".join(filter(None, (words, memory, order, beside)))


def only_thought(answer: Message) -> bool:
    """Whether there is nothing but thoughts, which must not look like an empty answer."""
    return bool(answer.reasoning.strip()) and not answer.text.strip()


def check_words(check: Check) -> str:
    """A check in words, e.g. `contains “Paris”`."""
    text = f" “{check.text}”" if check.text else " the reference answer"
    return f"{check.kind.value.lower()}{text}"


def result_words(result: CheckResult) -> str:
    """What a check said, e.g. `Contains: passed`."""
    verdict = {True: "passed", False: "not passed", None: "not decided"}[result.passed]
    return f"{result.kind.value}: {verdict}{f'. {result.why}' if result.why else ''}"


def _carried(prompt: Prompt, experiment: Experiment) -> tuple[str, ...]:
    """Which answer all columns go on from, if that was chosen."""
    if prompt.carried is None:
        return ()
    column = experiment.column(prompt.carried)
    if column is None:
        whose = "a column that was taken away"
    elif column.removed:
        whose = f"{column_title(column, experiment.columns)}, which was taken away"
    else:
        whose = heading(column, experiment)
    return (f"All columns go on from the answer of {whose}",)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _when(experiment: Experiment) -> str:
    made, changed = wording.moment_words(experiment.created), wording.moment_words(experiment.updated)
    last = f", last changed {changed}" if changed and changed != made else ""
    return f"Made {made}{last}." if made else ""


def _pace(experiment: Experiment) -> str:
    options = experiment.options
    shuffled = "in an order that was shuffled" if options.shuffle else "in the order in which they stand"
    if options.pace is Pace.ALONE:
        return f"One answer at a time, {shuffled}."
    at_once = (
        f", up to {_count(options.concurrency, 'question')} at a time to each engine"
        if experiment.kind is ExperimentKind.PROMPTS
        else ""
    )
    return f"All at once where memory allowed{at_once}, {shuffled}."


def _seeds(experiment: Experiment) -> str:
    options = experiment.options
    times = f"Every prompt was asked {'once' if options.repeats == 1 else f'{options.repeats:,} times'}"
    if options.seed is None:
        return f"{times}, with the seeds that the columns' settings say."
    own = any(column.settings.sampling.seed is not None for column in experiment.shown)
    but = "; a column with a seed of its own began there" if own else ""
    if options.repeats == 1:
        return f"{times}, with the seed {options.seed}{but}."
    return f"{times}, with the seeds {options.seed} to {options.seed + options.repeats - 1}{but}."


def _changes(cells: Sequence[Cell], provenance: Mapping[int, Provenance]) -> tuple[str, ...]:
    used = dict.fromkeys(cell.provenance for cell in cells if cell.state is CellState.DONE)
    return differences_of([provenance[one] for one in used if one is not None and one in provenance])


def _source_facts(one: Provenance) -> tuple[tuple[str, str], ...]:
    rows = (
        ("Model", one.model),
        ("Server", host_words(one.address)),
        ("Revision", one.revision),
        ("Chat template (SHA-256)", one.template),
        ("Engine", one.engine),
        ("Arguments", " ".join(one.arguments)),
        ("Hardware", one.hardware),
        ("Program", f"vLLM Desktop {one.program}" if one.program else ""),
    )
    return tuple((name, value) for name, value in rows if value)


def _passed(one: ColumnFigures) -> str:
    if not one.checked:
        return ""
    return f"{one.passed:,} of {one.checked:,} ({100 * one.passed / one.checked:.0f} %)"


_FIGURES: tuple[tuple[str, str, Callable[[ColumnFigures], str]], ...] = (
    ("Answers", "answers", lambda one: f"{one.answers:,}"),
    ("Failed or stopped", "failed", lambda one: f"{one.failed:,}" if one.failed else ""),
    ("Passed", "passed", _passed),
    ("First word after, median", "first_word", lambda one: f"{one.first_word:.2f} s" if one.first_word else ""),
    ("Speed without the wait, median", "speed", lambda one: f"{one.speed:.1f} tok/s" if one.speed else ""),
    ("Tokens of all answers", "tokens", lambda one: f"{one.tokens:,}" if one.tokens else ""),
    ("Memory", "memory", lambda one: memory_words(one.memory) if one.memory else ""),
    ("Cut at a limit", "cut", lambda one: f"{one.cut:,}" if one.cut else ""),
    ("The last one", "finish", lambda one: one.finish),
)
