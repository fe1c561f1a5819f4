"""The tiers of machines."""

import pytest

from desktop_app.domain.machine import Gpu, Machine
from desktop_app.domain.tiers import Tier, tier_of

GIB = 1 << 30


def machine(memory: float, *cards: Gpu) -> Machine:
    return Machine("a processor", 8, int(memory * GIB), frozenset(), cards)


def card(total: float, mig: str = "", unified: bool = False, capability: tuple[int, int] = (8, 6)) -> Gpu:
    size = int(total * GIB)
    return Gpu("a card", size, size, "580.65", capability, mig=mig, unified=unified)


@pytest.mark.parametrize(
    ("memory", "tier"),
    [
        *[(2.0, Tier.RAM_4), (3.8, Tier.RAM_4), (7.4, Tier.RAM_4), (7.6, Tier.RAM_8), (15.4, Tier.RAM_16)],
        *[(23.0, Tier.RAM_16), (31.1, Tier.RAM_32), (62.6, Tier.RAM_64), (1000.0, Tier.RAM_64)],
    ],
)
def test_machines_without_a_card(memory: float, tier: Tier) -> None:
    assert tier_of(machine(memory)) is tier


@pytest.mark.parametrize(
    ("total", "tier"),
    [
        *[(2.0, Tier.CARD_0), (3.8, Tier.CARD_4), (6.0, Tier.CARD_4), (7.75, Tier.CARD_8), (11.8, Tier.CARD_8)],
        *[(15.6, Tier.CARD_16), (22.5, Tier.CARD_24), (31.8, Tier.CARD_24), (47.5, Tier.CARD_48), (140, Tier.CARD_48)],
    ],
)
def test_machines_with_a_card(total: float, tier: Tier) -> None:
    assert tier_of(machine(64, card(total))) is tier


def test_several_cards_but_not_several_parts_of_one() -> None:
    assert tier_of(machine(64, card(24), card(24))) is Tier.CARDS
    assert tier_of(machine(64, card(10, mig="1g.10gb"), card(20, mig="2g.20gb"))) is Tier.CARD_16
    assert tier_of(machine(128, card(119, unified=True))) is Tier.CARD_48


def test_a_card_that_vllm_cannot_use_does_not_count() -> None:
    assert tier_of(machine(16, card(8, capability=(6, 1)))) is Tier.RAM_16
    old = Gpu("a card", 8 * GIB, 8 * GIB, "470.10", (8, 6))
    assert tier_of(machine(16, old)) is Tier.RAM_16
    assert tier_of(machine(16, old, card(12))) is Tier.CARD_8
