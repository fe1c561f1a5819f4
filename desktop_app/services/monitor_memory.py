"""What is in use of the computer's and the cards' memory before and after an engine ran, compared, in words.

Pure; `monitor_release` looks, and asks here. What is in use besides our engines goes up and down meanwhile, so a
difference counts only from half a gigabyte on; on cards from a quarter, less than what an empty context of CUDA holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from desktop_app.domain.machine import Machine, MemoryUser
from desktop_app.domain.units import memory_words
from desktop_app.services.monitor_view import Release

_CLEARLY_BYTES = 512 << 20
_CLEARLY_CARD_BYTES = 256 << 20
_STILL_BYTES = 64 << 20
"""Two looks that differ by less have seen the same."""
_HOLDERS = 3


@dataclass(frozen=True)
class InUse:
    """What is in use, and by whom. Bytes; None where it is not known."""

    memory: int | None
    """Of the computer's, caches counted as free."""
    cards: int | None
    """Of all cards that have memory of their own, and that the engine may use; None as well where it uses none."""
    count: int
    """Those cards."""
    users: tuple[MemoryUser, ...]
    card_users: tuple[MemoryUser, ...]


def in_use(machine: Machine, on_cards: bool) -> InUse:
    """What is in use; of cards only where the engine is one that uses them."""
    cards = [gpu for gpu in machine.gpus if gpu.total_bytes and not gpu.unified] if on_cards else []
    memory = machine.memory_bytes - machine.available_bytes if machine.available_bytes else None
    held = sum(gpu.total_bytes - gpu.free_bytes for gpu in cards) if cards else None
    return InUse(memory, held, len(cards), machine.users, tuple(user for gpu in cards for user in gpu.users))


def stands_still(one: InUse, other: InUse) -> bool:
    """Whether two looks saw the same."""
    pairs = ((one.memory, other.memory), (one.cards, other.cards))
    return all(a is None or b is None or abs(a - b) < _STILL_BYTES for a, b in pairs)


def is_back(before: InUse, after: InUse) -> bool:
    """Whether no more is in use than before, clearly."""
    return not _more(before.memory, after.memory, _CLEARLY_BYTES) and not _more(
        before.cards, after.cards, _CLEARLY_CARD_BYTES
    )


def release(before: InUse | None, after: InUse, freed: int) -> Release | None:
    """What a stop achieved when no engine of ours is left; None where nothing is known.

    Args:
        before: when no engine was there yet; None when that was not seen.
        after: now.
        freed: what the engine had of the computer's memory before it was stopped; 0 when that is not known.
    """
    then = before or _NOT_SEEN
    holders: list[str] = []
    sentences = []
    if after.memory is not None:
        more = _more(then.memory, after.memory, _CLEARLY_BYTES)
        sentences.append(f"Memory is {_where(then.memory, after.memory, more)}{_given_back(freed)}.")
        holders += _holders(then.users, after.users) if more else []
    if after.cards is not None:
        more = _more(then.cards, after.cards, _CLEARLY_CARD_BYTES)
        whose = "The graphics card's memory" if after.count == 1 else f"The memory of the {after.count} graphics cards"
        sentences.append(f"{whose} is {_where(then.cards, after.cards, more)}.")
        holders += _holders(then.card_users, after.card_users) if more else []
    return Release(" ".join(sentences), is_back(then, after), tuple(dict.fromkeys(holders))) if sentences else None


def release_beside(after: InUse, freed: int, others: Sequence[str]) -> Release | None:
    """The same while *others* run: what they took meanwhile cannot be told apart from what is not back."""
    if after.memory is None:
        return None
    runs = f"{' and '.join(others)} {'runs' if len(others) == 1 else 'run'}"
    return Release(f"Memory is at {memory_words(after.memory)} while {runs}{_given_back(freed)}.", back=True)


_NOT_SEEN = InUse(None, None, 0, (), ())


def _more(before: int | None, after: int | None, clearly: int) -> int:
    """How much more is in use; 0 where that is not clear, or not known."""
    if before is None or after is None or after - before < clearly:
        return 0
    return after - before


def _where(before: int | None, after: int, more: int) -> str:
    if more:
        return f"at {memory_words(after)}, {memory_words(more)} more than before the start"
    return f"back to {memory_words(after)}" if before is not None else f"at {memory_words(after)} now"


def _given_back(freed: int) -> str:
    return f"; {memory_words(freed)} were given back" if freed else ""


def _holders(before: Sequence[MemoryUser], after: Sequence[MemoryUser]) -> list[str]:
    """Who has more than before, ours in front, then the largest; whoever holds most where that cannot be seen."""
    had = {(user.name, user.ours): user.used_bytes for user in before}
    grown = [(user, user.used_bytes - had.get((user.name, user.ours), 0)) for user in after]
    clear = [(user, more) for user, more in grown if more >= _STILL_BYTES]
    found = clear or [(user, user.used_bytes) for user in after]
    found.sort(key=lambda one: (not one[0].ours, -one[1]))
    return [f"{user.name}, {memory_words(size)}" for user, size in found[:_HOLDERS]]
