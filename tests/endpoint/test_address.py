"""What people type as an address, and what becomes of it."""

from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.endpoint.address import Address, as_address, parse_address


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://example.org", "https://example.org/v1"),
        ("https://Example.ORG./v1/", "https://example.org/v1"),
        ("https://example.org:443/api/v1", "https://example.org/api/v1"),
        ("https://example.org/v1/chat/completions", "https://example.org/v1"),
        ("https://example.org/openai", "https://example.org/openai"),
        ("http://example.org:8000", "http://example.org:8000/v1"),
        ("example.org/v1", "https://example.org/v1"),
        ("example.org:8443", "https://example.org:8443/v1"),
        ("192.168.1.5:8000", "http://192.168.1.5:8000/v1"),
        ("localhost:1234/v1", "http://localhost:1234/v1"),
        ("nas:8000", "http://nas:8000/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
        ("[fd00::0:1]:8000", "http://[fd00::1]:8000/v1"),
        ("https://[2001:DB8::1]/v1", "https://[2001:db8::1]/v1"),
        ("https://bücher.example", "https://xn--bcher-kva.example/v1"),
        ("  https://example.org/v1\n", "https://example.org/v1"),
        ("HTTPS://example.org", "https://example.org/v1"),
    ],
)
def test_what_is_typed(typed: str, url: str) -> None:
    assert parse_address(typed).url == url
    assert parse_address(url).url == url


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "://",
        "ftp://example.org",
        "file:///etc/passwd",
        "http://",
        "http:///v1",
        "http://example.org:0",
        "http://example.org:99999",
        "http://example.org:x",
        "http://exa mple.org",
        "http://example.org\\@evil.example/v1",
        "http://user:secret@example.org/v1",
        "http://example.org/v1?key=secret",
        "http://example.org/v1#x",
        "http://example.org/v1\r\nx: y",
        "http://example.org/../v1",
        "http://-example.org",
        "http://[::1",
        "http://[::1%eth0]:8000",
        "http://exa$mple.org",
        "http://" + "a" * 300,
        "http://example.org/%zz/ü",
    ],
)
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_address(typed)
    assert "secret" not in caught.value.sentence()


@pytest.mark.parametrize("key", ["a b", "a\r\nx: y", "ü", "a\x00", "x" * 5000])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(UserError, match="not a key"):
        parse_address("https://example.org", key)


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://[::1]", True),
        ("http://[::ffff:192.168.1.1]", True),
        ("http://10.1.2.3", True),
        ("http://172.31.0.1", True),
        ("http://192.168.0.9", True),
        ("http://[fe80::1]", True),
        ("http://nas", True),
        ("http://nas.local", True),
        ("http://box.localhost", True),
        ("https://example.org", True),
        ("http://example.org", False),
        ("http://8.8.8.8", False),
        ("http://172.32.0.1", False),
        ("http://[2001:db8::1]", False),
        ("http://[::ffff:8.8.8.8]", False),
        ("http://local.example.org", False),
    ],
)
def test_a_warning_where_others_can_read_along(url: str, near: bool) -> None:
    warning = parse_address(url).warning
    assert (warning == "") is near
    assert near or warning.startswith("Not encrypted: questions and answers can be read")
    assert near or "and the key" in parse_address(url, "sk-1").warning


def test_the_key_is_not_shown() -> None:
    address = parse_address("https://example.org", " sk-secret ")
    assert address.key == "sk-secret"
    assert "sk-secret" not in f"{address} {address!r} {address.url} {[address]}"
    assert address.hide_key("wrong key sk-secret!") == "wrong key [key]!"
    assert parse_address("https://example.org").hide_key("as it is") == "as it is"


def test_routes() -> None:
    address = parse_address("https://example.org/api/v1")
    assert (address.api("/models"), address.beside("/metrics")) == ("/api/v1/models", "/api/metrics")
    assert parse_address("https://example.org/openai").beside("/health") == "/openai/health"


def test_a_socket_is_an_address() -> None:
    address = as_address(Path("/run/e.sock"))
    assert address == Address(socket=Path("/run/e.sock"))
    assert as_address(address) is address
    assert (address.elsewhere, address.warning, address.url) == (False, "", "/run/e.sock")
