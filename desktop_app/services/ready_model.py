"""What is known of the model that is talked to: its own sampling, its revision, what it takes, its engine.

Small files are read once for each model, when it becomes ready; asking costs nothing. `bootstrap` hands its answers to
`services/conversations`.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.chat import AnswerRecord
from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.launch import LaunchPlan, ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.domain.sampling import Sampling
from desktop_app.services.tasks import Tasks

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class _Known:
    sampling: Sampling
    revision: str
    pictures: bool | None = None


class ReadyModel:
    """Answers questions about the current model.

    Args:
        status: the current engine.
        plan: how the engine of a model was started; None for a server elsewhere.
        tasks: runs the reading.
        learned: called when something new is known.
    """

    def __init__(
        self,
        status: Observable[EngineStatus],
        plan: Callable[[str], LaunchPlan | None],
        tasks: Tasks,
        learned: Callable[[], None],
    ) -> None:
        self._status = status
        self._plan = plan
        self._tasks = tasks
        self._learned = learned
        self._known: dict[str, _Known] = {}
        status.watch(self._on_status_changed)

    def defaults(self) -> Sampling:
        """What the model takes where nothing is chosen, as far as its files say."""
        model = self._status.value.model
        known = self._known.get(model.key) if model is not None else None
        return known.sampling if known else Sampling()

    def takes_pictures(self) -> bool | None:
        """Whether it is made for pictures, too; None when that is not known."""
        model = self._status.value.model
        known = self._known.get(model.key) if model is not None else None
        return known.pictures if known else None

    def record(self) -> AnswerRecord:
        """What is known of its answers beforehand."""
        status = self._status.value
        if status.model is None:
            return AnswerRecord()
        known, plan = self._known.get(status.model.key), self._plan(status.model.key)
        return AnswerRecord(
            revision=known.revision if known else "",
            engine=f"vLLM {plan.environment.version}" if plan else status.model.address,
            context_tokens=status.context_tokens,
        )

    def finds_titles(self) -> bool:
        """Whether it may be asked for titles by itself.

        Not the Guide, which knows nothing but this program, and no server elsewhere: nothing leaves the computer that
        nobody sent.
        """
        model = self._status.value.model
        return model is not None and not model.is_guide and not model.address

    def _on_status_changed(self, status: EngineStatus) -> None:
        model = status.model
        if status.stage is not EngineStage.READY or model is None or model.address or model.key in self._known:
            return
        self._known[model.key] = _Known(Sampling(), "")
        self._tasks.start(self._learn(model), name="look at the model")

    async def _learn(self, model: ModelRef) -> None:
        self._known[model.key] = await asyncio.to_thread(_read, model.folder)
        self._learned()


async def read_defaults(folder: Path) -> Sampling:
    """What the model in *folder* takes where nothing is chosen, as far as its files say."""
    return (await asyncio.to_thread(_read, folder)).sampling


def _read(folder: Path) -> _Known:
    from desktop_app.hub import generation, manifest  # noqa: PLC0415 - the window opens without them

    ours = manifest.read(folder)
    # In a cache of Hugging Face the folder bears the commit as its name.
    cached = folder.name if _COMMIT.fullmatch(folder.name) else ""
    commit = ours.model.commit if ours else cached
    return _Known(generation.generation_defaults(folder), commit, generation.takes_pictures(folder))
