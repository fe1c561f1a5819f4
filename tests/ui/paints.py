"""Counts how often widgets are painted and laid out."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class Events(QObject):
    """Counts the events of one type of a widget."""

    def __init__(self, widget: QWidget, kind: QEvent.Type = QEvent.Type.Paint) -> None:
        super().__init__(widget)
        self.count = 0
        self._kind = kind
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() is self._kind
        return False
