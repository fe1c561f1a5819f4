"""What a model's files say, whatever strangers wrote into them."""

import json
from pathlib import Path

import pytest

from desktop_app.engine.model_files import ModelFacts, code_hash, look


def write(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def test_an_empty_folder_says_nothing(tmp_path: Path) -> None:
    assert look(tmp_path) == look(tmp_path / "gone") == ModelFacts()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '"a"', "[" * 100_000])
def test_a_config_that_makes_no_sense_says_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, "config.json", text)
    write(tmp_path, "tokenizer_config.json", text)
    write(tmp_path, "model.safetensors.index.json", text)
    facts = look(tmp_path)
    assert facts.config == {}
    assert facts.architectures == ()
    assert facts.geometry is None


def test_what_a_config_says(tmp_path: Path) -> None:
    write(tmp_path, "config.json", {"architectures": ["A"], "model_type": "a", "auto_map": {"AutoConfig": "x.Y"}})
    facts = look(tmp_path)
    assert facts.architectures == ("A",)
    assert facts.model_type == "a"
    assert facts.own_code == {"AutoConfig": "x.Y"}


def test_weights_are_those_of_the_index_and_each_once(tmp_path: Path) -> None:
    for name, size in (("model-1.safetensors", 10), ("model-2.safetensors", 20), ("other.safetensors", 40)):
        (tmp_path / name).write_bytes(bytes(size))
    assert look(tmp_path).weights_bytes == 70
    weights = {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "../../model-2.safetensors"}
    write(tmp_path, "model.safetensors.index.json", {"weight_map": weights})
    assert look(tmp_path).weights_bytes == 30


def test_the_same_weights_under_another_name_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "consolidated.safetensors").write_bytes(bytes(10))
    assert look(tmp_path).weights_bytes == 10
    (tmp_path / "model.safetensors").write_bytes(bytes(10))
    assert look(tmp_path).weights_bytes == 10


def test_a_chat_template_wherever_it_stands(tmp_path: Path) -> None:
    write(tmp_path, "tokenizer_config.json", {"chat_template": [{"name": "default", "template": "one"}]})
    assert look(tmp_path).template == "one"
    write(tmp_path, "tokenizer_config.json", {"chat_template": "two"})
    assert look(tmp_path).template == "two"
    write(tmp_path, "chat_template.jinja", "three")
    assert look(tmp_path).template == "three"


def test_code_is_known_by_its_hash(tmp_path: Path) -> None:
    assert code_hash(tmp_path) == ""
    write(tmp_path, "modeling.py", "print(1)")
    first = code_hash(tmp_path)
    write(tmp_path, "config.json", "{}")
    assert code_hash(tmp_path) == first
    (tmp_path / "inner").mkdir()
    write(tmp_path / "inner", "more.py", "")
    second = code_hash(tmp_path)
    write(tmp_path, "modeling.py", "print(2)")
    assert len({first, second, code_hash(tmp_path)}) == 3
