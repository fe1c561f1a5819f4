"""What can be done with a message: the buttons below it, and the same words in menus.

The message views own an `ActionBar` each. Its buttons are faint until the mouse or the keyboard comes to the message,
but always there for the keyboard and for screen readers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.domain.answer_words import EndingRemedy
from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton

_BUTTON = 28
_ICON = 17
"""Width and height of a button and of its icon at the usual size of words, pixels."""

_FAINT = 0.66
"""How much of an icon's colour is left while nobody is near; with less its contrast would be below 3:1."""


class MessageAction(Enum):
    """What a person asks for. The value is what they read."""

    COPY = "Copy"
    REGENERATE = "Regenerate"
    EDIT = "Edit"
    CONTINUE = "Continue"
    BRANCH = "Branch into a new chat"
    TRY_WITH = "Try with another model"
    MORE = "More"
    DELETE = "Delete message"
    DELETE_FOLLOWING = "Delete this and everything after it"
    DETAILS = "Details"
    CHANCES = "Show how sure it was"
    PREVIOUS_VERSION = "Previous version"
    NEXT_VERSION = "Next version"
    ASK_AGAIN = "Ask again"
    IN_CHAT = "Continue in a chat"
    ALL_DETAILS = "All details"
    GO_ON = "Go on from this one"
    GO_ON_APART = "Let each go on from its own"


_ICONS = {
    MessageAction.COPY: "copy",
    MessageAction.REGENERATE: "refresh",
    MessageAction.EDIT: "pencil",
    MessageAction.CONTINUE: "continue",
    MessageAction.BRANCH: "branch",
    MessageAction.TRY_WITH: "swap",
    MessageAction.MORE: "more",
    MessageAction.DELETE: "trash",
    MessageAction.DELETE_FOLLOWING: "trash",
    MessageAction.DETAILS: "info",
    MessageAction.PREVIOUS_VERSION: "chevron-left",
    MessageAction.NEXT_VERSION: "chevron-right",
    MessageAction.ASK_AGAIN: "refresh",
    MessageAction.IN_CHAT: "chat",
    MessageAction.ALL_DETAILS: "info",
    MessageAction.GO_ON: "go-on",
    MessageAction.GO_ON_APART: "undo",
}
_GOES_ON = (MessageState.CUT, MessageState.STOPPED, MessageState.INTERRUPTED)
_DELETING = (MessageAction.DELETE, MessageAction.DELETE_FOLLOWING)


@dataclass(frozen=True)
class Note:
    """What stands in a line of its own below an answer: words, a button, or both."""

    icon: str
    words: str = ""
    button: str = ""
    """What the button says that does `action`; empty for none."""
    action: MessageAction | None = None
    menu: tuple[MessageAction, ...] = ()
    """What menus of the message offer besides."""
    told: str = ""
    """The same in more words, for those who ask."""
    framed: bool = False
    """Whether it counts more than what stands around it."""


@dataclass(frozen=True)
class Offer:
    """What is offered for a message: as buttons, and behind the last of them."""

    buttons: tuple[MessageAction, ...] = ()
    more: tuple[MessageAction, ...] = ()
    remedies: tuple[EndingRemedy, ...] = tuple(EndingRemedy)
    """What may be offered beside the words that say how it ended."""
    note: Note | None = None

    @property
    def all(self) -> tuple[MessageAction, ...]:
        """Everything, as menus list it."""
        return (*self.buttons, *self.more, *(self.note.menu if self.note else ()))


Offers = Callable[[Message], Offer]
"""What can be done with a message in the place where it is shown."""


def offer(message: Message) -> Offer:
    """What can be done with *message*; nothing while it is being written."""
    action = MessageAction
    if message.role is Role.USER:
        more = (action.REGENERATE, action.BRANCH, *_DELETING)
        return Offer((action.COPY, action.EDIT), more)
    if message.state is MessageState.STREAMING:
        return Offer()
    words = (action.COPY,) if message.text else ()
    on = (action.CONTINUE,) if message.state in _GOES_ON and message.text else ()
    chances = (action.CHANCES,) if message.logprobs else ()
    edit = (action.EDIT,) if message.text else ()
    return Offer(
        (*words, action.REGENERATE, *edit, action.BRANCH, action.TRY_WITH),
        # Beside the line that says how it ended, Continue stands as a word.
        (*on, action.DETAILS, *chances, *_DELETING),
    )


def words_of(action: MessageAction, role: Role) -> str:
    """What a button or a menu says for *action* on a message of this role."""
    if action in (MessageAction.COPY, MessageAction.EDIT):
        return f"{action.value} {'question' if role is Role.USER else 'answer'}"
    return "Regenerate answer" if action is MessageAction.REGENERATE and role is Role.USER else action.value


def add_actions(
    menu: QMenu,
    theme: Theme,
    actions: Sequence[MessageAction],
    role: Role,
    chosen: Callable[[MessageAction], object],
) -> None:
    """Put *actions* into a menu, what deletes behind a line."""
    for action in actions:
        if action is MessageAction.DELETE and not menu.isEmpty():
            menu.addSeparator()
        entry = menu.addAction(words_of(action, role))
        if icon := _ICONS.get(action):
            entry.setIcon(theme.icon(icon))
        entry.triggered.connect(lambda _=False, action=action: (chosen(action), None)[1])


class QuietButton(IconButton):
    """An icon that is faint until its message is looked at."""

    focused = Signal(bool)
    _awake = False

    def set_awake(self, awake: bool) -> None:
        """Draw it clearly, or faintly."""
        if awake is not self._awake:
            self._awake = awake
            self.draw()

    def draw(self) -> None:
        """Take the icon in the present colours."""
        tokens = self._theme.tokens
        colour = tokens.second if self._awake else _blend(tokens.second, tokens.background, _FAINT)
        self.setIcon(self._theme.icon(self._icon_name, colour))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard has come."""
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard has gone."""
        super().focusOutEvent(event)
        self.focused.emit(False)


class ActionBar(QWidget):
    """The buttons in a row. Arrow keys move between them."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, role: Role, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._role = role
        self._offer = Offer()
        self._buttons: dict[MessageAction, QuietButton] = {}
        self._near = self._always = self._focused = False

    def sizeHint(self) -> QSize:
        """As wide as its buttons."""
        size = self._theme.grown(_BUTTON)
        return QSize(size * len(self._shown), size)

    def fit(self) -> None:
        """Place the buttons as large as the size of words asks for."""
        size, icon = self._theme.grown(_BUTTON), self._theme.icon_size(_ICON)
        for place, action in enumerate(self._shown):
            self._buttons[action].setIconSize(icon)
            self._buttons[action].setGeometry(place * size, 0, size, size)

    def show_offer(self, offered: Offer) -> None:
        """Have buttons for what is offered now."""
        if offered == self._offer:
            return
        self._offer = offered
        for action, button in self._buttons.items():
            button.setVisible(action in self._shown)
        for action in self._shown:
            if action not in self._buttons:
                self._make(action)
        self.fit()

    def set_always(self, always: bool) -> None:
        """The last answer's buttons are clear without being looked for."""
        self._always = always
        self._wake()

    def set_near(self, near: bool) -> None:
        """Whether the mouse is over the message."""
        self._near = near
        self._wake()

    def button(self, action: MessageAction) -> QuietButton | None:
        """The button of an action that is offered as one."""
        return self._buttons.get(action) if action in self._shown else None

    def place_of(self, action: MessageAction) -> QPoint:
        """Where a menu for *action* opens, on the screen."""
        button = self.button(action) or self.button(MessageAction.MORE)
        return (button or self).mapToGlobal(QPoint(0, self._theme.grown(_BUTTON)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right go to the neighbour."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        shown = [self._buttons[action] for action in self._shown]
        focused = next((place for place, button in enumerate(shown) if button.hasFocus()), None)
        if step is None or focused is None:
            super().keyPressEvent(event)
            return
        shown[(focused + step) % len(shown)].setFocus(Qt.FocusReason.TabFocusReason)

    @property
    def _shown(self) -> tuple[MessageAction, ...]:
        return (*self._offer.buttons, MessageAction.MORE) if self._offer.more else self._offer.buttons

    def _make(self, action: MessageAction) -> None:
        clicked = self._show_more if action is MessageAction.MORE else lambda: self.chosen.emit(action)
        button = QuietButton(self._theme, _ICONS[action], words_of(action, self._role), clicked)
        button.focused.connect(self._on_focused)
        button.setParent(self)
        button.set_awake(self._near or self._always)
        button.show()
        self._buttons[action] = button

    def _show_more(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_actions(menu, self._theme, self._offer.more, self._role, self.chosen.emit)
        menu.popup(self.place_of(MessageAction.MORE))

    def _on_focused(self, focused: bool) -> None:
        self._focused = focused
        self._wake()

    def _wake(self) -> None:
        awake = self._near or self._always or self._focused
        for button in self._buttons.values():
            button.set_awake(awake)


def _blend(front: str, back: str, share: float) -> str:
    """A colour between two."""
    one, other = QColor(front), QColor(back)
    mixed = (
        round(share * getattr(one, part)() + (1 - share) * getattr(other, part)()) for part in ("red", "green", "blue")
    )
    return QColor(*mixed).name()
