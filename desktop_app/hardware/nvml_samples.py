"""The window's side of the cards' figures: what `sampling_helper` tells of them becomes `GpuSample`s.

Used by `sampler`; `nvml` reads its answers with the same care.

The helper is ours, but its figures are the driver's, and its names are those of any program: sizes are limited, figures
that cannot be are unknown, and names are made plain.
"""

import math
from collections.abc import Collection
from typing import Any

from desktop_app.domain.machine import GpuSample, MemoryUser, Throttle, plain_name, together
from desktop_app.hardware.nvml_cards import NO_NAME

_SIZE_LIMIT = 1 << 50
"""Bytes. No card has as much; NVML says 2⁶⁴ − 1 for what it does not know."""
_CARDS = 256
"""Sixteen cards, each divided into seven instances, are 112."""
_USERS = 4096
_NOTE_LENGTH = 300
_WATTS, _DEGREES, _MEGAHERTZ = 10_000.0, 200.0, 10_000.0
"""Beyond these a figure is nonsense: a rack takes that much, silicon melts, and light does not cross the chip."""
_JOULES = 2.0**64 / 1000
_THROTTLES = {
    0x004: Throttle.POWER,  # software power cap
    0x010: Throttle.OTHER,  # synchronised with other cards
    0x020: Throttle.HEAT,  # software thermal slowdown
    0x040: Throttle.HEAT,  # hardware thermal slowdown
    0x080: Throttle.HARDWARE,  # power brake, by the power supply
    0x100: Throttle.OTHER,  # display clocks
    0x200: Throttle.HARDWARE,  # limit of the board
}
"""`nvmlClocksEventReason…` of nvml.h. Not among them: idle (0x1), clocks that somebody set (0x2), and the voltage up to
which a healthy card boosts (0x400); none of them makes a card slower than it should be."""
_AT_REST = 0.05
"""Share of time below which a card has nothing to do that a power limit could hold back."""
_HARDWARE_SLOWDOWN, _ITS_CAUSES = 0x008, 0x040 | 0x080


def parse_cards(told: object) -> tuple[GpuSample, ...]:
    """Read the cards of a frame: `CardReading.cards`, out of JSON.

    Raises:
        ValueError: it is no list of cards.
    """
    if not isinstance(told, list) or len(told) > _CARDS:
        raise ValueError("no list of cards")
    return tuple(_parse_card(card) for card in told)


def parse_size(value: object) -> int:
    """Bytes.

    Raises:
        ValueError: it is no size that a card can have.
    """
    if type(value) is not int or not 0 <= value < _SIZE_LIMIT:
        raise ValueError("no size")
    return value


def parse_users(told: object, ours: Collection[int] = ()) -> tuple[MemoryUser, ...]:
    """Who holds a card's memory, the largest first; *ours* are processes of our own engines, unless that is told, too.

    Raises:
        ValueError: they are no users.
    """
    if not isinstance(told, list) or len(told) > _USERS:
        raise ValueError("no list of users")
    return together(_parse_user(user, ours) for user in told)


def _parse_user(user: object, ours: Collection[int]) -> MemoryUser:
    if not isinstance(user, dict) or type(user.get("pid")) is not int:
        raise ValueError("no user")
    mine = user.get("ours") is True or user["pid"] in ours
    return MemoryUser(plain_name(str(user.get("name", ""))), parse_size(user.get("used")), mine)


def _parse_card(card: object) -> GpuSample:
    if not isinstance(card, dict):
        raise ValueError("no card")
    total, busy = _size(card.get("total")), _share(card.get("busy"))
    return GpuSample(
        plain_name(str(card.get("name", "")), NO_NAME),
        busy,
        min(_size(card.get("used")), total),
        total,
        temperature=_figure(card, "temperature", _DEGREES),
        power=_figure(card, "power", _WATTS),
        power_limit=_figure(card, "power_limit", _WATTS),
        clock=_figure(card, "clock", _MEGAHERTZ),
        top_clock=_figure(card, "top_clock", _MEGAHERTZ),
        throttles=_parse_throttles(card.get("throttles"), busy),
        energy=_figure(card, "energy", _JOULES),
        users=parse_users(card.get("users", [])),
        asleep=card.get("asleep") is True,
        note=_sentence(card.get("note", "")),
    )


def _sentence(value: object) -> str:
    return "".join(sign for sign in str(value)[:_NOTE_LENGTH] if sign.isprintable())


def _size(value: object) -> int:
    """0 for what is not known, which a driver may say in several ways."""
    try:
        return 0 if value is None else parse_size(value)
    except ValueError:
        return 0


def _share(value: object) -> float | None:
    """0…1; None for what is not told."""
    if value is None:
        return None
    if not isinstance(value, (int, float)) or not -math.inf < value < math.inf:
        raise ValueError("no share")
    return float(min(1.0, max(0.0, value)))


def _figure(card: dict[str, Any], key: str, limit: float) -> float | None:
    value = card.get(key)
    if value is None:
        return None
    if not isinstance(value, (int, float)):
        raise ValueError("no figure")
    # NaN is in no range.
    return float(value) if 0 <= value < limit else None


def _parse_throttles(bits: object, busy: float | None) -> frozenset[Throttle]:
    if bits is None:
        return frozenset()
    if type(bits) is not int:
        raise ValueError("no bits")
    found = {throttle for bit, throttle in _THROTTLES.items() if bits & bit}
    # Old cards say that the hardware slows them down, and not why.
    if bits & _HARDWARE_SLOWDOWN and not bits & _ITS_CAUSES:
        found.add(Throttle.HARDWARE)
    # A desktop's RTX 3090 says so at 35 of 350 watts (tests/data/nvml/rtx_3090.json): it is kept in its idle state.
    if busy is not None and busy < _AT_REST:
        found.discard(Throttle.POWER)
    return frozenset(found)
