"""Takes pictures of a window in both colours, for `tests/shots.py` and its parts."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize

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

    async def take(self, name: str) -> None:
        """The window as it is, in both colours."""
        for appearance in (Appearance.LIGHT, Appearance.DARK):
            self._choose(appearance)
            await settle()
            self._window.grab().save(str(self._folder / f"{name}-{appearance.name.lower()}.png"))


async def settle() -> None:
    """Let layouts and paint events happen."""
    for _ in range(8):
        await asyncio.sleep(0.02)
