"""Which verdicts are shown: a chip with its count for each that there is, and always the number that they hide."""

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from desktop_app.domain.fit import Verdict
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_list_marks import SHAPE, verdict_icon


class VerdictChips(QWidget):
    """Switches verdicts on and off."""

    changed = Signal()
    """Other verdicts are chosen."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._chips = {verdict: self._chip(verdict) for verdict in Verdict}
        self._hidden = label(role="small")
        self._all = button("Show all", self.show_all, "inline")
        # Its place stays, so that nothing moves when it comes and goes.
        kept = self._all.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self._all.setSizePolicy(kept)
        # The number and the way to undo it stay in one line.
        rest = QWidget()
        line = QHBoxLayout(rest)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(self._hidden)
        line.addWidget(self._all)
        row = Flow(6, self)
        for one in (*self._chips.values(), rest):
            row.addWidget(one)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("What is shown")
        theme.changed.connect(self._draw)
        self._draw()

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """Those that are shown."""
        return frozenset(verdict for verdict, chip in self._chips.items() if chip.isChecked())

    def choose(self, verdicts: frozenset[Verdict]) -> None:
        """Show these from now on, without telling anybody."""
        for verdict, chip in self._chips.items():
            with QSignalBlocker(chip):
                chip.setChecked(verdict in verdicts)

    def show_all(self) -> None:
        """Switch every verdict on."""
        self.choose(frozenset(Verdict))
        self.changed.emit()

    def show_counts(self, counts: Mapping[Verdict, int], hidden: int) -> None:
        """Say how many models there are of each, and how many are not shown; what no model has needs no chip."""
        for verdict, chip in self._chips.items():
            count = counts.get(verdict, 0)
            chip.setVisible(count > 0 or verdict is Verdict.RUNS_WELL)
            chip.setText(f"{verdict.value}  {count:,}")
            chip.setAccessibleName(f"{verdict.value}, {count:,} model{'' if count == 1 else 's'}")
        self._hidden.setText(f"{hidden:,} hidden by the filter" if hidden else "Nothing is hidden")
        self._all.setVisible(hidden > 0)

    def _chip(self, verdict: Verdict) -> QPushButton:
        made = button(verdict.value, lambda: None, "chip")
        made.setCheckable(True)
        # Not `clicked`: a screen reader toggles what can be checked, and no click comes of that.
        made.toggled.connect(self.changed)
        return made

    def _draw(self) -> None:
        for verdict, chip in self._chips.items():
            chip.setIconSize(self._theme.icon_size(SHAPE))
            chip.setIcon(verdict_icon(verdict, self._theme))
