"""One selection over all messages of a conversation: across paragraphs, blocks of code and messages.

`Transcript` makes one and shows it every text that it gets widgets for. The selection is two places (message, part,
position), so that it outlives the widgets; each part draws its share with its own text cursor. A message without
widgets counts whole.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu, QPlainTextEdit, QScrollArea, QTextEdit, QWidget

from desktop_app.ui.widgets.selection_parts import END, Place, Selectable, Share, draw, edit_of, position_in, share_of
from desktop_app.ui.widgets.text_view import TextView, safe_to_paste

_SCROLL_MILLISECONDS = 30
_FASTEST_SCROLL = 60
"""Pixels a turn while the mouse is held beyond the edge."""


class _End(NamedTuple):
    """A `Place` by the number of its message."""

    row: int
    part: int
    position: int


class Selection(QObject):
    """What is selected in *area*, whose messages are *messages* from the top."""

    changed = Signal()

    def __init__(self, area: QScrollArea, messages: Callable[[], Sequence[Selectable]]) -> None:
        super().__init__(area)
        self._area = area
        self._messages = messages
        self._anchor: Place | None = None
        self._head: Place | None = None
        self._dragging = False
        self._pressed = QPoint()
        self._scroll = QTimer(self)
        self._scroll.setInterval(_SCROLL_MILLISECONDS)
        self._scroll.timeout.connect(self._on_scroll_due)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._apply)
        self._mouse = QPoint()
        area.installEventFilter(self)
        if column := area.widget():
            column.installEventFilter(self)

    # --- what a transcript calls -----------------------------------------------------------------------------------

    def watch(self, part: QWidget) -> None:
        """Select in *part* too, a `TextView` or a `CodeBlock`; what was selected in it before is selected again."""
        edit = edit_of(part)
        edit.installEventFilter(self)
        edit.viewport().installEventFilter(self)
        edit.document().contentsChanged.connect(self._on_contents_changed)
        self._on_contents_changed()

    @property
    def has_selection(self) -> bool:
        """Whether anything is selected."""
        return self._anchor is not None and self._head is not None and self._anchor != self._head

    def holds(self, key: int) -> bool:
        """Whether the selection begins or ends in this message, whose widgets had better stay therefore."""
        return self.has_selection and key in {place.message for place in (self._anchor, self._head) if place}

    def clear(self) -> None:
        """Select nothing."""
        had = self.has_selection
        self._anchor = self._head = None
        self._apply()
        if had:
            self.changed.emit()

    def select_all(self) -> None:
        """Select every message."""
        messages = self._messages()
        if messages:
            self._anchor = Place(messages[0].key, 0, 0)
            self._head = Place(messages[-1].key, END, END)
            self._apply()
            self.changed.emit()

    def markdown(self) -> str:
        """What is selected, as Markdown; the code alone when nothing but code of one block is selected."""
        texts = list(self._texts(as_markdown=True))
        return "\n\n".join(text.strip("\n") for text in texts if text.strip()) if len(texts) > 1 else "".join(texts)

    def plain_text(self) -> str:
        """What is selected, as it is read: without the signs of Markdown."""
        return "\n\n".join(text.strip("\n") for text in self._texts(as_markdown=False) if text.strip())

    def copy(self) -> None:
        """Put the Markdown on the clipboard."""
        if self.has_selection:
            QGuiApplication.clipboard().setText(safe_to_paste(self.markdown()))

    def copy_plain(self) -> None:
        """Put the words on the clipboard."""
        if self.has_selection:
            QGuiApplication.clipboard().setText(safe_to_paste(self.plain_text()))

    # --- what Qt calls -----------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Mouse and keys of every part; True for what the part need not see."""
        match event:
            case QMouseEvent():
                return self._on_mouse(watched, event)
            case QKeyEvent() if event.type() == QEvent.Type.KeyPress:
                return self._on_key(event)
            case QContextMenuEvent() if isinstance(watched.parent(), (QTextEdit, QPlainTextEdit)):
                self._show_menu(watched, event)
                return True
        return False

    def _on_mouse(self, watched: QObject, event: QMouseEvent) -> bool:
        self._mouse = event.globalPosition().toPoint()
        left = event.button() == Qt.MouseButton.LeftButton
        match event.type():
            case QEvent.Type.MouseButtonPress if left:
                return self._on_pressed(event)
            case QEvent.Type.MouseButtonDblClick if left:
                self._dragging = False  # Qt selects, word by word
            case QEvent.Type.MouseMove if self._dragging and event.buttons() & Qt.MouseButton.LeftButton:
                return self._on_dragged()
            case QEvent.Type.MouseButtonRelease if left:
                self._on_released(watched)
        return False

    def _on_pressed(self, event: QMouseEvent) -> bool:
        """Begin anew, or with Shift go on from where it began."""
        place = self._place_at(self._mouse)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._anchor and place:
            self._dragging = True
            self._extend(place)
            return True
        self.clear()
        self._anchor, self._dragging, self._pressed = place, place is not None, self._mouse
        return False

    def _on_released(self, watched: QObject) -> None:
        self._scroll.stop()
        self._dragging = False
        if self._head is None:
            # After a second or third click the part selects a word or a paragraph, which it does when this is over.
            QTimer.singleShot(0, self, lambda: self._take_from(watched))

    def _on_dragged(self) -> bool:
        if self._head is None and (self._mouse - self._pressed).manhattanLength() < QApplication.startDragDistance():
            return False
        if place := self._place_at(self._mouse):
            self._extend(place)
        if self._beyond() and not self._scroll.isActive():
            self._scroll.start()
        return True

    def _on_scroll_due(self) -> None:
        """The mouse is held above or below: scroll there, faster the further it is."""
        beyond = self._beyond()
        if not beyond or not self._dragging:
            self._scroll.stop()
            return
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.value() + max(-_FASTEST_SCROLL, min(_FASTEST_SCROLL, beyond)))
        if place := self._place_at(self._mouse):
            self._extend(place)

    def _beyond(self) -> int:
        """Pixels by which the mouse is below what is in sight; negative above it."""
        view = self._area.viewport()
        y = view.mapFromGlobal(self._mouse).y()
        return y if y < 0 else max(0, y - view.height())

    def _on_key(self, event: QKeyEvent) -> bool:
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.matches(QKeySequence.StandardKey.Copy) and self.has_selection:
            self.copy()
        else:
            return False
        return True

    def _show_menu(self, watched: QObject, event: QContextMenuEvent) -> None:
        edit = watched.parent()
        menu = QMenu(self._area)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction("Copy", self.copy)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        plain = menu.addAction("Copy as plain text", self.copy_plain)
        copy.setEnabled(self.has_selection)
        plain.setEnabled(self.has_selection)
        if isinstance(edit, QTextEdit) and (address := edit.anchorAt(event.pos())):
            menu.addAction("Copy address", lambda: QGuiApplication.clipboard().setText(safe_to_paste(address)))
        menu.addSeparator()
        menu.addAction("Select all", self.select_all).setShortcut(QKeySequence(QKeySequence.StandardKey.SelectAll))
        menu.popup(event.globalPos())

    def _on_contents_changed(self) -> None:
        """A part was written again, which takes its share away."""
        if self.has_selection and not self._again.isActive():
            self._again.start(0)

    # --- places ------------------------------------------------------------------------------------------------------

    def _extend(self, place: Place) -> None:
        if place == self._head:
            return
        self._head = place
        self._apply()
        self.changed.emit()

    def _take_from(self, watched: QObject) -> None:
        """Qt has selected a word or a paragraph in this part."""
        for message in self._messages():
            for index, part in enumerate(message.parts()):
                cursor = edit_of(part).textCursor()
                if shiboken6.isValid(watched) and edit_of(part).viewport() is watched and cursor.hasSelection():
                    self._anchor = Place(message.key, index, cursor.anchor())
                    self._head = Place(message.key, index, cursor.position())
                    self.changed.emit()
                    return

    def _place_at(self, point: QPoint) -> Place | None:
        """The place nearest to a point of the screen."""
        best: tuple[int, int, int, QWidget] | None = None
        for message in self._messages():
            for index, part in enumerate(message.parts()):
                top = part.mapToGlobal(QPoint(0, 0)).y()
                away = max(0, top - point.y(), point.y() - top - part.height() + 1)
                if best is None or away < best[0]:
                    best = (away, message.key, index, part)
        return Place(best[1], best[2], position_in(best[3], point)) if best else None

    def _ends(self) -> tuple[_End, _End] | None:
        """Where the selection begins and ends; None when nothing is selected or a message of it is gone."""
        if self._anchor is None or self._head is None:
            return None
        wanted = {self._anchor.message, self._head.message}
        order = {message.key: index for index, message in enumerate(self._messages()) if message.key in wanted}
        if len(order) < len(wanted):
            return None
        first, last = sorted(_End(order[one.message], one.part, one.position) for one in (self._anchor, self._head))
        return first, last

    def _shares(self) -> Iterator[tuple[Selectable, list[Share]]]:
        """Every message with what is selected of its parts; the list is empty when it has no widgets."""
        if ends := self._ends():
            messages = self._messages()
            for index in range(ends[0].row, ends[1].row + 1):
                yield messages[index], _shares_of(messages[index].parts(), index, *ends)

    def _apply(self) -> None:
        """Let every part draw its share."""
        ends = self._ends()
        for index, message in enumerate(self._messages()):
            if not (parts := message.parts()):
                continue
            chosen = ends is not None and ends[0].row <= index <= ends[1].row
            due = {id(one.part): one for one in _shares_of(parts, index, *ends)} if ends and chosen else {}
            for part in parts:
                share = due.get(id(part))
                draw(edit_of(part), share.begin if share else 0, share.end if share else 0)

    def _texts(self, *, as_markdown: bool) -> Iterator[str]:
        """What is selected, message by message and part by part."""
        self._apply()
        found = list(self._shares())
        if len(found) == 1 and len(found[0][1]) == 1 and not isinstance(found[0][1][0].part, TextView):
            yield found[0][1][0].part.selected_text()
            return
        for message, shares in found:
            whole = all(share.whole for share in shares) and len(shares) == len(message.parts())
            if not shares or (whole and as_markdown):
                yield message.markdown()
                continue
            for share in shares:
                if share.begin < share.end:
                    yield share.part.selected_markdown() if as_markdown else share.part.selected_text()


def _shares_of(parts: Sequence[QWidget], index: int, first: _End, last: _End) -> list[Share]:
    """What is selected of each part of the message at *index*, which lies between the two ends."""
    from_part, begin = (first.part, first.position) if index == first.row else (0, 0)
    to_part, end = (last.part, last.position) if index == last.row else (END, END)
    from_part = min(from_part, max(0, len(parts) - 1))
    return [
        share_of(part, begin if number == from_part else 0, end if number == to_part else END)
        for number, part in enumerate(parts)
        if from_part <= number <= to_part
    ]
