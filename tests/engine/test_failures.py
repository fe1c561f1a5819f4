"""Every recorded failure gets its sentence, and nothing that a log may hold breaks the search for the cause."""

import json

import pytest

from desktop_app.domain.engine import StartPhase
from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.engine.failures import explain
from desktop_app.engine.phases import PhaseReader
from tests.engine.recorded import FOLDER, recorded, recorded_plan

PLAN = recorded_plan()
UNKNOWN_KIND = "vLLM 0.32.0 does not know this kind of model."
COMPRESSED = "The model is compressed in a way that vLLM 0.32.0 cannot read."
SETTING = "vLLM 0.32.0 does not understand a setting."
LOOKING = "The engine stopped while it looked at the model."

RECORDED = [
    ("f_arch_unknown", UNKNOWN_KIND, "FooForCausalLM", Remedy.CHOOSE_MODEL),
    ("f_bad_config_json", "The model is damaged.", "config.json cannot be read", Remedy.CHOOSE_MODEL),
    ("f_bad_dtype", SETTING, "argument --dtype: invalid choice: 'foo'", Remedy.SHOW_LOG),
    ("f_bad_dtype_int", SETTING, "--max-model-len", Remedy.SHOW_LOG),
    ("f_bad_path", "The model's folder is missing.", "/models/tiny", Remedy.CHOOSE_MODEL),
    ("f_bad_repo_offline", "The model is incomplete.", "from the internet", Remedy.CHOOSE_MODEL),
    ("f_bad_repo_online", "The model is incomplete.", "from the internet", Remedy.CHOOSE_MODEL),
    (
        "f_block7",
        "The engine stopped while it made room for the conversation.",
        "No common block size",
        Remedy.SHOW_LOG,
    ),
    ("f_cache_ro", "The engine cannot use a file or folder.", "/proc/nope2: No such file", Remedy.SHOW_LOG),
    ("f_gguf_file", "GGUF files cannot be used.", "safetensors", Remedy.CHOOSE_MODEL),
    (
        "f_kv_default",
        "Not enough memory.",
        "18.37 GiB are needed, and 17.76 of 19.96 GiB are free",
        Remedy.CHOOSE_MODEL,
    ),
    ("f_kv_float", LOOKING, "invalid literal for int() with base 10: '0.5'", Remedy.SHOW_LOG),
    ("f_kv_small2", "Not enough memory for a context of this length.", "896 tokens", Remedy.CHOOSE_MODEL),
    ("f_kv_too_big", "Not enough memory.", "1000.0 GiB are needed", Remedy.CHOOSE_MODEL),
    ("f_kvdtype_bad", SETTING, "--kv-cache-dtype", Remedy.SHOW_LOG),
    ("f_lora_missing", "The engine cannot use a file or folder.", "/nonexistent/lora", Remedy.SHOW_LOG),
    ("f_max_batched_small", LOOKING, "max_num_batched_tokens (64) must be greater", Remedy.SHOW_LOG),
    ("f_no_compiler2", "The engine needs a C++ compiler for these settings.", "g++", Remedy.SHOW_LOG),
    ("f_no_config", "This is not a model's folder.", "no config.json", Remedy.CHOOSE_MODEL),
    ("f_no_weights", "The model has no weights.", "no safetensors file", Remedy.CHOOSE_MODEL),
    ("f_old_device_flag", SETTING, "ambiguous option: --device", Remedy.SHOW_LOG),
    ("f_quant_awq_on_plain", COMPRESSED, "awq", Remedy.CHOOSE_MODEL),
    ("f_quant_fp8_cpu", "This processor cannot run FP8 models.", "", Remedy.CHOOSE_MODEL),
    ("f_quant_unknown", COMPRESSED, "foo", Remedy.CHOOSE_MODEL),
    ("f_shape_mismatch", "The model is damaged.", "does not match its weights", Remedy.CHOOSE_MODEL),
    ("f_sleep_cpu", LOOKING, "Sleep mode is not supported", Remedy.SHOW_LOG),
    ("f_st_garbage", "A weight file is damaged.", "", Remedy.CHOOSE_MODEL),
    ("f_st_html", "A weight file holds something else.", "A web page", Remedy.CHOOSE_MODEL),
    ("f_tool_bad_parser", LOOKING, "invalid tool call parser: foo", Remedy.SHOW_LOG),
    ("f_tool_no_parser", "The engine stopped while it was loading.", "--tool-call-parser", Remedy.SHOW_LOG),
    ("f_tp2_cpu", LOOKING, "Not enough allowed NUMA nodes", Remedy.SHOW_LOG),
    ("f_typo_flag", SETTING, "unrecognized arguments: --max-model-length", Remedy.SHOW_LOG),
    ("f_unknown_flag", SETTING, "unrecognized arguments: --foo", Remedy.SHOW_LOG),
    ("j_missing_folder", "The model's folder is missing.", "/models/tiny", Remedy.CHOOSE_MODEL),
    ("j_no_config", "This is not a model's folder.", "no config.json", Remedy.CHOOSE_MODEL),
    ("j_bad_config", "The model is damaged.", "config.json cannot be read", Remedy.CHOOSE_MODEL),
    ("j_empty_config", "The model is damaged.", "what kind of model it is", Remedy.CHOOSE_MODEL),
    ("j_no_weights", "The model has no weights.", "no safetensors file", Remedy.CHOOSE_MODEL),
    ("j_truncated", "A weight file is incomplete.", "Its end is missing", Remedy.CHOOSE_MODEL),
    ("j_lfs", "A weight file holds something else.", "Git LFS placeholder", Remedy.CHOOSE_MODEL),
    ("j_zeros", "A weight file is damaged.", "", Remedy.CHOOSE_MODEL),
    ("j_missing_tensor", "The model is incomplete.", "model.layers.2.", Remedy.CHOOSE_MODEL),
    ("j_shape", "The model is damaged.", "does not match its weights", Remedy.CHOOSE_MODEL),
    ("j_no_tokenizer", "The model has no tokenizer.", "tokenizer.json", Remedy.CHOOSE_MODEL),
    ("j_arch_unknown", UNKNOWN_KIND, "FooForCausalLM", Remedy.CHOOSE_MODEL),
    ("j_type_unknown", UNKNOWN_KIND, "Its type is foo", Remedy.CHOOSE_MODEL),
    ("j_custom_code", "The model wants to run a program of its own.", "does not allow", Remedy.CHOOSE_MODEL),
    ("j_bnb", COMPRESSED, "bitsandbytes", Remedy.CHOOSE_MODEL),
    ("j_kv_too_big", "Not enough memory.", "900.0 GiB are needed, and 10.7 of 17.21 GiB are free", Remedy.CHOOSE_MODEL),
    ("j_kv_too_small", "Not enough memory for a conversation.", "no room", Remedy.CHOOSE_MODEL),
    ("j_kv_too_small_len", "Not enough memory for a context of this length.", "768 tokens", Remedy.CHOOSE_MODEL),
    ("j_len_too_large", "The context is longer than this model can keep in mind.", "2048", Remedy.CHOOSE_MODEL),
    ("j_no_lscpu", "The program lscpu is missing on this computer.", "util-linux", Remedy.RETRY),
    ("j_socket_used", "Another engine is still there.", "", Remedy.RETRY),
    ("j_no_vllm", "The engine is not installed.", "no vLLM", Remedy.INSTALL),
]


def explained(name: str, code: int | None = 1) -> EngineError:
    lines = recorded(name)
    reader = PhaseReader()
    for line in lines:
        reader.feed(line)
    return explain(code, lines, PLAN, reader.progress.phase)


@pytest.mark.parametrize(("name", "title", "reason", "remedy"), RECORDED)
def test_a_recorded_failure_gets_its_sentence(name: str, title: str, reason: str, remedy: Remedy) -> None:
    error = explained(name)

    assert error.title == title
    assert reason in error.reason
    assert error.remedy is remedy
    assert error.details


def test_every_recorded_failure_is_in_the_table() -> None:
    known = {row[0] for row in RECORDED}
    failed = {
        file.stem
        for file in FOLDER.glob("[fj]_*.log")
        if "Application startup complete" not in file.read_text("utf-8") or file.stem == "f_lora_missing"
    }

    assert failed == known


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.log")))
def test_no_prefix_of_a_log_breaks_it(name: str) -> None:
    lines = recorded(name)

    for end in range(0, len(lines), 7):
        error = explain(1, lines[:end], PLAN, StartPhase.READING_MODEL)
        assert error.title
        assert error.reason
        assert len(error.details.splitlines()) <= 60


def test_the_first_cause_counts_and_not_the_last() -> None:
    error = explained("f_no_weights")

    assert "RuntimeError: Cannot find any model weights" in error.details
    assert "Engine core initialization failed" not in error.details


def test_a_killed_worker_is_a_lack_of_memory() -> None:
    error = explain(0, recorded("k_kill_worker"), PLAN, None)

    assert error.title == "The engine was ended from outside."
    assert "memory" in error.reason
    assert error.remedy is Remedy.CHOOSE_MODEL


def test_what_follows_a_shutdown_is_no_cause() -> None:
    error = explain(0, recorded("k_term_ready"), PLAN, None)

    assert (error.title, error.reason) == ("The engine stopped by itself.", "It did not say why.")


@pytest.mark.parametrize(
    ("code", "title"),
    [
        (-9, "The engine was ended from outside."),
        (-4, "This processor is too old for the engine."),
        (-15, "The engine was ended from outside."),
        (-11, "The engine stopped while it read the weights."),
        (1, "The engine stopped while it read the weights."),
        (None, "The engine stopped while it read the weights."),
    ],
)
def test_an_end_without_a_word(code: int | None, title: str) -> None:
    assert explain(code, ["Triton is installed"], PLAN, StartPhase.READING_WEIGHTS).title == title


@pytest.mark.parametrize(
    ("line", "title", "reason", "remedy"),
    [
        (
            "/opt/engine/bin/python: No module named vllm",
            "The engine is not installed.",
            "has no vLLM",
            Remedy.INSTALL,
        ),
        (
            (
                "/usr/bin/python3: Error while finding module specification for 'vllm.entrypoints.openai.api_server' "
                "(ModuleNotFoundError: No module named 'vllm')"
            ),
            "The engine is not installed.",
            "has no vLLM",
            Remedy.INSTALL,
        ),
        (
            "RuntimeError: operator torchvision::nms does not exist",
            "The engine's installation is damaged.",
            "",
            Remedy.INSTALL,
        ),
        (
            "ImportError: libcudart.so.13: cannot open shared object file",
            "The engine's installation is damaged.",
            "",
            Remedy.INSTALL,
        ),
        ("ModuleNotFoundError: No module named 'vllm._C'", "The engine's installation is damaged.", "", Remedy.INSTALL),
        (
            "importlib.metadata.PackageNotFoundError: No package metadata was found for vllm",
            "The engine's installation is damaged.",
            "",
            Remedy.INSTALL,
        ),
        (
            (
                "subprocess.CalledProcessError: Command 'lscpu --json --extended=CPU,CORE,NODE --online' returned "
                "non-zero exit status 127."
            ),
            "The program lscpu is missing on this computer.",
            "util-linux",
            Remedy.RETRY,
        ),
        (
            (
                "safetensors._safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata, "
                "file not fully covered"
            ),
            "A weight file is incomplete.",
            "",
            Remedy.CHOOSE_MODEL,
        ),
        (
            "ValueError: Following weights were not initialized from checkpoint: {'model.layers.2.weight', 'b'}",
            "The model is incomplete.",
            "model.layers.2.weight",
            Remedy.CHOOSE_MODEL,
        ),
        (
            "ValueError: Couldn't instantiate the backend tokenizer from one of: (1) a `tokenizers` library file",
            "The model has no tokenizer.",
            "",
            Remedy.CHOOSE_MODEL,
        ),
        (
            (
                "  Value error, The checkpoint you are trying to load has model type `foo` but Transformers does not "
                "recognize this architecture. [type=value_error, input_value=1]"
            ),
            UNKNOWN_KIND,
            "foo",
            Remedy.CHOOSE_MODEL,
        ),
        (
            "  Value error, The repository x contains custom code which must be executed to correctly load the model.",
            "The model wants to run a program of its own.",
            "does not allow",
            Remedy.CHOOSE_MODEL,
        ),
        (
            "  Value error, Unknown quantization method: bitsandbytes. Must be one of ['awq', 'gguf'].",
            COMPRESSED,
            "bitsandbytes",
            Remedy.CHOOSE_MODEL,
        ),
        (
            (
                "ValueError: Free memory on device cuda:0 (5.1/8.0 GiB) on startup is less than desired GPU memory "
                "utilization (0.92, 7.36 GiB). Decrease GPU memory utilization."
            ),
            "Not enough memory on the graphics card.",
            "7.36 GiB are needed, and 5.1 of 8.0 GiB are free",
            Remedy.CHOOSE_MODEL,
        ),
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of",
            "Not enough memory on the graphics card.",
            "",
            Remedy.CHOOSE_MODEL,
        ),
        (
            (
                "RuntimeError: Worker failed with error '[enforce fail at alloc_cpu.cpp:127] err == 0. "
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1073741824 bytes. "
                "Error code 12 (Cannot allocate memory)'"
            ),
            "Not enough memory.",
            "1.0 GiB more",
            Remedy.CHOOSE_MODEL,
        ),
        (
            "ValueError: No available memory for the cache blocks. Try",
            "Not enough memory for a conversation.",
            "",
            Remedy.CHOOSE_MODEL,
        ),
        ("OSError: [Errno 98] Address already in use", "Another engine is still there.", "", Remedy.RETRY),
        (
            "PermissionError: [Errno 13] Permission denied: '/data/cache/vllm'",
            "The engine cannot use a file or folder.",
            "/data/cache/vllm: Permission denied",
            Remedy.SHOW_LOG,
        ),
        ("OSError: [Errno 28] No space left on device", "The disk is full.", "", Remedy.RETRY),
        (
            (
                "  Value error, User-specified max_model_len (100000) is greater than the derived max_model_len "
                "(max_position_embeddings=2048.0 or model_max_length=None in model's config.json)."
            ),
            "The context is longer than this model can keep in mind.",
            "100000 tokens were asked for, and it can take 2048",
            Remedy.CHOOSE_MODEL,
        ),
        (
            "RuntimeError: The NVIDIA driver on your system is too old (found version 12040).",
            "The driver of the graphics card is too old.",
            "",
            Remedy.RETRY,
        ),
        (
            "  Input should be less than or equal to 1 [type=less_than_equal, input_value=1.5]",
            LOOKING,
            "less than",
            Remedy.SHOW_LOG,
        ),
        ("KeyError: 'surprise'", LOOKING, "KeyError: 'surprise'", Remedy.SHOW_LOG),
    ],
)
def test_a_single_line(line: str, title: str, reason: str, remedy: Remedy) -> None:
    for logged in (line, json.dumps({"levelname": "ERROR", "message": f"It failed.\nTraceback:\n{line}"})):
        error = explain(1, [logged], PLAN, StartPhase.READING_MODEL)

        assert error.title == title
        assert reason in error.reason
        assert error.remedy is remedy


def test_a_warning_is_no_cause() -> None:
    warning = {"levelname": "WARNING", "message": "Failed to create oneDNN linear.\nRuntimeError: CUDA out of memory"}

    error = explain(1, [json.dumps(warning)], PLAN, StartPhase.PREPARING)

    assert error.title == "The engine stopped while it prepared the model."


def test_who_cannot_start_the_guide_is_not_sent_to_other_models() -> None:
    error = explain(-9, [], recorded_plan(is_guide=True), StartPhase.READING_MODEL)

    assert error.remedy is Remedy.RETRY


def test_braces_in_foreign_words_are_harmless() -> None:
    error = explain(2, ["api_server.py: error: unrecognized arguments: {model.__class__} {0}"], PLAN)

    assert error.reason == "It says: unrecognized arguments: {model.__class__} {0}."


def test_very_long_words_are_cut() -> None:
    error = explain(1, ["ValueError: " + "x" * 100_000] * 3, PLAN, StartPhase.PREPARING)

    assert len(error.reason) < 500
    assert len(error.details) < 60 * 401
