"""The helper as a program: what it says, what it hears, and when it ends."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from desktop_app.hardware import sampling_helper
from desktop_app.hardware.sampling_helper import Core, SamplingHelper, shares
from tests.conftest import wait_until
from tests.hardware.fake_family import ended
from tests.hardware.fake_sampling import program, sampling, sampling_with
from tests.hardware.test_cgroup import write
from tests.hardware.test_probe import LIMITED


class Helper:
    """A running one."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def tell(self, **words: object) -> None:
        """Say something to it."""
        self.say(json.dumps(words).encode())

    def say(self, line: bytes) -> None:
        """The same word for word."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def hear(self) -> Any:  # noqa: ANN401 - out of JSON
        """Its next frame."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


@contextmanager
def helper(command: Sequence[str] = ()) -> Iterator[Helper]:
    """A helper of this very test."""
    started = subprocess.Popen(
        command or sampling(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with started as process:
        try:
            yield Helper(process)
        finally:
            process.kill()


def test_frames_come_at_the_pace_and_cover_the_time_between_them() -> None:
    with helper() as one:
        one.tell(pace=0.1)
        first, *others = [one.hear() for _ in range(4)]
        assert first["seconds"] >= 0.1
        for before, frame in zip([first, *others], others, strict=False):
            assert frame["seconds"] == pytest.approx(frame["at"] - before["at"], abs=0.001)


def test_a_quicker_pace_counts_from_now() -> None:
    with helper() as one:
        one.tell(pace=3600)
        before = one.hear()
        one.tell(pace=0.2)
        assert one.hear()["at"] - before["at"] < 3600


def test_the_machine_is_as_psutil_says() -> None:
    with helper() as one:
        one.tell(pace=0.1)
        one.hear()
        before = psutil.cpu_times()
        frame = one.hear()
        assert frame["total"] == psutil.virtual_memory().total
        # Other programs take memory and give it back at any time: a moment is found at which they do not.
        wait_until(lambda: one.hear()["used"] == pytest.approx(used_memory(), rel=0.05), "what psutil says")
        assert len(frame["cores"]) == len(psutil.cpu_times(percpu=True))
        assert all(0 <= share <= 1 for share in (frame["cpu"], *frame["cores"]))
        assert psutil.cpu_times().user >= before.user


def used_memory() -> int:
    memory = psutil.virtual_memory()
    return memory.total - memory.available


def test_a_busy_processor_is_seen() -> None:
    with helper() as one:
        one.tell(pace=0.2)
        one.hear()
        spin = program("while os.getppid() != 1: pass")
        with subprocess.Popen(spin) as busy:
            try:
                one.hear()
                # Its share of one core, whatever else this computer does, and of all of them as of each.
                wait_until(lambda: is_busy(one.hear()), "a busy core")
            finally:
                busy.kill()


def is_busy(frame: Any) -> bool:  # noqa: ANN401 - out of JSON
    count = len(frame["cores"])
    # Cores that sleep or are lent to others are told of a little late.
    return bool(frame["cpu"] * count > 0.1 and frame["cpu"] == pytest.approx(sum(frame["cores"]) / count, abs=0.1))


def test_shares_of_cores() -> None:
    before = [Core(10.0, 100.0), Core(50.0, 100.0), Core(1.0, 100.0)]
    now = [Core(11.0, 102.0), Core(52.0, 102.0), Core(0.5, 102.0)]
    assert shares(before, now) == (0.5, [0.5, 1.0, 0.0])
    assert shares(now, now) == (0.0, [0.0, 0.0, 0.0])
    assert shares(before[:2], now) == (0.0, [0.0, 0.0, 0.0])


def test_a_core_that_is_switched_on_or_off_makes_no_dip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one = SamplingHelper(tmp_path)
    now = time.monotonic()
    assert one.frame(now + 1)["seconds"] >= 1
    monkeypatch.setattr(sampling_helper, "read_cores", lambda: [Core(1.0, 2.0)] * 1000)
    frame = one.frame(now + 2)
    # As for a first reading: these shares say nothing.
    assert (frame["seconds"], frame["cpu"]) == (0, 0)


def test_the_helper_counts_as_program_and_told_processes_as_engine() -> None:
    with helper() as one, subprocess.Popen(program("b = bytearray(50 << 20); time.sleep(600)")) as engine:
        try:
            one.tell(pace=0.1, engines=[engine.pid])
            wait_until(lambda: one.hear()["engine"][1] > 50 << 20, "the engine's memory")
            frame = one.hear()
            helpers = psutil.Process(one.process.pid).memory_info()
            window = psutil.Process().memory_info()
            assert frame["program"][1] >= window.rss + helpers.rss - helpers.shared - (20 << 20)
            assert frame["engine"][1] == pytest.approx(psutil.Process(engine.pid).memory_info().rss, rel=0.05)
        finally:
            engine.kill()


def test_memory_is_measured_against_the_tightest_control_group(tmp_path: Path) -> None:
    write(tmp_path, LIMITED | {"sys/fs/cgroup/job/memory.current": "1000000\n"})
    with helper(sampling(tmp_path)) as one:
        frame = one.hear()
        assert (frame["used"], frame["total"]) == (1000000, 256 << 20)


def test_energy_is_told_where_the_processor_tells_it(tmp_path: Path) -> None:
    zone = "sys/class/powercap/intel-rapl:0"
    write(tmp_path, {f"{zone}/name": "package-0\n", f"{zone}/energy_uj": "2500000\n"})
    with helper(sampling(tmp_path)) as one:
        assert one.hear()["joules"] == pytest.approx(2.5)
    with helper(sampling(tmp_path / "elsewhere")) as one:
        assert one.hear()["joules"] is None


def test_words_that_are_none_are_left_out() -> None:
    lines = [
        b"",
        b"pace",
        b"[]",
        b'{"pace": "quick"}',
        b'{"pace": null, "engines": 5}',
        b'{"engines": ["x", -1, 0, 99999999999999999999]}',
        b'{"pace": NaN}',
        b'{"pace": -1e400}',
        b'{"pace": 1e400}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"x" * 300_000,
    ]
    with helper() as one:
        for line in lines:
            one.say(line)
        one.tell(pace=0.1)
        assert one.hear()["at"] < one.hear()["at"]


def test_it_ends_at_the_end_of_its_input() -> None:
    with helper() as one:
        one.hear()
        assert one.process.stdin is not None
        one.process.stdin.close()
        assert one.process.wait() == 0


@pytest.mark.parametrize("pace", [0.1, 3600])
def test_it_dies_with_a_killed_parent(pace: float) -> None:
    parent = program(
        "import subprocess\n"
        f"process = subprocess.Popen({sampling()!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        f"process.stdin.write(b'{{\"pace\": {pace}}}\\n'); process.stdin.flush(); process.stdout.readline()\n"
        "print(process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(parent, stdout=subprocess.PIPE) as window:
        assert window.stdout is not None
        pid = int(window.stdout.readline())
        one = psutil.Process(pid)
        window.kill()
    wait_until(lambda: ended(one), "the helper's end")


def test_it_ends_when_only_its_parent_is_gone_and_its_pipes_are_held_by_another() -> None:
    parent = program(
        "import subprocess\n"
        f"process = subprocess.Popen({sampling()!r}, stdin=0, stdout=1)\n"
        "print(process.pid, file=sys.stderr, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as window:
        assert window.stdin is not None
        assert window.stdout is not None
        assert window.stderr is not None
        window.stdin.write(b'{"pace": 0.1}\n')
        window.stdin.flush()
        one = psutil.Process(int(window.stderr.readline()))
        assert window.stdout.readline()
        window.send_signal(signal.SIGKILL)
        wait_until(lambda: ended(one), "the helper's end")


def test_frames_that_nobody_reads_do_not_pile_up() -> None:
    with helper() as one:
        one.tell(pace=0.1)
        one.hear()
        assert one.process.stdout is not None
        process = psutil.Process(one.process.pid)
        spent, ticks = process.cpu_times().user, process.num_ctx_switches().voluntary
        # It wakes for its ticks all the same, and keeps quiet.
        wait_until(lambda: process.num_ctx_switches().voluntary >= ticks + 5, "five ticks")
        waiting = os.read(one.process.stdout.fileno(), 1 << 20)
        assert waiting.count(b"\n") == 1
        late = one.hear()
        assert late["seconds"] > 0.15
        assert process.cpu_times().user - spent < 1


def test_it_needs_little_and_loads_no_driver(tmp_path: Path) -> None:
    with helper() as one:
        one.tell(pace=0.1, cards=False)
        one.hear()
        process = psutil.Process(one.process.pid)
        assert process.memory_info().rss < 20 << 20
        assert process.num_threads() == 1


def test_cards_are_read_and_left_alone(tmp_path: Path) -> None:
    with helper(sampling_with(tmp_path, "mixed")) as one:
        one.tell(pace=0.1, cards=True)
        wait_until(lambda: one.hear()["cards"], "the cards")
        assert [card["name"] for card in one.hear()["cards"]] == [
            "NVIDIA GeForce RTX 4090",
            "NVIDIA GeForce RTX 3060 Ti",
        ]
        one.tell(cards=False)
        wait_until(lambda: "cards" not in one.hear(), "no cards")
        one.tell(cards=True)
        wait_until(lambda: one.hear().get("cards"), "the cards again")


def test_who_holds_a_cards_memory_is_told_with_details_and_ours_are_known(tmp_path: Path) -> None:
    users = f"[SimpleNamespace(pid=pid, usedGpuMemory=1 << 30) for pid in (1, {os.getpid()})]"
    with helper(sampling_with(tmp_path, "mixed", f"nvmlDeviceGetComputeRunningProcesses = lambda _: {users}")) as one:
        one.tell(pace=0.1, engines=[os.getpid()], cards=True)

        def ours() -> set[tuple[int, bool]]:
            return {(user["pid"], user["ours"]) for card in one.hear()["cards"] for user in card["users"]}

        assert ours() == ours() == set()
        one.tell(details=True)
        wait_until(lambda: ours() >= {(os.getpid(), True), (1, False)}, "the users")


def test_a_driver_that_hangs_holds_up_nothing(tmp_path: Path) -> None:
    with helper(sampling_with(tmp_path, "mixed", "nvmlInit = lambda: time.sleep(600)")) as one:
        one.tell(pace=0.1, cards=True)
        frames = [one.hear() for _ in range(3)]
        assert all(frame["cards"] == [] for frame in frames)
        assert one.process.stdin is not None
        one.process.stdin.close()
        assert one.process.wait() == 0


def test_a_driver_that_crashes_takes_it_along(tmp_path: Path) -> None:
    with helper(sampling_with(tmp_path, "mixed", "nvmlInit = lambda: os.kill(os.getpid(), 11)")) as one:
        one.tell(pace=0.1, cards=True)
        assert one.process.wait() == -signal.SIGSEGV
