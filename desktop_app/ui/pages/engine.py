"""The engine: what is installed and where, installing and repairing, and what vLLM prints."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QFormLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineEnvironment, EngineStage, EngineStatus
from desktop_app.paths import Paths
from desktop_app.services.serving import Serving
from desktop_app.services.setup import Setup, SetupState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, Scrolled, button, card, label
from desktop_app.ui.widgets.install_card import InstallCard

_SHOWN_LINES = 1000


class EnginePage(QWidget):
    """Draws `SetupState`, the engine's state and its log."""

    install_clicked = Signal()
    adopt_clicked = Signal()

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        setup: Setup,
        serving: Serving,
        paths: Paths,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._bridge = bridge
        self._setup = setup
        self._serving = serving
        self._state_words = label(wrap=True)
        self._version = label()
        self._kind = label()
        self._python = ElidedLabel()
        self._data = ElidedLabel(str(paths.root))
        self._facts = card()
        self._card = InstallCard(theme, "Install")
        self._repair = button("Repair", self.offer_install)
        self._repair.setToolTip("Install vLLM again, in a folder of its own; the model is stopped meanwhile")
        self._offered = False
        self._other = button("Use another vLLM…", self.adopt_clicked.emit)
        self._log = QPlainTextEdit()
        self._shown_lines = 0
        self._build()
        self._card.install_clicked.connect(self.install_clicked)
        self._card.cancel_clicked.connect(setup.cancel)
        self._card.adopt_clicked.connect(self.adopt_clicked)
        self._card.dismissed.connect(setup.dismiss_error)
        bridge.watch(self, setup.state, self._on_setup_changed)
        bridge.watch(self, serving.status, self._on_status_changed)
        bridge.watch(self, serving.log_grew, self._on_log_grew)

    def offer_install(self) -> None:
        """Show what an installation would download, with the button that begins it."""
        self._offered = True
        self._on_setup_changed(self._setup.state.value)
        self._bridge.start("install plan", self._setup.look())

    def show_log(self) -> None:
        """Put the end of the log in front."""
        self._log.setFocus(Qt.FocusReason.OtherFocusReason)
        self._scroll.ensureWidgetVisible(self._log)

    def showEvent(self, event: QShowEvent) -> None:
        """Fill the log: while hidden it costs nothing."""
        super().showEvent(event)
        self._on_log_grew(self._serving.log_grew.value)
        if self._setup.state.value.plan is None:
            self._bridge.start("install plan", self._setup.look())

    def _on_setup_changed(self, state: SetupState) -> None:
        if state.busy:
            self._offered = False
        self._show_environment(state.environment)
        self._facts.setVisible(state.environment is not None)
        self._card.setVisible(state.environment is None or state.busy or state.error is not None or self._offered)
        self._card.show_setup(state.plan, state.progress, state.error)

    def _show_environment(self, environment: EngineEnvironment | None) -> None:
        if environment is None:
            return
        self._version.setText(f"vLLM {environment.version}")
        self._kind.setText(environment.kind.value)
        self._python.setText(str(environment.python))
        again = "Repair" if environment.managed else "Install our own"
        self._repair.setText(again)
        self._repair.setAccessibleName(again)

    def _on_status_changed(self, status: EngineStatus) -> None:
        self._state_words.setText(_state_words(status))

    def _on_log_grew(self, count: int) -> None:
        if not self.isVisible():
            return
        lines = list(self._serving.log)
        fresh = min(count - self._shown_lines, len(lines))
        if count < self._shown_lines or fresh >= len(lines):
            self._log.setPlainText("\n".join(lines))
            bar = self._log.verticalScrollBar()
            bar.setValue(bar.maximum())
        elif fresh > 0:
            self._log.appendPlainText("\n".join(lines[-fresh:]))
        self._shown_lines = count

    def _on_copy_clicked(self) -> None:
        QApplication.clipboard().setText("\n".join(self._serving.log))

    def _build_log(self) -> None:
        self._log.setReadOnly(True)
        self._log.setProperty("role", "log")
        self._log.setFont(self._theme.mono_font(9))
        self._log.setAccessibleName("Log of the engine")
        self._log.setPlaceholderText("What the engine prints while it runs will show up here.")
        self._log.setMaximumBlockCount(_SHOWN_LINES)
        self._log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._log.setMinimumHeight(260)

    def _build_facts(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(8)
        for name, value in (
            ("Version", self._version),
            ("Built for", self._kind),
            ("Python", self._python),
            ("Data folder", self._data),
        ):
            form.addRow(label(name, "second"), value)
        buttons = QHBoxLayout()
        buttons.addWidget(self._repair)
        buttons.addWidget(self._other)
        buttons.addStretch()
        inside = QVBoxLayout(self._facts)
        inside.setContentsMargins(24, 20, 24, 20)
        inside.setSpacing(16)
        inside.addLayout(form)
        inside.addLayout(buttons)

    def _build(self) -> None:
        self._build_log()
        self._build_facts()
        heading = QHBoxLayout()
        heading.addWidget(label("Log", "title"))
        heading.addStretch()
        heading.addWidget(button("Copy the log", self._on_copy_clicked))
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(14)
        column.addWidget(label("Engine", "hero"))
        column.addWidget(self._state_words)
        column.addWidget(self._facts)
        column.addWidget(self._card)
        column.addSpacing(8)
        column.addLayout(heading)
        column.addWidget(self._log, 1)
        self._scroll = Scrolled()
        self._scroll.setWidget(content)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._scroll)


def _state_words(status: EngineStatus) -> str:
    """What the engine is doing, as a sentence or two."""
    if status.stage is EngineStage.NOT_INSTALLED:
        return "No engine is installed yet."
    if status.error is not None:
        return status.error.sentence()
    name = status.model.name if status.model else "No model"
    return f"{name} is {status.stage.value.lower()}. {status.note}".strip()
