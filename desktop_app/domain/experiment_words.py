"""What is said about the columns of an experiment and their answers. Pure; every view and every export uses it.

Figures stand in `experiment_figures.py`, what runs differ in and why figures may not be compared in
`provenance_words.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import PurePath
from typing import NamedTuple
from urllib.parse import urlsplit

from desktop_app.domain import answer_words
from desktop_app.domain.experiment import Cell, CellState, Column
from desktop_app.domain.launch import FlagValue
from desktop_app.domain.sampling import PARAMETERS, ChatSettings, Mode, Sampling, StructureKind, WhenFull

_LONGEST_TITLE = 60
"""Characters of a model's name, or of what a person calls a column."""
_LONGEST_IN_TITLE = 40
"""Characters of settings that are added to a title."""
_BETWEEN = " · "
_ADDRESS = "address"
_LONGEST_VALUE = 40
"""Characters of one value."""
_LONGEST_SYSTEM = 30
"""Characters of a system prompt."""

_SNIPPET = 160
"""Characters; four times as many are looked at, since line breaks and rows of spaces become one space."""

_FLAGS = {
    "--kv-cache-dtype": "KV cache",
    "--enable-prefix-caching": "prefix caching",
    "--max-model-len": "context",
    "--max-num-seqs": "answers at a time",
    "--enable-chunked-prefill": "chunked prefill",
    "--enforce-eager": "eager mode",
    "--gpu-memory-utilization": "share of the card",
    "--kv-cache-memory-bytes": "memory for conversations",
}
"""What testers call the options that are compared most; any other is said as vLLM writes it."""
_SPARED = {StructureKind.JSON: "JSON", StructureKind.REGEX: "a pattern", StructureKind.CHOICE: "one of a list"}
_STATES = {CellState.WAITING: "not asked yet", CellState.RUNNING: "is being written"}
_ENDED = {CellState.FAILED: "failed", CellState.STOPPED: "stopped by you", CellState.DONE: "finished"}


def snippet(text: str) -> str:
    """The first 160 characters of a text on one line, for a grid."""
    return " ".join(text[: 4 * _SNIPPET].split())[:_SNIPPET]


class _Setting(NamedTuple):
    """One thing that was chosen for a column."""

    value: object
    """Columns with the same one do not differ in it."""
    words: str


def letter(place: int) -> str:
    """What a column is called by its place, from 0: `A` to `Z`, then `27` and so on."""
    return chr(ord("A") + place) if place < 26 else str(place + 1)


def hidden_title(place: int) -> str:
    """What a column is called by its place, from 0, while names are hidden: `Column 1`."""
    return f"Column {place + 1}"


def column_title(column: Column, columns: Sequence[Column]) -> str:
    """What a column is called among *columns*: what a person calls it, or its model's name without its owner.

    Where two would be called the same, the model's whole name, how its settings differ, or at last a letter is added.
    """
    everyone = list(columns) if column in columns else [*columns, column]
    titles = [_plain_title(one) for one in everyone]
    for refine in (_with_owner, _with_settings, _with_letter):
        twice = {title for title in titles if titles.count(title) > 1}
        if not twice:
            break
        alike = {title: [everyone[place] for place, one in enumerate(titles) if one == title] for title in twice}
        titles = [
            refine(title, place, everyone[place], alike[title]) if title in twice else title
            for place, title in enumerate(titles)
        ]
    return titles[_place(column, everyone)]


def contestant_title(column: Column) -> str:
    """What a column is called among those of other experiments: its name, or its model with what was chosen for it."""
    title = _plain_title(column)
    words = "" if column.name.strip() else _that_fit(all_settings_words(column))
    return f"{title} ({words})" if words else title


def settings_words(column: Column, columns: Sequence[Column]) -> str:
    """What was chosen for a column and not for all others, e.g. `temperature 0.2 · own system prompt · KV cache fp8`.

    Empty when nothing was.
    """
    others = [_settings(one) for one in columns]
    parts = []
    for name, setting in _settings(column).items():
        if all((other := one.get(name)) is not None and other.value == setting.value for one in others):
            continue
        parts.append(_system_words(column, columns) if name == "system" else setting.words)
    return _BETWEEN.join(parts)


def all_settings_words(column: Column) -> str:
    """Everything that was chosen for a column, besides where its model is; empty for the model's own settings."""
    return _BETWEEN.join(setting.words for name, setting in _settings(column).items() if name != _ADDRESS)


def finish_words(cell: Cell) -> str:
    """How an answer ended, e.g. `finished` or `stopped at your limit of 512 tokens`, or how far it is."""
    if words := _STATES.get(cell.state):
        return words
    return answer_words.ending(cell.answer).words or _ENDED[cell.state]


def flag_words(flag: str, value: FlagValue) -> str:
    """An option of the engine, e.g. `KV cache fp8` or `prefix caching off`; of a path only its last part."""
    name = _FLAGS.get(flag, flag.removeprefix("--").replace("-", " "))
    if isinstance(value, bool):
        return _shown(f"{name} {'on' if value else 'off'}", _LONGEST_VALUE)
    path = PurePath(value)
    return _shown(f"{name} {path.name if path.is_absolute() else value}", 2 * _LONGEST_VALUE)


def host_words(address: str) -> str:
    """Where a server is, without what is secret or long in its address: `example.org:8000`; empty for none."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return _shown(f"{parts.hostname or ''}{port}", _LONGEST_TITLE)


def _plain_title(column: Column) -> str:
    name = column.name.strip() or column.model.name.rstrip("/").rpartition("/")[2]
    return _shown(name, _LONGEST_TITLE) or "Model"


def _with_owner(title: str, _place: int, column: Column, alike: Sequence[Column]) -> str:
    named = column.name.strip() or len({one.model.name for one in alike}) < 2
    return title if named else _shown(column.model.name, _LONGEST_TITLE) or title


def _with_settings(title: str, _place: int, column: Column, alike: Sequence[Column]) -> str:
    words = _that_fit(settings_words(column, alike))
    return f"{title} ({words})" if words else title


def _that_fit(settings: str) -> str:
    """The settings for which a title has room."""
    words = ""
    for part in settings.split(_BETWEEN):
        longer = f"{words}{_BETWEEN}{part}" if words else part
        words = longer if len(longer) <= _LONGEST_IN_TITLE else words
    return words


def _with_letter(title: str, place: int, _column: Column, _alike: Sequence[Column]) -> str:
    return f"{title} {letter(place)}"


def _place(column: Column, columns: Sequence[Column]) -> int:
    """Where *column* stands: this very one, since two that nobody has stored yet may be equal."""
    return next((place for place, one in enumerate(columns) if one is column), list(columns).index(column))


def _settings(column: Column) -> dict[str, _Setting]:
    """What was chosen for a column, by names that are the same for every column, in the order in which it is said."""
    found: dict[str, _Setting] = {}
    if host := host_words(column.model.address):
        found[_ADDRESS] = _Setting(column.model.address, f"at {host}")
    found |= _of_chat(column.settings)
    for flag, value in column.flags:
        found[flag] = _Setting(value, flag_words(flag, value))
    return found


def _of_chat(settings: ChatSettings) -> dict[str, _Setting]:
    found = _of_sampling(settings.sampling)
    if settings.system:
        found["system"] = _Setting(settings.system, "own system prompt")
    if settings.structure.kind is not StructureKind.NONE:
        found["structure"] = _Setting(settings.structure, f"held to {_SPARED[settings.structure.kind]}")
    if settings.mode is Mode.COMPLETION:
        found["mode"] = _Setting(settings.mode, "continues the text")
    if settings.thinking is not None:
        found["thinking"] = _Setting(settings.thinking, "thinking on" if settings.thinking else "thinking off")
    if settings.logprobs:
        found["logprobs"] = _Setting(value=True, words="with probabilities")
    if settings.when_full is not WhenFull.ASK:
        found["when_full"] = _Setting(settings.when_full, "leaves out the oldest when full")
    return found


def _of_sampling(sampling: Sampling) -> dict[str, _Setting]:
    titles = {one.name: one.title[:1].lower() + one.title[1:] for one in PARAMETERS}
    found = {}
    for field in fields(Sampling):
        value = getattr(sampling, field.name)
        if value is None or value == ():
            continue
        words = _SAMPLING.get(field.name, _number_words)(titles[field.name], value)
        found[field.name] = _Setting(value, words)
    return found


def _number_words(title: str, value: object) -> str:
    return f"{title} {value:g}" if isinstance(value, float) else f"{title} {value}"


def _limit_words(_title: str, value: object) -> str:
    return f"at most {value:,} tokens" if isinstance(value, int) else ""


def _stop_words(title: str, value: object) -> str:
    texts = value if isinstance(value, tuple) else ()
    return _shown(f"{title} {', '.join(f'“{one}”' for one in texts)}", _LONGEST_VALUE)


def _special_words(_title: str, value: object) -> str:
    return "special tokens hidden" if value else "special tokens shown"


_SAMPLING: dict[str, Callable[[str, object], str]] = {
    "max_tokens": _limit_words,
    "stop": _stop_words,
    "skip_special_tokens": _special_words,
}


def _system_words(column: Column, columns: Sequence[Column]) -> str:
    """Its first words where another column has another one, which `own` would not tell apart."""
    prompts = {one.settings.system for one in (column, *columns) if one.settings.system}
    return "own system prompt" if len(prompts) < 2 else f"system prompt “{_short(column.settings.system)}”"


def _short(text: str) -> str:
    words = _shown(text, _LONGEST_SYSTEM + 1)
    return words if len(words) <= _LONGEST_SYSTEM else f"{words[:_LONGEST_SYSTEM].rstrip()}…"


def _shown(text: str, most: int) -> str:
    """One line of visible signs: names come from repositories, servers and files."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 4 * most]).split())[:most].rstrip()
