"""Scrolling through rows that get their widgets when they come into sight, and following the last of them.

Base of `Transcript`, which says what the rows are.
"""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from desktop_app.domain.chat import MessageState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton
from desktop_app.ui.widgets.looks import sheet_of
from desktop_app.ui.widgets.message_sheet import message_sheet
from desktop_app.ui.widgets.pump import Pump
from desktop_app.ui.widgets.selection import Selection
from desktop_app.ui.widgets.transcript_anchor import Anchor
from desktop_app.ui.widgets.transcript_column import Column
from desktop_app.ui.widgets.transcript_focus import stop_beside, stop_outside
from desktop_app.ui.widgets.transcript_rows import Row

NEAR_THE_END = 24
"""Pixels from the bottom at which the text counts as followed."""

_KEEP_SCREENS = 4
"""Messages further away than this many screens lose their widgets again."""

_JUMP_SIZE = 34


class RowArea(QScrollArea):
    """A column of rows, its selection, and where it is scrolled to."""

    def __init__(self, theme: Theme, column: Column, pump: Pump | None, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pump = pump or Pump(self)
        self._column = column
        self._rows = self._column.rows
        self._following = True
        self._placing = False
        self.setWidget(self._column)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._jump = IconButton(theme, "arrow-down", "Jump to the newest", self.follow)
        self._jump.setProperty("role", "jump")
        self._jump.setParent(self)
        self._jump.hide()
        self._column.before = self._jump
        self.selection = Selection(self, lambda: self._rows.all)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changed.connect(self._on_theme_changed)
        theme.focus_moved.connect(self._on_focus_moved)
        self._set_sheet()

    def follow(self) -> None:
        """Go to the end and stay there while more arrives."""
        self._following = True
        self._scroll_to_end()
        self._realise()
        self._scroll_to_end()
        self._pump.request(self)

    @property
    def following(self) -> bool:
        """Whether the newest text is kept in sight."""
        return self._following

    def flush(self) -> bool:
        """Draw what has arrived for what is in sight, and at most one message beyond it; True when there is more."""
        if not self.isVisible():
            return False  # `showEvent` asks for a turn
        more = False
        anchor = self._anchor()
        due = [row for row in self._rows.realised if row.changed]
        for row in due:
            more |= self._column.refresh(row)
        if due:
            self._place(anchor)
            self._realise()
        return self._realise_one_beyond() or more

    # --- what Qt calls ---------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what is read in its place while lines break anew."""
        super().resizeEvent(event)
        left = (self.viewport().width() - _JUMP_SIZE) // 2
        self._jump.setGeometry(left, self.height() - _JUMP_SIZE - 12, _JUMP_SIZE, _JUMP_SIZE)
        self._jump.raise_()
        anchor = self._anchor()
        self._column.fit(self.viewport().size())
        self._place(anchor)
        self._realise()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what arrived while nobody could see it."""
        super().showEvent(event)
        self._realise()
        self._pump.request(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """End follows the newest; Home goes to the beginning; Space turns pages; the scroll area knows the rest."""
        bar = self.verticalScrollBar()
        match event.key():
            case Qt.Key.Key_End:
                self.follow()
            case Qt.Key.Key_Home:
                bar.setValue(0)
            case Qt.Key.Key_Space:
                up = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                bar.setValue(bar.value() + (-bar.pageStep() if up else bar.pageStep()))
            case _:
                super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab and Shift+Tab: see `transcript_focus`."""
        focused = self.window().focusWidget()
        row = self._column.row_of(focused)
        found: QWidget | None
        if self._placing:  # what had the keyboard is going
            found = self
        elif focused is None or (focused is self and not forward):
            found = None
        elif row is None:  # here, or on the button that leads to the end
            found = self._first_stop() if forward else self
        else:
            found = stop_beside(focused, self._column.stops(row), forward=forward) or (None if forward else self)
        found = found or stop_outside(self, forward=forward)
        if found is None:
            return False
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        found.setFocus(reason)
        return True

    # --- keyboard --------------------------------------------------------------------------------------------------

    def _first_stop(self) -> QWidget | None:
        """Of the last message in sight."""
        seen = [row for row in self._rows.between(self._top, self._bottom) if row.view]
        return stop_beside(self, self._column.stops(seen[-1]), forward=True) if seen else None

    def step(self, step: int) -> None:
        """Put the keyboard on the message above (-1) or below (1); on the last in sight when it is on none."""
        row = self._column.row_of(self.window().focusWidget())
        seen = list(self._rows.between(self._top, self._bottom))
        index = row.index + step if row else seen[-1].index if seen else -1
        if 0 <= index < len(self._rows):
            aim = self._rows.all[index]
            self._bring(aim)
            if aim.view:
                aim.view.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_focus_moved(self, focused: QWidget | None) -> None:
        """Whatever has got the keyboard is in sight."""
        if focused is None or not self._column.isAncestorOf(focused) or self._placing:
            return
        top = focused.mapTo(self._column, QPoint(0, 0)).y()
        if top >= self._bottom or top + focused.height() <= self._top:
            self.ensureWidgetVisible(focused)

    # --- widgets ---------------------------------------------------------------------------------------------------

    def _realise(self) -> None:
        """Give widgets to what is in sight; each turns an estimate into a height, which moves the others."""
        if not self.isVisible():
            return
        while bare := [row for row in self._rows.between(self._top, self._bottom) if row.view is None]:
            self._realise_row(bare[-1])
        self._drop_far()

    def _realise_one_beyond(self) -> bool:
        """Prepare the next message above or below, half a screen ahead; True when there may be another."""
        half = self.viewport().height() // 2
        near = [row for row in self._rows.between(self._top - half, self._bottom + half) if row.view is None]
        if not near or not self.isVisible():
            return False
        self._realise_row(near[-1])
        return True

    def _realise_row(self, row: Row) -> None:
        anchor = self._anchor()
        self._column.realise(row, self.selection)
        self._place(anchor)
        if row.changed:
            self._pump.request(self)

    def _drop_far(self) -> None:
        reach = _KEEP_SCREENS * max(self.viewport().height(), 200)
        top, bottom = self._top - reach, self._bottom + reach
        for row in self._rows.realised:
            far = self._rows.end(row) < top or self._rows.top(row) > bottom
            needed = row.message.state is MessageState.STREAMING or self.selection.holds(row.key)
            if far and row.view and not needed and not row.view.in_use:
                self._column.drop(row)

    # --- scrolling -------------------------------------------------------------------------------------------------

    @property
    def _top(self) -> int:
        return self.verticalScrollBar().value()

    @property
    def _bottom(self) -> int:
        return self._top + self.viewport().height()

    def _anchor(self) -> Anchor | None:
        """What stays where it is; at the very beginning, that is the beginning."""
        if self._top == 0 and self._rows.all:
            return Anchor(self._rows.all[0], 0, self._rows.gap)
        return Anchor.of(self._rows, self._top, self._bottom)

    def _place(self, anchor: Anchor | None) -> None:
        """Put the rows where they belong, and scroll so that the end, or what was read, is where it was."""
        self._placing = True
        self._column.place()
        self._placing = False
        if self._following:
            self._scroll_to_end()
        elif anchor and (place := anchor.scrolled(self._rows)) is not None:
            self._scroll_to(place)
        self._show_jump()

    def _bring(self, row: Row) -> None:
        """Scroll to a row and give widgets to it and what is around it."""
        if row.view is None:
            self._realise_row(row)
        if self._rows.top(row) < self._top or self._rows.top(row) > self._bottom - NEAR_THE_END:
            self._following = False
            self._scroll_to(self._rows.top(row) - self._theme.space.medium)
        self._realise()

    def _scroll_to_end(self) -> None:
        self._scroll_to(self.verticalScrollBar().maximum())

    def _scroll_to(self, value: int) -> None:
        self._placing = True
        self.verticalScrollBar().setValue(value)
        self._placing = False
        self._show_jump()

    def _on_scrolled(self, value: int) -> None:
        if self._placing:
            return
        self._following = value >= self.verticalScrollBar().maximum() - NEAR_THE_END
        self._realise()
        self._show_jump()
        self._pump.request(self)

    def _show_jump(self) -> None:
        self._jump.setVisible(not self._following and self.verticalScrollBar().maximum() > 0)

    def _on_theme_changed(self) -> None:
        anchor = self._anchor()
        self._set_sheet()
        self._column.refresh_looks()
        self._place(anchor)
        self._realise()

    def _set_sheet(self) -> None:
        self.setStyleSheet(self._theme.sheet(sheet_of(self._theme.tokens) + message_sheet(self._theme.tokens)))
