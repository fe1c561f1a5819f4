"""What the fetcher is told, and how it is started. Used by it, by `engine/install_download` and by `hub/download`.

The job is a file. When it says so, a secret comes as the first line of the program's input, a JSON object with `place`
and `authorization`: what stands in files and command lines is read by others. What the fetcher says, a JSON object a
line: `sizes` in bytes of the files whose job does not say it, once; four times a second `bytes` that are there of those
that changed, with all bytes that `came` over the network, how many files it is `checking`, and a `note` on what it
waits for; `done` with a file's name; `failed` with the name, why (`failures.Why`), words, the server's status and the
Hub's word for it.
"""

import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

_ROOT = Path(__file__).parents[2]
_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from desktop_app.transfer import fetcher; fetcher.main()"
"""What is installed comes after the standard library, and is not looked at before it is asked for."""
UNKNOWN = -1
"""The size of a file of which nobody said it."""


@dataclass(frozen=True)
class Part:
    """A file to fetch."""

    file: str
    """Its path below the folder, with `/`."""
    url: str
    sha256: str = ""
    git_sha1: str = ""
    """Git's hash, where there is no other; the size must be known for it."""
    size: int = UNKNOWN
    """Bytes."""

    @property
    def digest(self) -> str:
        """What its hash must be."""
        return self.sha256 or self.git_sha1

    def hasher(self) -> "_Hash":
        """What computes that hash."""
        if self.sha256:
            return hashlib.sha256()
        return hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)


@dataclass(frozen=True)
class Job:
    """What to fetch."""

    folder: str
    """Where files end up."""
    parts: tuple[Part, ...]
    drafts: str = ""
    """Where unfinished ones stay; empty for the same folder."""
    pauses: tuple[float, ...] = (0.3, 1.0, 3.0, 6.0)
    """Seconds before each further attempt at a connection that broke."""
    secret: bool = False
    """Whether the input begins with one."""
    whole: bool = False
    """Whether a file that is refused makes all others useless."""


def write_job(file: Path, job: Job) -> None:
    """Write a job down for the program; a link that somebody put in its place is not followed.

    Raises:
        OSError: it cannot be written.
    """
    file.unlink(missing_ok=True)
    with file.open("x", encoding="utf-8") as stream:
        json.dump(asdict(job), stream)


def read_job(file: Path) -> Job:
    """The job in *file*."""
    told = json.loads(file.read_text("utf-8"))
    parts = tuple(Part(**part) for part in told.pop("parts"))
    return Job(parts=parts, **told)


def command(job: Path) -> tuple[str, ...]:
    """What starts the program on a job; by whom it is started counts as its parent."""
    return (sys.executable, "-I", "-S", "-c", _PROGRAM, str(_ROOT), str(job), str(os.getpid()))


def part_file(folder: Path, file: str, digest: str) -> Path:
    """Where as much of a file lies as has come; another version of it has another name."""
    return folder / f"{file}.{digest[:12]}.part"
