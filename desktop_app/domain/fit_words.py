"""The sentences of a verdict, each with its figures. Called by `fit_judge` and `fit_proposals`."""

from desktop_app.domain.fit_load import Load
from desktop_app.domain.fit_places import Place
from desktop_app.domain.fit_speed import words_a_second
from desktop_app.domain.fit_values import MemoryParts
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.domain.units import memory_words

WEIGHTS_UNKNOWN = "How large its weights are is not known."
NO_PROCESSOR = "This processor has no AVX2, which vLLM needs."
_NO_CARD_HOLDS = "No card holds it, only the computer's memory, which needs vLLM for processors"


def takes(parts: MemoryParts, place: Place, tight: bool, measured: bool) -> str:
    """It fits."""
    free = parts.total - parts.others
    how = ", as measured" if measured else ""
    little = ", which leaves little room" if tight else ""
    return f"Takes {_size(parts.needed)} of the {memory_words(free)} that are free{_on(place)}{how}{little}."


def shorter(parts: MemoryParts, place: Place, context: int, people: int, longest: int) -> str:
    """It fits with a shorter context only."""
    each = f" for each of {people:,} people" if people > 1 else ""
    more = f"{_size(parts.missing)} more than there is room for{_on(place)}"
    return f"With {context:,} tokens{each} it needs {more}; {longest:,} fit."


def closed(parts: MemoryParts, place: Place, longest: int) -> str:
    """It fits once other programs are closed; *longest* is the context that then fits, 0 for the one wished for."""
    used = f"{memory_words(parts.others)} of the {memory_words(parts.total)}{_on(place)} are in use"
    then = f"; once they are free, {longest:,} tokens fit" if longest else ""
    return f"It needs {_size(parts.needed)}, and {used}{then}."


def too_big(load: Load, place: Place, context: int) -> str:
    """Nothing helps; *context* is the shortest that would be any use, 0 when its size is not known."""
    each = " each" if place.cards > 1 else ""
    has = f"{_owner(place)} {memory_words(place.room.total)}{each}"
    part = " on each card" if place.cards > 1 else ""
    if not context or load.weights > place.room.total:
        return f"Its weights alone take {memory_words(load.weights)}{part}; {has}."
    needed = load.needed(context)
    if needed <= place.room.total:
        has += f", of which {memory_words(place.most)} can be used"
    return f"Even with {context:,} tokens it needs {memory_words(needed)}{part}; {has}."


def on_processor(reason: str, place: Place, unread: str, read: int) -> str:
    """It would run on the processor of a computer with a card.

    Args:
        reason: how it fits there.
        place: the computer's memory.
        unread: why the card cannot read its format; empty when it can.
        read: bytes that are read for every word, where that makes it slow; else 0.
    """
    head = f"{unread.removesuffix('.')}; on the processor" if unread else _NO_CARD_HOLDS
    return f"{head}: {_lower(_and_slow(reason, place, read) if read else reason)}"


def slow(reason: str, place: Place, read: int) -> str:
    """It fits, and *read* bytes for every word are too much; *reason* is how it fits, empty when simply so."""
    if reason:
        return _and_slow(reason, place, read)
    where = "on this processor" if place.kind is EngineKind.CPU else f"on {place.words}"
    return f"For every word {memory_words(read)} must be read, {_speed(place, read)} {where}."


def _and_slow(reason: str, place: Place, read: int) -> str:
    many = f"{memory_words(read)} must be read for every word, {_speed(place, read)}"
    return f"{reason.removesuffix('.')}; and {many}."


def _speed(place: Place, read: int) -> str:
    words = words_a_second(read, place.speed)
    return f"about {words} words a second" if words > 1 else "about one word a second or less"


def instead_of_card(fault: str, reason: str) -> str:
    """No card of the computer can be used; *fault* is why, without a full stop."""
    return f"{fault}, so the processor is used: {_lower(reason)}"


def neither(fault: str) -> str:
    """Neither the card nor the processor can be used; *fault* is why the card cannot."""
    return f"{fault}, and this processor has no AVX2, which vLLM needs."


def _lower(sentence: str) -> str:
    """A sentence as it goes on after a colon."""
    return sentence[0].lower() + sentence[1:]


def indivisible(spec: ModelSpec, cards: int) -> str:
    """It cannot be shared out among so many cards."""
    heads = spec.geometry.heads if spec.geometry else 0
    return f"Its {heads:,} attention heads cannot be shared out among {cards:,} cards."


def shape_unknown(weights: int, place: Place) -> str:
    """The weights are known, what a conversation takes is not."""
    free = memory_words(place.room.free)
    return f"Its weights take {memory_words(weights)}, and {free} are free; what a conversation takes is not known."


def _size(size: int) -> str:
    """A size that is not nothing, however small."""
    return memory_words(max(size, (1 << 30) // 10))


def _on(place: Place) -> str:
    if place.kind is EngineKind.CPU:
        return ""
    return f" on each of {place.cards} cards" if place.cards > 1 else " on the card"


def _owner(place: Place) -> str:
    return (
        "this computer has" if place.kind is EngineKind.CPU else f"{place.words} {'have' if place.cards > 1 else 'has'}"
    )
