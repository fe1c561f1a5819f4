"""Asks the program that checks answers. Called by `services/experiment_checking.py`."""

import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path

from desktop_app.checks.limits import CPU_SECONDS, MAX_ANSWER, WALL_SECONDS
from desktop_app.domain.experiment import Check, CheckKind, CheckResult

_ROOT = Path(__file__).parents[2]
_PROGRAM = "import sys; sys.path.append(sys.argv.pop()); from desktop_app.checks import __main__; __main__.main()"
"""Isolated from the person's own Python settings; our folder comes last in its path."""
_SLOW = f"This check took longer than {CPU_SECONDS:g} seconds and was ended."
_BROKEN = "The program that checks answers ended unexpectedly."


class Checker:
    """The program that checks answers: started by the first question, ended by `close()`.

    All its coroutines run on one event loop; questions at the same time are answered one after another.
    """

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The running program; None while there is none."""
        return self._process.pid if self._process else None

    async def check(self, checks: Sequence[Check], text: str, reference: str = "") -> tuple[CheckResult, ...]:
        """What each of *checks* says of an answer; those of kind JUDGE are left out.

        What takes too long, or cannot be decided, has `passed=None` and a sentence; it never raises because of that.

        Args:
            checks: in the order of the results.
            text: the answer.
            reference: the prompt's; a check without a text of its own takes it.
        """
        wanted = [check for check in checks if check.kind is not CheckKind.JUDGE]
        return tuple([await self._checked(check, text, reference) for check in wanted])

    async def close(self) -> None:
        """End the program; a question that it is at is undecided. It has nothing to lose, so it is not asked."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        async with self._turn:
            await self._end()

    async def _checked(self, check: Check, text: str, reference: str) -> CheckResult:
        if max(map(len, (check.text, text, reference))) > MAX_ANSWER:
            return CheckResult(check.kind, None, f"It is longer than {MAX_ANSWER:,} characters; that is not checked.")
        values = {
            "kind": check.kind.name,
            "text": check.text,
            "ignore_case": check.ignore_case,
            "answer": text,
            "reference": reference,
        }
        # An answer of millions of characters takes a moment.
        question = await asyncio.to_thread(lambda: json.dumps(values).encode() + b"\n")
        async with self._turn:
            try:
                return _result(check.kind, await self._asked(question))
            except OSError as error:
                return CheckResult(check.kind, None, f"Answers cannot be checked: {error.strerror or error}.")

    async def _asked(self, question: bytes) -> dict[str, object]:
        """The program's answer, or what ended it; after anything but a whole answer it is gone."""
        whole = False
        try:
            async with asyncio.timeout(WALL_SECONDS):
                process = await self._running()
                told = _parsed(await _exchange(process, question))
                whole = bool(told)
                code = None if whole else await process.wait()
        except TimeoutError:
            return {"why": _SLOW}
        finally:
            if not whole:
                await self._end()
        return told or {"why": _SLOW if code == -signal.SIGPROF else _BROKEN}

    async def _running(self) -> Process:
        if self._process is not None and self._process.returncode is not None:
            await self._end()
        self._process = self._process or await _start()
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-X", "utf8", "-c", _PROGRAM, str(_ROOT)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )


async def _exchange(process: Process, question: bytes) -> bytes:
    """Send a line, wait for a line; what came before the program ended counts."""
    if process.stdin is None or process.stdout is None:
        return b""
    with contextlib.suppress(ConnectionError):
        process.stdin.write(question)
        await process.stdin.drain()
    return await process.stdout.readline()


def _parsed(line: bytes) -> dict[str, object]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _result(kind: CheckKind, told: dict[str, object]) -> CheckResult:
    passed, why = told.get("passed"), told.get("why")
    return CheckResult(kind, passed if isinstance(passed, bool) else None, why if isinstance(why, str) else _BROKEN)
