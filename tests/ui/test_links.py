"""Which addresses are links, and what is told about them."""

import pytest

from desktop_app.markdown.links import is_allowed, split_bare
from desktop_app.ui.widgets.links import tooltip

ALLOWED = [
    "https://example.org",
    "http://a.b/c?d=e#f",
    "mailto:a@b.c",
    "mailto:a@b.c?Subject=x&body=y",
    "https://bücher.example/",
]
SCRIPTS = ["javascript:alert(1)", "JAVASCRIPT:x", "vbscript:x", "data:text/html,x", "vscode://x"]
FILES = ["file:///etc/passwd", "/etc/passwd", "qrc:/x", "smb://a/b", "ftp://a.b"]
HIDING = ["https://a.b/\u202ex", "https://a\u200b.b", "mailto:a@b?attach=/etc/passwd", "mailto:a@b?x&attachment=y"]
INCOMPLETE = ["", "https://", "http:", "mailto:", "//example.org", "#here", " http://a"]


@pytest.mark.parametrize("address", ALLOWED)
def test_web_and_mail_addresses_are_links(address: str) -> None:
    assert is_allowed(address)


@pytest.mark.parametrize("address", [*SCRIPTS, *FILES, *HIDING, *INCOMPLETE])
def test_nothing_else_is(address: str) -> None:
    assert not is_allowed(address)


def test_a_tooltip_is_never_rich_text() -> None:
    words = tooltip("https://user@xn--e1afmkfd.example/<img src=file:///etc/passwd>?" + "a" * 1000)
    assert words.startswith("xn--e1afmkfd.example\n")
    assert "<" not in words
    assert len(words) < 250


def test_look_alike_letters_are_shown_for_what_they_are() -> None:
    cyrillic = "е"
    assert tooltip(f"https://{cyrillic}xample.org/").startswith("xn--")


def test_bare_addresses_lose_the_punctuation_around_them() -> None:
    assert split_bare("a https://a.b/c_(d), (https://e.f). x") == [
        ("a ", ""),
        ("https://a.b/c_(d)", "https://a.b/c_(d)"),
        (", (", ""),
        ("https://e.f", "https://e.f"),
        ("). x", ""),
    ]
