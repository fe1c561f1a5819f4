"""The self-test on the real engine: everything works with the Guide, and nothing is left running in the engine."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.endpoint.client import Endpoint
from desktop_app.paths import Paths, resources
from desktop_app.services.self_test import SelfTest, SelfTestState
from desktop_app.services.self_test_engine import StepState
from tests import engine_cache
from tests.conftest import reach, wait_until
from tests.e2e import traces
from tests.e2e.owners import Owner
from tests.endpoint.running import eventually

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


@pytest.fixture
def owner() -> Iterator[Owner]:
    """The Guide, ready."""
    folder = Path(tempfile.mkdtemp(prefix="vd-")) / "d"
    engine_cache.borrow(Paths(folder))
    made = Owner(folder, [resources() / "guide"])
    made.wait_for("ready")
    yield made
    made.close()
    wait_until(lambda: not traces.processes_of(folder), "no process of ours")
    shutil.rmtree(folder.parent)


async def test_the_guide_passes_twice_and_can_be_left_in_the_middle(owner: Owner) -> None:
    endpoint = Endpoint(owner.places().socket, "guide")
    test = SelfTest()
    try:
        for _ in range(2):
            passed = await test.run(endpoint)
            tell(test.state.value)
            assert passed
            await eventually(lambda: idle(endpoint))
        # What only a weak model may miss has to say so; the rest works.
        states = {step.name: step.state for step in test.state.value.steps}
        for name in ("Reachable", "Chat", "Text completion", "Streaming", "Long prompt"):
            assert states[name] is StepState.PASSED
        assert all(step.words for step in test.state.value.steps)
        await cancelled_in_mid_answer(test, endpoint)
    finally:
        await endpoint.close()


async def cancelled_in_mid_answer(test: SelfTest, endpoint: Endpoint) -> None:
    running = asyncio.create_task(test.run(endpoint))
    await reach(lambda: StepState.RUNNING in {step.state for step in test.state.value.steps[3:]}, "streaming", 60)
    test.cancel()
    assert not await running
    assert StepState.SKIPPED in {step.state for step in test.state.value.steps}
    await eventually(lambda: idle(endpoint))


async def idle(endpoint: Endpoint) -> bool:
    return (await endpoint.metrics()).running == 0


def tell(state: SelfTestState) -> None:
    for step in state.steps:
        print(f"{step.name:20} {step.state.value:15} {step.seconds:6.2f} {step.words}")
    print(state.verdict)
