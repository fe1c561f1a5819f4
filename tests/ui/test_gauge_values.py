"""What the gauge strip says."""

from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.machine import GpuSample, MachineSample
from desktop_app.services.gauges import EMPTY, NO_ENGINE, Frame
from desktop_app.ui.widgets.gauge_values import Tone, answers_words, explanation, gauges, words

GB = 1 << 30
CARD = GpuSample("NVIDIA RTX 4090", 0.34, int(7.2 * GB), 24 * GB)
ASLEEP = GpuSample("NVIDIA RTX 4090", None, 0, 24 * GB, asleep=True)
MACHINE = MachineSample(0.12, int(9.1 * GB), 24 * GB)
ENGINE = EngineFigures("guide", "Guide", generation=41.4, running=1, kv_cache=0.18)
READY = Frame(MACHINE, (ENGINE,))


def with_cards(*cards: GpuSample, note: str = "") -> Frame:
    return Frame(MachineSample(0.12, int(900.1 * GB), 1000 * GB, cards, gpu_note=note), (ENGINE,))


def texts(frame: Frame, *, brief: bool = False) -> dict[str, str]:
    return {gauge.label: gauge.text for gauge in gauges(frame, brief=brief)}


def test_figures_of_a_machine_with_a_running_model() -> None:
    assert texts(READY) == {"CPU": "12 %", "RAM": "9.1 / 24 GB", "KV": "18 %", "Speed": "41 tok/s", "Answers": "1"}


def test_without_a_model_nothing_is_claimed() -> None:
    frame = Frame(MACHINE, note=NO_ENGINE)
    shown = texts(frame)
    assert (shown["KV"], shown["Speed"], shown["Answers"]) == ("–", "–", "–")
    assert explanation(frame, "speed").endswith(NO_ENGINE)


def test_who_waits_is_said_in_words() -> None:
    busy = EngineFigures("guide", "Guide", running=2, waiting=1)
    assert texts(Frame(MACHINE, (busy,)))["Answers"] == "2 · 1 waiting"
    assert texts(Frame(MACHINE, (EngineFigures("guide", "Guide"),)))["Answers"] == "0"
    assert answers_words(2, 1) == "2 answers being written, 1 question waiting"
    assert answers_words(1, 0) == "1 answer being written"
    assert answers_words(0, 12) == "no answer being written, 12 questions waiting"


def test_several_engines_are_summed_up_and_told_apart_in_the_tip() -> None:
    other = EngineFigures("other", "Qwen3-8B", generation=100, running=3, waiting=2, kv_cache=0.95)
    frame = Frame(MACHINE, (ENGINE, other), note="A third one does not answer.")
    assert texts(frame)["Speed"] == "141 tok/s"
    assert texts(frame)["KV"] == "95 %"
    tip = explanation(frame, "answers")
    assert "Guide: KV 18 %, 41 tok/s, 1 answer being written" in tip
    assert tip.endswith("A third one does not answer.")


def test_one_card_has_two_gauges_and_its_name_in_the_tip() -> None:
    frame = with_cards(CARD)
    assert texts(frame)["GPU"] == "34 %"
    assert texts(frame)["VRAM"] == "7.2 / 24 GB"
    assert CARD.name in explanation(frame, "gpu0")
    assert CARD.name in explanation(frame, "vram0")


def test_two_cards_are_told_apart_and_many_are_summed_up() -> None:
    assert {"GPU 0", "VRAM 0", "GPU 1", "VRAM 1"} <= set(texts(with_cards(CARD, CARD)))
    eight = with_cards(*(CARD,) * 8)
    assert texts(eight)["VRAM"] == "57.6 / 192 GB"
    assert explanation(eight, "gpu0").count(CARD.name) == 8


def test_a_brief_strip_says_less() -> None:
    shown = texts(with_cards(CARD, CARD), brief=True)
    assert shown == {
        "CPU": "12 %",
        "RAM": "90 %",
        "GPU": "34 %",
        "VRAM": "30 %",
        "KV": "18 %",
        "": "41 tok/s",
        "Answers": "1",
    }
    assert explanation(with_cards(CARD, CARD), "gpu0", brief=True).count(CARD.name) == 2


def test_a_card_that_does_not_tell_is_unknown() -> None:
    frame = with_cards(GpuSample("GB10", None, 0, 0))
    assert texts(frame)["GPU"] == "–"
    assert "VRAM" not in texts(frame)


def test_a_driver_that_does_not_answer_is_no_data() -> None:
    note = "The driver has not answered for 4 s."
    frame = with_cards(note=note)
    assert texts(frame)["GPU"] == "no data"
    assert explanation(frame, "gpu").endswith(note)
    assert "No data of the graphics card. The driver has not answered for 4 s." in words(frame)
    known = with_cards(GpuSample("NVIDIA RTX 4090", None, 0, 0), note=note)
    assert texts(known)["GPU"] == "no data"
    assert "Graphics card: no data. The driver has not answered for 4 s." in words(known)


def test_one_of_several_cards_says_nothing() -> None:
    lost = GpuSample("NVIDIA RTX 4090", None, 0, 0, note="GPU is lost.")
    two = with_cards(CARD, lost)
    shown = {gauge.key: gauge.text for gauge in gauges(two)}
    assert shown["gpu1"] == "no data"
    assert explanation(two, "gpu1").endswith("GPU is lost.")
    assert "Graphics card 1: no data. GPU is lost." in words(two)
    many = with_cards(CARD, CARD, lost)
    assert explanation(many, "gpu0").endswith(": no data GPU is lost.")


def test_a_sleeping_card_is_asleep() -> None:
    frame = with_cards(ASLEEP)
    assert texts(frame)["GPU"] == "asleep"
    assert "VRAM" not in texts(frame)
    assert explanation(frame, "gpu0") == "How busy the graphics card is. NVIDIA RTX 4090, asleep."
    assert "Graphics card asleep." in words(frame)


def test_sleeping_cards_among_many_do_nothing() -> None:
    frame = with_cards(CARD, ASLEEP, ASLEEP)
    assert texts(frame)["GPU"] == "11 %"
    assert texts(frame)["VRAM"] == "7.2 / 24 GB"
    assert explanation(frame, "gpu0").count("asleep") == 2


def test_scarce_memory_changes_its_tone() -> None:
    assert gauges(Frame(MachineSample(0, 23 * GB, 24 * GB)))[1].tone is Tone.SCARCE
    full = Frame(MACHINE, (EngineFigures("guide", "Guide", kv_cache=0.97),))
    assert next(gauge for gauge in gauges(full) if gauge.key == "kv").tone is Tone.SCARCE


def test_every_gauge_explains_itself() -> None:
    for frame in (READY, EMPTY, with_cards(CARD), with_cards(CARD, CARD), with_cards(note="Lost.")):
        for gauge in gauges(frame):
            assert explanation(frame, gauge.key).endswith((".", "GB", CARD.name))


def test_words_for_ears() -> None:
    assert words(READY) == (
        "Processor 12 percent busy. Memory 9.1 of 24 gigabytes used. KV cache 18 percent full. 41 tokens per second."
        " 1 answer being written."
    )
    assert words(EMPTY) == "Processor 0 percent busy. Memory unknown. No model is running."
    assert "Graphics card 1 memory 7.2 of 24 gigabytes used" in words(with_cards(CARD, CARD))
    assert "8 graphics cards 34 percent busy" in words(with_cards(*(CARD,) * 8))
