"""Takes pictures of a window in both colours, for `tests/shots.py` and its parts."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from desktop_app.domain.appearance import Appearance
from desktop_app.ui.main_window import MainWindow

SIZE = QSize(1280, 800)
SMALL = QSize(900, 600)


class Album:
    """Takes the pictures of one window."""

    def __init__(self, window: MainWindow, theme_of: Callable[[Appearance], None], folder: Path) -> None:
        self._window = window
        self._choose = theme_of
        self._folder = folder

    async def take(self, name: str, dialog: QWidget | None = None) -> None:
        """The window as it is, in both colours, with its *dialog* in front."""
        for appearance in (Appearance.LIGHT, Appearance.DARK):
            self._choose(appearance)
            await settle()
            picture = self._window.grab()
            if dialog is not None:
                _put_in_front(picture, dialog.grab())
            picture.save(str(self._folder / f"{name}-{appearance.name.lower()}.png"))

    def keep(self, name: str, picture: QImage) -> None:
        """Something that was drawn elsewhere."""
        picture.save(str(self._folder / f"{name}.png"))


async def settle() -> None:
    """Let layouts and paint events happen."""
    for _ in range(8):
        await asyncio.sleep(0.02)


def _put_in_front(picture: QPixmap, dialog: QPixmap) -> None:
    """Draw *dialog* where a window system would put it, with the window behind it darker."""
    place = QPoint((picture.width() - dialog.width()) // 2, (picture.height() - dialog.height()) // 3)
    with QPainter(picture) as painter:
        painter.fillRect(picture.rect(), QColor(0, 0, 0, 90))
        painter.drawPixmap(place, dialog)
        painter.setPen(QColor(128, 128, 128))
        painter.drawRect(QRect(place, dialog.size()).adjusted(-1, -1, 0, 0))
