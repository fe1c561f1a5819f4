"""Shows everything that a support bundle would hold, before it is saved: names at the left, the text at the right.

Opened with `open()`; whoever opened it writes the file.
"""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from desktop_app.domain.errors import UserError
from desktop_app.services.bundle import BundlePart
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.notice import Notice

_STORY = (
    "This is all that the file will hold. Keys, tokens and names in paths are masked. Nothing is sent: "
    "you decide who gets the file."
)
_ROW_HEIGHT = 34


class BundleDialog(QDialog):
    """Previews the parts of a bundle."""

    save_chosen = Signal(Path)
    """Where the file shall be written."""

    def __init__(self, theme: Theme, parts: Sequence[BundlePart], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Support bundle")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(820, 540)
        self._parts = tuple(parts)
        self._names = QListWidget()
        self._text = QPlainTextEdit()
        self._notice = Notice(theme)
        self._build(theme)
        self._names.currentRowChanged.connect(self._on_row_changed)
        for part in self._parts:
            QListWidgetItem(part.name, self._names).setSizeHint(QSize(0, _ROW_HEIGHT))
        self._names.setCurrentRow(0)

    def show_error(self, error: UserError) -> None:
        """Say why it could not be saved."""
        self._notice.show_error(error)

    def _on_row_changed(self, row: int) -> None:
        self._text.setPlainText(self._parts[row].text if 0 <= row < len(self._parts) else "")

    def _on_save_clicked(self) -> None:
        self._notice.show_error(None)
        dialog = QFileDialog(self, "Save the support bundle")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.setNameFilter("Support bundle (*.zip)")
        dialog.selectFile("vllm-desktop-support.zip")
        dialog.fileSelected.connect(lambda name: self.save_chosen.emit(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _build(self, theme: Theme) -> None:
        self._names.setAccessibleName("Parts of the bundle")
        self._names.setFixedWidth(200)
        self._text.setReadOnly(True)
        self._text.setProperty("role", "log")
        self._text.setFont(theme.mono_font(9))
        self._text.setAccessibleName("Text of the chosen part")
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        both = QHBoxLayout()
        both.setSpacing(12)
        both.addWidget(self._names)
        both.addWidget(self._text, 1)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(button("Save…", self._on_save_clicked, "primary"))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(label("Support bundle", "title"))
        column.addWidget(label(_STORY, "second", wrap=True))
        column.addLayout(both, 1)
        column.addWidget(self._notice)
        column.addLayout(row)
