"""Finds in vLLM's log what went wrong: the exceptions, grouped into chains, the one that came first at the front.

vLLM's processes fail one after the other, and each tells the failure of the one below in its own words: the last
exception only says that something came before. `failures` looks the chains up in its tables. A log is read once, line
by line, and only a bounded part of it is kept.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from desktop_app.engine.phases import LogRecord, read_records

_KEPT_CHAINS = 12
_KEPT_LINES = 50
_LINE_LENGTH = 400
_TEXT_LINES = 8
_TEXT_LENGTH = 4000
_MOST_FLAGS = 2000

_EXCEPTION = re.compile(
    r"Exception(?=: )|(?:[a-z_]\w*\.)+[A-Z]\w+(?=: |:?$)|[A-Za-z_][\w.]*"
    r"(?:Error|Exception|Exit|NotFound|Interrupt|Expired|Timeout|Compiler|Failed|Unsupported)(?=: |:?$)"
)
_ANY_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?=: |:?$)")
_BARE = re.compile(
    r"(?:\S+\.py|vllm(?: [\w-]+)?|\S*python\S*): error: "
    r"|\S+: (?:No module named|Error while finding module|can't open file|command not found) ?"
    r"|terminate called |Fatal Python error: |Bus error|Segmentation fault|Illegal instruction|Aborted|Killed$"
    r"|free\(\): |malloc\(\): |double free |corrupted |\*\*\* stack smashing|OMP: Error |(?:Intel"
    r"|INTEL) MKL (?:FATAL )?ERROR"
    r"|(?:docker|podman): |Error: (?:OCI|crun|runc|unable|statfs)|Error response from daemon|nvidia-container-cli: "
    r"|Unexpected bus error|\s+(?:Value error, |Input should be )|\[Errno -?\d+\] |(?:ba)?sh: |env: |exec: "
    r"|.*\bNCCL WARN "
)
"""Last words that are no exception of Python's: of its start, of the system's libraries, of a container."""
_WRAPPER = re.compile(
    r"Engine core initialization failed|WorkerProc initialization failed|RuntimeError: Executor failed"
    r"|\d+ validation errors? for |EngineDeadError|SystemExit|KeyboardInterrupt|CancelledError|GeneratorExit"
    r"|StopIteration|Process \S+ died|EngineCore encountered an issue|NCCL WARN Bootstrap|DPSupervisor exited"
)
"""What only says that something came before."""
_WORKER_SAYS = re.compile(
    r"\w+: Worker failed with error ['\"](?P<inner>.*?)(?:['\"], please check the stack.*)?$", re.DOTALL
)
_WORKER_GONE = re.compile(r"Worker proc \S+ died unexpectedly \(exit code: (?P<code>-?\d+|None)\)")
_CORE_GONE = re.compile(r"\[shutdown\] MPClient: engine core exited unexpectedly")
_PYDANTIC_TAIL = re.compile(r" \[type=\w+, input_value=.*", re.DOTALL)
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
_TRACEBACK = "Traceback (most recent call last)"
_SHUTDOWN = "[shutdown] API server: shutdown triggered"
_READY = "Application startup complete"
_FRAME = re.compile(r'\s+File "[^"]*", line \d+, in (\w{1,80})')
_BANNER = re.compile(r"(?:vLLM server version|[▀▄█ ]*version) (?P<version>\d[\w.+-]*)")
_UNIMPORTANT = re.compile(r'\{"asctime": [^{}]{0,80}?"levelname": "(?:INFO|DEBUG)"')
_ARGUMENTS = "non-default args: "
_ARGUMENT = re.compile(r"[{ ]'(\w+)': (?:'([^']*)')?")
_USAGE = re.compile(r"usage: |\s+\[-")
_MARKS = (_SHUTDOWN, _READY, _ARGUMENTS, "vLLM server version")
_NOISE = re.compile(
    r"usage: |\s+\[-|\s*$|\s*warnings\.warn|.*(?:Deprecation|Future|User|Runtime|Syntax)Warning: |\s*nanobind: "
    r"|\s+- (?:leaked|\.\.\.)|Triton is installed|\[W\d|W\d{4} |\s+(?:if hasattr|wrapper = )|See https://nanobind"
    r"|[^|]*\d+%[^|]*\||INFO:|sys:1: "
)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def cleaned(text: str) -> str:
    """*text* without what a terminal would obey and a reader would not see."""
    return _CONTROL.sub("", text)


def shortened(text: str) -> str:
    """At most 400 characters."""
    text = text.rstrip()
    return text if len(text) <= _LINE_LENGTH else text[: _LINE_LENGTH - 1] + "…"


@dataclass
class Chain:
    """Exceptions that led to one another, the first at the front, and what stood before them in the log."""

    process: str
    served: bool
    """Whether the engine had been ready by then."""
    texts: list[list[str]] = field(default_factory=list)
    before: tuple[str, ...] = ()
    functions: set[str] = field(default_factory=set)
    """Names of the functions in its tracebacks."""

    def causes(self) -> list[str]:
        """What the exceptions say, without those that only point to another; each with the lines that belong to it."""
        said = (_said(text) for text in self.texts)
        return list(dict.fromkeys(text for text in said if text))


def _said(lines: list[str]) -> str:
    head, *more = lines
    if _WRAPPER.search(head):
        # What pydantic says stands below its head: the field, and what is wrong with it.
        lines = [line.strip() for line in more] if "validation error" in head else []
        if not any(line.startswith(("Value error, ", "Assertion failed, ", "Input should ")) for line in lines):
            return ""
    text = "\n".join(lines)[:_TEXT_LENGTH]
    if inner := _WORKER_SAYS.match(text):
        text = inner["inner"]
    return "\n".join(_PYDANTIC_TAIL.sub("", line).removeprefix("Value error, ") for line in text.split("\n")).strip()


@dataclass
class _Open:
    """What one process is in the middle of telling."""

    chain: Chain | None = None
    in_trace: bool = False
    functions: set[str] = field(default_factory=set)
    chained: bool = False
    continues: bool = False


class LogReading:
    """Everything that a log tells about a failure; feed it lines, then look at the rest."""

    def __init__(self) -> None:
        self.version = ""
        """Of vLLM, as it said itself."""
        self.served = False
        """Whether it said that it was ready."""
        self.stopping = False
        """Whether it was asked to stop; what it said after that is not looked at."""
        self.worker_code: int | None = None
        """The exit code of a process of its that ended unexpectedly; 0 when that is not known, None for no such end."""
        self.worker_line = ""
        """What it said about that."""
        self.given: dict[str, str] = {}
        """The settings that it was given, by name without dashes."""
        self.offered: set[str] = set()
        """The flags that it has; it lists them when it does not understand one."""
        self._early: list[Chain] = []
        self._late: deque[Chain] = deque(maxlen=_KEPT_CHAINS)
        self._open: dict[str, _Open] = {}
        self._recent: deque[str] = deque(maxlen=_KEPT_LINES)

    @classmethod
    def of(cls, lines: Iterable[str]) -> "LogReading":
        """Read all of *lines*."""
        reading = cls()
        for line in lines:
            reading.feed(line)
        return reading

    def feed(self, line: str) -> None:
        """Take one line."""
        # Most of a long log is not looked at any closer.
        if _UNIMPORTANT.match(line) and not any(mark in line for mark in _MARKS):
            return
        for record in read_records(line):
            self._take(record)

    def chains(self) -> list[Chain]:
        """What went wrong, the root first. What was said before the engine was ready did not stop it."""
        late = [chain for chain in self._late if chain.causes()]
        # A server tells of every bad question; what ended it is told by the processes below.
        late.sort(key=lambda chain: chain.process.startswith("APIServer"))
        return late + [chain for chain in self._early if chain.causes()]

    @property
    def failed(self) -> bool:
        """Whether it tells of a failure or of an end."""
        return self.stopping or self.worker_code is not None or bool(self.chains())

    @property
    def empty(self) -> bool:
        """Whether there was nothing to read but noise."""
        return not self.version and not self._recent

    def last_words(self) -> tuple[str, ...]:
        """The last lines that were not mere information."""
        return tuple(self._recent)

    def _take(self, record: LogRecord) -> None:
        message = record.message
        if banner := _BANNER.match(message.lstrip()):
            if self.version:
                # Another start in the same file: what came before is over.
                self.__init__()  # type: ignore[misc]
            self.version = banner["version"]
        if message.startswith(_SHUTDOWN):
            self.stopping = True
        if self.stopping:
            return
        if message.startswith(_READY):
            self.served = True
        if gone := _WORKER_GONE.search(message):
            self.worker_code, self.worker_line = int(gone["code"]) if gone["code"] != "None" else 0, message
        elif _CORE_GONE.match(message):
            self.worker_code, self.worker_line = 0, message
        elif message.startswith(_ARGUMENTS):
            self.given = {name.replace("_", "-"): value for name, value in _ARGUMENT.findall(message)}
        said = self._open.setdefault(record.process, _Open())
        if record.level in ("INFO", "DEBUG", "WARNING"):
            said.continues = said.in_trace = False
            if record.level == "WARNING":
                self._recent.extend(map(shortened, message.splitlines()[:_TEXT_LINES]))
            return
        for number, line in enumerate(message.splitlines()):
            self._take_line(said, line.rstrip(), record.process, fresh=bool(record.level) and number == 0)

    def _take_line(self, said: _Open, line: str, process: str, *, fresh: bool) -> None:
        """One line that may belong to a traceback; *fresh* when a record of its own begins with it."""
        if _USAGE.match(line) and len(self.offered) < _MOST_FLAGS:
            self.offered.update(re.findall(r"--[a-z][\w-]*", line))
        if not line or _NOISE.match(line):
            return
        head = line.lstrip()
        self._recent.append(shortened(line))
        if head.startswith(_TRACEBACK):
            if not said.chained:
                said.chain = None
            said.in_trace, said.chained, said.continues, said.functions = True, False, False, set()
        elif head.startswith(_CHAINED):
            said.chained, said.continues = True, False
        elif said.in_trace:
            if line[0] not in " \t|+" and _ANY_EXCEPTION.match(line):
                self._begin(said, line, process)
            elif frame := _FRAME.match(line):
                said.functions.add(frame[1])
        elif (_EXCEPTION.match(line) or _BARE.match(line)) and not (said.continues and line[0] == " "):
            if not said.continues or _BARE.match(line):
                said.chain = None
            self._begin(said, line, process)
        elif said.continues and said.chain and _belongs(line, said.chain.texts[-1], fresh=fresh):
            said.chain.texts[-1].append(line)

    def _begin(self, said: _Open, line: str, process: str) -> None:
        said.in_trace, said.chained, said.continues = False, False, True
        if said.chain is None:
            said.chain = Chain(process, self.served, before=tuple(self._recent))
            if self.served:
                self._late.append(said.chain)
            elif len(self._early) < 4 * _KEPT_CHAINS:
                self._early.append(said.chain)
        if len(said.chain.texts) < _KEPT_CHAINS:
            said.chain.texts.append([line])
            said.chain.functions |= said.functions
            said.chain.before = tuple(self._recent)


def _belongs(line: str, text: list[str], *, fresh: bool) -> bool:
    """Whether *line* goes on with what an exception says.

    In text logs every line is a record of its own; there only an exception without a word has its word below.
    """
    return len(text) < _TEXT_LINES and (not fresh or text[-1].endswith(":"))
