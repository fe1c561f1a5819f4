"""The door on a port: who may pass, and that what passes is not changed."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.endpoint.address import parse_address
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.probe import list_models
from desktop_app.endpoint.relay import open_relay
from tests.endpoint.raw_server import answering
from tests.endpoint.running import MODEL, eventually, question, running, whole, words

KEY = "a-key-of-24-characters-00"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def say(port: int, request: bytes) -> tuple[int, bytes]:
    """Status and everything else that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return (int(answer[9:12]) if answer else 0), answer


def request(*headers: str, host: str = "localhost", key: str = KEY, first: str = "GET /v1/models HTTP/1.1") -> bytes:
    lines = [first, f"Host: {host}", f"Authorization: Bearer {key}", *headers]
    return ("\r\n".join(line for line in lines if line) + "\r\n\r\n").encode()


async def test_a_client_with_the_key_talks_as_over_the_socket(tmp_path: Path) -> None:
    async with running(tmp_path, answer="Because ünï 👍") as engine, open_relay(engine.socket, 0, KEY) as port:
        endpoint = Endpoint(parse_address(f"http://localhost:{port}", KEY), MODEL)
        assert (await list_models(endpoint.address))[0].id == MODEL
        assert words(await whole(endpoint)) == "Because ünï 👍"
        assert (await endpoint.metrics()).generated_tokens == 3
        assert (await endpoint.chat(question("x" * 1_000_000), 60)).text == "Because ünï 👍"
        await endpoint.close()


async def test_leaving_ends_the_answer_in_the_engine(tmp_path: Path) -> None:
    async with (
        running(tmp_path, chunk="x", tokens=100_000, tokens_per_second=50) as engine,
        open_relay(engine.socket, 0, KEY) as port,
    ):
        endpoint = Endpoint(parse_address(f"http://127.0.0.1:{port}", KEY), MODEL)
        batches = endpoint.stream_chat(question())
        await anext(batches)
        assert (await engine.metrics()).running == 1
        await batches.aclose()
        await eventually(engine.idle)


async def test_closing_the_door_ends_what_passes(tmp_path: Path) -> None:
    async with running(tmp_path, chunk="x", tokens=100_000, tokens_per_second=50) as engine:
        async with open_relay(engine.socket, 0, KEY) as port:
            endpoint = Endpoint(parse_address(f"http://127.0.0.1:{port}", KEY), MODEL)
            batches = endpoint.stream_chat(question())
            await anext(batches)
        with pytest.raises(UserError):
            async for _ in batches:
                pass
        await eventually(engine.idle)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:1"])
async def test_hosts_that_mean_this_computer(tmp_path: Path, host: str) -> None:
    async with answering(tmp_path / "e.sock", OK) as seen, open_relay(tmp_path / "e.sock", 0, KEY) as port:
        assert (await say(port, request(host=host)))[0] == 200
    assert b"host: engine\r\n" in seen.request
    assert b"connection: close\r\n" in seen.request
    assert KEY.encode() not in seen.request


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request(host="evil.example"), 403),
        (request(host="localhost.evil.example"), 403),
        (request(host="localhost/v1/models?"), 403),
        (request(host="localhost@evil.example"), 403),
        (request(host="127.0.0.1:80:80"), 403),
        (request(host=""), 403),
        (b"GET /v1/models HTTP/1.1\r\nAuthorization: Bearer " + KEY.encode() + b"\r\n\r\n", 403),
        (request(key="wrong"), 401),
        (request(key=KEY + "0"), 401),
        (request(key=KEY[:-1]), 401),
        (request(key=""), 401),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 401),
        (b"OPTIONS /v1/models HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", 401),
        (request("Host: localhost"), 400),
        (request("host: evil.example"), 400),
        (request("Authorization: Bearer x"), 400),
        (request("Content-Length: 1", "Content-Length: 2"), 400),
        (request("Content-Length: 5", "Transfer-Encoding: chunked"), 400),
        (request("Transfer-Encoding: gzip"), 400),
        (request("Content-Length: -1"), 400),
        (request("Content-Length: ²"), 400),
        (request("X : y"), 400),
        (request(" folded"), 400),
        (request("no colon"), 400),
        (request("X: a\nHost: evil.example"), 400),
        (request(first="GET http://evil.example/ HTTP/1.1"), 400),
        (request(first="GET /v1/models HTTP/2"), 400),
        (request(first="GET /v1/models"), 400),
        (request(first="\x16\x03\x01 / HTTP/1.1"), 400),
        (request("X: " + "y" * 40_000), 431),
    ],
)
async def test_nobody_else_passes(tmp_path: Path, sent: bytes, status: int) -> None:
    async with answering(tmp_path / "e.sock", OK) as seen, open_relay(tmp_path / "e.sock", 0, KEY) as port:
        answered, text = await say(port, sent)
    assert answered == status
    assert json.loads(text.partition(b"\r\n\r\n")[2])["error"]["code"] == status
    assert seen.request == b""
    assert KEY.encode() not in text


async def test_a_second_request_on_the_same_connection_goes_nowhere(tmp_path: Path) -> None:
    second = b"GET /second HTTP/1.1\r\nHost: engine\r\n\r\n"
    async with running(tmp_path) as engine, open_relay(engine.socket, 0, KEY) as port:
        status, text = await say(port, request() + second)
    assert status == 200
    assert text.count(b"HTTP/1.1") == 1


async def test_no_engine_behind_the_door(tmp_path: Path) -> None:
    async with open_relay(tmp_path / "no.sock", 0, KEY) as port:
        assert (await say(port, request()))[0] == 502


async def test_it_listens_on_this_computer_only(tmp_path: Path) -> None:
    async with open_relay(tmp_path / "no.sock", 0, KEY) as port:
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Were it on all interfaces, another loopback address of the same port would be taken.
            taken.bind(("127.0.0.2", port))


async def test_a_port_that_is_taken_and_a_key_that_protects_nothing(tmp_path: Path) -> None:
    async with open_relay(tmp_path / "no.sock", 0, KEY) as port:
        with pytest.raises(UserError, match=f"Port {port} cannot be used"):
            async with open_relay(tmp_path / "no.sock", port, KEY):
                pass
    with pytest.raises(UserError, match="Port 70000"):
        async with open_relay(tmp_path / "no.sock", 70_000, KEY):
            pass
    with pytest.raises(ValueError, match="less than 16"):
        async with open_relay(tmp_path / "no.sock", 0, "short"):
            pass


async def test_a_client_that_says_nothing_and_leaves(tmp_path: Path) -> None:
    async with answering(tmp_path / "e.sock", OK) as seen, open_relay(tmp_path / "e.sock", 0, KEY) as port:
        for said in (b"", b"GET", request("Content-Length: 100")):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            writer.close()
            await writer.wait_closed()
        assert (await say(port, request()))[0] == 200
    assert seen.request
