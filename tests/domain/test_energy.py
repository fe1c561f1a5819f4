"""What answers cost in energy."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.energy import NO_ENERGY, EnergyMeter, EnergyState, EnergyUse
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.machine import GpuSample, MachineSample

GIB = 2**30
CARD = GpuSample("NVIDIA RTX 4090", 0.5, 0, 24 * GIB)


class World:
    """A machine that takes some watts, and an engine that works or rests; both told once a second."""

    def __init__(
        self, *, card: bool = True, counter: bool = True, processor: bool = False, pace: float = 1.0, every: int = 1
    ) -> None:
        self.meter = EnergyMeter()
        self._card, self._counter, self._processor = card, counter, processor
        self._pace, self._every = pace, every
        self.at, self._frames = 100.0, 0
        self.card_joules, self.processor_joules = 5000.0, 900.0
        self._tokens = 0.0
        self._told: tuple[EngineFigures, ...] = ()
        self._finished = 0
        self.cards: int | None = None
        self.state = NO_ENERGY

    def sample(self, watts: float) -> MachineSample:
        energy = self.card_joules if self._counter else None
        card = replace(CARD, power=watts, energy=energy)
        count = self.cards if self.cards is not None else int(self._card)
        joules = self.processor_joules if self._processor else None
        return MachineSample(0.5, GIB, 32 * GIB, (card,) * count, cpu_energy=joules, at=self.at, seconds=self._pace)

    def live(
        self, seconds: float, watts: float, *, running: int = 0, speed: float = 0.0, answers: int = 0
    ) -> EnergyState:
        """Let time pass; answers are finished at its end."""
        for step in range(round(seconds / self._pace)):
            self.at += self._pace
            self.card_joules += watts * self._pace
            self.processor_joules += 30.0 * self._pace
            self._tokens += speed * self._pace
            last = step == round(seconds / self._pace) - 1
            self._finished += answers if last else 0
            self._frames += 1
            if self._frames % self._every == 0:
                now = 0 if last and answers else running
                told = EngineFigures("a", "Guide", running=now, finished=self._finished, generated_tokens=self._tokens)
                self._told, self._finished = (told,), 0
            self.state = self.meter.add(self.sample(watts), self._told)
        return self.state

    def restart_engine(self) -> None:
        self._tokens = 0.0

    def no_engine(self) -> None:
        self._told = ()
        self.at += self._pace
        self.state = self.meter.add(self.sample(50.0), ())


def test_what_was_taken_while_an_answer_was_written() -> None:
    world = World()
    world.live(20, 50)
    state = world.live(10, 300, running=1, speed=40, answers=1)
    assert state.last == EnergyUse(3000.0, 10.0, 400.0, 1)
    assert state.session == state.last
    assert state.last is not None
    assert state.last.per_answer == pytest.approx(3000 / 3600)
    assert state.last.per_thousand_tokens == pytest.approx(3000 / 3600 / 400 * 1000)


def test_rest_between_answers_is_not_counted() -> None:
    world = World()
    world.live(5, 50)
    world.live(10, 300, running=1, speed=40, answers=1)
    world.live(100, 50)
    state = world.live(10, 200, running=2, speed=10, answers=2)
    assert state.last == EnergyUse(2000.0, 10.0, 100.0, 2)
    assert state.session == EnergyUse(5000.0, 20.0, 500.0, 3)


@pytest.mark.parametrize("counter", [True, False])
@pytest.mark.parametrize("pace", [0.5, 1.0, 2.0])
def test_it_is_the_same_at_every_pace_with_a_counter_or_without(counter: bool, pace: float) -> None:
    world = World(counter=counter, pace=pace)
    world.live(20, 300)
    state = world.live(20, 300, running=1, speed=40, answers=1)
    assert state.last == EnergyUse(pytest.approx(6000.0), pytest.approx(20.0), pytest.approx(800.0), 1)  # type: ignore[arg-type]


def test_power_is_the_mean_of_two_readings() -> None:
    world = World(counter=False)
    world.live(5, 100)
    state = world.live(1, 300, running=1, speed=40)
    assert state.last is not None
    assert state.last.joules == pytest.approx(200.0)


def test_engines_that_are_asked_seldom() -> None:
    world = World(every=6)
    world.live(60, 50)
    world.live(12, 300, running=1, speed=40)
    state = world.live(60, 50)
    # It was still running when it was last asked: until the next answer to that, it counts as work.
    assert state.last == EnergyUse(12 * 300.0 + 6 * 50, 18.0, 480.0, 0)


def test_an_answer_between_two_questions_to_the_engine_is_counted() -> None:
    world = World(every=6)
    world.live(60, 50)
    world.live(2, 300, speed=40)
    state = world.live(10, 50)
    assert state.last == EnergyUse(2 * 300.0 + 4 * 50, 6.0, 80.0, 0)


def test_the_same_reading_of_an_engine_counts_once() -> None:
    meter = EnergyMeter()
    at, joules = 100.0, 0.0
    first = EngineFigures("a", "Guide", running=1)
    second = EngineFigures("a", "Guide", running=1, finished=3, generated_tokens=30)
    for engine in (first, first, second, second, second):
        at, joules = at + 0.5, joules + 50
        state = meter.add(MachineSample(0.5, 1, 2, (replace(CARD, energy=joules),), at=at, seconds=0.5), (engine,))
    assert state.session == EnergyUse(100.0, 1.0, 30.0, 3)


def test_the_processor_is_counted_too() -> None:
    world = World(processor=True)
    world.live(5, 50)
    state = world.live(10, 300, running=1, speed=40, answers=1)
    assert state.last == EnergyUse(3300.0, 10.0, 400.0, 1)
    assert state.source == "the graphics card and the processor"
    assert state.note == (
        "Counted is all that the graphics card and the processor take while answers are written, idle power and other "
        "programs included."
    )


def test_the_processor_alone() -> None:
    world = World(card=False, processor=True)
    world.live(5, 0)
    state = world.live(10, 0, running=1, speed=5, answers=1)
    assert state.last == EnergyUse(300.0, 10.0, 50.0, 1)
    assert state.source == "the processor"
    assert state.note.startswith("Counted is all that the processor takes while")


def test_several_cards() -> None:
    world = World()
    world.cards = 8
    world.live(5, 50)
    state = world.live(10, 100, running=1, speed=5)
    assert state.last == EnergyUse(8000.0, 10.0, 50.0, 0)
    assert state.source == "the 8 graphics cards"
    assert state.note.startswith("Counted is all that the 8 graphics cards take while")
    assert "administrators" in state.note
    assert state.last.per_answer is None


def test_nothing_tells_its_power() -> None:
    world = World(card=False)
    assert world.live(1, 0) == NO_ENERGY
    state = world.live(10, 0, running=1, speed=5, answers=1)
    assert (state.source, state.last, state.session) == ("", None, None)
    assert state.note.startswith("Nothing here tells its power")


def test_a_card_that_tells_nothing_and_always_sleeps_is_no_source() -> None:
    meter, state = EnergyMeter(), NO_ENERGY
    card = replace(CARD, busy=None, asleep=True)
    for second in range(5):
        engine = EngineFigures("a", "Guide", running=1, generated_tokens=second * 10.0)
        state = meter.add(MachineSample(0.5, 1, 2, (card,), at=float(second), seconds=1.0), (engine,))
    assert state.source == ""
    assert state.session is None


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ((replace(CARD, busy=None),), " The graphics card is left out: it does not tell its power."),
        ((CARD, replace(CARD, power=50.0)), " Graphics cards that do not tell their power are left out."),
        ((replace(CARD, asleep=True),), ""),
        ((replace(CARD, note="It stopped answering."),), ""),
        ((), ""),
    ],
)
def test_cards_that_do_not_tell_their_power_are_said_to_be_left_out(cards: tuple[GpuSample, ...], words: str) -> None:
    meter, state = EnergyMeter(), NO_ENERGY
    for second in range(3):
        sample = MachineSample(0.5, 1, 2, cards, cpu_energy=second * 30.0, at=float(second), seconds=1.0)
        state = meter.add(sample, ())
    assert state.note.endswith(f"programs included.{words}")


def test_a_counter_that_began_anew_is_skipped() -> None:
    world = World()
    world.live(5, 50)
    world.live(5, 300, running=1, speed=40)
    world.card_joules = 10.0
    world.live(1, 300, running=1, speed=40)
    state = world.live(4, 300, running=1, speed=40)
    assert state.last == EnergyUse(9 * 300.0, 9.0, 9 * 40.0, 0)


def test_an_engine_that_began_anew_brings_no_tokens_below_nothing() -> None:
    world = World()
    world.live(5, 50)
    world.live(5, 300, running=1, speed=40)
    world.restart_engine()
    state = world.live(1, 300, running=1, speed=0)
    assert state.session == EnergyUse(6 * 300.0, 6.0, 200.0, 0)


def test_a_long_pause_is_skipped() -> None:
    world = World()
    world.live(5, 50)
    world.live(5, 300, running=1, speed=40)
    world.at += 3600
    world.card_joules += 3600 * 300
    world.live(1, 300, running=1, speed=40)
    state = world.live(5, 300, running=1, speed=40)
    assert state.session == EnergyUse(10 * 300.0, 10.0, 400.0, 0)


def test_a_card_that_is_lost_meanwhile_is_not_taken_for_nothing() -> None:
    world = World(processor=True)
    world.cards = 1
    world.live(5, 50)
    world.live(5, 300, running=1, speed=40)
    world.cards = 0
    world.live(5, 300, running=1, speed=40)
    world.cards = 1
    world.live(1, 300, running=1, speed=40)
    state = world.live(5, 300, running=1, speed=40)
    assert state.session == EnergyUse(10 * 330.0, 10.0, 400.0, 0)


def test_what_was_before_an_engine_was_ready_is_not_counted() -> None:
    world = World()
    world.live(5, 50)
    world.no_engine()
    world.live(1, 300, running=1, speed=40)
    state = world.live(5, 300, running=1, speed=40)
    assert state.session == EnergyUse(5 * 300.0, 5.0, 200.0, 0)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 20), st.integers(0, 500)), min_size=1, max_size=20))
def test_all_that_was_taken_at_work_and_nothing_else(stretches: list[tuple[bool, int, int]]) -> None:
    world = World()
    world.live(2, 50)
    joules = seconds = 0
    at_work = False
    for working, length, watts in stretches:
        state = world.live(length, watts, running=int(working), speed=10.0 * working)
        joules += watts * length if working else watts * at_work
        seconds += length if working else at_work
        at_work = working
    use = state.session or EnergyUse(0.0, 0.0, 0.0, 0)
    assert use.joules == pytest.approx(joules)
    assert use.seconds == pytest.approx(seconds)


def test_there_is_no_share_without_answers_or_tokens() -> None:
    assert EnergyUse(5.0, 1.0, 0.0, 0).per_answer is None
    assert EnergyUse(5.0, 1.0, 0.0, 0).per_thousand_tokens is None
