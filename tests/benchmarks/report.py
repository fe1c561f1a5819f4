"""What the figures are held against, and how they are told: aims, a JSON file, a table in plain words."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Aim:
    """One promise about speed."""

    name: str
    words: str
    path: tuple[str, ...]
    """Where its figure stands among what was measured."""
    limit: float
    holds: Callable[[float, float], bool] = operator.le
    unit: str = "×"

    @property
    def told(self) -> str:
        """The limit in words, e.g. `≤ 2 ×`."""
        return f"{'≤' if self.holds is operator.le else '≥'} {self.limit:g} {self.unit}"


AIMS = (
    Aim("window_chat", "first usable window, engine there, against a bare one", ("window", "chat_ratio"), 2.0),
    Aim("window_welcome", "first usable window, very first start", ("window", "welcome_ratio"), 2.0),
    Aim("stream", "chunks/s until drawn, against a raw socket", ("stream", "ratio"), 0.5, operator.ge),
    Aim("stream_json", "the same against a raw socket that decodes", ("stream", "json_ratio"), 0.5, operator.ge),
    Aim(
        "stream_complete",
        "chunks/s until answered and saved, against that",
        ("stream", "complete_json_ratio"),
        0.5,
        operator.ge,
    ),
    Aim("gap", "event-loop gap while four answers stream, p99", ("gap", "wall_p99_ms"), 8.0, unit="ms"),
    Aim("gap_cpu", "the same in processor time of the thread", ("gap", "cpu_p99_ms"), 8.0, unit="ms"),
    Aim("gap_worst", "the longest in processor time", ("gap", "worst_cpu_longest_ms"), 25.0, unit="ms"),
    Aim("compare", "event-loop gap while four columns stream, p99", ("compare", "wall_p99_ms"), 8.0, unit="ms"),
    Aim("compare_cpu", "the same in processor time of the thread", ("compare", "cpu_p99_ms"), 8.0, unit="ms"),
    Aim("compare_worst", "the longest in processor time", ("compare", "worst_cpu_longest_ms"), 25.0, unit="ms"),
    Aim("grid", "event-loop gap while 10,000 cells are run, p99", ("grid", "run", "wall_p99_ms"), 16.0, unit="ms"),
    Aim("grid_scroll", "the same, scrolling", ("grid", "scroll", "wall_p99_ms"), 16.0, unit="ms"),
    Aim(
        "grid_cpu",
        "with a filter, the longest in processor time",
        ("grid", "filtered", "cpu_longest_ms"),
        16.0,
        unit="ms",
    ),
    Aim("drawn", "from the last byte of an answer to the screen", ("gap", "drawn_after_ms"), 200.0, unit="ms"),
    Aim("open_1000", "opening a chat of 1,000 messages", ("chats", "open_1000", "ms"), 150.0, unit="ms"),
    Aim("open_10000", "opening a chat of 10,000 messages", ("chats", "open_10000", "ms"), 300.0, unit="ms"),
    Aim(
        "chat_memory", "memory of 10,000 messages that are read, against their text", ("chats", "memory", "ratio"), 3.0
    ),
    Aim(
        "chat_frame", "a frame at the end of 10,000 messages, against an empty chat", ("chats", "frames", "ratio"), 1.2
    ),
    Aim("hostile", "hostile texts as they stream, the longest turn", ("hostile", "worst_ms"), 100.0, unit="ms"),
    Aim("hostile_read", "the same when opened", ("hostile", "worst_history_ms"), 100.0, unit="ms"),
    Aim("search", "search over 100,000 messages, the slowest question", ("search", "worst_query_ms"), 50.0, unit="ms"),
    Aim("read", "10,000 messages read from the disk", ("search", "read_10000", "median_ms"), 120.0, unit="ms"),
    Aim("long_answer", "50,000 tokens: the last thousand against the first", ("chats", "long_answer", "ratio"), 1.5),
    Aim(
        "idle", "processor, nothing running", ("resident", "idle", "nothing_running", "program_percent"), 0.5, unit="%"
    ),
    Aim(
        "idle_ready",
        "processor, an engine ready",
        ("resident", "idle", "stand_in_ready", "program_percent"),
        0.5,
        unit="%",
    ),
    Aim("start", "start to ready, quick start against bare vLLM", ("engine", "presets", "start_ratio"), 0.6),
    Aim("speed", "tokens/s of one answer against bare vLLM", ("engine", "presets", "speed_ratio"), 1.0, operator.ge),
    Aim(
        "killed",
        "a killed window until nothing of its engine is left",
        ("engine", "window_killed_seconds"),
        6,
        unit="s",
    ),
    Aim("log", "event-loop gap while 1 GB of log comes, p99", ("log", "follow", "wall_p99_ms"), 16.0, unit="ms"),
    Aim("log_cpu", "the longest in processor time", ("log", "follow", "cpu_longest_ms"), 16.0, unit="ms"),
    Aim(
        "models_type",
        "event-loop gap, typing among 5,000 models, p99",
        ("models", "type", "wall_p99_ms"),
        16.0,
        unit="ms",
    ),
    Aim("models_scroll", "the same, scrolling", ("models", "scroll", "wall_p99_ms"), 16.0, unit="ms"),
    Aim(
        "models_type_cpu",
        "the longest in processor time, typing",
        ("models", "type", "cpu_longest_ms"),
        16.0,
        unit="ms",
    ),
    Aim("models_scroll_cpu", "the same, scrolling", ("models", "scroll", "cpu_longest_ms"), 16.0, unit="ms"),
    Aim(
        "idle_monitor",
        "the same, Monitor with an hour of curves",
        ("resident", "idle", "monitor", "program_percent"),
        2.0,
        unit="%",
    ),
    Aim(
        "hidden_wakes",
        "wake-ups in ten seconds, hidden, beyond Qt's own",
        ("resident", "hidden_wakes", "more"),
        0,
        unit="",
    ),
    Aim("idle_hidden", "processor, window hidden", ("resident", "idle", "hidden", "program_percent"), 0.05, unit="%"),
)


def figure(measured: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    """The figure at *path*; None when it was not measured."""
    found: Any = measured
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, int | float) else None


def verdicts(measured: Mapping[str, Any]) -> dict[str, bool | None]:
    """Which aims were met; None for what was not measured."""
    figures = {aim: figure(measured, aim.path) for aim in AIMS}
    return {aim.name: None if value is None else aim.holds(value, aim.limit) for aim, value in figures.items()}


def table(measured: Mapping[str, Any]) -> str:
    """The aims with what was found, then everything else that was measured."""
    met = verdicts(measured)
    lines = []
    for aim in AIMS:
        value = figure(measured, aim.path)
        if value is not None:
            lines.append(f"{_mark(met[aim.name]):8} {value:>9g} {aim.unit:3} ({aim.told:8})  {aim.words}")
    return "\n".join([*lines, "", *_flat(measured)])


def _mark(met: bool | None) -> str:
    return "met" if met else "NOT MET"


def _flat(figures: Mapping[str, Any], before: str = "") -> list[str]:
    lines = []
    for key, value in figures.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            lines += _flat(value, f"{name}.")
        else:
            lines.append(f"  {name:52} {value}")
    return lines
