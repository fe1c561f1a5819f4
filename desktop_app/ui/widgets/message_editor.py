"""A text field in the place of a message that is being changed."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from desktop_app.domain.chat import Role
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button
from desktop_app.ui.widgets.looks import Looks

_PADDING = 12
_MOST_LINES = 24
"""It grows up to this many lines, then scrolls."""
_LEAST_LINES = 2
_GAP = 8


class Editor(QFrame):
    """Ctrl+Enter saves, Esc gives up."""

    changed = Signal(str)
    saved = Signal(str)
    cancelled = Signal()
    grown = Signal()

    def __init__(self, theme: Theme, looks: Looks, role: Role, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "composer")
        self.setProperty("focused", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        asks = role is Role.USER
        self._lines = 0
        self._field = QPlainTextEdit(text, self)
        self._field.setAccessibleName("Edit question" if asks else "Edit answer")
        self._field.setFont(looks.body)
        self._field.setTabChangesFocus(True)
        self._field.textChanged.connect(self._on_text_changed)
        self._field.installEventFilter(self)
        self._save = button("Save and ask again" if asks else "Save", self._on_save_clicked, "primary")
        self._save.setToolTip("Ctrl+Enter")
        self._cancel = button("Cancel", self.cancelled.emit)
        self._cancel.setToolTip("Esc")
        for one in (self._cancel, self._save):
            one.setParent(self)
            one.show()
        # The button of the message opened it; Tab goes on from the field to its buttons.
        QWidget.setTabOrder(self._field, self._save)
        QWidget.setTabOrder(self._save, self._cancel)

    def take_focus(self) -> None:
        """Put the cursor at the end of the text."""
        self._field.moveCursor(self._field.textCursor().MoveOperation.End)
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def arrange(self, width: int) -> int:
        """Place the field and the buttons in *width* pixels; the height that they take."""
        inner = width - 2 * _PADDING
        lines = QFontMetricsF(self._field.font()).lineSpacing()
        self._field.resize(inner, self._field.height())
        self._lines = self._wanted()
        height = round(lines * self._lines) + 2 * round(self._field.document().documentMargin()) + 2
        self._field.setGeometry(_PADDING, _PADDING, inner, height)
        top, right = _PADDING + height + _GAP, width - _PADDING
        for one in (self._save, self._cancel):
            size = one.sizeHint()
            one.setGeometry(right - size.width(), top, size.width(), size.height())
            right -= size.width() + _GAP
        return top + self._save.height() + _PADDING

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter and Esc of the field."""
        if not isinstance(event, QKeyEvent):
            return False
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        saves = enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if not saves and event.key() != Qt.Key.Key_Escape:
            return False
        match event.type():
            case QEvent.Type.ShortcutOverride:
                event.accept()  # Esc is this editor's, before it is the window's
            case QEvent.Type.KeyPress if saves:
                self._on_save_clicked()
            case QEvent.Type.KeyPress:
                self.cancelled.emit()
        return True

    def _wanted(self) -> int:
        count = round(self._field.document().size().height())
        return min(max(count, _LEAST_LINES), _MOST_LINES)

    def _on_text_changed(self) -> None:
        self.changed.emit(self._field.toPlainText())
        if self._wanted() != self._lines:
            self.grown.emit()

    def _on_save_clicked(self) -> None:
        self.saved.emit(self._field.toPlainText())
