"""Makes the services of experiments when they are first wanted, and ties them together; `bootstrap` is the caller.

A window opens without them: what they import takes as long as a third of everything else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.domain.chat import Conversation, Message
from desktop_app.domain.experiment import Column
from desktop_app.domain.machine import Machine
from desktop_app.services.serving import Serving
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database

if TYPE_CHECKING:
    from desktop_app.checks.client import Checker
    from desktop_app.services.compare import Compare
    from desktop_app.services.compare_files import CompareFiles
    from desktop_app.services.experiments import Experiments
    from desktop_app.store.experiments import ExperimentStore


@dataclass(frozen=True)
class _Made:
    store: "ExperimentStore"
    checker: "Checker"
    compare: "Compare"
    experiments: "Experiments"
    files: "CompareFiles"


class ComparePart:
    """What pages talk to, and what lies behind it; made by the first look at it, or by `load()`.

    Args:
        make: makes it.
    """

    def __init__(self, make: Callable[[], _Made]) -> None:
        self._make = make
        self._made: _Made | None = None

    @property
    def store(self) -> "ExperimentStore":
        """Keeps experiments."""
        return self._all().store

    @property
    def compare(self) -> "Compare":
        """The experiment that is open."""
        return self._all().compare

    @property
    def experiments(self) -> "Experiments":
        """The list of experiments."""
        return self._all().experiments

    @property
    def files(self) -> "CompareFiles":
        """Reads and writes files of the open experiment."""
        return self._all().files

    async def load(self) -> None:
        """Read the list; the database is open, and the window has been seen."""
        if self._made is None:
            await asyncio.to_thread(_read_modules)
        await self.experiments.load()

    async def shutdown(self) -> None:
        """End what runs so that it can be taken up again, before engines are stopped; a second call does nothing."""
        if self._made is not None:
            await self._made.compare.shutdown()
            await self._made.checker.close()

    def _all(self) -> _Made:
        if self._made is None:
            self._made = self._make()
        return self._made


def build_compare(
    database: Database,
    serving: Serving,
    conversations: ConversationStore,
    chats_changed: Callable[[], Awaitable[None]],
    tasks: Tasks,
    machine: Callable[[], Machine],
) -> ComparePart:
    """The services of experiments, over a database that need not be open yet.

    Args:
        database: keeps experiments.
        serving: starts and stops engines.
        conversations: where a chat goes that goes on from an answer.
        chats_changed: the list of chats is to be read again.
        tasks: runs what goes on by itself.
        machine: describes the computer; blocks.
    """

    async def make_chat(title: str, messages: Sequence[Message], column: Column) -> int:
        made = await conversations.import_tree(Conversation(0, title, 0.0), messages, {}, column.settings)
        await chats_changed()
        if serving.endpoint_of(column.engine_key) is not None:
            serving.switch(column.engine_key)
        else:
            serving.select(column.model)
        return made.id

    def make() -> _Made:
        # The first picture needs none of these.
        from desktop_app.checks.client import Checker  # noqa: PLC0415
        from desktop_app.services.compare import Compare  # noqa: PLC0415
        from desktop_app.services.compare_files import CompareFiles  # noqa: PLC0415
        from desktop_app.services.experiment_files import ExperimentFiles  # noqa: PLC0415
        from desktop_app.services.experiment_runner import ExperimentRunner  # noqa: PLC0415
        from desktop_app.services.experiments import Experiments  # noqa: PLC0415
        from desktop_app.store.experiments import ExperimentStore  # noqa: PLC0415

        async def changed() -> None:
            await experiments.refresh()

        store, checker = ExperimentStore(database), Checker()
        compare = Compare(store, ExperimentRunner(store, serving, checker, tasks, machine), make_chat, tasks, changed)
        experiments = Experiments(store, compare)
        return _Made(store, checker, compare, experiments, CompareFiles(compare, ExperimentFiles()))

    return ComparePart(make)


def _read_modules() -> None:
    """In a thread, so that a window that has just opened moves meanwhile."""
    from desktop_app.checks import client  # noqa: PLC0415
    from desktop_app.services import compare, experiments  # noqa: PLC0415

    del client, compare, experiments
