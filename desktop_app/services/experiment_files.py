"""Experiments to files: whole or not there. `ui/compare_room.py` asks for it.

Everything runs in a thread, piece by piece: ten thousand answers are neither held twice nor wait for the window.
"""

import asyncio
import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from pathlib import Path
from threading import Event
from typing import BinaryIO

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment_figures import figures
from desktop_app.interchange.experiment_parcel import ExperimentParcel, veiled

_NOT_WRITTEN = "The experiment was not written."
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ExperimentForm(Enum):
    """What a file of an experiment can be. The value is the ending of its name."""

    MARKDOWN = ".md"
    HTML = ".html"
    CSV = ".csv"
    JSON = ".json"

    @property
    def words(self) -> str:
        """What people choose it by."""
        return _WORDS[self]


_WORDS = {
    ExperimentForm.MARKDOWN: "Markdown, a report to read",
    ExperimentForm.HTML: "Web page, with the answers side by side",
    ExperimentForm.CSV: "CSV, a row for each answer",
    ExperimentForm.JSON: "JSON, with everything",
}


class ExperimentFiles:
    """Exports of experiments."""

    async def export(self, parcel: ExperimentParcel, form: ExperimentForm, file: Path) -> UserError | None:
        """Write an experiment to *file*, readable by nobody else; what was there is replaced once all is written.

        While it is blind, names, settings, figures and votes are not in it, and it says so.

        Returns:
            Why it was not written, with no part of it left; None when it was.
        """
        given_up = Event()
        try:
            await asyncio.to_thread(_write, parcel, form, file, given_up)
        except OSError as error:
            return UserError(_NOT_WRITTEN, _disk_words(error, file))
        finally:
            # A thread cannot be cancelled: it looks whether somebody still waits for it.
            given_up.set()
        return None


def _pieces(parcel: ExperimentParcel, form: ExperimentForm) -> Iterator[str]:
    # Two of them bring a parser and a highlighter along, which a window without exports never needs.
    from desktop_app.interchange.experiment_csv import csv_pieces  # noqa: PLC0415 - see above
    from desktop_app.interchange.experiment_html import html_pieces  # noqa: PLC0415 - see above
    from desktop_app.interchange.experiment_json import json_pieces  # noqa: PLC0415 - see above
    from desktop_app.interchange.experiment_markdown import markdown_pieces  # noqa: PLC0415 - see above

    pieces = {
        ExperimentForm.MARKDOWN: markdown_pieces,
        ExperimentForm.HTML: html_pieces,
        ExperimentForm.CSV: csv_pieces,
        ExperimentForm.JSON: json_pieces,
    }
    return pieces[form](veiled(parcel) if parcel.hidden else _measured(parcel))


def _measured(parcel: ExperimentParcel) -> ExperimentParcel:
    """With figures of the whole answers, which tell more of who may be called best than a grid's heads do."""
    experiment = parcel.experiment
    return replace(parcel, figures=figures(experiment.shown, parcel.cells, experiment.options.pace))


def _write(parcel: ExperimentParcel, form: ExperimentForm, file: Path, given_up: Event) -> None:
    draft = file.with_name(f".{file.name[:100]}.{secrets.token_hex(4)}.part")
    stream = os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
    try:
        for piece in _pieces(parcel, form):
            if given_up.is_set():
                return
            stream.write(piece.encode("utf-8", "replace"))
        _settle(stream, draft, file)
    finally:
        _discard(stream, draft)


def _settle(stream: BinaryIO, draft: Path, file: Path) -> None:
    stream.flush()
    os.fsync(stream.fileno())
    draft.replace(file)


def _discard(stream: BinaryIO, draft: Path) -> None:
    """Nothing is left of a draft that did not become the file."""
    with contextlib.suppress(OSError):
        stream.close()  # a full disk refuses what is still in its buffer once more
    draft.unlink(missing_ok=True)


def _disk_words(error: OSError, file: Path) -> str:
    if error.errno in _FULL:
        return f"There is no room left where “{file.name}” should go."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"You are not allowed to write to {file.parent}."
    return f"{file}: {error.strerror or error}."
