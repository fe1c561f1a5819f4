"""What is refused before a start, with what would mend it; and what is not refused."""

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.domain.flags import FlagTable
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import FlagValue, LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine import launch, preflight
from desktop_app.paths import Paths
from tests.vllm_flags import recorded_table

GIB = 1024**3
CPU = EngineEnvironment(Path("/opt/engine/bin/python"), "0.32.0", EngineKind.CPU, managed=False)
CUDA = replace(CPU, kind=EngineKind.CUDA)
CARD = Gpu("a card", 24 * GIB, 23 * GIB, "580", (8, 9))
CONFIG: dict[str, object] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "torch_dtype": "bfloat16",
    "hidden_size": 2048,
    "num_hidden_layers": 16,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 8192,
}


class Bench:
    """A model on a machine, to be checked with some settings."""

    def __init__(self, folder: Path, paths: Paths) -> None:
        self.folder, self.paths = folder, paths
        self.table: FlagTable | None = recorded_table()
        self.machine = Machine("a processor", 4, 16 * GIB, frozenset(), available_bytes=12 * GIB)
        self.environment = CPU
        self.describe()
        self.weigh(2 * GIB)

    def describe(self, **changes: object) -> None:
        (self.folder / "config.json").write_text(json.dumps(CONFIG | changes), "utf-8")

    def weigh(self, size: int) -> None:
        with (self.folder / "model.safetensors").open("wb") as file:
            file.truncate(size)

    def on_cards(self, *cards: Gpu) -> None:
        self.environment, self.machine = CUDA, replace(self.machine, gpus=cards)

    def plan(self, *flags: tuple[str, FlagValue], variables: tuple[tuple[str, str], ...] = ()) -> LaunchPlan:
        model = ModelRef("a model", self.folder)
        chosen = ModelSettings(flags=flags, variables=variables)
        return launch.plan(model, self.environment, self.paths.engine(model.key), self.machine, chosen)

    def check(self, *flags: tuple[str, FlagValue], variables: tuple[tuple[str, str], ...] = ()) -> None:
        preflight.check(self.plan(*flags, variables=variables), self.table, self.machine)

    def refusal(self, *flags: tuple[str, FlagValue]) -> UserError:
        with pytest.raises(UserError) as caught:
            self.check(*flags)
        assert caught.value.sentence().endswith((".", "?"))
        return caught.value

    def mended(self, *flags: tuple[str, FlagValue]) -> UserError:
        """The refusal; what mends it is done, and then nothing is refused."""
        error = self.refusal(*flags)
        assert error.fix is not None
        assert error.remedy is Remedy.FIX
        after = ModelSettings(flags=flags).with_flags(error.fix.flags)
        self.check(*after.flags)
        return error


@pytest.fixture
def bench(tmp_path: Path, paths: Paths) -> Bench:
    folder = tmp_path / "model"
    folder.mkdir()
    return Bench(folder, paths)


def test_a_sound_model_passes(bench: Bench) -> None:
    bench.check()
    bench.on_cards(CARD)
    bench.check()
    bench.table = None
    bench.check()


def test_an_unknown_kind_of_model(bench: Bench) -> None:
    bench.describe(architectures=["NobodyKnowsForCausalLM"], model_type="nobody")
    error = bench.refusal()
    assert "NobodyKnowsForCausalLM" in error.reason
    assert error.remedy is Remedy.ENGINES
    bench.check(("--hf-overrides", '{"architectures": ["LlamaForCausalLM"]}'))
    bench.table = None
    bench.check()


def test_a_kind_that_transformers_has_is_tried(bench: Bench) -> None:
    bench.table = replace(recorded_table(), borrowed=frozenset({"RareForCausalLM"}))
    bench.describe(architectures=["RareForCausalLM"])
    bench.check()


def test_a_model_that_says_nothing_of_its_kind_is_tried(bench: Bench) -> None:
    (bench.folder / "config.json").write_text('{"model_type": "llama"}')
    bench.check()
    (bench.folder / "config.json").unlink()
    bench.check()


def test_a_model_with_code_of_its_own_asks_for_leave(bench: Bench) -> None:
    code = {"AutoConfig": "configuration_x.XConfig", "AutoModelForCausalLM": "modeling_x.XForCausalLM"}
    bench.describe(architectures=["XForCausalLM"], model_type="x", auto_map=code)
    error = bench.mended()
    assert "configuration_x.py, modeling_x.py" in error.reason
    assert error.fix is not None
    assert error.fix.flags == (("--trust-remote-code", True),)


def test_code_that_is_not_needed_is_not_asked_for(bench: Bench) -> None:
    bench.describe(auto_map={"AutoConfig": "configuration_llama.LlamaConfig"})
    bench.check()


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--swap-space", "--kv-offloading-size"),
        ("--device", "installed engine"),
        ("--max-model-length", "--max-model-len"),
        ("--nothing-like-this", ""),
    ],
)
def test_flags_that_the_engine_does_not_have(bench: Bench, flag: str, words: str) -> None:
    assert words in bench.mended((flag, "4096")).sentence()


@pytest.mark.parametrize(
    ("flag", "value", "word"),
    [
        ("--tool-call-parser", "hermess", "hermes"),
        ("--reasoning-parser", "thoughts", "qwen3"),
        ("--quantization", "tiny", "awq"),
        ("--quantization", "bitsandbytes", "0.28"),
        ("--kv-cache-dtype", "fp7", "fp8"),
        ("--spec-method", "oracle", "ngram"),
    ],
)
def test_names_that_the_engine_does_not_know(bench: Bench, flag: str, value: str, word: str) -> None:
    assert word in bench.mended((flag, value)).reason


def test_a_parser_of_a_plugin_is_tried(bench: Bench) -> None:
    bench.check(("--tool-call-parser", "mine"), ("--tool-parser-plugin", "/x.py"))


def test_bitsandbytes_is_explained_without_a_table_too(bench: Bench) -> None:
    bench.table = None
    assert "AWQ" in bench.mended(("--quantization", "bitsandbytes")).reason


def test_formats_that_can_run_programs(bench: Bench) -> None:
    assert "programs" in bench.mended(("--load-format", "pt")).reason


def test_tools_without_a_way_to_read_them(bench: Bench) -> None:
    bench.mended(("--enable-auto-tool-choice", True))
    bench.check(("--enable-auto-tool-choice", True), ("--tool-call-parser", "hermes"))


def test_a_step_smaller_than_the_answers_in_it(bench: Bench) -> None:
    bench.mended(("--max-num-batched-tokens", "64"), ("--max-num-seqs", "128"))


def test_a_context_longer_than_the_models(bench: Bench) -> None:
    assert "8,192" in bench.mended(("--max-model-len", "16k")).reason
    bench.check(("--max-model-len", "16k"), variables=(("VLLM_ALLOW_LONG_MAX_MODEL_LEN", "1"),))
    bench.describe(rope_scaling={"type": "yarn", "factor": 4})
    bench.check(("--max-model-len", "16k"))


def test_a_context_that_does_not_fit_what_is_kept(bench: Bench) -> None:
    error = bench.mended(("--max-model-len", "8192"), ("--kv-cache-memory-bytes", "64M"))
    assert "0.3 GB" in error.reason
    # 32 KiB for each token; one block is vLLM's own.
    assert "1,920 tokens" in error.reason


def test_heads_that_cannot_be_shared(bench: Bench) -> None:
    assert "32 attention heads" in bench.mended(("--tensor-parallel-size", "3")).reason


def test_more_cards_than_there_are(bench: Bench) -> None:
    bench.on_cards(CARD)
    assert "has 1" in bench.mended(("--tensor-parallel-size", "2")).reason
    bench.on_cards(CARD, CARD)
    bench.check(("--tensor-parallel-size", "2"))


def test_a_card_or_driver_that_is_too_old(bench: Bench) -> None:
    bench.on_cards(replace(CARD, driver="470.1"))
    error = bench.refusal()
    assert isinstance(error, EngineError)
    assert "470.1" in error.reason


def test_a_card_without_bfloat16(bench: Bench) -> None:
    bench.on_cards(replace(CARD, compute_capability=(7, 5)))
    bench.mended(("--dtype", "bfloat16"))
    bench.check()


def test_too_little_memory_for_the_settings(bench: Bench) -> None:
    error = bench.mended(("--kv-cache-memory-bytes", "20G"))
    assert "needs about 23.2 GB, and 12.0 GB are free" in error.reason


def test_too_little_memory_now(bench: Bench) -> None:
    bench.machine = replace(bench.machine, available_bytes=2 * GIB)
    error = bench.refusal()
    assert error.remedy is Remedy.RETRY
    assert "2.0 GB are free" in error.reason


def test_a_model_larger_than_the_machine(bench: Bench) -> None:
    bench.weigh(40 * GIB)
    assert bench.refusal().remedy is Remedy.CHOOSE_MODEL
    bench.on_cards(CARD)
    assert "24.0 GB" in bench.refusal().reason


def test_a_card_that_others_use(bench: Bench) -> None:
    bench.on_cards(replace(CARD, free_bytes=GIB))
    assert "1.0 GB are free on a card" in bench.refusal().reason
    bench.on_cards(replace(CARD, free_bytes=12 * GIB))
    bench.mended(("--gpu-memory-utilization", "0.9"))


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--chat-template", "/nowhere/template.jinja"),
        ("--tokenizer", "/nowhere"),
        ("--spec-model", "/nowhere"),
        ("--lora-modules", "style=/nowhere"),
        ("--lora-modules", '{"name": "style"}'),
    ],
)
def test_files_that_are_not_there(bench: Bench, flag: str, value: str) -> None:
    bench.mended((flag, value))


def test_files_that_are_there(bench: Bench) -> None:
    (bench.folder / "t.jinja").write_text("x")
    adapter = bench.folder / "adapter one"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    bench.check(("--chat-template", str(bench.folder / "t.jinja")), ("--lora-modules", f"a='{adapter}'"))
    bench.check(("--chat-template", "{% for m in messages %}{{ m }}{% endfor %}"))
    bench.check(("--lora-modules", f"'{json.dumps({'name': 'a', 'path': str(adapter)})}'"))


def test_a_socket_that_somebody_answers_at(bench: Bench) -> None:
    place = bench.plan().socket
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()
        assert "running already" in bench.refusal().title
    # A file that nobody answers at is a left-over, which the start removes.
    bench.check()


def test_a_full_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 1000})())
    assert bench.refusal().title == "The disk is full."


def test_a_page_is_told_of_everything_at_once(bench: Bench) -> None:
    found = preflight.doubts(bench.plan(("--device", "cpu"), ("--max-model-len", "1M")), bench.table, bench.machine)
    assert [doubt.title for doubt in found] == [
        "vLLM 0.32.0 has no setting --device.",
        "The context is longer than the model can keep in mind.",
        "The context does not fit the memory for conversations.",
    ]
    assert preflight.doubts(bench.plan(), bench.table, bench.machine) == ()
