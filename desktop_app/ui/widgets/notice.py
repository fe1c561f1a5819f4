"""A failure in words: a sentence, one button that does something about it, and the raw words one click away."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, button, card, label, set_property


class Notice(QWidget):
    """Shows one `UserError`, or nothing.

    Args:
        theme: colours and fonts.
        dismissable: whether there is a button that says: I have read this.
        parent: the widget that it stands in.
    """

    remedy_chosen = Signal(Remedy)
    dismissed = Signal()

    def __init__(self, theme: Theme, dismissable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._error: UserError | None = None
        self._frame = card("notice")
        set_property(self._frame, "tone", "bad")
        self._title = label(wrap=True)
        self._title.setFont(theme.body_font(10.5, theme.body_font().Weight.DemiBold))
        self._reason = label(wrap=True)
        self._remedy = button("", self._on_remedy_clicked)
        self._more = button("Details", self.toggle_details, "link")
        self._dismiss = IconButton(theme, "close", "Dismiss", self.dismissed.emit)
        self._dismiss.setVisible(dismissable)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setProperty("role", "log")
        self._details.setFont(theme.mono_font(9))
        self._details.setAccessibleName("Details of the failure")
        self._details.setMinimumHeight(140)
        self._details.hide()
        self._build()
        self.show_error(None)

    def show_error(self, error: UserError | None) -> None:
        """Show *error*; None hides the notice."""
        if error is self._error and error is not None:
            return
        self._error = error
        self.setVisible(error is not None)
        if error is None:
            return
        self._title.setText(error.title)
        self._reason.setText(error.reason)
        self._reason.setVisible(bool(error.reason))
        self._remedy.setText(error.remedy.value)
        self._remedy.setAccessibleName(error.remedy.value)
        self._remedy.setVisible(error.remedy is not Remedy.NONE)
        self._details.setPlainText(error.details)
        if not self._details.isHidden():
            self.toggle_details()
        self._more.setVisible(bool(error.details))
        self.setAccessibleName("Failure")
        self.setAccessibleDescription(error.sentence())

    def toggle_details(self) -> None:
        """Show the raw words, or hide them."""
        shown = self._details.isHidden()
        self._details.setVisible(shown)
        words = "Hide details" if shown else "Details"
        self._more.setText(words)
        self._more.setAccessibleName(words)

    def _on_remedy_clicked(self) -> None:
        if self._error is not None:
            self.remedy_chosen.emit(self._error.remedy)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._remedy)
        row.addWidget(self._more)
        row.addStretch()
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._dismiss, 0, Qt.AlignmentFlag.AlignTop)
        inside.addLayout(head)
        inside.addWidget(self._reason)
        inside.addLayout(row)
        inside.addWidget(self._details)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)


class UndoBar(QWidget):
    """Says what was just done and offers to undo it, for a while."""

    undo_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        frame = card("notice")
        self._text = ElidedLabel()
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, 4, 6, 4)
        row.addWidget(self._text, 1)
        row.addWidget(button("Undo", self.undo_clicked.emit, "link"))
        outside = QHBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)
        self.hide()

    def show_text(self, text: str) -> None:
        """Show *text* with an Undo beside it; an empty text hides the bar."""
        self._text.setText(text)
        self.setVisible(bool(text))
