"""What the gauge strip says: a `Frame` turned into short texts, shares and words. No painting here."""

from dataclasses import dataclass
from enum import Enum

from desktop_app.domain.machine import GpuSample
from desktop_app.services.gauges import Frame

_GIB = 1 << 30
"""Memory is sold and shown in these, under the name GB."""
_SCARCE = 0.9
"""Above this share of memory the bar warns."""
_CARDS_SHOWN = 2
"""More cards than these are summed up; the tooltip still tells each."""
UNKNOWN = "–"


class Graph(Enum):
    """How a gauge is drawn beside its text."""

    BAR = "bar"
    CURVE = "curve"


class Tone(Enum):
    """What a gauge's colour stands for; the names are those of the tokens."""

    MACHINE = "accent"
    ENGINE = "good"
    SCARCE = "warn"


@dataclass(frozen=True)
class Gauge:
    """One gauge at one moment."""

    key: str
    """Tells it from the others for as long as it is shown."""
    label: str
    text: str
    widest: str
    """The widest text that it may have: room is kept for it, so that nothing moves when figures change."""
    graph: Graph
    amount: float | None
    """A share 0…1; for the speed, tokens per second; None when unknown."""
    tone: Tone
    words: str
    """For ears, e.g. `Processor 12 percent busy`."""
    tip: str
    """What the figure is, in one sentence; and more about it where there is more."""


def gauges(frame: Frame) -> tuple[Gauge, ...]:
    """All gauges of *frame*, from left to right."""
    machine = frame.machine
    cards = machine.gpus if len(machine.gpus) <= _CARDS_SHOWN else (_sum(machine.gpus),)
    many = len(cards) > 1
    shown = [
        _busy("cpu", "CPU", "Processor", machine.cpu, "How busy the processor is, all cores together."),
        _memory("ram", "RAM", "Memory", machine.used_bytes, machine.total_bytes, "Memory in use by all programs."),
    ]
    for number, card in enumerate(cards):
        mark, name = (f" {number}", f"Graphics card {number}") if many else ("", "Graphics card")
        tip = f"How busy the graphics card is. {_each(machine.gpus, number if many else None)}"
        shown.append(_busy(f"gpu{number}", f"GPU{mark}", name, card.busy, tip))
        if card.total_bytes:
            tip = f"Memory of the graphics card in use. {_each(machine.gpus, number if many else None)}"
            used, total = card.used_bytes, card.total_bytes
            shown.append(_memory(f"vram{number}", f"VRAM{mark}", f"{name} memory", used, total, tip))
    return (*shown, _kv(frame), _speed(frame))


def words(frame: Frame) -> str:
    """All gauges in words, for ears."""
    return ". ".join(gauge.words for gauge in gauges(frame)) + "."


def _busy(key: str, label: str, name: str, share: float | None, tip: str) -> Gauge:
    spoken = f"{name} load unknown" if share is None else f"{name} {share * 100:.0f} percent busy"
    return Gauge(key, label, _percent(share), "100 %", Graph.CURVE, share, Tone.MACHINE, spoken, tip.strip())


def _memory(key: str, label: str, name: str, used: int, total: int, tip: str) -> Gauge:
    share = used / total if total else None
    whole = _gigabytes(total)
    return Gauge(
        key,
        label,
        f"{_gigabytes(used)} / {whole} GB" if total else UNKNOWN,
        f"{whole if '.' in whole or len(whole) > 2 else whole + '.0'} / {whole} GB",
        Graph.BAR,
        share,
        Tone.SCARCE if share is not None and share > _SCARCE else Tone.MACHINE,
        f"{name} {_gigabytes(used)} of {whole} gigabytes used" if total else f"{name} unknown",
        tip.strip(),
    )


def _kv(frame: Frame) -> Gauge:
    tip = "How full the KV cache is: the memory in which the model keeps the running conversations in mind."
    share = frame.kv_cache
    spoken = "KV cache unknown" if share is None else f"KV cache {share * 100:.0f} percent full"
    tip = f"{tip} {frame.note}".strip()
    return Gauge("kv", "KV", _percent(share), "100 %", Graph.BAR, share, Tone.ENGINE, spoken, tip)


def _speed(frame: Frame) -> Gauge:
    tip = "Tokens that the model writes per second, all running answers together."
    speed = frame.tokens_per_second
    if frame.note:
        tip = f"{tip} {frame.note}"
    elif frame.running or frame.waiting:
        tip = f"{tip} Answers being written: {frame.running}; questions waiting: {frame.waiting}."
    text = UNKNOWN if speed is None else f"{speed:,.0f} tok/s" if speed >= 10 or not speed else f"{speed:.1f} tok/s"
    widest = max("999 tok/s", text, key=len)
    spoken = (frame.note.rstrip(".") or "Speed unknown") if speed is None else f"{speed:.0f} tokens per second"
    return Gauge("speed", "Speed", text, widest, Graph.CURVE, speed, Tone.ENGINE, spoken, tip)


def _sum(cards: tuple[GpuSample, ...]) -> GpuSample:
    known = [card.busy for card in cards if card.busy is not None]
    return GpuSample(
        f"{len(cards)} cards",
        sum(known) / len(known) if known else None,
        sum(card.used_bytes for card in cards),
        sum(card.total_bytes for card in cards),
    )


def _each(cards: tuple[GpuSample, ...], number: int | None) -> str:
    """Names of the cards that a gauge stands for, each with its own figures when there are several."""
    if number is not None:
        return cards[number].name
    if len(cards) == 1:
        return cards[0].name
    return "\n".join(
        f"{card.name}: {_percent(card.busy)}, {_gigabytes(card.used_bytes)} / {_gigabytes(card.total_bytes)} GB"
        for card in cards
    )


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share * 100:.0f} %"


def _gigabytes(size: int) -> str:
    value = size / _GIB
    return f"{value:.1f}" if value < 100 and round(value, 1) != round(value) else f"{value:.0f}"
