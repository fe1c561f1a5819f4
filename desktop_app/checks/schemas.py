"""Whether an answer is JSON of a form that a JSON schema (draft 2020-12) describes. Nothing is ever fetched for it.

`rules` calls it, and imports it late: the library takes a while to load.
"""

import json
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY

_BLOCK = re.compile(r"(`{3,}|~{3,})[ \t]*[\w+-]*[ \t]*\n(?P<inside>.*?)\n?[ \t]*\1\s*", re.DOTALL)
_WORDS = 300
"""Characters of what the library says is wrong."""
_NOT_SCHEMAS = ("const", "enum", "default", "examples")
"""Keys below which stands any JSON, so that a reference in it is none."""


def schema_problem(schema: str) -> str:
    """Why *schema* cannot be used, as a sentence; empty if it can."""
    try:
        told = _parsed(schema)
    except ValueError as error:
        return f"This is no JSON: {_cut(str(error))}."
    if not isinstance(told, dict | bool):
        return "This is no JSON schema: it must be an object."
    if isinstance(told, dict) and _has_odd_names(told):
        return "This is no JSON schema: what is “required”, or a “type”, must be texts."
    try:
        with warnings.catch_warnings():
            # Patterns in it are compiled, and what Python may read otherwise one day is said to programmers only.
            warnings.simplefilter("ignore")
            Draft202012Validator.check_schema(told)
    except SchemaError as error:
        return f"This is no JSON schema: {_place(error)}{_cut(error.message)}."
    except (RecursionError, OverflowError):
        return "This is no JSON schema: it is nested too deeply, or counts too far."
    try:
        missing = next(_unknown(told), None) if isinstance(told, dict) else None
    except ValueError as error:
        return f"This is no JSON schema: an address in it is none ({_cut(str(error))})."
    return f"It refers to {_cut(missing)!r}, which is not in it; nothing is fetched for a check." if missing else ""


def fits(schema: str, answer: str) -> tuple[bool | None, str]:
    """Whether *answer* is JSON of that form, and why; any JSON is, of an empty one. It may be in one fenced block."""
    inside = _BLOCK.fullmatch(answer)
    try:
        value = _parsed(inside["inside"] if inside else answer)
    except ValueError as error:
        return False, _no_json(answer, str(error))
    if not schema.strip():
        return True, "It is JSON."
    told = _parsed(schema)
    try:
        validator = Draft202012Validator(told, registry=_registry(told) if isinstance(told, dict) else EMPTY_REGISTRY)
        wrong = best_match(validator.iter_errors(value))
    except Unresolvable as missing:
        return None, f"The schema refers to {_cut(missing.ref)!r}, which is not in it; nothing is fetched for a check."
    except RecursionError:
        return None, "The schema refers to itself without end, or the answer is nested too deeply."
    except (ArithmeticError, ValueError) as error:
        return None, f"The schema cannot be applied to this answer: {_cut(str(error))}."
    return (True, "It is JSON of this form.") if wrong is None else (False, f"{_place(wrong)}{_cut(wrong.message)}.")


def _parsed(text: str) -> Any:  # noqa: ANN401 - any JSON
    """The value of a JSON text.

    Raises:
        ValueError: it is none, in words.
    """
    try:
        return json.loads(text, parse_constant=_refused, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} (line {error.lineno}, column {error.colno})") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refused(number)


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{_cut(constant)} is no number that can be read")


def _no_json(answer: str, why: str) -> str:
    if not answer:
        return "It is empty."
    if "```" in answer or "~~~" in answer:
        return f"It is no JSON by itself or in one fenced block: {_cut(why)}."
    return f"It is no JSON: {_cut(why)}."


def _place(error: ValidationError | SchemaError) -> str:
    """E.g. `At items[2].name: `; empty for the whole."""
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in error.absolute_path)
    return f"At {_cut(path.removeprefix('.'))}: " if path else ""


def _cut(words: str) -> str:
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in words[: 4 * _WORDS]).split())
    return f"{line[:_WORDS]}…" if len(line) > _WORDS else line.rstrip(".")


def _registry(schema: dict[str, Any]) -> Registry[Any]:
    """Where references lead: into the schema, nowhere else.

    It is crawled at once; otherwise the library looks for every name in the whole schema, again and again.
    """
    resource: Resource[Any] = Resource.from_contents(schema, default_specification=DRAFT202012)
    registry: Registry[Any] = EMPTY_REGISTRY.with_resource(resource.id() or "", resource).crawl()
    return registry


def _unknown(schema: dict[str, Any]) -> Iterator[str]:
    """References that lead nowhere; of a schema with parts that have addresses of their own only use tells."""
    address = schema.get("$id", "")
    resolver = _registry(schema).resolver(address if isinstance(address, str) else "")
    schemas = list(_objects(schema))
    if any("$id" in one for one in schemas[1:]):
        return
    for one in schemas:
        for key in ("$ref", "$dynamicRef"):
            if isinstance(one.get(key), str):
                try:
                    resolver.lookup(one[key])
                except Unresolvable:
                    yield one[key]


def _has_odd_names(schema: dict[str, Any]) -> bool:
    """Whether lists of names hold something else: the library compares each of these with all the others."""
    lists = [one.get(key) for one in _objects(schema) for key in ("required", "type")]
    for one in _objects(schema):
        dependent = one.get("dependentRequired")
        lists += dependent.values() if isinstance(dependent, dict) else []
    return any(not isinstance(name, str) for names in lists if isinstance(names, list) for name in names)


def _objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and all objects in it."""
    waiting: list[Any] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += [value for key, value in one.items() if key not in _NOT_SCHEMAS]
        elif isinstance(one, list):
            waiting += one
