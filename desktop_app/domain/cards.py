"""Which graphics cards vLLM can use, and which of them together. Pure; called by `fit_judge` and `tiers`."""

from collections.abc import Sequence

from desktop_app.domain.machine import Gpu

OLDEST_CARD = (7, 5)
"""Compute capability that vLLM's wheels are built for (installation guide)."""
OLDEST_DRIVER = 580
"""First major version of NVIDIA's driver for CUDA 13, which vLLM's wheels on PyPI are built with."""
_ALIKE = 0.9
"""Cards whose sizes differ by less share a model: each must hold the same part of it."""


def usable_cards(cards: Sequence[Gpu]) -> tuple[Gpu, ...]:
    """Those of *cards* that vLLM can use."""
    return tuple(card for card in cards if usable(card))


def usable(card: Gpu) -> bool:
    """Whether vLLM can use *card*: not too old, with a driver that is not; what is not known does not count against."""
    major = card.driver.split(".")[0]
    old_driver = major.isdigit() and int(major) < OLDEST_DRIVER
    return card.total_bytes > 0 and not old_driver and (card.compute_capability or OLDEST_CARD) >= OLDEST_CARD


def shareable(card: Gpu) -> bool:
    """Whether a model can be shared out among *card* and others: instances of a divided card cannot talk."""
    return not card.mig and not card.unified


def alike(cards: Sequence[Gpu]) -> list[list[Gpu]]:
    """*cards* that can share a model, in sets of about the same size, the largest cards first."""
    sets: list[list[Gpu]] = []
    for card in sorted((one for one in cards if shareable(one)), key=lambda one: -one.total_bytes):
        if sets and card.total_bytes >= sets[-1][0].total_bytes * _ALIKE:
            sets[-1].append(card)
        else:
            sets.append([card])
    return sets
