"""Tells from pip's last words what went wrong, in a sentence for people.

Pure. Called by `install.py` when pip ends with anything but success. The patterns come from outputs recorded in
`tests/data/pip/` and from pip's source (23.0 to 26.3).
"""

import re
from collections.abc import Sequence
from enum import Enum, auto

from desktop_app.domain.errors import EngineError, Remedy

_DETAIL_LINES = 30
_DECISIVE_LINES = 40


class PipFault(Enum):
    """Why pip gave up."""

    DISK_FULL = auto()
    KILLED = auto()
    HASH = auto()
    CERTIFICATE = auto()
    PROXY = auto()
    NETWORK = auto()
    REFUSED = auto()
    PYTHON = auto()
    NOT_FOUND = auto()
    COMPILER = auto()
    PERMISSION = auto()
    UNKNOWN = auto()


class PipError(EngineError):
    """pip failed, and why, for whoever can try another way.

    Args:
        fault: the kind of failure.
        title: as in `UserError`.
        reason: as in `UserError`.
        details: pip's last lines.
        lacks_cpu_torch: no index has the processor build of PyTorch, which lives on an index of its own.
    """

    def __init__(self, fault: PipFault, title: str, reason: str, details: str, lacks_cpu_torch: bool) -> None:
        super().__init__(title, reason, Remedy.RETRY, details)
        self.fault = fault
        self.lacks_cpu_torch = lacks_cpu_torch


# Regular expressions. In order: what comes first explains what comes after. An index that cannot be reached also ends
# in "No matching distribution", and a full disk can look like anything.
_SIGNS: dict[PipFault, tuple[str, ...]] = {
    PipFault.DISK_FULL: (r"\[Errno 28\]", "No space left on device", r"\[Errno 122\]", "Disk quota exceeded"),
    PipFault.HASH: ("DO NOT MATCH THE HASHES", "HashMismatch"),
    PipFault.CERTIFICATE: ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed", r"SSLError\("),
    PipFault.PROXY: (r"ProxyError\(", "Tunnel connection failed", "407 Proxy Authentication"),
    PipFault.NETWORK: (
        "NameResolutionError",
        "NewConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ConnectionResetError",
        "RemoteDisconnected",
        r"ProtocolError\(",
        "IncompleteRead",
        "Temporary failure in name resolution",
        "Name or service not known",
        "Network is unreachable",
        "No route to host",
        "Connection refused",
    ),
    PipFault.REFUSED: (r"HTTP error (?:401|403|5\d\d)", "(?:401|403) Client Error", r"5\d\d Server Error"),
    PipFault.PYTHON: ("requires? a different [Pp]ython",),
    PipFault.NOT_FOUND: (
        "No matching distribution found",
        "Could not find a version that satisfies",
        "ResolutionImpossible",
        "is not a supported wheel on this platform",
        "HTTP error 404",
        "404 Client Error",
    ),
    PipFault.COMPILER: (
        "subprocess-exited-with-error",
        "Failed building wheel",
        "Failed to build",
        "error: command '",
    ),
    PipFault.PERMISSION: (r"\[Errno 13\]", "Permission denied", r"\[Errno 30\]", "Read-only file system"),
}

_WORDS: dict[PipFault, tuple[str, str]] = {
    PipFault.DISK_FULL: (
        "The disk is full.",
        "Free some space and try again; what was downloaded is kept.",
    ),
    PipFault.KILLED: (
        "The installation was ended from outside.",
        "That happens when memory runs out. Close other programs and try again; what was downloaded is kept.",
    ),
    PipFault.HASH: (
        "A downloaded file is not what it should be.",
        "Its checksum differs: the download was damaged or changed on the way. Nothing of it was installed.",
    ),
    PipFault.CERTIFICATE: (
        "The download server could not be trusted.",
        "Its certificate does not check out. Is the clock right? A company network may need pip's setting `cert`.",
    ),
    PipFault.PROXY: (
        "The proxy did not let the download through.",
        "Check the proxy in the network settings or in pip's setting `proxy`.",
    ),
    PipFault.NETWORK: (
        "The download server cannot be reached.",
        "Check the internet connection and try again; what was downloaded is kept.",
    ),
    PipFault.REFUSED: (
        "The download server refused.",
        "It may be busy, or it wants a password. Try again in a while.",
    ),
    PipFault.PYTHON: (
        "No engine for this Python was found.",
        "vLLM needs Python 3.11 to 3.14.",
    ),
    PipFault.NOT_FOUND: (
        "A part of the engine was not found.",
        "No package index or folder that pip is set to use has {part}in a form that fits this computer.",
    ),
    PipFault.COMPILER: (
        "A part of the engine would have to be compiled here.",
        "There is no ready-made package of it for this computer, and building it failed.",
    ),
    PipFault.PERMISSION: (
        "The engine's folder cannot be written to.",
        "Check whom the data folder belongs to, or choose another one with --data-dir.",
    ),
    PipFault.UNKNOWN: (
        "The installation stopped with an error.",
        "pip's own words are in the details and in the log.",
    ),
}

_MISSING = re.compile(r"No matching distribution found for (\S+)|depends on (torch==[\w.]+\+cpu)")
_CPU_TORCH = re.compile(r"(?:No matching distribution found for|depends on) torch==[\w.]+\+cpu")


def explain(lines: Sequence[str], code: int) -> PipError:
    """The failure in words. *lines* is pip's output, *code* its exit status (negative: the signal that ended it)."""
    fault = _fault(lines, code)
    title, reason = _WORDS[fault]
    if fault is PipFault.NOT_FOUND:
        reason = reason.format(part=_missing_part(lines))
    lacks_cpu_torch = any(_CPU_TORCH.search(line) for line in lines)
    return PipError(fault, title, reason, "\n".join(lines[-_DETAIL_LINES:]).strip(), lacks_cpu_torch)


def in_words(fault: PipFault, details: str) -> PipError:
    """What to say of *fault* when others than pip have met it."""
    title, reason = _WORDS[fault]
    return PipError(fault, title, reason, details, lacks_cpu_torch=False)


def _fault(lines: Sequence[str], code: int) -> PipFault:
    # 137 is how a shell, and a container's first process, report SIGKILL.
    if code < 0 or code == 137:
        return PipFault.KILLED
    # The end first: a connection that broke and was mended an hour ago explains nothing.
    for text in ("\n".join(lines[-_DECISIVE_LINES:]), "\n".join(lines)):
        for fault, signs in _SIGNS.items():
            if re.search("|".join(signs), text):
                return fault
    return PipFault.UNKNOWN


def _missing_part(lines: Sequence[str]) -> str:
    for line in lines:
        if found := _MISSING.search(line):
            return f"{found[1] or found[2]} "
    return "it "
