"""The helper and its client: cards, no cards, and drivers that crash, hang and talk nonsense."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from desktop_app.hardware.nvml import NO_CARD, NvmlHelper, driver_note, parse_reading
from tests.conftest import wait_until
from tests.hardware.fake_driver import HELPER, PYNVML, helper_with, program

CARD = {"name": "A", "total": 8, "free": 6, "used": 2, "busy": 0.5, "capability": [8, 9]}


def test_the_helper_reads_every_card_again_and_again(tmp_path: Path) -> None:
    helper = NvmlHelper(helper_with(tmp_path, PYNVML))
    try:
        for _ in range(3):
            reading = helper.read()
            assert reading.note == ""
            first, second = reading.gpus
            assert (first.name, first.total_bytes, first.free_bytes) == ("NVIDIA RTX 0", 8 << 30, 6 << 30)
            assert (first.driver, first.compute_capability) == ("580.95", (8, 9))
            assert reading.samples[0].busy == pytest.approx(0.34)
            assert reading.samples[0].used_bytes == 2 << 30
            assert (second.total_bytes, reading.samples[1].busy) == (0, None)
    finally:
        helper.close()
    assert helper.pid is None


def test_a_closed_helper_starts_again_when_it_is_asked(tmp_path: Path) -> None:
    helper = NvmlHelper(helper_with(tmp_path, PYNVML))
    helper.read()
    before = helper.pid
    helper.close()
    assert helper.read().gpus
    assert helper.pid != before
    helper.close()


def test_closing_ends_a_question_under_way(tmp_path: Path) -> None:
    started = tmp_path / "started"
    helper = NvmlHelper(program(f"open({str(started)!r}, 'w'); time.sleep(600)"), first_answer_seconds=600)
    asking = threading.Thread(target=helper.read, daemon=True)
    asking.start()
    wait_until(started.exists, "the helper runs")
    helper.close()
    asking.join(timeout=20)
    assert not asking.is_alive()
    assert helper.pid is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("def nvmlInit(): raise NVMLError_LibRmVersionMismatch('mismatch')", "Restart the computer"),
        ("def nvmlInit(): raise NVMLError('odd')", "odd"),
        ("def nvmlDeviceGetCount(): return 0", "sees no graphics card"),
        ("def nvmlInit(): os.abort()", "ended the program"),
        ("raise ImportError", "not installed"),
    ],
)
def test_a_failing_driver_becomes_a_sentence(tmp_path: Path, change: str, words: str) -> None:
    reading = NvmlHelper(helper_with(tmp_path, f"{PYNVML}\n{change}\n")).read()
    assert reading.gpus == ()
    assert words in reading.note


def test_a_hanging_driver_is_given_up_and_left_alone(tmp_path: Path) -> None:
    marker = tmp_path / "starts"
    helper = NvmlHelper(program(f"open({str(marker)!r}, 'a').write('x')\ntime.sleep(600)"), first_answer_seconds=1)
    assert "did not answer" in helper.read().note
    assert helper.pid is None
    assert "did not answer" in helper.read().note
    assert marker.read_text() == "x"


def test_a_program_that_is_not_there_becomes_a_sentence(tmp_path: Path) -> None:
    assert "could not be asked" in NvmlHelper([str(tmp_path / "gone")]).read().note


def test_half_an_answer_and_then_the_end(tmp_path: Path) -> None:
    assert "ended the program" in NvmlHelper(program("sys.stdin.readline(); print('{', flush=True)")).read().note


def test_an_endless_answer_is_cut(tmp_path: Path) -> None:
    command = program("while True: os.write(1, b'x' * 65536)")
    assert NvmlHelper(command).read().note


def test_the_helper_ends_with_its_input() -> None:
    process = subprocess.Popen([sys.executable, "-I", str(HELPER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_helper_dies_with_a_killed_parent() -> None:
    text = (
        "import time; from desktop_app.hardware.nvml import NvmlHelper; helper = NvmlHelper();"
        " helper._process = helper._start(); print(helper.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    helper = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    gone, _ = psutil.wait_procs([helper], timeout=30)
    assert gone == [helper]


@pytest.mark.parametrize(
    "line",
    [b"", b"null", b"[]", b"{}", b"[" * 100_000, b'{"note": "", "driver": "", "cards": [{}]}', b"\xff"],
)
def test_what_is_no_answer_becomes_a_note(line: bytes) -> None:
    assert parse_reading(line).note


def test_a_note_of_the_helper_is_passed_on() -> None:
    assert parse_reading(json.dumps({"note": "Why.", "driver": "", "cards": []}).encode()).note == "Why."
    assert parse_reading(json.dumps({"note": "", "driver": "", "cards": [CARD]}).encode()).gpus[0].name == "A"


def touch(root: Path, name: str, text: str = "") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_no_driver_is_seen_without_starting_anything(tmp_path: Path) -> None:
    assert driver_note(tmp_path) == NO_CARD


@pytest.mark.parametrize(
    "name",
    ["dev/nvidiactl", f"usr/lib/{os.uname().machine}-linux-gnu/libnvidia-ml.so.1", "usr/lib/wsl/lib/libnvidia-ml.so.1"],
)
def test_a_driver_is_seen_by_its_device_or_its_library(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name)
    assert driver_note(tmp_path) == ""


def test_a_card_without_a_driver_is_not_denied(tmp_path: Path) -> None:
    touch(tmp_path, "sys/bus/pci/devices/0000:00:1f.3/vendor", "0x8086\n")
    touch(tmp_path, "sys/bus/pci/devices/0000:00:1f.3/class", "0x040300\n")
    assert driver_note(tmp_path) == NO_CARD
    touch(tmp_path, "sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    touch(tmp_path, "sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n")
    assert "no NVIDIA driver" in driver_note(tmp_path)
