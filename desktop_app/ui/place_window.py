"""The small window that opens where nothing can be saved in the data folder: why, and what can be done instead.

`bootstrap` shows it before there are services, and makes what it asks for.
"""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.errors import UserError
from desktop_app.instance import FolderError
from desktop_app.paths import resources
from desktop_app.store.settings import Settings
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import KeyboardFocus, Theme
from desktop_app.ui.widgets.basics import Scrolled, button, card, label, set_property
from desktop_app.ui.widgets.composer_chips import Icon
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.speech import announce, listening

_TITLE = "Nothing can be saved just now"
_UNSAVED = (
    "Start without saving: what you wrote and chose earlier is there as far as it can be read; what you do now is gone "
    "when the window closes."
)
_ELSEWHERE = (
    "Choose another folder: everything is kept there this time. To have it so every time, start the program with"
)
_COMMAND = "vllm-desktop --data-dir FOLDER"
_WIDTH = 520
"""Logical pixels at the usual size of words."""
_AIR = 40
"""Logical pixels of the screen that it leaves free around itself, for frames and panels."""


def make_place_window(
    app: QApplication, problem: FolderError, settings: Settings, appearance: Appearance | None
) -> "PlaceWindow":
    """The window, not shown yet, with a theme of its own: colours and size of words as *settings* say.

    *appearance* overrides what the person chose, this time.
    """
    theme = Theme(app, resources(), appearance or settings.appearance)
    theme.set_text_scale(settings.text_scale)
    window = PlaceWindow(theme, problem)
    theme.setParent(window)
    app.installEventFilter(KeyboardFocus(window))
    return window


class PlaceWindow(QDialog):
    """Asks what to do.

    Args:
        theme: colours, fonts, sizes.
        problem: why nothing can be saved.
    """

    unsaved_asked = Signal()
    folder_chosen = Signal(Path)

    def __init__(self, theme: Theme, problem: FolderError) -> None:
        super().__init__()
        self._theme = theme
        self.setWindowTitle("vLLM Desktop")
        because = f"{problem.because[0].upper()}{problem.because[1:]}."
        said = f"The system says: {problem.said}"
        self.setAccessibleName(_TITLE)
        self.setAccessibleDescription(f"{because} {said}")
        self._news = card("notice")
        set_property(self._news, "tone", "bad")
        self._news_words = label(wrap=True)
        self._start = button("Start without saving", self._on_start_clicked, "primary")
        self._choose = button("Choose another folder…", self._on_choose_clicked)
        self._close = button("Close", self.reject)
        self._start.setDefault(True)
        self._build(because, said)
        self._news.hide()
        self._fit()
        self._start.setFocus()

    def show_error(self, error: UserError) -> None:
        """Say why what was asked for could not be done, and ask again."""
        self._set_busy(False)
        self._news_words.setText(error.sentence())
        self._news.show()
        self._fit()
        if listening():
            announce(self, error.sentence())

    def reject(self) -> None:
        """Close it, unless what was asked for is being done: then there will be another window at once."""
        if self._start.isEnabled():
            super().reject()

    def _on_start_clicked(self) -> None:
        self._set_busy(True)
        self.unsaved_asked.emit()

    def _on_choose_clicked(self) -> None:
        Bridge.choose_folder(self, "Choose a folder to keep everything in", self._on_folder_chosen)

    def _on_folder_chosen(self, folder: Path) -> None:
        self._set_busy(True)
        self.folder_chosen.emit(folder)

    def _set_busy(self, busy: bool) -> None:
        for one in (self._start, self._choose, self._close):
            one.setEnabled(not busy)
        if not busy:
            self._start.setFocus()

    def _build(self, because: str, said: str) -> None:
        space = self._theme.space
        head = QHBoxLayout()
        head.setSpacing(space.small)
        head.addWidget(Icon(self._theme, "warning", "warn"))
        head.addWidget(label(_TITLE, "title", wrap=True), 1)
        self._texts = QWidget()
        texts = QVBoxLayout(self._texts)
        texts.setContentsMargins(0, 0, 0, 0)
        texts.setSpacing(space.small)
        for part in (self._news, label(because, wrap=True), label(said, "second", wrap=True)):
            texts.addWidget(part)
        texts.addSpacing(space.small)
        for part in (label(_UNSAVED, wrap=True), label(_ELSEWHERE, wrap=True), self._command()):
            texts.addWidget(part)
        texts.addStretch()
        inside = QVBoxLayout(self._news)
        inside.setContentsMargins(space.medium, space.small, space.medium, space.small)
        inside.addWidget(self._news_words)
        self._scroll = Scrolled()
        self._scroll.setWidget(self._texts)
        self._scroll.setAccessibleName("Why, and what can be done")
        self._row = Flow()
        for one in (self._start, self._choose, self._close):
            self._row.addWidget(one)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self._scroll, 1)
        column.addLayout(self._row)

    def _command(self) -> QLabel:
        made = label(_COMMAND, wrap=True)
        made.setFont(self._theme.mono_font())
        return made

    def _fit(self) -> None:
        """Take the room that the words need, or what the screen has."""
        room = self.screen().availableSize()
        width = min(self._theme.scaled(_WIDTH), room.width() - _AIR)
        layout = self.layout()
        if layout is None:
            return
        margins = layout.contentsMargins()
        inner = width - margins.left() - margins.right()
        text_height = self._texts.heightForWidth(inner)
        others = layout.totalHeightForWidth(width) - self._scroll.sizeHint().height()
        height = min(others + text_height, room.height() - _AIR)
        # Where not all words fit, arrow keys move them.
        scrolls = height < others + text_height
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus if scrolls else Qt.FocusPolicy.NoFocus)
        self.setFixedSize(width, height)
