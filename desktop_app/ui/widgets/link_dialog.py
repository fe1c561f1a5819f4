"""Asks before a link of a model is opened, and shows plainly where it leads.

`ask_to_open` is called by whoever hears of a click on a link. Nothing but a click on Open opens anything.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.markdown.links import is_allowed
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.links import encoded, host_of, user_of
from desktop_app.ui.widgets.text_view import safe_to_paste

_WIDTH = 460
"""Logical pixels."""

_HOST_LENGTH = 48


def _open_in_browser(address: str) -> None:
    QDesktopServices.openUrl(QUrl(address))


def ask_to_open(
    parent: QWidget, theme: Theme, address: str, open_address: Callable[[str], None] = _open_in_browser
) -> "LinkDialog | None":
    """Ask whether *address* shall be opened; returns at once. None when it is nothing that may be opened at all."""
    if not is_allowed(address):
        return None
    dialog = LinkDialog(theme, address, open_address, parent)
    dialog.open()
    return dialog


class LinkDialog(QDialog):
    """Shows the host of *address* and the address, and calls *open_address* when the person says so."""

    def __init__(
        self, theme: Theme, address: str, open_address: Callable[[str], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._address = encoded(address)
        self._open_address = open_address
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        mail = self._address.startswith("mailto:")
        self.setWindowTitle("Write a mail" if mail else "Open a link")
        where = _end(host_of(self._address))
        words = "Write to this address in your mail program?" if mail else f"Open {where} in your browser?"
        question = label(words, "section", wrap=True)
        shown = label(_elided(self._address, QFontMetrics(theme.mono_font())), wrap=True)
        # Copy address copies it without the places to break lines at.
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        shown.setFont(theme.mono_font())
        shown.setAccessibleName(f"Address: {self._address}")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        for part in (question, shown):
            part.setFixedWidth(_WIDTH)
            column.addWidget(part)
        for warning in _warnings(self._address):
            words_of_warning = label(warning, "second", wrap=True)
            words_of_warning.setFixedWidth(_WIDTH)
            column.addWidget(words_of_warning)
        column.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        cancel = button("Cancel", self.reject)
        # Return on a dialog that came up unexpectedly opens nothing.
        cancel.setDefault(True)
        opening = button("Open", self._on_open_clicked, "primary")
        opening.setAutoDefault(False)
        copy = button("Copy address", self._on_copy_clicked)
        copy.setAutoDefault(False)
        row.addWidget(copy)
        row.addStretch()
        row.addWidget(cancel)
        row.addWidget(opening)
        cancel.setFocus()
        return row

    def _on_open_clicked(self) -> None:
        self._open_address(self._address)
        self.accept()

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(safe_to_paste(self._address))
        self.reject()


def _warnings(address: str) -> list[str]:
    """What about an address is often used to deceive."""
    found: list[str] = []
    host = host_of(address)
    if user := user_of(address):
        name = user if len(user) <= _HOST_LENGTH else f"{user[:_HOST_LENGTH]}…"
        found.append(f"“{name}” before the @ is a name to log in with, not where the link leads. That is {_end(host)}.")
    if any(part.startswith("xn--") for part in host.split(".")):
        real = QUrl(address).host(QUrl.ComponentFormattingOption.FullyDecoded)
        found.append(f"This host has letters of other alphabets, which may look like familiar ones: {real}")
    return found


def _end(host: str) -> str:
    """A long host without its beginning: its end says whose it is."""
    return host if len(host) <= _HOST_LENGTH else f"…{host[1 - _HOST_LENGTH :]}"


def _elided(address: str, metrics: QFontMetrics) -> str:
    """*address* without its middle if it needs more than about three lines, and with places to break the lines at."""
    short = metrics.elidedText(address, Qt.TextElideMode.ElideMiddle, 2 * _WIDTH)
    return "\u200b".join(short)
