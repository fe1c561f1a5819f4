"""Sampling from a model's generation_config.json, as vLLM 0.32 takes it."""

import json
from pathlib import Path

import pytest

from desktop_app.domain.sampling import Sampling
from desktop_app.hub.generation import generation_defaults, takes_pictures


def write(folder: Path, values: object, name: str = "generation_config.json") -> Path:
    (folder / name).write_text(json.dumps(values), "utf-8")
    return folder


def test_what_vllm_takes(tmp_path: Path) -> None:
    values = {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.05, "max_new_tokens": 2048}
    sampling = Sampling(temperature=0.7, top_p=0.8, top_k=20, repetition_penalty=1.05, max_tokens=2048)
    assert generation_defaults(write(tmp_path, values | {"eos_token_id": [1, 2], "seed": 5, "stop": "x"})) == sampling


def test_do_sample_changes_nothing(tmp_path: Path) -> None:
    # Seen on vLLM 0.32: "overridden by the model's `generation_config.json`: {'top_k': 50, 'max_tokens': 40}", and
    # the same question twice got two answers.
    values = {"do_sample": False, "top_k": 50, "max_new_tokens": 40}
    assert generation_defaults(write(tmp_path, values)) == Sampling(top_k=50, max_tokens=40)


def test_the_configuration_in_place_of_the_missing_file(tmp_path: Path) -> None:
    write(tmp_path, {"temperature": 0.6, "hidden_size": 5}, "config.json")
    assert generation_defaults(tmp_path) == Sampling(temperature=0.6)
    assert generation_defaults(write(tmp_path, {})) == Sampling()


@pytest.mark.parametrize("values", [[], 5, None, {"temperature": "hot", "top_k": -1, "top_p": 7, "max_new_tokens": []}])
def test_what_makes_no_sense_is_not_said(tmp_path: Path, values: object) -> None:
    assert generation_defaults(write(tmp_path, values)) == Sampling()


def test_files_that_are_none(tmp_path: Path) -> None:
    assert generation_defaults(tmp_path / "nowhere") == Sampling()
    file = tmp_path / "generation_config.json"
    file.write_text("{", "utf-8")
    assert generation_defaults(tmp_path) == Sampling()
    file.write_text('{"temperature": 0.5, "x": "' + "x" * 2_000_000 + '"}', "utf-8")
    assert generation_defaults(tmp_path) == Sampling()
    file.unlink()
    file.mkdir()
    assert generation_defaults(tmp_path) == Sampling()


@pytest.mark.parametrize(
    ("values", "sees"),
    [
        ({"model_type": "qwen2_5_vl", "vision_config": {}}, True),
        ({"model_type": "llava", "image_token_index": 32000}, True),
        ({"model_type": "llama", "hidden_size": 5}, False),
        ({}, None),
        ([], None),
    ],
)
def test_which_models_take_pictures(tmp_path: Path, values: object, sees: bool | None) -> None:
    assert takes_pictures(write(tmp_path, values, "config.json")) is sees


def test_a_model_without_a_configuration_says_nothing(tmp_path: Path) -> None:
    assert takes_pictures(tmp_path) is None
