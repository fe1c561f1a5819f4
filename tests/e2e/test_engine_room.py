"""Failures that are mended by their button, and two engines at once: the real vLLM, through a real window."""

import asyncio
import shutil
from pathlib import Path

import pytest

from desktop_app.domain.launch import FlagValue, ModelRef, ModelSettings
from desktop_app.paths import Paths, resources
from desktop_app.store.database import Database
from desktop_app.store.model_settings import ModelSettingsStore
from tests.conftest import wait_until
from tests.e2e import traces
from tests.e2e.desktop import Desktop
from tests.e2e.steps import open_model, start_guide, wait_ready

pytestmark = [pytest.mark.engine, pytest.mark.display, pytest.mark.timeout(900)]


def copied(folder: Path) -> Path:
    """A model of somebody's own."""
    shutil.copytree(resources() / "guide", folder)
    return folder


async def _choose(data: Path, model: ModelRef, *flags: tuple[str, FlagValue]) -> None:
    database = Database(Paths(data).database)
    await database.open()
    await ModelSettingsStore(database).put(model.key, ModelSettings(flags=flags))
    await database.close()


def test_the_buttons_of_two_failures_lead_to_a_model_that_is_ready(
    desktop: Desktop, engine_data: Path, tmp_path: Path
) -> None:
    folder = copied(tmp_path / "mine")
    wrong: tuple[tuple[str, FlagValue], ...] = (("--max-model-len", "100000"), ("--block-size", "7"))
    asyncio.run(_choose(engine_data, ModelRef("mine", folder), *wrong))
    window = desktop.open(engine_data)

    open_model(window, folder)
    # Seen before anything starts: the model cannot keep that much in mind.
    window.find(has="100,000")
    assert traces.everybody(engine_data) == set()
    window.press(has="Start with")

    # Found by vLLM itself; the button takes the setting away.
    window.find(240, has="Start without")
    window.find(role="label", name="Failed")
    window.find(has="7")
    window.press(has="Start without")
    wait_ready(window)
    assert window.close() == 0


def test_two_models_run_and_one_is_stopped(desktop: Desktop, engine_data: Path, tmp_path: Path) -> None:
    window = desktop.open(engine_data)
    start_guide(window)
    first = set(traces.living(traces.everybody(engine_data)))
    open_model(window, copied(tmp_path / "second"))
    wait_until(lambda: len(Paths(engine_data).engine_sockets()) == 2, "the second socket", 240)
    wait_ready(window)
    assert set(traces.living(first)) == first, "the first goes on"

    window.key("ctrl+5")
    window.press(name="Chat with it")
    window.find(name="Choose a model; chosen: Guide")
    window.key("ctrl+1")
    window.focus(name="Message", role="text")
    window.type("How do I stop a model?")
    window.key("Return")
    window.find(has="The whole engine ends, and its memory comes back.")
    window.press(name="Stop")
    window.find(role="label", name="Stopped")
    assert traces.living(first) == []
    assert len(Paths(engine_data).engine_sockets()) == 1
    assert window.close() == 0
    assert Paths(engine_data).engine_sockets() == []
