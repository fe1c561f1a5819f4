"""Values of settings as people read and write them: what stands where nothing was chosen, and what cannot be meant.

Pure functions; the widgets of settings call them.
"""

import json
import re

from desktop_app.domain.flags import LEFT_TO_VLLM, Field, FieldKind
from desktop_app.domain.launch import FlagValue

_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)([kKmMgGtT]?)")
_FACTORS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "K": 2.0**10, "M": 2.0**20, "G": 2.0**30, "T": 2.0**40}
"""As vLLM reads them (`vllm.utils.argparse_utils`, `human_readable_int`): small letters decimal, capitals binary."""


def is_on(value: FlagValue | None) -> bool:
    """Whether a switch with this value is on."""
    return value is True or str(value).lower() == "true"


def baseline(field: Field) -> FlagValue:
    """What holds when nobody chose: what the preset sets, or vLLM's own default."""
    return field.default if field.preset_value is None else field.preset_value


def effective(field: Field) -> FlagValue:
    """What holds now."""
    if field.value == LEFT_TO_VLLM:
        return field.default
    return baseline(field) if field.value is None else field.value


def value_words(field: Field, value: FlagValue) -> str:
    """A value as it is shown; an empty one is left to vLLM."""
    if field.kind is FieldKind.SWITCH:
        return "on" if is_on(value) else "off"
    return str(value) or "vLLM decides"


def baseline_words(field: Field) -> str:
    """What holds when nobody chose, and who says so."""
    words = value_words(field, baseline(field))
    if field.preset_value is not None:
        return f"{words} (preset)"
    return words if field.default == LEFT_TO_VLLM else f"{words} (default)"


def left_words(field: Field) -> str:
    """What holds when neither the person nor the preset says anything, for a preset that would."""
    return f"{value_words(field, field.default)} (left to vLLM)" if field.default != LEFT_TO_VLLM else "Left to vLLM"


def problem(field: Field, text: str) -> str:
    """Why *text* cannot be the value of *field*, as a sentence; empty when it can. An empty text always can."""
    if not text or text == field.default or text in field.choices:
        return ""
    if field.kind in (FieldKind.NUMBER, FieldKind.SIZE):
        return _number_problem(field, text)
    if field.kind is FieldKind.JSON:
        return _json_problem(text)
    return ""


def range_words(field: Field) -> str:
    """The range of a number in words; empty for none."""
    low, high = field.minimum, field.maximum
    if low is not None and high is not None:
        return f"from {_figure(low)} to {_figure(high)}"
    if low is not None:
        return f"{_figure(low)} or more"
    return "" if high is None else f"{_figure(high)} or less"


def stepped(field: Field, text: str, steps: int) -> str:
    """*text* with *steps* added, kept in the range; as it was where it is no plain number."""
    found = re.fullmatch(r"-?\d+(\.\d+)?", text)
    if found is None:
        return text
    places = len(found[1]) - 1 if found[1] else 0
    value = float(text) + steps * 10.0**-places
    value = value if field.minimum is None else max(value, field.minimum)
    value = value if field.maximum is None else min(value, field.maximum)
    return f"{value:.{places}f}"


def _number_problem(field: Field, text: str) -> str:
    found = _NUMBER.fullmatch(text)
    if found is None:
        example = "1.5G or 500M" if field.kind is FieldKind.SIZE else "16 or 8k"
        return f"This is to be a number, e.g. {example}."
    value = float(found[1]) * _FACTORS[found[2]]
    low, high = field.minimum, field.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return f"This is to be {range_words(field)}."
    return ""


def _json_problem(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        return f"This is no JSON: {error}."
    return ""


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) else f"{number:g}"
