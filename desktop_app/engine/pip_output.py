"""Reads what pip prints: one line in, one fact out.

Pure. `install_progress.py` feeds it line by line. The grammar is the same from pip 23.0 (Debian 12) to 26.3, as
recorded in `tests/data/pip/`; a line that says nothing about progress gives None.

Bytes within a file are not here: only pip 24.1 and later can print them (`--progress-bar raw`), and the pip that comes
with Python 3.11 and 3.12 cannot. `install_progress.py` reads them off the file that grows instead, for every pip alike.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"bytes": 1, "kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
"""pip counts in thousands (`pip._internal.utils.misc.format_size`)."""

_SIZE = re.compile(r"\(([\d.]+) (bytes|kB|MB|GB)\)$")
_FETCH = re.compile(r"^(?:Downloading|Using cached) (\S+)")
_LOCAL = re.compile(r"^Processing (/.+?)(?: \(from .*\))?$")
_COLLECT = re.compile(r"^Collecting ([A-Za-z0-9][\w.-]*)")
_WHEEL = re.compile(r"^(?P<name>[^-]+)-(?P<version>[^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$")


@dataclass(frozen=True)
class Collecting:
    """pip looks for a package."""

    name: str


@dataclass(frozen=True)
class Fetching:
    """pip begins to fetch a package's file, from the network or from its own cache."""

    file: str
    """The file's name without the address that it comes from."""
    size: int
    """Bytes, rounded as pip prints them; 0 when the server did not say."""


@dataclass(frozen=True)
class LocalFile:
    """pip uses a file that lies on this computer."""

    path: Path


Fact = Collecting | Fetching | LocalFile


def read(line: str) -> Fact | None:
    """The fact in one line of pip's output, or None."""
    text = line.strip()
    if found := _FETCH.match(text):
        # A package's description alone (PEP 658) is a few kB and belongs to finding the parts.
        return None if found[1].endswith(".metadata") else Fetching(_file_name(found[1]), _size(text))
    if found := _LOCAL.match(text):
        return LocalFile(Path(found[1]))
    if found := _COLLECT.match(text):
        return Collecting(found[1])
    return None


def project(name: str) -> str:
    """A package's name in the one spelling that compares equal (PEP 503): `typing_extensions` → `typing-extensions`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wheel_name(file: str) -> tuple[str, str]:
    """Project and version of a wheel's file name; the file name and nothing for any other file."""
    found = _WHEEL.match(file)
    return (project(found["name"]), found["version"]) if found else (file, "")


def _file_name(address: str) -> str:
    return re.sub(r"[?#].*", "", address).rsplit("/", 1)[-1].replace("%2B", "+")


def _size(text: str) -> int:
    found = _SIZE.search(text)
    return round(float(found[1]) * _UNITS[found[2]]) if found else 0
