"""One download: how far it is, how fast, what it waits for, and what can be done about it."""

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy
from desktop_app.domain.library import DownloadStage, DownloadStatus
from desktop_app.domain.units import disk_words, span_words
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, button, card, label, plain, set_property, tip
from desktop_app.ui.widgets.fit_bar import unbroken
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.speech import announce, listening

_QUIET = 5.0
"""Seconds between two things that a screen reader is told of the same stage."""
_KEPT = "The files stay as they are; the model can be repaired later."
_TONES = {DownloadStage.DONE: "good", DownloadStage.FAILED: "bad", DownloadStage.PAUSED: "warn"}


class DownloadCard(QWidget):
    """Draws one `DownloadStatus`, or nothing. Signals carry its repository.

    Args:
        theme: colours and fonts.
        clock: seconds that only grow.
        parent: the widget that it stands in.
    """

    pause_clicked = Signal(str)
    resume_clicked = Signal(str)
    """Also: try again."""
    cancel_clicked = Signal(str)
    """End it and delete what came; the person was asked when that is something. Also: take a finished one away."""
    start_clicked = Signal(object)
    """The `ModelRef` that was downloaded."""

    def __init__(
        self, theme: Theme, clock: Callable[[], float] = time.monotonic, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._status: DownloadStatus | None = None
        self._told = (DownloadStage.WAITING, 0.0)
        self._name = ElidedLabel()
        self._name.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        self._badge = label("", "badge")
        self._bar = QProgressBar()
        self._figures = label(wrap=True)
        self._figures.setFont(theme.figures_font(9.5))
        self._files = ElidedLabel(role="second")
        self._note = label(role="second", wrap=True)
        self._notice = Notice(theme)
        self._start = button("Start", self._on_start_clicked, "primary")
        self._pause = button("Pause", self._on_pause_clicked)
        self._resume = button("Continue", self._on_resume_clicked, "primary")
        self._cancel = button("Cancel", self._on_cancel_clicked)
        self._question = label(wrap=True)
        self._keep = button("Keep it", self._on_keep_clicked)
        self._throw = button("Delete it", self._on_throw_clicked, "danger")
        self._asking = False
        self._notice.remedy_chosen.connect(self._on_remedy_chosen)
        self._build()
        self.show_status(None)

    def show_status(self, status: DownloadStatus | None) -> None:
        """Draw *status*; None hides the card. May be called several times a second."""
        before, self._status = self._status, status
        self.setVisible(status is not None)
        if status is None or status == before:
            return
        if before is None or before.repo_id != status.repo_id or status.stage is DownloadStage.DONE:
            self._asking = False
        self._name.setText(status.repo_id.rpartition("/")[2])
        self._name.setToolTip(tip(status.repo_id))
        self._badge.setText(status.stage.value)
        set_property(self._badge, "tone", _TONES.get(status.stage, ""))
        self._show_bar(status)
        self._show_words(status)
        self._notice.show_error(status.error if status.stage is DownloadStage.FAILED else None)
        self._show_buttons()
        self._tell(status)

    def _show_bar(self, status: DownloadStatus) -> None:
        known = status.total_bytes > 0
        moving = status.active and not known
        self._bar.setVisible(status.stage is not DownloadStage.DONE and (known or moving))
        self._bar.setRange(0, 0 if moving else 1000)
        if known:
            self._bar.setValue(int(1000 * min(1.0, status.done_bytes / status.total_bytes)))

    def _show_words(self, status: DownloadStatus) -> None:
        self._figures.setText(unbroken(figures(status)))
        self._figures.setVisible(bool(self._figures.text()))
        self._files.setText(_files_words(status))
        self._files.setVisible(bool(self._files.text()))
        self._note.setText(unbroken(status.note))
        self._note.setVisible(bool(status.note))

    def _show_buttons(self) -> None:
        status, asking = self._status, self._asking
        if status is None:
            return
        done, failed = status.stage is DownloadStage.DONE, status.stage is DownloadStage.FAILED
        again = failed and status.error is not None and status.error.remedy is Remedy.RETRY
        rest = not status.active and not done
        self._start.setVisible(done and status.model is not None)
        self._pause.setVisible(not asking and status.active)
        self._resume.setVisible(not asking and rest and not again)
        _name(self._cancel, "Hide" if done else "Cancel")
        self._cancel.setToolTip(tip(_KEPT) if status.keeps and not done else "")
        self._cancel.setVisible(not asking)
        self._question.setText(unbroken(f"{_amount(status.done_bytes, status.total_bytes)} came so far. Delete them?"))
        for one in (self._question, self._keep, self._throw):
            one.setVisible(asking)

    def _tell(self, status: DownloadStatus) -> None:
        """Say how it stands to a screen reader: a new stage at once, figures now and then."""
        stage, at = self._told
        moved = stage is not status.stage
        if not moved and self._clock() - at < _QUIET:
            return
        self._told = (status.stage, self._clock())
        words = " ".join(f"{part}." for part in (status.stage.value, figures(status), status.note.rstrip(".")) if part)
        self._bar.setAccessibleDescription(words)
        self.setAccessibleDescription(words)
        if moved and self.isVisible() and listening():
            announce(self, f"{status.repo_id}: {status.stage.value}")

    def _on_cancel_clicked(self) -> None:
        if self._status is None:
            return
        if self._status.done_bytes and self._status.stage is not DownloadStage.DONE and not self._status.keeps:
            self._ask(True)
            self._keep.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.cancel_clicked.emit(self._status.repo_id)

    def _on_throw_clicked(self) -> None:
        self._ask(False)
        if self._status is not None:
            self.cancel_clicked.emit(self._status.repo_id)

    def _on_keep_clicked(self) -> None:
        self._ask(False)
        self._cancel.setFocus(Qt.FocusReason.TabFocusReason)

    def _ask(self, asking: bool) -> None:
        self._asking = asking
        self._show_buttons()

    def _on_pause_clicked(self) -> None:
        if self._status is not None:
            self.pause_clicked.emit(self._status.repo_id)

    def _on_resume_clicked(self) -> None:
        if self._status is not None:
            self.resume_clicked.emit(self._status.repo_id)

    def _on_remedy_chosen(self, remedy: Remedy) -> None:
        if remedy is Remedy.RETRY:
            self._on_resume_clicked()

    def _on_start_clicked(self) -> None:
        if self._status is not None and self._status.model is not None:
            self.start_clicked.emit(self._status.model)

    def _build(self) -> None:
        self.setAccessibleName("Download")
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the download")
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._name, 1)
        head.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        row = Flow()
        for one in (self._start, self._resume, self._pause, self._cancel, self._keep, self._throw):
            row.addWidget(one)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(16, 14, 16, 14)
        inside.setSpacing(8)
        inside.addLayout(head)
        for part in (self._bar, self._figures, self._files, self._note, self._notice, self._question):
            inside.addWidget(part)
        inside.addSpacing(2)
        inside.addLayout(row)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)


def figures(status: DownloadStatus) -> str:
    """How far it is, e.g. `1.2 of 3.1 GB · 24 MB/s · 1 min 20 s left`."""
    if not status.total_bytes:
        return ""
    total = _amount(status.total_bytes, status.total_bytes)
    if status.stage is DownloadStage.DONE:
        return f"{total}, every file checked"
    amount, _, unit = _amount(status.done_bytes, status.total_bytes).partition(" ")
    parts = [f"{amount} of {total}" if total.endswith(f" {unit}") else f"{amount} {unit} of {total}"]
    if status.stage is DownloadStage.RUNNING and status.bytes_per_second > 0:
        parts.append(_speed(status.bytes_per_second))
        if status.seconds_left:
            parts.append(f"{span_words(status.seconds_left)} left")
    return " · ".join(parts)


def _amount(size: int, whole: int) -> str:
    """*size* in the unit that suits the *whole*."""
    return disk_words(size) if whole >= 1e9 else f"{size / 1e6:.0f} MB"


def _speed(rate: float) -> str:
    if rate >= 10e6:
        return f"{rate / 1e6:.0f} MB/s"
    return f"{rate / 1e6:.1f} MB/s" if rate >= 0.1e6 else f"{rate / 1e3:.0f} kB/s"


def _files_words(status: DownloadStatus) -> str:
    if not status.files_total or status.stage is DownloadStage.DONE:
        return ""
    words = f"{status.files_done} of {status.files_total} files"
    return f"{words} · {status.file}" if status.file and status.active else words


def _name(one: QPushButton, text: str) -> None:
    one.setText(plain(text))
    one.setAccessibleName(text)
