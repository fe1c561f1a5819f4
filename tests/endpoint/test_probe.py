"""Readiness and figures."""

from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.probe import Readiness, read_metrics, readiness
from tests.endpoint.raw_server import answering
from tests.endpoint.running import MODEL, running, whole

MODELS = b"HTTP/1.1 200 OK\r\n\r\n"


async def test_ready_when_healthy_and_the_name_is_served(tmp_path: Path) -> None:
    async with running(tmp_path, max_model_len=4096) as engine:
        assert await readiness(engine.socket, MODEL) == Readiness(ready=True, context_tokens=4096)
        assert not (await readiness(engine.socket, "another")).ready


async def test_not_ready_when_nobody_listens(tmp_path: Path) -> None:
    assert not (await readiness(tmp_path / "no.sock", MODEL)).ready


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"data":null}', b'{"data":[{}]}', b'{"data":[1]}'])
async def test_a_model_list_that_makes_no_sense_is_not_ready(tmp_path: Path, body: bytes) -> None:
    async with answering(tmp_path / "e.sock", MODELS + body):
        assert not (await readiness(tmp_path / "e.sock", MODEL)).ready


async def test_an_unhealthy_engine_is_not_ready(tmp_path: Path) -> None:
    async with answering(tmp_path / "e.sock", b"HTTP/1.1 503 -\r\n\r\n"):
        assert not (await readiness(tmp_path / "e.sock", MODEL)).ready


async def test_figures_count_what_was_generated(tmp_path: Path) -> None:
    async with running(tmp_path, chunk="x", tokens=9) as engine:
        assert await engine.metrics() == EngineMetrics(kv_tokens=131_072, kv_block=16)
        await whole(engine.endpoint)
        assert (await engine.metrics()).generated_tokens == 9


async def test_figures_of_an_engine_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="stopped answering"):
        await read_metrics(tmp_path / "no.sock")
    async with answering(tmp_path / "e.sock", b"HTTP/1.1 500 -\r\n\r\nno"):
        with pytest.raises(UserError, match="failed"):
            await read_metrics(tmp_path / "e.sock")
