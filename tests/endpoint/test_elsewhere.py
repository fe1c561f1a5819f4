"""Chat, questions and errors over TCP and TLS, with the stand-in engine as a server elsewhere."""

import asyncio
import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.chat import MessageState
from desktop_app.domain.errors import UserError
from desktop_app.endpoint import connection, wire
from desktop_app.endpoint.address import parse_address
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.errors import NotOfferedError
from desktop_app.endpoint.probe import ModelCard, list_models, readiness
from tests.endpoint.raw_server import STREAM_HEAD, answering_port
from tests.endpoint.running import MODEL, TLS, elsewhere, eventually, question, whole, words

KEY = "sk-canary-0123456789"


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The system trusts the tests' authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
    yield
    connection._context.cache_clear()


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
        return True


@pytest.mark.parametrize("certificate", ["", "here.pem"])
async def test_an_answer_over_a_port_with_a_key(tmp_path: Path, certificate: str, trusted: None) -> None:
    async with elsewhere(tmp_path, certificate=certificate, key=KEY, api_key=KEY, answer="Because ünï 👍") as server:
        assert server.address.scheme == ("https" if certificate else "http")
        assert await list_models(server.address) == [ModelCard(MODEL, 2048)]
        assert (await readiness(server.address, MODEL)).context_tokens == 2048
        deltas = await whole(server.endpoint)
        assert words(deltas) == "Because ünï 👍"
        assert deltas[-1].answer_tokens == 3
        assert (await server.metrics()).generated_tokens == 3
        assert (await server.endpoint.chat(question(), 60)).text == "Because ünï 👍"


@pytest.mark.parametrize("certificate", ["", "here.pem"])
async def test_a_long_answer_over_a_port_is_whole(tmp_path: Path, certificate: str, trusted: None) -> None:
    async with elsewhere(
        tmp_path, certificate=certificate, chunk="word ", tokens=20_000, max_model_len=100_000, prebuilt=True
    ) as server:
        assert words(await whole(server.endpoint)) == "word " * 20_000


@pytest.mark.parametrize("certificate", ["", "here.pem"])
async def test_closing_ends_the_answer_on_the_server(tmp_path: Path, certificate: str, trusted: None) -> None:
    async with elsewhere(tmp_path, certificate=certificate, chunk="x", tokens=100_000, tokens_per_second=50) as server:
        batches = server.endpoint.stream_chat(question())
        await anext(batches)
        assert (await server.metrics()).running == 1
        await batches.aclose()
        await eventually(server.idle)


async def test_a_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    async with elsewhere(tmp_path, certificate="here.pem", key=KEY) as server:
        with pytest.raises(UserError, match=r"cannot prove that it is 127\.0\.0\.1") as caught:
            await list_models(server.address)
        assert "Nothing was sent" in caught.value.reason
        with pytest.raises(UserError, match="cannot prove"):
            await whole(server.endpoint)


async def test_a_certificate_for_another_name(tmp_path: Path, trusted: None) -> None:
    async with elsewhere(tmp_path, certificate="stranger.pem") as server:
        with pytest.raises(UserError, match="cannot prove") as caught:
            await list_models(server.address)
    assert "not valid for" in caught.value.reason


async def test_https_where_http_is_spoken_and_the_other_way_round(tmp_path: Path, trusted: None) -> None:
    # Every handshake begins with the byte 22.
    async with answering_port(b"HTTP/1.1 400 -\r\n\r\n", until=b"\x16") as seen:
        with pytest.raises(UserError, match="does not speak https"):
            await list_models(parse_address(f"https://127.0.0.1:{seen.port}"))
    async with elsewhere(tmp_path, certificate="here.pem") as server:
        with pytest.raises(UserError, match=r"broke the connection|not an answer"):
            await list_models(replace(server.address, scheme="http"))


@pytest.mark.skipif(not has_ipv6(), reason="this computer has no IPv6")
async def test_ipv6(tmp_path: Path) -> None:
    async with elsewhere(tmp_path, host="::1") as server:
        assert server.address.url.startswith("http://[::1]:")
        assert await list_models(server.address)
        assert words(await whole(server.endpoint))


async def test_a_base_path(tmp_path: Path) -> None:
    async with elsewhere(tmp_path, prefix="/api", answer="yes") as server:
        assert server.address.base == "/api/v1"
        assert await list_models(server.address)
        assert words(await whole(server.endpoint)) == "yes"
        assert (await server.metrics()).generated_tokens == 1
        with pytest.raises(UserError, match="no OpenAI-compatible server"):
            await list_models(replace(server.address, base="/v1"))


@pytest.mark.parametrize(("key", "title"), [("", "asks for a key"), ("sk-wrong-key", "refused the key")])
async def test_a_key_that_is_missing_or_wrong(tmp_path: Path, key: str, title: str) -> None:
    async with elsewhere(tmp_path, key=key, api_key=KEY) as server:
        for ask in (list_models(server.address), whole(server.endpoint), server.endpoint.chat(question(), 60)):
            with pytest.raises(UserError, match=title) as caught:
                await ask
            assert "sk-wrong" not in repr(vars(caught.value))
        assert not (await readiness(server.address, MODEL)).ready


async def test_a_key_that_the_server_repeats_is_not_shown() -> None:
    body = f'{{"error":{{"message":"Incorrect API key provided: {KEY}."}}}}'.encode()
    for status in (401, 403, 400, 500):
        async with answering_port(b"HTTP/1.1 %d -\r\n\r\n" % status + body) as seen:
            address = parse_address(f"http://127.0.0.1:{seen.port}", KEY)
            for ask in (list_models(address), whole(Endpoint(address, MODEL))):
                with pytest.raises(UserError) as caught:
                    await ask
                assert KEY not in repr(vars(caught.value))


async def test_the_key_and_the_right_host_are_sent() -> None:
    async with answering_port(STREAM_HEAD + b"data: [DONE]\n\n") as seen:
        endpoint = Endpoint(parse_address(f"http://localhost:{seen.port}/api/v1", KEY), MODEL)
        await whole(endpoint)
        await endpoint.close()
    head = seen.request.decode()
    assert head.startswith("POST /api/v1/chat/completions HTTP/1.1\r\n")
    assert f"host: localhost:{seen.port}\r\n" in head
    assert head.count(KEY) == 1
    assert f"authorization: Bearer {KEY}\r\n" in head


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    async with answering_port(STREAM_HEAD) as other:
        head = f"HTTP/1.1 {status} -\r\nlocation: http://127.0.0.1:{other.port}/v1/chat/completions\r\n\r\n"
        async with answering_port(head.encode()) as seen:
            address = parse_address(f"http://127.0.0.1:{seen.port}", KEY)
            for ask in (list_models(address), whole(Endpoint(address, MODEL))):
                with pytest.raises(UserError, match="points to another address"):
                    await ask
        assert other.request == b""


@pytest.mark.parametrize(
    ("status", "body", "title"),
    [
        (402, b"{}", "wants to be paid"),
        (403, b'{"message":"no"}', "does not allow"),
        (404, b"<html>", "no OpenAI-compatible server"),
        (404, b'{"error":{"message":"The model `x` does not exist."}}', "does not have this model"),
        (408, b"", "took too long"),
        (429, b'{"error":{"message":"slow down"}}', "takes no more questions"),
        (418, b'{"detail":"tea"}', "did not accept"),
        (502, b"<html>", "failed or is overloaded"),
        (200, b"\r\ncontent-type: text/html\r\n\r\n<html>", "no OpenAI-compatible server"),
    ],
)
async def test_refusals_in_words(status: int, body: bytes, title: str) -> None:
    answer = b"HTTP/1.1 %d -%s" % (status, body if status == 200 else b"\r\n\r\n" + body)
    async with answering_port(answer) as seen:
        address = parse_address(f"http://127.0.0.1:{seen.port}")
        for ask in (list_models(address), whole(Endpoint(address, MODEL))):
            with pytest.raises(UserError, match=title):
                await ask


async def test_nobody_there_no_such_name_and_no_answer() -> None:
    async with answering_port(keep_open=True) as seen:
        address = parse_address(f"http://127.0.0.1:{seen.port}")
        with pytest.raises(UserError, match="does not answer"):
            await list_models(address, seconds=0.05)
    with pytest.raises(UserError, match="Nobody answers"):
        await list_models(address)
    with pytest.raises(UserError, match="Nobody answers"):
        await whole(Endpoint(address, MODEL))
    with pytest.raises(UserError, match="No server called nobody"):
        await list_models(parse_address("http://nobody.invalid"))


@pytest.mark.parametrize(
    ("unknown", "kept"),
    [(["continuous_usage_stats"], {"include_usage": True}), (["stream_options"], None)],
)
async def test_a_server_that_knows_fewer_options_is_asked_once_more(
    tmp_path: Path, unknown: list[str], kept: object
) -> None:
    file = tmp_path / "asked.jsonl"
    async with elsewhere(tmp_path, unknown=unknown, answer="yes", record=str(file)) as server:
        assert words(await whole(server.endpoint)) == "yes"
        assert words(await whole(server.endpoint)) == "yes"
    asked = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [request.get("stream_options") for request in asked][1:] == [kept, kept]


async def test_a_question_that_is_refused_for_another_reason(tmp_path: Path) -> None:
    async with elsewhere(tmp_path, error={"status": 400, "message": "no poems"}) as server:
        with pytest.raises(UserError, match="did not accept") as caught:
            await whole(server.endpoint)
    assert caught.value.reason == "no poems"


async def test_a_server_without_figures_is_asked_only_once(tmp_path: Path) -> None:
    async with elsewhere(tmp_path, missing=["/metrics", "/health", "/version", "/tokenize"]) as server:
        assert (await readiness(server.address, MODEL)).ready
        assert await server.endpoint.version() == ""
        with pytest.raises(UserError):
            await server.endpoint.count_tokens("words")
        with pytest.raises(NotOfferedError):
            await server.metrics()
        server.process.kill()
        await server.process.wait()
        with pytest.raises(NotOfferedError):
            await server.metrics()


async def test_figures_of_another_kind_are_none() -> None:
    async with answering_port(b"HTTP/1.1 200 -\r\n\r\nllamacpp:requests_processing 1\n") as seen:
        with pytest.raises(NotOfferedError):
            await Endpoint(parse_address(f"http://127.0.0.1:{seen.port}"), MODEL).metrics()


async def test_an_error_in_the_stream_in_words() -> None:
    event = b'data: {"error":{"message":"%s is out of money","code":402}}\n\n' % KEY.encode()
    async with answering_port(STREAM_HEAD + event) as seen:
        with pytest.raises(UserError, match="wants to be paid") as caught:
            await whole(Endpoint(parse_address(f"http://127.0.0.1:{seen.port}", KEY), MODEL))
    assert KEY not in repr(vars(caught.value))


async def test_reasoning_and_an_empty_finish_reason_of_other_servers() -> None:
    events = (
        b'data: {"choices":[{"delta":{"reasoning_content":"hm"},"finish_reason":""}]}\n\n'
        b'data: {"choices":[{"delta":{"content":"yes"},"finish_reason":""}]}\n\n'
        b'data: {"choices":[{"delta":{},"finish_reason":"eos_token"}]}\n\n'
    )
    async with answering_port(STREAM_HEAD + events) as seen:
        deltas = await whole(Endpoint(parse_address(f"http://127.0.0.1:{seen.port}"), MODEL))
    assert words(deltas) == "yes"
    assert [delta.finish for delta in deltas if delta.finish] == [MessageState.COMPLETE]


async def test_an_error_page_without_an_end_is_not_collected() -> None:
    async with answering_port(b"HTTP/1.1 500 -\r\n\r\n", *[b"x" * 1000] * 200, keep_open=True) as seen:
        with pytest.raises(UserError, match="not an answer"):
            await whole(Endpoint(parse_address(f"http://127.0.0.1:{seen.port}"), MODEL))
        await seen.closed.wait()


async def test_interim_answers_are_passed_over() -> None:
    async with answering_port(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 -\r\n\r\nyes") as seen:
        assert await wire.get(parse_address(f"http://127.0.0.1:{seen.port}"), "/x", 60) == (200, b"yes")


CODE = """
import asyncio, sys
from PySide6.QtCore import QCoreApplication
from qasync import QEventLoop
from desktop_app.domain.chat import Message, Role
from desktop_app.endpoint.address import parse_address
from desktop_app.endpoint.client import Endpoint

async def main() -> None:
    endpoint = Endpoint(parse_address(sys.argv[1]), "tiny")
    question = [Message(1, Role.USER, "Why?")]
    count = 0
    async for batch in endpoint.stream_chat(question):
        count += sum(bool(delta.text) for delta in batch)
    batches = endpoint.stream_chat(question)
    await anext(batches)
    await batches.aclose()
    while (await endpoint.metrics()).running:
        await asyncio.sleep(0.01)
    print(count, "idle")
    await endpoint.close()

with QEventLoop(QCoreApplication([])) as loop:
    loop.run_until_complete(main())
"""


@pytest.mark.parametrize("certificate", ["", "here.pem"])
async def test_the_window_s_event_loop(tmp_path: Path, certificate: str, trusted: None) -> None:
    async with elsewhere(tmp_path, certificate=certificate, chunk="x ", tokens=3000, max_model_len=10_000) as server:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CODE, server.address.url), stdout=asyncio.subprocess.PIPE
        )
        out, _ = await child.communicate()
    assert out.decode().split() == ["3000", "idle"]
