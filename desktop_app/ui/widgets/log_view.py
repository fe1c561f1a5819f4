"""The lines of a log on the screen: scrolling, following, selecting, copying. `ui/pages/log` owns one.

Only what is seen is in Qt's list (see `log_model`); its scroll bar, selection and keys are therefore ours. Places are
remembered as numbers of records, so that nothing moves while the oldest lines go.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QRect, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QListView, QMenu, QScrollBar, QWidget

from desktop_app.services.log_reading import Record
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import set_property
from desktop_app.ui.widgets.log_model import LogModel
from desktop_app.ui.widgets.log_paint import RowPainter, RowState

_KEYS_OF_FOCUS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
_SHEET = """
QFrame[role="log"] {{ background: {code_background}; border: 1px solid {line}; border-radius: 8px; }}
QFrame[role="log"][ring="true"] {{ border-color: {accent_text}; }}
"""


class LogList(QListView):
    """The rows, and what keys and the mouse do with them."""

    follow_changed = Signal(bool)
    """The end of the log is kept in sight, or not any more."""
    selected = Signal()
    """Another record is the current one, or others are selected."""
    copy_asked = Signal()

    def __init__(self, theme: Theme, model: LogModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._records = model
        self.bar = QScrollBar(Qt.Orientation.Vertical)
        self.painter = RowPainter(theme)
        self.following = True
        self._top = 0
        """The number of the first record that is seen, while not following."""
        self._anchor: int | None = None
        self._current: int | None = None
        # Rows are drawn by `paintEvent`; their places in Qt's eyes are what a screen reader is told.
        model.set_row_height(self.painter.height)
        self.setModel(model)
        self.setFont(self.painter.font)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.bar.valueChanged.connect(self._on_scrolled)
        model.changed.connect(self.refresh)

    @property
    def current(self) -> Record | None:
        """The record that the keyboard or a click is at; None when nobody chose one, or it is gone."""
        log = self._records.log
        if self._current is None or not log.oldest <= self._current < log.end:
            return None
        return log.record(self._current)

    @property
    def top(self) -> int:
        """The number of the first record that is seen."""
        record = self._records.record_at(0)
        return record.number if record else 0

    @property
    def height_in_rows(self) -> int:
        """How many rows fit."""
        return max(1, self.viewport().height() // self.painter.height)

    def take_looks(self) -> None:
        """Draw in the theme's present fonts and colours from now on."""
        self.painter.take_looks()
        self._records.set_row_height(self.painter.height)
        self.setFont(self.painter.font)
        self.refresh()
        self.viewport().update()

    def chosen(self) -> Sequence[int]:
        """The numbers of the selected records; all that are shown when none is."""
        shown = self._records.shown
        if self._current is None or self._anchor is None:
            return shown.numbers(0, shown.count)
        first, last = sorted((self._anchor, self._current))
        return shown.numbers(shown.position(first), shown.position(last + 1))

    def follow(self, following: bool) -> None:
        """Keep the end in sight from now on, or stay here."""
        if not following:
            self._top = self.top
        if following is not self.following:
            self.following = following
            self.follow_changed.emit(following)
        self.refresh()

    def choose(self, number: int, extend: bool = False) -> None:
        """Make *number* the current record and bring it into sight; with *extend*, select up to it."""
        self._current = number
        if not extend or self._anchor is None:
            self._anchor = number
        position, seen = self._records.shown.position(number), self._records.shown.position(self.top)
        if not seen <= position < seen + self.height_in_rows:
            # A third from above: what led to it can be seen too.
            near = position - self.height_in_rows // 3
            if position == seen - 1:
                near = position
            elif position == seen + self.height_in_rows:
                near = seen + 1
            self._scroll_to(near)
        else:
            self.follow(False)
        self.selected.emit()

    def choose_all(self) -> None:
        """Select everything that is shown."""
        if count := self._records.count:
            self.follow(False)
            self._anchor, self._current = self._records.shown.number(0), self._records.shown.number(count - 1)
            self.refresh()
            self.selected.emit()

    def choose_none(self) -> None:
        """Nothing is selected or current any more."""
        self._anchor = self._current = None
        self.setCurrentIndex(QModelIndex())
        self.viewport().update()
        self.selected.emit()

    def refresh(self) -> None:
        """Show what is to be seen now."""
        if not self.isVisible():
            return
        height, count = self.height_in_rows, self._records.count
        last = max(0, count - height)
        top = last if self.following else min(last, self._records.shown.position(self._top))
        self.bar.blockSignals(True)
        self.bar.setRange(0, last)
        self.bar.setPageStep(height)
        self.bar.setValue(top)
        self.bar.blockSignals(False)
        self.painter.make_room(self._records.log.processes)
        self._records.move_to(top, height)
        row = -1 if self._current is None else self._records.row_of(self._current)
        if row != self.currentIndex().row():
            self.setCurrentIndex(self._records.index(row) if row >= 0 else QModelIndex())
        self.viewport().update()

    def _scroll_to(self, position: int) -> None:
        last = max(0, self._records.count - self.height_in_rows)
        position = min(max(0, position), last)
        self._top = self._records.shown.number(position) if self._records.count else 0
        if self.following:
            self.following = False
            self.follow_changed.emit(False)
        self.refresh()

    def _on_scrolled(self, position: int) -> None:
        if position >= self.bar.maximum():
            self.follow(True)
        else:
            self._scroll_to(position)

    def _move(self, rows: int, extend: bool) -> None:
        shown = self._records.shown
        if not shown.count:
            return
        if self._current is None:
            at = shown.position(self.top) + (self.height_in_rows if rows < 0 else -1)
        else:
            at = shown.position(self._current)
        self.choose(shown.number(min(max(0, at + rows), shown.count - 1)), extend)

    def _go_to_end(self, extend: bool) -> None:
        if self._records.count:
            self._current = self._records.shown.number(self._records.count - 1)
            self._anchor = self._anchor if extend and self._anchor is not None else self._current
        self.follow(True)
        self.selected.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, select, copy, follow."""
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        moves = {
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_PageUp: -self.height_in_rows,
            Qt.Key.Key_PageDown: self.height_in_rows,
            Qt.Key.Key_Home: -self._records.count,
        }
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.choose_all()
        elif event.key() == Qt.Key.Key_End:
            self._go_to_end(extend)
        elif event.key() == Qt.Key.Key_Escape and self._current is not None:
            self.choose_none()
        elif move := moves.get(Qt.Key(event.key())):
            self._move(move, extend)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        """Esc ends a selection before it leaves the page."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
            and self._current is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a record; with Shift, up to it."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._choose_at(event, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select while the button is held; beyond the edge it scrolls."""
        if event.buttons() & Qt.MouseButton.LeftButton and self._current is not None:
            self._choose_at(event, extend=True)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Nothing more than a click."""
        self.mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Selected is what is selected."""

    def _choose_at(self, event: QMouseEvent, extend: bool) -> None:
        row = int(event.position().y() // self.painter.height)
        shown = self._records.shown
        at = shown.position(self.top) + min(max(-1, row), self.height_in_rows)
        if shown.count and (extend or 0 <= at < shown.count):
            self.choose(shown.number(min(max(0, at), shown.count - 1)), extend)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The scroll bar beside it scrolls."""
        QApplication.sendEvent(self.bar, event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy, select all."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction("Copy", self.copy_asked.emit)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        select = menu.addAction("Select all", self.choose_all)
        select.setShortcut(QKeySequence(QKeySequence.StandardKey.SelectAll))
        menu.popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the room; a record that was seen below and is chosen stays in sight when there is less of it."""
        super().resizeEvent(event)
        self.refresh()
        shown, rows = self._records.shown, event.oldSize().height() // self.painter.height
        if self._current is not None and not self.following:
            below = shown.position(self._current) - shown.position(self.top)
            if self.height_in_rows <= below < rows:
                self._scroll_to(shown.position(self._current) - self.height_in_rows + 1)

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the log while it can be seen."""
        super().showEvent(event)
        self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows."""
        painter = QPainter(self.viewport())
        painter.setFont(self.painter.font)
        lowest = highest = -1
        if self._anchor is not None and self._current is not None:
            lowest, highest = sorted((self._anchor, self._current))
        words = self._records.words.lower()
        ring = self.hasFocus()
        for row in range(self._records.rowCount()):
            record = self._records.record_at(row)
            if record is not None:
                state = RowState(lowest <= record.number <= highest, ring and record.number == self._current, words)
                place = QRect(0, row * self.painter.height, self.viewport().width(), self.painter.height)
                self.painter.paint(painter, place, record, state)


class LogView(QFrame):
    """The list with its frame and its scroll bar."""

    def __init__(self, theme: Theme, model: LogModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "log")
        self.list = LogList(theme, model)
        self.list.setAccessibleName("Log of the engine")
        self.list.installEventFilter(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 6, 1, 6)
        row.setSpacing(0)
        row.addWidget(self.list, 1)
        row.addWidget(self.list.bar)
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.setStyleSheet(_SHEET.format(**vars(self._theme.tokens)))
        self.list.take_looks()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """The ring of the keyboard's focus goes round the frame."""
        if isinstance(event, QFocusEvent):
            came = event.type() is QEvent.Type.FocusIn
            set_property(self, "ring", came and event.reason() in _KEYS_OF_FOCUS)
        return False
