"""What a person is told about a link before clicking."""

from PySide6.QtCore import QUrl

_ADDRESS_LIMIT = 160
"""Characters of an address in a tooltip."""


def encoded(address: str) -> str:
    """The address as a browser would get it: letters of other alphabets written out (punycode, percent)."""
    return bytes(QUrl(address).toEncoded().data()).decode("ascii", "replace")


def host_of(address: str) -> str:
    """Where a link really leads, with punycode for letters of other alphabets; empty for a mail address."""
    return QUrl(address).host(QUrl.ComponentFormattingOption.FullyEncoded)


def user_of(address: str) -> str:
    """What stands before an `@` in front of the host, where it is often meant to be taken for the host."""
    return QUrl(address).userInfo(QUrl.ComponentFormattingOption.FullyEncoded)


def tooltip(address: str) -> str:
    """The real host and the address, encoded so that it cannot be taken for rich text."""
    full = encoded(address).replace("<", "%3C")
    short = full if len(full) <= _ADDRESS_LIMIT else f"{full[:_ADDRESS_LIMIT]}…"
    return short if QUrl(address).scheme() == "mailto" else f"{host_of(address)}\n{short}"
