"""The head of a model's settings: which model, what a change means now, and what can be done with all of them."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.launch import ModelRef
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, button, label, set_property


class SettingHead(QWidget):
    """Draws the name and the state; asks for a start."""

    start_clicked = Signal()
    restart_clicked = Signal()
    reset_clicked = Signal()
    export_clicked = Signal()
    import_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ElidedLabel("Settings", "title")
        self._badge = label("", "badge")
        self._words = ElidedLabel(role="second")
        self._import = button("Import…", self.import_clicked.emit, "plain")
        self._export = button("Export…", self.export_clicked.emit, "plain")
        self._reset = button("Reset", self.reset_clicked.emit, "plain")
        self._start = button("Start", self.start_clicked.emit, "primary")
        self._restart = button("Restart", self.restart_clicked.emit, "primary")
        self._import.setToolTip("Take settings from a file")
        self._export.setToolTip("Write these settings into a file")
        self._reset.setToolTip("Everything back to what Quick start sets")
        self._build()

    def show_model(self, model: ModelRef | None, *, known: bool, running: bool, changed: bool) -> None:
        """Show *model*.

        Args:
            model: whose settings these are.
            known: whether there is anything to set, export and start.
            running: whether the model runs.
            changed: whether it runs with other settings than these.
        """
        for one in (self._import, self._export, self._reset):
            one.setVisible(known)
        self._name.setText(model.name if model else "No model chosen")
        self._badge.setVisible(model is not None and running)
        self._badge.setText("Restart needed" if changed else "Running")
        set_property(self._badge, "tone", "warn" if changed else "good")
        self._start.setVisible(known and not running)
        self._restart.setVisible(changed)
        if model is None:
            self._words.setText("")
        elif changed:
            self._words.setText("Your changes take effect at the next start.")
        elif running:
            self._words.setText("Every change is saved at once and takes effect at the next start.")
        else:
            self._words.setText("How this model is started. Every change is saved at once.")

    def set_resettable(self, changed: bool) -> None:
        """Whether anything was chosen that can be reset."""
        self._reset.setEnabled(changed)

    def _build(self) -> None:
        state = QHBoxLayout()
        state.setSpacing(8)
        state.addWidget(self._badge)
        state.addWidget(self._words, 1)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(self._name)
        texts.addLayout(state)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addLayout(texts, 1)
        row.addSpacing(12)
        for one in (self._import, self._export, self._reset, self._start, self._restart):
            row.addWidget(one)
