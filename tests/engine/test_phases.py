"""What a start is busy with, read from recorded logs."""

import itertools
import json

import pytest

from desktop_app.domain.engine import StartPhase, StartProgress
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import FlagValue
from desktop_app.engine.phases import LogRecord, PhaseReader, expected_phases, read_record, read_records
from tests.engine.recorded import FOLDER, REACHED_READY, recorded, recorded_plan

ORDER = list(StartPhase)
EAGER_CPU = tuple(
    phase
    for phase in StartPhase
    if phase not in (StartPhase.STARTING_WORKERS, StartPhase.COMPILING, StartPhase.CAPTURING)
)


def replay(lines: list[str], phases: tuple[StartPhase, ...] = tuple(StartPhase)) -> list[StartProgress]:
    reader = PhaseReader(phases)
    return [reader.feed(line) for line in lines]


def first_seen(steps: list[StartProgress]) -> list[StartPhase]:
    return list(dict.fromkeys(step.phase for step in steps))


@pytest.mark.parametrize("name", ["j_ready", "m2_nomp"])
def test_a_start_on_a_processor_passes_the_phases_that_were_expected(name: str) -> None:
    plan = recorded_plan(("--enforce-eager", True))

    steps = replay(recorded(name), expected_phases(plan))

    assert tuple(first_seen(steps)) == EAGER_CPU
    assert steps[-1].phases == EAGER_CPU


@pytest.mark.parametrize("name", ["p_compiled", "s1_cold_evicted", "s2_second"])
def test_a_start_that_compiles_in_three_processes_passes_all_but_graphs(name: str) -> None:
    assert first_seen(replay(recorded(name))) == [phase for phase in ORDER if phase is not StartPhase.CAPTURING]


@pytest.mark.parametrize("name", REACHED_READY)
def test_a_phase_that_comes_unexpected_is_taken_in(name: str) -> None:
    steps = replay(recorded(name), EAGER_CPU)

    assert steps[-1].phase is StartPhase.OPENING
    for step in steps:
        assert step.phase in step.phases
        assert list(step.phases) == [phase for phase in StartPhase if phase in step.phases]
    workers = StartPhase.STARTING_WORKERS in steps[-1].phases
    assert workers is (name not in ("j_ready", "m2_nomp"))


@pytest.mark.parametrize(
    ("kind", "flags", "without"),
    [
        (EngineKind.CPU, {"--enforce-eager": True}, {"STARTING_WORKERS", "COMPILING", "CAPTURING"}),
        (EngineKind.CPU, {}, {"STARTING_WORKERS", "CAPTURING"}),
        (EngineKind.CPU, {"--tensor-parallel-size": "2"}, {"CAPTURING"}),
        (EngineKind.CUDA, {}, {"STARTING_WORKERS"}),
        (EngineKind.CUDA, {"--enforce-eager": True}, {"STARTING_WORKERS", "COMPILING", "CAPTURING"}),
        (EngineKind.CUDA, {"--optimization-level": "0"}, {"STARTING_WORKERS", "COMPILING", "CAPTURING"}),
        (EngineKind.CUDA, {"--tensor-parallel-size": "2", "--optimization-level": "1"}, set()),
    ],
)
def test_which_phases_a_start_will_have(kind: EngineKind, flags: dict[str, FlagValue], without: set[str]) -> None:
    phases = expected_phases(recorded_plan(*flags.items(), kind=kind))

    assert [phase.name for phase in phases] == [phase.name for phase in StartPhase if phase.name not in without]


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.log")))
def test_a_start_only_goes_forward(name: str) -> None:
    steps = replay(recorded(name))

    for before, after in itertools.pairwise(steps):
        assert ORDER.index(before.phase) <= ORDER.index(after.phase)
        if before.phase is after.phase and before.total == after.total:
            assert before.done <= after.done
        assert 0 <= after.done <= after.total


@pytest.mark.parametrize("name", ["s3_eager", "j_ready"])
def test_weight_files_are_counted(name: str) -> None:
    counts = [(step.done, step.total) for step in replay(recorded(name)) if step.phase is StartPhase.READING_WEIGHTS]

    assert (0, 1) in counts
    assert (1, 1) in counts


@pytest.mark.parametrize(
    ("name", "phase"),
    [
        ("f_typo_flag", StartPhase.LOADING_ENGINE),
        ("f_cache_ro", StartPhase.LOADING_ENGINE),
        ("f_bad_path", StartPhase.READING_MODEL),
        ("f_no_weights", StartPhase.READING_WEIGHTS),
        ("f_tp2_cpu", StartPhase.STARTING_CORE),
        ("f_kv_default", StartPhase.STARTING_WORKERS),
        ("f_no_compiler2", StartPhase.COMPILING),
        ("f_kv_too_big", StartPhase.MEASURING),
        ("f_kv_small2", StartPhase.MAKING_ROOM),
    ],
)
def test_a_failed_start_stays_where_it_failed(name: str, phase: StartPhase) -> None:
    assert replay(recorded(name))[-1].phase is phase


BAR = "Loading safetensors checkpoint shards:  {percent}% Completed | {done}/{total} [00:01<00:03,  1.00s/it]"


def test_a_bar_of_several_files() -> None:
    lines = [BAR.format(percent=done * 25, done=done, total=4) for done in (0, 1, 2, 3, 4)]

    assert [step.words() for step in replay(lines)][-2:] == ["Reading weights, 3 of 4", "Reading weights, 4 of 4"]


def test_a_bar_does_not_go_back() -> None:
    lines = [BAR.format(percent=75, done=3, total=4), BAR.format(percent=25, done=1, total=4)]

    assert replay(lines)[-1].done == 3


def test_a_second_bar_begins_anew() -> None:
    lines = [BAR.format(percent=100, done=4, total=4), BAR.format(percent=0, done=0, total=2)]

    assert (replay(lines)[-1].done, replay(lines)[-1].total) == (0, 2)


def test_graphs_of_a_card_are_counted() -> None:
    line = "Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  43%|████▎     | 3/7 [00:01<00:01,  2.9it/s]"

    assert replay([line])[-1] == StartProgress(StartPhase.CAPTURING, 3, 7)


CARD = [
    ("Using max model len 8192", StartPhase.STARTING_CORE, 0, 0),
    ("Chunked prefill is enabled with max_num_batched_tokens=2048.", StartPhase.STARTING_CORE, 0, 0),
    ("Starting to load model /m...", StartPhase.READING_WEIGHTS, 0, 0),
    ("Prefetching checkpoint files: 50% (2/4)", StartPhase.READING_WEIGHTS, 2, 4),
    ("Multi-thread loading shards:  25% Completed | 1/4 [00:00<00:00, 9.1it/s]", StartPhase.READING_WEIGHTS, 1, 4),
    ("Prefetching checkpoint files: 100% (4/4)", StartPhase.READING_WEIGHTS, 1, 4),
    ("model-00001-of-00004.safetensors:  45%|████     | 1.2G/4.9G [00:10<00:20]", StartPhase.READING_WEIGHTS, 1, 4),
    ("Time spent downloading weights for /m: 0.51 seconds", StartPhase.READING_WEIGHTS, 1, 4),
    ("Multi-thread loading shards: 100% Completed | 4/4 [00:00<00:00, 9.1it/s]", StartPhase.READING_WEIGHTS, 4, 4),
    ("Loading weights took 3.10 seconds", StartPhase.COMPILING, 0, 0),
    ("Model loading took 3.3 GiB memory and 4.1 seconds", StartPhase.COMPILING, 0, 0),
    ("Dynamo bytecode transform time: 5.11 s", StartPhase.COMPILING, 0, 0),
    ("DeepGEMM warmup:  50%|█████     | 5/10 [00:01<00:01]", StartPhase.COMPILING, 5, 10),
    ("Initial profiling/warmup run took 2.22 s", StartPhase.MEASURING, 0, 0),
    ("Available KV cache memory: 3.21 GiB", StartPhase.MAKING_ROOM, 0, 0),
    ("GPU KV cache size: 30,000 tokens, Maximum", StartPhase.MAKING_ROOM, 0, 0),
    ("JIT kernel warmup (7 compile keys):  14%|█  | 1/7 [00:01<00:01]", StartPhase.CAPTURING, 1, 7),
    ("Capturing CUDA graphs (decode, FULL):  50%|█████  | 2/4 [00:01<00:01]", StartPhase.CAPTURING, 2, 4),
    ("Graph capturing finished in 3 secs, took 0.40 GiB", StartPhase.FINISHING, 0, 0),
    ("init engine (profile, create kv cache, warmup model) took 13.03 s", StartPhase.FINISHING, 0, 0),
    ("Application startup complete.", StartPhase.OPENING, 0, 0),
]


def test_a_start_on_a_card() -> None:
    steps = replay([line for line, *_ in CARD])

    assert [(step.phase, step.done, step.total) for step in steps] == [row[1:] for row in CARD]


def test_warm_ups_after_making_room_without_graphs_belong_to_the_end() -> None:
    lines = ["Available KV cache memory: 3.21 GiB", "DeepGEMM warmup:  50%|█████     | 5/10 [00:01<00:01]"]

    assert replay(lines, EAGER_CPU)[-1].phase is StartPhase.FINISHING


def test_only_what_is_new_is_heard() -> None:
    reader = PhaseReader()
    heard = []
    for line in (
        "Starting to load model /m...",
        BAR.format(percent=0, done=0, total=4),
        BAR.format(percent=0, done=0, total=4),
        BAR.format(percent=25, done=1, total=4),
        "No available shared memory broadcast block found in 60 seconds.",
        "Waiting for 1 local, 0 remote core engine proc(s) to start.",
        "Engine 000: Avg generation throughput: 1.0 tokens/s",
        "Engine 000: Avg generation throughput: 2.0 tokens/s",
        "",
    ):
        reader.feed(line)
        heard.append(reader.heard)

    assert heard == [1, 2, 2, 3, 3, 3, 4, 4, 4]


def test_lines_that_were_written_over_one_another_are_taken_apart() -> None:
    record = json.dumps({"asctime": "1", "levelname": "INFO", "message": "Loading weights took 1 seconds"})
    bars = BAR.format(percent=25, done=1, total=4) + "\r" + BAR.format(percent=50, done=2, total=4)

    assert [one.message[:7] for one in read_records(f"{bars}{record}{record}")] == ["Loading"] * 4
    assert replay([bars])[-1].done == 2
    assert replay([f"{bars}{record}"])[-1].phase is StartPhase.COMPILING


@pytest.mark.parametrize("end", [60, 150, 200, -30, -2])
def test_a_record_that_is_cut_off_says_what_is_there(end: int) -> None:
    line = next(line for line in recorded("j_lfs") if '"exc_info"' in line)
    message = read_record(line).message

    cut = read_record(line[:end])

    assert cut.message == line[:end] or message.startswith(cut.message[:20])
    assert "SafetensorError" in message


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Loading",
        "Loading safetensors checkpoint shards: Completed | /4",
        "a prompt that says: Starting vLLM server on unix:x",
        '{"message": 5}',
        '{"message": ',
        "[1, 2]",
        "{}",
    ],
)
def test_other_words_change_nothing(line: str) -> None:
    assert replay([line])[-1].phase in (StartPhase.LOADING_ENGINE, StartPhase.READING_WEIGHTS)


def test_a_json_record() -> None:
    line = json.dumps({"levelname": "INFO", "message": "two\nlines", "vllm_process_name": "EngineCore"})

    assert read_record(line) == LogRecord("two\nlines", "INFO", "EngineCore")


def test_a_text_record() -> None:
    line = "(EngineCore pid=15371) ERROR 11-20 19:09:24 [core.py:133] It broke: [a] b"

    assert read_record(line) == LogRecord("It broke: [a] b", "ERROR", "EngineCore")


def test_a_record_without_a_process() -> None:
    assert read_record("INFO 11-20 19:09:24 [core.py:133] Fine") == LogRecord("Fine", "INFO", "")
    assert read_record("INFO:     Application startup complete.").message == "Application startup complete."


def test_a_bare_line_of_a_named_process() -> None:
    assert read_record("(EngineCore pid=7) ValueError: no") == LogRecord("ValueError: no", "", "EngineCore")
