"""Where models come from: the Hub's address, whether it may be asked at all, and the token for closed repositories.

Opened with `open()`; its verbs are those of `services/hub_access`, whose state it draws.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from desktop_app.services.hub_access import HubAccess
from desktop_app.services.models_view import HubState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.model_detail_words import breakable
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.setting_parts import Switch

_WIDTH = 460
"""Logical pixels of its content."""
_USUAL = "https://huggingface.co"
_OFFLINE = "Nothing is asked of the network. Downloads pause. Models on this computer work as before."
_ONLINE = "The Hub is asked when you search, look closer or download; never otherwise."
_ONLY_THERE = "Only for models whose owner must be asked. It is sent to the address above and to nobody else."


class HubDialog(QDialog):
    """Draws a `HubState` and changes it.

    Args:
        theme: colours and fonts.
        bridge: starts the verbs.
        access: knows how the Hub is reached.
        parent: the window that it belongs to.
    """

    def __init__(self, theme: Theme, bridge: Bridge, access: HubAccess, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._access = access
        self.setWindowTitle("Where models come from")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._offline = Switch(theme, "Offline mode")
        self._offline_words = label(role="second", wrap=True)
        self._endpoint = QLineEdit()
        self._endpoint_words = label(role="second", wrap=True)
        self._endpoint_use = button("Use it", self._on_endpoint_entered)
        self._endpoint_usual = button("Use the usual one", self._on_usual_clicked)
        self._token = QLineEdit()
        self._reveal = button("Show", self._on_reveal_clicked, "link")
        self._token_words = label(role="second", wrap=True)
        self._token_keep = button("Keep", self._on_token_entered)
        self._forget = button("Forget", self._on_forget_clicked, "danger")
        self._note = label(role="second", wrap=True)
        self._notice = Notice(theme, dismissable=True)
        self._shown = ""
        """The address in use; what stands in its field may be another, until it is used."""
        self._hide_token()
        self._build(theme)
        self._connect()
        bridge.watch(self, access.state, self.show_state)

    def show_token_field(self) -> None:
        """Somebody came to enter a token."""
        self._token.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_state(self, state: HubState) -> None:
        """Draw how the Hub is reached; what somebody is writing stays."""
        self._show_offline(state)
        self._show_endpoint(state)
        kept = f"A token is kept in {state.token_place}." if state.has_token else ""
        # A path has no place of its own to be broken at.
        self._token_words.setText(breakable("\n".join(part for part in (_ONLY_THERE, kept) if part)))
        self._token.setPlaceholderText("another token instead" if state.has_token else "hf_…")
        self._forget.setVisible(state.has_token)
        # Where a token is kept stands beside its field already.
        told = bool(state.token_place) and state.token_place in state.note
        self._note.setText("The token is kept." if told else breakable(state.note))
        self._note.setVisible(bool(state.note))
        self._notice.show_error(state.error)
        self._draw()

    def _show_offline(self, state: HubState) -> None:
        self._offline.show_state(state.offline)
        self._offline.setEnabled(not state.offline_from)
        words = _OFFLINE if state.offline else _ONLINE
        if state.offline_from:
            words = f"{words} The program was started with {state.offline_from}: that cannot be changed here."
        self._offline_words.setText(words)

    def _show_endpoint(self, state: HubState) -> None:
        if state.endpoint != self._shown:
            self._endpoint.setText(state.endpoint)
        self._shown = state.endpoint
        self._endpoint_words.setText(_endpoint_words(state))
        self._endpoint_usual.setVisible(state.endpoint_from == "chosen here")

    def _draw(self) -> None:
        """Which buttons can be pressed follows from what stands in the fields."""
        self._endpoint_use.setVisible(self._endpoint.text().strip() != self._shown)
        self._token_keep.setVisible(bool(self._token.text().strip()))
        self._reveal.setVisible(bool(self._token.text()))

    def _on_endpoint_entered(self) -> None:
        text = self._endpoint.text().strip()
        if text != self._shown:
            self._bridge.start("set the Hub's address", self._access.set_endpoint(text))

    def _on_usual_clicked(self) -> None:
        self._endpoint.setText(self._shown)
        self._bridge.start("set the Hub's address", self._access.set_endpoint(""))

    def _on_offline_toggled(self, offline: bool) -> None:
        self._bridge.start("set offline mode", self._access.set_offline(offline))

    def _on_token_entered(self) -> None:
        text = self._token.text().strip()
        if text:
            self._token.clear()
            self._hide_token()
            self._bridge.start("keep the token", self._access.set_token(text))

    def _on_forget_clicked(self) -> None:
        self._bridge.start("forget the token", self._access.forget_token())

    def _on_reveal_clicked(self) -> None:
        if self._token.echoMode() is QLineEdit.EchoMode.Password:
            self._token.setEchoMode(QLineEdit.EchoMode.Normal)
            self._reveal.setText("Hide")
            self._reveal.setAccessibleName("Hide the token")
        else:
            self._hide_token()

    def _hide_token(self) -> None:
        self._token.setEchoMode(QLineEdit.EchoMode.Password)
        self._reveal.setText("Show")
        self._reveal.setAccessibleName("Show the token")

    def _connect(self) -> None:
        self._offline.toggled.connect(self._on_offline_toggled)
        self._endpoint.textEdited.connect(self._draw)
        self._endpoint.returnPressed.connect(self._on_endpoint_entered)
        self._token.textEdited.connect(self._draw)
        self._token.returnPressed.connect(self._on_token_entered)
        self._notice.dismissed.connect(self._access.dismiss_error)

    def _build(self, theme: Theme) -> None:
        self._endpoint.setAccessibleName("Address of the Hub")
        self._endpoint.setPlaceholderText(_USUAL)
        self._token.setAccessibleName("Token")
        self._token_keep.setAccessibleName("Keep the token")
        self._forget.setAccessibleName("Forget the token")
        self._offline.setMinimumHeight(32)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        # The dialog grows with what it shows, and shrinks again.
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        title = label("Where models come from", "title")
        title.setMinimumWidth(theme.scaled(_WIDTH))
        column.addWidget(title)
        column.addWidget(self._notice)
        self._add_section(theme, column, "Offline mode", (self._offline,), self._offline_words)
        self._add_section(
            theme, column, "Address", (self._endpoint, self._endpoint_use, self._endpoint_usual), self._endpoint_words
        )
        self._add_section(
            theme, column, "Token", (self._token, self._reveal, self._token_keep, self._forget), self._token_words
        )
        column.addSpacing(8)
        foot = QHBoxLayout()
        foot.addWidget(self._note, 1)
        done = button("Done", self.accept, "primary")
        foot.addWidget(done, 0, Qt.AlignmentFlag.AlignRight)
        column.addLayout(foot)
        # Enter in a field means the field.
        for one in (done, self._endpoint_use, self._endpoint_usual, self._reveal, self._token_keep, self._forget):
            one.setAutoDefault(False)

    @staticmethod
    def _add_section(theme: Theme, column: QVBoxLayout, title: str, row: tuple[QWidget, ...], words: QLabel) -> None:
        heading = label(title)
        heading.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        heading.setBuddy(row[0])
        column.addSpacing(8)
        column.addWidget(heading)
        line = QHBoxLayout()
        line.setSpacing(8)
        for index, one in enumerate(row):
            line.addWidget(one, 1 if index == 0 else 0)
        column.addLayout(line)
        column.addWidget(words)


def _endpoint_words(state: HubState) -> str:
    """Why it is this address."""
    if not state.endpoint:
        return "There is no address that can be asked."
    if state.endpoint_from == "chosen here":
        return "Chosen here."
    if state.endpoint_from:
        return f"From the variable {state.endpoint_from} that the program was started with."
    return "The usual one. A mirror, or a server of your company, can stand here."
