"""Asks before a model is deleted: what goes, what stays, what the disk gains. Opened with `open()`."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.library import Deletion, Source
from desktop_app.domain.units import disk_words
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property
from desktop_app.ui.widgets.fit_bar import unbroken
from desktop_app.ui.widgets.model_detail_words import breakable

_WIDTH = 420
"""Logical pixels of its content."""


class DeleteDialog(QDialog):
    """Shows a `Deletion`; the button that Enter presses keeps the model.

    Args:
        theme: colours and fonts.
        deletion: what would be done.
        parent: the window that it belongs to.
    """

    agreed = Signal()
    """It shall be deleted."""

    def __init__(self, theme: Theme, deletion: Deletion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Delete a model")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._keep = button("Keep it" if deletion.allowed else "Close", self.reject)
        self._delete = button("Delete it", self._on_delete_clicked, "danger")
        self._delete.setVisible(deletion.allowed)
        self._build(theme, deletion)

    def _on_delete_clicked(self) -> None:
        self.agreed.emit()
        self.accept()

    def _build(self, theme: Theme, deletion: Deletion) -> None:
        model = deletion.model
        name = model.repo_id or model.ref.name
        title = label(breakable(f"Delete {name}?" if deletion.allowed else f"{name} stays"), "title", wrap=True)
        title.setAccessibleName(f"Delete {name}?")
        title.setMinimumWidth(_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        # The dialog is as large as what it shows.
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        column.addWidget(title)
        words = label(unbroken(deletion.words), wrap=True)
        # What others use, too, is not said in passing.
        column.addWidget(_warning(words) if deletion.allowed and model.source is Source.CACHE else words)
        shared = model.size_bytes - deletion.freed_bytes
        if deletion.allowed and shared > 0:
            stays = f"{disk_words(shared)} are shared with another revision and stay."
            column.addWidget(label(unbroken(stays), wrap=True))
        column.addWidget(label(breakable(str(model.ref.folder)), "second", wrap=True))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._delete)
        row.addWidget(self._keep)
        column.addLayout(row)
        self._delete.setAutoDefault(False)
        self._keep.setDefault(True)
        self._keep.setFocus(Qt.FocusReason.OtherFocusReason)


def _warning(words: QWidget) -> QWidget:
    made = card("notice")
    set_property(made, "tone", "warn")
    inside = QVBoxLayout(made)
    inside.setContentsMargins(14, 10, 14, 10)
    inside.addWidget(words)
    return made
