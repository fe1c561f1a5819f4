"""One button that asks a running engine everything that it should be able to do, and says in words what works.

Owns one `SelfTestState`. The engines page and the command line draw it. The checks themselves are in
`self_test_steps.py`; here they get their turn, their time and their verdict.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from desktop_app.domain.errors import UserError
from desktop_app.domain.observable import Observable
from desktop_app.endpoint.client import Endpoint
from desktop_app.services.self_test_engine import Engine, FailedError, Step, StepState, UnavailableError
from desktop_app.services.self_test_steps import STEPS

TOTAL_SECONDS = 180.0
"""All steps together; what is left then is not tried."""
CANCELLED = "Cancelled."
UNREACHABLE = "Not tried: the engine cannot be reached."
FAULT = "Something went wrong inside this program. Its log says more."


@dataclass(frozen=True)
class SelfTestState:
    """How far the test is, and what it found."""

    steps: tuple[Step, ...] = ()
    running: bool = False
    verdict: str = ""
    """The result in a sentence; empty while it runs."""
    model: str = ""
    """The name of the model that was tested."""

    @property
    def passed(self) -> bool:
        """Whether nothing failed and everything got its turn."""
        fine = (StepState.PASSED, StepState.UNAVAILABLE)
        return bool(self.steps) and all(step.state in fine for step in self.steps)


class SelfTest:
    """Tests one engine at a time.

    Args:
        total_seconds: how long all steps together may take.
        clock: monotonic seconds.
    """

    def __init__(self, total_seconds: float = TOTAL_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._total_seconds = total_seconds
        self._clock = clock
        self._running: asyncio.Task[None] | None = None
        self.state = Observable(SelfTestState())

    async def run(self, endpoint: Endpoint) -> bool:
        """Test the engine behind *endpoint*; True when nothing failed. What was found is published.

        A second call while one runs does nothing.
        """
        if self._running is not None:
            return False
        steps = tuple(Step(name) for name, _ in STEPS)
        self.state.set(SelfTestState(steps, running=True, model=endpoint.model))
        running = self._running = asyncio.create_task(self._run(endpoint))
        try:
            await asyncio.wait([running])
        finally:
            running.cancel()
            self._running = None
            failed = running.done() and not running.cancelled() and running.exception() is not None
            self._finish(FAULT if failed else CANCELLED)
        if failed:
            running.result()
        return self.state.value.passed

    def cancel(self) -> None:
        """End a running test; what was found stays."""
        if self._running is not None:
            self._running.cancel()

    async def _run(self, endpoint: Endpoint) -> None:
        engine = Engine(endpoint)
        end = self._clock() + self._total_seconds
        for index, (_, check) in enumerate(STEPS):
            left = end - self._clock()
            if left <= 0:
                self._set(index, StepState.SKIPPED, f"Not tried: the {self._total_seconds:.0f} seconds are over.")
                continue
            began = self._clock()
            self._set(index, StepState.RUNNING)
            try:
                async with asyncio.timeout(left):
                    state, words = StepState.PASSED, await check(engine)
            except UnavailableError as error:
                state, words = StepState.UNAVAILABLE, str(error)
            except FailedError as error:
                state, words = StepState.FAILED, str(error)
            except UserError as error:
                state, words = StepState.FAILED, error.sentence()
            except TimeoutError:
                state, words = StepState.FAILED, f"Not finished within {left:.0f} seconds."
            self._set(index, state, words, self._clock() - began)
            if index == 0 and state is StepState.FAILED:
                return

    def _set(self, index: int, state: StepState, words: str = "", seconds: float = 0.0) -> None:
        steps = list(self.state.value.steps)
        steps[index] = replace(steps[index], state=state, words=words, seconds=seconds)
        self.state.set(replace(self.state.value, steps=tuple(steps)))

    def _finish(self, why: str) -> None:
        """Say of every step that came to no end why, and the verdict."""
        steps = self.state.value.steps
        why = UNREACHABLE if steps[0].state is StepState.FAILED else why
        steps = tuple(
            replace(step, state=StepState.SKIPPED, words=why)
            if step.state in (StepState.WAITING, StepState.RUNNING)
            else step
            for step in steps
        )
        self.state.set(replace(self.state.value, steps=steps, running=False, verdict=verdict(steps)))


def verdict(steps: Sequence[Step]) -> str:
    """What all steps together mean, e.g. that 7 of 7 checks passed in 2.1 s."""
    failed, absent, skipped = (
        [step.name.lower() for step in steps if step.state is state]
        for state in (StepState.FAILED, StepState.UNAVAILABLE, StepState.SKIPPED)
    )
    passed = len(steps) - len(failed) - len(absent) - len(skipped)
    time_words = f"{sum(step.seconds for step in steps):.1f} s"
    parts = [f"{passed} of {len(steps)} checks passed in {time_words}."]
    if passed == len(steps):
        return f"Everything works: {passed} checks in {time_words}."
    if failed:
        parts.insert(0, f"Does not work: {', '.join(failed)}.")
    if absent:
        parts.append(f"Not available here: {', '.join(absent)}.")
    if skipped:
        parts.append(f"Not tried: {', '.join(skipped)}.")
    return " ".join(parts)
