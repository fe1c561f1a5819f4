"""Asks the program that reads documents for the text of one. Called by `services/attachments`."""

import asyncio
import contextlib
import errno
import json
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from desktop_app.documents.limits import MAX_FILE, WALL_SECONDS, Refusal
from desktop_app.domain.errors import UserError
from desktop_app.domain.units import disk_words

_ROOT = Path(__file__).parents[2]
_PROGRAM = "import sys; sys.path.append(sys.argv.pop()); from desktop_app.documents import __main__; __main__.main()"
"""Isolated from the person's own Python settings; our folder comes last in its path."""
_MOST = 64_000_000
"""Bytes of an answer: ten million characters of four bytes, and what JSON puts around them."""
_GRACE = 5.0
"""Seconds beyond the program's own limit."""


@dataclass(frozen=True)
class Document:
    """What a document says."""

    name: str
    text: str
    note: str
    """What a person should know, e.g. `12 pages, 2 without text`."""
    size: int
    """Bytes of the file."""


def open_regular(path: Path, most: int = MAX_FILE, title: str = "") -> tuple[BinaryIO, int]:
    """Open a file that is one, and its size in bytes; pipes and devices are never opened. Blocks.

    Args:
        path: the file.
        most: bytes, above which it is refused.
        title: of the errors; by default that it could not be attached.

    Raises:
        UserError: it is gone, none, too large, or must not be read.
    """
    title = title or f"“{shown(path)}” could not be attached."
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a folder" if path.is_dir() else "no file but a device, a pipe or the like"
            raise UserError(title, f"It is {kind}.")
        # What was a file a moment ago may be a pipe by now: opening must not wait for its other end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise UserError(title, _why(error)) from error
    file = os.fdopen(descriptor, "rb")
    state = os.fstat(descriptor)
    reason = ""
    if not stat.S_ISREG(state.st_mode):
        reason = "It is no file but a device, a pipe or the like."
    elif state.st_size > most:
        reason = f"It has {disk_words(state.st_size)}; the most is {most // 1_000_000:,} MB."
    if reason:
        file.close()
        raise UserError(title, reason)
    return file, state.st_size


def shown(path: Path) -> str:
    """A file's name as it may be shown: it may hold anything."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in path.name)[:200] or "the file"


async def read_document(path: Path) -> Document:
    """The text of a document: plain text and code, CSV, PDF, DOCX.

    Raises:
        UserError: there is no text to be had, and why.
    """
    name = shown(path)
    file, size = await asyncio.to_thread(open_regular, path)
    with file:
        answer = await _ask(file, path.suffix[:20])
    told = await asyncio.to_thread(_parsed, answer)
    text, note, refused = told.get("text"), told.get("note"), told.get("refused")
    if isinstance(text, str) and isinstance(note, str):
        return Document(name, text, note, size)
    why = next((one for one in Refusal if one.name == refused), Refusal.DAMAGED)
    raise UserError(f"“{name}” could not be read.", why.value)


async def _ask(file: BinaryIO, ending: str) -> bytes:
    """What the program answers about *file*; empty when it crashed, or an answer that says what ended it."""
    # A name of a file is nobody's business; and no argument must look like an option.
    ending = ending if ending.startswith(".") and ending.isascii() and ending[1:].isalnum() else "."
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-X", "utf8", "-c", _PROGRAM, ending, str(_ROOT)),
        stdin=file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(WALL_SECONDS + _GRACE):
            answer = await _output(process)
            code = await process.wait()
    except TimeoutError:
        return _refusal(Refusal.SLOW)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return answer if code == 0 else _refusal(_cause(code))


async def _output(process: asyncio.subprocess.Process) -> bytes:
    if process.stdout is None:
        return b""
    chunks, length = list[bytes](), 0
    while length <= _MOST and (chunk := await process.stdout.read(1 << 20)):
        chunks.append(chunk)
        length += len(chunk)
    if length > _MOST:
        process.kill()
    return b"".join(chunks)


def _cause(code: int) -> Refusal:
    """Why a program that ended with *code* has no answer."""
    import signal  # noqa: PLC0415 - only for what hardly ever happens

    if -code in (signal.SIGXCPU, signal.SIGALRM):
        return Refusal.SLOW
    return Refusal.MEMORY if -code == signal.SIGKILL else Refusal.DAMAGED


def _refusal(why: Refusal) -> bytes:
    return json.dumps({"refused": why.name}).encode()


def _parsed(answer: bytes) -> dict[str, object]:
    try:
        told = json.loads(answer)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _why(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "It is not there any more."
    if error.errno in (errno.EACCES, errno.EPERM):
        return "You are not allowed to read it."
    return f"{error.strerror or error}."
