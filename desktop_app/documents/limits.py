"""How large a document may be, and what reading it may cost. Used by the program that reads and by `reader`."""

from enum import Enum

MAX_FILE = 100_000_000
"""Bytes of a file that is opened at all."""
MAX_TEXT = 10_000_000
"""Characters of text that are taken from one; what is left out is said."""
MEMORY = 1_500_000_000
"""Bytes of address space of the program that reads."""
CPU_SECONDS = 50
WALL_SECONDS = 60
SOFT_SECONDS = 30.0
"""Seconds of CPU after which what has been read so far is the answer, with a note."""
MAX_UNPACKED = 300_000_000
"""Bytes of everything inside of a DOCX."""
MAX_MEMBERS = 10_000
"""Files inside of a DOCX."""


class Refusal(Enum):
    """Why there is no text. The value is what people read after the document's name."""

    BINARY = "It is no text, no PDF and no Word document, so there is nothing in it that a model could read."
    OLD_WORD = "It is in the old Word format (.doc). Save it as .docx or PDF, then attach it again."
    OFFICE = "Of office documents only Word’s .docx can be read. Save it as PDF or CSV, then attach it again."
    PASSWORD = "It is protected by a password. Save it without one, then attach it again."  # noqa: S105 - words
    PICTURES = (
        "It has only pictures of text, as a scanner makes them. A program for text recognition could add the text."
    )
    EMPTY = "It has no text in it."
    DAMAGED = "It is damaged, or not what its name says."
    LARGE = "Unpacked it would be far larger than any document; it was not opened."
    MEMORY = "Reading it takes more memory than a document may."
    SLOW = "Reading it took more than a minute."
