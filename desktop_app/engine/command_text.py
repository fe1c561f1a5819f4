"""Reads a command that somebody wrote or pasted back into flags and variables. Called by the settings' service.

Takes what people have: our own command, `vllm serve MODEL …` of a tutorial, lines with backslashes, variables in front.
Pure; nothing is run.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from desktop_app.domain.errors import UserError
from desktop_app.domain.flags import Flag, FlagTable, canonical
from desktop_app.domain.launch import FlagValue, LaunchPlan
from desktop_app.domain.old_flags import explain_old
from desktop_app.engine.launch import command
from desktop_app.engine.protection import ALWAYS, protected, refused_value, refused_variable

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_LEVEL = re.compile(r"-O\.?(\d)")
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


@dataclass(frozen=True)
class Written:
    """What a command says, but for what cannot be changed."""

    flags: dict[str, FlagValue]
    variables: dict[str, str]


def read_command(text: str, plan: LaunchPlan, table: FlagTable | None) -> Written:
    """The flags and variables of *text*; those that we set ourselves are left aside where they say the same.

    Raises:
        UserError: it cannot be read, names a flag that the engine does not have, or one that cannot be changed.
    """
    words = _words(text)
    variables, words = _split_variables(words)
    flags: dict[str, FlagValue] = {}
    fixed = _pairs(command(plan))
    for flag, value in _read(_after_program(words), table):
        reason = protected(flag)
        if reason and fixed.get(flag, _MISSING) == value:
            continue
        if reason:
            raise UserError(f"{flag} cannot be changed.", reason)
        reason = refused_value(flag, value)
        if reason:
            raise UserError(f"{flag} {value} is refused.", reason)
        flags[flag] = value
    return Written(flags, variables)


def read_variables(text: str) -> dict[str, str]:
    """Variables from lines `NAME=value`; empty lines and those that begin with # say nothing.

    Raises:
        UserError: a line is none, or a variable cannot be set.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        plain = line.strip().removeprefix("export ")
        if plain and not plain.startswith("#"):
            match = _ASSIGNMENT.fullmatch(plain)
            if match is None:
                raise UserError("A variable is written NAME=value.", f"This line is not: {plain[:80]}")
            name, value = match.groups()
            found[name] = _allowed(name, value.strip().strip("\"'"))
    return found


_MISSING = object()


def _allowed(name: str, value: str) -> str:
    reason = explain_old(name) or refused_variable(name)
    if reason:
        raise UserError(f"The variable {name} cannot be set.", reason)
    return value


def _words(text: str) -> list[str]:
    plain = re.sub(r"\\\s*\n", " ", text).replace("\n", " ")
    try:
        return shlex.split(plain)
    except ValueError:
        raise UserError("The command cannot be read.", "A quote is opened and never closed.") from None


def _split_variables(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Assignments in front of the program, and the rest."""
    variables: dict[str, str] = {}
    rest = [word for word in words if word not in ("$", "export", "env")]
    while rest and (match := _ASSIGNMENT.fullmatch(rest[0])):
        variables[match[1]] = _allowed(match[1], match[2])
        rest = rest[1:]
    return variables, rest


def _after_program(words: list[str]) -> list[str]:
    """What follows the program's name: `python -m module`, `vllm serve MODEL`, or nothing at all."""
    if "-m" in words[:4]:
        return words[words.index("-m") + 2 :]
    if len(words) > 1 and words[0].rsplit("/", 1)[-1] == "vllm" and words[1] == "serve":
        # The model is the one whose settings these are.
        return words[3:] if len(words) > 2 and not words[2].startswith("-") else words[2:]
    return words


def _read(words: list[str], table: FlagTable | None) -> Iterator[tuple[str, FlagValue]]:
    place = 0
    while place < len(words):
        word = words[place]
        if not word.startswith("-"):
            raise UserError("The command cannot be read.", f"{word[:80]!r} does not belong to a flag.")
        name, equals, value = word.partition("=")
        flag, about = _flag(name, table)
        following = _values(words[place + 1 :])
        place += 1
        if level := _LEVEL.fullmatch(word):
            yield "--optimization-level", level[1]
        elif equals:
            yield flag, _of_switch(flag, value) if about is not None and about.switch else value
        elif _is_switch(name, about, following):
            yield flag, not canonical(name).startswith("--no-") or about is None
        else:
            taken = following if about is not None and about.many else following[:1]
            if not taken:
                raise UserError(f"{name} needs a value.", "Nothing follows it.")
            place += len(taken)
            yield flag, shlex.join(taken) if len(taken) > 1 else taken[0]


def _flag(name: str, table: FlagTable | None) -> tuple[str, Flag | None]:
    """The long name, and what the parser says of it; None where no parser was asked."""
    plain = canonical(name)
    if table is None or _LEVEL.fullmatch(name):
        return plain, None
    about = table.find(plain)
    # What we set ourselves is known even where the parser hides it.
    if about is None and (protected(plain) or plain in ALWAYS):
        return plain, None
    if about is None:
        old, near = explain_old(plain), table.nearest(plain)
        reason = old or (f"Was {near} meant?" if near else "Look at the list of settings, or leave it out.")
        raise UserError(f"vLLM {table.version} has no setting {plain}.", reason)
    dotted = plain.partition(".")[2]
    return (f"{about.name}.{dotted}" if dotted else about.name), None if dotted else about


def _is_switch(name: str, about: Flag | None, following: list[str]) -> bool:
    if about is not None:
        return about.switch
    return not following or (canonical(name).startswith("--no-"))


def _of_switch(flag: str, value: str) -> bool:
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise UserError(f"{flag} is on or off.", f"{value[:40]!r} is neither.")


def _values(words: list[str]) -> list[str]:
    """The words before the next flag; a negative number is a value."""
    found: list[str] = []
    for word in words:
        if word.startswith("-") and not re.fullmatch(r"-\d+(\.\d+)?", word):
            break
        found.append(word)
    return found


def _pairs(line: list[str]) -> dict[str, object]:
    """The flags of our own command line, as `_read` gives those of a text."""
    return dict(_read(_after_program(line), None))
