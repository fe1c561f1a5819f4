"""Prompts as CSV (RFC 4180): with a first line that names the columns, or a list of prompts without one.

`prompt_sets` calls it. A spreadsheet that opens the file would take a text that begins like a formula for one; when
writing, such a text gets an apostrophe in front, which is taken away again when reading
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from desktop_app.domain.experiment import Prompt
from desktop_app.interchange.prompt_parts import MAX_PROMPT, NAME, PROMPT, REFERENCE, LineError, fitting, within_limit
from desktop_app.interchange.values import line as one_line

_SEPARATORS = (",", ";", "\t")
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_COLUMNS = ("prompt", "reference", "name")
_NO_HEAD = (
    "No column is called “prompt”. Name the columns in the first line (prompt, reference, name), and put a text that "
    "has commas between quotation marks."
)

Row = tuple[int, list[str]]
"""The line that it begins at, and its cells."""


def read_csv(text: str, *, plain: bool = False) -> tuple[list[Prompt], int]:
    """The prompts, and how many rows were left out because they have none.

    Args:
        text: of the file; its lines end with a line feed only.
        plain: it is no table: without a first line that names columns, each line is a prompt.

    Raises:
        LineError: what is wrong in which line.
    """
    head = _head(text)
    if head is None:
        return _list(text, plain=plain)
    separator, places, width = head
    prompts, empty = list[Prompt](), 0
    filled = ((number, cells) for number, cells in _rows(text, separator) if any(cell.strip() for cell in cells))
    for number, cells in islice(filled, 1, None):
        if any(cell.strip() for cell in cells[width:]):
            words = f"It has {len(cells)} columns, but the first line names {width}. Is a text without quotation marks?"
            raise LineError(number, words)
        question, reference, name = (_cell(cells, columns, number) for columns in places)
        empty += not question.strip()
        prompts += [Prompt(0, question, reference, name=one_line(name))] if question.strip() else []
        within_limit(len(prompts))
    return prompts, empty


def write_csv(prompts: Sequence[Prompt]) -> str:
    """The text of a file; checks have no place in it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for prompt in prompts:
        writer.writerow([_defused(text) for text in (prompt.text, prompt.reference, prompt.name)])
    return out.getvalue()


def _head(text: str) -> tuple[str, list[list[int]], int] | None:
    """What the first line says: the separator, the places of question, reference and name, the number of columns.

    None when it names no columns.
    """
    best: tuple[str, list[list[int]], int] | None = None
    for separator in _SEPARATORS:
        first = next(_rows(text.lstrip().split("\n", 1)[0], separator, strict=False), (0, []))[1]
        names = [cell.strip().casefold() for cell in first]
        places = [[names.index(name) for name in known if name in names] for known in (PROMPT, REFERENCE, NAME)]
        if places[0] and (best is None or len(names) > best[2]):
            best = separator, [places[0][:1], places[1][:1], places[2]], len(names)
    return best


def _list(text: str, *, plain: bool) -> tuple[list[Prompt], int]:
    """Of a file without names of columns, whose rows have one cell each."""
    rows: Iterator[Row] = enumerate(([line] for line in text.split("\n")), 1) if plain else _rows(text, ",")
    prompts = list[Prompt]()
    for number, cells in rows:
        if len(cells) > 1:
            raise LineError(number, _NO_HEAD)
        question = fitting(_undone(cells[0]), number) if cells else ""
        prompts += [Prompt(0, question)] if question.strip() else []
        within_limit(len(prompts))
    return prompts, 0


def _rows(text: str, separator: str, *, strict: bool = True) -> Iterator[Row]:
    # The library's limit holds for the whole program; nothing else in it reads CSV of people.
    csv.field_size_limit(2 * MAX_PROMPT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    began = 1
    try:
        for cells in reader:
            yield began, cells
            began = reader.line_num + 1
    except csv.Error as error:
        raise LineError(began, f"It is no CSV from here on ({error}). Is a quotation mark missing?") from error


def _cell(cells: Sequence[str], columns: Sequence[int], number: int) -> str:
    """The first of *columns* that has something in it."""
    told = (_undone(cells[column]) for column in columns if column < len(cells))
    return fitting(next((text for text in told if text.strip()), ""), number)


def _defused(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _undone(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
