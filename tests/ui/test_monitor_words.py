"""The words of Monitor's parts."""

import pytest

from desktop_app.domain.energy import EnergyUse
from desktop_app.domain.machine import GpuSample, MemoryUser, Throttle, Usage
from desktop_app.services.monitor_view import KvState, Release
from desktop_app.ui.widgets.monitor_words import (
    KV_EXPLANATION,
    card_name,
    card_state,
    clock_of,
    energy_words,
    hit_words,
    kv_headline,
    lamp_words,
    memory_of,
    own_use,
    pages_words,
    power_of,
    release_words,
    share_words,
    span_name,
    square_words,
    squares,
    temperature_of,
    unbroken,
    user_words,
    work_words,
)

GB = 1 << 30
CARD = GpuSample(
    "NVIDIA GeForce RTX 4090", 0.34, int(7.2 * GB), 24 * GB, 61.4, 209.6, 450.0, 2520.0, 2745.0, frozenset(), None
)
KV = KvState("Qwen3-8B", 0.18, 613_024, 16, 0.64)


def test_spans() -> None:
    assert [span_name(span) for span in (60.0, 300.0, 900.0, 3600.0)] == ["1 min", "5 min", "15 min", "60 min"]


@pytest.mark.parametrize(
    ("share", "words"),
    [(None, "–"), (0.0, "0 %"), (0.001, "< 1 %"), (0.344, "34 %"), (0.999, "99 %"), (1.0, "100 %")],
)
def test_a_little_is_not_nothing_and_nearly_all_is_not_all(share: float | None, words: str) -> None:
    assert share_words(share) == words


def test_the_kv_cache_in_words() -> None:
    assert kv_headline(KV) == "18 % in use · room for 613,024 tokens, about 920 pages"
    assert kv_headline(KvState("Guide", 0.0, 0, 0, None)) == "0 % in use"
    assert KV_EXPLANATION.count(". ") == 1


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (100, "less than a page"),
        (700, "about a page"),
        (4096, "about 6 pages"),
        (131_072, "about 200 pages"),
        (10_000_000, "about 15,000 pages"),
    ],
)
def test_how_much_text_that_is(tokens: int, words: str) -> None:
    assert pages_words(tokens) == words


@pytest.mark.parametrize(
    ("tokens", "block", "count", "each"),
    [
        (0, 0, 100, 0),
        (2560, 16, 160, 1),
        (2576, 16, 81, 2),
        (613_024, 16, 154, 250),
        (50, 1, 50, 1),
        (10_000_000, 16, 125, 5000),
    ],
)
def test_a_square_stands_for_a_round_number_of_blocks(tokens: int, block: int, count: int, each: int) -> None:
    assert squares(KvState("Guide", 0.5, tokens, block, None), 160) == (count, each)
    assert count * max(1, each) >= tokens // max(1, block)


def test_what_a_square_is() -> None:
    assert square_words(KV, 250) == "Each square is 250 blocks of 16 tokens."
    assert square_words(KV, 1) == "Each square is a block of 16 tokens."
    assert square_words(KvState("Guide", 0.0, 500, 0, None), 5) == "Each square is 5 tokens."
    assert square_words(KvState("Guide", 0.0, 0, 0, None), 0) == "Each square is one per cent of it."


@pytest.mark.parametrize(
    ("rate", "begin"),
    [(None, "Nothing was asked"), (0.0, "Nothing of"), (0.01, "About 5 %"), (0.64, "About 65 %"), (1.0, "All of what")],
)
def test_what_is_found_again(rate: float | None, begin: str) -> None:
    assert hit_words(rate).startswith(begin)


def test_a_card_in_words() -> None:
    assert card_name(CARD, 0, 1) == "RTX 4090"
    assert card_name(CARD, 3, 8) == "3 · RTX 4090"
    assert memory_of(CARD) == "7.2 of 24.0 GB"
    assert temperature_of(CARD) == "61 °C"
    assert power_of(CARD) == "210 of 450 W"
    assert clock_of(CARD) == "2,520 of 2,745 MHz"
    assert card_state(CARD) == "Nothing holds it back"


def test_a_card_that_tells_nothing() -> None:
    card = GpuSample("GB10", None, 0, 0)
    assert {memory_of(card), temperature_of(card), power_of(card), clock_of(card)} == {"–"}
    assert card_state(card) == ""
    assert power_of(GpuSample("GB10", None, 0, 0, power=12.0)) == "12 W"


def test_what_holds_a_card_back() -> None:
    held = GpuSample("RTX", 1.0, 0, 0, throttles=frozenset({Throttle.HEAT, Throttle.POWER}))
    assert card_state(held) == "At its power limit, too hot"
    assert card_state(GpuSample("RTX", None, 0, 0, asleep=True)).startswith("Asleep")


def test_programs_that_hold_memory() -> None:
    assert user_words(MemoryUser("firefox", GB)) == "firefox"
    assert user_words(MemoryUser("VLLM::EngineCore", GB, ours=True)) == "This program’s engine, VLLM::EngineCore"


@pytest.mark.parametrize(
    ("watt_hours", "words"),
    [
        (None, "–"),
        (0.0, "0.00 mWh"),
        (0.0004, "0.40 mWh"),
        (0.0042, "4.2 mWh"),
        (0.0532, "53 mWh"),
        (0.35, "0.35 Wh"),
        (1.24, "1.2 Wh"),
        (120.0, "120 Wh"),
        (1240.0, "1.2 kWh"),
    ],
)
def test_energy(watt_hours: float | None, words: str) -> None:
    assert energy_words(watt_hours) == words


def test_a_lamp_that_takes_as_much() -> None:
    assert lamp_words(40 / 3600) == "a 10 W lamp in 4 s"
    assert lamp_words(0.0001) == "a 10 W lamp in less than a second"
    assert lamp_words(100.0) == "a 10 W lamp in 10 h 0 min"
    assert lamp_words(None) == lamp_words(0.0) == ""


def test_what_was_measured() -> None:
    assert work_words(EnergyUse(1.0, 45.0, 3400.0, 12)) == "12 answers, 3,400 tokens in 45 s"
    assert work_words(EnergyUse(1.0, 4.0, 210.0, 0)) == "no answer finished, 210 tokens in 4 s"
    assert work_words(EnergyUse(1.0, 4.0, 210.0, 1)).startswith("1 answer,")


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(0.003, 180 << 20), "This program itself uses 180 MB and, over the last minute, 0.3 % of a core."),
        (Usage(0.0, 184 << 20), "This program itself uses 180 MB and, over the last minute, 0.0 % of a core."),
        (Usage(0.42, 2 << 30), "This program itself uses 2.0 GB and, over the last minute, 42 % of a core."),
        (Usage(1.26, 180 << 20), "This program itself uses 180 MB and, over the last minute, 1.3 cores."),
        (Usage(), ""),
    ],
)
def test_what_the_program_uses_itself(usage: Usage, words: str) -> None:
    assert own_use(usage) == words


def test_memory_after_a_stop() -> None:
    assert release_words(Release("Memory is back to 3.1 GB.", True)) == "Memory is back to 3.1 GB."
    held = Release("Memory is at 5.3 GB.", False, ("firefox, 1.2 GB", "python3, 0.9 GB"))
    assert release_words(held) == "Memory is at 5.3 GB. Held by: firefox, 1.2 GB; python3, 0.9 GB."


def test_no_line_ends_before_a_unit() -> None:
    assert unbroken("613,024 tokens, about 920 pages in 4 s: 64 %") == (
        "613,024\u00a0tokens, about 920\u00a0pages in 4\u00a0s: 64\u00a0%"
    )
    assert unbroken("4 students") == "4 students"
