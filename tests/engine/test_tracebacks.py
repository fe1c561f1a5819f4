"""What went wrong is found in every kind of log, in the right order, and never more than a little is kept."""

import json

from desktop_app.engine.tracebacks import LogReading, cleaned
from tests.engine.recorded import REACHED_READY, recorded


def causes(*lines: str) -> list[list[str]]:
    return [chain.causes() for chain in LogReading.of(lines).chains()]


def record(message: str, process: str = "EngineCore", level: str = "ERROR", **more: str) -> str:
    return json.dumps({"asctime": "2026", "levelname": level, "message": message, "vllm_process_name": process, **more})


def test_exceptions_that_led_to_one_another_are_one_chain() -> None:
    assert causes(
        "Traceback (most recent call last):",
        '  File "a.py"',
        "KeyError: 'a'",
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        "Traceback (most recent call last):",
        '  File "b.py"',
        "ValueError: a is missing",
        "Traceback (most recent call last):",
        "OSError: something else",
    ) == [["KeyError: 'a'", "ValueError: a is missing"], ["OSError: something else"]]


def test_lines_of_several_processes_are_kept_apart() -> None:
    prefix = "({} pid=7) ERROR 11-20 19:32:57 [x.py:1] "
    first, second = prefix.format("Worker_TP0"), prefix.format("Worker_TP1")

    assert causes(
        f"{first}Traceback (most recent call last):",
        f"{second}Traceback (most recent call last):",
        f"{first}  File a",
        f"{second}  File b",
        f"{second}ValueError: two",
        f"{first}ValueError: one",
    ) == [["ValueError: two"], ["ValueError: one"]]


def test_the_traceback_beside_a_record_is_read() -> None:
    assert causes(record("It failed.", exc_info="Traceback (most recent call last):\n  x\nValueError: no")) == [
        ["ValueError: no"]
    ]


def test_wrappers_are_left_out_and_taken_off() -> None:
    assert causes(
        "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
        "RuntimeError: Executor failed.",
        "RuntimeError: Worker failed with error 'no room', please check the stack trace above for the root cause",
        "vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue.",
    ) == [["no room"]]


def test_what_pydantic_says_stands_below_its_head() -> None:
    head = "pydantic_core._pydantic_core.ValidationError: 1 validation error for CacheConfig"
    below = "  Input should be less than or equal to 1 [type=less_than_equal, input_value=1.5, input_type=float]"

    assert causes(head, "gpu_memory_utilization", below) == [
        ["gpu_memory_utilization\nInput should be less than or equal to 1"]
    ]
    assert causes(head) == []
    assert causes(head, "gpu_memory_utilization") == []


def test_records_that_are_written_into_one_line_are_taken_apart() -> None:
    bar = "Loading safetensors checkpoint shards:   0% Completed | 0/1 [00:00<?, ?it/s]"
    failure = record("It failed.", exc_info="Traceback (most recent call last):\n  x\nValueError: no")

    assert causes(f"{bar}\r{bar}{failure}{failure}") == [["ValueError: no"], ["ValueError: no"]]


def test_what_the_engine_was_given_and_what_it_offers_is_noted() -> None:
    reading = LogReading.of(recorded("j_len_too_large"))
    usage = LogReading.of(recorded("f_typo_flag"))

    assert reading.version == "0.32.0"
    assert reading.given["max-model-len"] == ""
    assert reading.given["model"] == "/models/tiny"
    assert "--max-model-len" in usage.offered


def test_a_start_that_succeeded_tells_of_no_failure() -> None:
    for name in set(REACHED_READY) - {"k_kill_engine", "k_kill_worker", "h_A"}:
        assert LogReading.of(recorded(name)).chains() == [], name


def test_little_is_kept_of_a_log_without_end() -> None:
    reading = LogReading()
    for number in range(3000):
        reading.feed(
            record(
                "Error", "APIServer", exc_info=f"Traceback (most recent call last):\n  x\nValueError: question {number}"
            )
        )
        reading.feed(record("x" * 5000, level="WARNING"))
    reading.feed("INFO:     Application startup complete.")
    for number in range(3000):
        reading.feed(
            record(
                "Error", "APIServer", exc_info=f"Traceback (most recent call last):\n  x\nValueError: answer {number}"
            )
        )

    chains = reading.chains()

    assert len(chains) < 100
    assert chains[0].causes() == ["ValueError: answer 2988"]
    assert len("".join(reading.last_words())) < 100_000


def test_signs_that_are_obeyed_are_taken_out() -> None:
    assert cleaned("a\x1b[31;1mb\x1b]0;title\x07\u202ec\td\u200f") == "ab]0;titlec\td"
