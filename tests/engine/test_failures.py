"""Every recorded failure gets its sentence and its remedy, whole and cut off anywhere."""

import copy
import json

import pytest

from desktop_app.domain.engine import StartPhase
from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import FlagValue
from desktop_app.engine.failures import decisive_line, explain, explain_reading
from desktop_app.engine.phases import PhaseReader
from desktop_app.engine.tracebacks import LogReading
from tests.engine.recorded import FOLDER, REACHED_READY, recorded, recorded_plan

Flags = tuple[tuple[str, FlagValue], ...]
PLAN = recorded_plan()
UNKNOWN_KIND = "vLLM 0.32.0 does not know this kind of model."
COMPRESSED = "The model is compressed in a way that vLLM 0.32.0 cannot read."
NO_MEMORY = "Not enough memory."
DAMAGED = "The model is damaged."
INCOMPLETE = "The model is incomplete."
LONG = "Not enough memory for a context of this length."
OUTSIDE = "The engine was ended from outside."
PAIR = "Two settings do not fit together."

# Log, what had been set, title, part of the reason, what the button does: a remedy, or flags.
RECORDED: list[tuple[str, Flags, str, str, Remedy | tuple[tuple[str, FlagValue | None], ...]]] = [
    ("f_arch_unknown", (), UNKNOWN_KIND, "FooForCausalLM", Remedy.ENGINES),
    ("f_bad_config_json", (), DAMAGED, "config.json cannot be read", Remedy.CHOOSE_MODEL),
    (
        "f_bad_dtype",
        (("--dtype", "foo"),),
        "vLLM 0.32.0 does not know this value of --dtype.",
        "It cannot be 'foo'. Possible are 'auto'",
        (("--dtype", None),),
    ),
    (
        "f_bad_dtype_int",
        (("--max-model-len", "abc"),),
        "vLLM 0.32.0 does not understand the value of --max-model-len.",
        "'abc'",
        (("--max-model-len", None),),
    ),
    ("f_bad_path", (), "The model's folder is missing.", "/models/tiny does not exist", Remedy.CHOOSE_MODEL),
    ("f_bad_repo_offline", (), INCOMPLETE, "from the internet", Remedy.CHOOSE_MODEL),
    ("f_bad_repo_online", (), INCOMPLETE, "from the internet", Remedy.CHOOSE_MODEL),
    (
        "f_block7",
        (("--block-size", "7"),),
        "Memory for conversations cannot be given in such pieces.",
        "7 tokens",
        (("--block-size", None),),
    ),
    ("f_cache_ro", (), "The engine cannot use a file or folder.", "/proc/nope2: No such file", Remedy.SHOW_LOG),
    ("f_gguf_file", (), "GGUF files cannot be used.", "safetensors", Remedy.CHOOSE_MODEL),
    (
        "f_kv_default",
        (("--gpu-memory-utilization", "0.92"),),
        NO_MEMORY,
        "It needs 18.4 GB, and 17.8 GB of 20.0 GB are free",
        (("--kv-cache-memory-bytes", "4G"), ("--gpu-memory-utilization", None)),
    ),
    ("f_kv_float", (), "A size must be a whole number.", "“0.5” was given", Remedy.SETTINGS),
    ("f_kv_small2", (), LONG, "896 tokens", (("--max-model-len", "896"),)),
    ("f_kv_too_big", (), NO_MEMORY, "1000.0 GB", (("--kv-cache-memory-bytes", "4G"),)),
    (
        "f_kvdtype_bad",
        (("--kv-cache-dtype", "foo"),),
        "vLLM 0.32.0 does not know this value of --kv-cache-dtype.",
        "'fp8'",
        (("--kv-cache-dtype", None),),
    ),
    (
        "f_lora_missing",
        (("--enable-lora", True), ("--lora-modules", "a=/nonexistent/lora")),
        "A LoRA adapter is not there.",
        "adapter_config.json",
        (("--lora-modules", None),),
    ),
    (
        "f_max_batched_small",
        (("--max-num-batched-tokens", "64"),),
        PAIR,
        "64 tokens, and is to answer 128 questions",
        (("--max-num-batched-tokens", None),),
    ),
    ("f_max_batched_small", (), PAIR, "64 tokens", (("--max-num-seqs", "64"),)),
    ("f_no_compiler2", (), "The engine cannot compile the model for speed.", "g++", (("--enforce-eager", True),)),
    ("f_no_config", (), "This is not a model's folder.", "no config.json", Remedy.CHOOSE_MODEL),
    ("f_no_weights", (), "The model has no weights.", "no safetensors file", Remedy.CHOOSE_MODEL),
    (
        "f_old_device_flag",
        (("--device", "cpu"),),
        "vLLM 0.32.0 has no setting --device.",
        "which hardware is used follows from the installed engine",
        (("--device", None),),
    ),
    (
        "f_quant_awq_on_plain",
        (("--quantization", "awq"),),
        "The model is not quantized like that.",
        "awq",
        (("--quantization", None),),
    ),
    ("f_quant_fp8_cpu", (), "This processor cannot run FP8 models.", "", Remedy.CHOOSE_MODEL),
    (
        "f_quant_fp8_cpu",
        (("--quantization", "fp8_per_tensor"),),
        "This processor cannot run FP8 models.",
        "",
        (("--quantization", None),),
    ),
    ("f_quant_unknown", (("--quantization", "foo"),), COMPRESSED, "foo", (("--quantization", None),)),
    ("f_shape_mismatch", (), DAMAGED, "does not match its weights", Remedy.CHOOSE_MODEL),
    (
        "f_sleep_cpu",
        (("--enable-sleep-mode", True),),
        "This computer cannot let an engine sleep.",
        "graphics card",
        (("--enable-sleep-mode", None),),
    ),
    ("f_st_garbage", (), "A weight file is damaged.", "", Remedy.CHOOSE_MODEL),
    ("f_st_html", (), "A weight file holds something else.", "A web page", Remedy.CHOOSE_MODEL),
    (
        "f_tool_bad_parser",
        (("--tool-call-parser", "foo"), ("--enable-auto-tool-choice", True)),
        "vLLM 0.32.0 has no tool parser “foo”.",
        "fits the model",
        (("--tool-call-parser", None), ("--enable-auto-tool-choice", None)),
    ),
    (
        "f_tool_no_parser",
        (("--enable-auto-tool-choice", True),),
        "It is not said how this model calls tools.",
        "tool parser",
        (("--enable-auto-tool-choice", None),),
    ),
    (
        "f_tp2_cpu",
        (("--tensor-parallel-size", "2"),),
        "This computer cannot run the model in 2 parts.",
        "one memory",
        (("--tensor-parallel-size", None), ("--pipeline-parallel-size", None)),
    ),
    (
        "f_typo_flag",
        (("--max-model-length", "512"),),
        "vLLM 0.32.0 has no setting --max-model-length.",
        "Did you mean --max-model-len?",
        (("--max-model-length", None), ("--max-model-len", "512")),
    ),
    (
        "f_unknown_flag",
        (("--foo", True),),
        "vLLM 0.32.0 has no setting --foo.",
        "another version",
        (("--foo", None),),
    ),
    ("j_missing_folder", (), "The model's folder is missing.", "/models/tiny", Remedy.CHOOSE_MODEL),
    ("j_no_config", (), "This is not a model's folder.", "no config.json", Remedy.CHOOSE_MODEL),
    ("j_bad_config", (), DAMAGED, "config.json cannot be read", Remedy.CHOOSE_MODEL),
    ("j_empty_config", (), DAMAGED, "what kind of model it is", Remedy.CHOOSE_MODEL),
    ("j_no_weights", (), "The model has no weights.", "no safetensors file", Remedy.CHOOSE_MODEL),
    ("j_truncated", (), "A weight file is incomplete.", "Its end is missing", Remedy.CHOOSE_MODEL),
    ("j_lfs", (), "A weight file holds something else.", "Git LFS placeholder", Remedy.CHOOSE_MODEL),
    ("j_zeros", (), "A weight file is damaged.", "", Remedy.CHOOSE_MODEL),
    ("j_missing_tensor", (), INCOMPLETE, "model.layers.2.", Remedy.CHOOSE_MODEL),
    ("j_shape", (), DAMAGED, "does not match its weights", Remedy.CHOOSE_MODEL),
    ("j_no_tokenizer", (), "The model has no tokenizer.", "tokenizer.json", Remedy.CHOOSE_MODEL),
    ("j_arch_unknown", (), UNKNOWN_KIND, "FooForCausalLM", Remedy.ENGINES),
    ("j_type_unknown", (), UNKNOWN_KIND, "Its type is foo", Remedy.ENGINES),
    ("j_custom_code", (), "The model wants to run a program of its own.", "all your rights", Remedy.SETTINGS),
    ("j_bnb", (), COMPRESSED, "bitsandbytes", Remedy.CHOOSE_MODEL),
    ("j_kv_too_big", (), NO_MEMORY, "900.0 GB, and 10.7 GB", (("--kv-cache-memory-bytes", "4G"),)),
    (
        "j_kv_too_small",
        (("--kv-cache-memory-bytes", "4096"),),
        "Not enough memory for a conversation.",
        "no room",
        (("--kv-cache-memory-bytes", "512M"),),
    ),
    ("j_kv_too_small_len", (), LONG, "768 tokens", (("--max-model-len", "768"),)),
    (
        "j_len_too_large",
        (("--max-model-len", "100000"),),
        "The context is longer than this model can keep in mind.",
        "2048",
        (("--max-model-len", "2048"),),
    ),
    ("j_no_lscpu", (), "The program lscpu is missing on this computer.", "util-linux", Remedy.RETRY),
    ("j_socket_used", (), "Another engine is still there.", "", Remedy.RETRY),
    ("j_no_vllm", (), "The engine is not installed.", "no vLLM", Remedy.INSTALL),
    ("k_kill_worker", (), OUTSIDE, "memory", Remedy.CHOOSE_MODEL),
    ("k_kill_engine", (), OUTSIDE, "memory", Remedy.CHOOSE_MODEL),
    ("r_core_killed", (), OUTSIDE, "memory", Remedy.CHOOSE_MODEL),
    ("r_cache_not_writable", (), "The engine cannot use a file or folder.", "/proc/nope", Remedy.SHOW_LOG),
    ("r_html", (), "A weight file holds something else.", "A web page", Remedy.CHOOSE_MODEL),
    ("r_lfs_pointer", (), "A weight file holds something else.", "Git LFS placeholder", Remedy.CHOOSE_MODEL),
    ("r_zeros", (), "A file of the model is damaged.", "a weight file", Remedy.CHOOSE_MODEL),
    ("r_little_memory", (), NO_MEMORY, "3.0 GB more", Remedy.CHOOSE_MODEL),
    ("r_missing_tensor", (), INCOMPLETE, "model.layers.3.", Remedy.CHOOSE_MODEL),
    (
        "r_misspelt_flag",
        (("--max-model-length", "512"), ("--max-model-len", "auto")),
        "vLLM 0.32.0 has no setting --max-model-length.",
        "Did you mean --max-model-len?",
        (("--max-model-length", None), ("--max-model-len", "512")),
    ),
    ("r_room_for_no_request", (), LONG, "512 tokens", (("--max-model-len", "512"),)),
    ("r_shape", (), DAMAGED, "does not match its weights", Remedy.CHOOSE_MODEL),
]
NEUTRAL = ("The engine stopped ", "A setting does not fit.")
USAGE = ("vLLM 0.32.0 does not understand ", "vLLM 0.32.0 has no setting -", "vLLM 0.32.0 does not know this value")


def explained(name: str, flags: Flags = (), code: int | None = 1) -> EngineError:
    lines = recorded(name)
    reader = PhaseReader()
    for line in lines:
        reader.feed(line)
    return explain(code, lines, recorded_plan(*flags), reader.progress.phase)


@pytest.mark.parametrize(
    ("name", "flags", "title", "reason", "button"), RECORDED, ids=[f"{row[0]}-{len(row[1])}" for row in RECORDED]
)
def test_a_recorded_failure_gets_its_sentence(
    name: str,
    flags: Flags,
    title: str,
    reason: str,
    button: Remedy | tuple[tuple[str, FlagValue | None], ...],
) -> None:
    error = explained(name, flags)

    assert error.title == title
    assert reason in error.reason
    assert (error.fix.flags if error.fix else error.remedy) == button
    assert error.button
    assert error.details


def test_every_recorded_failure_is_in_the_table() -> None:
    assert {row[0] for row in RECORDED} >= {file.stem for file in FOLDER.glob("*.log")} - set(REACHED_READY) - {
        "f_late_bind"
    }


def right_or_neutral(error: EngineError, whole: EngineError) -> bool:
    """Nothing wrong is said, and nothing wrong is offered. Of a name that is cut off, the rest cannot be known."""
    told = error.title == whole.title or error.title.startswith(NEUTRAL)
    cut = error.title.startswith(USAGE) and whole.title.startswith(USAGE)
    offered = {name for name, _ in error.fix.flags} if error.fix else set()
    return (told or cut) and offered <= ({name for name, _ in whole.fix.flags} if whole.fix else set())


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.log")))
def test_a_log_that_is_cut_anywhere_never_names_a_wrong_cause(name: str) -> None:
    flags = next((row[1] for row in RECORDED if row[0] == name), ())
    plan, whole = recorded_plan(*flags), explained(name, flags)
    reading, reader = LogReading(), PhaseReader()

    for line in recorded(name):
        for end in {len(line) * part // 8 for part in range(1, 8)} | {len(line) - 1}:
            cut, cut_reader = copy.deepcopy(reading), copy.deepcopy(reader)
            cut.feed(line[:end])
            cut_reader.feed(line[:end])
            error = explain_reading(1, cut, plan, cut_reader.progress.phase)
            assert right_or_neutral(error, whole), (error.title, line[:end])
        reading.feed(line)
        reader.feed(line)
        error = explain_reading(1, reading, plan, reader.progress.phase)
        assert right_or_neutral(error, whole), (error.title, line)
        assert error.reason
        assert len(error.details.splitlines()) <= 60


@pytest.mark.parametrize("name", [row[0] for row in RECORDED if row[0] != "f_cache_ro"])
def test_a_recorded_failure_without_a_plan_gets_the_same_words(name: str) -> None:
    error = explain(1, recorded(name), None)

    assert error.title.replace("This vLLM", "vLLM 0.32.0") == explained(name).title
    assert "/models/tiny" not in error.reason
    assert "{" not in error.sentence()


def test_the_first_cause_counts_and_not_the_last() -> None:
    error = explained("f_no_weights")

    assert decisive_line(error) == "RuntimeError: Cannot find any model weights with `/models/no_weights`"
    assert "Engine core initialization failed" not in error.details


def test_what_follows_a_shutdown_is_no_cause() -> None:
    error = explain(0, recorded("k_term_ready"), PLAN, None)

    assert (error.title, error.reason) == (OUTSIDE, "Another program told it to stop.")


def test_a_bad_question_is_no_cause() -> None:
    lines = recorded("h_A")
    served = lines[: next(number for number, line in enumerate(lines) if "shutdown triggered" in line)]

    error = explain(0, served, PLAN, None)

    assert error.title == "The engine stopped by itself."
    assert "JSONDecodeError" in error.reason


def test_a_crash_in_service_is_told_and_not_the_bad_question_before_it() -> None:
    question = {
        "levelname": "ERROR",
        "message": "Error\nTraceback (most recent call last):\n  x\nOSError: [Errno 28] f",
    }
    lines = [
        *recorded("h_A")[:100],
        "INFO:     Application startup complete.",
        json.dumps({"asctime": "", **question, "vllm_process_name": "APIServer"}),
        "(EngineCore pid=7) ERROR 11-20 19:41:16 [core.py:1] EngineCore encountered a fatal error.",
        "(EngineCore pid=7) ERROR 11-20 19:41:16 [core.py:1] Traceback (most recent call last):",
        "(EngineCore pid=7) ERROR 11-20 19:41:16 [core.py:1]   File x",
        "(EngineCore pid=7) ERROR 11-20 19:41:16 [core.py:1] torch.OutOfMemoryError: CUDA out of memory. Tried",
    ]

    assert explain(0, lines, PLAN).title == "Not enough memory on the graphics card."


def test_a_failure_of_a_worker_that_only_a_record_tells() -> None:
    record = {
        "asctime": "2026-11-21",
        "levelname": "ERROR",
        "message": "WorkerProc failed to start.",
        "exc_info": "Traceback (most recent call last):\n  File x\nRuntimeError: Cannot find any model weights with `",
        "vllm_process_name": "Worker_TP0",
    }

    assert explain(1, [json.dumps(record)], PLAN).title == "The model has no weights."
    assert explain(1, [json.dumps(record)[:-20]], PLAN).title == "The model has no weights."


def test_only_the_last_start_in_a_log_counts() -> None:
    assert (
        explain(1, [*recorded("j_lfs"), *recorded("j_len_too_large")], PLAN).title == explained("j_len_too_large").title
    )


@pytest.mark.parametrize(
    ("code", "title"),
    [
        (-9, OUTSIDE),
        (137, OUTSIDE),
        (-4, "This processor is too old for the engine."),
        (-15, OUTSIDE),
        (-11, "The engine crashed."),
        (139, "The engine crashed."),
        (-6, "The engine crashed."),
        (-7, "Not enough shared memory."),
        (1, "The engine stopped while it read the weights."),
        (0, "The engine stopped while it read the weights."),
        (None, "The engine stopped while it read the weights."),
    ],
)
def test_an_end_without_a_word(code: int | None, title: str) -> None:
    error = explain(code, ["Triton is installed"], PLAN, StartPhase.READING_WEIGHTS)

    assert error.title == title
    assert error.reason
    assert error.button


@pytest.mark.parametrize("code", ["-11", "-4", "-9", "None"])
def test_an_end_of_a_worker_without_a_word(code: str) -> None:
    line = f"Worker proc VllmWorker-1 died unexpectedly (exit code: {code}), shutting down executor."
    record = {"asctime": "", "levelname": "ERROR", "message": line, "vllm_process_name": "EngineCore"}
    expected = {"-11": "The engine crashed.", "-4": "This processor is too old for the engine."}

    error = explain(0, [json.dumps(record)], PLAN)

    assert error.title == expected.get(code, OUTSIDE)
    assert decisive_line(error) == line


def test_a_warning_is_no_cause() -> None:
    warning = {"levelname": "WARNING", "message": "Failed to create oneDNN linear.\nRuntimeError: CUDA out of memory"}

    error = explain(1, [json.dumps(warning)], PLAN, StartPhase.COMPILING)

    assert error.title == "The engine stopped while it compiled the model."


@pytest.mark.parametrize("phase", StartPhase)
def test_an_unknown_failure_shows_its_decisive_line_and_the_log(phase: StartPhase) -> None:
    lines = ["Traceback (most recent call last):", '  File "x.py"', "surprise.Oops: the moon is wrong"]

    error = explain(1, lines, PLAN, phase)

    assert error.title.startswith("The engine stopped ")
    assert error.reason == "Its words: surprise.Oops: the moon is wrong"
    assert error.remedy is Remedy.SHOW_LOG
    assert decisive_line(error) == "surprise.Oops: the moon is wrong"
    assert error.transient is False


def test_an_unknown_failure_that_names_a_setting_offers_to_take_it_away() -> None:
    plan = recorded_plan(("--moon-phase", "full"), ("--max-num-seqs", "8"))

    error = explain(1, ["  Value error, moon_phase is wrong", "ValueError: moon_phase must not be full"], plan)

    assert error.title == "A setting does not fit."
    assert error.fix
    assert error.fix.flags == (("--moon-phase", None),)
    assert error.button == "Start without --moon-phase"


def test_a_message_below_an_empty_head_is_the_decisive_one() -> None:
    lines = ["Traceback (most recent call last):", "  x", "ImportError: ", "Moon requires the cheese software."]

    assert "Moon requires the cheese software." in explain(1, lines, None).details


def test_who_cannot_start_the_guide_is_not_sent_to_other_models() -> None:
    error = explain(1, recorded("j_truncated"), recorded_plan(is_guide=True), StartPhase.READING_WEIGHTS)

    assert error.remedy is Remedy.RETRY


def test_a_fix_that_changes_nothing_is_not_offered() -> None:
    plan = recorded_plan(("--enforce-eager", True))

    assert explain(1, ["RuntimeError: Failed to find C compiler. Please specify via CC"], plan).fix is None


def test_signs_that_a_terminal_obeys_are_taken_out() -> None:
    error = explain(1, ["ValueError: \x1b[31mred\x1b[0m \x07bell \u202eturned"], None)

    assert error.reason == "Its words: ValueError: red bell turned"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        '{"asctime": ',
        '{"message": 1}',
        "[" * 5000,
        "{" * 5000,
        '{"asctime": "", "levelname": "ERROR", "message": "' + "x" * 100_000,
        "\x00" * 1000,
        "ValueError:" * 10_000,
        "Traceback (most recent call last):",
        "(EngineCore pid=1) ",
        ": error: argument",
        "x.py: error: unrecognized arguments: --",
    ],
)
def test_nothing_in_a_log_breaks_the_search(line: str) -> None:
    for lines in ([line], [line] * 3, ["Traceback (most recent call last):", line, "During handling of the above"]):
        for plan in (PLAN, None):
            error = explain(1, lines, plan, StartPhase.LOADING_ENGINE)
            assert error.title
            assert error.reason


def test_a_card_plan_gets_the_share_that_is_free() -> None:
    line = (
        "ValueError: Free memory on device cuda:0 (5.1/8.0 GiB) on startup is less than desired GPU memory utilization "
        "(0.92, 7.36 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes."
    )

    error = explain(1, [line], recorded_plan(kind=EngineKind.CUDA), StartPhase.STARTING_CORE)

    assert "It needs 7.4 GB, and 5.1 GB of 8.0 GB are free." in error.reason
    assert error.button == "Use 0.60 of the card"
    assert error.fix
    assert error.fix.flags == (("--gpu-memory-utilization", "0.60"),)
    assert error.transient
