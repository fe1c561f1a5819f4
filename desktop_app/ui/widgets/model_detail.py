"""The panel of the chosen model: who it is, whether it fits and why, what would make it fit, and the one next action.

`ui/pages/models` gives it what `services/models` and `services/downloads` publish and connects its signals. Its parts
are made once and filled anew, so that a slider keeps its focus and a progress its place.
"""

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from desktop_app.domain.library import Condition, DownloadStage, DownloadStatus
from desktop_app.services.models_view import ModelDetail
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import Scrolled, label
from desktop_app.ui.widgets.download_card import DownloadCard
from desktop_app.ui.widgets.model_detail_action import Action, ActionBox
from desktop_app.ui.widgets.model_detail_facts import FactsCard, PlaceCard
from desktop_app.ui.widgets.model_detail_fit import FitCard
from desktop_app.ui.widgets.model_detail_fixes import Fixes
from desktop_app.ui.widgets.model_detail_gate import GateCard
from desktop_app.ui.widgets.model_detail_head import DetailHead

_NOTHING = "Choose a model. Here you see whether it fits this computer, and why."


class ModelDetailView(QWidget):
    """Draws a `ModelDetail` and the download of its model.

    Args:
        theme: colours and fonts.
        parent: the widget that it stands in.
    """

    wish_changed = Signal(object)
    """A `Wish`; while the slider is dragged, at every step."""
    download_clicked = Signal(str)
    """A repository; so with pause, resume and cancel."""
    pause_clicked = Signal(str)
    resume_clicked = Signal(str)
    cancel_clicked = Signal(str)
    start_clicked = Signal(object)
    """A `ModelRef`."""
    settings_clicked = Signal(str)
    """A model's key (`ModelRow.key`); so with delete, verify and repair."""
    delete_clicked = Signal(str)
    verify_clicked = Signal(str)
    stop_check_clicked = Signal()
    repair_clicked = Signal(str)
    proposal_chosen = Signal(object)
    """A `Proposal`."""
    sibling_chosen = Signal(str)
    """The repository of a smaller copy."""
    look_closer_clicked = Signal()
    link_clicked = Signal(str)
    """An address to open in the browser."""
    token_clicked = Signal()
    """The dialog for the Hub's token is wanted."""
    take_off_clicked = Signal(object)
    """The `Path` of a model in a folder that somebody added: the folder shall not be shown any more."""
    error_dismissed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._detail: ModelDetail | None = None
        self._download: DownloadStatus | None = None
        self._offline = False
        self._head = DetailHead(theme)
        self._gate = GateCard(theme)
        self._action = ActionBox(theme)
        self._card = DownloadCard(theme)
        self._fit = FitCard(theme)
        self._fixes = Fixes(theme)
        self._facts = FactsCard(theme)
        self._place = PlaceCard(theme)
        self._stops = 0
        """Places in a row that are in the keyboard's order."""
        self._scroll = Scrolled()
        self._empty = label(_NOTHING, "second", wrap=True)
        self._stack = QStackedLayout(self)
        self._build()
        self._connect()
        self.show_detail(None)

    def show_detail(self, detail: ModelDetail | None) -> None:
        """Draw *detail*; None when no model is chosen."""
        before, self._detail = self._detail, detail
        if detail is None:
            self._stack.setCurrentWidget(self._empty)
            return
        self._stack.setCurrentWidget(self._scroll)
        self.setAccessibleName(detail.row.name)
        self._head.show_detail(detail)
        self._fit.show_fit(detail)
        self._fixes.show_fixes(detail)
        self._order_stops()
        self._facts.show_detail(detail)
        self._place.show_detail(detail)
        self._show_download()
        if before is None or before.row.key != detail.row.key:
            self._scroll.verticalScrollBar().setValue(0)

    def show_download(self, status: DownloadStatus | None) -> None:
        """Draw the download of the model, if there is one. May be called several times a second."""
        if status != self._download:
            self._download = status
            self._show_download()

    def show_offline(self, offline: bool) -> None:
        """Whether the Hub may not be asked for anything."""
        if offline is not self._offline:
            self._offline = offline
            self._show_download()

    def _show_download(self) -> None:
        if self._detail is None:
            return
        status = self._present_download(self._detail)
        self._gate.show_detail(self._detail, downloading=status is not None and status.active)
        self._card.show_status(status)
        self._action.show_detail(self._detail, downloading=status is not None, offline=self._offline)

    def _present_download(self, detail: ModelDetail) -> DownloadStatus | None:
        """The download as far as it says more than the model itself: a finished one is simply there."""
        status, local = self._download, detail.row.local
        if status is None or status.repo_id.lower() != detail.row.repo_id.lower():
            return None
        ready = local is not None and local.condition is Condition.READY
        return None if ready and status.stage is DownloadStage.DONE else status

    def _on_action_chosen(self, action: Action) -> None:
        if self._detail is None:
            return
        row = self._detail.row
        if action is Action.DOWNLOAD:
            self.download_clicked.emit(row.repo_id)
        elif action is Action.CONTINUE:
            self.resume_clicked.emit(row.repo_id)
        elif action is Action.REPAIR:
            self.repair_clicked.emit(row.key)
        elif action is Action.SETTINGS:
            self.settings_clicked.emit(row.key)
        elif action is Action.ASK:
            self.look_closer_clicked.emit()
        elif action is Action.FIX:
            self._show_fixes()
        elif row.local is not None:
            self.start_clicked.emit(row.local.ref)

    def _order_stops(self) -> None:
        """Cards that were made later stand where they are seen, also for the keyboard."""
        stops = [self._fit.last_stop, *self._fixes.stops]
        if len(stops) != self._stops:
            self._stops = len(stops)
            for one, following in pairwise(stops):
                self.setTabOrder(one, following)

    def _show_fixes(self) -> None:
        first = self._fixes.focus_first()
        if first is not None:
            self._scroll.ensureWidgetVisible(first, 0, 20)

    def _connect(self) -> None:
        self._action.chosen.connect(self._on_action_chosen)
        self._action.error_dismissed.connect(self.error_dismissed)
        self._fit.wish_changed.connect(self.wish_changed)
        for name in ("pause_clicked", "resume_clicked", "cancel_clicked", "start_clicked"):
            getattr(self._card, name).connect(getattr(self, name))
        for name in ("verify_clicked", "stop_check_clicked", "delete_clicked", "take_off_clicked"):
            getattr(self._place, name).connect(getattr(self, name))
        for name in ("proposal_chosen", "sibling_chosen"):
            getattr(self._fixes, name).connect(getattr(self, name))
        for name in ("link_clicked", "token_clicked"):
            getattr(self._gate, name).connect(getattr(self, name))

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(20, 20, 20, 24)
        column.setSpacing(14)
        parts = (
            self._head, self._gate, self._action, self._card, self._fit, self._fixes, self._facts, self._place,
        )  # fmt: skip
        for part in parts:
            column.addWidget(part)
        column.addStretch()
        self._scroll.setWidget(inside)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(40, 20, 40, 20)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._scroll)
