"""How long starts took, kept in the settings. `LocalEngine` asks before a start and tells after one."""

from desktop_app.domain.launch import LaunchPlan
from desktop_app.domain.start_clock import Expectation, StartHistory, StartKind, StartRecord
from desktop_app.store.settings import Settings


class StartTimes:
    """How long starts took, kept in the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def expectation(self, kind: StartKind) -> Expectation:
        """What the next start of *kind* may take."""
        return StartHistory.from_json(self._settings.start_history).expectation(kind)

    async def remember(self, plan: LaunchPlan, record: StartRecord) -> None:
        """Keep how long this start took, and that this model was used last."""
        history = StartHistory.from_json(self._settings.start_history)
        await self._settings.set_start_history(history.with_record(record).as_json())
        await self._settings.set_model_folder(None if plan.model.is_guide else plan.model.folder)
