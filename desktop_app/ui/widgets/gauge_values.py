"""What the gauge strip says: a `Frame` turned into short texts, shares and words. No painting here.

Figures are made for every frame; their explanations only for whoever points at them, their words only now and then.
"""

from enum import Enum
from typing import NamedTuple

from desktop_app.domain.machine import GpuSample, MachineSample
from desktop_app.services.gauges import Frame

_GIB = 1 << 30
"""Memory is sold and shown in these, under the name GB."""
_SCARCE = 0.9
"""Above this share of memory the bar warns."""
_CARDS_SHOWN = 2
"""More cards than these are summed up; the tooltip still tells each."""
UNKNOWN = "–"
ASLEEP = "asleep"
NO_DATA = "no data"


class Graph(Enum):
    """How a gauge is drawn beside its text."""

    NONE = "none"
    BAR = "bar"
    CURVE = "curve"


class Tone(Enum):
    """What a gauge's colour stands for; the names are those of the tokens."""

    MACHINE = "accent"
    ENGINE = "good"
    SCARCE = "warn"


class Gauge(NamedTuple):
    """One gauge at one moment."""

    key: str
    """Tells it from the others for as long as it is shown."""
    label: str
    text: str
    widest: str
    """The widest text that it usually has: room is kept for it, so that nothing moves when figures change."""
    graph: Graph
    amount: float | None
    """A share 0…1; for the speed, tokens per second; None when unknown."""
    tone: Tone


def gauges(frame: Frame, *, brief: bool = False) -> tuple[Gauge, ...]:
    """All gauges of *frame*, from left to right.

    A *brief* strip sums up all cards, tells memory as a share, and does not call a speed by its name.
    """
    machine = frame.machine
    shown = [
        Gauge("cpu", "CPU", _percent(machine.cpu), "100 %", Graph.CURVE, machine.cpu, Tone.MACHINE),
        _memory("ram", "RAM", machine.used_bytes, machine.total_bytes, brief),
    ]
    groups = _groups(machine, brief)
    for number, cards in enumerate(groups):
        mark = f" {number}" if len(groups) > 1 else ""
        busy, text = _busy(cards), _busy_text(cards, _note(cards, machine))
        widest = max("100 %", text, key=len)
        shown.append(Gauge(f"gpu{number}", f"GPU{mark}", text, widest, Graph.CURVE, busy, Tone.MACHINE))
        used, total = _sizes(cards)
        if total:
            shown.append(_memory(f"vram{number}", f"VRAM{mark}", used, total, brief))
    if machine.gpu_note and not groups:
        shown.append(Gauge("gpu", "GPU", NO_DATA, NO_DATA, Graph.NONE, None, Tone.MACHINE))
    return (*shown, _kv(frame), _speed(frame, brief), _answers(frame))


def words(frame: Frame) -> str:
    """All gauges in words, for ears."""
    machine = frame.machine
    said = [
        f"Processor {_spoken_percent(machine.cpu)} busy",
        _memory_words("Memory", machine.used_bytes, machine.total_bytes) if machine.total_bytes else "Memory unknown",
    ]
    groups = _groups(machine)
    for number, cards in enumerate(groups):
        said += _card_words(cards, f" {number}" if len(groups) > 1 else "", _note(cards, machine))
    if machine.gpu_note and not groups:
        said.append(f"No data of the graphics card. {machine.gpu_note.rstrip('.')}")
    speed, share = frame.tokens_per_second, frame.kv_cache
    if speed is None:
        said.append(frame.note.rstrip(".") or "Speed unknown")
    else:
        said.append(f"KV cache {_spoken_percent(share)} full" if share is not None else "KV cache unknown")
        said += [f"{speed:.0f} tokens per second", answers_words(frame.running, frame.waiting)]
    return ". ".join(said) + "."


def explanation(frame: Frame, key: str, *, brief: bool = False) -> str:
    """What the figure of the gauge *key* is, in a sentence, and more about it where there is more."""
    if key == "cpu":
        return "How busy the processor is, all cores together."
    if key == "ram":
        return "Memory in use by all programs."
    if key in _ENGINE:
        return f"{_ENGINE[key]} {_each_engine(frame)}".strip()
    groups = _groups(frame.machine, brief)
    cards = groups[int(key[-1])] if groups else ()
    what = "How busy the graphics card is." if key.startswith("gpu") else "Memory of the graphics card in use."
    return " ".join(part for part in (what, _each(cards), _note(cards, frame.machine)) if part)


def answers_words(running: int, waiting: int) -> str:
    """How many answers are written and how many questions wait, e.g. `2 answers being written, 1 question waiting`."""
    written = "no answer" if not running else "1 answer" if running == 1 else f"{running:,} answers"
    queued = f", {waiting:,} question{'' if waiting == 1 else 's'} waiting" if waiting else ""
    return f"{written} being written{queued}"


_ENGINE = {
    "kv": "How full the KV cache is: the memory in which the model keeps the running conversations in mind.",
    "speed": "Tokens that the model writes per second, all running answers together.",
    "answers": "Answers that are being written, and questions that wait until there is room for them.",
}


def _memory(key: str, label: str, used: int, total: int, brief: bool) -> Gauge:
    share = used / total if total else None
    tone = Tone.SCARCE if share is not None and share > _SCARCE else Tone.MACHINE
    if brief or not total:
        return Gauge(key, label, _percent(share), "100 %", Graph.BAR, share, tone)
    whole = _gigabytes(total)
    widest = f"{whole if '.' in whole or len(whole) > 2 else whole + '.0'} / {whole} GB"
    return Gauge(key, label, f"{_gigabytes(used)} / {whole} GB", widest, Graph.BAR, share, tone)


def _kv(frame: Frame) -> Gauge:
    share = frame.kv_cache
    tone = Tone.SCARCE if share is not None and share > _SCARCE else Tone.ENGINE
    return Gauge("kv", "KV", _percent(share), "100 %", Graph.BAR, share, tone)


def _speed(frame: Frame, brief: bool) -> Gauge:
    speed = frame.tokens_per_second
    label = "" if brief and speed is not None else "Speed"
    text = UNKNOWN if speed is None else f"{speed:,.0f} tok/s" if speed >= 10 or not speed else f"{speed:.1f} tok/s"
    return Gauge("speed", label, text, max("999 tok/s", text, key=len), Graph.CURVE, speed, Tone.ENGINE)


def _answers(frame: Frame) -> Gauge:
    """The last one: it needs more room while questions wait, and nothing stands behind it that would move."""
    if not frame.engines:
        return Gauge("answers", "Answers", UNKNOWN, "99", Graph.NONE, None, Tone.ENGINE)
    running, waiting = frame.running, frame.waiting
    text = f"{running:,} · {waiting:,} waiting" if waiting else f"{running:,}"
    widest = max("99 · 99 waiting" if waiting else "99", text, key=len)
    return Gauge("answers", "Answers", text, widest, Graph.NONE, float(running), Tone.ENGINE)


def _groups(machine: MachineSample, brief: bool = False) -> tuple[tuple[GpuSample, ...], ...]:
    """The cards that each gauge stands for."""
    cards = machine.gpus
    if len(cards) <= (1 if brief else _CARDS_SHOWN):
        return tuple((card,) for card in cards)
    return (cards,)


def _busy(cards: tuple[GpuSample, ...]) -> float | None:
    """The mean of those that tell; a sleeping card does nothing."""
    known = [card.busy or 0.0 for card in cards if card.busy is not None or card.asleep]
    return sum(known) / len(known) if known and not _all_asleep(cards) else None


def _busy_text(cards: tuple[GpuSample, ...], note: str) -> str:
    if _all_asleep(cards):
        return ASLEEP
    busy = _busy(cards)
    return NO_DATA if busy is None and note else _percent(busy)


def _note(cards: tuple[GpuSample, ...], machine: MachineSample) -> str:
    """Why nothing is known of any card, or of one of *cards* while others answer."""
    return machine.gpu_note or next((card.note for card in cards if card.note), "")


def _all_asleep(cards: tuple[GpuSample, ...]) -> bool:
    return all(card.asleep for card in cards)


def _sizes(cards: tuple[GpuSample, ...]) -> tuple[int, int]:
    """Bytes in use and in all, of the cards that are awake."""
    awake = [card for card in cards if not card.asleep]
    return sum(card.used_bytes for card in awake), sum(card.total_bytes for card in awake)


def _card_words(cards: tuple[GpuSample, ...], mark: str, note: str) -> list[str]:
    name = f"Graphics card{mark}" if len(cards) == 1 else f"{len(cards)} graphics cards"
    busy = _busy(cards)
    if _all_asleep(cards):
        return [f"{name} asleep"]
    if busy is None:
        return [f"{name}: no data. {note.rstrip('.')}" if note else f"{name} load unknown"]
    used, total = _sizes(cards)
    said = [f"{name} {_spoken_percent(busy)} busy"]
    return [*said, _memory_words(f"{name} memory", used, total)] if total else said


def _memory_words(name: str, used: int, total: int) -> str:
    return f"{name} {_gigabytes(used)} of {_gigabytes(total)} gigabytes used"


def _each(cards: tuple[GpuSample, ...]) -> str:
    """Names of the cards that a gauge stands for, each with its own figures when there are several."""
    if len(cards) <= 1:
        return "".join(f"{card.name}, {ASLEEP}." if card.asleep else card.name for card in cards)
    return "\n" + "\n".join(f"{card.name}: {_figures(card)}" for card in cards)


def _figures(card: GpuSample) -> str:
    if card.asleep:
        return ASLEEP
    if card.note:
        return NO_DATA
    memory = f", {_gigabytes(card.used_bytes)} / {_gigabytes(card.total_bytes)} GB" if card.total_bytes else ""
    return f"{_percent(card.busy)}{memory}"


def _each_engine(frame: Frame) -> str:
    """What every engine does when there are several; why nothing is known of one, or of all."""
    if len(frame.engines) <= 1:
        return frame.note
    lines = [
        f"{one.name}: KV {_percent(one.kv_cache)}, {one.generation:,.0f} tok/s,"
        f" {answers_words(one.running, one.waiting)}"
        for one in frame.engines
    ]
    return "\n".join(["", *lines, frame.note]).rstrip()


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share * 100:.0f} %"


def _spoken_percent(share: float) -> str:
    return f"{share * 100:.0f} percent"


def _gigabytes(size: int) -> str:
    value = size / _GIB
    return f"{value:.1f}" if value < 100 and round(value, 1) != round(value) else f"{value:.0f}"
