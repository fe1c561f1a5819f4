"""The cards' thread: drivers that hang, crash, lose a card, are updated and come back."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from desktop_app.hardware.card_watch import CardWatch
from desktop_app.hardware.nvml_samples import parse_cards
from tests.hardware.fake_driver import WatchedCards, set_mood
from tests.hardware.test_card_sleep import CARD, device
from tests.hardware.test_cgroup import write


def test_nothing_is_loaded_where_there_is_no_driver(tmp_path: Path) -> None:
    loaded = "pynvml" in sys.modules
    watch = CardWatch(tmp_path)
    assert dict(watch.latest()) == {"cards": [], "note": ""}
    watch.poke(details=False)
    reading = watch.latest(60)
    assert (reading["cards"], reading["note"]) == ([], "")
    assert ("pynvml" in sys.modules) == loaded
    watch.close()


def test_a_card_without_a_driver_is_told(tmp_path: Path) -> None:
    write(tmp_path, device())
    watch = CardWatch(tmp_path)
    watch.poke(details=False)
    assert "no NVIDIA driver" in watch.latest(60)["note"]
    watch.close()


def test_closing_ends_the_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    watch = CardWatch(tmp_path)
    watch.poke(details=False)
    (thread,) = set(threading.enumerate()) - before
    watch.close()
    thread.join(timeout=60)
    assert not thread.is_alive()


def test_the_program_ends_while_the_driver_hangs(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "mixed") as watched:
        watched.ask()
        set_mood(tmp_path, "hang")
        watched.ask(wait=0.01)
        assert watched.end() == 0


def test_a_driver_without_cards_is_told(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "mixed", "def nvmlDeviceGetCount(): return 0") as watched:
        assert "sees no graphics card" in watched.ask()["note"]


def test_bindings_that_are_missing_are_told(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "mixed", "raise ImportError") as watched:
        assert "not installed" in watched.ask()["note"]


def test_a_hanging_driver_costs_the_cards_and_nothing_else_until_it_answers(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "mixed", answer_seconds=0.1) as watched:
        names = [sample.name for sample in watched.samples()]
        set_mood(tmp_path, "hang")
        reading = watched.until_noted("did not answer")
        assert reading["note"] == "The NVIDIA driver did not answer within 0.1 seconds."
        assert [(card.name, card.busy, card.total_bytes) for card in parse_cards(reading["cards"])] == [
            (name, None, 0) for name in names
        ]
        set_mood(tmp_path, "")
        assert parse_cards(watched.until_noted("")["cards"])[0].busy == pytest.approx(0.34)


def test_a_driver_that_hangs_from_the_start_is_told(tmp_path: Path) -> None:
    set_mood(tmp_path, "hang")
    with WatchedCards(tmp_path, "mixed", answer_seconds=0.1) as watched:
        assert watched.ask(wait=0.0) == {"cards": [], "note": "", "calls": {}}
        assert watched.until_noted("did not answer")["cards"] == []
        set_mood(tmp_path, "")
        assert len(watched.until_noted("")["cards"]) == 2


def test_a_crashing_driver_takes_the_helper_along(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "mixed") as watched:
        watched.ask()
        set_mood(tmp_path, "crash")
        with pytest.raises((EOFError, BrokenPipeError)):
            watched.ask()


def test_one_lost_card_does_not_hide_the_other_seven(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "eight_h100", look_seconds=0.15) as watched:
        assert len(watched.samples()) == 8
        set_mood(tmp_path, "lost 3")
        reading = watched.ask()
        samples = parse_cards(reading["cards"])
        assert reading["note"] == ""
        assert [sample.total_bytes > 0 for sample in samples] == [True, True, True, False, True, True, True, True]
        assert (samples[3].name, samples[3].busy) == ("NVIDIA H100 80GB HBM3", None)
        assert "stopped answering" in samples[3].note
        set_mood(tmp_path, "")
        watched.until(lambda told: all(card.total_bytes for card in parse_cards(told["cards"])), "all eight are back")


def test_a_card_that_is_lost_when_the_driver_is_opened_keeps_its_name(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "eight_h100", look_seconds=0.1) as watched:
        watched.ask()
        set_mood(tmp_path, "lost 0")
        opened = watched.ask()["calls"]["nvmlInit"]
        # Again and again it is opened anew, in the hope that the card is back.
        watched.until(lambda told: told["calls"]["nvmlInit"] >= opened + 2, "it is opened again and again")
        first, second, *_ = watched.samples()
        assert (first.name, first.total_bytes) == (second.name, 0)
        assert second.busy == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("mood", "words"),
    [("mismatch", "was updated"), ("unloaded", "not running"), ("lost 0", "stopped answering")],
)
def test_a_driver_that_is_gone_is_told_in_words_and_comes_back(tmp_path: Path, mood: str, words: str) -> None:
    with WatchedCards(tmp_path, "rtx_4090", look_seconds=0.15) as watched:
        watched.ask()
        set_mood(tmp_path, mood)
        reading = watched.until_noted(words)
        (card,) = parse_cards(reading["cards"])
        assert (card.name, card.busy) == ("NVIDIA GeForce RTX 4090", None)
        set_mood(tmp_path, "")
        assert parse_cards(watched.until_noted("")["cards"])[0].busy == pytest.approx(0.34)


def test_bindings_that_fail_in_another_way_leave_no_old_figures_standing(tmp_path: Path) -> None:
    odd = """
_rates = nvmlDeviceGetUtilizationRates

def nvmlDeviceGetUtilizationRates(handle):
    if _mood() == "odd":
        raise UnicodeDecodeError("utf-8", b"\\xff", 0, 1, "invalid start byte")
    return _rates(handle)
"""
    with WatchedCards(tmp_path, "rtx_4090", odd, look_seconds=0.15) as watched:
        assert watched.samples()[0].busy == pytest.approx(0.34)
        set_mood(tmp_path, "odd")
        (card,) = parse_cards(watched.until_noted("could not be read")["cards"])
        assert (card.name, card.busy) == ("NVIDIA GeForce RTX 4090", None)
        set_mood(tmp_path, "")
        assert parse_cards(watched.until_noted("")["cards"])[0].busy == pytest.approx(0.34)


def test_a_driver_that_failed_is_left_alone(tmp_path: Path) -> None:
    set_mood(tmp_path, "unloaded")
    with WatchedCards(tmp_path, "rtx_4090") as watched:
        for _ in range(3):
            reading = watched.ask()
        assert "not running" in reading["note"]
        assert reading["calls"] == {"nvmlInit": 1}


def test_sleeping_cards_are_not_even_opened(tmp_path: Path) -> None:
    write(tmp_path, device(status="suspended"))
    with WatchedCards(tmp_path, "rtx_4070_laptop") as watched:
        reading = watched.ask()
        assert (reading["cards"], reading["note"], reading["calls"]) == (
            [{"name": "NVIDIA graphics card", "asleep": True}],
            "",
            {},
        )
        write(tmp_path, {f"{CARD}/power/runtime_status": "active\n"})
        assert watched.samples()[0].busy == pytest.approx(0.3)
        write(tmp_path, {f"{CARD}/power/runtime_status": "suspended\n"})
        reading = watched.ask()
        assert reading["cards"] == [{"name": "NVIDIA GeForce RTX 4070 Laptop GPU", "asleep": True}]
        assert reading["calls"]["nvmlShutdown"] == 1
        # Awake again within seconds: it is not asked, and what was read last is told.
        write(tmp_path, {f"{CARD}/power/runtime_status": "active\n"})
        assert watched.samples()[0].busy == pytest.approx(0.3)
        assert watched.ask()["calls"] == reading["calls"]


def test_who_computes_is_asked_only_where_a_card_may_sleep(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "h100_idle") as watched:
        assert "nvmlDeviceGetComputeRunningProcesses" not in watched.ask()["calls"]
    write(tmp_path, device())
    with WatchedCards(tmp_path, "h100_idle") as watched:
        assert watched.ask()["calls"]["nvmlDeviceGetComputeRunningProcesses"] == 1


def test_the_watch_needs_neither_qt_nor_the_bindings_to_be_loaded() -> None:
    program = "import desktop_app.hardware.card_watch, sys; print('pynvml' in sys.modules, 'PySide6' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
