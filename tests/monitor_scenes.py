"""An hour of frames as machines and engines would give them, for pictures, tests of the page and benchmarks."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace

from desktop_app.domain.engine_figures import EngineFigures, Percentiles
from desktop_app.domain.machine import GpuSample, MachineSample, MemoryUser, Throttle, Usage
from desktop_app.services.gauges import NO_ENGINE, Frame

GIB = 1 << 30
PACE = 2.0
"""Seconds between two frames: that of the strip."""
_LAPTOP = GpuSample("NVIDIA GeForce RTX 4090", 0.0, GIB, 24 * GIB, 38.0, 22.0, 450.0, 210.0, 2520.0, energy=1000.0)
_SERVER = GpuSample("NVIDIA H100 80GB HBM3", 0.0, GIB, 80 * GIB, 31.0, 70.0, 700.0, 345.0, 1980.0, energy=5000.0)


def idle(seconds: float = 3600.0, until: float = 10_000.0) -> Iterator[Frame]:
    """A computer of eight cores without a card on which nothing runs."""
    chance = random.Random(7)
    for at in _times(seconds, until):
        cores = tuple(min(1.0, abs(chance.gauss(0.02, 0.03))) for _ in range(8))
        yield Frame(
            MachineSample(
                sum(cores) / 8,
                round(4.1 * GIB + 1e7 * math.sin(at / 200)),
                16 * GIB,
                cores=cores,
                program=Usage(0.003, 182 << 20),
                at=at,
                seconds=PACE,
            ),
            note=NO_ENGINE,
        )


def busy(cards: int = 1, seconds: float = 3600.0, until: float = 10_000.0) -> Iterator[Frame]:
    """An engine that answers in waves; in the last quarter its KV cache is full and questions wait."""
    chance = random.Random(11)
    card, written = _LAPTOP if cards == 1 else _SERVER, 0.0
    for at in _times(seconds, until):
        work = _wave((until - at) / seconds)
        answers, written = round(work * 24), written + work * 1850 * PACE
        yield Frame(
            _machine(at, work, tuple(_card(card, number, at, work, chance) for number in range(cards)), chance),
            (replace(_engine(work, answers, written, chance), at=at, seconds=PACE),),
        )


def lost(seconds: float = 3600.0, until: float = 10_000.0) -> Iterator[Frame]:
    """As `busy`, but in the last 20 seconds the driver of the card does not answer."""
    note = "The NVIDIA driver did not answer within 3 seconds."
    for frame in busy(seconds=seconds, until=until):
        machine = frame.machine
        if machine.at > until - 20.0:
            gone = tuple(GpuSample(card.name, None, 0, 0, note=note) for card in machine.gpus)
            machine = replace(machine, gpus=gone, gpu_note=note)
        yield replace(frame, machine=machine)


def mixed(seconds: float = 3600.0, until: float = 10_000.0) -> Iterator[Frame]:
    """Two models on three cards, of which one sleeps and one tells nothing in the last 20 seconds."""
    chance = random.Random(13)
    for frame in busy(cards=3, seconds=seconds, until=until):
        machine, first = frame.machine, frame.engines[0]
        busy_one, asleep, other = machine.gpus
        asleep = GpuSample(asleep.name, None, 0, 0, asleep=True)
        if machine.at > until - 20.0:
            other = GpuSample(other.name, None, 0, 0, note="This card does not answer: GPU is lost.")
        second = replace(
            _engine(0.3 * abs(math.sin(machine.at / 90)), 4, machine.at * 40, chance), key="small", name="Qwen3-0.6B"
        )
        yield replace(frame, machine=replace(machine, gpus=(busy_one, asleep, other)), engines=(first, second))


def _times(seconds: float, until: float) -> Iterator[float]:
    count = int(seconds / PACE)
    return (until - PACE * (count - number) for number in range(1, count + 1))


def _wave(left: float) -> float:
    """How much there is to do, 0…1, that share of the hour before its end."""
    if left < 0.03:
        return 1.0
    return max(0.0, math.sin(left * 40)) * (0.4 + 0.6 * (1 - left))


def _machine(at: float, work: float, cards: tuple[GpuSample, ...], chance: random.Random) -> MachineSample:
    cores = tuple(min(1.0, abs(chance.gauss(0.05 + work * (0.7 if core < 4 else 0.15), 0.06))) for core in range(16))
    return MachineSample(
        sum(cores) / 16,
        round((18.2 + work) * GIB),
        64 * GIB,
        cards,
        cores,
        program=Usage(0.011, 214 << 20),
        engine=Usage(work * 2.5, round((6.0 + work) * GIB), read=2e8 if work > 0.9 else 0.0),
        cpu_energy=at * 30 + work,
        at=at,
        seconds=PACE,
    )


def _card(card: GpuSample, number: int, at: float, work: float, chance: random.Random) -> GpuSample:
    share = min(1.0, max(0.0, work * (0.95 - 0.06 * number) + chance.gauss(0.02, 0.02)))
    limit, top = card.power_limit or 0.0, card.top_clock or 0.0
    return replace(
        card,
        busy=share,
        used_bytes=round(card.total_bytes * (0.86 - 0.01 * number)),
        temperature=34 + 45 * share + number % 3,
        power=limit * (0.1 + 0.88 * share),
        clock=top * (0.35 + 0.6 * share),
        throttles=frozenset({Throttle.POWER}) if share > 0.93 else frozenset(),
        energy=at * limit / 2,
        users=(
            MemoryUser("VLLM::EngineCore", round(card.total_bytes * 0.82), ours=True),
            MemoryUser("Xorg", 190 << 20),
        ),
    )


def _engine(work: float, answers: int, written: float, chance: random.Random) -> EngineFigures:
    first, between = 0.06 + work * 0.9, 0.011 + work * 0.02
    return EngineFigures(
        "guide",
        "Qwen3-8B",
        generation=work * 1850 + chance.random() * 20 * bool(answers),
        prompt=work * 4200 * chance.random(),
        running=min(answers, 16),
        waiting=max(0, answers - 16),
        preempted=1 if answers > 22 else 0,
        finished=1 if answers and chance.random() < 0.2 else 0,
        kv_cache=min(1.0, work * 1.02),
        kv_tokens=131_072,
        kv_block=16,
        hit_rate=0.62 if answers else None,
        first_word=Percentiles(first, first * 1.8, first * 3.1) if answers else None,
        between=Percentiles(between, between * 1.4, between * 2.2) if answers else None,
        generated_tokens=written,
    )
