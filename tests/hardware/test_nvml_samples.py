"""What the helper tells of the cards, read with distrust."""

import json
from typing import Any

import pytest

from desktop_app.domain.machine import GpuSample, MemoryUser, Throttle
from desktop_app.hardware.nvml_samples import parse_cards

CARD: dict[str, Any] = {
    "name": "A",
    "busy": 0.5,
    "used": 2,
    "total": 8,
    "temperature": 61,
    "power": 35.5,
    "power_limit": 350.0,
    "clock": 210,
    "top_clock": 2100,
    "throttles": 0,
    "energy": 12.5,
    "users": [],
}


def parsed(**changes: object) -> GpuSample:
    (sample,) = parse_cards(json.loads(json.dumps([CARD | changes])))
    return sample


def test_a_whole_card() -> None:
    users = [{"pid": 1, "name": "a", "used": 1, "ours": True}, {"pid": 2, "name": "b", "used": 1}]
    assert parsed(users=users) == GpuSample(
        *("A", 0.5, 2, 8, 61.0, 35.5, 350.0, 210.0, 2100.0, frozenset(), 12.5),
        users=(MemoryUser("a", 1, ours=True), MemoryUser("b", 1)),
    )


def test_a_card_that_sleeps_or_does_not_answer_has_its_name() -> None:
    asleep, lost = parse_cards([{"name": "A", "asleep": True}, {"name": "B", "note": "It is lost.\x1b[2J"}])
    assert asleep == GpuSample("A", None, 0, 0, asleep=True)
    assert lost == GpuSample("B", None, 0, 0, note="It is lost.[2J")


@pytest.mark.parametrize(
    ("bits", "throttles"),
    [
        (None, set()),
        (0x0, set()),
        (0x1 | 0x2 | 0x400, set()),
        (0x4, {Throttle.POWER}),
        (0x8, {Throttle.HARDWARE}),
        (0x8 | 0x40, {Throttle.HEAT}),
        (0x8 | 0x80, {Throttle.HARDWARE}),
        (0x10 | 0x100, {Throttle.OTHER}),
        (0x20 | 0x4, {Throttle.HEAT, Throttle.POWER}),
        (0x8000000000000000, set()),
    ],
)
def test_why_a_card_is_held_back(bits: int | None, throttles: set[Throttle]) -> None:
    assert parsed(throttles=bits).throttles == throttles


def test_a_card_at_rest_is_not_held_back_by_its_power_limit() -> None:
    assert parsed(throttles=0x4 | 0x40, busy=0.04).throttles == {Throttle.HEAT}
    assert parsed(throttles=0x4, busy=None).throttles == {Throttle.POWER}


@pytest.mark.parametrize("key", ["temperature", "power", "power_limit", "clock", "top_clock", "energy"])
@pytest.mark.parametrize("value", [-1, 2**64 - 1, 10**400, float("nan"), float("inf")])
def test_a_figure_that_cannot_be_is_unknown(key: str, value: float) -> None:
    if (key, value) != ("energy", 2**64 - 1):
        assert getattr(parsed(**{key: value}), key) is None


def test_sizes_that_cannot_be_are_unknown() -> None:
    assert (parsed(total=2**64 - 1).total_bytes, parsed(total=None, used=None).used_bytes) == (0, 0)
    assert parsed(used=9).used_bytes == 8


@pytest.mark.parametrize(
    "told",
    [
        *(None, {}, "x", [None], [[]], [CARD] * 257),
        *([CARD | {"busy": "x"}], [CARD | {"busy": float("nan")}], [CARD | {"busy": float("inf")}]),
        *([CARD | {"power": "x"}], [CARD | {"throttles": 1.5}], [CARD | {"users": 3}], [CARD | {"users": [3]}]),
        *([CARD | {"users": [{"pid": "1"}]}], [CARD | {"users": [{"pid": 1, "used": -1}]}]),
    ],
)
def test_what_is_no_list_of_cards_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match="no "):
        parse_cards(told)


def test_a_share_is_never_beyond_its_bounds() -> None:
    assert (parsed(busy=7).busy, parsed(busy=-7).busy, parsed(busy=10**400).busy) == (1.0, 0.0, 1.0)


def test_names_cannot_work_a_terminal() -> None:
    sample = parsed(name="A\x1b[2J\u202e", users=[{"pid": 1, "name": "\x07", "used": 3}])
    assert (sample.name, sample.users) == ("A[2J", (MemoryUser("another program", 3),))
