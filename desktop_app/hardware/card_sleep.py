"""When a graphics card may be asked how it is, so that one that may fall asleep does.

Used by `card_watch`; `nvml` looks here whether there is a card at all.

Laptops suspend a card that nobody uses (runtime power management, PCI state D3cold), and every question to its driver
wakes it or keeps it awake (https://download.nvidia.com/XFree86/Linux-x86_64/580.95.05/README/dynamicpowermanagement.html).
What the kernel says of a card's power under `/sys/bus/pci` wakes nothing
(https://docs.kernel.org/power/runtime_pm.html).
"""

from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

IDLE_SECONDS = 10.0
"""How long a card that may sleep has to be unused before its driver is let go of."""
REST_SECONDS = 30.0
"""How seldom a card that may sleep, but does not, is asked again."""
_NVIDIA_VENDOR = "0x10de"
_DISPLAY_CLASS = "0x03"
_ASLEEP = frozenset({"suspended", "suspending"})


class Power(NamedTuple):
    """What the kernel says of one card."""

    may_sleep: bool
    """Whether it is suspended when nobody uses it."""
    asleep: bool


class Step(Enum):
    """What is to be done about the cards now."""

    ASK = auto()
    REST = auto()
    """Leave them alone; they are awake."""
    SLEEP = auto()
    """Leave them alone; they are suspended."""


class CardSleep:
    """Decides, tick by tick, whether the driver may be asked. Times are those of one clock, in seconds."""

    def __init__(self) -> None:
        self._resting = True
        self._asked = float("-inf")
        self._used = float("-inf")

    def step(self, cards: Sequence[Power], now: float) -> Step:
        """What to do. Cards that the kernel does not know (WSL, Jetson, some containers) cannot be woken."""
        if cards and all(card.asleep for card in cards):
            self._resting = True
            return Step.SLEEP
        if not any(card.may_sleep for card in cards):
            self._resting = False
        elif self._resting and now - self._asked < REST_SECONDS:
            return Step.REST
        self._asked = now
        return Step.ASK

    def heard(self, cards: Sequence[Power], used: bool, now: float) -> bool:
        """Take in what the driver said, and tell whether it may be kept open until the next tick.

        Args:
            cards: as they were given to `step`.
            used: whether somebody uses any of the cards.
            now: the time of the answer.
        """
        # At the first look of all, somebody may be about to use it.
        if used or self._used == float("-inf") or not any(card.may_sleep for card in cards):
            self._resting, self._used = False, now
        elif now - self._used >= IDLE_SECONDS:
            self._resting = True
        return not self._resting


def card_folders(root: Path = Path("/")) -> tuple[Path, ...]:
    """Where the kernel tells of each NVIDIA graphics card on the PCI bus.

    Args:
        root: the folder that stands for `/`.
    """
    return tuple(folder for folder in sorted((root / "sys/bus/pci/devices").glob("*")) if _is_card(folder))


def read_power(folder: Path) -> Power:
    """How one card's power is now; a card without power management never sleeps."""
    may_sleep = _word(folder / "power/control") == "auto"
    return Power(may_sleep, may_sleep and _word(folder / "power/runtime_status") in _ASLEEP)


def _is_card(folder: Path) -> bool:
    return _word(folder / "vendor") == _NVIDIA_VENDOR and _word(folder / "class").startswith(_DISPLAY_CLASS)


def _word(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""
