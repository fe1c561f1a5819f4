"""The flags of an engine: what its own parser has, what it knows, and how a flag is shown to people.

Pure values. `engine/flags` reads a `FlagTable` from the installed engine, `services/model_settings` publishes `Field`s,
pages draw them. The words for flags that matter stand in `flag_words`; every other flag is shown in vLLM's own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cached_property

from desktop_app.domain.launch import FlagValue, ModelSettings

LEFT_TO_VLLM = ""
"""The value of a flag that is not passed on even where the preset would set it."""


class FieldGroup(Enum):
    """Where a setting stands. The value is the heading."""

    SIMPLE = "Simple"
    MEMORY = "Memory"
    SPEED = "Speed"
    GPUS = "Several graphics cards"
    FEATURES = "Features"
    EXPERT = "Everything else"


class FieldKind(Enum):
    """What a setting's value is."""

    SWITCH = "on or off"
    CHOICE = "one of a list"
    NUMBER = "a number"
    SIZE = "a size in memory"
    TEXT = "text"
    FILE = "a file or folder"
    JSON = "JSON"


@dataclass(frozen=True)
class Flag:
    """One flag as the engine's parser describes it."""

    names: tuple[str, ...]
    """As they are written, the long name first, e.g. `("--tensor-parallel-size", "-tp")`; `--no-…` is left out."""
    section: str
    """The heading in vLLM's own help, e.g. `CacheConfig`."""
    default: str
    """As text, empty for none; of a switch `True`, `False` or empty."""
    choices: tuple[str, ...]
    help: str
    type_name: str
    many: bool
    """Whether it takes several words."""
    switch: bool
    negatable: bool
    """Whether there is a `--no-…` of this switch."""

    @property
    def name(self) -> str:
        """The long name."""
        return self.names[0]


@dataclass(frozen=True)
class FlagTable:
    """What the installed engine has and knows."""

    version: str
    flags: tuple[Flag, ...]
    architectures: frozenset[str] = frozenset()
    """Model classes that it has code of its own for."""
    borrowed: frozenset[str] = frozenset()
    """Model classes that transformers has, which it may be able to run as well."""
    model_types: frozenset[str] = frozenset()
    """Values of `model_type` in `config.json` that are read without code from the model."""
    tool_parsers: tuple[str, ...] = ()
    reasoning_parsers: tuple[str, ...] = ()
    quantization: tuple[str, ...] = ()

    @cached_property
    def _by_name(self) -> Mapping[str, Flag]:
        return {name: flag for flag in self.flags for name in flag.names}

    def find(self, name: str) -> Flag | None:
        """The flag that is written *name*: with dashes or underscores, `--no-…`, an alias or a dotted key."""
        plain = canonical(name)
        found = self._by_name.get(plain) or self._by_name.get(plain.split(".")[0])
        if found is None and plain.startswith("--no-"):
            positive = self._by_name.get(f"--{plain.removeprefix('--no-')}")
            return positive if positive and positive.negatable else None
        return found

    def nearest(self, name: str) -> str:
        """The flag that a misspelt *name* was most likely meant to be; empty for none."""
        near = get_close_matches(canonical(name), list(self._by_name), n=1, cutoff=0.8)
        return self._by_name[near[0]].name if near else ""


def canonical(name: str) -> str:
    """A flag as this program writes it: dashes for underscores, except in what follows a dot."""
    head, dot, rest = name.partition(".")
    return head.replace("_", "-") + dot + rest


_SIZE = re.compile(r"(\d+(?:\.\d+)?)([kKmMgGtT]?)")
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def read_size(value: FlagValue | None) -> int | None:
    """A number as vLLM reads it (`1k` is 1,000, `1K` is 1,024, `2G` is 2·2³⁰); None for anything else."""
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(float(found[1]) * _FACTORS[found[2]]) if found else None


def write_size(size: int) -> str:
    """A size in bytes as people write it, rounded down to whole MiB, e.g. `512M`."""
    mebibytes = size >> 20
    return f"{mebibytes >> 10}G" if mebibytes and mebibytes % 1024 == 0 else f"{mebibytes}M"


@dataclass(frozen=True)
class Words:
    """How a flag is shown to people."""

    flag: str
    title: str
    words: str
    """What it does, in a sentence."""
    group: FieldGroup
    kind: FieldKind
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    """Values that are offered; others can be written where the kind is not CHOICE. Empty: those of the parser."""
    on: bool = False
    """What vLLM mostly decides for a switch that its parser leaves open."""


@dataclass(frozen=True)
class Field:
    """One setting of one model."""

    flag: str
    title: str
    words: str
    group: FieldGroup
    kind: FieldKind
    default: FlagValue
    """vLLM's own; empty when vLLM decides by the model and the machine."""
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    value: FlagValue | None
    """What the person chose; None for nothing."""
    preset_value: FlagValue | None
    """What the preset sets; None when it leaves it to vLLM."""


def fields(
    table: FlagTable,
    words: Mapping[str, Words],
    settings: ModelSettings,
    preset: Mapping[str, FlagValue],
    hidden: frozenset[str],
) -> Iterator[Field]:
    """Every setting of the engine: those with words first, in the order of *words*, then the others by name.

    Args:
        table: what the engine has; nothing else is offered.
        words: how flags are shown.
        settings: what the person chose.
        preset: what is set when the person chose nothing.
        hidden: flags that cannot be changed.
    """
    own = [(told, flag) for told in words.values() if (flag := table.find(told.flag)) and told.flag not in hidden]
    others = sorted((flag for flag in table.flags if flag.name not in words), key=lambda flag: flag.name)
    rest = [(_plain_words(flag), flag) for flag in others if flag.name not in hidden]
    for told, flag in (*own, *rest):
        name = flag.name
        yield Field(
            flag=name,
            title=told.title,
            words=told.words,
            group=told.group,
            kind=told.kind,
            default=_default(told, flag),
            choices=told.choices or _known(table, name) or flag.choices,
            minimum=told.minimum,
            maximum=told.maximum,
            value=settings.get(name),
            preset_value=preset.get(name),
        )


def _default(words: Words, flag: Flag) -> FlagValue:
    if not flag.switch:
        return flag.default
    return flag.default == "True" if flag.default else words.on


def _known(table: FlagTable, name: str) -> tuple[str, ...]:
    """Names that the engine knows beside its parser."""
    return {
        "--tool-call-parser": table.tool_parsers,
        "--reasoning-parser": table.reasoning_parsers,
        "--quantization": table.quantization,
    }.get(name, ())


def _plain_words(flag: Flag) -> Words:
    title = flag.name.removeprefix("--").replace("-", " ").capitalize()
    return Words(flag.name, title, flag.help or "vLLM says nothing about this flag.", FieldGroup.EXPERT, _kind(flag))


def _kind(flag: Flag) -> FieldKind:
    if flag.switch:
        return FieldKind.SWITCH
    if flag.choices:
        return FieldKind.CHOICE
    if flag.many:
        return FieldKind.TEXT
    if flag.type_name in ("int", "float"):
        return FieldKind.NUMBER
    if "human_readable" in flag.type_name:
        return FieldKind.SIZE
    takes_json = flag.type_name in ("loads", "parse_dataclass", "union_dict_and_str") or "valid JSON" in flag.help
    return FieldKind.JSON if takes_json else FieldKind.TEXT
