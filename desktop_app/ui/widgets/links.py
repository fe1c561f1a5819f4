"""Which addresses may be links at all, and what a person is told about one before clicking.

Everything that draws text of a model asks here; opening a link is somebody else's decision, after a click.
"""

import re

from PySide6.QtCore import QUrl

_SCHEMES = ("http", "https", "mailto")
_ADDRESS_LIMIT = 160
"""Characters of an address in a tooltip."""

_BARE = re.compile(r"https?://[^\s<>\"'`\\|{}\[\]]+", re.IGNORECASE)
_TRAILING = ".,;:!?*_~"


def is_allowed(address: str) -> bool:
    """Whether *address* is a web page or a mail address; files, data and scripts are not."""
    url = QUrl(address, QUrl.ParsingMode.StrictMode)
    if not url.isValid() or url.scheme() not in _SCHEMES:
        return False
    return bool(url.path() if url.scheme() == "mailto" else url.host())


def tooltip(address: str) -> str:
    """The real host and the address, encoded so that it cannot be taken for rich text."""
    url = QUrl(address)
    full = bytes(url.toEncoded().data()).decode("ascii", "replace").replace("<", "%3C")
    short = full if len(full) <= _ADDRESS_LIMIT else f"{full[:_ADDRESS_LIMIT]}…"
    if url.scheme() == "mailto":
        return short
    host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
    return f"{host}\n{short}"


def split_bare(text: str) -> list[tuple[str, str]]:
    """Cut *text* into (text, address) where the address is empty for what is no web address."""
    parts: list[tuple[str, str]] = []
    end = 0
    for found in _BARE.finditer(text):
        address = _trimmed(found.group())
        if not is_allowed(address):
            continue
        parts.append((text[end : found.start()], ""))
        parts.append((address, address))
        end = found.start() + len(address)
    parts.append((text[end:], ""))
    return [part for part in parts if part[0]]


def _trimmed(address: str) -> str:
    """Without the punctuation of the sentence around it."""
    while address:
        if address[-1] in _TRAILING or (address[-1] == ")" and address.count(")") > address.count("(")):
            address = address[:-1]
        else:
            break
    return address
