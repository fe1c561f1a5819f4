"""HTTP over the Unix socket, against a server that says anything."""

from pathlib import Path

import pytest

from desktop_app.endpoint import wire
from tests.endpoint.raw_server import answering

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "w.sock"


async def body(path: Path, *pieces: bytes) -> bytes:
    async with answering(path, *pieces):
        return (await wire.get(path, "/x", 60))[1]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 11\r\n\r\nhello world",
        OK + b"\r\nhello world",
        CHUNKED + b"5\r\nhello\r\n6;name=x\r\n world\r\n0\r\n\r\n",
        CHUNKED + b"b\r\nhello world\r\n0\r\ntrailer: 1\r\n\r\n",
    ],
)
async def test_a_body_however_it_is_sent_and_cut(path: Path, answer: bytes, size: int) -> None:
    pieces = (answer[at : at + size] for at in range(0, len(answer), size))
    assert await body(path, *pieces) == b"hello world"


async def test_status_and_request(path: Path) -> None:
    async with answering(path, b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n") as seen:
        assert await wire.get(path, "/health", 60) == (503, b"")
    assert seen.request.startswith(b"GET /health HTTP/1.1\r\nhost: engine\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx",
        OK + b"content-length: 100\r\n\r\nshort",
        OK + b"content-length: -1\r\n\r\n",
        OK + b"content-length: " + b"9" * 5_000 + b"\r\n\r\n",
        CHUNKED + b"5\r\nhel",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"-5\r\nhello\r\n",
        CHUNKED + b"5" * 2000,
        b"HTTP/1.1 200 OK\r\n" + b"x" * 200_000,
    ],
)
async def test_what_is_not_an_answer_is_an_error(path: Path, answer: bytes) -> None:
    with pytest.raises(wire.WireError):
        await body(path, answer)


async def test_an_answer_that_is_too_large_is_not_collected(path: Path) -> None:
    async with answering(path, OK + b"\r\n", *[b"x" * 1000] * 100):
        with pytest.raises(wire.WireError, match="larger than"):
            await wire.get(path, "/metrics", 60, limit=50_000)


async def test_a_server_that_is_silent_costs_no_more_than_the_given_time(path: Path) -> None:
    async with answering(path, OK, keep_open=True) as seen:
        with pytest.raises(TimeoutError):
            await wire.get(path, "/health", 0.05)
        await seen.closed.wait()


async def test_nobody_listens(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await wire.get(path, "/health", 60)
    async with answering(path):
        pass
    with pytest.raises(ConnectionRefusedError):
        await wire.get(path, "/health", 60)
