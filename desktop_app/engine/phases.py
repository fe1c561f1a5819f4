"""Reads from vLLM's log what a start is busy with. `services` feeds it every line of a starting engine.

A line is a JSON record (`--logging-config.formatter json`), a text record, or a bare word of somebody else's: a
progress bar, a warning, a traceback. The patterns were taken from recorded logs of vLLM 0.32; those for graphics cards
from its source.
"""

import json
import re
from dataclasses import dataclass

from desktop_app.domain.engine import StartPhase, StartProgress

_TEXT_RECORD = re.compile(
    r"(?:\((?P<process>[\w-]+) pid=\d+\) )?(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) "
    r"\d\d-\d\d \d\d:\d\d:\d\d \[[^\]]*\] ?(?P<message>.*)",
    re.DOTALL,
)
_SERVER_RECORD = re.compile(r"(?P<level>INFO|WARNING|ERROR): +(?P<message>.*)", re.DOTALL)
# A traceback that a process printed itself carries its name and nothing else.
_NAMED_LINE = re.compile(r"\((?P<process>[\w-]+) pid=\d+\) ?(?P<message>.*)", re.DOTALL)


@dataclass(frozen=True)
class LogRecord:
    """One line of vLLM's log, understood."""

    message: str
    level: str = ""
    """E.g. `ERROR`; empty for a line that is no record."""
    process: str = ""
    """E.g. `EngineCore`; empty when it is not said."""


def read_record(line: str) -> LogRecord:
    """Understand one line; what is no record is a message as it stands."""
    if line.startswith("{"):
        try:
            data = json.loads(line)
        except ValueError:
            return LogRecord(line)
        if isinstance(data, dict) and isinstance(data.get("message"), str):
            return LogRecord(data["message"], str(data.get("levelname", "")), str(data.get("vllm_process_name", "")))
        return LogRecord(line)
    for pattern in (_TEXT_RECORD, _SERVER_RECORD, _NAMED_LINE):
        if found := pattern.match(line):
            parts = found.groupdict()
            return LogRecord(parts["message"] or "", parts.get("level") or "", parts.get("process") or "")
    return LogRecord(line)


_PHASES: tuple[tuple[StartPhase, re.Pattern[str]], ...] = (
    (
        StartPhase.READING_MODEL,
        re.compile(
            r"vLLM server version |[▀▄█ ]*version \d|non-default args: |Resolved architecture: |Using max model len "
            r"|Initializing a V1 LLM engine |OpenMP thread binding info|world_size=\d+ rank="
        ),
    ),
    (
        StartPhase.READING_WEIGHTS,
        re.compile(
            r"Starting to load model |Filesystem type for checkpoints: |Prefetching checkpoint files: "
            r"|Loading (?:safetensors|pt|np_cache) checkpoint shards: "
            r"|Multi-thread loading (?:pt checkpoint )?shards|Loading safetensors using "
        ),
    ),
    (
        StartPhase.PREPARING,
        re.compile(
            r"Loading weights took |Model loading took |Warming up model for the compilation|Starting torch\.compile"
            r"|Dynamo bytecode transform time: |Compiling a graph |Directly load |Compiling model again "
            r"|JIT kernel warmup|DeepGEMM warmup|Compiling CuTeDSL kernels|Warming up FlashInfer"
            r"|Initial profiling/warmup run took "
        ),
    ),
    (
        StartPhase.MAKING_ROOM,
        re.compile(
            r"Available KV cache memory: |Initial free memory |(?:Explicitly|Auto) set \([\d./]+\) GiB for KV cache"
            r"|(?:GPU|CPU|XPU) KV cache size: |Auto-fit max_model_len: |Capturing (?:decode |prefill )?CUDA graph"
            r"|Graph capturing finished "
        ),
    ),
    (
        StartPhase.OPENING,
        re.compile(
            r"init engine \(profile|Supported tasks: |Starting vLLM server on |Started server process "
            r"|Waiting for application startup|Application startup complete"
        ),
    ),
)
_ORDER = list(StartPhase)
_COUNTS = re.compile(r"(?:Loading|Multi-thread loading|Prefetching|Capturing) .*?[|(\s](\d{1,6})/(\d{1,6})\b")


class PhaseReader:
    """Follows one start. It only goes forward, whatever order the lines of several processes come in."""

    def __init__(self) -> None:
        self.progress = StartProgress(StartPhase.LOADING_ENGINE)
        """Where the start stands, without the times, which are the caller's."""

    def feed(self, line: str) -> StartProgress:
        """Take one line of the log; returns where the start stands."""
        message = read_record(line).message.lstrip()
        phase = next((phase for phase, pattern in _PHASES if pattern.match(message)), None)
        if phase is not None and _ORDER.index(phase) >= _ORDER.index(self.progress.phase):
            self.progress = self._counted(phase, message)
        return self.progress

    def _counted(self, phase: StartPhase, message: str) -> StartProgress:
        before = self.progress if phase is self.progress.phase else StartProgress(phase)
        found = _COUNTS.match(message)
        if not found:
            return before
        done, total = int(found[1]), int(found[2])
        # A second bar of the same phase with another total begins anew; the same bar never goes back.
        if total < 1 or done > total or (total == before.total and done < before.done):
            return before
        return StartProgress(phase, done, total)
