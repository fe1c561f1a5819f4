"""The words of Monitor's parts: cards, KV cache, energy, own use. No painting, no widgets.

Curves have words of their own in `domain/figure_words`.
"""

import re

from desktop_app.domain.energy import EnergyUse
from desktop_app.domain.machine import GpuSample, MemoryUser, Throttle, Usage
from desktop_app.domain.machine import card_name as short_name
from desktop_app.domain.units import memory_words, span_words
from desktop_app.services.monitor_view import KvState, Release

_WORDS_PER_TOKEN = 0.75
"""Of English, as tokenizers of today's models cut it; a rule of thumb."""
_WORDS_PER_PAGE = 500
"""A full page of text."""
_LAMP = 10.0
"""Watts of a usual LED lamp."""
_JOULES_PER_HOUR = 3600.0
_MILLI = 0.1
"""Watt-hours below which thousandths are said."""
_NICE = (10, 20, 25, 50)
"""Tenths, in every power of ten: what a square may stand for."""
_UNITS = re.compile(r"(?<=\d) (?=(?:m?Wh|kWh|W|s|min|h|GB|MB|%|tokens|blocks|pages|answers?)\b|%)|(?<=min|\d h) (?=\d)")
NOTHING_KNOWN = "–"

KV_EXPLANATION = (
    "The KV cache is the memory in which the model keeps the running conversations in mind, so that it need not read"
    " them again for every word. When all of it is in use, new answers wait until another one is finished."
)
KV_NOTHING = "When a model runs, this shows how much it can keep in mind at once, and how much of that is in use."
ENERGY_NOTHING = "This computer does not report what it takes, so nothing can be told of energy."
ENERGY_WAITING = "Nothing was measured yet: it begins with the next answer."


def unbroken(text: str) -> str:
    """*text* in which no line ends between a figure and its unit."""
    return _UNITS.sub("\u00a0", text)


def span_name(span: float) -> str:
    """A span of time on a button, e.g. `15 min`."""
    return f"{span / 60:.0f} min"


# --- KV cache -----------------------------------------------------------------------------------------------------


def kv_headline(kv: KvState) -> str:
    """How full it is and how large, e.g. `18 % in use · room for 613,024 tokens, about 920 pages`."""
    room = f" · room for {kv.tokens:,} tokens, {pages_words(kv.tokens)}" if kv.tokens else ""
    return f"{share_words(kv.share)} in use{room}"


def pages_words(tokens: int) -> str:
    """How much text so many tokens are, e.g. `about 920 pages`; a rule of thumb, therefore rounded."""
    pages = tokens * _WORDS_PER_TOKEN / _WORDS_PER_PAGE
    if pages < 1:
        return "less than a page"
    rounded = round(pages) if pages < 10 else round(pages / 10) * 10 if pages < 10_000 else round(pages / 1000) * 1000
    return "about a page" if rounded == 1 else f"about {rounded:,} pages"


def square_words(kv: KvState, blocks_per_square: int) -> str:
    """What a square of the drawing stands for."""
    if not blocks_per_square:
        return "Each square is one per cent of it."
    block = f"block of {kv.block:,} tokens" if kv.block > 1 else "token"
    if blocks_per_square == 1:
        return f"Each square is a {block}."
    blocks = f"blocks of {kv.block:,} tokens" if kv.block > 1 else "tokens"
    return f"Each square is {blocks_per_square:,} {blocks}."


def squares(kv: KvState, most: int) -> tuple[int, int]:
    """How many squares show the whole cache, no more than *most* (at least 100), and how many blocks each stands for.

    A square stands for a round number of blocks, so that it can be said; for 0 where the size is not known: then there
    are a hundred.
    """
    blocks = kv.tokens // max(1, kv.block)
    if blocks <= 0:
        return 100, 0
    power = 1
    while True:
        for tenths in _NICE:
            each = tenths * power // 10
            if tenths * power % 10 == 0 and -(-blocks // each) <= most:
                return -(-blocks // each), each
        power *= 10


def hit_words(hit_rate: float | None) -> str:
    """What the prefix cache found, in a sentence."""
    if hit_rate is None:
        return "Nothing was asked lately, so nothing could be found again in the prefix cache."
    if hit_rate < 0.005:
        return "Nothing of what was asked lately was found again in the prefix cache: all of it was new."
    share = f"About {max(1, round(hit_rate * 20)) * 5} %" if hit_rate < 1 else "All"
    return f"{share} of what was asked lately was found again in the prefix cache and did not have to be read anew."


# --- cards --------------------------------------------------------------------------------------------------------


def card_name(card: GpuSample, number: int, count: int) -> str:
    """A card's name without what nobody needs to read, with its number where there are several."""
    name = short_name(card.name)
    return f"{number} · {name}" if count > 1 else name


def card_state(card: GpuSample) -> str:
    """What holds a card back, that it sleeps, or why nothing is known of it; empty when it does not tell."""
    if card.note:
        return card.note
    if card.asleep:
        return "Asleep: it is left alone until something uses it"
    if card.throttles:
        reasons = [reason.value for reason in Throttle if reason in card.throttles]
        words = ", ".join(reasons)
        return words[0].upper() + words[1:]
    return "Nothing holds it back" if card.clock is not None else ""


def memory_of(card: GpuSample) -> str:
    """E.g. `7.2 of 24.0 GB`."""
    if card.asleep or not card.total_bytes:
        return NOTHING_KNOWN
    used, total = memory_words(card.used_bytes), memory_words(card.total_bytes)
    return f"{used.removesuffix(' GB')} of {total}"


def temperature_of(card: GpuSample) -> str:
    """E.g. `61 °C`."""
    return NOTHING_KNOWN if card.temperature is None else f"{card.temperature:.0f} °C"


def power_of(card: GpuSample) -> str:
    """What it takes, of what it may take, e.g. `210 of 450 W`."""
    return _of(card.power, card.power_limit, "W")


def clock_of(card: GpuSample) -> str:
    """How fast its cores run, of how fast they can, e.g. `2,520 of 2,745 MHz`."""
    return _of(card.clock, card.top_clock, "MHz")


def user_words(user: MemoryUser) -> str:
    """A program that holds a card's memory; ours is named as such."""
    return f"This program’s engine, {user.name}" if user.ours else user.name


def share_words(share: float | None) -> str:
    """E.g. `34 %`; a little is not nothing, and nearly all is not all."""
    if share is None:
        return NOTHING_KNOWN
    per_cent = share * 100
    if 0 < per_cent < 1:
        return "< 1 %"
    return f"{min(per_cent, 99) if per_cent < 100 else 100:.0f} %"


def _of(figure: float | None, top: float | None, unit: str) -> str:
    if figure is None:
        return NOTHING_KNOWN
    return f"{figure:,.0f} of {top:,.0f} {unit}" if top else f"{figure:,.0f} {unit}"


# --- energy -------------------------------------------------------------------------------------------------------


def energy_words(watt_hours: float | None) -> str:
    """E.g. `4.2 mWh`, `0.35 Wh`, `12 Wh`, `1.2 kWh`; always two or three digits that count."""
    if watt_hours is None:
        return NOTHING_KNOWN
    if watt_hours < _MILLI:
        return f"{_digits(watt_hours * 1000)} mWh"
    return f"{_digits(watt_hours)} Wh" if watt_hours < 1000 else f"{_digits(watt_hours / 1000)} kWh"


def lamp_words(watt_hours: float | None) -> str:
    """The same as something that a person knows, e.g. `a 10 W lamp in 4 s`; empty when nothing is known."""
    if not watt_hours:
        return ""
    seconds = watt_hours * _JOULES_PER_HOUR / _LAMP
    return f"a {_LAMP:.0f} W lamp in {span_words(seconds) if seconds >= 1 else 'less than a second'}"


def work_words(use: EnergyUse) -> str:
    """What was measured, e.g. `12 answers, 3,400 tokens in 45 s`."""
    answers = "no answer finished" if not use.answers else f"{use.answers:,} answer{'' if use.answers == 1 else 's'}"
    return f"{answers}, {use.tokens:,.0f} tokens in {span_words(use.seconds)}"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


# --- own use and release ------------------------------------------------------------------------------------------


def own_use(usage: Usage) -> str:
    """What the window and its helpers use, the processor over the last minute; empty if unknown.

    E.g. `This program itself uses 180 MB and, over the last minute, 0.3 % of a core.`
    """
    if not usage.memory_bytes:
        return ""
    if usage.cpu >= 1:
        cores = f"{usage.cpu:.1f} cores"
    else:
        per_cent = usage.cpu * 100
        cores = f"{per_cent:.1f} % of a core" if per_cent < 10 else f"{per_cent:.0f} % of a core"
    megabytes = round(usage.memory_bytes / 2**20, -1)
    memory = f"{megabytes:.0f} MB" if megabytes < 1000 else memory_words(usage.memory_bytes)
    return f"This program itself uses {memory} and, over the last minute, {cores}."


def held_words(release: Release) -> str:
    """Who holds what is not back after a stop, in a short sentence; empty when it is back, or not known."""
    return f"More is in use than before: {'; '.join(release.holders)}." if release.holders and not release.back else ""


def release_words(release: Release) -> str:
    """What was measured after an engine was stopped, and who holds what is not back."""
    holders = f" Held by: {'; '.join(release.holders)}." if release.holders else ""
    return f"{release.words}{holders}"
