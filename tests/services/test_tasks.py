"""Work that goes on by itself."""

import asyncio

import pytest

from desktop_app.services.tasks import Tasks


class Failures:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def __call__(self, name: str, error: BaseException) -> None:
        self.seen.append((name, repr(error)))


async def test_a_result_can_be_awaited_and_nothing_stays_behind() -> None:
    tasks = Tasks(Failures())

    async def work() -> int:
        return 7

    task = tasks.start(work(), name="seven")
    assert list(tasks.names) == ["seven"]
    assert await task == 7
    assert not tasks.names


async def test_an_exception_is_told_once_with_the_name() -> None:
    failures = Failures()
    tasks = Tasks(failures)

    async def work() -> None:
        raise ValueError("no")

    await asyncio.wait({tasks.start(work(), name="broken")})
    assert failures.seen == [("broken", "ValueError('no')")]


async def test_shutdown_cancels_everything_and_waits_for_the_last_words() -> None:
    failures = Failures()
    tasks = Tasks(failures)
    ended = []
    begun = asyncio.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            tasks.start(asyncio.sleep(3600), name="started while ending")
            ended.append("work")

    tasks.start(work(), name="long")
    await begun.wait()
    await tasks.shutdown()
    assert ended == ["work"]
    assert not tasks.names
    assert failures.seen == []


async def test_what_is_started_after_shutdown_does_not_begin() -> None:
    tasks = Tasks(Failures())
    await tasks.shutdown()
    begun = []

    async def work() -> None:
        begun.append(1)

    with pytest.raises(asyncio.CancelledError):
        await tasks.start(work(), name="late")
    assert begun == []


async def test_shutdown_spares_the_task_that_calls_it() -> None:
    tasks = Tasks(Failures())

    async def closes() -> str:
        await tasks.shutdown()
        return "closed"

    assert await tasks.start(closes(), name="close") == "closed"
