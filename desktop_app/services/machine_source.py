"""Where the machine is looked at: this computer, or a file that describes another one. Made by `__main__`."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import Machine
from desktop_app.hardware.nvml import NvmlHelper
from desktop_app.hardware.sampler import Sampler

if TYPE_CHECKING:
    from desktop_app.hardware.described import StillSampler

_FILE_BYTES = 1 << 20


@dataclass(frozen=True)
class MachineSource:
    """Where the machine is looked at: this computer, or a file that describes another one (`domain/machine_file`)."""

    file: Path | None = None
    root: Path = Path("/")
    """The folder that stands for `/`."""
    helper: NvmlHelper = field(default_factory=NvmlHelper)
    """Who asks NVIDIA's driver. The same every time: it leaves a driver that failed alone for a while."""
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def look(self, cards: bool = True) -> Machine:
        """What the machine has, and how much of it is free at this moment. It blocks: call it in a thread.

        Args:
            cards: whether graphics cards are wanted; to ask for them wakes those that sleep.

        Raises:
            UserError: the file describes no machine.
        """
        if self.file is not None:
            from desktop_app.domain.machine_file import read_machine  # noqa: PLC0415 - only for looking and testing

            try:
                with self.file.open("rb") as file:
                    return read_machine(file.read(_FILE_BYTES).decode("utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise UserError("The description of the machine cannot be read.", f"{self.file}: {error}") from error
        from desktop_app.hardware.probe import probe  # noqa: PLC0415 - the window's first picture needs no machine

        with self._turn:
            return probe(self.root, self.helper, cards=cards)

    def sampler(self) -> "Sampler | StillSampler":
        """Who says how busy it is."""
        if self.file is not None:
            from desktop_app.hardware.described import StillSampler  # noqa: PLC0415 - as above

            return StillSampler(self.look())
        return Sampler(self.root)
