"""The program that checks answers: one that takes for ever is ended, and nothing of it is ever left."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from desktop_app.checks.client import Checker
from desktop_app.checks.limits import MAX_ANSWER, MEMORY
from desktop_app.domain.experiment import Check, CheckKind, CheckResult
from tests.conftest import reach, wait_until
from tests.hardware.fake_family import ended

FOREVER = Check(CheckKind.REGEX, r"^(a+)+$")
HARD = "a" * 40 + "b"
PARIS = Check(CheckKind.CONTAINS, "Paris")


@pytest.fixture
async def checker() -> AsyncIterator[Checker]:
    made = Checker()
    yield made
    await made.close()
    assert made.pid is None


async def test_every_kind_but_the_judge_in_order(checker: Checker) -> None:
    checks = [
        PARIS,
        Check(CheckKind.JUDGE, "Is it polite?"),
        Check(CheckKind.EXACT),
        Check(CheckKind.SCHEMA),
        Check(CheckKind.REGEX, "("),
    ]
    results = await checker.check(checks, "Paris\ud800", "Paris\ud800 ")
    assert [(one.kind.name, one.passed) for one in results] == [
        ("CONTAINS", True),
        ("EXACT", True),
        ("SCHEMA", False),
        ("REGEX", None),
    ]


async def test_nothing_is_started_without_a_check(checker: Checker) -> None:
    assert await checker.check([Check(CheckKind.JUDGE)], "x") == ()
    assert checker.pid is None


async def test_one_program_answers_all(checker: Checker) -> None:
    await checker.check([PARIS], "Paris")
    first = checker.pid
    results = await asyncio.gather(
        *(checker.check([PARIS], f"{word} {number}") for number, word in enumerate(["Paris", "Rome"] * 20))
    )
    assert [result.passed for (result,) in results] == [True, False] * 20
    assert checker.pid == first


async def test_a_pattern_without_end_is_ended_and_the_next_check_works(checker: Checker) -> None:
    told = await checker.check([FOREVER, PARIS], HARD)
    assert told[0] == CheckResult(CheckKind.REGEX, None, "This check took longer than 2 seconds and was ended.")
    assert told[1].passed is False


async def test_a_pattern_in_a_schema_is_ended_too(checker: Checker) -> None:
    (result,) = await checker.check([Check(CheckKind.SCHEMA, '{"pattern": "^(a+)+$"}')], f'"{HARD}"')
    assert result.passed is None
    assert "took longer" in result.why


async def test_its_memory_is_limited(checker: Checker) -> None:
    await checker.check([PARIS], "")
    assert checker.pid is not None
    if sys.platform == "linux":
        assert re.search(rf"Max address space +{MEMORY} ", limits_of(checker.pid))


async def test_a_huge_answer_is_not_checked(checker: Checker) -> None:
    (result,) = await checker.check([PARIS], "a" * (MAX_ANSWER + 1))
    assert result.passed is None
    assert checker.pid is None


async def test_cancelling_ends_the_check_only(checker: Checker) -> None:
    await checker.check([PARIS], "")
    first = psutil.Process(checker.pid)
    task = asyncio.create_task(checker.check([FOREVER], HARD))
    await reach(lambda: first.cpu_times().user > 0.3, "it is at it")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not first.is_running()
    assert (await checker.check([PARIS], "Paris"))[0].passed


async def test_cancelling_at_the_start_leaves_nothing(checker: Checker) -> None:
    for turns in range(6):
        task = asyncio.create_task(checker.check([PARIS], "Paris"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await reach(lambda: not children(), "nothing is left")
    assert (await checker.check([PARIS], "Paris"))[0].passed


async def test_closing_ends_a_check_under_way(checker: Checker) -> None:
    await checker.check([PARIS], "")
    first = psutil.Process(checker.pid)
    task = asyncio.create_task(checker.check([FOREVER], HARD))
    await reach(lambda: first.cpu_times().user > 0.3, "it is at it")
    await checker.close()
    (result,) = await task
    assert result.passed is None
    assert result.why == "The program that checks answers ended unexpectedly."
    assert not children()


async def test_one_that_was_killed_is_started_again(checker: Checker) -> None:
    await checker.check([PARIS], "")
    first = psutil.Process(checker.pid)
    first.kill()
    await reach(lambda: ended(first), "it is dead")
    await checker.check([PARIS], "Paris")
    assert (await checker.check([PARIS], "Paris"))[0].passed


_PARENT = """
import asyncio, sys, time
from desktop_app.checks.client import Checker
from desktop_app.domain.experiment import Check, CheckKind

async def run():
    checker = Checker()
    await checker.check([Check(CheckKind.CONTAINS, "a")], "a")
    print(checker.pid, flush=True)
    if sys.argv[1] == "busy":
        await checker.check([Check(CheckKind.REGEX, "^(a+)+$")], "a" * 40 + "b")
    await asyncio.sleep(600)

asyncio.run(run())
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_it_ends_with_its_parent(state: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, state], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        child = psutil.Process(int(parent.stdout.readline()))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: ended(child), "the child ended")


def limits_of(pid: int) -> str:
    return Path(f"/proc/{pid}/limits").read_text()


def children() -> list[psutil.Process]:
    """Those of ours that check answers; one that has just ended has no command line."""
    found = []
    for one in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            found += [one] if "desktop_app.checks" in " ".join(one.cmdline()) else []
    return found
