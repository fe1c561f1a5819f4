"""Files of the open experiment: its report, and prompts that come from a file or go to one.

Nothing is raised: what went wrong is returned, for the page that asked. `ui/compare_room.py` is the caller.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Prompt
from desktop_app.domain.prompt_sets import PromptFile
from desktop_app.services.compare import Compare
from desktop_app.services.experiment_files import ExperimentFiles, ExperimentForm


class CompareFiles:
    """Writes and reads files for the experiment that is open.

    Args:
        compare: the open experiment.
        files: writes reports.
    """

    def __init__(self, compare: Compare, files: ExperimentFiles) -> None:
        self._compare = compare
        self._files = files

    async def export(self, form: ExperimentForm, file: Path) -> UserError | None:
        """Write a report of the open experiment to *file*."""
        try:
            parcel = await self._compare.parcel()
        except UserError as error:
            return error
        return await self._files.export(parcel, form, file)

    async def read_prompts(self, file: Path) -> PromptFile | UserError:
        """The prompts of a CSV or JSONL file."""
        from desktop_app.interchange.prompt_sets import read_prompts  # noqa: PLC0415 - hardly any start needs it

        try:
            return await asyncio.to_thread(read_prompts, file)
        except UserError as error:
            return error

    async def write_prompts(self, prompts: Sequence[Prompt], file: Path) -> UserError | None:
        """Write prompts to a file, of which kind its name says."""
        from desktop_app.interchange.prompt_sets import write_prompts  # noqa: PLC0415 - hardly any start needs it

        try:
            await asyncio.to_thread(write_prompts, prompts, file)
        except UserError as error:
            return error
        return None
