"""What `experiment_plan.py` says to people about a plan. Pure."""

from collections.abc import Sequence

from desktop_app.domain.units import memory_words, span_words

_NUMBERS = ("none", "one", "two", "three", "four", "five", "six")


def plan_words(engines: Sequence[int], taken: Sequence[int], room: int, seconds: float) -> str:
    """What is going to happen, in a sentence.

    Args:
        engines: how many there are in each batch.
        taken: bytes that each batch takes; 0 for servers elsewhere.
        room: bytes that there are; 0 when that is not known.
        seconds: what it takes; 0 when that is not known.
    """
    if not engines:
        return ""
    span = f", in about {span_words(seconds)}" if seconds >= 1 else ""
    if len(engines) > 1:
        how = "one of them" if max(engines) == 1 else f"at most {_number(max(engines))} of them"
        return f"Memory holds {how} at a time: they run one after another{span}."
    of_room = f" ({memory_words(taken[0])} of {memory_words(room)})" if room else ""
    if not taken[0]:
        return f"Nothing has to be started here{span}."
    if engines[0] == 1:
        return f"One engine is needed{of_room}{span}."
    who = "Both" if engines[0] == 2 else f"All {_number(engines[0])}"
    return f"{who} fit into memory together{of_room}{span}."


def missing_words(name: str, needed: int, room: int) -> str:
    """Why an engine cannot run at all; sizes in bytes."""
    return f"{name} needs about {memory_words(needed)}, and it may take {memory_words(room)} at most."


def no_engine_words(name: str) -> str:
    """Why a model on this computer cannot run without vLLM."""
    return f"{name} needs an engine, and none is installed."


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
