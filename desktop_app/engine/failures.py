"""Says in plain words why vLLM stopped. `services` asks when it ended without having been asked to.

The cause is the *first* exception in the log: vLLM's processes fail one after the other, and what comes last only says
that something came before. The exit code tells little: 0 after a crash in service, 1 for any failed start.
"""

import re
from collections.abc import Iterable

from desktop_app.domain.engine import LaunchPlan, StartPhase
from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.engine.failure_causes import CAUSES, KILLED, SIGNALS, Cause
from desktop_app.engine.phases import LogRecord, read_record

_DETAIL_LINES = 60
_LINE_LENGTH = 400
_GIB = 1024**3


_DOING = {
    None: "The engine stopped by itself.",
    StartPhase.LOADING_ENGINE: "The engine stopped while it was loading.",
    StartPhase.READING_MODEL: "The engine stopped while it looked at the model.",
    StartPhase.READING_WEIGHTS: "The engine stopped while it read the weights.",
    StartPhase.PREPARING: "The engine stopped while it prepared the model.",
    StartPhase.MAKING_ROOM: "The engine stopped while it made room for the conversation.",
    StartPhase.OPENING: "The engine stopped just before it was ready.",
}

_DECISIVE = re.compile(
    r"(?P<exception>[A-Za-z_][\w.]*(?:Error|Exception|Exit|NotFound|Interrupt)(?:: .*|$))"
    r"|\s+(?:Value error, )?(?P<value>(?<=Value error, ).*|Input should be .*)"
    r"|(?P<usage>\S+: error: .*)"
    r"|(?P<python>\S+: (?:No module named|Error while finding module) .*)"
    r"|(?P<other>terminate called after throwing .*|Fatal Python error: .*)"
)
_WRAPPER = re.compile(
    r"Engine core initialization failed|WorkerProc initialization failed|RuntimeError: Executor failed"
    r"|\d+ validation errors? for |EngineDeadError|SystemExit|KeyboardInterrupt|asyncio\.exceptions\.CancelledError"
)
_WORKER_GONE = re.compile(r"Worker proc \S+ died unexpectedly")
_WORKER_SAYS = re.compile(r"RuntimeError: Worker failed with error ['\"](?P<inner>.*)")
_PYDANTIC_TAIL = re.compile(r" \[type=\w+, input_value=.*")
_SHUTDOWN = "[shutdown] API server: shutdown triggered"
_NOISE = re.compile(
    r"usage: |\s+\[-|\s*$|\s*warnings\.warn|.*(?:Deprecation|Future|User)Warning: |\s*nanobind: |\s+- (?:leaked|\.\.\.)"
    r"|Triton is installed|\[W\d|W\d{4} |\s+(?:if hasattr|wrapper = )"
)


def explain(code: int | None, lines: Iterable[str], plan: LaunchPlan, phase: StartPhase | None = None) -> EngineError:
    """Why vLLM stopped.

    Args:
        code: its exit code, negative for a signal; None when nobody knows.
        lines: what it printed, or the last of it.
        plan: what was started.
        phase: where the start stood; None when it had been ready.
    """
    records = list(_before_shutdown(lines))
    causes = _causes(records)
    details = _details(records, causes)
    for rule in CAUSES:
        for cause in causes:
            if found := rule.pattern.search(cause):
                return _error(rule, found, plan, details)
    if not causes and (code in SIGNALS or any(_WORKER_GONE.match(record.message) for record in records)):
        title, reason, remedy = SIGNALS.get(code or 0, KILLED)
        return EngineError(title, reason, _fitting(remedy, plan), details)
    silent = "Something outside this program ended it." if code is None else "It did not say why."
    reason = f"Its words: {_short(causes[0])}" if causes else silent
    return EngineError(_DOING[phase], reason, Remedy.SHOW_LOG, details)


def _error(rule: Cause, found: re.Match[str], plan: LaunchPlan, details: str) -> EngineError:
    words = {name: _short(value or "") for name, value in found.groupdict().items()}
    if "bytes" in words:
        words["bytes"] = f"{int(words['bytes']) / _GIB:.1f} GiB"
    words |= {"folder": str(plan.model.folder), "model": plan.model.name, "version": plan.environment.version}
    reason = rule.reason.format_map(words)
    return EngineError(rule.title.format_map(words), reason, _fitting(rule.remedy, plan), details)


def _fitting(remedy: Remedy, plan: LaunchPlan) -> Remedy:
    """Whoever cannot even start the Guide is not helped by other models."""
    return Remedy.RETRY if remedy is Remedy.CHOOSE_MODEL and plan.model.is_guide else remedy


def _before_shutdown(lines: Iterable[str]) -> Iterable[LogRecord]:
    """The records up to a shutdown; what comes after it is always full of errors and never a cause."""
    for line in lines:
        record = read_record(line)
        if record.message.startswith(_SHUTDOWN):
            return
        yield record


def _causes(records: Iterable[LogRecord]) -> list[str]:
    """The lines that say what went wrong, the first cause first."""
    found: dict[str, None] = {}
    for record in records:
        if record.level in ("", "ERROR", "CRITICAL"):
            for line in record.message.splitlines():
                if cause := _cause(line):
                    found.setdefault(cause)
    return list(found)


def _cause(line: str) -> str:
    """What one line says went wrong; empty when it says nothing of the kind."""
    decisive = _DECISIVE.match(line)
    if not decisive or _WRAPPER.search(line):
        return ""
    text = next(part for part in decisive.groups() if part is not None)
    if inner := _WORKER_SAYS.match(text):
        text = inner["inner"]
    return _PYDANTIC_TAIL.sub("", text).strip()


def _details(records: Iterable[LogRecord], causes: list[str]) -> str:
    """The causes, and what led to the first of them; without a cause the last words. Noise is left out."""
    lines = [
        line
        for record in records
        if record.level not in ("INFO", "DEBUG")
        for line in record.message.splitlines()
        if not _NOISE.match(line)
    ]
    head: list[str] = []
    if causes:
        first = next(number for number, line in enumerate(lines) if _cause(line) == causes[0])
        lines = lines[: first + 1]
        head = [*causes[:6], ""]
    return "\n".join(map(_short, [*head, *lines[len(head) - _DETAIL_LINES :]]))


def _short(text: str) -> str:
    """At most 400 characters."""
    text = text.rstrip()
    return text if len(text) <= _LINE_LENGTH else text[: _LINE_LENGTH - 1] + "…"
