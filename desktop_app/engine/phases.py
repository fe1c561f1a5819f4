"""Reads from vLLM's log what a start is busy with. `services` feeds it every line of a starting engine.

A line is a JSON record (`--logging-config.formatter json`), a text record, or a bare word of somebody else's: a
progress bar, a warning, a traceback. The patterns were taken from recorded logs of vLLM 0.32; those for graphics cards
from its source.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from desktop_app.domain.engine import StartPhase, StartProgress
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import LaunchPlan

_TEXT_RECORD = re.compile(
    r"(?:\((?P<process>[\w-]+) pid=\d+\) )?(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) "
    r"\d\d-\d\d \d\d:\d\d:\d\d \[[^\]]*\] ?(?P<message>.*)",
    re.DOTALL,
)
_SERVER_RECORD = re.compile(r"(?P<level>INFO|WARNING|ERROR|CRITICAL): +(?P<message>.*)", re.DOTALL)
# A traceback that a process printed itself carries its name and nothing else.
_NAMED_LINE = re.compile(r"\((?P<process>[A-Z][\w-]*) pid=\d+\) ?(?P<message>.*)", re.DOTALL)
_RECORD_START = '{"asctime": '
_NEXT_FIELD = re.compile(r'(?<!\\)", "\w+": (?:"|\d+, ")?')
_CUT_RECORD = re.compile(r'\{"asctime": .*?"levelname": "(?P<level>\w+)".*?"message": "(?P<message>.*)', re.DOTALL)


@dataclass(frozen=True)
class LogRecord:
    """One line of vLLM's log, understood."""

    message: str
    """With the traceback that belongs to it."""
    level: str = ""
    """E.g. `ERROR`; empty for a line that is no record."""
    process: str = ""
    """E.g. `EngineCore`; empty when it is not said."""


def read_record(line: str) -> LogRecord:
    """Understand one line; what is no record is a message as it stands."""
    if line.startswith("{"):
        return _json_record(line)
    for pattern in (_TEXT_RECORD, _SERVER_RECORD, _NAMED_LINE):
        if found := pattern.match(line):
            parts = found.groupdict()
            return LogRecord(parts["message"] or "", parts.get("level") or "", parts.get("process") or "")
    return LogRecord(line)


def read_records(line: str) -> Iterator[LogRecord]:
    """Everything in one line: processes write over one another, and a bar has no end of line."""
    for piece in re.split(r"[\r\n]+", line) if "\r" in line or "\n" in line else (line,):
        head, *records = piece.split(_RECORD_START)
        if head or not records:
            yield read_record(head)
        for record in records:
            yield read_record(_RECORD_START + record)


def _json_record(line: str) -> LogRecord:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return _cut_record(line)
    if not isinstance(data, dict) or not isinstance(data.get("message"), str):
        return LogRecord(line)
    traceback = data.get("exc_info")
    message = f"{data['message']}\n{traceback}" if isinstance(traceback, str) else data["message"]
    return LogRecord(message, str(data.get("levelname", "")), str(data.get("vllm_process_name", "")))


def _cut_record(line: str) -> LogRecord:
    """A JSON record whose end is missing still says what it says."""
    if not (found := _CUT_RECORD.match(line)):
        return LogRecord(line)
    text = _NEXT_FIELD.sub("\n", found["message"])
    for escaped, sign in (("\\n", "\n"), ("\\r", ""), ('\\"', '"'), ("\\\\", "\\")):
        text = text.replace(escaped, sign)
    return LogRecord(text, found["level"])


_READING_MODEL = r"vLLM server version |[▀▄█ ]*version \d|non-default args: |Resolved architecture: "
_STARTING_CORE = (
    r"Using max model len |Chunked prefill is enabled|Initializing a V1 LLM engine |Waiting for \d+ local, \d+ remote"
)
_STARTING_WORKERS = r"OpenMP thread binding info|local_rank=\d+, core ids=|world_size=\d+ rank=|rank \d+ in world size "
_READING_WEIGHTS = (
    r"Starting to load model |Loading drafter model|Initializing model took |Filesystem type for checkpoints: "
    r"|Prefetching checkpoint files|Time spent downloading weights|Loading weights from "
    r"|Loading (?:safetensors|pt|np_cache|fastsafetensors)? ?(?:checkpoint shards|using )|Multi-thread loading "
)
_READ_WEIGHTS = r"Loading weights took |Model loading took "
_COMPILING = (
    r"Warming up model for the compilation|Starting torch\.compile|Dynamo bytecode transform time: "
    r"|Compiling a graph |Cache the graph |Directly load |Compiling model again |saved AOT compiled function "
    r"|torch\.compile took |Using cache directory: .*torch_compile"
)
_MEASURING = r"Initial profiling/warmup run took |Warming up done|Memory profiling takes |Skipping memory profiling"
_MAKING_ROOM = (
    r"Available KV cache memory: |Initial free memory |(?:Explicitly|Auto) set \([\d./]+\) GiB for KV cache"
    r"|(?:GPU|CPU|XPU) KV cache size: |Auto-fit max_model_len: |Add \d+ padding layers"
)
_WARM_UPS = (
    r"JIT kernel warmup|DeepGEMM warmup|Compiling CuTeDSL kernels|Warming up FlashInfer|Warming up \w+ kernels"
    r"|Autotuning process"
)
_CAPTURING = r"Capturing (?:decode |prefill |encoder |\d+ encoder )?(?:CUDA|cuda) ?graph|Profiling CUDA graph memory"
_FINISHING = r"Graph capturing finished |init engine \(profile"
_OPENING = (
    r"Supported tasks: |Starting vLLM (?:API )?server |Started server process|Waiting for application startup"
    r"|Application startup complete"
)
_PHASES: tuple[tuple[re.Pattern[str], tuple[StartPhase, ...]], ...] = tuple(
    (re.compile(rf"(?:\[\w+\] )?(?:{words})"), phases)
    for words, phases in (
        (_READING_MODEL, (StartPhase.READING_MODEL,)),
        (_STARTING_CORE, (StartPhase.STARTING_CORE,)),
        (_STARTING_WORKERS, (StartPhase.STARTING_WORKERS, StartPhase.STARTING_CORE)),
        (_READING_WEIGHTS, (StartPhase.READING_WEIGHTS,)),
        (_READ_WEIGHTS, (StartPhase.COMPILING, StartPhase.MEASURING)),
        (_COMPILING, (StartPhase.COMPILING,)),
        (_MEASURING, (StartPhase.MEASURING,)),
        (_MAKING_ROOM, (StartPhase.MAKING_ROOM,)),
        (_WARM_UPS, (StartPhase.COMPILING, StartPhase.CAPTURING, StartPhase.FINISHING)),
        (_CAPTURING, (StartPhase.CAPTURING,)),
        (_FINISHING, (StartPhase.FINISHING,)),
        (_OPENING, (StartPhase.OPENING,)),
    )
)
"""What a line begins with, and the phase that it tells of: of several the first that is expected and not yet over."""
_ORDER = {phase: number for number, phase in enumerate(StartPhase)}
_COUNTS = re.compile(
    r"(?:\[\w+\] )?(?P<bar>Loading|Multi-thread loading|Prefetching|Capturing|JIT kernel|DeepGEMM|Compiling CuTeDSL)"
    r".*?[|(\s](?P<done>\d{1,6})/(?P<total>\d{1,6})(?=[\s)\]])"
)
_NO_NEWS = re.compile(r"No available shared memory broadcast block|Waiting for \d+ local, \d+ remote")
"""What vLLM repeats while nothing happens."""
_DIGITS = re.compile(r"\d+")
_BAR_POSITION = re.compile(r"\d+%|\d+/\d+")
_REMEMBERED = 4096


def expected_phases(plan: LaunchPlan) -> tuple[StartPhase, ...]:
    """The phases that a start by *plan* will have, in order.

    Compiling and graphs belong to vLLM's levels of optimization; a processor has no graphs, and with one process for
    engine and worker (as `launch` sets it for processors) no worker is started.
    """
    on_card = plan.environment.kind is EngineKind.CUDA
    several = any(plan.get(flag) not in (None, "1") for flag in ("--tensor-parallel-size", "--pipeline-parallel-size"))
    level = str(plan.get("--optimization-level") or plan.get("-O") or "2")
    compiles = plan.get("--enforce-eager") is not True and level != "0"
    without = set()
    if not several:
        without.add(StartPhase.STARTING_WORKERS)
    if not compiles:
        without.add(StartPhase.COMPILING)
    if not compiles or not on_card:
        without.add(StartPhase.CAPTURING)
    return tuple(phase for phase in StartPhase if phase not in without)


class PhaseReader:
    """Follows one start. It only goes forward, whatever order the lines of several processes come in.

    Args:
        phases: the phases that are expected, in order; one that comes unexpected is taken in.
    """

    def __init__(self, phases: tuple[StartPhase, ...] = tuple(StartPhase)) -> None:
        self.progress = StartProgress(StartPhase.LOADING_ENGINE, phases=phases)
        """Where the start stands, without the times, which are `StartClock`'s."""
        self.heard = 0
        """How many lines said something new: neither a repetition nor a bar that stands still."""
        self._known: set[int] = set()
        self._bar = ""

    def feed(self, line: str) -> StartProgress:
        """Take one line of the log; returns where the start stands."""
        for record in read_records(line):
            self._take(record)
        return self.progress

    def _take(self, record: LogRecord) -> None:
        message = record.message.lstrip()
        self._note_news(message)
        if phase := self._phase_of(message, record.process):
            self._enter(phase)
            self._count(message)

    def _note_news(self, message: str) -> None:
        form = hash((_DIGITS.sub("0", message[:200]), *_BAR_POSITION.findall(message[:400])))
        if not message or form in self._known or _NO_NEWS.match(message):
            return
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known.add(form)
        self.heard += 1

    def _phase_of(self, message: str, process: str) -> StartPhase | None:
        told = next((phases for pattern, phases in _PHASES if pattern.match(message)), ())
        ahead = [phase for phase in told if _ORDER[phase] >= _ORDER[self.progress.phase]]
        if StartPhase.STARTING_WORKERS in ahead and process.startswith(("Worker", "VllmWorker")):
            return StartPhase.STARTING_WORKERS
        return next((phase for phase in ahead if phase in self.progress.phases), ahead[-1] if ahead else None)

    def _enter(self, phase: StartPhase) -> None:
        if phase is self.progress.phase:
            return
        phases = self.progress.phases
        if phase not in phases:
            phases = tuple(one for one in StartPhase if one in phases or one is phase)
        self.progress = StartProgress(phase, phases=phases)
        self._bar = ""

    def _count(self, message: str) -> None:
        found = _COUNTS.match(message)
        if not found or (found["bar"] == "Prefetching" and self._bar.endswith("oading")):
            return
        before = self.progress
        same = found["bar"] == self._bar
        done, total = int(found["done"]), int(found["total"])
        # Another bar of the same phase begins anew; the same bar never goes back.
        if total < 1 or done > total or (same and total == before.total and done < before.done):
            return
        self._bar = found["bar"]
        self.progress = replace(before, done=done, total=total)
