"""Which graphics cards vLLM can use, which of them together, and why one cannot be used.

Pure; called by `fit_places`, `fit_judge`, `tiers`, and by the engine's rooms, so that all of them mean the same ones.
"""

from collections.abc import Sequence

from desktop_app.domain.machine import Gpu

OLDEST_CARD = (7, 5)
"""Compute capability that vLLM's wheels are built for (installation guide)."""
OLDEST_DRIVER = 580
"""First major version of NVIDIA's driver for CUDA 13, which vLLM's wheels on PyPI are built with."""
_ALIKE = 0.9
"""Cards whose sizes differ by less share a model: each must hold the same part of it."""


def fault(card: Gpu) -> str:
    """Why vLLM cannot use *card*, without a full stop: `The NVIDIA driver 470.10 is too old for vLLM`; empty if it can.

    What is not known of a card does not count against it.
    """
    if card.compute_capability and card.compute_capability < OLDEST_CARD:
        return f"{card.name} is too old for vLLM"
    return f"The NVIDIA driver {card.driver} is too old for vLLM" if _has_old_driver(card) else ""


def refusal(card: Gpu) -> str:
    """Why vLLM cannot use *card* and what would help, in sentences; empty when it can."""
    found = fault(card)
    if not found:
        return ""
    newer = card.compute_capability is None or card.compute_capability >= OLDEST_CARD
    remedy = f" Driver {OLDEST_DRIVER} or later makes the graphics card usable." if newer else ""
    return f"{found}, so the processor is used.{remedy}"


def first_usable(cards: Sequence[Gpu]) -> int | None:
    """The place in *cards*, which is the driver's order, of the first one that vLLM can use; None without one."""
    return next((place for place, card in enumerate(cards) if not fault(card)), None)


def usable_places(cards: Sequence[Gpu]) -> list[int]:
    """The places in *cards* of those that vLLM can use and whose memory is known."""
    return [place for place, card in enumerate(cards) if card.total_bytes > 0 and not fault(card)]


def usable_cards(cards: Sequence[Gpu]) -> tuple[Gpu, ...]:
    """Those of *cards* that vLLM can use."""
    return tuple(cards[place] for place in usable_places(cards))


def shareable(card: Gpu) -> bool:
    """Whether a model can be shared out among *card* and others: instances of a divided card cannot talk."""
    return not card.mig and not card.unified


def alike(cards: Sequence[Gpu]) -> list[list[int]]:
    """The places of those usable *cards* that can share a model, in sets of about the same size, the largest first."""
    sets: list[list[int]] = []
    places = [place for place in usable_places(cards) if shareable(cards[place])]
    for place in sorted(places, key=lambda place: -cards[place].total_bytes):
        if sets and cards[place].total_bytes >= cards[sets[-1][0]].total_bytes * _ALIKE:
            sets[-1].append(place)
        else:
            sets.append([place])
    return sets


def _has_old_driver(card: Gpu) -> bool:
    major = card.driver.split(".")[0]
    return major.isdigit() and int(major) < OLDEST_DRIVER
