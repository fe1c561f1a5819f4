"""How a conversation with several columns is run: seed, pace, order, memory. A prompt set has this beside its prompts.

`ExperimentViews` owns one.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.experiment import Options
from desktop_app.services.compare_view import CompareState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chat_settings_parts import words
from desktop_app.ui.widgets.prompt_editor_parts import FORM_WIDTH, editor_sheet, form_page
from desktop_app.ui.widgets.run_options import RunOptions

_BUSY = "The comparison runs. Options can be changed when it is done, or stopped."


class ExperimentOptions(QWidget):
    """Draws the options of a `CompareState` and says what a person chose."""

    changed = Signal(Options)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Options")
        self._theme = theme
        self._busy = words(_BUSY, "second")
        self._options = RunOptions(theme, conversation=True)
        self._options.changed.connect(self.changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 16, 12)
        column.setSpacing(12)
        column.addWidget(self._busy)
        column.addWidget(form_page(self._options), 1)
        self._busy.hide()
        theme.changed.connect(self._dress)
        self._dress()

    def show_state(self, state: CompareState) -> None:
        """Draw *state*; nothing can be changed while it runs."""
        self._busy.setVisible(state.run is not None)
        self._options.setEnabled(state.run is None)
        if state.experiment is not None:
            self._options.show_options(state.experiment.options)

    def flush(self) -> None:
        """Say at once what is written and not said yet."""
        self._options.flush()

    def _dress(self) -> None:
        self.setStyleSheet(self._theme.sheet(editor_sheet(self._theme.tokens)))
        self._options.setMaximumWidth(self._theme.grown(FORM_WIDTH))
