"""The engine's log in memory: bounded, cheap to feed, understood when somebody looks, the first error found."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from desktop_app.services.engine_log import EngineLog
from desktop_app.services.log_reading import Level
from tests.conftest import reach
from tests.engine.recorded import FOLDER, recorded

ERROR_LINE = "(EngineCore pid=7) ERROR 11-20 19:26:20 [core.py:1510] EngineCore failed to start."


def info(text: str) -> str:
    return json.dumps(
        {"asctime": "2026-11-21 00:20:51,799", "levelname": "INFO", "message": text, "vllm_process_name": "APIServer"}
    )


async def filled(lines: list[str]) -> EngineLog:
    log = EngineLog()
    log.feed(lines)
    await reach(lambda: log.grew.value and sum(log.counts.values()) == log.end - log.oldest, "the survey")
    return log


async def test_a_record_is_understood() -> None:
    log = await filled([info("ready")])
    record = log.record(0)
    assert (record.level, record.process, record.message, record.time) == (Level.INFO, "APIServer", "ready", "00:20:51")
    assert record.line == "00:20:51 INFO APIServer ready"
    assert record.raw == info("ready")


async def test_the_lines_of_a_traceback_belong_to_the_error_before_them() -> None:
    lines = [ERROR_LINE, "Traceback (most recent call last):", '  File "a.py", line 1', "ValueError: no", info("x")]
    log = await filled([info("a"), *lines])
    assert [log.record(number).level for number in range(1, 6)] == [Level.ERROR] * 4 + [Level.INFO]
    assert log.record(3).process == "EngineCore"
    assert log.counts[Level.ERROR] == 4


async def test_what_others_print_does_not_belong_to_a_record() -> None:
    lines = [
        ERROR_LINE,
        "Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:00<00:00, 170.33it/s]",
        "W1121 00:20:56.679000 10396 torch/_library/triton.py:53] Triton not available",
        "/opt/a.py:24: DeprecationWarning: old",
        "  warnings.warn(",
        info("a"),
        "Downloading",
    ]
    log = await filled(lines)
    levels = [log.record(number).level for number in range(1, 7)]
    assert levels == [Level.OTHER, Level.WARNING, Level.WARNING, Level.WARNING, Level.INFO, Level.OTHER]


async def test_a_traceback_inside_a_record_is_part_of_its_message() -> None:
    raw = json.dumps({"levelname": "ERROR", "message": "failed", "exc_info": "Traceback\nValueError: no"})
    log = await filled([raw])
    assert log.record(0).message == "failed\nTraceback\nValueError: no"
    assert log.first_error() == 0


async def test_it_is_bounded_and_numbers_stay() -> None:
    log = EngineLog(limit_bytes=200_000)
    for start in range(0, 20_000, 100):
        log.feed([f"line {number}" for number in range(start, start + 100)])
    assert log.end == 20_000
    assert 0 < log.oldest < 20_000
    assert log.size <= 200_000
    for number in (log.oldest, (log.oldest + log.end) // 2, log.end - 1):
        assert log.record(number).message == f"line {number}"
    for number in (log.oldest - 1, log.end):
        with pytest.raises(LookupError):
            log.record(number)
    await reach(lambda: sum(log.counts.values()) == log.end - log.oldest, "the survey")


async def test_one_line_longer_than_the_limit_is_kept() -> None:
    log = EngineLog(limit_bytes=1000)
    log.feed(["a", "x" * 5000])
    assert log.record(log.end - 1).message == "x" * 5000


async def test_a_flood_is_announced_thirty_times_a_second_at_most() -> None:
    log = EngineLog()
    seen: list[int] = []
    log.grew.watch(seen.append)
    for _ in range(1000):
        log.feed(["a"] * 1000)
    assert seen == [0]
    await reach(lambda: len(seen) > 1, "an announcement")
    assert seen == [0, 1]


async def test_it_is_at_rest_when_nothing_comes() -> None:
    log = await filled(["a"])
    value = log.grew.value
    assert log._timer is None
    await asyncio.sleep(0)
    assert log.grew.value == value


async def test_clear_forgets_and_numbers_go_on() -> None:
    log = await filled([ERROR_LINE, "a"])
    before = log.grew.value
    log.clear()
    assert (log.oldest, log.end, log.first_error(), log.size) == (2, 2, None, 0)
    await reach(lambda: log.grew.value > before, "an announcement")
    log.feed(["b"])
    assert log.record(2).message == "b"


async def test_errors_after_a_shutdown_do_not_count() -> None:
    shutdown = info("[shutdown] API server: shutdown triggered")
    log = await filled([info("a"), shutdown, ERROR_LINE, "ValueError: gone"])
    assert log.first_error() is None


async def test_the_first_cause_wins_over_an_error_before_it() -> None:
    log = await filled([ERROR_LINE, "Traceback (most recent call last):", "ValueError: a", "ValueError: b"])
    assert log.first_error() == 2


async def test_an_error_without_a_cause_is_better_than_none() -> None:
    log = await filled(
        [info("a"), ERROR_LINE, "RuntimeError: Engine core initialization failed. See root cause above."]
    )
    assert log.first_error() == 1


async def test_the_first_error_that_is_kept() -> None:
    log = EngineLog(limit_bytes=100_000)
    log.feed(["ValueError: a", *(f"line {number}" for number in range(20_000)), "ValueError: b", info("x")])
    await reach(lambda: log.first_error() is not None, "the error")
    assert log.record(log.first_error() or 0).message == "ValueError: b"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("j_kv_too_big", "Available memory on node 0"),
        ("f_kv_too_big", "Available memory on node 0"),
        ("f_bad_path", "Repo id must be in the form"),
        ("f_unknown_flag", "unrecognized arguments"),
        ("j_no_tokenizer", "Couldn't instantiate the backend tokenizer"),
        ("f_arch_unknown", "are not supported for now"),
        ("k_kill_worker", "died unexpectedly"),
    ],
)
async def test_the_first_error_of_recorded_logs(name: str, cause: str) -> None:
    log = await filled(recorded(name))
    number = log.first_error()
    assert number is not None
    assert cause in log.record(number).message


async def test_a_normal_start_and_stop_has_no_cause() -> None:
    log = await filled(recorded("k_term_ready"))
    assert log.first_error() is None


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.log")), ids=lambda path: path.stem)
async def test_every_recorded_line_can_be_looked_at(path: Path) -> None:
    lines = recorded(path.stem)
    log = await filled(lines)
    for number, line in enumerate(lines):
        assert log.record(number).raw == line
    text = await log.text(range(log.end))
    assert text.count("\n") >= len(lines) - 1


async def test_text_is_readable_and_leaves_out_what_is_gone() -> None:
    log = EngineLog(limit_bytes=50_000)
    log.feed([info(f"line {number}") for number in range(2000)])
    text = await log.text([0, log.oldest, log.end - 1])
    assert text == f"00:20:51 INFO APIServer line {log.oldest}\n00:20:51 INFO APIServer line 1999"


async def test_saving(tmp_path: Path) -> None:
    log = await filled([info("caf\u00e9 \ud800"), "b"])
    told: list[str] = []
    await log.save(range(2), tmp_path / "log.txt", told.append)
    assert re.fullmatch(r"00:20:51 INFO APIServer café .\nb\n", (tmp_path / "log.txt").read_text("utf-8"))
    await log.save(range(2), tmp_path / "nowhere" / "log.txt", told.append)
    assert told == ["Saved as log.txt.", "log.txt could not be written: No such file or directory."]


async def test_terminal_colours_are_left_out() -> None:
    log = await filled(["\x1b[1;36mred\x1b[0m"])
    assert log.record(0).message == "red"


async def test_what_failed_before_the_engine_was_ready_did_not_stop_it() -> None:
    ready = info("Application startup complete.")
    log = await filled(["ValueError: early", ready, info("a")])
    assert log.first_error() == 0
    log.feed(["ValueError: late", "ValueError: later"])
    await reach(lambda: log.first_error() == 3, "the later error")


async def test_records_that_run_into_one_another() -> None:
    log = await filled(["Capturing graphs:  50%|#####" + info("a") + info("b"), "x"])
    record = log.record(0)
    assert (record.level, record.process) == (Level.INFO, "APIServer")
    assert record.message == "Capturing graphs:  50%|#####\na\nb"
