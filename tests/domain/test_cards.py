"""Which cards can be used, and which together."""

from dataclasses import replace

import pytest

from desktop_app.domain.cards import alike, fault, first_usable, refusal, usable_cards, usable_places
from desktop_app.domain.machine import Gpu
from tests.domain.fit_cases import card

OLD = card(8, capability=(6, 1), name="NVIDIA GTX 1060")
BEHIND = replace(card(24), driver="470.10")


@pytest.mark.parametrize(
    ("one", "words", "remedy"),
    [
        (card(8), "", ""),
        (Gpu("a card", 8, 8, ""), "", ""),
        (Gpu("a card", 8, 8, "580.65.06"), "", ""),
        (OLD, "NVIDIA GTX 1060 is too old for vLLM", ""),
        (BEHIND, "The NVIDIA driver 470.10 is too old for vLLM", "Driver 580 or later makes the graphics card usable."),
        (replace(OLD, driver="470.10"), "NVIDIA GTX 1060 is too old for vLLM", ""),
    ],
)
def test_why_a_card_cannot_be_used(one: Gpu, words: str, remedy: str) -> None:
    assert fault(one) == words
    assert refusal(one) == (f"{words}, so the processor is used. {remedy}".strip() if words else "")


def test_the_first_that_can_be_used() -> None:
    assert first_usable(()) is None
    assert first_usable((OLD, BEHIND)) is None
    assert first_usable((OLD, card(8), card(24))) == 1
    empty = Gpu("a card", 0, 0, "580")
    assert usable_places((OLD, empty, card(8))) == [2]
    assert usable_cards((OLD, card(8))) == (card(8),)


def test_cards_of_about_the_same_size_share() -> None:
    cards = (card(8), card(24), OLD, card(23), card(20, mig="2g.20gb"), card(24), card(120, unified=True))
    assert alike(cards) == [[1, 5, 3], [0]]
    assert alike(()) == []
