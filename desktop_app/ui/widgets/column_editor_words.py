"""Options of an engine as a column's editor shows them: a few in words, all others by name. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from desktop_app.domain.flags import canonical
from desktop_app.domain.launch import FlagValue

Flags = tuple[tuple[str, FlagValue], ...]

AS_SET = "As set for the model"
MAX_NAME = 80
"""Characters of a column's name, and of an option's."""
MAX_VALUE = 4_000


@dataclass(frozen=True)
class Offer:
    """An option that is offered in words."""

    flag: str
    title: str
    sentence: str
    values: tuple[tuple[str, FlagValue], ...] = ()
    """What can be chosen, in words and as it is set; empty for a number."""
    example: str = ""


OFFERS = (
    Offer(
        "--kv-cache-dtype",
        "KV cache",
        "In 8 bits, what it keeps in mind takes half the memory, at a small loss.",
        (("In 8 bits (fp8)", "fp8"), ("Like the weights (auto)", "auto")),
    ),
    Offer(
        "--enable-prefix-caching",
        "Prefix caching",
        "Off, words that it has read before are read again: for measuring.",
        (("Off", False), ("On", True)),
    ),
    Offer(
        "--enforce-eager",
        "Eager mode",
        "On, nothing is compiled: it starts sooner and answers more slowly.",
        (("On", True), ("Off", False)),
    ),
    Offer("--max-model-len", "Longest context", "Tokens that it can keep in mind.", example="e.g. 8192"),
    Offer("--max-num-seqs", "Most answers at once", "Questions that it answers at the same time.", example="e.g. 16"),
)


def offered(flags: Iterable[tuple[str, FlagValue]]) -> tuple[dict[str, FlagValue], Flags]:
    """What is set of the options in words, by flag; and all others."""
    inside: dict[str, FlagValue] = {}
    others: list[tuple[str, FlagValue]] = []
    for flag, value in flags:
        offer = next((one for one in OFFERS if one.flag == flag), None)
        if offer is not None and flag not in inside and _can_show(offer, value):
            inside[flag] = value
        else:
            others.append((flag, value))
    return inside, tuple(others)


def written(flag: str, value: FlagValue) -> tuple[str, str]:
    """An option as it stands in two lines: its name, and its value, which is empty for one that is on or off."""
    if isinstance(value, bool):
        return (flag if value else f"--no-{flag.removeprefix('--')}"), ""
    return flag, value


def read(name: str, value: str) -> tuple[str, FlagValue]:
    """The option that two lines mean; nothing in the second is on, or off after `--no-`."""
    bare, told = name.strip(), value.strip()
    if "=" in bare and not told:
        bare, _, told = bare.partition("=")
    flag = canonical(f"--{bare.lstrip('-')}")
    if told:
        return flag, told
    return (f"--{flag.removeprefix('--no-')}", False) if flag.startswith("--no-") else (flag, True)


def number_problem(text: str) -> str:
    """What is wrong with a number of tokens or answers; empty when nothing is."""
    bare = text.strip()
    return "" if not bare or (bare.isascii() and bare.isdigit() and int(bare[:12]) > 0) else "This is to be a number."


def twice(flags: Sequence[tuple[str, FlagValue]]) -> str:
    """The first flag that is set twice; empty when none is."""
    names = [flag for flag, _ in flags]
    return next((name for number, name in enumerate(names) if name in names[:number]), "")


def _can_show(offer: Offer, value: FlagValue) -> bool:
    """Whether the control of an option in words has a place for *value*."""
    if offer.values:
        return value in [of for _, of in offer.values]
    return isinstance(value, str) and bool(value) and not number_problem(value)
