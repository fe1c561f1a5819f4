"""Experiments to files: whole or not there. `ui/compare_room.py` asks for it.

Everything runs in a thread, piece by piece: ten thousand answers are neither held at the same time nor wait for the
window.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from pathlib import Path
from threading import Event

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment_figures import figures
from desktop_app.interchange.experiment_parcel import ExperimentParcel, veiled
from desktop_app.interchange.whole_file import WholeFile, disk_words

_NOT_WRITTEN = "The experiment was not written."


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
        except UserError as error:
            return UserError(_NOT_WRITTEN, error.sentence())
        except OSError as error:
            return UserError(_NOT_WRITTEN, disk_words(error, file))
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
    return replace(parcel, figures=figures(parcel.experiment.shown, parcel.cells))


def _write(parcel: ExperimentParcel, form: ExperimentForm, file: Path, given_up: Event) -> None:
    whole = WholeFile(file)
    try:
        for piece in _pieces(parcel, form):
            if given_up.is_set():
                return
            whole.write(piece.encode("utf-8", "replace"))
        whole.keep()
    finally:
        whole.close()
