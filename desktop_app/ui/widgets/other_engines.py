"""vLLM processes on this computer that this program did not start: shown, never touched."""

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from desktop_app.domain.units import memory_words
from desktop_app.ui.widgets.basics import ElidedLabel, card, label

_STORY = "They take memory and are not ours: this program never touches them. Whoever started them can end them."

OtherEngine = tuple[int, str, int]
"""Process id, what it calls itself, and the memory that it takes in bytes."""


class OtherEngines(QWidget):
    """Lists them; nothing while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[OtherEngine, ...] = ()
        self._rows = QWidget()
        self._grid = QGridLayout(self._rows)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        frame = card("notice")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(20, 14, 20, 14)
        inside.setSpacing(8)
        inside.addWidget(label("Other vLLM processes on this computer"))
        inside.addWidget(label(_STORY, "second", wrap=True))
        inside.addWidget(self._rows)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)
        self.hide()

    def show_others(self, others: Sequence[OtherEngine]) -> None:
        """Draw *others*."""
        if tuple(others) == self._shown:
            return
        self._shown = tuple(others)
        self.setVisible(bool(others))
        while item := self._grid.takeAt(0):
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for row, (pid, name, size) in enumerate(others):
            self._grid.addWidget(label(f"process {pid}", "second"), row, 0)
            self._grid.addWidget(ElidedLabel(name), row, 1)
            self._grid.addWidget(label(memory_words(size) if size else ""), row, 2)
