"""Which charts there are, and what a frame adds to their curves."""

from dataclasses import replace

import pytest

from desktop_app.domain.curves import Chart, Curve, Form, Section, Unit
from desktop_app.domain.engine_curves import EngineCurves
from desktop_app.domain.engine_figures import EngineFigures, Percentiles
from desktop_app.domain.machine import GpuSample, MachineSample, Usage
from desktop_app.domain.monitor_charts import NOTHING_YET, Past, charts, values

GIB = 2**30
CARD = GpuSample("NVIDIA RTX 4090", 0.5, 6 * GIB, 24 * GIB, 61.0, 310.0, 450.0, 2500.0, 2520.0, energy=1000.0)
MACHINE = MachineSample(
    cpu=0.25,
    used_bytes=12 * GIB,
    total_bytes=32 * GIB,
    cores=(0.5, 0.0, 0.0, 0.5),
    program=Usage(0.01, GIB // 4, 10.0, 20.0),
    engine=Usage(1.5, 4 * GIB, 100.0, 200.0),
    at=100.0,
    seconds=2.0,
)
ENGINE = EngineFigures(
    "a",
    "Guide",
    generation=40.0,
    prompt=100.0,
    running=2,
    waiting=1,
    preempted=1,
    kv_cache=0.5,
    hit_rate=0.75,
    first_word=Percentiles(0.1, 0.2, 0.3),
    between=Percentiles(0.01, 0.02, 0.03),
    at=100.0,
    seconds=2.0,
)


def with_cards(*cards: GpuSample) -> MachineSample:
    return replace(MACHINE, gpus=cards)


def by_key(found: tuple[Chart, ...]) -> dict[str, Chart]:
    assert len({chart.key for chart in found}) == len(found)
    return {chart.key: chart for chart in found}


def labels(chart: Chart) -> list[str]:
    return [curve.label for curve in chart.curves]


def test_a_computer_without_cards_and_engines() -> None:
    found = by_key(charts(MACHINE, ()))
    assert [chart.title for chart in found.values() if chart.section is Section.MACHINE] == [
        "Processor",
        "Cores",
        "Memory",
        "This program itself",
    ]
    assert not [chart for chart in found.values() if chart.section is Section.CARDS]
    assert found["cores"].form is Form.HEAT
    assert found["cores"].curves[2:] == (Curve("core2", "Core 2", "2"), Curve("core3", "Core 3", "3"))
    assert found["memory"].form is Form.STACK
    assert found["memory"].top == 32 * GIB
    for chart in found.values():
        if chart.section is Section.ENGINE:
            assert chart.note == "Nothing yet: no model has been running since this window was opened."
            assert not chart.curves


def test_every_chart_is_explained() -> None:
    past = NOTHING_YET.after(replace(with_cards(CARD), cpu_energy=1.0), (ENGINE,), network=5e6)
    found = charts(MACHINE, (ENGINE,), past)
    assert len(found) == 16
    for chart in found:
        assert chart.explanation.endswith(".")
        assert chart.explanation.count(". ") <= 2
        assert len({curve.key for curve in chart.curves}) == len(chart.curves) > 0
    for term in (
        "CPU",
        "RAM",
        "VRAM",
        "GPU utilization",
        "TTFT",
        "ITL",
        "prefill",
        "decode",
        "preempted",
        "prefix cache",
    ):
        assert any(term in chart.explanation for chart in found), term


def test_every_curve_is_fed() -> None:
    machine = replace(with_cards(CARD, CARD), cpu_energy=50.0)
    before = replace(machine, at=98.0, cpu_energy=10.0)
    past = NOTHING_YET.after(machine, (ENGINE,), network=5e6)
    engines = EngineCurves().add((ENGINE,), (ENGINE,))
    fed = values(machine, 5e6, before) | {key: one for stretch in engines for key, one in stretch.values.items()}
    drawn = {curve.key for chart in charts(machine, (ENGINE,), past) for curve in chart.curves}
    assert drawn <= fed.keys()
    assert fed.keys() - drawn == {"card0.memory", "card1.memory"}


def test_the_values_of_the_machine() -> None:
    found = values(replace(MACHINE, cpu_energy=50.0), 5e6, replace(MACHINE, at=98.0, cpu_energy=10.0))
    assert found["cpu"] == 0.25
    assert [found[f"core{number}"] for number in range(4)] == [0.5, 0.0, 0.0, 0.5]
    assert found["memory.program"] + found["memory.engines"] + found["memory.others"] == MACHINE.used_bytes
    assert found["program.cpu"] == 0.01
    assert (found["transfer.network"], found["transfer.read"], found["transfer.written"]) == (5e6, 110.0, 220.0)
    assert found["power.processor"] == 20.0
    assert not [key for key in found if key.startswith(("card", "engine"))]


def test_memory_never_counts_below_nothing() -> None:
    found = values(replace(MACHINE, used_bytes=GIB))
    assert found["memory.others"] == 0


def test_the_first_reading_has_no_shares_and_rates() -> None:
    found = values(replace(MACHINE, seconds=0.0))
    assert not {"cpu", "core0", "program.cpu", "transfer.read", "power.processor"} & found.keys()
    assert found["memory.engines"] == 4 * GIB


@pytest.mark.parametrize(
    ("before", "after", "seconds"),
    [(None, 5.0, 2.0), (5.0, None, 2.0), (5.0, 4.0, 2.0), (5.0, 6.0, 0.0), (5.0, 6.0, 3600.0)],
)
def test_the_power_of_the_processor_is_unknown(before: float | None, after: float | None, seconds: float) -> None:
    one, two = replace(MACHINE, cpu_energy=before), replace(MACHINE, at=100.0 + seconds, cpu_energy=after)
    assert "power.processor" not in values(two, None, one)


def test_one_card_is_called_by_its_name() -> None:
    found = by_key(charts(with_cards(CARD), ()))
    assert labels(found["card.busy"]) == ["RTX 4090"]
    assert found["card.memory"].unit is Unit.BYTES
    assert found["card.memory"].top == 24 * GIB
    fed = values(with_cards(CARD))
    assert fed["card0.memory"] == 6 * GIB
    assert (fed["card0.busy"], fed["card0.temperature"], fed["card0.clock"]) == (0.5, 61.0, 2500.0)


def test_several_cards_have_numbers() -> None:
    found = by_key(charts(with_cards(*[CARD] * 8), ()))
    for key in ("card.busy", "card.memory", "card.temperature", "card.power", "card.clock"):
        assert labels(found[key]) == [f"Card {number}" for number in range(8)]
    assert found["card.memory"].unit is Unit.SHARE
    assert found["card.memory"].top == 1.0
    assert values(with_cards(*[CARD] * 8))["card7.memory_share"] == 0.25


def test_more_cards_than_anybody_has() -> None:
    machine = with_cards(*[CARD] * 100)
    assert len(by_key(charts(machine, ()))["card.busy"].curves) == 16
    assert "card16.busy" not in values(machine)


def test_what_no_card_tells_has_no_chart() -> None:
    machine = with_cards(GpuSample("GB10", 0.5, 0, 0))
    cards = [chart.title for chart in charts(machine, ()) if chart.section is Section.CARDS]
    assert cards == ["Card use"]
    assert [key for key in values(machine) if key.startswith("card")] == ["card0.busy"]


def test_a_sleeping_card_has_no_values_but_its_charts() -> None:
    asleep = GpuSample("NVIDIA RTX 4090", None, 0, 24 * GIB, asleep=True)
    past = NOTHING_YET.after(with_cards(CARD), ())
    assert charts(with_cards(asleep), (), past) == charts(with_cards(CARD), (), past)
    assert not [key for key in values(with_cards(asleep)) if key.startswith("card")]


def test_a_lost_card_keeps_its_charts() -> None:
    past = NOTHING_YET.after(with_cards(CARD), ())
    lost = replace(MACHINE, gpu_note="The driver does not answer.")
    assert charts(lost, (), past.after(lost, ())) == charts(with_cards(CARD), (), past)


def test_a_card_that_never_answered_says_why() -> None:
    found = by_key(charts(replace(MACHINE, gpu_note="The driver does not answer."), ()))
    assert found["card.busy"].note == "The driver does not answer."
    assert "card.memory" not in found


def test_the_name_of_a_card_is_made_plain() -> None:
    found = by_key(charts(with_cards(replace(CARD, name="Evil\x1b[31m\u202e card" + "x" * 500)), ()))
    label = found["card.busy"].curves[0].label
    assert label.isprintable()
    assert len(label) <= 60


def test_downloads_have_a_chart_once_there_was_one() -> None:
    quiet = NOTHING_YET.after(MACHINE, ())
    assert "transfer" not in by_key(charts(MACHINE, (), quiet))
    busy = quiet.after(MACHINE, (), network=5e6)
    assert "transfer" in by_key(charts(MACHINE, (), busy))
    assert "transfer" in by_key(charts(MACHINE, (), busy.after(MACHINE, ())))
    loading = replace(MACHINE, engine=Usage(read=2e9))
    assert "transfer" in by_key(charts(MACHINE, (), quiet.after(loading, ())))


def test_power_is_of_the_processor_and_the_cards() -> None:
    assert "power" not in by_key(charts(with_cards(CARD), ()))
    found = by_key(charts(replace(with_cards(CARD, CARD), cpu_energy=1.0), ()))
    assert labels(found["power"]) == ["Processor", "Graphics cards"]
    assert values(with_cards(CARD, CARD))["power.cards"] == 620.0
    alone = by_key(charts(replace(MACHINE, cpu_energy=1.0), ()))
    assert labels(alone["power"]) == ["Processor"]


def test_several_engines_are_told_apart_in_words_only() -> None:
    slow = EngineFigures("b", "Big", 5.0, 1.0, 7, 3, kv_cache=0.9)
    one, two = by_key(charts(MACHINE, (ENGINE,))), by_key(charts(MACHINE, (ENGINE, slow)))
    assert "several" not in one["engine.tokens"].explanation
    assert two["engine.tokens"].explanation.endswith("With several models running, these are sums of all.")


def test_a_stopped_engine_keeps_its_curves() -> None:
    past = NOTHING_YET.after(MACHINE, (ENGINE,))
    assert charts(MACHINE, (), past) == charts(MACHINE, (ENGINE,), past)


def test_charts_are_equal_while_nothing_new_appears() -> None:
    past, before = Past(), charts(with_cards(CARD), (ENGINE,))
    for step in range(5):
        machine = replace(with_cards(replace(CARD, busy=step / 5, power=step * 10.0)), cpu=step / 5, at=float(step))
        engine = replace(ENGINE, running=step, generation=step * 2.0, hit_rate=None)
        past = past.after(machine, (engine,))
        assert charts(machine, (engine,), past) == before
    assert past.after(with_cards(CARD), (ENGINE,)) == past
