"""What will be downloaded before anything starts; then steps, progress, Cancel; then the result or the failure."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.installation import InstallPlan, InstallProgress, InstallStep
from desktop_app.domain.units import disk_words
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, button, card, label
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.step_list import StepList

_STEPS = tuple(InstallStep)
_INSTALLS = (Remedy.RETRY, Remedy.INSTALL)
"""Remedies whose button stands in for the card's own."""
_SHORT = (InstallStep.VERIFY, InstallStep.TRY)
"""A work that begins with one of these installs nothing: an engine is proved, tried or removed."""


class InstallCard(QWidget):
    """Draws an installation: its plan, its progress, its failure."""

    install_clicked = Signal()
    cancel_clicked = Signal()
    adopt_clicked = Signal()
    dismissed = Signal()

    def __init__(self, theme: Theme, action: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = QWidget()
        self._short: bool | None = None
        """Whether what goes on has no phases; None while nothing goes on."""
        self._what = label(wrap=True)
        self._download = label(wrap=True)
        self._sources = label(wrap=True)
        self._disk = label(wrap=True)
        self._free = label(wrap=True)
        self._where = ElidedLabel()
        self._note = label(role="second", wrap=True)
        self._steps = StepList(theme, [step.value for step in _STEPS])
        self._bar = QProgressBar()
        self._left = label(role="second", wrap=True)
        self._notice = Notice(theme, dismissable=True)
        self._install = button(action, self.install_clicked.emit, "primary")
        self._adopt = button("Use a vLLM that is already here…", self.adopt_clicked.emit, "link")
        self._cancel = button("Cancel", self.cancel_clicked.emit)
        self._notice.remedy_chosen.connect(self._on_remedy_chosen)
        self._notice.dismissed.connect(self.dismissed)
        self._build()

    def focus_action(self) -> None:
        """Put the keyboard on the button that begins, or that cancels."""
        one = self._cancel if self._install.isHidden() else self._install
        one.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_setup(self, plan: InstallPlan | None, progress: InstallProgress | None, error: UserError | None) -> None:
        """Draw what is known: the plan before, the progress during, the failure after."""
        busy = progress is not None
        again = error is not None and error.remedy in _INSTALLS
        self._plan.setVisible(not busy and plan is not None)
        if progress is None:
            self._short = None
        elif self._short is None:
            self._short = progress.step in _SHORT
        self._steps.setVisible(self._short is False)
        self._bar.setVisible(busy)
        self._left.setVisible(busy)
        self._cancel.setVisible(busy)
        self._install.setVisible(not busy and not again)
        self._adopt.setVisible(not busy)
        self._notice.show_error(error, without=(Remedy.ENGINES,))
        if plan is not None:
            self._show_plan(plan)
        if progress is not None:
            self._show_progress(progress)

    def _show_plan(self, plan: InstallPlan) -> None:
        version = f" {plan.version}" if plan.version else ""
        self._what.setText(f"vLLM{version}, built for the {plan.kind.value} of this computer")
        download = (
            "nothing: the packages are here" if plan.offline else f"about {disk_words(plan.download_bytes)}, once"
        )
        self._download.setText(download)
        self._sources.setText(plan.sources)
        self._disk.setText(f"about {disk_words(plan.kept_bytes)}, for a while up to {disk_words(plan.disk_bytes)}")
        self._free.setText(f"{disk_words(plan.free_bytes)}{'' if plan.fits else ': not enough'}")
        self._where.setText(str(plan.folder))
        self._note.setText(plan.note)
        self._note.setVisible(bool(plan.note))

    def _show_progress(self, progress: InstallProgress) -> None:
        self._steps.show_step(_STEPS.index(progress.step), progress.text)
        self._left.setText(_short_words(progress) if self._short else _left_words(progress))
        if progress.fraction is None:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, 1000)
            self._bar.setValue(int(progress.fraction * 1000))
        self._bar.setAccessibleDescription(f"{progress.step.value}. {progress.text}")

    def _on_remedy_chosen(self, remedy: Remedy) -> None:
        if remedy in _INSTALLS:
            self.install_clicked.emit()

    def _build(self) -> None:
        # Not a form: that keeps the heights of the lines that it had while it was hidden, and cuts the longer ones.
        grid = QGridLayout(self._plan)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        lines = (
            ("Engine", self._what),
            ("Download", self._download),
            ("From", self._sources),
            ("On the disk", self._disk),
            ("Free now", self._free),
            ("Folder", self._where),
        )
        for row, (name, value) in enumerate(lines):
            grid.addWidget(label(name, "second"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        grid.addWidget(self._note, len(lines), 0, 1, 2)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the installation")
        buttons = Flow(12)
        for one in (self._install, self._cancel, self._adopt):
            buttons.addWidget(one)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(24, 20, 24, 20)
        inside.setSpacing(16)
        for part in (self._plan, self._steps, self._bar, self._left, self._notice):
            inside.addWidget(part)
        inside.addLayout(buttons)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)


def _left_words(progress: InstallProgress) -> str:
    """How long it still takes, and that it goes on elsewhere."""
    left = progress.left
    if left is None:
        time = f"{progress.seconds:.0f} s so far"
    elif left < 90:
        time = f"About {max(1, left):.0f} s left"
    else:
        time = f"About {left / 60:.0f} minutes left"
    return f"{time}. You can use the rest of the program meanwhile; what was downloaded is kept."


def _short_words(progress: InstallProgress) -> str:
    """What is going on, where there are no phases."""
    return f"{progress.text}…" if progress.text else f"{progress.step.value}…"
