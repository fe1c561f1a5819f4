"""Text out of PDF, page by page. Runs in the program that reads documents (`__main__`)."""

import io
import time

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from desktop_app.documents.limits import MAX_TEXT, SOFT_SECONDS, Refusal
from desktop_app.documents.texts import RefusedError, cut

_ODD = (PyPdfError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, OSError)
"""What damaged files raise in the library, besides its own errors."""


def read_pdf(data: bytes) -> tuple[str, str]:
    """The text, and a note in words, e.g. `12 pages, 2 without text`.

    Raises:
        RefusedError: it has no text, or none that can be had.
    """
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise RefusedError(Refusal.PASSWORD)
        count = len(reader.pages)
    except DependencyError as error:
        raise RefusedError(Refusal.PASSWORD) from error
    except _ODD as error:
        raise RefusedError(Refusal.DAMAGED) from error
    texts = _texts(reader, count)
    found = [text for text in texts if text]
    if not found:
        raise RefusedError(Refusal.PICTURES if count else Refusal.EMPTY)
    notes = [f"{count:,} pages" if count != 1 else "1 page"]
    notes += [f"{len(texts) - len(found):,} without text"] if len(found) < len(texts) else []
    notes += [f"only the first {len(texts):,} were read"] if len(texts) < count else []
    return cut("\n\n".join(found), notes)


def _texts(reader: PdfReader, count: int) -> list[str]:
    """Of each page, as far as the time and the limit of text go."""
    texts, length = list[str](), 0
    for number in range(count):
        if length > MAX_TEXT or time.process_time() > SOFT_SECONDS:
            break
        try:
            text = _text(reader.pages[number])
        except _ODD:
            text = ""  # a page that cannot be read counts as one without text
        texts.append(text)
        length += len(text)
    return texts


def _text(page: PageObject) -> str:
    # A PDF may hold halves of characters, which no text can be written with.
    return page.extract_text().encode("utf-8", "replace").decode().strip()
