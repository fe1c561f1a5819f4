"""The file that an import comes in: JSON, or the ZIP that ChatGPT sends. `chat_files` reads it in a thread.

Nothing of an archive is unpacked to the disk, and of its files only the conversations are read.
"""

import errno
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from desktop_app.documents.reader import open_regular
from desktop_app.domain.errors import UserError
from desktop_app.domain.units import disk_words
from desktop_app.interchange.parcel import Damaged, Parcel
from desktop_app.interchange.reader import NotChatsError, read_chats

MAX_JSON = 400_000_000
"""Bytes of one JSON file; in memory it takes up to four times as much."""
_MAX_ARCHIVE = 50_000_000_000
"""Bytes; pictures and sounds fill an archive of ChatGPT, but they are not read."""
_CONVERSATIONS = re.compile(r"(?:.*/)?conversations(?:-\d+)?\.json")
"""Large exports of ChatGPT come in several such files."""
_MOST_FILES = 1000
_ZIP = b"PK\x03\x04"


def read_file(path: Path, title: str) -> Iterator[Parcel | Damaged]:
    """The conversations in a file, one after another. Blocks: call every `next()` in a thread.

    Args:
        path: the file.
        title: of the errors.

    Raises:
        UserError: it cannot be read, or holds no chats that we know.
    """
    file, _ = open_regular(path, _MAX_ARCHIVE, title)
    with file:
        try:
            zipped = file.read(len(_ZIP)) == _ZIP
            file.seek(0)
            yield from _archive(file) if zipped else read_chats(_text(file.read(MAX_JSON + 1)))
        except NotChatsError as error:
            raise UserError(title, f"{path.name}: {error}") from error
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
            raise UserError(title, f"{path.name} is a damaged archive.", details=str(error)) from error
        except MemoryError as error:
            raise UserError(title, f"There is not enough memory to read {path.name}.") from error
        except OSError as error:
            raise UserError(title, _why(error, path)) from error


def _archive(file: BinaryIO) -> Iterator[Parcel | Damaged]:
    with zipfile.ZipFile(file) as archive:
        members = sorted(
            (one for one in archive.infolist() if _CONVERSATIONS.fullmatch(one.filename)), key=lambda one: one.filename
        )
        if not members:
            raise NotChatsError("There is no conversations.json in it.")
        for member in members[:_MOST_FILES]:
            if member.flag_bits & 1:
                raise NotChatsError("It is protected by a password.")
            with archive.open(member) as stream:
                # What the archive says of the size is not believed.
                yield from read_chats(_text(stream.read(MAX_JSON + 1)))


def _text(data: bytes) -> str:
    if len(data) > MAX_JSON:
        raise NotChatsError(f"It is larger than {disk_words(MAX_JSON)}.")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return data.decode(encoding, "replace")


def _why(error: OSError, path: Path) -> str:
    gone = error.errno in (errno.EIO, errno.ESTALE)
    return f"{path.name} could not be read to its end." if gone else f"{path.name}: {error.strerror or error}."
