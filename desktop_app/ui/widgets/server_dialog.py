"""Connects to a server elsewhere: its address, its key, then the models that it offers.

Opened with `open()`. It asks by signals and is told by `show_*`; whoever opened it does the work.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop_app.domain.errors import UserError
from desktop_app.services.servers import ServersState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.setting_parts import Switch

_STORY = "Any server that speaks OpenAI's protocol will do: another vLLM, llama.cpp, Ollama, one of your company."
_SENT = "What you write to such a model is sent to its server. Chats with models on this computer stay here."
_ROW_HEIGHT = 36
_FIELD_HEIGHT = 34
"""Of a line to write in; what stands before it is centred on it."""
_WIDTH = 460
"""Logical pixels of its content."""


class ServerDialog(QDialog):
    """Asks for a server and one of its models.

    Args:
        theme: colours and fonts.
        warning: of an address and a key: why something should not be sent there; empty when there is nothing to say.
        parent: the window that it belongs to.
    """

    check_asked = Signal(str, str)
    """Address and key: what does it offer?"""
    connect_asked = Signal(str, str, str, bool)
    """Address, key, the model that was chosen, and whether the key shall be kept."""

    def __init__(self, theme: Theme, warning: Callable[[str, str], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._warning = warning
        self.setWindowTitle("Connect to a server")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._address = QLineEdit()
        self._key = QLineEdit()
        self._reveal = button("Show", self._on_reveal_clicked, "link")
        self._keep = Switch(theme, "Keep the key")
        self._keep.setMinimumHeight(_FIELD_HEIGHT)
        self._keep.toggled.connect(self._on_keep_toggled)
        self._on_keep_toggled(True)
        self._unsafe = card("notice")
        self._unsafe_words = label(wrap=True)
        self._check = button("Check", self._on_check_clicked, "primary")
        self._state = label(role="second", wrap=True)
        self._notice = Notice(theme)
        self._offered = label("Models that it offers", "section")
        self._models = QListWidget()
        self._connect = button("Connect", self._on_connect_clicked, "primary")
        self._notice.remedy_chosen.connect(self._on_check_clicked)
        self._build()
        self._forget()

    def show_state(self, state: ServersState) -> None:
        """Draw what goes on: the server is being asked, or it was to no avail."""
        if state.checking:
            self._show_busy()
        elif state.error is not None:
            self.show_error(state.error)

    def _show_busy(self) -> None:
        self._notice.show_error(None)
        self._check.setEnabled(False)
        self._state.setText("Asking the server…")
        self._state.show()

    def show_models(self, names: Sequence[str]) -> None:
        """These are the models that it offers."""
        self._forget()
        self._models.clear()
        for name in names:
            item = QListWidgetItem(name, self._models)
            item.setSizeHint(QSize(0, _ROW_HEIGHT))
        self._models.setFixedHeight(_ROW_HEIGHT * min(5, max(1, len(names))) + 10)
        if not names:
            self._state.setText("The server answers, and offers no model.")
            self._state.show()
            return
        for part in (self._offered, self._models, self._connect):
            part.show()
        self._check.hide()
        self._models.setCurrentRow(0)
        self._models.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_error(self, error: UserError) -> None:
        """Say why it did not work."""
        self._forget()
        self._notice.show_error(error)

    def _forget(self) -> None:
        """As before the server was asked: for it was another one, or it did not answer."""
        self._notice.show_error(None)
        for part in (self._state, self._offered, self._models, self._connect):
            part.hide()
        self._check.show()
        self._draw()

    def _draw(self) -> None:
        address, key = self._address.text().strip(), self._key.text().strip()
        self._form.setRowVisible(self._keep, bool(key))
        warning = self._warning(address, key) if address else ""
        self._unsafe_words.setText(warning)
        self._unsafe.setVisible(bool(warning))
        self._check.setEnabled(bool(address))

    def _on_edited(self) -> None:
        self._forget()

    def _on_keep_toggled(self, on: bool) -> None:
        self._keep.show_state(on, "for the next time, on this computer" if on else "forgotten when the program ends")

    def _on_reveal_clicked(self) -> None:
        hidden = self._key.echoMode() is QLineEdit.EchoMode.Password
        self._key.setEchoMode(QLineEdit.EchoMode.Normal if hidden else QLineEdit.EchoMode.Password)
        self._reveal.setText("Hide" if hidden else "Show")
        self._reveal.setAccessibleName("Hide the key" if hidden else "Show the key")

    def _on_check_clicked(self) -> None:
        if self._address.text().strip():
            self.check_asked.emit(self._address.text().strip(), self._key.text().strip())

    def _on_connect_clicked(self) -> None:
        chosen = self._models.currentItem()
        if chosen is not None:
            address, key = self._address.text().strip(), self._key.text().strip()
            self.connect_asked.emit(address, key, chosen.text(), self._keep.isChecked())

    def _build_fields(self) -> QFormLayout:
        self._address.setPlaceholderText("https://example.org/v1")
        self._address.setAccessibleName("Address of the server")
        self._key.setPlaceholderText("if it asks for one")
        self._key.setAccessibleName("Key")
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._reveal.setAccessibleName("Show the key")
        for field in (self._address, self._key):
            field.textEdited.connect(self._on_edited)
            field.returnPressed.connect(self._on_check_clicked)
        key = QHBoxLayout()
        key.addWidget(self._key, 1)
        key.addWidget(self._reveal)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.addRow(self._named("Address", self._address), self._address)
        form.addRow(self._named("Key", self._key), key)
        self._form = form
        form.addRow(self._named("Keep the key", self._keep), self._keep)
        return form

    @staticmethod
    def _named(text: str, field: QWidget) -> QLabel:
        made = label(text, "second")
        made.setBuddy(field)
        made.setMinimumHeight(_FIELD_HEIGHT)
        return made

    def _build(self) -> None:
        set_property(self._unsafe, "tone", "warn")
        unsafe = QVBoxLayout(self._unsafe)
        unsafe.setContentsMargins(14, 10, 14, 10)
        unsafe.addWidget(self._unsafe_words)
        self._models.setAccessibleName("Models that the server offers")
        self._models.itemActivated.connect(self._on_connect_clicked)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self._check)
        row.addWidget(self._connect)
        for one in (self._check, self._connect):
            one.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        # The dialog grows with what it shows, and shrinks again.
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        title = label("Connect to a server", "title")
        title.setMinimumWidth(_WIDTH)
        column.addWidget(title)
        column.addWidget(label(_STORY, "second", wrap=True))
        column.addLayout(self._build_fields())
        for part in (self._unsafe, self._state, self._notice, self._offered, self._models):
            column.addWidget(part)
        column.addWidget(label(_SENT, "second", wrap=True))
        column.addLayout(row)
