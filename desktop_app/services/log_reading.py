"""What a line of the engine's log is: how grave, whose, when, and in which words. `engine_log` asks, a line at a time.

`engine/phases.read_record` understands single lines; here lines without a level find the record that they belong to.
"""

import re
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_app.engine.phases import LogRecord


class Level(IntEnum):
    """How grave a line is; the name is the word that people read."""

    OTHER = 0
    DEBUG = 1
    INFO = 2
    WARNING = 3
    ERROR = 4


class Mark(Enum):
    """What a line means for the search for the first error."""

    ERROR = "has an error's level"
    CAUSE = "names a cause, and not only says that something failed before"
    READY = "the engine answers: what failed before did not stop it"
    SHUTDOWN = "somebody asked it to stop: what fails from now on is no error"


_LEVELS = {"DEBUG": Level.DEBUG, "WARNING": Level.WARNING, "ERROR": Level.ERROR, "CRITICAL": Level.ERROR}

_TIME = re.compile(
    r'\{"asctime": "[\d-]{10} (\d\d:\d\d:\d\d)|(?:\([\w-]+ pid=\d+\) )?[A-Z]+ \d\d-\d\d (\d\d:\d\d:\d\d) \['
)
_NATIVE = re.compile(r"(?:\[rank\d+\]:)?\[?(?P<letter>[WEF])\d{4} \d\d:\d\d:\d\d")
"""A line of PyTorch's own logs, e.g. `W1121 00:21:01.088000 10606 torch/…`."""
_BEGINS_ERROR = re.compile(
    r"Traceback \(most recent call last\):|Process \S+:$|(?:\S+: error: )|terminate called after "
)
_STANDS_ALONE = re.compile(r"\S+: \w*(?P<warning>Warning): |.*\d+%\||.*\d+% Completed \||nanobind: ")
_CAUSE = re.compile(
    r"[A-Za-z_][\w.]*(?:Error|Exception|NotFound)(?:: |$)|\s+Value error, |\s+Input should be |\S+: error: "
    r"|\S+: (?:No module named|Error while finding module) |terminate called after throwing |Fatal Python error: "
)
_WRAPPER = re.compile(
    r"Engine core initialization failed|WorkerProc initialization failed|RuntimeError: Executor failed"
    r"|\d+ validation errors? for |EngineDeadError|CancelledError"
)
_RECORD_START = '{"asctime": '
_SIGNS = (
    ("[shutdown] API server: shutdown triggered", Mark.SHUTDOWN),
    ("Application startup complete", Mark.READY),
)
_UNSEEN = re.compile("\x1b\\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What drives a terminal, or reverses what is read."""
_HEAD = 400
"""Characters of a line that say what it is; a line may have a million."""
_NAME_LENGTH = 40


@dataclass(frozen=True)
class Owner:
    """The record that a line is, or belongs to."""

    level: Level = Level.OTHER
    process: str = ""


@dataclass(frozen=True)
class Record:
    """One line of the log, understood."""

    number: int
    level: Level
    """Its own, or that of the record that it belongs to."""
    process: str
    """E.g. `EngineCore`; empty when nothing says it."""
    message: str
    """All of it; with a traceback that came in the same record there are line breaks."""
    time: str
    """`hh:mm:ss` of the day; empty for a line that is no record."""
    raw: str
    """As it was printed."""
    own: bool = False
    """Whether it says its level itself, and does not only belong to a record that does."""

    @property
    def line(self) -> str:
        """Time, level, process and message, as people copy it."""
        said = (self.time, self.level.name, self.process) if self.own else ()
        return " ".join(part for part in (*said, self.message) if part)

    @cached_property
    def cause(self) -> str:
        """Of a message with several lines, the first after the first one that names a cause; empty without any."""
        return next((line.strip() for line in self.message.splitlines()[1:] if _is_cause(line)), "")


def _understood(line: str) -> "LogRecord":
    """The record in *line*; of several that run into one another, as after a bar without an end, one for all."""
    from desktop_app.engine.phases import LogRecord, read_record, read_records  # noqa: PLC0415 - no window waits for it

    if line.find(_RECORD_START, 1) < 0:
        return read_record(line)
    records = [record for record in read_records(line) if record.message]
    gravest = max(records, key=lambda record: _LEVELS.get(record.level, Level.INFO if record.level else Level.OTHER))
    return LogRecord("\n".join(record.message for record in records), gravest.level, gravest.process)


def owner_of(line: str, before: Owner) -> Owner:
    """How grave *line* is and whose; *before* is the same of the line that it follows."""
    record = _understood(line)
    process = record.process[:_NAME_LENGTH]
    if record.level:
        return Owner(_LEVELS.get(record.level, Level.INFO), process)
    message = record.message[:_HEAD]
    if native := _NATIVE.match(message):
        return Owner(Level.WARNING if native["letter"] == "W" else Level.ERROR, process)
    inherits = before.level is Level.ERROR or message[:1].isspace()
    if _BEGINS_ERROR.match(message) or _CAUSE.match(message):
        return Owner(Level.ERROR, process or (before.process if inherits else ""))
    if alone := _STANDS_ALONE.match(message):
        return Owner(Level.WARNING if alone["warning"] else Level.OTHER, process)
    return Owner(before.level, process or before.process) if inherits else Owner(Level.OTHER, process)


def words_of(raw: str) -> str:
    """The message of *raw*, a traceback in the same record included, without signs that nobody sees."""
    return _UNSEEN.sub("", _understood(raw).message)


def record_of(number: int, raw: str, owner: Owner) -> Record:
    """*raw* with everything that is known about it."""
    found = _TIME.match(raw)
    time = (found[1] or found[2]) if found else ""
    own = bool(time) or owner_of(raw, Owner()).level is not Level.OTHER
    return Record(number, owner.level, owner.process, words_of(raw), time, raw, own)


def mark_of(raw: str, level: Level) -> Mark | None:
    """What *raw* means for the search for the first error; None for nothing. *level* is that of its record."""
    if level is Level.ERROR:
        return Mark.CAUSE if any(map(_is_cause, words_of(raw).splitlines())) else Mark.ERROR
    for sign, mark in _SIGNS:
        if sign in raw and words_of(raw).startswith(sign):
            return mark
    return None


def _is_cause(line: str) -> bool:
    return bool(_CAUSE.match(line[:_HEAD])) and not _WRAPPER.search(line[:_HEAD])
