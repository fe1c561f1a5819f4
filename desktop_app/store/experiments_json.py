"""What stands in an experiment's rows as JSON: columns, options, checks and what they said, provenance.

Called by `experiments_rows.py`, `experiments_cells.py` and `experiments.py`. Nothing that is read is trusted: what is
of another kind than it should be, or out of range, counts as not known.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from desktop_app.domain.experiment import (
    MAX_CONCURRENCY,
    MAX_REPEATS,
    Check,
    CheckKind,
    CheckResult,
    Column,
    Options,
    Pace,
    Provenance,
)
from desktop_app.domain.launch import FlagValue, ModelRef
from desktop_app.domain.sampling import ChatSettings
from desktop_app.store.cleaning import clean

UNKNOWN_MODEL = "Unknown model"
"""The name of a model whose column cannot be read any more."""
_MOST = 2**63 - 1
"""The greatest whole number of SQLite."""

E = TypeVar("E", bound=Enum)


def encode_column(column: Column) -> str:
    """A column without its number, and without whether it was removed."""
    content: dict[str, object] = {}
    if settings := column.settings.as_json():
        content["settings"] = settings
    if column.flags:
        content["flags"] = column.flags
    if column.name:
        content["name"] = column.name
    return _dump({"model": _model(column.model), **_cleaned(content)})


def decode_column(number: int, removed: bool, text: str) -> Column:
    """The column that `encode_column()` wrote."""
    content = _mapping(_load(text))
    return Column(
        number,
        _read_model(content.get("model")) or ModelRef(UNKNOWN_MODEL),
        ChatSettings.from_json(content.get("settings")),
        _flags(content.get("flags")),
        _text(content.get("name")),
        removed,
    )


def encode_options(options: Options) -> str:
    """All options."""
    content = {
        "pace": options.pace.name.lower(),
        "concurrency": options.concurrency,
        "repeats": options.repeats,
        "seed": options.seed,
        "shuffle": options.shuffle,
        "memory_limit": options.memory_limit,
        "checks": [_check(check) for check in options.checks],
        "judge": _model(options.judge) if options.judge else None,
    }
    return _dump(content)


def decode_options(text: str) -> Options:
    """The options that `encode_options()` wrote."""
    content, usual = _mapping(_load(text)), Options()
    shuffle = content.get("shuffle")
    seed = _whole(content["seed"], -_MOST, _MOST) if "seed" in content else usual.seed
    return Options(
        pace=_member(Pace, content.get("pace")) or usual.pace,
        concurrency=_whole(content.get("concurrency"), 1, MAX_CONCURRENCY) or usual.concurrency,
        repeats=_whole(content.get("repeats"), 1, MAX_REPEATS) or usual.repeats,
        seed=seed,
        shuffle=shuffle if isinstance(shuffle, bool) else usual.shuffle,
        memory_limit=_whole(content.get("memory_limit"), 0, _MOST) or usual.memory_limit,
        checks=_read_checks(content.get("checks")),
        judge=_read_model(content.get("judge")),
    )


def encode_checks(checks: Sequence[Check]) -> str:
    """Checks as JSON; empty for none."""
    return _dump([_check(check) for check in checks]) if checks else ""


def decode_checks(text: str) -> tuple[Check, ...]:
    """The checks that `encode_checks()` wrote; those that make no sense are passed over."""
    return _read_checks(_load(text)) if text else ()


def encode_results(results: Sequence[CheckResult]) -> str:
    """What checks said, as JSON; empty when there were none."""
    if not results:
        return ""
    return _dump([{"kind": one.kind.name.lower(), "passed": one.passed, "why": clean(one.why)} for one in results])


def decode_results(text: str) -> tuple[CheckResult, ...]:
    """What `encode_results()` wrote; nothing when any of it makes no sense: a part would be another verdict."""
    if not text:
        return ()
    results = [_result(_mapping(one)) for one in _items(_load(text))]
    whole = [one for one in results if one is not None]
    return tuple(whole) if len(whole) == len(results) else ()


def encode_provenance(provenance: Provenance) -> str:
    """The same text for the same value."""
    return _dump(_cleaned(provenance.as_json()))


def decode_provenance(text: str) -> Provenance:
    """What `encode_provenance()` wrote."""
    return Provenance.from_json(_load(text))


def _model(model: ModelRef) -> dict[str, object]:
    content: dict[str, object] = {"name": clean(model.name)}
    if model.folder != Path():
        content["folder"] = str(model.folder)
    if model.is_guide:
        content["is_guide"] = True
    if model.address:
        content["address"] = clean(model.address)
    return content


def _read_model(value: object) -> ModelRef | None:
    content = _mapping(value)
    name, folder = _text(content.get("name")), _text(content.get("folder"))
    if not name:
        return None
    place = Path() if "\0" in folder else Path(folder)
    return ModelRef(name, place, content.get("is_guide") is True, _text(content.get("address")))


def _flags(value: object) -> tuple[tuple[str, FlagValue], ...]:
    flags: dict[str, FlagValue] = {}
    for item in _items(value):
        name, chosen = item if isinstance(item, list) and len(item) == 2 else (None, None)
        if isinstance(name, str) and isinstance(chosen, str | bool) and not {"\0"} & {*name, *str(chosen)}:
            flags[name] = chosen
    return tuple(flags.items())


def _check(check: Check) -> dict[str, object]:
    return {"kind": check.kind.name.lower(), "text": clean(check.text), "ignore_case": check.ignore_case}


def _read_checks(value: object) -> tuple[Check, ...]:
    checks = []
    for item in map(_mapping, _items(value)):
        kind = _member(CheckKind, item.get("kind"))
        if kind is not None:
            checks.append(Check(kind, _text(item.get("text")), item.get("ignore_case") is not False))
    return tuple(checks)


def _result(item: Mapping[str, Any]) -> CheckResult | None:
    kind, passed = _member(CheckKind, item.get("kind")), item.get("passed")
    if kind is None or not (passed is None or isinstance(passed, bool)):
        return None
    return CheckResult(kind, passed, _text(item.get("why")))


def _member(kind: type[E], name: object) -> E | None:
    return next((one for one in kind if one.name.lower() == name), None)


def _whole(value: object, least: int, most: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if least <= value <= most else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else ()


def _cleaned(values: dict[str, object]) -> dict[str, object]:
    """The same values without what UTF-8 cannot hold."""
    cleaned: dict[str, object] = json.loads(clean(json.dumps(values, ensure_ascii=False)))
    return cleaned


def _dump(value: object) -> str:
    # In ASCII: a folder's name may be made of bytes that are no text, and has to come back as it was.
    return json.dumps(value, separators=(",", ":"))


def _load(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
