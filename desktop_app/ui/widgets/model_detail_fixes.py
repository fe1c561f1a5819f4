"""What would make the chosen model fit, and its smaller copies: a card each, with the verdict after it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.fit import Fit, Proposal, Verdict
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.domain.units import disk_words
from desktop_app.services.models_view import ModelDetail
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label
from desktop_app.ui.widgets.fit_badge import FitBadge
from desktop_app.ui.widgets.fit_bar import unbroken
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_detail_words import breakable, format_words

_HOPELESS = (Verdict.TOO_BIG, Verdict.UNSUITED)


class FixCard(QWidget):
    """One proposal, or one smaller copy."""

    clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label(wrap=True)
        self._title.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        self._effect = label(role="second", wrap=True)
        self._then = label("Then:", "second")
        self._after = FitBadge(theme)
        self._button = button("", self.clicked.emit)
        row = Flow(6)
        row.addWidget(self._then)
        row.addWidget(self._after)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(14, 12, 14, 12)
        inside.setSpacing(6)
        inside.addWidget(self._title)
        inside.addWidget(self._effect)
        inside.addLayout(row)
        inside.addSpacing(2)
        inside.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)

    def show_fix(self, title: str, effect: str, fit: Fit, action: str, *, then: bool) -> None:
        """Say what it is, what it brings, and a verdict: the one after it (*then*), or that of the copy itself.

        *action* is what the button says.
        """
        self._title.setText(breakable(title))
        self._effect.setText(unbroken(effect))
        self._effect.setVisible(bool(effect))
        self._then.setVisible(then)
        self._after.show_verdict(fit.verdict)
        self._button.setText(action)
        self._button.setAccessibleName(f"{action}: {title}")
        self._button.setAccessibleDescription(f"{effect} {'Then: ' if then else ''}{fit.verdict.value}.".strip())

    @property
    def stop(self) -> QWidget:
        """Where the keyboard stops."""
        return self._button


class Fixes(QWidget):
    """Draws proposals and copies; cards are kept and filled anew, so that none blinks while a slider is dragged."""

    proposal_chosen = Signal(object)
    """The `Proposal` that shall be done."""
    sibling_chosen = Signal(str)
    """The repository of a smaller copy."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._proposals: tuple[Proposal, ...] = ()
        self._siblings: tuple[tuple[ModelSpec, Fit], ...] = ()
        self._fix_title = label("Make it fit", "section")
        self._copy_title = label("Smaller copies of this model", "section")
        self._fixes: list[FixCard] = []
        self._copies: list[FixCard] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self._fix_title)
        self._column.addWidget(self._copy_title)
        self._copy_title.setContentsMargins(0, 6, 0, 0)
        self._others = label(role="second", wrap=True)
        self._column.addWidget(self._others)

    def show_fixes(self, detail: ModelDetail) -> None:
        """Draw what would help."""
        proposed = {one.sibling.lower() for one in detail.proposals if one.sibling}
        others = [one for one in detail.siblings if one[0].name.lower() not in proposed]
        siblings = tuple(one for one in others if one[1].verdict not in _HOPELESS)
        self._show_others([spec.name for spec, fit in others if fit.verdict in _HOPELESS])
        if detail.proposals != self._proposals:
            self._proposals = detail.proposals
            self._show_proposals()
        if siblings != self._siblings:
            self._siblings = siblings
            self._show_siblings()
        self._fix_title.setVisible(bool(self._proposals))
        self._copy_title.setVisible(bool(self._siblings))
        self.setVisible(bool(self._proposals or self._siblings or self._others.text()))

    def _show_proposals(self) -> None:
        self._fill(self._fixes, len(self._proposals), self._column.indexOf(self._copy_title), self._choose)
        for one, proposal in zip(self._fixes, self._proposals, strict=False):
            # Whose program it is closes it: what is left to us is to look whether that was done.
            action = "Look again" if proposal.program else "Look at it" if proposal.sibling else "Use this"
            one.show_fix(proposal.words, proposal.effect, proposal.fit, action, then=not proposal.sibling)

    def _show_others(self, names: list[str]) -> None:
        """Copies that do not run here are no offer: they are only named."""
        listed = ", ".join(name.rpartition("/")[2] for name in names)
        self._others.setText(breakable(f"Smaller copies that do not run here: {listed}." if names else ""))
        self._others.setVisible(bool(names))

    def _show_siblings(self) -> None:
        self._fill(self._copies, len(self._siblings), self._column.indexOf(self._others), self._choose_copy)
        for one, (spec, fit) in zip(self._copies, self._siblings, strict=False):
            size = f"about {disk_words(spec.weights_bytes)} to download" if spec.weights_bytes else ""
            about = ", ".join(part for part in (size, format_words(spec)) if part)
            words = f"{about[:1].upper()}{about[1:]}." if about else ""
            one.show_fix(spec.name.rpartition("/")[2], words, fit, "Look at it", then=False)

    @property
    def stops(self) -> list[QWidget]:
        """Where the keyboard stops, from above to below."""
        return [one.stop for one in (*self._fixes, *self._copies)]

    def focus_first(self) -> QWidget | None:
        """Give the keyboard to the first proposal that can be done; its card is returned."""
        for one in self._fixes:
            if not one.isHidden():
                one.stop.setFocus(Qt.FocusReason.TabFocusReason)
                return one
        return None

    def _fill(self, cards: list[FixCard], wanted: int, at: int, chosen: Callable[[int], object]) -> None:
        """As many cards as are *wanted*, new ones from *at* on; those that are too many are kept, hidden."""
        for index in range(len(cards), wanted):
            made = FixCard(self._theme)
            made.clicked.connect(partial(chosen, index))
            self._column.insertWidget(at, made)
            at += 1
            cards.append(made)
        for index, one in enumerate(cards):
            one.setVisible(index < wanted)

    def _choose(self, index: int) -> None:
        if index < len(self._proposals):
            self.proposal_chosen.emit(self._proposals[index])

    def _choose_copy(self, index: int) -> None:
        if index < len(self._siblings):
            self.sibling_chosen.emit(self._siblings[index][0].name)
