"""What a person is told about a link before clicking."""

from PySide6.QtCore import QUrl

_ADDRESS_LIMIT = 160
"""Characters of an address in a tooltip."""


def tooltip(address: str) -> str:
    """The real host and the address, encoded so that it cannot be taken for rich text."""
    url = QUrl(address)
    full = bytes(url.toEncoded().data()).decode("ascii", "replace").replace("<", "%3C")
    short = full if len(full) <= _ADDRESS_LIMIT else f"{full[:_ADDRESS_LIMIT]}…"
    if url.scheme() == "mailto":
        return short
    host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
    return f"{host}\n{short}"
