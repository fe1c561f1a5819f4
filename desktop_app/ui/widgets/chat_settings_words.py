"""Settings of a chat as people read and write them: what holds where nothing is chosen, and what cannot be meant.

Pure functions; the widgets of the panel call them.
"""

from collections.abc import Sequence

from desktop_app.domain.sampling import (
    MAX_STOP_LENGTH,
    MAX_STOPS,
    PARAMETERS,
    ChatSettings,
    Mode,
    Parameter,
    Sampling,
    StructureKind,
    WhenFull,
)

SHOWN_FIRST = ("temperature", "max_tokens")
"""What most people mean by settings; the others are folded away."""
THINKING = (("As the model likes", None), ("On", True), ("Off", False))
"""What `ChatSettings.thinking` can be."""
THINKING_WORDS = "Models that can think first answer better and later; others take no notice."
_NO_LIMIT = {"max_tokens": "no limit", "seed": "random"}
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def parameter(name: str) -> Parameter:
    """The parameter of this name."""
    return next(one for one in PARAMETERS if one.name == name)


def own_value(one: Parameter, defaults: Sampling) -> float | None:
    """What holds when nobody chose; None for no limit or none."""
    value = getattr(defaults, one.name)
    return value if isinstance(value, int | float) else one.usual


def own_words(one: Parameter, defaults: Sampling) -> str:
    """What holds when nobody chose and who says so, e.g. `model's own: 0.7`."""
    value = own_value(one, defaults)
    if value is None:
        return _NO_LIMIT.get(one.name, "")
    origin = "model's own" if getattr(defaults, one.name) is not None else "usual"
    return f"{origin}: {figure(value)}"


def figure(value: float) -> str:
    """A number as it is written into an entry."""
    return f"{value:.6g}" if value != int(value) else str(int(value))


def read_number(one: Parameter, text: str) -> tuple[float | None, str]:
    """The number that *text* means and what is wrong with it as a sentence. No text is no choice."""
    bare = text.strip().replace(" ", "")
    if not bare:
        return None, ""
    bare = bare.replace(",", "") if one.whole else bare.replace(",", ".")
    try:
        number: float = int(bare) if one.whole else float(bare)
    except ValueError:
        return None, f"This is to be a {'whole ' if one.whole else ''}number, {range_words(one)}."
    # This refuses what is no number at all, too: `nan` is in no range.
    if not one.least <= number <= one.most:
        return None, f"This is to be {range_words(one)}."
    return number, ""


def range_words(one: Parameter) -> str:
    """E.g. `from 0 to 2`."""
    return f"from {one.least:,g} to {one.most:,.0f}" if one.whole else f"from {one.least:g} to {one.most:g}"


def stepped(one: Parameter, value: float | None, steps: int) -> float:
    """*value* with *steps* added, within the range."""
    raised = (one.least if value is None else value) + steps * one.step
    return min(one.most, max(one.least, round(raised, 6)))


def stop_lines(stops: Sequence[str]) -> str:
    """Stop texts one to a line; a line break is written as a backslash and an n."""
    return "\n".join("".join(_ESCAPES.get(sign, sign) for sign in stop) for stop in stops)


def read_stops(text: str) -> tuple[tuple[str, ...], str]:
    """The stop texts that *text* means, and what is wrong with them as a sentence."""
    stops = tuple(_unescaped(line) for line in text.split("\n") if line)
    if len(stops) > MAX_STOPS:
        return (), f"At most {MAX_STOPS} texts; these are {len(stops)}."
    if any(len(stop) > MAX_STOP_LENGTH for stop in stops):
        return (), f"A text has at most {MAX_STOP_LENGTH} characters."
    return stops, ""


def _unescaped(line: str) -> str:
    back = {written[1]: sign for sign, written in _ESCAPES.items()}
    signs, rest = [], iter(line)
    for sign in rest:
        after = next(rest, "") if sign == "\\" else ""
        signs.append(back.get(after, sign + after) if after else sign)
    return "".join(signs)


def folded_sampling(settings: ChatSettings) -> int:
    """How many of the parameters that are folded away are chosen."""
    values = (getattr(settings.sampling, one.name) for one in PARAMETERS if one.name not in SHOWN_FIRST)
    return sum(value not in (None, ()) for value in values)


def folded_manner(settings: ChatSettings) -> int:
    """How many of mode and thinking are chosen."""
    return (settings.mode is not Mode.CHAT) + (settings.thinking is not None)


def folded_form(settings: ChatSettings) -> int:
    """Whether a form of the answer is chosen."""
    return int(settings.structure.kind is not StructureKind.NONE)


def folded_rest(settings: ChatSettings) -> int:
    """How many of the other settings are chosen."""
    return settings.logprobs + (settings.when_full is not WhenFull.ASK)
