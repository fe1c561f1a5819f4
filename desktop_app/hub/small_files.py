"""Files of a model that are read as a whole, or told from what is saved in their place by mistake. Used by `local`."""

import json
import stat
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError

_POINTER = b"version https://git-lfs.github.com/spec/"
"""How a Git LFS pointer begins: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""
_PAGES = (b"<!doctype", b"<html", b"<?xml")


def reject_stand_in(file: Path) -> None:
    """Refuse a pointer of Git LFS, a web page, an empty or special file in the place of *file*.

    Raises:
        UserError: it is one of these.
        OSError: it cannot be read.
    """
    about = file.stat()
    # A named pipe would keep us waiting for ever.
    if not stat.S_ISREG(about.st_mode):
        raise _refusal(f"{file.name} is not a regular file.")
    if about.st_size == 0:
        raise _refusal(f"{file.name} is empty. Download it again.")
    with file.open("rb") as stream:
        head = stream.read(256)
    if head.startswith(_POINTER):
        raise _refusal(
            f"{file.name} is only a pointer of Git LFS: the real file was never fetched. "
            "Run `git lfs pull` in the folder, or download the file again."
        )
    if head.lstrip().lower().startswith(_PAGES):
        raise _refusal(f"{file.name} is a web page, saved in place of the file. Download it again.")


def read_json(file: Path, limit_bytes: int) -> object:
    """The JSON in *file*.

    Raises:
        UserError: it is larger than *limit_bytes*, or no JSON.
        OSError: it cannot be read.
    """
    reject_stand_in(file)
    with file.open("rb") as stream:
        raw = stream.read(limit_bytes + 1)
    if len(raw) > limit_bytes:
        raise _refusal(f"{file.name} is larger than such a file can be ({limit_bytes >> 20} MB).")
    try:
        value: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _refusal(f"{file.name} is no JSON.", str(error)) from error
    return value


def _refusal(reason: str, details: str = "") -> UserError:
    return UserError("The model is damaged.", reason, Remedy.CHOOSE_MODEL, details)
