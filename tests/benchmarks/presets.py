"""Our presets against vLLM's own defaults, on the real engine: how long a start takes, and how fast one answer comes.

Both sides are started by hand and read by the same client. vLLM's own defaults do not start on a processor that has
other work: they want 92 % of the memory. So that there is something to compare with, they are told the size of the KV
cache, and nothing else.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import ModelRef, ModelSettings, Preset
from desktop_app.engine import launch
from desktop_app.hardware.probe import probe
from desktop_app.paths import Paths
from tests.benchmarks.machinery import Figures, median
from tests.benchmarks.random_model import random_model

_ROUNDS = 2
_TOKENS = 256
_ANSWERS = 3
_START_SECONDS = 300.0
_KV = ("--kv-cache-memory-bytes", "512M")


@dataclass(frozen=True)
class Side:
    """One way to start the engine."""

    name: str
    command: list[str]
    environment: dict[str, str]
    socket: Path
    model: str


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.fspath(self._path))


def compare(engine: EngineEnvironment, folder: Path, rounds: int = _ROUNDS) -> Figures:
    """Seconds until ready (second and later starts) and tokens/s of one answer: vLLM's defaults, QUICK, SPEED."""
    model = ModelRef("random", random_model(folder / "model"))
    plain = _bare("bare", engine, model, folder, ())
    sides = [
        _bare("bare", engine, model, folder, _KV),
        _ours("quick", engine, model, folder, Preset.QUICK),
        _ours("speed", engine, model, folder, Preset.SPEED),
    ]
    starts_alone = _measure(plain, answers=0) is not None
    first = {side.name: _measure(side, answers=0) for side in sides}
    found = [{side.name: _measure(side, _ANSWERS) for side in sides} for _ in range(rounds)]
    start = {side.name: median(_known(one[side.name])[0] for one in found) for side in sides}
    speed = {side.name: median(_known(one[side.name])[1] for one in found) for side in sides}
    best = max(("quick", "speed"), key=lambda name: speed[name])
    return {
        "rounds": rounds,
        "defaults_start_without_a_kv_size": starts_alone,
        "first_start_seconds": {name: round(_known(one)[0], 1) for name, one in first.items()},
        "start_seconds": start,
        "tokens_per_second": speed,
        "start_ratio": round(start["quick"] / start["bare"], 3),
        "speed_ratio": round(speed[best] / speed["bare"], 3),
        "best": best,
    }


def _known(measured: tuple[float, float] | None) -> tuple[float, float]:
    assert measured is not None, "an engine of the benchmark did not start"
    return measured


def _bare(name: str, engine: EngineEnvironment, model: ModelRef, folder: Path, flags: tuple[str, ...]) -> Side:
    """What a person who knows vLLM would type; only its folders are its own."""
    home = folder / "bare"
    home.mkdir(exist_ok=True)
    path = f"{engine.python.parent}:{os.environ.get('PATH', os.defpath)}"
    quiet = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    place = folder / "bare.sock"
    line = [str(engine.python), "-m", "vllm.entrypoints.openai.api_server", "--model", str(model.folder)]
    line += ["--served-model-name", model.name, "--uds", str(place), *flags]
    return Side(name, line, {"PATH": path, "HOME": str(home), **quiet}, place, model.name)


def _ours(name: str, engine: EngineEnvironment, model: ModelRef, folder: Path, preset: Preset) -> Side:
    paths = Paths(folder / "ours")
    paths.make()
    places = paths.engine(model.key)
    places.tmp.mkdir(mode=0o700, exist_ok=True)
    plan = launch.plan(model, engine, places, probe(), ModelSettings(preset))
    surroundings = launch.process_environment(plan, paths, places, os.environ)
    return Side(name, launch.command(plan), surroundings, places.socket, model.name)


def _measure(side: Side, answers: int) -> tuple[float, float] | None:
    """Seconds until ready, and the median of tokens/s; None when it does not start."""
    side.socket.unlink(missing_ok=True)
    begin = time.monotonic()
    process = subprocess.Popen(
        side.command,
        env=side.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        if not _ready(process, side.socket):
            return None
        seconds = time.monotonic() - begin
        speeds = [_speed(side) for _ in range(answers + 1)][1:] if answers else [0.0]
        return seconds, median(speeds)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _group_gone(process.pid)


def _ready(process: "subprocess.Popen[bytes]", place: Path) -> bool:
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        connection = _Connection(place)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return True
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    return False


def _speed(side: Side) -> float:
    """Tokens/s of one streamed answer, from its first token to its last."""
    body = {
        "model": side.model,
        "prompt": "Once there was",
        "max_tokens": _TOKENS,
        "ignore_eos": True,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True, "continuous_usage_stats": True},
    }
    connection = _Connection(side.socket)
    connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
    seen: list[tuple[float, int]] = []
    for line in connection.getresponse():
        if line.startswith(b"data: {"):
            now, chunk = time.monotonic(), json.loads(line[6:])
            if chunk["choices"]:
                seen.append((now, chunk["usage"]["completion_tokens"]))
    connection.close()
    (first, before), (last, after) = seen[0], seen[-1]
    assert after == _TOKENS
    return (after - before) / (last - first)


def _group_gone(group: int) -> None:
    """Wait until no process of the engine is left, so that the next side has the machine to itself."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
