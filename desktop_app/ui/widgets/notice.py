"""A failure in words: a sentence, one button that does something about it, and the raw words one click away."""

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_app.domain.errors import EngineError, Remedy, UserError
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, button, card, label, plain, set_property, tip
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.speech import announce_shown

_BUTTON_WIDTH = 280
"""Logical pixels of a remedy's words, so that they fit beside the list of chats in the smallest window."""
_NO_TIP = 36
"""Characters that fit in any case."""


class Notice(QWidget):
    """Shows one `UserError`, or nothing.

    Args:
        theme: colours and fonts.
        dismissable: whether there is a button that says: I have read this.
        with_log: whether a failure of the engine offers its log as well.
        parent: the widget that it stands in.
    """

    remedy_chosen = Signal(Remedy)
    dismissed = Signal()

    def __init__(
        self, theme: Theme, dismissable: bool = False, with_log: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._error: UserError | None = None
        self._with_log = with_log
        self._frame = card("notice")
        set_property(self._frame, "tone", "bad")
        self._title = label(wrap=True)
        self._title.setFont(theme.body_font(10.5, theme.body_font().Weight.DemiBold))
        self._reason = label(wrap=True)
        self._remedy = button("", self._on_remedy_clicked)
        self._log = button(Remedy.SHOW_LOG.value, lambda: self.remedy_chosen.emit(Remedy.SHOW_LOG))
        self._more = button("Details", self.toggle_details, "link")
        self._dismiss = IconButton(theme, "close", "Dismiss", self.dismissed.emit)
        # It is not shown here: without a parent it would be a window of its own, and take the keyboard.
        if not dismissable:
            self._dismiss.hide()
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setProperty("role", "log")
        self._details.setFont(theme.mono_font(9))
        self._details.setAccessibleName("Details of the failure")
        self._details.setMinimumHeight(140)
        self._details.hide()
        self._build()
        self.show_error(None)

    def show_error(self, error: UserError | None, without: Collection[Remedy] = ()) -> None:
        """Show *error*; None hides the notice. Remedies *without* use in this place get no button."""
        if error is self._error and error is not None:
            return
        self._error = error
        self.setVisible(error is not None)
        if error is None:
            return
        self._title.setText(error.title)
        self._reason.setText(error.reason)
        self._reason.setVisible(bool(error.reason))
        metrics = self._remedy.fontMetrics()
        self._remedy.setText(plain(metrics.elidedText(error.button, Qt.TextElideMode.ElideRight, _BUTTON_WIDTH)))
        self._remedy.setToolTip(tip(error.button) if len(error.button) > _NO_TIP else "")
        self._remedy.setAccessibleName(error.button)
        self._remedy.setVisible(error.remedy not in {Remedy.NONE, *without})
        another = error.remedy is not Remedy.SHOW_LOG
        self._log.setVisible(self._with_log and another and isinstance(error, EngineError))
        self._details.setPlainText(error.details)
        if not self._details.isHidden():
            self.toggle_details()
        self._more.setVisible(bool(error.details))
        self.setAccessibleName("Failure")
        self.setAccessibleDescription(error.sentence())
        announce_shown(self, error.sentence())

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
        row = Flow()
        for one in (self._remedy, self._log, self._more):
            row.addWidget(one)
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(8)
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
        announce_shown(self, text)
