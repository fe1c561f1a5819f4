"""The helper and its client: cards, no cards, and drivers that crash, hang and talk nonsense."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from desktop_app.domain.machine import NO_CARD, MemoryUser
from desktop_app.hardware.nvml import NvmlHelper, Reading, driver_note, parse_reading
from tests.conftest import wait_until
from tests.hardware.fake_driver import HELPER, helper_with, program
from tests.hardware.fake_family import ended

MIB = 1 << 20
CARD: dict[str, object] = {
    "name": "A",
    "uuid": "GPU-1",
    "mig": "",
    "total": 8,
    "free": 6,
    "capability": [8, 9],
    "display": False,
    "users": [],
}


def answer(**changes: object) -> bytes:
    return json.dumps({"note": "", "driver": "580", "cards": [CARD | changes]}).encode()


def ask(folder: Path, scene: str, change: str = "", ours: tuple[int, ...] = ()) -> Reading:
    helper = NvmlHelper(helper_with(folder, scene, change))
    try:
        return helper.read(ours)
    finally:
        helper.close()


def test_the_helper_reads_cards_of_different_size_again_and_again(tmp_path: Path) -> None:
    helper = NvmlHelper(helper_with(tmp_path, "mixed"))
    try:
        for _ in range(3):
            reading = helper.read()
            assert reading.note == ""
            first, second = reading.gpus
            assert (first.name, first.total_bytes, first.free_bytes) == (
                "NVIDIA GeForce RTX 4090",
                24564 * MIB,
                21000 * MIB,
            )
            assert (first.driver, first.compute_capability) == ("580.95.05", (8, 9))
            assert (first.uuid[:9], first.display, first.users) == ("GPU-11111", True, ())
            assert (second.total_bytes, second.display) == (8192 * MIB, False)
    finally:
        helper.close()
    assert helper.pid is None


def test_who_uses_a_card_is_told_once_and_by_name(tmp_path: Path) -> None:
    first, second = ask(tmp_path, "mixed", ours=(4194001,)).gpus
    name = Path("/proc/1/comm").read_text().strip()
    assert [(user.name, user.used_bytes // MIB, user.ours) for user in first.users] == [
        (name, 2000, False),
        ("another program", 900, True),
        ("another program", 100, False),
    ]
    assert second.users == ()


def test_a_long_name_is_told_in_full(tmp_path: Path) -> None:
    long = tmp_path / "a-program-with-a-long-name"
    long.symlink_to("/bin/sleep")
    with subprocess.Popen([long, "600"]) as process:
        wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text().startswith("a-program"), "it runs")
        change = f"_SCENE['cards'][0]['compute'] = [[{process.pid}, 5]]"
        users = ask(tmp_path, "mixed", change).gpus[0].users
        process.kill()
    assert "a-program-with-a-long-name" in {user.name for user in users}


def test_of_a_divided_card_the_instances_are_told(tmp_path: Path) -> None:
    big, small, whole = ask(tmp_path, "mig").gpus
    assert (big.name, big.mig, big.uuid[:12]) == ("NVIDIA A100-SXM4-40GB", "3g.20gb", "MIG-9dfbe979")
    assert (big.total_bytes, big.compute_capability) == (19968 * MIB, (8, 0))
    assert (small.mig, small.free_bytes, small.users[0].used_bytes) == ("1g.5gb", 4164 * MIB, 690 * MIB)
    assert (whole.mig, whole.uuid[:7], whole.total_bytes) == ("", "GPU-bbb", 40960 * MIB)


def test_a_divided_card_without_instances_cannot_be_used(tmp_path: Path) -> None:
    reading = ask(tmp_path, "mig_without_instances")
    assert reading.gpus == ()
    assert "no instance" in reading.note


@pytest.mark.parametrize("scene", ["gb10", "orin"])
def test_a_card_without_memory_of_its_own_is_told_from_others(tmp_path: Path, scene: str) -> None:
    reading = ask(tmp_path, scene)
    assert reading.gpus[0].unified
    assert reading.gpus[0].total_bytes == 0


def test_an_old_driver_that_does_not_know_a_question_is_no_failure(tmp_path: Path) -> None:
    change = "def nvmlDeviceGetComputeRunningProcesses(handle): raise NVMLLibraryMismatchError('use _v2')"
    first, _ = ask(tmp_path, "mixed", change).gpus
    assert [user.used_bytes // MIB for user in first.users] == [2000, 100]


def test_a_closed_helper_starts_again_when_it_is_asked(tmp_path: Path) -> None:
    helper = NvmlHelper(helper_with(tmp_path, "mixed"))
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
    asking.join(timeout=60)
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
        ("def nvmlDeviceGetMemoryInfo(*_): raise NVMLError_GpuIsLost('lost')", "stopped answering"),
        ("def nvmlDeviceGetMemoryInfo(*_): os.kill(os.getpid(), 11)", "ended the program"),
    ],
)
def test_a_failing_driver_becomes_a_sentence(tmp_path: Path, change: str, words: str) -> None:
    reading = ask(tmp_path, "mixed", change)
    assert reading.gpus == ()
    assert words in reading.note


def test_a_hanging_driver_is_given_up_and_left_alone(tmp_path: Path) -> None:
    marker = tmp_path / "starts"
    helper = NvmlHelper(program(f"open({str(marker)!r}, 'a').write('x')\ntime.sleep(600)"), first_answer_seconds=1)
    assert "did not answer" in helper.read().note
    assert helper.pid is None
    assert "did not answer" in helper.read().note
    assert marker.read_text() == "x"


def test_a_driver_that_hangs_over_one_card_is_given_up(tmp_path: Path) -> None:
    change = "def nvmlDeviceGetMemoryInfo(*_): time.sleep(600)"
    helper = NvmlHelper(helper_with(tmp_path, "mixed", change), first_answer_seconds=0.5)
    assert "did not answer" in helper.read().note
    assert helper.pid is None


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
    process.communicate(timeout=60)
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
    wait_until(lambda: ended(helper), "the helper's end")


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"null", b"[]", b"{}", b"[" * 100_000, b"\xff"),
        *(b'{"note": "", "driver": "", "cards": [{}]}', b'{"note": "", "driver": "", "cards": [[]]}'),
        *(answer(total=-1), answer(total=2**64 - 1), answer(free="6"), answer(free=True), answer(total=float("nan"))),
        *(answer(capability=[8]), answer(capability=8)),
        *(answer(users=None), answer(users=[{}]), answer(users=[{"pid": [], "name": "", "used": 1.5}])),
    ],
)
def test_what_is_no_answer_becomes_a_note(line: bytes) -> None:
    assert parse_reading(line).note


def test_a_note_of_the_helper_is_passed_on() -> None:
    assert parse_reading(json.dumps({"note": "Why.", "driver": "", "cards": []}).encode()).note == "Why."
    assert parse_reading(answer()).gpus[0].name == "A"


def test_names_cannot_work_a_terminal() -> None:
    gpu = parse_reading(answer(name="A\x1b[2J\u202e", users=[{"pid": 1, "name": "\x07", "used": 3}])).gpus[0]
    assert gpu.name == "A[2J"
    assert gpu.users == (MemoryUser("another program", 3),)


def test_free_is_never_more_than_all() -> None:
    gpu = parse_reading(answer(free=9)).gpus[0]
    assert gpu.free_bytes == gpu.total_bytes


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
