"""The one next action for the chosen model, and why it cannot be had when it cannot."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy
from desktop_app.domain.fit import Verdict
from desktop_app.domain.library import Condition, LocalModel
from desktop_app.services.models_view import ModelDetail, ModelRow
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, plain, set_property
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_list_words import size
from desktop_app.ui.widgets.notice import Notice

_MOST = 3
"""Offers at the same time."""
_HOPELESS = (Verdict.TOO_BIG, Verdict.UNSUITED)
_SLOW = (Verdict.PROCESSOR, Verdict.SLOW)


class Action(Enum):
    """What a button does."""

    DOWNLOAD = auto()
    CONTINUE = auto()
    REPAIR = auto()
    START = auto()
    SETTINGS = auto()
    ASK = auto()
    FIX = auto()


_NEED_THE_HUB = (Action.DOWNLOAD, Action.CONTINUE, Action.REPAIR, Action.ASK)
OFFLINE = "Offline mode is on, so nothing can be downloaded. Hub settings, above, switch it off."


@dataclass(frozen=True)
class Offer:
    """A button: what it does, its text, and whether it is the one next action."""

    action: Action
    words: str
    main: bool = False


def offers(detail: ModelDetail) -> list[Offer]:
    """What can be done with the model, the next action first."""
    fit, local = detail.fit or detail.row.fit, detail.row.local
    verdict = fit.verdict
    if local is None and detail.looking:
        return []
    found = _away(detail.row, verdict) if local is None else _here(local, verdict)
    whole = local is None or local.condition is Condition.READY
    # What would run on the processor only, and has no room there now, is not worth gigabytes either.
    hopeless = verdict in _HOPELESS or (verdict in _SLOW and fit.parts is not None and fit.parts.missing > 0)
    if whole and hopeless and detail.proposals:
        return [Offer(Action.FIX, "Make it fit", main=True), *(replace(offer, main=False) for offer in found)]
    return found


def _away(row: ModelRow, verdict: Verdict) -> list[Offer]:
    asked = row.found is not None and bool(row.found.files)
    ask = Offer(Action.ASK, "Ask the Hub about it", main=not row.size_bytes)
    if not row.size_bytes:
        return [ask, Offer(Action.DOWNLOAD, "Download")]
    hopeless = verdict in _HOPELESS
    words = f"Download {size(row)} anyway" if hopeless else f"Download {size(row)}"
    download = Offer(Action.DOWNLOAD, words, main=not hopeless)
    return [download] if asked or row.spec.geometry is not None else [download, ask]


def _here(local: LocalModel, verdict: Verdict) -> list[Offer]:
    if local.condition is Condition.UNFINISHED:
        return [Offer(Action.CONTINUE, "Continue the download", main=True)]
    if local.condition is Condition.DAMAGED:
        return [Offer(Action.REPAIR, "Repair", main=True)] if local.repo_id else []
    settings = Offer(Action.SETTINGS, "Open settings", main=verdict is Verdict.TOO_BIG)
    if verdict in _HOPELESS:
        return [settings, Offer(Action.START, "Start anyway")]
    return [Offer(Action.START, "Start", main=True), settings]


class ActionBox(QWidget):
    """Draws the offers, what failed last, and what is wrong with the model."""

    chosen = Signal(Action)
    error_dismissed = Signal()
    """The person has read what failed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offers: list[Offer] = []
        self._offline = False
        self._failure = Notice(theme, dismissable=True)
        self._problem = Notice(theme)
        self._failure.dismissed.connect(self.error_dismissed)
        self._words = label(role="second", wrap=True)
        self._row = Flow()
        self._buttons = [self._new_button(index) for index in range(_MOST)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._failure)
        column.addWidget(self._problem)
        column.addWidget(self._words)
        column.addLayout(self._row)
        for one in self._buttons:
            one.hide()
            self._row.addWidget(one)

    def show_detail(self, detail: ModelDetail, downloading: bool, offline: bool = False) -> None:
        """Draw what can be done; while it is *downloading*, the download's own card says that.

        What needs the network is shown, but cannot be pressed, in *offline* mode.
        """
        local = detail.row.local
        problem = local.problem if local is not None and local.condition is Condition.DAMAGED else None
        # What would mend it stands right below.
        self._failure.show_error(None if downloading else detail.error, without=tuple(Remedy))
        self._problem.show_error(None if downloading else problem, without=tuple(Remedy))
        found = [] if downloading else offers(detail)
        kept = offline and any(offer.action in _NEED_THE_HUB for offer in found)
        self._words.setText("Asking the Hub about it…" if detail.looking else OFFLINE if kept else "")
        self._words.setVisible(bool(self._words.text()))
        if (found, offline) != (self._offers, self._offline):
            self._offers, self._offline = found, offline
            self._show_buttons()
        parts = (self._failure, self._problem, self._words)
        self.setVisible(bool(found) or not all(one.isHidden() for one in parts))

    def _show_buttons(self) -> None:
        for one, offer in _pairs(self._buttons, self._offers):
            one.setVisible(offer is not None)
            if offer is not None:
                one.setText(plain(offer.words))
                one.setAccessibleName(offer.words)
                set_property(one, "role", "primary" if offer.main else "")
                one.setEnabled(not (self._offline and offer.action in _NEED_THE_HUB))

    def _new_button(self, index: int) -> QPushButton:
        return button("", lambda: self.chosen.emit(self._offers[index].action))


def _pairs(buttons: list[QPushButton], found: list[Offer]) -> Iterable[tuple[QPushButton, Offer | None]]:
    for index, one in enumerate(buttons):
        yield one, found[index] if index < len(found) else None
