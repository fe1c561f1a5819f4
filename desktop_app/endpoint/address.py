"""Where an OpenAI-compatible server answers: a Unix socket of ours, or an address elsewhere with a key. A frozen value.

`services/servers` reads what a person typed; everything in this folder is told with it whom to ask.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from desktop_app.domain.errors import UserError

_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?")
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")
_KEY = re.compile(r"[\x21-\x7e]{0,4096}")
"""Anything else could end the header that carries it."""
_ROUTES = ("/chat/completions", "/completions", "/models", "/responses")
"""What people copy along from examples."""
_LOOPBACK_NAMES = ("localhost", ".localhost")
_LOCAL_NAMES = (".local", ".lan", ".home", ".internal", ".home.arpa")
"""Names that no public server can have (RFC 6762, RFC 8375, ICANN 2024) or that routers give out."""
_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)


@dataclass(frozen=True)
class Address:
    """A server: the Unix socket of an engine of ours, or scheme, host, port, path and key of one elsewhere."""

    socket: Path | None = None
    """The Unix socket; everything below is for servers elsewhere."""
    scheme: str = "http"
    host: str = ""
    """A name or an IP address, IPv6 without brackets; lower case."""
    port: int = 80
    base: str = "/v1"
    """What stands before `/models` and `/chat/completions`."""
    key: str = field(default="", repr=False)
    """Sent as `Authorization: Bearer`; never shown, logged or put into a message."""

    @property
    def elsewhere(self) -> bool:
        """Whether it is a server that is not ours."""
        return self.socket is None

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL; the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as people read it, without the key; the same for every way to write it."""
        return str(self.socket) if self.socket else f"{self.scheme}://{self.authority}{self.base}"

    @property
    def warning(self) -> str:
        """Why something should not be sent there, as a sentence; empty when there is nothing to say."""
        if not self.elsewhere or self.scheme == "https" or is_near(self.host):
            return ""
        what = "questions, answers and the key" if self.key else "questions and answers"
        return f"Not encrypted: {what} can be read by everybody on the way to {self.host}."

    def api(self, path: str) -> str:
        """The target of a route of the OpenAI protocol, e.g. `/models`."""
        return self.base + path

    def beside(self, path: str) -> str:
        """The target of a route that vLLM serves beside the protocol, e.g. `/metrics`."""
        return self.base.removesuffix("/v1") + path

    def hide_key(self, text: str) -> str:
        """*text* without the key, which a server may repeat in its messages."""
        return text.replace(self.key, "[key]") if self.key else text


Where = Path | Address
"""A Unix socket of ours, or any address."""


def as_address(where: Where) -> Address:
    """The address of *where*."""
    return where if isinstance(where, Address) else Address(socket=where)


def parse_address(text: str, key: str = "") -> Address:
    """The address that a person typed: `https://host/v1`, `192.168.1.5:8000`, `http://[::1]:8000`, with any base path.

    Without a scheme it is http for this computer and the local network, and https elsewhere; without a path it is
    `/v1`.

    Raises:
        UserError: it is no address, or the key cannot be one.
    """
    key = key.strip()
    if not _KEY.fullmatch(key):
        raise UserError("This is not a key.", "A key is one line of letters, digits and signs, without spaces.")
    split = _split(text.strip())
    host = _host(split)
    port = split.port if split.port is not None else _PORTS[split.scheme]
    return Address(None, split.scheme, host, port, _base(split.path), key)


def is_near(host: str) -> bool:
    """Whether *host* is this computer or in a private network, as far as its name tells."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        single_label = "." not in host
        return single_label or host.endswith((*_LOOPBACK_NAMES, *_LOCAL_NAMES))
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_loopback or any(ip.version == network.version and ip in network for network in _PRIVATE)


def _split(text: str) -> SplitResult:
    """Cut a typed address into its parts; a port that is none is refused here as well."""
    if not text or re.search(r"[\x00-\x20\x7f\\]", text):
        raise _no_address(text)
    try:
        split = urlsplit(text if "://" in text else f"http://{text}")
        if "://" not in text and not is_near(split.hostname or ""):
            split = urlsplit(f"https://{text}")
        valid = split.scheme in _PORTS and split.hostname and split.port != 0
    except ValueError as error:
        raise _no_address(text) from error
    if not valid:
        raise _no_address(text)
    if "@" in split.netloc:
        raise UserError("The address has a name or password in it.", "Put the key into the field for the key.")
    if split.query or split.fragment:
        raise UserError("The address has a ? or # in it.", "Leave away what stands behind the path.")
    return split


def _host(split: SplitResult) -> str:
    host = split.hostname or ""
    try:
        if ":" in host and "%" not in host:
            return str(ipaddress.IPv6Address(host))
        name = host.rstrip(".").encode("idna").decode("ascii").lower()
    except ValueError as error:
        raise _no_address(split.netloc) from error
    if not _NAME.fullmatch(name):
        raise _no_address(split.netloc)
    return name


def _base(path: str) -> str:
    path = path.rstrip("/")
    for route in _ROUTES:
        path = path.removesuffix(route)
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise _no_address(path)
    return path or "/v1"


def _no_address(text: str) -> UserError:
    return UserError(
        "This is not the address of a server.",
        "An address looks like https://example.org/v1 or http://192.168.1.5:8000.",
        details=text[:200],
    )
