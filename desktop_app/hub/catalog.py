"""The models that the program knows by heart, read from `resources/catalog.json`. Called by services, in a thread.

The file is ours (`catalog.schema.json` says what is in it, and the tests check it), so reading is strict: what is not
as it should be is a damaged installation. Shapes come from `hub/spec`, as those of a folder do. Takes milliseconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.catalog import Catalog, CatalogModel
from desktop_app.domain.errors import UserError
from desktop_app.domain.model_spec import ModelSpec, Tensors
from desktop_app.hub.small_files import read_json
from desktop_app.hub.spec import spec_from

_LIMIT = 4 << 20
"""Bytes. The file has 150 kB."""


def read_catalog(resources: Path) -> Catalog:
    """The catalogue in the program's folder of resources.

    Raises:
        UserError: it cannot be read, or is not as it should be.
    """
    try:
        found = _mapping(read_json(resources / "catalog.json", _LIMIT))
        models = tuple(_model(_mapping(one)) for one in _list(found["models"]))
        suggested = _mapping(found["suggestions"])
        return Catalog(models, {tier: tuple(map(_text, _list(ids))) for tier, ids in suggested.items()})
    except OSError as error:
        raise _damaged(f"{error.strerror or error}: {error.filename}") from error
    except UserError as error:
        raise _damaged(error.reason) from error
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(f"{type(error).__name__}: {error}") from error


def _model(said: Mapping[str, object]) -> CatalogModel:
    spec = _spec(said)
    return CatalogModel(
        spec=spec,
        good_for=_text(said["good_for"]),
        licence=_text(said["licence"]),
        gated=_flag(said["gated"]),
        commit=_text_or_none(said["commit"]),
        released=_text_or_none(said["released"]),
        learning=said.get("learning") is True,
        chat=_flag(said["chat"]),
        reasoning_parser=_text_or_none(said["reasoning_parser"]),
        tool_parser=_text_or_none(said["tool_parser"]),
        siblings=tuple(_sibling(spec, _mapping(one)) for one in _list(said["siblings"])),
        download_bytes=_whole(said["download_bytes"]),
        note=_text_or_none(said.get("note")),
        aliases=tuple(map(_text, _list(said.get("aliases", [])))),
    )


def _spec(said: Mapping[str, object]) -> ModelSpec:
    numbers = _mapping(said["parameters"])
    formats = {name: _whole(count) for name, count in _mapping(numbers["by_format"]).items()}
    tensors = Tensors(formats, _whole(said["weights_bytes"]))
    spec = spec_from(_text(said["repo_id"]), _mapping(said["config"]), tensors)
    active = _whole(numbers["active"]) or spec.active_parameters
    return replace(spec, parameters=_whole(numbers["total"]), active_parameters=active)


def _sibling(original: ModelSpec, said: Mapping[str, object]) -> ModelSpec:
    return replace(
        original,
        name=_text(said["repo_id"]),
        weights_bytes=_whole(said["weights_bytes"]),
        quantization=_text(said["quantization"]),
        unloaded_bytes=0,
        bits=float(_whole(said["bits"])),
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"{_excerpt(value)} where an object was expected")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise TypeError(f"{_excerpt(value)} where a list was expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{_excerpt(value)} where a text was expected")
    return value


def _text_or_none(value: object) -> str:
    return "" if value is None else _text(value)


def _whole(value: object) -> int:
    """A number of things; 0 for none said."""
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{_excerpt(value)} where a whole number was expected")
    return value


def _flag(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise TypeError(f"{_excerpt(value)} where yes or no was expected")
    return value


def _excerpt(value: object) -> str:
    return repr(value)[:60]


def _damaged(details: str) -> UserError:
    reason = "The file catalog.json of the program cannot be used. Install the program again."
    return UserError("The list of known models is damaged.", reason, details=details)
