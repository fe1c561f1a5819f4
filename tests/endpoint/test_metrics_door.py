"""The address for Prometheus: whose figures it gives, to whom, and that it gives nothing else."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.endpoint.address import Address
from desktop_app.endpoint.metrics_door import MetricsDoor, Source
from desktop_app.endpoint.probe import read_metrics_text
from desktop_app.endpoint.visitor import HEAD_BYTES
from tests.endpoint.raw_server import answering, descriptors, never_reading
from tests.endpoint.running import elsewhere, eventually, running


@asynccontextmanager
async def opened(*sources: Source) -> AsyncIterator[int]:
    """The port of a door before these engines."""
    door = MetricsDoor(lambda: sources)
    address = await door.open(0)
    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/metrics")
    try:
        yield int(address.removesuffix("/metrics").rpartition(":")[2])
    finally:
        await door.close()


def at(path: Path, model: str = "tiny") -> Source:
    return Source(model, Address(socket=path))


def telling(words: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-length: {len(words)}\r\n\r\n{words}".encode()


def asks(first: str = "GET /metrics HTTP/1.1", host: str = "localhost", headers: Sequence[str] = ()) -> bytes:
    return ("\r\n".join([first, f"Host: {host}", *headers]) + "\r\n\r\n").encode()


async def say(port: int, request: bytes) -> tuple[int, str, bytes]:
    """Status, head and body of what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12]), head.decode(), body


async def test_it_gives_the_text_of_the_engine_as_it_is(tmp_path: Path) -> None:
    async with running(tmp_path, metrics_bytes=80_000) as engine, opened(at(engine.socket)) as port:
        status, head, body = await say(port, asks())
        assert status == 200
        assert body.decode() == await read_metrics_text(engine.socket)
        assert len(body) > 60_000
        assert "content-type: text/plain; version=0.0.4; charset=utf-8" in head
        assert "access-control" not in head.lower()


async def test_it_gives_the_text_of_a_server_elsewhere(tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as server, opened(Source("tiny", server.address)) as port:
        status, _, body = await say(port, asks())
        assert (status, b"vllm:" in body) == (200, True)


async def test_each_of_several_models_has_its_own_address(tmp_path: Path) -> None:
    one, two = tmp_path / "one.sock", tmp_path / "two.sock"
    name = "Qwen/Qwen3 0.6B?ü"
    async with (
        answering(one, telling("first")),
        answering(two, telling("second")),
        opened(at(one), at(two, name)) as port,
    ):
        assert (await say(port, asks()))[2] == b"first"
        assert (await say(port, asks("GET /metrics?name=second HTTP/1.0")))[2] == b"first"
        assert (await say(port, asks("GET /metrics/tiny HTTP/1.1")))[2] == b"first"
        assert (await say(port, asks(f"GET /metrics/{quote(name, safe='')} HTTP/1.1")))[2] == b"second"
        assert (await say(port, asks("GET /metrics/another HTTP/1.1")))[0] == 404


async def test_without_a_running_model_it_says_so() -> None:
    async with opened() as port:
        assert (await say(port, asks()))[::2] == (503, b"No model is running.\n")


async def test_an_engine_that_does_not_answer_is_told_in_words(tmp_path: Path) -> None:
    async with opened(at(tmp_path / "gone.sock")) as port:
        status, _, body = await say(port, asks())
    assert (status, body) == (502, b"The model stopped answering. The engine is not running any more.\n")


async def test_a_head_alone(tmp_path: Path) -> None:
    async with answering(tmp_path / "e.sock", telling("first")), opened(at(tmp_path / "e.sock")) as port:
        status, head, body = await say(port, asks("HEAD /metrics HTTP/1.1"))
    assert (status, body) == (200, b"")
    assert "content-length: 5" in head


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (asks(host="evil.example"), 403),
        (asks(host="localhost.evil.example"), 403),
        (asks(host="192.168.1.5:8417"), 403),
        (asks(host=""), 403),
        (b"GET /metrics HTTP/1.1\r\n\r\n", 403),
        (asks("POST /metrics HTTP/1.1"), 405),
        (asks("OPTIONS /metrics HTTP/1.1", headers=("Origin: null",)), 405),
        (asks("GET / HTTP/1.1"), 404),
        (asks("GET /metricsx HTTP/1.1"), 404),
        (asks("GET /v1/models HTTP/1.1"), 404),
        (asks("GET /metrics/../v1/models HTTP/1.1"), 404),
        (asks("GET http://evil.example/metrics HTTP/1.1"), 400),
        (asks("GET /metrics HTTP/2"), 400),
        (asks("GET /metrics\nx HTTP/1.1"), 400),
        (asks("GET /metrics\0 HTTP/1.1"), 400),
        (asks(headers=("Content-Length: 5",)), 400),
        (asks(headers=(f"Content-Length: {'9' * 5_000}",)), 400),
        (asks(headers=("Transfer-Encoding: chunked",)), 400),
        (asks(headers=("Host: evil.example",)), 400),
        (asks(headers=("X: " + "y" * (HEAD_BYTES + 10_000),)), 431),
    ],
)
async def test_everything_else_is_refused_and_reaches_no_engine(tmp_path: Path, sent: bytes, status: int) -> None:
    async with answering(tmp_path / "e.sock", telling("figures")) as seen, opened(at(tmp_path / "e.sock")) as port:
        answered, head, body = await say(port, sent)
    assert answered == status
    assert body.endswith(b".\n")
    assert ("allow: GET, HEAD" in head) == (status == 405)
    assert seen.request == b""


async def test_one_request_for_each_connection(tmp_path: Path) -> None:
    async with answering(tmp_path / "e.sock", telling("first")), opened(at(tmp_path / "e.sock")) as port:
        status, _, body = await say(port, asks() + asks())
    assert (status, body) == (200, b"first")


async def test_it_listens_on_this_computer_only() -> None:
    async with opened() as port:
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Were it on all interfaces, another loopback address of the same port would be taken.
            taken.bind(("127.0.0.2", port))


async def test_where_the_port_is_taken_it_takes_another() -> None:
    async with opened() as port:
        door = MetricsDoor(tuple)
        address = await door.open(port)
        assert address != f"http://127.0.0.1:{port}/metrics"
        await door.close()


async def test_where_nothing_can_be_opened_that_is_said() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(UserError, match="No address could be opened"):
            await MetricsDoor(tuple).open()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_closing_it_ends_whoever_waits(tmp_path: Path) -> None:
    async with answering(tmp_path / "e.sock", b"HTTP/1.1 200 OK\r\n", keep_open=True) as seen:
        door = MetricsDoor(lambda: [at(tmp_path / "e.sock")])
        port = int((await door.open(0)).removesuffix("/metrics").rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(asks())
        await eventually(lambda: seen.request)
        await door.close()
        await door.close()
        assert await reader.read() == b""
        writer.close()
        with pytest.raises(OSError, match=r"refused|Connect"):
            await asyncio.open_connection("127.0.0.1", port)
        await eventually(seen.closed.is_set)


async def test_a_visitor_that_leaves_is_no_trouble(tmp_path: Path) -> None:
    async with answering(tmp_path / "e.sock", telling("first")), opened(at(tmp_path / "e.sock")) as port:
        for said in (b"", b"GET", asks()):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            writer.transport.abort()
        assert (await say(port, asks()))[0] == 200


async def test_a_visitor_that_does_not_read_is_not_waited_for(tmp_path: Path) -> None:
    async with answering(tmp_path / "e.sock", telling("x" * 3_900_000)) as seen:
        door = MetricsDoor(lambda: [at(tmp_path / "e.sock")], patience=0.1)
        port = int((await door.open(0)).removesuffix("/metrics").rpartition(":")[2])
        before = descriptors()
        with never_reading(port, asks()):
            await eventually(seen.closed.is_set)
            await eventually(lambda: descriptors() == before + 1)
        await door.close()


async def test_closing_it_does_not_wait_for_a_visitor_that_does_not_read(tmp_path: Path) -> None:
    async with answering(tmp_path / "e.sock", telling("x" * 3_900_000)) as seen:
        door = MetricsDoor(lambda: [at(tmp_path / "e.sock")])
        before = descriptors()
        port = int((await door.open(0)).removesuffix("/metrics").rpartition(":")[2])
        with never_reading(port, asks()):
            await eventually(seen.closed.is_set)
            await door.close()
            await eventually(lambda: descriptors() == before + 1)


async def test_too_many_visitors_at_once_are_told_so(tmp_path: Path) -> None:
    async with answering(tmp_path / "e.sock", telling("first")), opened(at(tmp_path / "e.sock")) as port:
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(16)]
        assert (await say(port, b""))[::2] == (503, b"Too many programs ask at the same time.\n")
        for _, writer in waiting:
            writer.close()
