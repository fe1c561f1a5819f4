"""What a model wrote, and how that went."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from desktop_app.domain.answer_words import EndingRemedy, details
from desktop_app.domain.chat import Message, MessageState, TokenChance
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label
from desktop_app.ui.widgets.looks import Looks
from desktop_app.ui.widgets.message_actions import MessageAction, Note
from desktop_app.ui.widgets.message_body import Body
from desktop_app.ui.widgets.message_chances import Chances
from desktop_app.ui.widgets.message_details import Details
from desktop_app.ui.widgets.message_foot import Foot
from desktop_app.ui.widgets.message_note import NoteLine
from desktop_app.ui.widgets.message_reasoning import Reasoning
from desktop_app.ui.widgets.message_unfolded import Unfolded
from desktop_app.ui.widgets.message_view import MessageView, Surroundings, line_height, put_away, small
from desktop_app.ui.widgets.transcript_marks import hits

_AVATAR = 22
_HEADER = 26
_GAP = 8
_CARD_PADDING = 12


class AnswerView(MessageView):
    """Name, what was thought, blocks, how it went, what can be done."""

    def __init__(self, around: Surroundings, message: Message, unfolded: Unfolded, parent: QWidget) -> None:
        super().__init__(around, message, unfolded, parent)
        self.setAccessibleName(f"{message.model or 'The model'} answered")
        self._avatar = Avatar(self._theme, message.model, self)
        self._name = label(message.model or "The model")
        self._time = label(_clock(message.created), role="second")
        self._waiting = label("Waiting for the first word", role="second")
        for part in (self._name, self._time, self._waiting):
            part.setParent(self)
        self._body = Body(self._looks, self)
        self._body.link_clicked.connect(self.link_clicked)
        self._body.copied.connect(self.copied)
        self._body.resized.connect(self.resized)
        self._foot = Foot(self._looks, self._actions, self._versions, self)
        self._foot.remedy.connect(self._on_remedy)
        self.copied.connect(lambda: self._foot.say("Copied"))
        self._card: _Failure | None = None
        self._reasoning: Reasoning | None = None
        self._note: NoteLine | None = None
        self._details: Details | None = None
        self._chances: Chances | None = None
        self._set_fonts()
        if unfolded.chances:
            self._make_chances(unfolded.chances)
        self._show_status()

    def show_message(self, message: Message) -> bool:
        """Take in what was appended; anything else than appending starts again."""
        before = self._message
        self._message = message
        if self._chances and message.state is MessageState.STREAMING:
            self.show_chances(())
        more = self._show_reasoning(message)
        more |= self._body.show(message.text, final=message.state is not MessageState.STREAMING)
        self._watch_parts()
        if message is not before or not more:
            self._show_status()
        return more

    def set_looks(self, looks: Looks) -> None:
        """Write everything again."""
        self._looks = looks
        self._set_fonts()
        for part in (self._body, self._foot, self._note, self._reasoning, self._details, self._chances):
            if part:
                part.set_looks(looks)

    def parts(self) -> Sequence[QWidget]:
        """Its texts and blocks of code, those of the reasoning first."""
        thought = self._reasoning.parts() if self._reasoning else ()
        if self._editor:
            return thought
        return [*thought, *([self._chances.tokens] if self._chances else self._body.parts())]

    def sections(self) -> Sequence[QWidget]:
        """Reasoning, text, the line below, details."""
        shown = self._editor or self._chances or self._body.widget
        return [one for one in (self._reasoning, shown, *self._foot.sections(), self._note, self._details) if one]

    def arrange(self, width: int) -> int:
        """Name, reasoning, blocks or what stands for them, card, lines below, details."""
        bottom = self._place_header(width) + _GAP
        if self._reasoning:
            height = self._reasoning.arrange(width)
            self._reasoning.setGeometry(0, bottom, width, height)
            bottom += height + _GAP
        bottom += self._place_text(bottom, width)
        if not self._waiting.isHidden():
            self._waiting.setGeometry(0, bottom, width, self._waiting.sizeHint().height())
            bottom += self._waiting.height() + _GAP
        if self._card:
            height = self._card.arrange(width)
            self._card.setGeometry(0, bottom, width, height)
            bottom += height + _GAP
        height = self._foot.arrange(width)
        self._foot.setGeometry(0, bottom, width, height)
        bottom += height
        if self._note:
            height = self._note.arrange(width)
            self._note.setGeometry(0, bottom, width, height)
            bottom += height
        if self._details:
            height = self._details.arrange(width)
            self._details.setGeometry(0, bottom + 4, width, height)
            bottom += height + 4
        return bottom

    def show_chances(self, chances: Sequence[TokenChance]) -> None:
        """Show how sure the model was of each token, instead of the answer."""
        self._unfolded.chances = tuple(chances)
        put_away(self._chances)
        self._chances = None
        if chances:
            self._make_chances(chances)
        self._watch_parts()
        self.grown.emit()

    def reveal(self, words: str) -> None:
        """Open the reasoning when only that has *words*."""
        thought = self._reasoning
        if thought and not thought.opened and not hits(self._message.text, words):
            thought.set_opened(bool(hits(self._message.reasoning, words)))

    def _place_header(self, width: int) -> int:
        height = line_height(self._name.font(), _HEADER)
        side = self._theme.grown(_AVATAR)
        self._avatar.setGeometry(0, (height - side) // 2, side, side)
        left = side + 10
        time_width = self._time.sizeHint().width()
        name_width = min(self._name.sizeHint().width(), width - left - time_width - 8)
        self._name.setGeometry(left, 0, name_width, height)
        self._time.setGeometry(left + name_width + 8, 0, time_width, height)
        return height

    def _place_text(self, top: int, width: int) -> int:
        """The editor, the chances or the blocks."""
        shown = self._editor or self._chances
        if self._body.widget:
            self._body.widget.setVisible(shown is None)
        if shown is None:
            return self._body.arrange(0, top, width)
        if self._editor and self._chances:
            self._chances.hide()
        height = shown.arrange(width)
        shown.setGeometry(0, top, width, height)
        shown.show()
        return height + _GAP

    def _show_reasoning(self, message: Message) -> bool:
        if not message.reasoning:
            put_away(self._reasoning)
            self._reasoning = None
            return False
        if self._reasoning is None:
            self._reasoning = Reasoning(self._theme, self._looks, opened=self._unfolded.reasoning, parent=self)
            self._reasoning.resized.connect(self.resized)
            self._reasoning.link_clicked.connect(self.link_clicked)
            self._reasoning.copied.connect(self.copied)
            self._reasoning.toggled.connect(self._on_reasoning_toggled)
            self._reasoning.show()
        return self._reasoning.show_message(message)

    def _on_reasoning_toggled(self, opened: bool) -> None:
        self._unfolded.reasoning = opened
        self.grown.emit()

    def _make_chances(self, chances: Sequence[TokenChance]) -> None:
        self._chances = Chances(self._theme, self._looks, chances, self)
        self._chances.closed.connect(lambda: self.show_chances(()))
        self._chances.show()

    def _set_fonts(self) -> None:
        name = QFont(self._looks.body)
        name.setWeight(QFont.Weight.DemiBold)
        self._name.setFont(name)
        self._time.setFont(small(self._looks.body))
        self._waiting.setFont(self._looks.body)

    def _show_status(self) -> None:
        message = self._message
        streaming = message.state is MessageState.STREAMING
        self._waiting.setVisible(streaming and not message.text and not message.reasoning)
        self._show_failure(message.error if message.state is MessageState.FAILED else "")
        offered = self._offers(message)
        self._actions.show_offer(offered)
        self._foot.show_message(message, offered.remedies)
        self._show_note(offered.note)
        self._show_details()

    def _show_failure(self, words: str) -> None:
        if not words:
            put_away(self._card)
            self._card = None
            return
        if self._card is None:
            self._card = _Failure(self)
        self._card.show_words(words, self._looks)

    def _show_note(self, note: Note | None) -> None:
        if note is None:
            put_away(self._note)
            self._note = None
            return
        if self._note is None:
            self._note = NoteLine(self._theme, self._looks, self)
            self._note.chosen.connect(self._on_action)
            self._note.show()
        self._note.show_note(note)

    def _describe(self) -> None:
        """With what follows from it."""
        super()._describe()
        note = self._offers(self._message).note
        if note and note.words:
            self.setAccessibleDescription(f"{self.accessibleDescription()} {note.told}")

    def _show_details(self) -> None:
        wanted = self._unfolded.details and self._message.state is not MessageState.STREAMING
        if not wanted:
            put_away(self._details)
            self._details = None
            return
        if self._details is None:
            self._details = Details(self._looks, self)
            self._details.show()
        self._details.show_rows(details(self._message))

    def _on_action(self, action: MessageAction) -> None:
        match action:
            case MessageAction.DETAILS:
                self._unfolded.details = not self._unfolded.details
                self._show_details()
                self.grown.emit()
            case MessageAction.CHANCES if self._chances:
                self.show_chances(())
            case _:
                super()._on_action(action)

    def _on_remedy(self, remedy: EndingRemedy) -> None:
        match remedy:
            case EndingRemedy.CONTINUE:
                self.action.emit(MessageAction.CONTINUE)
            case EndingRemedy.REGENERATE:
                self.action.emit(MessageAction.REGENERATE)
            case _:
                self.remedy.emit(remedy)


class _Failure(QFrame):
    """Why there is no answer."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "notice")
        self.setProperty("tone", "bad")
        self._words = label(wrap=True)
        self._words.setParent(self)
        self.show()

    def show_words(self, words: str, looks: Looks) -> None:
        """Say *words*."""
        self._words.setFont(looks.body)
        self._words.setText(words)

    def arrange(self, width: int) -> int:
        """Place the words; the height that they take."""
        inner = width - 2 * _CARD_PADDING
        height = self._words.heightForWidth(inner)
        self._words.setGeometry(_CARD_PADDING, _CARD_PADDING, inner, height)
        return height + 2 * _CARD_PADDING


class Avatar(QWidget):
    """The first letter of a model's name on the accent colour."""

    def __init__(self, theme: Theme, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.show_name(name)

    def show_name(self, name: str) -> None:
        """Draw the first letter of *name*."""
        self._letter = next((letter.upper() for letter in name if letter.isalnum()), "?")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A rounded square and the letter in it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.accent))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setPen(QColor(self._theme.tokens.on_accent))
        font = self._theme.body_font(9, QFont.Weight.DemiBold)
        font.setPixelSize(self._theme.grown(13))
        painter.setFont(font)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)
        painter.end()


def _clock(seconds: float) -> str:
    """Hours and minutes where the person is; empty when the time is not known."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M") if seconds else ""
