"""Which addresses may be links at all. Everything that shows or exports text of a model asks here.

Opening a link is somebody else's decision, after a click.
"""

import re
from urllib.parse import urlsplit

_SCHEMES = ("http", "https", "mailto")
_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029<>\"`\\^{|}]")
"""Signs that no address may have (RFC 3986); other programs read an address with them in ways of their own."""

_HOST = re.compile(r"[\w.\-\u00b7-\uffff]+|\[[0-9a-f:.]+\]", re.IGNORECASE)
_BARE = re.compile(r"https?://[^\s<>\"'`\\|{}\[\]]+", re.IGNORECASE)
_TRAILING = ".,;:!?*_~"


def is_allowed(address: str) -> bool:
    """Whether *address* is a web page or a mail address; files, data and scripts are not."""
    if _UNFIT.search(address):
        return False
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in _SCHEMES:
        return False
    return bool(parts.path) if parts.scheme == "mailto" else bool(_HOST.fullmatch(host) or _HOST.fullmatch(f"[{host}]"))


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
