"""The downloads above the list of models: one line each, with its progress and the one thing to do next."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.domain.library import DownloadStage, DownloadStatus
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, Scrolled, button, card, plain
from desktop_app.ui.widgets.download_card import figures

_BAR = 120
_NAME = 200
"""Pixels that names may take so that what follows them stands in columns."""
_MOST = 3
"""Lines that are seen at once; the others are scrolled to."""


class DownloadRow(QWidget):
    """One download. The rest of what can be done with it stands where its model is looked at."""

    opened = Signal(str)
    """This and the next three carry the repository."""
    pause_clicked = Signal(str)
    resume_clicked = Signal(str)
    hidden = Signal(str)
    """It is done, and was seen."""
    start_clicked = Signal(object)
    """The `ModelRef` that was downloaded."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status = DownloadStatus("", DownloadStage.WAITING)
        self._name = button("", lambda: self.opened.emit(self._status.repo_id), "inline")
        self._bar = QProgressBar()
        self._words = ElidedLabel(role="small")
        self._act = button("", self._on_act_clicked)
        self._hide = IconButton(theme, "close", "Hide", lambda: self.hidden.emit(self._status.repo_id))
        self._words.setFont(theme.figures_font(9))
        self._build()

    def show_status(self, status: DownloadStatus) -> None:
        """Draw *status*."""
        if status == self._status:
            return
        self._status = status
        done, failed = status.stage is DownloadStage.DONE, status.stage is DownloadStage.FAILED
        self._name.setText(plain(status.repo_id.rpartition("/")[2]))
        self._name.setAccessibleName(f"Look at {status.repo_id}")
        known = status.total_bytes > 0
        self._bar.setRange(0, 0 if status.active and not known else 1000)
        self._bar.setValue(int(1000 * min(1.0, status.done_bytes / status.total_bytes)) if known else 0)
        # Why it stopped needs the room.
        self._bar.setVisible(not done and not failed)
        words = progress_words(status)
        self._words.setText(words)
        self._bar.setAccessibleDescription(words)
        act = "Pause" if status.active else "Start" if done else "Continue"
        self._act.setText(act)
        self._act.setAccessibleName(f"{act} {status.repo_id}")
        self._act.setVisible(not done or status.model is not None)
        self._hide.setVisible(done)

    @property
    def name_width(self) -> int:
        """Pixels that its name wants."""
        return self._name.sizeHint().width()

    def keep_for_name(self, width: int) -> None:
        """Let everything after the name begin where it does in the other rows."""
        self._name.setMinimumWidth(width)

    def _on_act_clicked(self) -> None:
        status = self._status
        if status.active:
            self.pause_clicked.emit(status.repo_id)
        elif status.stage is not DownloadStage.DONE:
            self.resume_clicked.emit(status.repo_id)
        elif status.model is not None:
            self.start_clicked.emit(status.model)

    def _build(self) -> None:
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(_BAR)
        self._bar.setAccessibleName("Progress of the download")
        self._name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._act.setProperty("role", "compact")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 8, 3)
        row.setSpacing(10)
        row.addWidget(self._name)
        row.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._words, 1)
        row.addWidget(self._act)
        row.addWidget(self._hide)


class DownloadRows(QWidget):
    """All downloads, the newest first."""

    opened = Signal(str)
    """Signals as of one row."""
    pause_clicked = Signal(str)
    resume_clicked = Signal(str)
    hidden = Signal(str)
    start_clicked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: dict[str, DownloadRow] = {}
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(0)
        self._scroll = Scrolled()
        self._scroll.setWidget(self._inside)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._frame = card()
        inside = QVBoxLayout(self._frame)
        # Inside the frame's round corners.
        inside.setContentsMargins(3, 2, 3, 2)
        inside.addWidget(self._scroll)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)
        self.setAccessibleName("Downloads")
        self.hide()

    def show_downloads(self, downloads: Sequence[DownloadStatus]) -> None:
        """Draw these; may be called several times a second."""
        names = [status.repo_id for status in downloads]
        if names != list(self._rows):
            self._arrange(names)
        for status in downloads:
            self._rows[status.repo_id].show_status(status)
        widest = max((row.name_width for row in self._rows.values()), default=0)
        for row in self._rows.values():
            row.keep_for_name(min(widest, _NAME))
        tall = max((row.sizeHint().height() for row in self._rows.values()), default=0)
        self._scroll.setFixedHeight(min(len(names), _MOST) * tall + 8)

    def _arrange(self, names: list[str]) -> None:
        """A row for each of these: those that are gone go."""
        for name in set(self._rows) - set(names):
            self._rows.pop(name).deleteLater()
        self._rows = {name: self._rows.get(name) or self._row() for name in names}
        for row in self._rows.values():
            self._column.insertWidget(0, row)
        self.setVisible(bool(names))

    def _row(self) -> DownloadRow:
        made = DownloadRow(self._theme)
        made.opened.connect(self.opened)
        made.pause_clicked.connect(self.pause_clicked)
        made.resume_clicked.connect(self.resume_clicked)
        made.hidden.connect(self.hidden)
        made.start_clicked.connect(self.start_clicked)
        return made


def progress_words(status: DownloadStatus) -> str:
    """Where it stands: the figures while it runs, what keeps it otherwise."""
    amount = figures(status)
    if status.error is not None and status.stage is DownloadStage.FAILED:
        return f"{status.stage.value}: {status.error.title}"
    if status.stage is DownloadStage.RUNNING:
        return status.note or amount or status.stage.value
    if status.stage is DownloadStage.DONE:
        return f"{status.stage.value}: {amount}" if amount else status.stage.value
    return " · ".join(part for part in (status.stage.value, status.note or amount) if part)
