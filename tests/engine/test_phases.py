"""What a start is busy with, read from recorded logs."""

import itertools
import json

import pytest

from desktop_app.domain.engine import StartPhase, StartProgress
from desktop_app.engine.phases import LogRecord, PhaseReader, read_record
from tests.engine.recorded import FOLDER, REACHED_READY, recorded

ORDER = list(StartPhase)


def replay(lines: list[str]) -> list[StartProgress]:
    reader = PhaseReader()
    return [reader.feed(line) for line in lines]


def first_seen(steps: list[StartProgress]) -> list[StartPhase]:
    return list(dict.fromkeys(step.phase for step in steps))


@pytest.mark.parametrize("name", REACHED_READY)
def test_a_successful_start_passes_every_phase_in_order(name: str) -> None:
    assert first_seen(replay(recorded(name))) == ORDER


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
    steps = replay(recorded(name))

    assert StartProgress(StartPhase.READING_WEIGHTS, 0, 1) in steps
    assert StartProgress(StartPhase.READING_WEIGHTS, 1, 1) in steps


@pytest.mark.parametrize(
    ("name", "phase"),
    [
        ("f_typo_flag", StartPhase.LOADING_ENGINE),
        ("f_cache_ro", StartPhase.LOADING_ENGINE),
        ("f_bad_path", StartPhase.READING_MODEL),
        ("f_no_weights", StartPhase.READING_WEIGHTS),
        ("f_kv_too_big", StartPhase.PREPARING),
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

    assert replay([line])[-1] == StartProgress(StartPhase.MAKING_ROOM, 3, 7)


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
