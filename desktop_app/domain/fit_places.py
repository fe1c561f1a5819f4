"""The places of a machine that a model can live in: a card, several alike, the computer's memory.

Called by `fit_judge`. Sizes in bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from desktop_app.domain.cards import alike, usable_cards
from desktop_app.domain.fit_room import (
    SYSTEM_BYTES,
    Room,
    card_room,
    card_share,
    largest_card_share,
    processor_room,
)
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
    index: int | None = None
    """The card's place in `Machine.gpus`; None for the processor and for several."""
    second: bool = False
    """Whether this is the processor of a machine that has cards."""


def places_of(machine: Machine, wish: Wish, around: Surroundings) -> list[Place]:
    """The places of *machine*, in the order in which they are tried; never none."""
    cards = usable_cards(machine.gpus) if around.engine is not EngineKind.CPU else ()
    found: list[Place] = []
    if cards and wish.cards < 2:
        found.extend(_on_card(card, machine, around.taken_bytes) for card in _kinds(cards, around.taken_bytes))
    if len(cards) > 1 and wish.cards != 1:
        found.extend(_on_several(cards, wish.cards, around.taken_bytes))
    if not found or not wish.cards:
        found.append(_on_processor(machine, around.taken_bytes, second=bool(cards)))
    return found


def _kinds(cards: tuple[Gpu, ...], taken: int) -> list[Gpu]:
    """The card of each kind with the most room, those with more of it first."""
    ordered = sorted(cards, key=lambda card: -card_room(card, taken).free)
    return list({(card.name, card.mig, card.total_bytes): card for card in reversed(ordered)}.values())[::-1]


def _on_card(card: Gpu, machine: Machine, taken: int) -> Place:
    room = card_room(card, taken)
    index = next((place for place, one in enumerate(machine.gpus) if one is card), None)
    return Place(EngineKind.CUDA, card.name, 1, room, _limit(room), _most(room), card, index)


def _on_several(cards: tuple[Gpu, ...], wished: int, taken: int) -> Iterable[Place]:
    """Two or more cards that are alike; each holds the same part, so the one with the least room decides."""
    for group in alike(cards):
        ordered = sorted(group, key=lambda card: -card_room(card, taken).free)
        for count in range(2, len(ordered) + 1):
            if wished in (0, count):
                rooms = [card_room(card, taken) for card in ordered[:count]]
                room = Room(min(one.total for one in rooms), min(one.free for one in rooms))
                words = f"{count} × {ordered[0].name}"
                yield Place(EngineKind.CUDA, words, count, room, _limit(room), _most(room), ordered[0])


def _on_processor(machine: Machine, taken: int, second: bool) -> Place:
    room = processor_room(machine, taken)
    most = max(room.free, room.total - SYSTEM_BYTES)
    return Place(EngineKind.CPU, "the computer's memory", 0, room, room.free, most, second=second)


def _limit(room: Room) -> int:
    return int(card_share(room) * room.total)


def _most(room: Room) -> int:
    return int(largest_card_share(room) * room.total)
