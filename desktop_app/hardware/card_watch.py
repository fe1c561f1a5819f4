"""Keeps an eye on the graphics cards, from a thread of its own.

Owned by the main thread of `sampling_helper`, which pokes it, takes the newest reading, and is never held up by a
driver that hangs.
"""

import contextlib
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, TypedDict

from desktop_app.domain.machine import NO_CARD
from desktop_app.hardware.card_sleep import CardSleep, Power, Step, card_folders, read_power
from desktop_app.hardware.nvml import driver_note
from desktop_app.hardware.nvml_cards import (
    NO_CARDS,
    NO_INSTANCE,
    NO_NAME,
    NOT_INSTALLED,
    Card,
    LiveCard,
    Told,
    live_cards,
    sentence,
)

ANSWER_SECONDS = 3.0
"""How long the driver may take until its cards count as unknown."""
LOOK_SECONDS = 60.0
"""How often cards, limits and instances are looked for anew, and how long a driver that failed is left alone."""


class CardReading(TypedDict):
    """What is known of the cards, as it goes into a line of JSON."""

    cards: list[Told]
    """As `LiveCard.read` tells it; a card that sleeps has only `name` and `asleep`, one that does not answer only
    `name` and `note`."""
    note: str
    """Why nothing is known of them, as a sentence; empty when they answer, sleep, or there is none."""


class CardWatch:
    """The cards of this computer. Nothing is loaded and no thread runs before the first `poke`.

    Args:
        root: the folder that stands for `/`.
        answer_seconds: how long the driver may take.
        look_seconds: how often to look around, and how long to rest after a failure.
    """

    def __init__(
        self, root: Path = Path("/"), answer_seconds: float = ANSWER_SECONDS, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._driver = _Driver(root, look_seconds)
        self._answer_seconds = answer_seconds
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asked: float | None = None
        """When the question under way was asked."""
        self._details = False
        self._closed = False
        self._cards: list[Told] = []
        self._note = ""

    def poke(self, details: bool) -> None:
        """Ask for a new reading, unless one is under way. Never waits.

        Args:
            details: whether to read who holds the cards' memory, too.
        """
        with self._turn:
            if self._thread is None or not self._thread.is_alive():
                self._asked = None
                self._thread = threading.Thread(target=self._work, name="cards", daemon=True)
                self._thread.start()
            if self._asked is None:
                self._asked, self._details = time.monotonic(), details
                self._turn.notify_all()

    def latest(self, wait: float = 0.0) -> CardReading:
        """The newest reading.

        Args:
            wait: how many seconds to wait at most for the question under way.
        """
        with self._turn:
            if wait:
                self._turn.wait_for(lambda: self._asked is None, wait)
            now = time.monotonic()
            if self._asked is not None and now - self._asked > self._answer_seconds:
                note = f"The NVIDIA driver did not answer within {self._answer_seconds:g} seconds."
                return {"cards": _lost(self._cards, note), "note": note}
            return {"cards": self._cards, "note": self._note}

    def close(self) -> None:
        """Let go of the driver as soon as it lets go of us; nothing waits for it."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()

    def _work(self) -> None:
        while self._wait():
            cards, note = self._driver.read(details=self._details)
            with self._turn:
                self._cards, self._note, self._asked = cards, note, None
                self._turn.notify_all()
        self._driver.close()

    def _wait(self) -> bool:
        with self._turn:
            self._turn.wait_for(lambda: self._closed or self._asked is not None)
            return not self._closed


def _lost(cards: list[Told], note: str) -> list[Told]:
    """Their names stay in sight while nothing else is known."""
    return [{"name": card["name"], "note": note} for card in cards]


class _Lost(NamedTuple):
    """A card that failed; it is left alone until the next look around."""

    name: str
    note: str


class _Driver:
    """The open driver, and what is remembered of its cards. Belongs to the thread of a `CardWatch`."""

    def __init__(self, root: Path, look_seconds: float) -> None:
        self._root, self._look_seconds = root, look_seconds
        self._sleep = CardSleep()
        self._look_at = float("-inf")
        self._folders: tuple[Path, ...] = ()
        self._nvml: ModuleType | None = None
        self._cards: list[LiveCard | _Lost] = []
        self._chips: dict[int, str] = {}
        """Names of whole cards by the driver's number."""
        self._told: list[Told] = []
        self._fault: str | None = None
        """Why nothing is known, empty because there is no card; None when all is well."""

    def read(self, *, details: bool) -> tuple[list[Told], str]:
        """The cards, and why nothing is known of them. Takes as long as the driver does."""
        now = time.monotonic()
        look = now >= self._look_at
        if look:
            self._look_at, self._folders = now + self._look_seconds, card_folders(self._root)
        power = [read_power(folder) for folder in self._folders]
        step = self._sleep.step(power, now)
        if step is Step.SLEEP:
            self.close()
            self._fault = None
            names = [card["name"] for card in self._told] or [NO_NAME] * len(self._folders)
            return [{"name": name, "asleep": True} for name in names], ""
        if step is Step.ASK and (look or self._fault is None):
            self._ask_all(power, details=details, look=look)
        return self._told, self._fault or ""

    def close(self) -> None:
        """Let go of the driver, so that the cards may fall asleep, or to begin anew."""
        nvml, self._nvml, self._cards = self._nvml, None, []
        if nvml is not None:
            with contextlib.suppress(nvml.NVMLError):
                nvml.nvmlShutdown()

    def _ask_all(self, power: list[Power], *, details: bool, look: bool) -> None:
        told, self._fault = self._asked(details=details, look=look)
        self._told = told or (_lost(self._told, self._fault) if self._fault else [])
        if self._fault is not None or not self._sleep.heard(power, self._used(power), time.monotonic()):
            self.close()

    def _asked(self, *, details: bool, look: bool) -> tuple[list[Told], str | None]:
        note = "" if self._nvml else driver_note(self._root)
        if note:
            return [], "" if note == NO_CARD else note
        try:
            import pynvml  # noqa: PLC0415 - loads NVIDIA's library: only where there is one, on no other thread
        except ImportError:
            return [], NOT_INSTALLED
        try:
            if look or self._nvml is None:
                self._look_around(pynvml)
            told = [self._read(pynvml, place, details=details) for place in range(len(self._cards))]
            if not told:
                return [], NO_INSTANCE if pynvml.nvmlDeviceGetCount() else NO_CARDS
        except pynvml.NVMLError as error:
            return [], sentence(error)
        except Exception as error:  # noqa: BLE001 - bindings fail in ways of their own; old figures must not stay
            return [], f"The graphics cards could not be read ({type(error).__name__})."
        notes = [card.note for card in self._cards if isinstance(card, _Lost)]
        return told, notes[0] if len(notes) == len(told) else None

    def _look_around(self, nvml: ModuleType) -> None:
        """Find the cards anew; from the beginning when one of them is lost.

        Raises:
            NVMLError: the driver cannot be asked; of the bindings.
        """
        if any(isinstance(card, _Lost) for card in self._cards):
            self.close()
        if self._nvml is None:
            nvml.nvmlInit()
            self._nvml = nvml
        self._cards = [card for index in range(nvml.nvmlDeviceGetCount()) for card in self._find(nvml, index)]

    def _find(self, nvml: ModuleType, index: int) -> list[LiveCard] | list[_Lost]:
        try:
            card = Card(nvml, nvml.nvmlDeviceGetHandleByIndex(index))
            self._chips[index] = card.name()
            return live_cards(nvml, card)
        except nvml.NVMLError as error:
            return [_Lost(self._chips.get(index, NO_NAME), sentence(error))]

    def _read(self, nvml: ModuleType, place: int, *, details: bool) -> Told:
        card = self._cards[place]
        if isinstance(card, LiveCard):
            try:
                return card.read(details=details)
            except nvml.NVMLError as error:
                card = self._cards[place] = _Lost(card.name, sentence(error))
        return card._asdict()

    def _used(self, power: list[Power]) -> bool:
        """Whether somebody uses a card; not asked where no card may sleep, since it does not matter there."""
        return any(card.may_sleep for card in power) and any(
            card.used(told) for card, told in zip(self._cards, self._told, strict=True) if isinstance(card, LiveCard)
        )
