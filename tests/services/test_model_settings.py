"""Settings of a model: shown, changed, mended, written out and read in."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.errors import Fix, Remedy, UserError
from desktop_app.domain.flags import Field
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import ModelRef, ModelSettings, Preset
from desktop_app.domain.machine import Machine
from desktop_app.paths import Paths
from desktop_app.services.model_settings import ModelSettingsService, SettingsState
from desktop_app.store.database import Database
from desktop_app.store.model_settings import ModelSettingsStore
from tests.engine_fakes import make_environment, make_model

GIB = 1 << 30
CONFIG = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "torch_dtype": "bfloat16",
    "hidden_size": 2048,
    "num_hidden_layers": 16,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 32_768,
}


class Bench:
    """The service with a model, an engine that answers, and a machine that can be exchanged."""

    def __init__(self, folder: Path, paths: Paths, database: Database) -> None:
        self.paths = paths
        self.store = ModelSettingsStore(database)
        self.model = make_model(folder, "Qwen3-4B")
        self.describe()
        self.engine: EngineEnvironment | None = make_environment(folder)
        self.machine = Machine("a processor", 4, 16 * GIB, frozenset(), available_bytes=12 * GIB)
        self.taken = 0
        self.service = self.again()

    def describe(self, **changes: object) -> None:
        (self.model.folder / "config.json").write_text(json.dumps(CONFIG | changes), "utf-8")

    def again(self) -> ModelSettingsService:
        machine: Callable[[], Machine] = lambda: self.machine  # noqa: E731 - one that can be exchanged
        outside = {"PATH": "/usr/bin:/bin"}
        return ModelSettingsService(
            self.store, self.paths, machine, lambda: self.engine, outside, taken_bytes=lambda _key: self.taken
        )

    @property
    def state(self) -> SettingsState:
        return self.service.state.value

    @property
    def settings(self) -> ModelSettings:
        return self.service.settings_of(self.model)

    def field(self, flag: str) -> Field:
        return next(field for field in self.state.fields if field.flag == flag)

    async def open(self) -> None:
        await self.service.open(self.model)


@pytest.fixture
async def bench(tmp_path: Path, paths: Paths) -> AsyncIterator[Bench]:
    database = Database(paths.database)
    await database.open()
    made = Bench(tmp_path, paths, database)
    await made.service.load()
    yield made
    await database.close()


async def test_a_page_shows_everything(bench: Bench) -> None:
    seen: list[bool] = []
    bench.service.state.watch(lambda state: seen.append(state.loading))
    await bench.open()
    assert seen == [False, True, False]
    state = bench.state
    assert state.error is None
    assert state.warnings == ()
    assert len(state.fields) > 280
    assert bench.field("--max-num-seqs").preset_value == "8"
    assert bench.field("--kv-cache-memory-bytes").preset_value == "1G"
    assert not [field for field in state.fields if field.flag in ("--uds", "--model", "--api-key")]
    assert "--uds" in state.command
    assert " \\\n  --max-num-seqs 8" in state.command
    assert "HF_HUB_OFFLINE=1" in state.environment.splitlines()
    assert state.variables == ""


async def test_without_an_engine_there_is_nothing_to_show(bench: Bench) -> None:
    bench.engine = None
    await bench.open()
    assert bench.state.error is not None
    assert bench.state.error.remedy is Remedy.INSTALL
    assert bench.state.fields == ()
    assert not bench.state.loading
    await bench.service.change("--max-num-seqs", "4")
    assert bench.settings == ModelSettings()


async def test_an_engine_that_does_not_answer_leaves_the_command(bench: Bench) -> None:
    assert bench.engine is not None
    bench.engine.python.write_text("#!/bin/sh\nexit 1\n")
    await bench.open()
    assert bench.state.error is not None
    assert bench.state.fields == ()
    await bench.service.edit_command("vllm serve x --max-num-seqs 4 --enforce-eager")
    assert bench.settings.get("--max-num-seqs") == "4"


async def test_a_choice_is_kept_and_can_be_taken_back(bench: Bench) -> None:
    await bench.open()
    await bench.service.change("--max_num_seqs", "4")
    assert bench.field("--max-num-seqs").value == "4"
    assert "--max-num-seqs 4" in bench.state.command
    later = bench.again()
    await later.load()
    assert later.settings_of(bench.model).get("--max-num-seqs") == "4"
    await bench.service.change("--max-num-seqs", None)
    assert bench.settings == ModelSettings()
    assert "--max-num-seqs 8" in bench.state.command


async def test_an_empty_value_takes_away_what_the_preset_sets(bench: Bench) -> None:
    await bench.open()
    await bench.service.change("--max-num-seqs", "")
    assert bench.settings.get("--max-num-seqs") == ""
    assert "--max-num-seqs" not in bench.state.command
    await bench.service.change("--seed", "")
    assert bench.settings.get("--seed") is None


async def test_a_preset_changes_the_flags(bench: Bench) -> None:
    await bench.open()
    await bench.service.set_preset(Preset.MANY)
    assert bench.settings.preset is Preset.MANY
    assert bench.field("--max-num-seqs").preset_value == "64"


async def test_memory_follows_the_settings_at_once(bench: Bench) -> None:
    await bench.open()
    before = bench.state.memory
    assert before is not None
    assert before.kv_cache == GIB
    assert before.others == 4 * GIB
    assert before.weights + before.kv_cache + before.overhead + before.others + before.free == before.total
    assert bench.state.context == "1.0 GB for conversations hold a context of 16,256 tokens."
    await bench.service.change("--max-model-len", "32768")
    after = bench.state.memory
    assert after is not None
    assert after.kv_cache > 2 * GIB
    words = "A context of 32,768 tokens takes 2.0 GB; 2.0 GB are set aside for conversations."
    assert bench.state.context == words
    await bench.service.change("--kv-cache-dtype", "fp8")
    assert "takes 1.0 GB" in bench.state.context
    await bench.service.change("--kv-cache-memory-bytes", "20G")
    assert any("not enough memory" in warning for warning in bench.state.warnings)


async def test_memory_of_other_engines_is_not_ours(bench: Bench) -> None:
    bench.taken = 14 * GIB
    await bench.open()
    assert bench.state.memory is not None
    assert bench.state.memory.others == 14 * GIB


async def test_what_cannot_be_changed_is_told(bench: Bench) -> None:
    await bench.open()
    for flag, value in (("--uds", "/x"), ("--load-format", "pt"), ("--seed", "a\0b")):
        await bench.service.change(flag, value)
        assert bench.state.error is not None
        assert bench.state.error.reason
        assert bench.settings == ModelSettings()
    bench.service.dismiss_error()
    assert bench.state.error is None


async def test_variables(bench: Bench) -> None:
    await bench.open()
    await bench.service.set_variables("# mine\nexport OMP_NUM_THREADS=3\n\nVLLM_LOGGING_LEVEL='DEBUG'")
    assert bench.settings.variables == (("OMP_NUM_THREADS", "3"), ("VLLM_LOGGING_LEVEL", "DEBUG"))
    assert "OMP_NUM_THREADS=3" in bench.state.environment.splitlines()
    assert bench.state.variables == "OMP_NUM_THREADS=3\nVLLM_LOGGING_LEVEL=DEBUG"
    for text in ("nonsense", "LD_PRELOAD=/x", "HF_TOKEN=hf_x", "VLLM_USE_V1=1"):
        await bench.service.set_variables(text)
        assert bench.state.error is not None
        assert len(bench.settings.variables) == 2
    await bench.service.set_variables("")
    assert bench.settings == ModelSettings()


async def test_the_command_as_it_is_changes_nothing(bench: Bench) -> None:
    await bench.open()
    for preset in Preset:
        await bench.service.set_preset(preset)
        await bench.service.edit_command(bench.state.command)
        assert bench.state.error is None
        assert bench.settings == ModelSettings(preset)


async def test_an_edited_command_becomes_settings(bench: Bench) -> None:
    await bench.open()
    text = bench.state.command.replace("--max-num-seqs 8", "--max-num-seqs 16").replace("--enforce-eager", "")
    await bench.service.edit_command(text.rstrip(" \\\n") + " --seed=7 -tp 2 --lora-modules a=/x b=/y -O2")
    assert bench.state.error is None
    assert dict(bench.settings.flags) == {
        "--max-num-seqs": "16",
        "--seed": "7",
        "--tensor-parallel-size": "2",
        "--lora-modules": "a=/x b=/y",
        "--optimization-level": "2",
    }
    assert "--enforce-eager" not in bench.state.command
    assert "--enable-lora" in bench.state.command


async def test_a_command_of_a_tutorial(bench: Bench) -> None:
    await bench.open()
    text = "$ OMP_NUM_THREADS=2 vllm serve Qwen/Qwen3-4B \\\n  --max_model_len 4096 --reasoning-parser qwen3"
    await bench.service.edit_command(text)
    assert bench.state.error is None
    assert bench.settings.get("--max-model-len") == "4096"
    assert bench.settings.get("--reasoning-parser") == "qwen3"
    assert bench.settings.variables == (("OMP_NUM_THREADS", "2"),)
    # What the tutorial leaves to vLLM is left to it.
    assert "--max-num-seqs" not in bench.state.command
    assert "--no-enforce-eager" in bench.state.command


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("vllm serve x --device cpu", "installed engine"),
        ("vllm serve x --swap-space 4", "--kv-offloading-size"),
        ("vllm serve x --port 9000", "private socket"),
        ("vllm serve x --api-key abc", "list of processes"),
        ("vllm serve x --max-model-length 10", "--max-model-len"),
        ("vllm serve x --max-num-seqs", "Nothing follows"),
        ("vllm serve x --enforce-eager=perhaps", "neither"),
        ("vllm serve x --served-model-name 'a", "never closed"),
        ("vllm serve x stray --seed 1", "does not belong"),
        ("LD_PRELOAD=/x vllm serve x", "code"),
        ("vllm serve x --load-format pt", "programs"),
        ("vllm serve x --hf-token hf_abc", "offline"),
    ],
)
async def test_a_command_that_cannot_be_taken_is_explained(bench: Bench, text: str, word: str) -> None:
    await bench.open()
    await bench.service.edit_command(text)
    assert bench.state.error is not None
    assert word in bench.state.error.sentence()
    assert bench.settings == ModelSettings()


async def test_reset(bench: Bench) -> None:
    await bench.open()
    await bench.service.change("--seed", "7")
    await bench.service.set_preset(Preset.SPEED)
    await bench.service.reset()
    assert bench.settings == ModelSettings()
    assert bench.field("--seed").value is None


async def test_a_reset_can_be_taken_back(bench: Bench) -> None:
    await bench.open()
    await bench.service.change("--seed", "7")
    before = bench.settings
    await bench.service.reset()
    await bench.service.restore(before)
    assert bench.settings == before
    assert bench.field("--seed").value == "7"


async def test_flags_for_one_run_are_not_kept(bench: Bench) -> None:
    await bench.service.apply_fix(bench.model, Fix("", (("--seed", "7"),)))
    found = await bench.service.with_words(bench.model, bench.settings, ("--max_num_seqs", "3", "--no-enforce-eager"))
    assert dict(found.flags) == {"--seed": "7", "--max-num-seqs": "3", "--enforce-eager": False}
    assert dict(bench.settings.flags) == {"--seed": "7"}
    with pytest.raises(UserError, match="--port cannot be changed"):
        await bench.service.with_words(bench.model, bench.settings, ("--port", "1"))
    bench.engine = None
    with pytest.raises(UserError, match="no engine"):
        await bench.service.with_words(bench.model, bench.settings, ("--seed", "1"))


async def test_a_fix_is_done_whether_its_page_is_open_or_not(bench: Bench) -> None:
    fix = Fix("Start with a context of 896", (("--max-model-len", "896"), ("--devise", "")))
    await bench.service.apply_fix(bench.model, fix)
    assert bench.settings.flags == (("--max-model-len", "896"),)
    await bench.open()
    await bench.service.apply_fix(bench.model, Fix("Without", (("--max-model-len", None),)))
    assert bench.settings == ModelSettings()
    assert bench.field("--max-model-len").value is None


async def test_parsers_are_suggested_until_they_are_chosen(bench: Bench) -> None:
    (bench.model.folder / "chat_template.jinja").write_text("{% if enable_thinking %}<think>{% endif %}")
    await bench.open()
    assert any("qwen3" in words for words in bench.state.suggestions)
    await bench.service.change("--reasoning-parser", "qwen3")
    assert bench.state.suggestions == ()


async def test_settings_go_into_a_file_and_back(bench: Bench, tmp_path: Path) -> None:
    await bench.open()
    await bench.service.set_preset(Preset.SPEED)
    await bench.service.change("--seed", "7")
    await bench.service.set_variables("OMP_NUM_THREADS=3")
    chosen = bench.settings
    await bench.service.export(tmp_path / "mine.json")
    await bench.service.reset()
    await bench.service.import_from(tmp_path / "mine.json")
    assert bench.state.error is None
    assert bench.settings == chosen


async def test_a_file_of_a_stranger_cannot_run_code(bench: Bench, tmp_path: Path) -> None:
    await bench.open()
    evil = {
        "format": "vllm-desktop model settings",
        "preset": "MANY",
        "flags": {
            "--trust-remote-code": True,
            "--middleware": "evil.Evil",
            "--uds": "/tmp/x",
            "--load-format": "pt",
            "--unheard": "x",
            "--seed": 7,
            "--max-num-seqs": "3",
        },
        "variables": {"LD_PRELOAD": "/x", "OMP_NUM_THREADS": "2"},
    }
    (tmp_path / "theirs.json").write_text(json.dumps(evil))
    await bench.service.import_from(tmp_path / "theirs.json")
    assert bench.settings == ModelSettings(Preset.MANY, (("--max-num-seqs", "3"),), (("OMP_NUM_THREADS", "2"),))
    assert bench.state.error is not None
    assert "--middleware" in bench.state.error.reason


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "vllm-desktop model settings", "flags": 1}'])
async def test_other_files_are_refused(bench: Bench, tmp_path: Path, text: str) -> None:
    await bench.open()
    (tmp_path / "x.json").write_text(text)
    for name in ("x.json", "gone.json"):
        await bench.service.import_from(tmp_path / name)
        assert bench.state.error is not None
    await bench.service.export(tmp_path / "no" / "folder.json")
    told = bench.state.error
    assert told is not None
    assert told.title == "The settings were not written."
    assert bench.settings == ModelSettings()


async def test_leave_for_code_holds_for_the_files_as_they_are(bench: Bench) -> None:
    code = bench.model.folder / "modeling.py"
    code.write_text("print(1)")
    await bench.open()
    await bench.service.change("--trust-remote-code", True)
    assert bench.settings.get("--trust-remote-code") is True
    assert any("your rights" in warning for warning in bench.state.warnings)
    await bench.service.change("--seed", "7")
    assert bench.settings.get("--trust-remote-code") is True
    code.write_text("print(2)")
    assert bench.settings.get("--trust-remote-code") is None
    await bench.open()
    assert any("have changed" in warning for warning in bench.state.warnings)
    # Another change is no leave; saying so again is.
    await bench.service.change("--seed", "8")
    await bench.service.set_preset(Preset.QUICK)
    assert bench.settings.get("--trust-remote-code") is None
    await bench.service.change("--trust-remote-code", True)
    assert bench.settings.get("--trust-remote-code") is True


async def test_a_fix_gives_leave_for_the_files_of_now(bench: Bench) -> None:
    code = bench.model.folder / "modeling.py"
    code.write_text("print(1)")
    await bench.service.apply_fix(bench.model, Fix("Allow", (("--trust-remote-code", True),)))
    assert bench.settings.get("--trust-remote-code") is True
    code.write_text("print(2)")
    assert bench.settings.get("--trust-remote-code") is None
    await bench.service.apply_fix(bench.model, Fix("Other", (("--seed", "1"),)))
    assert bench.settings.get("--trust-remote-code") is None


async def test_leave_that_is_taken_back_is_gone(bench: Bench) -> None:
    (bench.model.folder / "modeling.py").write_text("print(1)")
    await bench.open()
    await bench.service.change("--trust-remote-code", True)
    await bench.service.change("--trust-remote-code", None)
    assert bench.store.allowed_code(bench.model.key) == ""


async def test_the_table_of_an_engine_is_there_once_it_was_asked(bench: Bench) -> None:
    assert bench.engine is not None
    assert await bench.service.flag_table(bench.engine) is None
    learned = await bench.service.learn(bench.engine)
    assert await bench.service.flag_table(bench.engine) == learned
    bench.engine.python.write_text("#!/bin/sh\nexit 1\n")
    assert await bench.again().flag_table(bench.engine) == learned


async def test_another_page_opened_meanwhile_wins(bench: Bench, tmp_path: Path) -> None:
    other = make_model(tmp_path, "other")
    await bench.open()
    await bench.service.open(other)
    assert bench.state.model == other
    await bench.service.change("--seed", "7")
    assert bench.settings == ModelSettings()
    assert bench.service.settings_of(other).get("--seed") == "7"


async def test_a_model_elsewhere_has_no_folder_to_read(bench: Bench) -> None:
    await bench.service.open(ModelRef("there", address="https://example.org/v1"))
    assert not bench.state.loading
    assert replace(bench.state, error=None).model is not None
