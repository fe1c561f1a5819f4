"""Which graphics card vLLM is to use. Pure; called by `install` and `launch`, so that both mean the same one."""

from collections.abc import Sequence

from desktop_app.domain.machine import Gpu

_OLDEST_CARD = (7, 5)
"""Compute capability that vLLM's wheels are built for (installation guide)."""

_OLDEST_DRIVER = 580
"""First major version of NVIDIA's driver for CUDA 13, which vLLM's wheels on PyPI are built with."""


def usable(cards: Sequence[Gpu]) -> int | None:
    """The place in *cards*, which is the driver's order, of the first one that can run vLLM; None without one."""
    return next((place for place, card in enumerate(cards) if not refusal(card)), None)


def refusal(card: Gpu) -> str:
    """Why *card* cannot run vLLM, in a sentence; empty when it can."""
    if card.compute_capability and card.compute_capability < _OLDEST_CARD:
        return f"{card.name} is too old for vLLM, so the processor is used."
    major = card.driver.split(".")[0]
    if major.isdigit() and int(major) < _OLDEST_DRIVER:
        return (
            f"The NVIDIA driver {card.driver} is too old for vLLM, so the processor is used. "
            f"Driver {_OLDEST_DRIVER} or later makes the graphics card usable."
        )
    return ""
