"""What is known of the model that is talked to."""

import json
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.chat import AnswerRecord
from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.domain.sampling import Sampling
from desktop_app.services.ready_model import ReadyModel
from desktop_app.services.tasks import Tasks
from tests.conftest import reach

COMMIT = "b968826d9c46dd6066d109eabc6255188de91218"


def known(status: Observable[EngineStatus]) -> tuple[ReadyModel, list[str]]:
    told: list[str] = []
    tasks = Tasks(lambda name, _error: told.append(name))
    return ReadyModel(status, lambda _key: None, tasks, lambda: told.append("learned")), told


async def test_its_own_sampling_and_its_revision_are_read_once_it_is_ready(tmp_path: Path) -> None:
    folder = tmp_path / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (folder / "generation_config.json").write_text(json.dumps({"temperature": 0.6, "top_k": 20}))
    status = Observable(EngineStatus(EngineStage.STARTING, ModelRef("tiny", folder)))
    model, told = known(status)
    assert model.defaults() == Sampling()
    status.set(replace(status.value, stage=EngineStage.READY, context_tokens=2048))
    await reach(lambda: told, "the files to be read")
    assert told == ["learned"]
    assert model.defaults() == Sampling(temperature=0.6, top_k=20)
    assert model.finds_titles()
    assert model.record() == AnswerRecord(revision=COMMIT, context_tokens=2048)
    assert model.takes_pictures() is None


async def test_nothing_is_read_for_a_server_elsewhere() -> None:
    elsewhere = ModelRef("large", address="https://example.org/v1")
    status = Observable(EngineStatus(EngineStage.READY, elsewhere, context_tokens=4096))
    model, told = known(status)
    assert (model.defaults(), told) == (Sampling(), [])
    assert model.record() == AnswerRecord(engine="https://example.org/v1", context_tokens=4096)
    assert not model.finds_titles(), "nothing is sent that nobody sends"


async def test_without_a_model_nothing_is_known() -> None:
    model, _ = known(Observable(EngineStatus(EngineStage.STOPPED)))
    assert model.record() == AnswerRecord()


def test_the_guide_finds_no_titles(tmp_path: Path) -> None:
    model, _ = known(Observable(EngineStatus(EngineStage.STOPPED, ModelRef("Guide", tmp_path, is_guide=True))))
    assert not model.finds_titles()
