"""Small files of strangers: read as a whole, or told from what is saved in their place by mistake.

Used by everything in this room. Names and texts of strangers are made fit to be shown here, too.
"""

import json
import os
import stat
import unicodedata
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError

_POINTER = b"version https://git-lfs.github.com/spec/"
"""How a Git LFS pointer begins: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""
_PAGES = (b"<!doctype", b"<html", b"<?xml")
_THINGS = 1_000_000
"""In JSON that is parsed at all, by its commas; each takes some hundred bytes. An index of 90,000 tensors has as many.
"""

_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Of Unicode: control and format characters (those for the direction of writing among them), halves of pairs, private
and unknown ones, line ends."""


def shown(text: str, limit: int = 200) -> str:
    """*text* of a stranger as it may be shown: a sign in place of what could turn the text around it upside down."""
    clean = "".join("\ufffd" if unicodedata.category(sign) in _UNSHOWN else sign for sign in text[:limit])
    return clean if len(text) <= limit else f"{clean}…"


def reject_stand_in(file: Path) -> os.stat_result:
    """Refuse a pointer of Git LFS, a web page, an empty or special file in the place of *file*; else what it is.

    Raises:
        UserError: it is one of these.
        OSError: it cannot be read.
    """
    about = _regular(file)
    with file.open("rb") as stream:
        _reject_head(stream.read(256), file)
    return about


def read_json(file: Path, limit_bytes: int) -> object:
    """The JSON in *file*.

    Raises:
        UserError: it is larger than *limit_bytes*, or no JSON.
        OSError: it cannot be read.
    """
    if _regular(file).st_size > limit_bytes:
        raise _refusal(f"{shown(file.name)} is larger than such a file can be ({limit_bytes >> 20} MB).")
    with file.open("rb") as stream:
        raw = stream.read(limit_bytes)
    _reject_head(raw[:256], file)
    return parse_json(raw, file.name)


def parse_json(raw: bytes, name: str) -> object:
    """The JSON in *raw*, the content of the file *name*.

    Raises:
        UserError: it is no JSON, or would take too much memory.
    """
    if raw.count(b",") > _THINGS:
        raise _refusal(f"{shown(name)} has more in it than such a file can have.")
    try:
        value: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _refusal(f"{shown(name)} is no JSON.", str(error)[:500]) from error
    return value


def _regular(file: Path) -> os.stat_result:
    about = file.stat()
    # A named pipe would keep us waiting for ever.
    if not stat.S_ISREG(about.st_mode):
        raise _refusal(f"{shown(file.name)} is not a regular file.")
    if about.st_size == 0:
        raise _refusal(f"{shown(file.name)} is empty. Download it again.")
    return about


def _reject_head(head: bytes, file: Path) -> None:
    if head.startswith(_POINTER):
        raise _refusal(
            f"{shown(file.name)} is only a pointer of Git LFS: the real file was never fetched. "
            "Run `git lfs pull` in the folder, or download the file again."
        )
    if head.lstrip().lower().startswith(_PAGES):
        raise _refusal(f"{shown(file.name)} is a web page, saved in place of the file. Download it again.")


def _refusal(reason: str, details: str = "") -> UserError:
    return UserError("The model is damaged.", reason, Remedy.CHOOSE_MODEL, details)
