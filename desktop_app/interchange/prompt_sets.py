"""Prompts in files: CSV and JSON Lines, read and written, and the sets that the program ships.

`services/compare_files.py` asks for it. Reading and writing block: call them in a thread.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from desktop_app.documents.limits import Refusal
from desktop_app.documents.reader import open_regular, shown
from desktop_app.documents.texts import RefusedError, read_text
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Prompt
from desktop_app.domain.prompt_sets import PromptFile, PromptSet
from desktop_app.interchange.prompt_csv import read_csv, write_csv
from desktop_app.interchange.prompt_json import read_json, write_json
from desktop_app.interchange.prompt_parts import LineError
from desktop_app.interchange.whole_file import WholeFile, disk_words

MAX_FILE = 20_000_000
"""Bytes."""
_JSON = {".jsonl", ".ndjson", ".json"}
_TABLES = {".csv", ".tsv", ".tab"}
_NOT_WRITTEN = "The prompts were not written."

T = TypeVar("T")


def read_prompts(path: Path) -> PromptFile:
    """The prompts of a CSV file, of JSON Lines, or of a text with a prompt on each line; their ids are 0.

    Raises:
        UserError: it cannot be read, or what is wrong in which line.
    """
    text, note = _text(path)
    if not _is_json(path, text):
        prompts, empty = _told(path, lambda: read_csv(text, plain=path.suffix.lower() not in _TABLES))
        return _file(path, prompts, note, empty, 0)
    told = _told(path, lambda: read_json(text))
    return _file(path, told.prompts, note, told.empty, told.systems)


def write_prompts(prompts: Sequence[Prompt], path: Path) -> None:
    """Write a file that `read_prompts` reads again: JSON Lines with the ending `.jsonl`, otherwise CSV.

    It is readable by nobody else, and what was there is replaced once all is written. JSON Lines keep checks of single
    prompts, CSV does not.

    Raises:
        UserError: it was not written, and why; no part of it is left.
    """
    # Spreadsheets take a CSV without this mark for one of an older encoding.
    text = write_json(prompts) if path.suffix.lower() in _JSON else "\ufeff" + write_csv(prompts)
    try:
        whole = WholeFile(path)
        try:
            whole.write(text.encode("utf-8", "replace"))
            whole.keep()
        finally:
            whole.close()
    except OSError as error:
        raise UserError(_NOT_WRITTEN, disk_words(error, path)) from error


def shipped_sets(folder: Path) -> tuple[PromptSet, ...]:
    """The sets that the program ships, by title.

    Args:
        folder: `resources/prompts`.

    Raises:
        UserError: one of them is damaged.
    """
    sets = [_set(path) for path in folder.glob("*.jsonl")]
    return tuple(sorted(sets, key=lambda one: one.title.casefold()))


def _set(path: Path) -> PromptSet:
    text, _ = _text(path)
    told = _told(path, lambda: read_json(text))
    return PromptSet(path.stem, told.title or path.stem, told.description, tuple(told.prompts))


def _text(path: Path) -> tuple[str, str]:
    """What the file says, and a note on its encoding."""
    title = _not_read(path)
    file, _ = open_regular(path, MAX_FILE, title)
    try:
        with file:
            return read_text(file.read(MAX_FILE + 1))
    except OSError as error:
        raise UserError(title, f"{error.strerror or error}.") from error
    except RefusedError as error:
        if error.why is Refusal.EMPTY:
            raise UserError(title, "It is empty.") from error
        raise UserError(
            title, "It is no text. Prompts are read from CSV and JSON Lines, or one from each line."
        ) from error


def _not_read(path: Path) -> str:
    return f"The prompts in “{shown(path)}” could not be read."


def _is_json(path: Path, text: str) -> bool:
    ending = path.suffix.lower()
    return ending in _JSON or (ending not in _TABLES and text.lstrip().startswith("{"))


def _told(path: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except LineError as error:
        raise UserError(_not_read(path), str(error)) from error


def _file(path: Path, prompts: list[Prompt], note: str, empty: int, systems: int) -> PromptFile:
    if not prompts:
        raise UserError(_not_read(path), "There is no prompt in it.")
    references = sum(bool(prompt.reference) for prompt in prompts)
    words = _counted(len(prompts), "prompt")
    words += f", {references:,} with a reference answer" if references else ""
    left_out = [_counted(empty, "row without a prompt", "rows without a prompt")] if empty else []
    left_out += [_counted(systems, "system prompt")] if systems else []
    words += f"; {' and '.join(left_out)} left out" if left_out else ""
    return PromptFile(tuple(prompts), f"{words}; {note}." if note else f"{words}.")


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
