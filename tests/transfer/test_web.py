"""Asking servers: what they may make us wait, where they may send us, and who gets to see the secret."""

import email.message
import email.utils
import time
import urllib.request
from types import SimpleNamespace

import pytest

from desktop_app.transfer import web
from desktop_app.transfer.failures import FetchError, Why
from desktop_app.transfer.web import Secret

HERE = "https://hub.example/owner/name/resolve/main/x"


def headers(**named: str) -> email.message.Message:
    made = email.message.Message()
    for name, value in named.items():
        made[name.replace("_", "-")] = value
    return made


def redirected(to: str, begin: str = HERE) -> urllib.request.Request:
    """The request that follows when *begin* sends us to *to*."""
    handler = web._Redirects(Secret("https://hub.example/mirror", "Bearer hf_x"))
    made = handler.redirect_request(urllib.request.Request(begin), None, 302, "Found", headers(), to)
    assert isinstance(made, urllib.request.Request)
    return made


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "99999"}, 120.0),
        ({"RateLimit": '"api";r=0;t=55'}, 55.0),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-3"}, None),
        ({"Retry_After": "Mon, 01 Jan 2001 00:00:00 GMT"}, 0.0),
        ({}, None),
    ],
)
def test_how_long_a_server_asks_us_to_wait(said: dict[str, str], seconds: float | None) -> None:
    assert web._wait(headers(**said)) == seconds


def test_a_time_of_day_to_wait_for_is_understood() -> None:
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert 50 < (web._wait(headers(Retry_After=date)) or 0) <= 60


@pytest.mark.parametrize(
    ("place", "goes_along"),
    [
        ("https://hub.example/elsewhere", True),
        ("https://hub.example:443/elsewhere", True),
        ("https://hub.example:8443/x", False),
        ("https://cdn.hub.example/x", False),
        ("https://hub.example.evil/x", False),
    ],
)
def test_the_secret_follows_to_the_same_server_only(place: str, goes_along: bool) -> None:
    assert redirected(place).has_header("Authorization") is goes_along


@pytest.mark.parametrize("place", ["http://hub.example/x", "file:///etc/passwd", "ftp://hub.example/x"])
def test_redirects_to_less_than_was_asked_for_are_refused(place: str) -> None:
    with pytest.raises(FetchError) as caught:
        redirected(place)
    assert caught.value.why is Why.REFUSED


def test_from_an_open_connection_to_a_safe_one_is_fine() -> None:
    assert redirected("https://hub.example/x", "http://hub.example/x").full_url == "https://hub.example/x"


def test_the_secret_does_not_show() -> None:
    assert "hf_x" not in repr(Secret("https://hub.example", "Bearer hf_x"))


@pytest.mark.parametrize(("etag", "known"), [('"abc"', '"abc"'), ('W/"abc"', ""), ("abc", ""), ('"a\r\nX: y"', "")])
def test_only_an_etag_that_stands_for_the_bytes_is_used(etag: str, known: str) -> None:
    assert web.strong_etag(SimpleNamespace(headers={"ETag": etag})) == known
