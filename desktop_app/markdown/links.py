"""Which addresses may be links at all. Everything that shows or exports text of a model asks here.

Opening a link is somebody else's decision, after a click.
"""

import re
from urllib.parse import urlsplit

_SCHEMES = ("http", "https", "mailto")
_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff<>\"`\\^{|}]")
"""Signs that no address may have (RFC 3986), and those that hide or turn round what is read of it.

Other programs read an address with them in ways of their own.
"""

_MAIL_FIELDS = {"to", "cc", "bcc", "subject", "body"}
"""Of a mail that a link may fill in. Some mail programs would attach a file of this computer."""

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
    if parts.scheme == "mailto":
        fields = {field.split("=")[0].lower() for field in re.split("[&;]", parts.query) if field}
        return bool(parts.path) and fields <= _MAIL_FIELDS
    return bool(_HOST.fullmatch(host) or _HOST.fullmatch(f"[{host}]"))


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
