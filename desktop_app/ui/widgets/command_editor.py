"""A text that the program makes and a person may read, copy and change: a command line, an environment."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_app.domain.errors import UserError
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property
from desktop_app.ui.widgets.notice import Notice


class CommandEditor(QWidget):
    """Shows a text; what is changed in it is taken or thrown away as a whole.

    Args:
        theme: colours and fonts.
        title: what stands above the text; also its accessible name.
        words: what it is for, in a sentence.
        lines: how many lines are to be seen without scrolling.
        editable: False for a text that is there to be read and copied.
        parent: the widget that it stands in.
    """

    applied = Signal(str)
    discarded = Signal()

    def __init__(
        self,
        theme: Theme,
        title: str,
        words: str,
        lines: int = 8,
        editable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._program_text = ""
        self._given = ""
        self._title = label(title)
        self._title.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        self._words = label(words, "second", wrap=True)
        self._text = QPlainTextEdit()
        self._text.setProperty("role", "log")
        self._text.setFont(theme.mono_font(9.5))
        self._text.setAccessibleName(title)
        self._text.setAccessibleDescription(words)
        self._text.setTabChangesFocus(True)
        self._text.setFixedHeight(self._text.fontMetrics().lineSpacing() * lines + 26)
        self._copy = button("Copy", self._on_copy_clicked)
        self._copy.setAccessibleName(f"Copy: {title}")
        self._apply = button("Apply", self._on_apply_clicked, "primary")
        self._discard = button("Discard", self.discard)
        self._state = label(role="second")
        self._notice = Notice(theme)
        self._text.textChanged.connect(self._show_state)
        self._text.setReadOnly(not editable)
        for one in (self._apply, self._discard):
            one.setVisible(editable)
        self._build()
        self._show_state()

    @property
    def edited(self) -> bool:
        """Whether something stands there that is not taken yet."""
        return self._text.toPlainText().split() != self._given.split()

    def show_text(self, text: str) -> None:
        """Show *text*, unless somebody is just changing the former one."""
        keep = self.edited
        self._program_text = text
        self._given = text
        if not keep and self._text.toPlainText() != text:
            self._text.setPlainText(text)
        self._show_state()

    def show_error(self, error: UserError | None) -> None:
        """Why the text was not taken; it is then still to be applied or discarded."""
        if error is not None:
            self._given = self._program_text
            self._show_state()
        self._notice.show_error(error)

    def discard(self) -> None:
        """Back to the text that holds."""
        self._given = self._program_text
        self._text.setPlainText(self._given)
        self._notice.show_error(None)
        self.discarded.emit()

    def _on_apply_clicked(self) -> None:
        # It counts as taken until an error says otherwise: what means the same as before brings no news of itself.
        text = self._given = self._text.toPlainText()
        self._show_state()
        self.applied.emit(text)

    def _on_copy_clicked(self) -> None:
        QApplication.clipboard().setText(self._text.toPlainText())

    def _show_state(self) -> None:
        edited = self.edited
        self._apply.setEnabled(edited)
        self._discard.setEnabled(edited)
        self._state.setText("Edited, not applied yet" if edited else "")
        set_property(self._text, "edited", edited)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._apply)
        row.addWidget(self._discard)
        row.addWidget(self._state)
        row.addStretch()
        row.addWidget(self._copy)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(20, 16, 20, 16)
        inside.setSpacing(10)
        heading = QVBoxLayout()
        heading.setSpacing(3)
        heading.addWidget(self._title)
        heading.addWidget(self._words)
        inside.addLayout(heading)
        inside.addWidget(self._text)
        inside.addWidget(self._notice)
        inside.addLayout(row)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)
