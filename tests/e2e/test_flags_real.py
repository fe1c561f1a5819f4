"""The real engine says which flags it has, and starts with every preset."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desktop_app.domain.flag_words import WORDS
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import ModelRef, ModelSettings, Preset
from desktop_app.domain.old_flags import explain_old
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.probe import readiness
from desktop_app.engine import flags, launch, preflight, presets
from desktop_app.engine.process import EngineProcess
from desktop_app.hardware.probe import probe
from desktop_app.paths import EnginePlaces, Paths, resources
from tests import engine_cache
from tests.vllm_flags import recorded_table

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


@pytest.fixture
def engine(short_folder: Path) -> EngineEnvironment:
    return engine_cache.borrow(Paths(short_folder / "flags"))


@pytest.fixture
async def started(short_folder: Path) -> AsyncIterator[list[EngineProcess]]:
    running: list[EngineProcess] = []
    yield running
    for process in running:
        await process.stop()


async def test_the_engine_says_what_it_has(engine: EngineEnvironment, short_folder: Path) -> None:
    paths = Paths(short_folder / "flags")
    table = await flags.read_table(engine, paths, os.environ)

    assert [flag for flag in WORDS if table.find(flag) is None] == []
    assert [flag.name for flag in table.flags if explain_old(flag.name)] == []
    assert "LlamaForCausalLM" in table.architectures
    assert "llama" in table.model_types
    assert "Qwen3ForCausalLM" in table.borrowed
    assert {"hermes", "mistral"} <= set(table.tool_parsers)
    assert {"qwen3", "deepseek_r1"} <= set(table.reasoning_parsers)
    assert {"awq", "fp8"} <= set(table.quantization)
    assert table.find("--max-model-len") is not None
    assert all(flag.help for flag in table.flags if flag.name in WORDS)
    if engine.version == recorded_table().version:
        assert [flag.name for flag in table.flags] == [flag.name for flag in recorded_table().flags]
    assert await flags.known_table(engine, paths) == table


@pytest.mark.parametrize("preset", list(Preset))
async def test_every_preset_starts(
    engine: EngineEnvironment, short_folder: Path, started: list[EngineProcess], preset: Preset
) -> None:
    folder = short_folder / f"model-{preset.name}"
    shutil.copytree(resources() / "guide", folder)
    # Not as the Guide, for which nothing is compiled.
    model, paths = ModelRef("A model", folder), Paths(short_folder / "flags")
    places, machine = paths.engine(model.key), probe()
    plan = launch.plan(model, engine, places, machine, ModelSettings(preset))
    if preset is not Preset.QUICK and presets.compiler():
        assert plan.get("--enforce-eager") is None
    table = await flags.read_table(engine, paths, os.environ)
    preflight.check(plan, table, machine)

    line, variables = launch.as_process(plan, paths, places, os.environ)
    lines: list[str] = []
    process = await EngineProcess.start(line, variables, places, paths, lines.extend)
    started.append(process)
    assert await _ready(process, places, model.name), "\n".join(lines[-30:])
    await process.mark_ready()
    assert (await Endpoint(places.socket, model.name).complete("The", 60, max_tokens=8)).answer_tokens > 0

    took = await process.memory_bytes()
    print(f"{preset.name}: estimated {plan.memory_bytes / 2**30:.2f} GiB, took {took / 2**30:.2f} GiB")
    # What a plan promises is enough, and not absurdly much; the KV cache is touched as a whole.
    assert 0.5 * plan.memory_bytes < took < 1.15 * plan.memory_bytes
    report = await process.stop()
    assert report.survivors == ()


async def _ready(process: EngineProcess, places: EnginePlaces, name: str) -> bool:
    ended = asyncio.create_task(process.wait())
    while not ended.done():
        if (await readiness(places.socket, name)).ready:
            ended.cancel()
            return True
        await asyncio.wait([ended], timeout=0.2)
    return False
