"""Flags, their words, and what old ones became."""

from dataclasses import replace

import pytest

from desktop_app.domain.flag_words import WORDS
from desktop_app.domain.flags import (
    Field,
    FieldGroup,
    FieldKind,
    Flag,
    FlagTable,
    canonical,
    fields,
    read_size,
    write_size,
)
from desktop_app.domain.launch import ModelSettings
from desktop_app.domain.old_flags import explain_old
from desktop_app.domain.suggestions import suggest
from tests.vllm_flags import recorded_table


def shown(settings: ModelSettings | None = None, hidden: frozenset[str] = frozenset()) -> dict[str, Field]:
    found = fields(recorded_table(), WORDS, settings or ModelSettings(), {"--max-num-seqs": "8"}, hidden)
    return {field.flag: field for field in found}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("--max-model-len", "--max-model-len"),
        ("--max_model_len", "--max-model-len"),
        ("-tp", "--tensor-parallel-size"),
        ("--no-enforce-eager", "--enforce-eager"),
        ("--compilation-config.mode", "--compilation-config"),
        ("--device-memory-utilization", "--gpu-memory-utilization"),
    ],
)
def test_a_flag_is_found_however_it_is_written(written: str, name: str) -> None:
    found = recorded_table().find(written)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("written", ["--device", "--swap-space", "--no-max-model-len", "--max", "nothing", ""])
def test_what_the_engine_does_not_have_is_not_found(written: str) -> None:
    assert recorded_table().find(written) is None


def test_the_nearest_name() -> None:
    assert recorded_table().nearest("--max-model-length") == "--max-model-len"
    assert recorded_table().nearest("--enforce_eagr") == "--enforce-eager"
    assert recorded_table().nearest("--something-else-entirely") == ""


def test_underscores_after_a_dot_are_kept() -> None:
    assert canonical("--compilation_config.cudagraph_mode") == "--compilation-config.cudagraph_mode"


def test_everything_with_words_is_in_the_engine() -> None:
    assert [flag for flag in WORDS if recorded_table().find(flag) is None] == []
    assert len(WORDS) >= 45


def test_every_flag_of_the_engine_is_reachable_once() -> None:
    found = shown()
    assert set(found) == {flag.name for flag in recorded_table().flags}
    assert {field.group for field in found.values()} == set(FieldGroup)
    assert all(field.title and field.words for field in found.values())


def test_what_cannot_be_changed_is_not_shown() -> None:
    assert "--uds" not in shown(hidden=frozenset({"--uds"}))


def test_nothing_is_offered_that_the_engine_does_not_have() -> None:
    table = recorded_table()
    smaller = replace(table, flags=tuple(flag for flag in table.flags if flag.name != "--performance-mode"))
    names = [field.flag for field in fields(smaller, WORDS, ModelSettings(), {}, frozenset())]
    assert "--performance-mode" not in names


def test_a_field_says_what_holds_and_why() -> None:
    found = shown(ModelSettings(flags=(("--max-model-len", "4096"), ("--enforce-eager", False))))
    assert found["--max-model-len"].value == "4096"
    assert found["--enforce-eager"].value is False
    assert found["--max-num-seqs"].preset_value == "8"
    assert found["--max-num-seqs"].value is None
    assert found["--enable-prefix-caching"].default is True
    assert found["--enforce-eager"].default is False
    assert found["--gpu-memory-utilization"].default == "0.92"
    assert "hermes" in found["--tool-call-parser"].choices
    assert "qwen3" in found["--reasoning-parser"].choices
    assert "awq" in found["--quantization"].choices


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        ("--enforce-eager", FieldKind.SWITCH),
        ("--kv-cache-dtype", FieldKind.CHOICE),
        ("--max-num-seqs", FieldKind.NUMBER),
        ("--kv-cache-memory-bytes", FieldKind.SIZE),
        ("--chat-template", FieldKind.FILE),
        ("--hf-overrides", FieldKind.JSON),
        ("--scheduling-policy", FieldKind.CHOICE),
        ("--long-prefill-token-threshold", FieldKind.NUMBER),
        ("--kernel-config", FieldKind.JSON),
        ("--ignore-patterns", FieldKind.TEXT),
    ],
)
def test_kinds(flag: str, kind: FieldKind) -> None:
    assert shown()[flag].kind is kind


@pytest.mark.parametrize(
    ("text", "size"),
    [("512M", 512 << 20), ("1G", 1 << 30), ("1g", 10**9), ("25.6k", 25_600), ("64", 64), ("auto", None), ("-1", None)],
)
def test_sizes_as_vllm_reads_them(text: str, size: int | None) -> None:
    assert read_size(text) == size


def test_sizes_as_people_write_them() -> None:
    assert write_size(1 << 30) == "1G"
    assert write_size(1536 << 20) == "1536M"
    assert write_size(0) == "0M"
    assert read_size(True) is None
    assert read_size(None) is None


@pytest.mark.parametrize(
    ("flag", "value", "word"),
    [
        ("--device", "cpu", "installed engine"),
        ("--swap_space", "4", "--kv-offloading-size"),
        ("--quantization", "bitsandbytes", "bitsandbytes"),
        ("--load-format", "gguf", "GGUF"),
        ("--model", "/a/b.gguf", "GGUF"),
        ("VLLM_ATTENTION_BACKEND", "", "--attention-backend"),
    ],
)
def test_old_tutorials_are_explained(flag: str, value: str, word: str) -> None:
    assert word in explain_old(flag, value)


def test_what_is_not_old_has_no_explanation() -> None:
    assert explain_old("--max-model-len", "4096") == ""


def test_no_old_flag_is_in_the_engine() -> None:
    table = recorded_table()
    assert [flag.name for flag in table.flags if explain_old(flag.name)] == []


@pytest.mark.parametrize(
    ("name", "template", "flags"),
    [
        (
            "Qwen3-4B",
            "{{ enable_thinking }} <tool_call>",
            {"--reasoning-parser": "qwen3", "--tool-call-parser": "hermes"},
        ),
        ("Qwen3-Coder-30B", "tools", {"--tool-call-parser": "qwen3_coder"}),
        ("DeepSeek-R1-Distill-Qwen-7B", "<think>", {"--reasoning-parser": "deepseek_r1"}),
        ("gpt-oss-20b", "<|channel|> tools", {"--reasoning-parser": "openai_gptoss", "--tool-call-parser": "openai"}),
        ("Llama-3.2-3B-Instruct", "tools", {"--tool-call-parser": "llama3_json"}),
        ("Qwen2.5-0.5B", "", {}),
        ("Something", "<think> tools", {}),
    ],
)
def test_parsers_are_suggested_from_the_model(name: str, template: str, flags: dict[str, str]) -> None:
    found = {flag: value for one in suggest([name], template, recorded_table()) for flag, value in one.flags}
    found.pop("--enable-auto-tool-choice", None)
    assert found == flags


def test_only_what_the_engine_has_is_suggested() -> None:
    assert suggest(["Qwen3-4B"], "<think> tools", FlagTable("0.31.0", ())) == ()


def test_two_tables_with_the_same_flags_are_equal() -> None:
    flag = Flag(("--a",), "x", "", (), "", "int", many=False, switch=False, negatable=False)
    assert FlagTable("1", (flag,)) == FlagTable("1", (flag,))
