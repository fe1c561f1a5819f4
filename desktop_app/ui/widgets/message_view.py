"""What every message in a transcript has in common, whoever wrote it.

`transcript` makes views, feeds and places them. Heights are worked out here rather than by layouts: an answer that
arrives changes thirty times a second, and only at its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QFocusEvent, QFont, QFontMetricsF, QGuiApplication
from PySide6.QtWidgets import QMenu, QTextEdit, QWidget

from desktop_app.domain.chat import Message, TokenChance
from desktop_app.domain.tree import Place
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.looks import Looks
from desktop_app.ui.widgets.message_actions import ActionBar, MessageAction, Offers, add_actions
from desktop_app.ui.widgets.message_editor import Editor
from desktop_app.ui.widgets.message_unfolded import Unfolded
from desktop_app.ui.widgets.message_versions import VersionBar
from desktop_app.ui.widgets.selection import Selection
from desktop_app.ui.widgets.speech import spoken
from desktop_app.ui.widgets.text_view import safe_to_paste
from desktop_app.ui.widgets.transcript_marks import edit_of


@dataclass(frozen=True)
class Surroundings:
    """What the views of one transcript share."""

    theme: Theme
    looks: Looks
    selection: Selection
    offers: Offers


class MessageView(QWidget):
    """One message; `arrange` places its parts and says how tall it is."""

    link_clicked = Signal(str)
    copied = Signal(str)
    action = Signal(object)
    """A `MessageAction` that somebody else has to answer."""
    edited = Signal(str)
    remedy = Signal(object)
    """An `EndingRemedy` that is no action on this message."""
    grown = Signal()
    """A person folded or unfolded something: arrange again."""
    resized = Signal()
    """Its texts need more room, or less, and nobody did anything."""

    def __init__(self, around: Surroundings, message: Message, unfolded: Unfolded, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._looks, self._selection = around.theme, around.looks, around.selection
        self._offers = around.offers
        self._message = message
        self._unfolded = unfolded
        self._watched: set[QWidget] = set()
        self._actions = ActionBar(self._theme, message.role, self)
        self._actions.chosen.connect(self._on_action)
        self._versions = VersionBar(self._theme, self)
        self._versions.chosen.connect(self._on_action)
        self._editor: Editor | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if unfolded.edit is not None:
            self._open_editor(unfolded.edit)

    # --- what each kind does in its own way ------------------------------------------------------------------------

    def show_message(self, message: Message) -> bool:
        """Show *message*, or a part of what is new in it; True when there is more to be laid out."""
        raise NotImplementedError

    def set_looks(self, looks: Looks) -> None:
        """Show the same in other colours and fonts."""
        raise NotImplementedError

    def arrange(self, width: int) -> int:
        """Place the parts in *width* pixels; the height that they take."""
        raise NotImplementedError

    def parts(self) -> Sequence[QWidget]:
        """The texts in which words can be selected, from the top."""
        raise NotImplementedError

    def sections(self) -> Sequence[QWidget]:
        """Everything in which the keyboard may stop, in the order in which it is read."""
        raise NotImplementedError

    # --- what a transcript calls -----------------------------------------------------------------------------------

    @property
    def in_use(self) -> bool:
        """Whether taking the widgets away would take away the keyboard's place, or what is being written."""
        focus = self.window().focusWidget()
        return self._editor is not None or focus is self or (focus is not None and self.isAncestorOf(focus))

    @property
    def message(self) -> Message:
        """What it shows."""
        return self._message

    def stops(self) -> list[QWidget]:
        """Where the Tab key stops, in order: on the message as a whole, then on what is in it."""
        found = [self, *(one for section in self.sections() for one in (section, *section.findChildren(QWidget)))]
        return [one for one in found if one.focusPolicy() & Qt.FocusPolicy.TabFocus]

    def show_place(self, place: Place | None, *, last: bool) -> None:
        """Which version it is, and whether it is the last answer."""
        self._versions.show_place(place)
        self._actions.set_always(last)

    def begin_edit(self) -> None:
        """Open the editor in its place."""
        if self._editor is None:
            self._unfolded.edit = self._message.text
            self._open_editor(self._message.text)
            self.grown.emit()
        if self._editor:
            self._editor.take_focus()

    def show_chances(self, chances: Sequence[TokenChance]) -> None:
        """Show how sure the model was of each token; nothing to do for what nobody generated."""

    def reveal(self, words: str) -> None:
        """Unfold what has *words*, when nothing else here has them."""

    def focus_action(self, action: MessageAction) -> None:
        """Put the keyboard on the button of *action*, or on the other one for versions."""
        button = self._versions.button(action) or self._actions.button(action)
        if button:
            button.setFocus(Qt.FocusReason.TabFocusReason)

    def focused_action(self) -> MessageAction | None:
        """The action whose button has the keyboard."""
        actions = (MessageAction.PREVIOUS_VERSION, MessageAction.NEXT_VERSION)
        return next((one for one in actions if (b := self._versions.button(one)) and b.hasFocus()), None)

    def menu_place(self, action: MessageAction) -> QPoint:
        """Where a menu for *action* opens, on the screen."""
        return self._actions.place_of(action)

    # --- what Qt calls -----------------------------------------------------------------------------------------------

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard has come to the message as a whole: say what is in it."""
        self._describe()
        super().focusInEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """The mouse is here."""
        super().enterEvent(event)
        self._actions.set_near(True)

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is somewhere else."""
        super().leaveEvent(event)
        self._actions.set_near(False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What the buttons offer, in words."""
        self._show_menu(event.globalPos())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The same menu over its texts, where there may be a selection and a link."""
        if isinstance(event, QContextMenuEvent):
            edit = watched.parent()
            address = edit.anchorAt(event.pos()) if isinstance(edit, QTextEdit) else ""
            self._show_menu(event.globalPos(), address)
            return True
        return False

    # --- for the kinds of messages -----------------------------------------------------------------------------------

    def _describe(self) -> None:
        """Let a screen reader read the message as one: its name says who speaks, its description what."""
        self.setAccessibleDescription(spoken(self._message.text))

    def _watch_parts(self) -> None:
        """Have new texts selected and asked for menus like the others."""
        for part in self.parts():
            if part not in self._watched:
                self._watched.add(part)
                self._selection.watch(part)
                edit_of(part).viewport().installEventFilter(self)

    def _copy(self) -> None:
        text = safe_to_paste(self._message.text)
        QGuiApplication.clipboard().setText(text)
        self.copied.emit(text)

    def _on_action(self, action: MessageAction) -> None:
        match action:
            case MessageAction.COPY:
                self._copy()
            case MessageAction.EDIT:
                self.begin_edit()
            case _:
                self.action.emit(action)

    def _show_menu(self, place: QPoint, address: str = "") -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._selection.has_selection:
            menu.addAction("Copy selection", self._selection.copy)
            menu.addAction("Copy selection as plain text", self._selection.copy_plain)
        if address:
            menu.addAction("Copy address", lambda: QGuiApplication.clipboard().setText(safe_to_paste(address)))
        menu.addAction("Select all", self._selection.select_all)
        menu.addSeparator()
        offered = self._offers(self._message)
        add_actions(menu, self._theme, offered.all, self._message.role, self._on_action)
        menu.popup(place)

    def _open_editor(self, text: str) -> None:
        self._editor = Editor(self._theme, self._looks, self._message.role, text, self)
        self._editor.changed.connect(self._on_edit_changed)
        self._editor.saved.connect(self._on_edit_saved)
        self._editor.cancelled.connect(self._close_editor)
        self._editor.grown.connect(self.grown)
        self._editor.show()

    def _on_edit_changed(self, text: str) -> None:
        self._unfolded.edit = text

    def _on_edit_saved(self, text: str) -> None:
        before = self._message.text
        self._close_editor()
        if text.strip() and text != before:
            self.edited.emit(text)

    def _close_editor(self) -> None:
        put_away(self._editor)
        self._editor, self._unfolded.edit = None, None
        self.focus_action(MessageAction.EDIT)
        self.grown.emit()


def put_away(widget: QWidget | None) -> None:
    """Nobody needs *widget* any more; it is deleted when Qt has time."""
    if widget:
        widget.hide()
        widget.deleteLater()


def line_height(font: QFont, least: int) -> int:
    """Pixels for one line of small words or buttons, at any size of text."""
    return max(least, ceil(QFontMetricsF(font).height()) + 6)


def small(font: QFont) -> QFont:
    """*font*, a little smaller."""
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * 0.9)
    return made
