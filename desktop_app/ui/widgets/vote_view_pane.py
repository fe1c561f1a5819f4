"""One of two answers that are compared: what was thought, folded, and the text; nothing that tells its model.

`vote_view` places two of them. Words can be selected and copied within one answer.
"""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from desktop_app.domain.chat import AnswerRecord, Message, MessageState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label
from desktop_app.ui.widgets.looks import Looks
from desktop_app.ui.widgets.message_body import Body
from desktop_app.ui.widgets.message_reasoning import Reasoning
from desktop_app.ui.widgets.message_view import put_away
from desktop_app.ui.widgets.pump import Pump
from desktop_app.ui.widgets.selection import Selection

_PADDING = 16
_GAP = 10
_NOTES = {
    MessageState.CUT: "It was cut off here, at a limit of its length.",
    MessageState.STOPPED: "It was stopped here.",
    MessageState.INTERRUPTED: "It ended here: the engine went away.",
}
_NOTHING = "It said nothing."


class AnswerPane(QFrame):
    """Draws one answer; `arrange` places its parts and says how tall it is."""

    link_clicked = Signal(str)
    selected = Signal()
    """Words were selected in it."""
    resized = Signal()
    """It needs more room, or less."""

    def __init__(self, theme: Theme, looks: Looks, title: str, pump: Pump, parent: QWidget) -> None:
        super().__init__(parent)
        self._pump = pump
        self.setProperty("role", "answer")
        self.setAccessibleName(title)
        self._theme = theme
        self._looks = looks
        self._message: Message | None = None
        self._title = label(title, "title")
        self._title.setParent(self)
        self._area = _StillArea(self)
        self._sheet = QWidget()
        self._area.setWidget(self._sheet)
        self._reasoning: Reasoning | None = None
        self._body = Body(looks, self._sheet)
        self._body.link_clicked.connect(self.link_clicked)
        self._body.resized.connect(self.resized)
        self._note = label("", "second", wrap=True)
        self._note.setParent(self._sheet)
        self._selection = Selection(self._area, self._messages)
        self._selection.changed.connect(self._on_selection_changed)
        self._watched: set[QWidget] = set()

    @property
    def key(self) -> int:
        """There is one message in a pane."""
        return 0

    def parts(self) -> Sequence[QWidget]:
        """Its texts and blocks of code, those of the reasoning first."""
        return [*(self._reasoning.parts() if self._reasoning else ()), *self._body.parts()]

    def markdown(self) -> str:
        """The whole answer."""
        return self._message.text if self._message else ""

    def show_answer(self, message: Message) -> None:
        """Show an answer, without what was measured about it."""
        if message == self._message:
            return
        self._selection.clear()
        # How long it thought would tell a fast model from a slow one.
        self._message = replace(message, record=AnswerRecord())
        self._body.drop()
        self._watched.clear()
        self._drop_reasoning()
        if message.reasoning:
            self._reasoning = self._make_reasoning()
        note = _NOTES.get(message.state, "") if message.text else _NOTHING
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._feed()

    def set_looks(self, looks: Looks) -> None:
        """Write everything again in other colours and fonts."""
        self._looks = looks
        self._body.set_looks(looks)
        if self._reasoning:
            self._reasoning.set_looks(looks)

    def clear_selection(self) -> None:
        """Select nothing."""
        self._selection.clear()

    def arrange(self, width: int) -> int:
        """Place everything in *width* pixels; the height that it takes."""
        inner = width - 2 * _PADDING
        head = self._title.sizeHint().height()
        self._title.setGeometry(_PADDING, _PADDING, inner, head)
        bottom = 0
        if self._reasoning:
            height = self._reasoning.arrange(inner)
            self._reasoning.setGeometry(0, bottom, inner, height)
            bottom += height + _GAP
        bottom += self._body.arrange(0, bottom, inner)
        if not self._note.isHidden():
            height = self._note.heightForWidth(inner)
            self._note.setGeometry(0, bottom, inner, height)
            bottom += height
        self._sheet.resize(inner, bottom)
        self._area.setGeometry(_PADDING, _PADDING + head + _GAP, inner, bottom)
        return 2 * _PADDING + head + _GAP + bottom

    def _messages(self) -> Sequence["AnswerPane"]:
        return (self,)

    def flush(self) -> bool:
        """Lay out a part of what is new; True when there is more."""
        if self._message is None:
            return False
        more = self._reasoning.show_message(self._message) if self._reasoning else False
        more |= self._body.show(self._message.text, final=True)
        for part in self.parts():
            if part not in self._watched:
                self._watched.add(part)
                self._selection.watch(part)
        self.resized.emit()
        return more

    def _feed(self) -> None:
        """A part at once, the rest in turns with the other pane."""
        if self.flush():
            self._pump.request(self)

    def _make_reasoning(self) -> Reasoning:
        made = Reasoning(self._theme, self._looks, opened=False, parent=self._sheet)
        made.link_clicked.connect(self.link_clicked)
        made.resized.connect(self.resized)
        made.toggled.connect(self._on_reasoning_toggled)
        made.show()
        return made

    def _drop_reasoning(self) -> None:
        put_away(self._reasoning)
        self._reasoning = None

    def _on_reasoning_toggled(self) -> None:
        self._feed()

    def _on_selection_changed(self) -> None:
        if self._selection.has_selection:
            self.selected.emit()


class _StillArea(QScrollArea):
    """As large as what is in it: a `Selection` wants an area, and what surrounds both answers scrolls."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys are for what surrounds it."""
        event.ignore()
