"""The program that reads one document: its bytes come as the input, its text goes out as one JSON object.

`reader` starts it, so that a document which makes a library crash, hang or take all memory takes nothing else along.
The only argument is the ending of the file's name. It opens no file and no connection.
"""

import json
import resource
import signal
import sys

from desktop_app.documents.limits import CPU_SECONDS, MAX_FILE, MEMORY, WALL_SECONDS, Refusal
from desktop_app.documents.texts import RefusedError, cut, read_text

_VALUES = {".csv", ".tsv"}
_ZIP = b"PK\x03\x04"
_HEAD = 1024
"""Bytes within which a PDF says that it is one."""


def main() -> None:
    """Read, tell, end."""
    _limit()
    try:
        text, note = _read(sys.stdin.buffer.read(MAX_FILE + 1), sys.argv[1].lower() if len(sys.argv) > 1 else "")
        answer = {"text": text, "note": note}
    except RefusedError as error:
        answer = {"refused": error.why.name}
    except MemoryError:
        answer = {"refused": Refusal.MEMORY.name}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))


def _limit() -> None:
    """Nobody waits longer, or lends more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # If the window is gone nobody else ends this program.
    signal.alarm(WALL_SECONDS)


def _read(data: bytes, ending: str) -> tuple[str, str]:
    if len(data) > MAX_FILE:
        raise RefusedError(Refusal.LARGE)
    if b"%PDF-" in data[:_HEAD]:
        from desktop_app.documents.pdf import read_pdf  # noqa: PLC0415 - a text does not need it

        return read_pdf(data)
    if data.startswith(_ZIP):
        from desktop_app.documents.docx import is_docx, read_docx  # noqa: PLC0415 - as above

        if is_docx(data):
            return read_docx(data)
        raise RefusedError(Refusal.OFFICE)
    text, note = read_text(data, values=ending in _VALUES)
    return cut(text, [note])


if __name__ == "__main__":
    main()
