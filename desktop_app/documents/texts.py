"""Text and tables of values out of bytes. Runs in the program that reads documents (`__main__`)."""

import codecs
import csv
import io
import re

from desktop_app.documents.limits import MAX_TEXT, Refusal

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The longer ones first: that of UTF-16 begins like that of UTF-32."""
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SHARE = 0.02
"""Of control characters, above which bytes are no text."""
_SNIFFED = 64_000
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class RefusedError(Exception):
    """There is no text to be had."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.name)
        self.why = why


def read_text(data: bytes, *, values: bool = False) -> tuple[str, str]:
    """The text, and a note in words. With *values* it is a table: rows and columns are counted.

    Raises:
        RefusedError: it is no text.
    """
    text, note = _decoded(data)
    if not text.strip():
        raise RefusedError(Refusal.EMPTY)
    notes = [note, _table_note(text) if values else ""]
    return text, ", ".join(filter(None, notes))


def cut(text: str, notes: list[str]) -> tuple[str, str]:
    """*text* within `MAX_TEXT`; the notes say when it was cut."""
    if len(text) > MAX_TEXT:
        notes = [*notes, f"only the first {MAX_TEXT // 1_000_000} million characters"]
    return text[:MAX_TEXT], ", ".join(filter(None, notes))


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _plain(data.decode(encoding, "replace")), ""
    if data.startswith(_OLD_OFFICE):
        raise RefusedError(Refusal.OLD_WORD)
    sample = data[:_SNIFFED]
    if b"\0" in sample or len(_CONTROL.findall(sample)) > _SHARE * len(sample):
        raise RefusedError(Refusal.BINARY)
    try:
        return _plain(data.decode("utf-8")), ""
    except UnicodeDecodeError:
        return _plain(data.decode("latin-1")), "read as Latin-1"


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _table_note(text: str) -> str:
    """E.g. `120 rows × 8 columns`; empty when it is no table."""
    try:
        dialect = csv.Sniffer().sniff(text[:_SNIFFED], ",;\t|")
        sizes = [len(row) for row in csv.reader(io.StringIO(text), dialect) if row]
    except csv.Error:
        return ""
    return f"{len(sizes):,} rows × {max(sizes, default=0):,} columns"
