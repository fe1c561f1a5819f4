"""How the chosen model fits: the reason, the bar with its legend, and the wish that it was reckoned with."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from desktop_app.domain.fit import Fit
from desktop_app.domain.units import memory_words
from desktop_app.services.models_view import ModelDetail
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label
from desktop_app.ui.widgets.fit_bar import MemoryBar, MemoryLegend, unbroken
from desktop_app.ui.widgets.fit_wish import WishControls
from desktop_app.ui.widgets.model_detail_frame import headed


class FitCard(QWidget):
    """Draws a `Fit`, and lets somebody wish for more or less of the model."""

    wish_changed = Signal(object)
    """The `Wish` that was made."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ""
        self._reason = label(wrap=True)
        self._reason.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._bar = MemoryBar(theme)
        self._legend = MemoryLegend(theme)
        self._place = label(role="second", wrap=True)
        self._wish = WishControls(theme)
        self._wish.wish_changed.connect(self.wish_changed)
        self._build(theme)

    @property
    def last_stop(self) -> QWidget:
        """Where the keyboard goes last."""
        return self._wish.last_stop

    def show_fit(self, detail: ModelDetail) -> None:
        """Draw how the model fits with its wish."""
        fit, row = detail.fit or detail.row.fit, detail.row
        if row.key != self._model:
            self._model = row.key
            self._reason.setMinimumHeight(0)
        self._reason.setText(unbroken(fit.reason))
        self._keep_height()
        self._bar.show_memory(fit.parts, fit.verdict.value)
        self._bar.setVisible(fit.parts is not None)
        self._legend.setVisible(fit.parts is not None)
        if fit.parts is not None:
            self._legend.show_memory(fit.parts)
        self._place.setText(unbroken(place_words(fit)))
        self._place.setVisible(bool(self._place.text()))
        known = row.spec.context > 0 and fit.parts is not None
        self._wish.setVisible(known)
        if known:
            self._wish.show_wish(row.key, detail.wish, fit, row.spec.context)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """With another width the sentence takes another height."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._reason.setMinimumHeight(0)

    def _keep_height(self) -> None:
        """A sentence that gets shorter keeps its place: the slider below must not move under the hand that drags it."""
        height = self._reason.heightForWidth(self._reason.width())
        self._reason.setMinimumHeight(max(self._reason.minimumHeight(), height if self.isVisible() else 0))

    def _build(self, theme: Theme) -> None:
        column = headed(self, theme, "How it fits")
        for part in (self._reason, self._bar, self._legend, self._place, self._wish):
            column.addWidget(part)


def place_words(fit: Fit) -> str:
    """Where the model would live, and how its figures were come by; empty when there are none."""
    if fit.parts is None:
        return ""
    each = " each" if fit.cards > 1 else ""
    where = f"{'In' if fit.place.startswith('the ') else 'On'} {fit.place}, " if fit.place else ""
    total = f"{memory_words(fit.parts.total)}{each} in all."
    how = "Measured when it was started last." if fit.measured else "An estimate; the first start measures it."
    words = f"{where}{total} {how}"
    return words[:1].upper() + words[1:]
