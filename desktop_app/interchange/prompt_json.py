"""Prompts as JSON Lines: one object or one text a line; also a JSON list of them.

`prompt_sets` calls it. An object has the keys of `prompt_parts`, or `messages` as programs for chats and training write
them: one question, perhaps with its answer, which is the reference. Ours may have `checks`, and a first line with
`title` and `description`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from desktop_app.checks.rules import problem
from desktop_app.domain.experiment import Check, CheckKind, Prompt
from desktop_app.interchange.prompt_parts import NAME, PROMPT, REFERENCE, LineError, fitting, within_limit
from desktop_app.interchange.values import line as one_line
from desktop_app.interchange.values import mapping

_KINDS = {kind.name.lower(): kind for kind in CheckKind}
_MAX_CHECKS = 20
"""Of one prompt."""


@dataclass
class JsonPrompts:
    """What a file says."""

    title: str = ""
    description: str = ""
    prompts: list[Prompt] = field(default_factory=list)
    empty: int = 0
    """Lines that were left out because the question is empty."""
    systems: int = 0
    """System prompts that were left out: they belong to a column."""


def read_json(text: str) -> JsonPrompts:
    """The prompts of JSON Lines, or of a JSON list.

    Raises:
        LineError: what is wrong in which line; in a list that is the place of the element.
    """
    told, usable = JsonPrompts(), set[Check]()
    for number, value in _values(text):
        if number == 1 and isinstance(value, dict) and "title" in value and not _has_question(value):
            told.title, told.description = one_line(value["title"]), one_line(value.get("description"), 1000)
            continue
        prompt, systems = _prompt(value, number)
        _refuse_unusable(prompt.checks, usable, number)
        told.systems += systems
        told.empty += not prompt.text.strip()
        told.prompts += [prompt] if prompt.text.strip() else []
        within_limit(len(told.prompts))
    return told


def write_json(prompts: Sequence[Prompt]) -> str:
    """The text of a file, with the checks of single prompts."""
    return "".join(json.dumps(_written(prompt), ensure_ascii=False) + "\n" for prompt in prompts)


def _values(text: str) -> Iterator[tuple[int, Any]]:
    if text.lstrip().startswith("["):
        listed = _parsed(text, 0)
        yield from enumerate(listed, 1)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _parsed(line, number)


def _parsed(text: str, line: int) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if line else f"line {error.lineno}, column {error.colno}"
        raise LineError(line, f"This is no JSON ({error.msg}, {where}).") from error
    except (RecursionError, ValueError) as error:
        raise LineError(line, "This is no JSON that can be read.") from error


def _has_question(values: Mapping[str, Any]) -> bool:
    return "messages" in values or any(key in values for key in PROMPT)


def _prompt(value: object, line: int) -> tuple[Prompt, int]:
    """A prompt, and how many system prompts it came with."""
    if isinstance(value, str):
        return Prompt(0, fitting(value, line)), 0
    if not isinstance(value, dict):
        raise LineError(line, "It is neither an object nor a text.")
    name, checks = one_line(_text(value, NAME, line)), _checks(value.get("checks"), line)
    reference = _text(value, REFERENCE, line)
    if "messages" in value:
        question, answer, systems = _asked(value["messages"], line)
        return Prompt(0, question, reference or answer, checks=checks, name=name), systems
    if not _has_question(value):
        raise LineError(line, "It has no “prompt”, “question” or “text”.")
    return Prompt(0, _text(value, PROMPT, line), reference, checks=checks, name=name), 0


def _text(values: Mapping[str, Any], keys: Sequence[str], line: int) -> str:
    """What stands at the first of *keys* that has something; numbers as they are written."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        if isinstance(value, str) and value:
            return fitting(value, line)
        if value is not None and not isinstance(value, str):
            raise LineError(line, f"“{key}” is no text.")
    return ""


def _asked(messages: object, line: int) -> tuple[str, str, int]:
    """Question, answer and the number of system prompts of a conversation of one question."""
    by_role: dict[str, list[str]] = {"user": [], "assistant": [], "system": []}
    for message in messages if isinstance(messages, list) else []:
        role = mapping(message).get("role")
        role = "system" if role == "developer" else role
        if not isinstance(role, str) or role not in by_role:
            raise LineError(line, "A message in it is by nobody who is known (user, assistant, system).")
        by_role[role].append(fitting(_content(mapping(message).get("content"), line), line))
    if len(by_role["user"]) != 1 or len(by_role["assistant"]) > 1:
        raise LineError(line, "It is no conversation of one question, which is what a prompt set asks.")
    return by_role["user"][0], "".join(by_role["assistant"]), len(by_role["system"])


def _content(content: object, line: int) -> str:
    """Of a message: a text, or a list of parts that are texts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [None]
    texts = [text for part in parts if isinstance(text := mapping(part).get("text"), str)]
    if len(texts) < len(parts):
        raise LineError(line, "A message in it is not only text.")
    return "\n".join(texts)


def _checks(value: object, line: int) -> tuple[Check, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MAX_CHECKS:
        raise LineError(line, f"“checks” is no list of at most {_MAX_CHECKS}.")
    return tuple(_check(mapping(one), line) for one in value)


def _check(values: Mapping[str, Any], line: int) -> Check:
    """A check; a schema may stand in it as it is."""
    kind, told, ignore_case = values.get("kind"), values.get("text", ""), values.get("ignore_case", True)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise LineError(line, f"The kind of a check is none of {', '.join(_KINDS)}.")
    if kind == "schema" and isinstance(told, dict):
        told = json.dumps(told, ensure_ascii=False)
    if not isinstance(told, str) or not isinstance(ignore_case, bool):
        raise LineError(line, "The text of a check is no text, or “ignore_case” is neither true nor false.")
    return Check(_KINDS[kind], fitting(told, line), ignore_case)


def _refuse_unusable(checks: Sequence[Check], usable: set[Check], line: int) -> None:
    """Refuse checks that cannot be used; *usable* are those that are known, for many prompts have the same."""
    for check in checks:
        if check not in usable and (why := problem(check)):
            raise LineError(line, f"A check in it cannot be used. {why}")
        usable.add(check)


def _written(prompt: Prompt) -> dict[str, object]:
    told: dict[str, object] = {"name": prompt.name, "prompt": prompt.text, "reference": prompt.reference}
    told = {key: value for key, value in told.items() if value}
    if prompt.checks:
        told["checks"] = [_written_check(check) for check in prompt.checks]
    return told


def _written_check(check: Check) -> dict[str, object]:
    told: dict[str, object] = {"kind": check.kind.name.lower()}
    told |= {"text": check.text} if check.text else {}
    return told if check.ignore_case else told | {"ignore_case": False}
