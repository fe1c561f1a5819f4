"""Where the parts of a model's settings stand: memory beside the settings, or above them in a narrow window."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import Scrolled
from desktop_app.ui.widgets.setting_memory import MemoryCard

_WIDE = 960
"""Pixels from which the memory stands beside the settings; below, it is a strip above them."""
_SIDE = 300
"""Both at the usual size of words."""


class SettingFrame(QWidget):
    """The top and the memory stay where they are while the middle scrolls.

    Args:
        theme: how large words are.
        top: what is always seen.
        memory: always seen too; beside the middle where there is room.
        notes: beside the middle below the memory, or the first of the middle.
        middle: what scrolls.
        parent: the widget that it stands in.
    """

    near_end = Signal()
    """Somebody has scrolled close to the end."""

    def __init__(
        self,
        theme: Theme,
        top: Sequence[QWidget],
        memory: MemoryCard,
        notes: QWidget,
        middle: Sequence[QWidget],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._memory = memory
        self._notes = notes
        self._wide: bool | None = None
        self._top = _column(32, 20, 24, 10)
        self._column = _column(32, 4, 12, 24)
        self._side_column = _column(12, 4, 24, 24)
        self._scroll = _scrolled(self._column)
        self._side = _scrolled(self._side_column)
        for part in top:
            self._top.addWidget(part)
        for part in middle:
            side = Qt.AlignmentFlag.AlignLeft if isinstance(part, QPushButton) else Qt.AlignmentFlag(0)
            self._column.addWidget(part, 0, side)
        self._column.addStretch()
        self._side_column.addStretch()
        self._scroll.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._scroll, 1)
        row.addWidget(self._side)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(0)
        outside.addLayout(self._top)
        outside.addLayout(row, 1)
        theme.changed.connect(self._fit)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Memory and notes beside the settings where there is room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._side.setFixedWidth(self._theme.scaled(_SIDE))
        self._arrange(self.width() >= self._theme.scaled(_WIDE))

    def _arrange(self, wide: bool) -> None:
        if wide is self._wide:
            return
        self._wide = wide
        self._memory.set_compact(wide is False)
        if wide:
            self._side_column.insertWidget(0, self._memory)
            self._side_column.insertWidget(1, self._notes)
        else:
            self._top.addWidget(self._memory)
            self._column.insertWidget(0, self._notes)
        self._side.setVisible(wide)

    def _on_scrolled(self, value: int) -> None:
        bar = self._scroll.verticalScrollBar()
        if value and value >= bar.maximum() - self._scroll.height() // 2:
            self.near_end.emit()


def _column(left: int, top: int, right: int, bottom: int) -> QVBoxLayout:
    made = QVBoxLayout()
    made.setContentsMargins(left, top, right, bottom)
    made.setSpacing(12)
    return made


def _scrolled(column: QVBoxLayout) -> Scrolled:
    inside = QWidget()
    inside.setLayout(column)
    made = Scrolled()
    made.setWidget(inside)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return made
