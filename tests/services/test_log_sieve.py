"""Sifting a log: levels, processes, words; while it grows and while its oldest lines go."""

import time

from desktop_app.services.engine_log import EngineLog
from desktop_app.services.log_reading import Level
from desktop_app.services.log_sieve import Criteria, Sieve
from tests.services.test_engine_log import ERROR_LINE, info


def sifted(log: EngineLog, criteria: Criteria) -> list[int]:
    sieve = Sieve(log, criteria)
    work_off(sieve)
    return list(sieve.numbers(0, sieve.count))


def work_off(sieve: Sieve) -> None:
    while not sieve.step(time.perf_counter()):
        pass


async def test_everything_needs_no_work() -> None:
    log = EngineLog()
    log.feed(["a", "b", "c"])
    sieve = Sieve(log, Criteria(since=1))
    assert sieve.step(0)
    assert (sieve.count, sieve.number(0), sieve.position(2)) == (2, 1, 1)


async def test_levels() -> None:
    log = EngineLog()
    log.feed([info("a"), ERROR_LINE, "Traceback (most recent call last):", "/a.py:1: UserWarning: b", "c"])
    assert sifted(log, Criteria(lowest=Level.ERROR)) == [1, 2]
    assert sifted(log, Criteria(lowest=Level.WARNING)) == [1, 2, 3]


async def test_processes() -> None:
    log = EngineLog()
    log.feed([info("a"), ERROR_LINE, "c"])
    assert sifted(log, Criteria(process="EngineCore")) == [1, 2]
    assert sifted(log, Criteria(process="APIServer")) == [0]
    assert sifted(log, Criteria(process="Worker")) == []


async def test_words_are_looked_for_in_the_message_only() -> None:
    log = EngineLog()
    log.feed([info("Reading Weights"), info('a "quoted" caf\u00e9'), "levelname"])
    assert sifted(log, Criteria(words="reading w")) == [0]
    assert sifted(log, Criteria(words='"QUOTED" café')) == [1]
    assert sifted(log, Criteria(words="levelname")) == [2]


async def test_words_across_many_blocks() -> None:
    log = EngineLog()
    log.feed([f"line {number}" for number in range(5000)])
    assert sifted(log, Criteria(words="line 49")) == [49, *range(490, 500), *range(4900, 5000)]


async def test_a_step_stops_when_its_time_is_over() -> None:
    log = EngineLog()
    log.feed(["a"] * 5000)
    sieve = Sieve(log, Criteria(words="a"))
    assert not sieve.step(time.perf_counter())
    assert 0 < sieve.count < 5000
    work_off(sieve)
    assert sieve.count == 5000


async def test_the_log_grows_and_its_oldest_lines_go() -> None:
    log = EngineLog(limit_bytes=60_000)
    sieve = Sieve(log, Criteria(words="7"))
    for start in range(0, 20_000, 500):
        log.feed([f"line {number}" for number in range(start, start + 500)])
        work_off(sieve)
    expected = [number for number in range(log.oldest, log.end) if "7" in f"line {number}"]
    assert list(sieve.numbers(0, sieve.count)) == expected
    assert sieve.number(sieve.position(log.end - 200)) >= log.end - 200
    assert len(sieve._numbers) <= 2 * len(expected) + 500


async def test_a_log_that_was_cleared() -> None:
    log = EngineLog()
    sieve = Sieve(log, Criteria(words="a"))
    log.feed(["a", "b"])
    work_off(sieve)
    log.clear()
    work_off(sieve)
    assert sieve.count == 0
    log.feed(["a"])
    work_off(sieve)
    assert list(sieve.numbers(0, sieve.count)) == [2]
