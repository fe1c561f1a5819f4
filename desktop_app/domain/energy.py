"""What answers cost in energy, where the hardware reports it (NVML, RAPL)."""

from dataclasses import dataclass

_JOULES = 3600.0
"""In a watt-hour."""


@dataclass(frozen=True)
class EnergyUse:
    """What was measured over some work: all that the cards and the processor took meanwhile, at rest included."""

    joules: float
    seconds: float
    """While at least one answer was written."""
    tokens: float
    """Written meanwhile."""
    answers: int
    """Finished meanwhile."""

    @property
    def per_answer(self) -> float | None:
        """Watt-hours; None when no answer was finished."""
        return self.joules / _JOULES / self.answers if self.answers else None

    @property
    def per_thousand_tokens(self) -> float | None:
        """Watt-hours; None when no token was written."""
        return self.joules / _JOULES / self.tokens * 1000 if self.tokens else None


@dataclass(frozen=True)
class EnergyState:
    """What is known of energy."""

    source: str = ""
    """What is measured, in words: `the graphics card and the processor`; empty while nothing reports its power."""
    note: str = ""
    """Why it cannot be told, or what is left out, as a sentence."""
    last: EnergyUse | None = None
    """The last stretch of work, or the one under way."""
    session: EnergyUse | None = None
    """All work since the program was started."""


NO_ENERGY = EnergyState()
"""Before anything was measured."""
