"""The tiers of machines, which the first suggestion follows from. Bounds in bytes of usable memory."""

from enum import Enum

from desktop_app.domain.cards import shareable, usable_cards
from desktop_app.domain.machine import Machine

_GIB = 1 << 30
_NOMINAL = 0.93
"""What of its nominal size a machine or a card says that it has: an `8 GB` machine 7.5–7.8, a card 7.6–8.0."""


class Tier(Enum):
    """Of the computer's memory for a machine without a card, of the card's otherwise. The value is what people read."""

    RAM_4 = "4–8 GB of memory"
    RAM_8 = "8–16 GB of memory"
    RAM_16 = "16–32 GB of memory"
    RAM_32 = "32–64 GB of memory"
    RAM_64 = "64 GB of memory or more"
    CARD_0 = "a graphics card under 4 GB"
    CARD_4 = "a graphics card of 4–8 GB"
    CARD_8 = "a graphics card of 8–16 GB"
    CARD_16 = "a graphics card of 16–24 GB"
    CARD_24 = "a graphics card of 24–48 GB"
    CARD_48 = "a graphics card of 48 GB or more"
    CARDS = "several graphics cards"


_MEMORY = ((64, Tier.RAM_64), (32, Tier.RAM_32), (16, Tier.RAM_16), (8, Tier.RAM_8))
_CARD = ((48, Tier.CARD_48), (24, Tier.CARD_24), (16, Tier.CARD_16), (8, Tier.CARD_8), (4, Tier.CARD_4))


def tier_of(machine: Machine) -> Tier:
    """The tier of *machine*: of its largest card that vLLM can use, or of its memory.

    Instances of a divided card are single cards, since no model is shared out among them. Less than 4 GB of memory is
    the lowest tier of memory too.
    """
    cards = usable_cards(machine.gpus)
    if sum(shareable(card) for card in cards) > 1:
        return Tier.CARDS
    if cards:
        return _tier(max(card.total_bytes for card in cards), _CARD, Tier.CARD_0)
    return _tier(machine.memory_bytes, _MEMORY, Tier.RAM_4)


def _tier(size: int, bounds: tuple[tuple[int, Tier], ...], lowest: Tier) -> Tier:
    return next((tier for nominal, tier in bounds if size >= nominal * _GIB * _NOMINAL), lowest)
