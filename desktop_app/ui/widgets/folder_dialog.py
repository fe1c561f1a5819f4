"""Asks for the name of a new folder of chats."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.conversation_list_entries import chats_words

_LONGEST = 60
"""Characters of a name."""
_WIDTH = 320


class FolderDialog(QDialog):
    """One line and a button; opened with `open()`.

    Args:
        theme: sizes.
        chats: how many chats go into it at once.
        parent: the window that it belongs to.
    """

    named = Signal(str)

    def __init__(self, theme: Theme, chats: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New folder")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._name = QLineEdit()
        self._name.setMaxLength(_LONGEST)
        self._name.setPlaceholderText("Name of the folder")
        self._name.setAccessibleName("Name of the folder")
        self._make = button("Make the folder", self._on_make_clicked, "primary")
        self._make.setEnabled(False)
        self._name.textChanged.connect(lambda text: self._make.setEnabled(bool(text.strip())))
        self._make.setDefault(True)
        title = label("New folder", "title")
        title.setMinimumWidth(theme.scaled(_WIDTH))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        column.addWidget(title)
        if chats:
            column.addWidget(label(f"{chats_words(chats)} will be moved into it.", "second", wrap=True))
        column.addWidget(self._name)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self._make)
        column.addLayout(row)

    def _on_make_clicked(self) -> None:
        name = self._name.text().strip()
        if name:
            self.named.emit(name)
            self.accept()
