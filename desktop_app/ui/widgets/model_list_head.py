"""The head of the page of models: what machine this is, and the ways to models that are elsewhere."""

from collections import Counter

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop_app.domain.machine import Gpu, Machine, card_name
from desktop_app.domain.units import memory_words
from desktop_app.ui.widgets.basics import button, label, tip
from desktop_app.ui.widgets.fit_bar import unbroken

_MEMORY = "of memory"
"""In the words of tiers without a card."""
_HUB = (
    "The Hub is huggingface.co, where models are published, or a mirror of it. Here you say whether and where it is"
    " asked."
)
_FOLDER = "Models that are on this computer already are used where they lie, without a copy."


class ModelsHead(QWidget):
    """Says what machine this is."""

    folder_clicked = Signal()
    hub_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label("Models", "hero")
        self._machine = label("Looking at this computer…", "second", wrap=True)
        hub = button("Hub settings", self.hub_clicked.emit, "plain")
        hub.setToolTip(tip(_HUB))
        hub.setAccessibleDescription(_HUB)
        folder = button("Add a folder…", self.folder_clicked.emit)
        folder.setToolTip(tip(_FOLDER))
        folder.setAccessibleDescription(_FOLDER)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._grid.addWidget(self._title, 0, 0)
        self._grid.addWidget(hub, 0, 1)
        self._grid.addWidget(folder, 0, 2)
        self._grid.addWidget(self._machine, 1, 0, 1, 3)

    def show_low(self, low: bool) -> None:
        """Leave out the title where the window is so *low* that the list needs its room."""
        if low is self._title.isHidden():
            return
        self._title.setHidden(low)
        self._grid.removeWidget(self._machine)
        if low:
            self._grid.addWidget(self._machine, 0, 0)
        else:
            self._grid.addWidget(self._machine, 1, 0, 1, 3)

    def show_machine(self, machine: Machine | None, tier: str) -> None:
        """Describe *machine*; None while it was not looked at."""
        if machine is not None:
            self._machine.setText(unbroken(machine_words(machine, tier)))


def machine_words(machine: Machine, tier: str) -> str:
    """The machine in a line, e.g. `This computer: 16 GB of memory, RTX 4060 with 8 GB · a graphics card of 8–16 GB`.

    After it, in sentences, what keeps it from having more. A tier of memory would only say the memory again.
    """
    cards = Counter(_card(card) for card in machine.gpus)
    parts = [f"{_size(machine.memory_bytes)} of memory"]
    parts += [f"{count} × {card} each" if count > 1 else card for card, count in cards.items()]
    known = f" · {tier}" if tier and _MEMORY not in tier else ""
    missing = machine.gpu_note or ("" if machine.gpus else "There is no graphics card.")
    notes = [note for note in (machine.memory_note, missing) if note]
    line = f"This computer: {', '.join(parts)}{known}"
    return " ".join([f"{line}.", *notes]) if notes else line


def _card(card: Gpu) -> str:
    part = "a part of " if card.mig else ""
    return f"{part}{card_name(card.name)} with {_size(card.total_bytes)}{' of the same memory' if card.unified else ''}"


def _size(size: int) -> str:
    return memory_words(size).replace(".0 GB", " GB")
