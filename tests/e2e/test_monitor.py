"""Monitor on the real engine, through a real window: what it shows and hands out is what engine and machine say."""

import csv
import http.client
import json
import os
import re
import signal
import socket
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from PySide6.QtGui import QImage

from desktop_app.hardware.probe import available_memory, usable_memory
from desktop_app.paths import Paths
from tests.e2e import models, traces
from tests.e2e.desktop import Desktop, Window
from tests.e2e.steps import answer_file_dialog, choose_down, open_model, wait_ready

pytestmark = [pytest.mark.display, pytest.mark.timeout(900)]

_TOKENS = 4000
"""Of an answer: two seconds where nobody else works, minutes where many do."""
_ANSWER_SECONDS = 240
_STEP = 1.5
"""Seconds of a row, where the last 15 minutes are written: longer than this test may take."""
_CSV, _PNG, _DASHBOARD, _DOOR = 1, 2, 3, 4
"""Places in the menu of exports."""
_STOPS = 40
"""Of the keyboard between the question and the strip, at most."""
_HELPER_ENDED = "The program that reads the machine ended with code"
"""In the log."""


@pytest.mark.engine
def test_what_a_model_does_can_be_seen_and_taken_away(desktop: Desktop, engine_data: Path, tmp_path: Path) -> None:
    window = desktop.open(engine_data)
    model, at_rest = models.outspoken(tmp_path / "talker", _TOKENS, 7), [in_use()]
    open_model(window, model)
    at_rest.append(in_use())
    wait_ready(window)
    open_it_in_every_way(window)

    before = metric(engine_data, "generation_tokens_total")
    talk_until_it_is_seen(window, engine_data)
    see_figures(window)
    window.wait(lambda: metric(engine_data, "num_requests_running") == 0, "the end of the answer", _ANSWER_SECONDS)
    window.find(name="Tokens per second", has="Now Written 0 tokens per second")
    window.press(name="The last 1 min")
    window.find(name="The last 1 min", state="checked")
    window.find(name="Tokens per second", has="In the last minute")
    # Whatever was slow on the way lies in it.
    window.press(name="The last 15 min")
    window.find(name="The last 15 min", state="checked")
    read_a_moment(desktop, window)
    written = metric(engine_data, "generation_tokens_total") - before
    assert written >= _TOKENS

    figures = export(window, _CSV, "Write the figures as CSV", tmp_path / "figures.csv")
    area_is_what_was_written(figures, written)
    picture = QImage(str(export(window, _PNG, "Write the charts as a picture", tmp_path / "monitor.png")))
    assert picture.width() > 800
    assert picture.height() > 1000, "what is out of sight is in it"
    assert len({picture.pixel(x, y) for x in range(0, 800, 20) for y in range(0, 1000, 20)}) > 10
    dashboard = export(window, _DASHBOARD, "Write the dashboard for Grafana", tmp_path / "dashboard.json")
    read = json.loads(dashboard.read_text("utf-8"))
    assert read["title"] == "vLLM Desktop"
    assert "vllm:generation_tokens_total" in json.dumps(read["panels"])

    open_and_close_the_door(window)
    stop_and_see_the_memory(window, at_rest)
    hit_what_reads_the_machine(window, signal.SIGKILL)
    children = psutil.Process(window.pid).children(recursive=True)
    assert window.close(expected=_HELPER_ENDED) == 0
    assert traces.living(child.pid for child in children) == []


def test_what_reads_the_machine_lives_as_long_as_somebody_looks_and_comes_back(desktop: Desktop, data: Path) -> None:
    window = desktop.open(data)
    window.press(name="Skip for now")
    window.key("ctrl+4")
    first = helper(window)
    window.minimise()
    window.wait(lambda: traces.living([first]) == [], "its end")
    assert helpers(window) == []
    window.restore()
    figures_go_on(window, 1)
    assert helper(window) != first

    hit_what_reads_the_machine(window, signal.SIGSTOP)
    last = helper(window)
    assert window.close(expected=_HELPER_ENDED) == 0
    assert traces.living([last]) == []


def hit_what_reads_the_machine(window: Window, blow: signal.Signals) -> None:
    """It hangs or is gone; another one takes its place, and figures go on."""
    before = helper(window)
    os.kill(before, blow)
    window.wait(lambda: helpers(window) not in ([], [before]), f"another one after {blow.name}")
    figures_go_on(window, 3)
    assert traces.living([before]) == []


def metric(data: Path, name: str) -> float:
    """What the engine itself tells or has counted, asked over its socket without any of our code."""
    (path,) = Paths(data).engine_sockets()
    with socket.socket(socket.AF_UNIX) as way:
        way.connect(str(path))
        way.sendall(b"GET /metrics HTTP/1.0\r\nhost: localhost\r\n\r\n")
        with way.makefile("r", encoding="utf-8") as answer:
            found = [line for line in answer if line.startswith(f"vllm:{name}{{")]
    return sum(float(line.split()[-1]) for line in found)


def helpers(window: Window) -> list[int]:
    """The processes that read the machine for this window."""
    children = psutil.Process(window.pid).children()
    return [child.pid for child in children if "sampling_helper" in " ".join(command_line(child))]


def command_line(process: psutil.Process) -> list[str]:
    """With which it was started; nothing of one that has just ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def helper(window: Window) -> int:
    window.wait(lambda: helpers(window), "a process that reads the machine")
    (pid,) = helpers(window)
    return pid


def figures_go_on(window: Window, gibibytes: int) -> None:
    """The strip tells that somebody takes memory; of a busy processor it would say the same again and again."""
    taken = b"\1" * (gibibytes << 30)
    window.wait(lambda: abs(memory_told(window) - in_use()) < 0.4, f"what is in use with {len(taken)} bytes more")


def memory_told(window: Window) -> float:
    """What the strip says is in use, GB."""
    told = re.search(r"Memory ([\d.]+) of", window.find(name="Gauges", has=" gigabytes used").description)
    assert told is not None
    return float(told[1])


def in_use() -> float:
    """What psutil, or the control group, says of that."""
    memory = psutil.virtual_memory()
    limited = usable_memory() < memory.total
    return (usable_memory() - available_memory() if limited else memory.total - memory.available) / (1 << 30)


def open_it_in_every_way(window: Window) -> None:
    """A click on the strip, the shortcut, and the keyboard alone."""
    window.click(window.find(name="Gauges"))
    window.find(role="label", name="Monitor")
    window.key("Escape")
    window.gone(role="label", name="Monitor")
    window.find(name="Message", state="focused")

    for _ in range(_STOPS):
        if focused(window)[0] == "Gauges":
            break
        go_on(window)
    window.find(name="Gauges", state="focused")
    window.key("Return")
    window.find(role="label", name="Monitor")
    window.key("ctrl+1")
    window.gone(role="label", name="Monitor")
    window.key("ctrl+4")
    window.find(role="label", name="Monitor")


def go_on(window: Window) -> None:
    """Press Tab and see where that leads: whoever looks too soon does not find what has the keyboard now."""
    before = focused(window)
    window.key("Tab")
    window.wait(lambda: focused(window) != before, "the keyboard somewhere else")


def focused(window: Window) -> tuple[str, tuple[int, ...]]:
    """Name and place of what has the keyboard."""
    found = window.look(state="focused")
    return (found.name, found.box) if found else ("", ())


def talk_until_it_is_seen(window: Window, data: Path) -> None:
    """Ask for an answer, and again in a new chat until one was being written when the engine was asked.

    A busy engine may hear the question for its figures when the answer is over.
    """
    asked = False

    def seen() -> bool:
        words = window.find(name="KV cache", role="image").description
        return re.search(r"In use between 0 percent and (0\.)?[1-9]", words) is not None

    def ask_and_see() -> bool:
        nonlocal asked
        if not asked or metric(data, "num_requests_running") == 0:
            asked = True
            ask(window, data)
        return seen()

    window.wait(ask_and_see, "an answer that is seen", _ANSWER_SECONDS)


def ask(window: Window, data: Path) -> None:
    """Ask in a new chat, and go on looking at Monitor while it is answered."""
    before = metric(data, "generation_tokens_total")
    window.key("ctrl+1", "ctrl+n")
    window.focus(name="Message", role="text")
    window.type("Talk!")
    window.key("Return", "ctrl+4")
    window.wait(lambda: metric(data, "generation_tokens_total") > before, "the first tokens", _ANSWER_SECONDS)


def see_figures(window: Window) -> None:
    """While an answer is written, and after it, strip and page tell so."""
    words = window.find(name="Gauges", has=" tokens per second. ").description
    assert re.search(r"KV cache \d+ percent full\. [\d,]+ tokens per second\. (no|\d+) answer", words), words
    written = window.find(name="Answers", has="Being written between 0 and ").description
    assert re.search(r"Being written between 0 and [1-9]", written), written
    speed = re.compile(r"Written between 0 tokens per second and [1-9]")
    window.wait(lambda: speed.search(window.find(name="Tokens per second", role="image").description), "a speed")
    window.find(name="Between two tokens", has="p50 between ")
    kv = window.find(name="KV cache", role="panel", has="talker: ").description
    assert re.match(r"talker: (?:< 1|\d+) % in use · room for [\d,]+ tokens", kv), kv


def read_a_moment(desktop: Desktop, window: Window) -> None:
    """Arrow keys walk along the curves, and what stands there is said."""
    window.focus(name="Tokens per second", role="image")
    desktop.robot.listen(True)
    said: list[str] = []
    speed = re.compile(r"Written [1-9][\d,]* tokens per second")

    def speed_said() -> bool:
        window.key("ctrl+Left")
        said.extend(desktop.robot.heard())
        return any(map(speed.search, said))

    window.wait(speed_said, "a moment at which words were written", _ANSWER_SECONDS)
    desktop.robot.listen(False)
    told = next(one for one in said if speed.search(one))
    assert re.match(r"[^:]+(:\d\d)*: Written ", told), told
    window.key("Escape")
    window.find(role="label", name="Monitor")


def export(window: Window, place: int, title: str, file: Path) -> Path:
    """Write a file by the menu."""
    window.press(name="Export")
    choose_down(window, place)
    answer_file_dialog(window, title, file)
    window.find(has=f"Written to {file}.")
    assert file.stat().st_size > 0
    return file


def area_is_what_was_written(file: Path, written: float) -> None:
    """A row for each step; speed times time is what the engine has counted."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    speed = "Tokens per second: Written (tokens per second)"
    assert {
        "time",
        speed,
        "Processor: All cores (share, 0 to 1)",
        "KV cache: In use (share, 0 to 1)",
        "events",
    } <= rows[0].keys()
    times = [datetime.fromisoformat(row["time"]) for row in rows]
    assert {round((after - before).total_seconds(), 3) for before, after in pairwise(times)} == {_STEP}
    assert 10 < len(rows) <= 600
    area = sum(float(row[speed] or 0) for row in rows) * _STEP
    print(f"\n{area:.1f} tokens below the curve, {written:.0f} counted: {area / written - 1:+.2%}")
    assert area == pytest.approx(written, rel=0.02)
    assert max(float(row["KV cache: In use (share, 0 to 1)"] or 0) for row in rows) > 0
    assert all(0 <= float(row["Processor: All cores (share, 0 to 1)"] or 0) <= 1 for row in rows)
    assert any(re.search(r"talker finished (?:an answer|\d+ answers)\.", row["events"]) for row in rows)


def open_and_close_the_door(window: Window) -> None:
    """Another program reads the engine's figures at the address, as long as it is open."""
    window.press(name="Export")
    choose_down(window, _DOOR)
    address = urlsplit(window.find(role="text", name="Address for Prometheus").text)
    assert address.hostname == "127.0.0.1"
    status, text = get(address.netloc, address.path)
    assert status == 200
    assert re.search(r"^vllm:generation_tokens_total\{.*talker.*\} \d", text, re.MULTILINE)
    assert get(address.netloc, address.path, host="evil.example")[0] == 403
    assert get(address.netloc, "/v1/models")[0] == 404
    window.press(name="Close the address for Prometheus")
    window.gone(role="text", name="Address for Prometheus")
    with pytest.raises(ConnectionRefusedError):
        get(address.netloc, address.path)


def get(netloc: str, path: str, host: str = "") -> tuple[int, str]:
    way = http.client.HTTPConnection(netloc, timeout=60)
    try:
        way.request("GET", path, headers={"host": host} if host else {})
        answer = way.getresponse()
        return answer.status, answer.read().decode()
    finally:
        way.close()


def stop_and_see_the_memory(window: Window, at_rest: list[float]) -> None:
    """After a stop it is told what is in use: what psutil says, and whether that is more than there was *at_rest*.

    Other programs take memory and give it back meanwhile: it lies between the least and the most that was seen.
    """
    seen: list[float] = []

    def told_in_words() -> bool:
        seen.append(in_use())
        return window.look(name="After the stop") is not None

    window.press(name="Stop")
    window.find(role="label", name="Stopped")
    window.wait(told_in_words, "what became of the memory")
    seen.append(in_use())
    words = window.find(name="After the stop").description
    told = re.match(
        r"Memory is (back to|at) ([\d.]+) GB(?:, [\d.]+ GB more than before the start)?; ([\d.]+) GB were given back\.",
        words,
    )
    assert told is not None, words
    print(f"{words} In use: {min(seen):.2f} to {max(seen):.2f} GB, before {at_rest}")
    assert min(seen) - 0.3 <= float(told[2]) <= max(seen) + 0.3
    if told[1] == "back to":
        assert min(seen) - max(at_rest) < 0.8
    else:
        assert max(seen) - min(at_rest) > 0.2, "somebody else has taken memory meanwhile"
    assert float(told[3]) > 0.3
