"""Which names of files from elsewhere may be used on this disk. Used by `fetcher` and `hub`; strangers chose them."""

import unicodedata
from collections.abc import Iterable

OURS = ".vllm-desktop"
"""The folder with our own notes inside a model's folder."""
_BYTES = 230
"""Of a whole path. File systems allow 255 to a name, and an unfinished file's is 18 longer."""
_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Of Unicode: control and format characters (those for the direction of writing among them), halves of pairs, private
ones, line ends."""
_CHARACTERS = frozenset('<>:"|?*\\')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}
)
"""Not to be used on disks of Windows: https://learn.microsoft.com/windows/win32/fileio/naming-a-file."""


def problem(path: str) -> str:
    """Why *path* (relative, with `/`) may not be used, in words that go on after its name; empty when it may."""
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        return "has characters that are none"
    if not 0 < length <= _BYTES:
        return "is too long" if path else "is empty"
    if any(unicodedata.category(sign) in _CATEGORIES or sign in _CHARACTERS for sign in path):
        return "has characters that do not belong into a name"
    for part in path.split("/"):
        if part in ("", ".", "..") or part != part.strip() or part.endswith("."):
            return "leads outside the folder or is no name"
        if part.casefold() == OURS or part.split(".")[0].casefold() in _DEVICES:
            return "is reserved"
    return ""


def clash(paths: Iterable[str]) -> str:
    """The first of *paths* that a disk may not tell from another, or that is a folder of another; empty for none."""
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        plain = unicodedata.normalize("NFC", path).casefold()
        parents = {plain[:at] for at, sign in enumerate(plain) if sign == "/"}
        if plain in files or plain in folders or parents & files:
            return path
        files.add(plain)
        folders |= parents
    return ""
