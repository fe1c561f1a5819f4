"""Which charts Monitor has for this machine and its engines, and what a reading of the machine adds to their curves.

`services.monitor` calls it with every frame: `values` go into the `History`, `charts` to the page, which builds them
anew only when they differ from the last. What engines add is in `engine_curves`, drawing in `ui/widgets/chart`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from desktop_app.domain import chart_table as table
from desktop_app.domain.curves import Chart, Curve, Unit
from desktop_app.domain.energy import processor_watts
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.machine import GpuSample, MachineSample, card_name, plain_name

MOST_CARDS = 16
"""More cards than these have no curves of their own; no computer with more has been seen."""
_MOVING = 1e6
"""Bytes per second. Below it, what is written is settings and logs, not a model."""
_FIRST_ENGINE = "Nothing yet: no model has been running since this window was opened."
_SUMS = "With several models running, these are sums of all."
_FULLEST = "With several models running, this is the fullest cache, and the share of the busiest model."
_BUSIEST = "With several models running, these are the times of the busiest."

_MEMORY = (
    Curve("memory.program", "This program"),
    Curve("memory.engines", "Engines"),
    Curve("memory.others", "Other programs"),
)
_TRANSFERS = (
    Curve("transfer.network", "Downloaded"),
    Curve("transfer.written", "Written to disk"),
    Curve("transfer.read", "Read from disk"),
)
_ENGINE_CHARTS = (
    (table.TOKENS, (Curve("engine.generation", "Written"), Curve("engine.prompt", "Read")), _SUMS),
    (
        table.ANSWERS,
        (
            Curve("engine.running", "Being written"),
            Curve("engine.waiting", "Waiting"),
            Curve("engine.preempted", "Interrupted"),
        ),
        _SUMS,
    ),
    (table.KV_CACHE, (Curve("engine.kv", "In use"), Curve("engine.hits", "Found in prefix cache")), _FULLEST),
    (table.FIRST_WORD, tuple(Curve(f"engine.first.{name}", name) for name in ("p50", "p90", "p99")), _BUSIEST),
    (table.BETWEEN, tuple(Curve(f"engine.between.{name}", name) for name in ("p50", "p90", "p99")), _BUSIEST),
)
"""Charts, their curves, and what to add where there are several engines."""


@dataclass(frozen=True)
class CardTraits:
    """What a card has told of itself so far: its curves stay when it says nothing for a while."""

    name: str
    total_bytes: int = 0
    busy: bool = False
    temperature: bool = False
    power: bool = False
    clock: bool = False

    def with_sample(self, card: GpuSample) -> "CardTraits":
        """These, and what *card* tells now."""
        return CardTraits(
            plain_name(card.name, "Graphics card"),
            card.total_bytes or self.total_bytes,
            self.busy or card.busy is not None,
            self.temperature or card.temperature is not None,
            self.power or card.power is not None,
            self.clock or card.clock is not None,
        )


@dataclass(frozen=True)
class Past:
    """What there has been since the program was started, which says which charts there are."""

    cards: tuple[CardTraits, ...] = ()
    cores: int = 0
    total_bytes: int = 0
    processor_power: bool = False
    engines: int = 0
    """How many have been ready at the same time, at most."""
    transfers: bool = False
    """Whether something was downloaded, or read or written in bulk by this program or its engines."""

    def after(self, machine: MachineSample, engines: tuple[EngineFigures, ...], network: float | None = None) -> "Past":
        """This, and one more reading; equal to this when it brought nothing new."""
        known = dict(enumerate(self.cards))
        for number, card in enumerate(machine.gpus[:MOST_CARDS]):
            known[number] = known.get(number, CardTraits("")).with_sample(card)
        moved = max(network or 0.0, _written(machine), _read(machine))
        return replace(
            self,
            cards=tuple(known.values()),
            cores=max(self.cores, len(machine.cores)),
            total_bytes=machine.total_bytes or self.total_bytes,
            processor_power=self.processor_power or machine.cpu_energy is not None,
            engines=max(self.engines, len(engines)),
            transfers=self.transfers or moved >= _MOVING,
        )


NOTHING_YET = Past()
"""Before the first reading."""


def charts(machine: MachineSample, engines: tuple[EngineFigures, ...], past: Past = NOTHING_YET) -> tuple[Chart, ...]:
    """The charts from top to bottom; equal to those of the frame before as long as nothing new has appeared.

    Args:
        machine: the newest reading.
        engines: those that are ready.
        past: what there has been; a card that is lost for a while, and an engine that was stopped, keep their curves.
    """
    known = past.after(machine, engines)
    return (*_of_machine(known), *_of_cards(known, machine.gpu_note), *_of_engines(known))


def values(
    machine: MachineSample, network: float | None = None, before: MachineSample | None = None
) -> dict[str, float]:
    """What a reading of the machine adds to the `History`, by the curves' keys; what is not known is left out.

    Args:
        machine: the newest reading.
        network: bytes per second of all downloads; None when there is none.
        before: the reading before, from which the processor's power is told.
    """
    return {
        **_machine_values(machine, network or 0.0, before),
        **dict(chain.from_iterable(_card_values(*card) for card in enumerate(machine.gpus[:MOST_CARDS]))),
    }


def _of_machine(past: Past) -> Iterator[Chart]:
    yield replace(table.PROCESSOR, curves=(Curve("cpu", "All cores"),))
    if past.cores > 1:
        yield replace(table.CORES, curves=_numbered("core{}", "Core", past.cores))
    yield replace(table.MEMORY, curves=_MEMORY, top=float(past.total_bytes) or None)
    yield replace(table.PROGRAM, curves=(Curve("program.cpu", "Processor"),))
    if past.transfers:
        yield replace(table.TRANSFERS, curves=_TRANSFERS)
    if past.processor_power:
        cards = Curve("power.cards", "Graphics card" if len(past.cards) == 1 else "Graphics cards")
        told = (cards,) if any(card.power for card in past.cards) else ()
        yield replace(table.POWER, curves=(Curve("power.processor", "Processor"), *told))


def _of_cards(past: Past, note: str) -> Iterator[Chart]:
    cards = past.cards
    if not cards and note:
        yield replace(table.CARD_USE, note=note)
    if any(card.busy for card in cards):
        yield replace(table.CARD_USE, curves=_of_each(cards, "busy"))
    if len(cards) == 1 and cards[0].total_bytes:
        yield replace(table.CARD_MEMORY, curves=_of_each(cards, "memory"), top=float(cards[0].total_bytes))
    elif any(card.total_bytes for card in cards):
        yield replace(table.CARD_MEMORY, unit=Unit.SHARE, curves=_of_each(cards, "memory_share"), top=1.0)
    if any(card.temperature for card in cards):
        yield replace(table.CARD_TEMPERATURE, curves=_of_each(cards, "temperature"))
    if any(card.power for card in cards):
        yield replace(table.CARD_POWER, curves=_of_each(cards, "power"))
    if any(card.clock for card in cards):
        yield replace(table.CARD_CLOCK, curves=_of_each(cards, "clock"))


def _of_each(cards: tuple[CardTraits, ...], figure: str) -> tuple[Curve, ...]:
    """A curve for each card: by its name where there is one only, by its number otherwise."""
    if len(cards) == 1:
        return (Curve(f"card0.{figure}", card_name(cards[0].name)),)
    return _numbered(f"card{{}}.{figure}", "Card", len(cards))


def _numbered(key: str, word: str, count: int) -> tuple[Curve, ...]:
    return tuple(Curve(key.format(number), f"{word} {number}", str(number)) for number in range(count))


def _of_engines(past: Past) -> Iterator[Chart]:
    for chart, curves, several in _ENGINE_CHARTS:
        if not past.engines:
            yield replace(chart, note=_FIRST_ENGINE)
        elif past.engines == 1:
            yield replace(chart, curves=curves)
        else:
            yield replace(chart, curves=curves, explanation=f"{chart.explanation} {several}")


def _machine_values(machine: MachineSample, network: float, before: MachineSample | None) -> dict[str, float]:
    program, engines = machine.program.memory_bytes, machine.engine.memory_bytes
    found = {"transfer.network": network}
    if machine.total_bytes:
        found["memory.program"] = program
        found["memory.engines"] = engines
        found["memory.others"] = max(0, machine.used_bytes - program - engines)
    if machine.seconds > 0:
        # The first reading has nothing to be compared with: its shares and rates say nothing.
        found["cpu"] = machine.cpu
        found["program.cpu"] = machine.program.cpu
        found["transfer.written"], found["transfer.read"] = _written(machine), _read(machine)
        found.update((f"core{number}", share) for number, share in enumerate(machine.cores))
    if before is not None and (watts := processor_watts(before, machine)) is not None:
        found["power.processor"] = watts
    if powers := [card.power for card in machine.gpus if card.power is not None]:
        found["power.cards"] = sum(powers)
    return found


def _card_values(number: int, card: GpuSample) -> Iterator[tuple[str, float]]:
    told = {"busy": card.busy, "temperature": card.temperature, "power": card.power, "clock": card.clock}
    for figure, value in told.items():
        if value is not None:
            yield f"card{number}.{figure}", value
    if card.total_bytes and not card.asleep:
        yield f"card{number}.memory", card.used_bytes
        yield f"card{number}.memory_share", card.used_bytes / card.total_bytes


def _written(machine: MachineSample) -> float:
    return machine.program.written + machine.engine.written


def _read(machine: MachineSample) -> float:
    return machine.program.read + machine.engine.read
