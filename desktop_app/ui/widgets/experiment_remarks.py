"""What somebody should know who reads the figures of an experiment: why they may not be compared, what has changed.

`ExperimentBoard` owns one. Slim: the first sentence, and the others when they are asked for.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.services.compare_view import CompareState
from desktop_app.ui.widgets.basics import button, label, plain


class Remarks(QWidget):
    """Draws the sentences of a `CompareState`; hides itself when there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Remarks")
        self._sentences: tuple[str, ...] = ()
        self._all = False
        self._words = label(role="second", wrap=True)
        self._more = button("", self._toggle, "link")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 16, 4)
        row.addWidget(self._words, 1)
        row.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_state(self, state: CompareState) -> None:
        """Say what is to be said of *state*."""
        sentences = remarks(state)
        if sentences != self._sentences:
            self._sentences = sentences
            self._draw()

    def _toggle(self) -> None:
        self._all = not self._all
        self._draw()

    def _draw(self) -> None:
        more = len(self._sentences) - 1
        self._words.setText("\n".join(self._sentences if self._all else self._sentences[:1]))
        text = "Less" if self._all else f"{more} more"
        self._more.setText(plain(text))
        self._more.setAccessibleName("Fewer remarks" if self._all else f"{more} more remarks")
        self._more.setVisible(more > 0)
        self.setVisible(bool(self._sentences))


def remarks(state: CompareState) -> tuple[str, ...]:
    """The sentences, what weighs most first."""
    running = (f"“{state.elsewhere}” is running; this one can be run when that has ended.",) if state.elsewhere else ()
    return (*running, *state.objections, *state.differences)
