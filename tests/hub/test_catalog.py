"""The catalogue: its schema, what is asked of it, and its figures against records from elsewhere."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from desktop_app.domain.catalog import Catalog
from desktop_app.domain.errors import UserError
from desktop_app.domain.geometry import geometry
from desktop_app.domain.tiers import Tier
from desktop_app.hub.catalog import read_catalog
from desktop_app.paths import resources

Json = dict[str, Any]
RECORDS = Path(__file__).parent.parent / "data" / "catalog"
ASKED_FOR = (
    "facebook/opt-125m", "TinyLlama/TinyLlama-1.1B-Chat-v1.0", "Qwen/Qwen2-1.5B-Instruct", "microsoft/phi-2",
    "deepseek-ai/deepseek-coder-7b-instruct", "mistralai/Mixtral-8x7B-Instruct-v0.1", "tiiuae/falcon-7b-instruct",
    "Qwen/Qwen2.5-1.5B-Instruct", "Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-14B-Instruct",
    "mistralai/Mistral-7B-Instruct-v0.2", "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Meta-Llama-3-8B-Instruct",
    "microsoft/Phi-3-mini-4k-instruct", "Qwen/Qwen3-4B-Instruct-2507", "meta-llama/Llama-2-7b-chat-hf",
    "meta-llama/Llama-2-70b-chat-hf",
)  # fmt: skip
BYTES = {"BF16": 2, "F16": 2, "F32": 4, "F8_E4M3": 1, "U8": 1}
HEAD_STORED_TWICE = ("Qwen/Qwen3-0.6B",)
"""Its files hold the shared embedding a second time, which the shape does not tell."""
PERMISSIVE = ("apache-2.0", "mit")


def load(file: Path) -> Json:
    found: Json = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def raw() -> Json:
    return load(resources() / "catalog.json")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return read_catalog(resources())


def published() -> Json:
    sizes: Json = load(RECORDS / "published_sizes.json")["sizes"]
    return sizes


def configs() -> Json:
    found: Json = load(RECORDS / "configs.json")["configs"]
    return found


def entry(raw: Json, repo_id: str) -> Json:
    models: list[Json] = raw["models"]
    return next(model for model in models if model["repo_id"] == repo_id)


def test_it_follows_its_schema(raw: Json) -> None:
    schema = load(resources() / "catalog.schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(raw)


def test_every_model_asked_for_is_found(catalog: Catalog) -> None:
    assert [name for name in ASKED_FOR if catalog.find(name) is None] == []


def test_an_id_that_does_not_exist_leads_to_the_one_that_does(catalog: Catalog) -> None:
    found = catalog.find("DeepSeek-AI/deepseek-coder-7b-instruct")
    assert found is not None
    assert found.spec.name == "deepseek-ai/deepseek-coder-7b-instruct-v1.5"


def test_there_are_enough_besides(catalog: Catalog) -> None:
    asked = {found.spec.name for name in ASKED_FOR if (found := catalog.find(name))}
    assert len([model for model in catalog.models if model.spec.name not in asked]) >= 45


def test_names_and_sentences_are_there_once(raw: Json) -> None:
    names = [model["repo_id"].lower() for model in raw["models"]]
    names += [copy["repo_id"].lower() for model in raw["models"] for copy in model["siblings"]]
    names += [alias.lower() for model in raw["models"] for alias in model.get("aliases", [])]
    assert len(set(names)) == len(names)
    sentences = [model["good_for"] for model in raw["models"]]
    assert len(set(sentences)) == len(sentences)


def test_old_models_say_what_they_are_for(catalog: Catalog) -> None:
    learning = {model.spec.name for model in catalog.models if model.learning}
    assert {"facebook/opt-125m", "microsoft/phi-2", "tiiuae/falcon-7b-instruct"} <= learning
    for model in catalog.models:
        assert not model.good_for.startswith("For learning") or model.learning


def test_what_is_null_is_listed_as_unknown(raw: Json) -> None:
    for model in raw["models"]:
        for field in ("commit", "gated"):
            assert (model[field] is None) == (field in model["unknown"]), model["repo_id"]
        assert set(model["evidence"]) <= set(raw["evidence_codes"])
        assert (model["commit"] is None) == ("S" not in model["evidence"]), model["repo_id"]


def test_every_shape_is_established(catalog: Catalog) -> None:
    for model in catalog.models:
        shape = model.spec.geometry
        assert shape is not None, model.spec.name
        assert shape.context >= 2048, model.spec.name
        assert shape.vocabulary > 30_000, model.spec.name
        assert model.spec.parameters > 0, model.spec.name


def test_parsers_exist_in_the_engine(catalog: Catalog) -> None:
    known = load(RECORDS / "parsers_0.32.json")
    for model in catalog.models:
        assert model.tool_parser in ("", *known["tool"]), model.spec.name
        assert model.reasoning_parser in ("", *known["reasoning"]), model.spec.name


def test_formats_of_copies_are_ones_that_the_engine_knows(catalog: Catalog) -> None:
    known = load(RECORDS.parent / "vllm_flags" / "0.32.0.json")["quantization"]
    for model in catalog.models:
        for copy in model.siblings:
            assert copy.quantization in known, copy.name
            assert copy.weights_bytes < model.spec.weights_bytes or model.spec.quantization, copy.name


def test_every_tier_has_suggestions_that_anybody_may_use(catalog: Catalog) -> None:
    assert catalog.suggestions is not None
    assert set(catalog.suggestions) == {tier.name for tier in Tier}
    for names in catalog.suggestions.values():
        assert len(names) >= 3
        for name in names:
            assert catalog.spec(name) is not None, name
            owner = next(
                model for model in catalog.models if name in (model.spec.name, *(copy.name for copy in model.siblings))
            )
            assert owner.gated is False
            assert owner.chat is True
            assert not owner.learning or name.startswith("HuggingFaceTB/")
            assert owner.licence in PERMISSIVE


def test_suggestions_have_known_sizes(catalog: Catalog) -> None:
    for names in (catalog.suggestions or {}).values():
        for name in names:
            spec = catalog.spec(name)
            assert spec is not None
            assert spec.weights_bytes > 0, name


def test_a_matrix_that_is_stored_twice_is_known(catalog: Catalog) -> None:
    twice = {model.spec.name for model in catalog.models if model.spec.unloaded_bytes}
    assert twice == {"Qwen/Qwen3-0.6B", "Qwen/Qwen3-1.7B"}
    smallest = catalog.spec("Qwen/Qwen3-0.6B")
    assert smallest is not None
    assert smallest.unloaded_bytes == 151_936 * 1024 * 2


def test_weights_follow_from_the_numbers(raw: Json) -> None:
    for model in raw["models"]:
        formats = model["parameters"]["by_format"]
        assert model["weights_bytes"] == sum(count * BYTES[name] for name, count in formats.items()), model["repo_id"]


@pytest.mark.parametrize("repo_id", sorted(published()))
def test_weights_agree_with_the_published_files(raw: Json, repo_id: str) -> None:
    predicted = entry(raw, repo_id)["weights_bytes"]
    assert predicted == pytest.approx(published()[repo_id]["bytes"], rel=0.01)


def test_copies_agree_with_the_published_files(catalog: Catalog) -> None:
    for repo_id, record in load(RECORDS / "published_sizes.json")["siblings"].items():
        copy = catalog.spec(repo_id)
        assert copy is not None
        assert copy.weights_bytes == pytest.approx(record["bytes"], rel=0.01)


def numbers_of_shape(config: Mapping[str, Any]) -> int:
    """Parameters of an ordinary decoder (attention and a gated feed-forward part), from its shape alone."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    size = config.get("head_dim") or hidden // heads
    kept = config.get("num_key_value_heads", heads) * size
    attention = 2 * hidden * heads * size + 2 * hidden * kept
    ahead = 3 * hidden * config["intermediate_size"]
    if experts := config.get("num_local_experts") or config.get("num_experts"):
        inner = config.get("moe_intermediate_size") or config["intermediate_size"]
        ahead = experts * (3 * hidden * inner + hidden)
    ends = config["vocab_size"] * hidden * (1 if config["tie_word_embeddings"] else 2)
    return int(config["num_hidden_layers"] * (attention + ahead + 2 * hidden) + ends + hidden)


ORDINARY = {"llama", "qwen2", "qwen3", "qwen3_moe", "mistral", "mixtral", "phi3", "smollm3"}


def test_shapes_alone_predict_the_published_files(raw: Json) -> None:
    compared = 0
    for repo_id, record in published().items():
        config = entry(raw, repo_id)["config"]
        if config["model_type"] not in ORDINARY or repo_id in HEAD_STORED_TWICE:
            continue
        assert 2 * numbers_of_shape(config) == pytest.approx(record["bytes"], rel=0.01), repo_id
        compared += 1
    assert compared >= 15


@pytest.mark.parametrize("repo_id", sorted(configs()))
def test_shapes_agree_with_copies_of_the_real_file(catalog: Catalog, repo_id: str) -> None:
    model = catalog.find(repo_id)
    assert model is not None
    assert model.spec.geometry == geometry(configs()[repo_id]["config"])


def test_commits_are_whole(catalog: Catalog) -> None:
    assert all(re.fullmatch(r"|[0-9a-f]{40}", model.commit) for model in catalog.models)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"models": {}, "suggestions": {}}',
        '{"models": [{"repo_id": 3}], "suggestions": {}}',
        '{"models": [], "suggestions": {"RAM_4": [null]}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "catalog.json").write_text(content)
    with pytest.raises(UserError, match="list of known models is damaged"):
        read_catalog(tmp_path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_catalog(tmp_path)
    assert "catalog.json" in caught.value.details
