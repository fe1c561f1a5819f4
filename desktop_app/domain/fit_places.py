"""The places of a machine that a model can live in: a card, several alike, the computer's memory.

Called by `fit_judge`. Sizes in bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from desktop_app.domain.cards import alike, usable_places
from desktop_app.domain.fit_room import (
    SYSTEM_BYTES,
    Room,
    card_room,
    card_share,
    largest_card_share,
    processor_room,
)
from desktop_app.domain.fit_speed import card_speed, processor_speed
from desktop_app.domain.fit_values import Surroundings, Wish
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.machine import Gpu, Machine


@dataclass(frozen=True)
class Place:
    """Where a model can live."""

    kind: EngineKind
    words: str
    """`NVIDIA RTX 4090`, `4 × RTX 3090` or `the computer's memory`."""
    cards: int
    """0 for the processor."""
    room: Room
    """Of the computer, or of each card: that of the one with the least."""
    limit: int
    """What an engine may take now."""
    most: int
    """What it could take with every other program closed."""
    card: Gpu | None = None
    """The card, or one of several that are alike."""
    devices: tuple[int, ...] = ()
    """The places of the cards in `Machine.gpus`, in order; empty for the processor."""
    speed: float = 0.0
    """Bytes a second that are read of its memory; 0 where that does not slow anything down."""
    second: bool = False
    """Whether this is the processor of a machine that has cards."""


def places_of(machine: Machine, wish: Wish, around: Surroundings) -> list[Place]:
    """The places of *machine*, in the order in which they are tried; never none."""
    cards = machine.gpus if around.engine is not EngineKind.CPU and usable_places(machine.gpus) else ()
    found: list[Place] = []
    if wish.cards < 2:
        found.extend(_on_card(cards, place, around.taken_bytes) for place in _kinds(cards, around.taken_bytes))
    if wish.cards != 1:
        found.extend(_on_several(cards, wish.cards, around.taken_bytes))
    if not found or not wish.cards:
        found.append(_on_processor(machine, around.taken_bytes, second=bool(cards)))
    return found


def _kinds(cards: Sequence[Gpu], taken: int) -> list[int]:
    """The place of the card of each kind with the most room, those with more of it first."""
    ordered = _roomiest(cards, usable_places(cards), taken)
    kinds = {(cards[place].name, cards[place].mig, cards[place].total_bytes): place for place in reversed(ordered)}
    return list(kinds.values())[::-1]


def _roomiest(cards: Sequence[Gpu], places: Iterable[int], taken: int) -> list[int]:
    return sorted(places, key=lambda place: -card_room(cards[place], taken).free)


def _on_card(cards: Sequence[Gpu], place: int, taken: int) -> Place:
    card = cards[place]
    room = card_room(card, taken)
    return Place(EngineKind.CUDA, card.name, 1, room, _limit(room), _most(room), card, (place,), speed=card_speed(card))


def _on_several(cards: Sequence[Gpu], wished: int, taken: int) -> Iterable[Place]:
    """Two or more cards that are alike; each holds the same part, so the one with the least room decides."""
    for group in alike(cards):
        ordered = _roomiest(cards, group, taken)
        for count in range(2, len(ordered) + 1):
            if wished in (0, count):
                used, first = tuple(sorted(ordered[:count])), cards[ordered[0]]
                rooms = [card_room(cards[place], taken) for place in used]
                room = Room(min(one.total for one in rooms), min(one.free for one in rooms))
                words = f"{count} × {first.name}"
                yield Place(EngineKind.CUDA, words, count, room, _limit(room), _most(room), first, used)


def _on_processor(machine: Machine, taken: int, second: bool) -> Place:
    room = processor_room(machine, taken)
    most = max(room.free, room.total - SYSTEM_BYTES)
    speed = processor_speed(machine)
    return Place(EngineKind.CPU, "the computer's memory", 0, room, room.free, most, second=second, speed=speed)


def _limit(room: Room) -> int:
    return int(card_share(room) * room.total)


def _most(room: Room) -> int:
    return int(largest_card_share(room) * room.total)
