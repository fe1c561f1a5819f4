"""What answers cost in energy, where the hardware reports it (NVML, RAPL). `services.monitor` keeps the meter."""

from collections.abc import Iterator
from dataclasses import dataclass

from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.machine import GpuSample, MachineSample

_JOULES = 3600.0
"""In a watt-hour."""
_LONGEST = 5.0
"""Seconds between two readings that still belong together; nothing is told of a longer pause."""
_PROCESSOR = -1
"""Stands among the numbers of the cards."""
_NOTHING_TELLS = (
    "Nothing here tells its power: there is no NVIDIA card that does, and the processor has no counter (RAPL) or Linux "
    "lets only administrators read it."
)
_NO_PROCESSOR = (
    "The processor is left out: it has no counter of its energy (RAPL), or Linux lets only administrators read it."
)
_NO_CARD = "The graphics card is left out: it does not tell its power."
_NO_CARDS = "Graphics cards that do not tell their power are left out."


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

    def __add__(self, other: "EnergyUse") -> "EnergyUse":
        """Both together."""
        return EnergyUse(
            self.joules + other.joules,
            self.seconds + other.seconds,
            self.tokens + other.tokens,
            self.answers + other.answers,
        )


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


def processor_watts(before: MachineSample, after: MachineSample) -> float | None:
    """What the processor took between two readings, by its counter; None where that is not known.

    After a long pause it is not: the counter may have begun anew, and the mean of an hour is not of now.
    """
    seconds = after.at - before.at
    joules = _growth(before.cpu_energy, after.cpu_energy)
    return None if joules is None or not 0 < seconds <= _LONGEST else joules / seconds


class EnergyMeter:
    """Adds up what cards and processor take while answers are written.

    Engines are asked less often than the machine is read, and work that began between two of their readings is known
    only at the second: what was taken since their last reading is kept apart until it is known whether it was work.
    """

    def __init__(self) -> None:
        self._machine: MachineSample | None = None
        self._engines: dict[str, EngineFigures] = {}
        self._joules = self._seconds = 0.0
        """Since the engines' last reading."""
        self._sources: frozenset[int] = frozenset()
        """Cards, and the processor, that have told what they take."""
        self._whole = False
        """Whether all of them have told it for all the time since the engines' last reading."""
        self._compared = False
        """Whether there have been two readings: one alone cannot tell what is taken."""
        self._at_work = False
        self._last: EnergyUse | None = None
        self._session: EnergyUse | None = None

    def add(self, machine: MachineSample, engines: tuple[EngineFigures, ...]) -> EnergyState:
        """Take a frame and say what is known.

        Args:
            machine: the newest reading.
            engines: those that are ready; the same object as before where one was not asked anew.
        """
        self._watch(machine)
        known = {one.key: one for one in engines}
        if any(self._engines.get(key) is not one for key, one in known.items()):
            self._account(known)
        elif not known:
            self._forget()
        self._engines = known
        return self._state()

    def _watch(self, machine: MachineSample) -> None:
        """Count what was taken since the reading before."""
        before, self._machine = self._machine, machine
        if before is None or machine.at <= before.at:
            return
        self._compared = True
        taken = dict(_taken(before, machine))
        self._whole &= machine.at - before.at <= _LONGEST and self._sources <= taken.keys()
        self._sources |= {one for one in taken if one == _PROCESSOR or not machine.gpus[one].asleep}
        self._joules += sum(taken.values())
        self._seconds += machine.at - before.at

    def _account(self, engines: dict[str, EngineFigures]) -> None:
        """The engines told anew: decide whether what was taken since they last did was for work."""
        tokens, answers, working = 0.0, 0, False
        for key, one in engines.items():
            before = self._engines.get(key)
            working |= one.running > 0 or (before is not None and before.running > 0)
            if before is not None and before is not one and one.generated_tokens >= before.generated_tokens:
                tokens += one.generated_tokens - before.generated_tokens
                answers += one.finished
        working |= tokens > 0
        if working and self._whole and self._sources:
            use = EnergyUse(self._joules, self._seconds, tokens, answers)
            self._last = self._last + use if self._last and self._at_work else use
            self._session = self._session + use if self._session else use
        self._at_work = working
        self._joules = self._seconds = 0.0
        self._whole = True

    def _forget(self) -> None:
        """No engine is ready: nothing is work until one has been read twice."""
        self._joules = self._seconds = 0.0
        self._whole = self._at_work = False

    def _state(self) -> EnergyState:
        if not self._sources:
            return EnergyState(note=_NOTHING_TELLS) if self._compared else NO_ENERGY
        cards = len(self._sources - {_PROCESSOR})
        parts = ["the graphics card" if cards == 1 else f"the {cards} graphics cards"] if cards else []
        parts += ["the processor"] if _PROCESSOR in self._sources else []
        source = " and ".join(parts)
        take = "takes" if len(parts) == 1 and cards < 2 else "take"
        note = f"Counted is all that {source} {take} while answers are written, idle power and other programs included."
        left_out = ("" if _PROCESSOR in self._sources else _NO_PROCESSOR, self._silent_cards())
        return EnergyState(source, " ".join((note, *filter(None, left_out))), self._last, self._session)

    def _silent_cards(self) -> str:
        """What is said of cards that answer and do not tell their power: instances of a divided card, old ones."""
        cards = self._machine.gpus if self._machine else ()
        if not any(number not in self._sources and not (one.asleep or one.note) for number, one in enumerate(cards)):
            return ""
        return _NO_CARD if len(cards) == 1 else _NO_CARDS


def _taken(before: MachineSample, after: MachineSample) -> Iterator[tuple[int, float]]:
    """Joules that each card, by its number, and the processor took between two readings, where they tell it."""
    processor = _growth(before.cpu_energy, after.cpu_energy)
    if processor is not None:
        yield _PROCESSOR, processor
    if len(before.gpus) != len(after.gpus):
        return  # One was lost or came back: a number need not mean the same card any more.
    for number, (one, two) in enumerate(zip(before.gpus, after.gpus, strict=True)):
        joules = _card_joules(one, two, after.at - before.at)
        if joules is not None:
            yield number, joules


def _card_joules(before: GpuSample, after: GpuSample, seconds: float) -> float | None:
    """By its counter where it has one, else by its power; a card that sleeps takes next to nothing."""
    if before.energy is not None and after.energy is not None:
        return _growth(before.energy, after.energy)
    told = [card.power for card in (before, after) if card.power is not None]
    if told:
        return sum(told) / len(told) * seconds
    return 0.0 if after.asleep else None


def _growth(before: float | None, after: float | None) -> float | None:
    """Of a counter; None when it is not known, or began anew meanwhile."""
    return None if before is None or after is None or after < before else after - before
