"""Chips around the message field: files that hang on the question, questions that wait, what is chosen."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.services.chat_view import Queued
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, label, tip
from desktop_app.ui.widgets.composer_words import (
    attachment_sentence,
    attachment_words,
    first_words,
    reading_words,
)
from desktop_app.ui.widgets.flow import Flow

_NAME_LETTERS = 24
"""Of a file's name that are shown, reckoned in average letters."""
_QUESTION_LETTERS = 40
_META_LETTERS = 40
_FEWEST_LETTERS = 6
_ICON = 16
_GAP = 6
_TIP_LENGTH = 1000
"""Characters of a question that waits, in its tooltip."""


class ShortLabel(QLabel):
    """A line of text without its middle or its end where it is longer than some letters.

    Args:
        letters: how wide it becomes at most, in average letters.
        mode: what is left out; names of files differ at both ends.
    """

    def __init__(self, letters: int, mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self._letters = letters
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """As wide as what is shown of the text, and no wider than so many letters."""
        metrics = self.fontMetrics()
        shown = metrics.elidedText(self.text(), self._mode, metrics.averageCharWidth() * self._letters)
        return QSize(metrics.horizontalAdvance(shown) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        """A few letters, in a row that is no wider."""
        shown = self.sizeHint()
        return QSize(min(shown.width(), self.fontMetrics().averageCharWidth() * _FEWEST_LETTERS), shown.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """What fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)


class Icon(QLabel):
    """One of our icons that is no button, in the colour that `Tokens` calls *tone*."""

    def __init__(self, theme: Theme, name: str, tone: str = "second") -> None:
        super().__init__()
        self._theme = theme
        self._name = name
        self._tone = tone
        theme.changed.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Take the icon in the present colours."""
        icon = self._theme.icon(self._name, getattr(self._theme.tokens, self._tone))
        self.setPixmap(icon.pixmap(self._theme.icon_size(_ICON)))


class Chip(QFrame):
    """An icon, words, a few more words, and perhaps a button that takes it away.

    Args:
        theme: colours and icons.
        icon: the icon's name.
        words: what is shown, cut where it is long.
        more: shown behind it in the second colour.
        sentence: all of it, for a tooltip and a screen reader.
    """

    def __init__(self, theme: Theme, icon: str, words: ShortLabel, more: str, sentence: str) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("role", "chip")
        self.setToolTip(tip(sentence))
        self.setAccessibleName(sentence)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 4, 8, 4)
        self._row.setSpacing(_GAP)
        self._row.addWidget(Icon(theme, icon))
        self._row.addWidget(words)
        if more:
            meta = ShortLabel(_META_LETTERS, Qt.TextElideMode.ElideRight)
            meta.setProperty("role", "small")
            meta.setText(more)
            self._row.addWidget(meta)
        self.button: QToolButton | None = None

    def add_button(self, icon: str, name: str) -> QToolButton:
        """A small button at the end."""
        made = IconButton(self._theme, icon, name, pixels=_ICON - 2)
        made.setProperty("role", "chip")
        self._row.addWidget(made)
        self._row.setContentsMargins(8, 3, 3, 3)
        self.button = made
        return made


class ChipRow(QWidget):
    """Chips one after the other, hidden while there are none. The keyboard reaches their buttons where they stand."""

    pressed = Signal(int)
    """The button of the chip at this place."""
    emptied = Signal()
    """The last button is gone while it had the focus."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._chips: list[Chip] = []
        self._flow = Flow(_GAP, self)
        self.setAccessibleName(name)
        self.hide()

    def minimumSizeHint(self) -> QSize:
        """Hardly any width: chips become narrow with the row."""
        return QSize(1, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """No chip is wider than the row."""
        super().resizeEvent(event)
        for chip in self._chips:
            chip.setMaximumWidth(self.width())

    @property
    def stops(self) -> list[QToolButton]:
        """What the Tab key reaches, in order."""
        return [chip.button for chip in self._chips if chip.button is not None]

    def put(self, chips: Sequence[Chip]) -> None:
        """Show these chips instead of those before; the focus stays at its place."""
        focused = next((place for place, button in enumerate(self.stops) if button.hasFocus()), -1)
        for chip in self._chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = list(chips)
        before: QWidget = self
        for place, chip in enumerate(self._chips):
            self._flow.addWidget(chip)
            if self.isVisible():
                chip.setMaximumWidth(self.width())
            if chip.button is not None:
                chip.button.clicked.connect(lambda _=False, at=place: self.pressed.emit(at))
                QWidget.setTabOrder(before, chip.button)
                before = chip.button
        self.setVisible(bool(chips))
        self.updateGeometry()
        if focused >= 0 and self.stops:
            self.stops[min(focused, len(self.stops) - 1)].setFocus(Qt.FocusReason.TabFocusReason)
        elif focused >= 0:
            self.emptied.emit()


def attachment_chips(theme: Theme, attachments: Sequence[Attachment], reading: Sequence[str]) -> list[Chip]:
    """A chip for each file that hangs on the question, and one for what is being read."""
    chips = []
    for one in attachments:
        words = ShortLabel(_NAME_LETTERS)
        words.setText(one.name)
        icon = "picture" if one.kind is AttachmentKind.IMAGE else "document"
        chip = Chip(theme, icon, words, attachment_words(one), attachment_sentence(one))
        chip.add_button("close", f"Remove {one.name}")
        chips.append(chip)
    if reading:
        words = ShortLabel(_NAME_LETTERS + len("Reading …"))
        words.setText(f"Reading {reading_words(reading)}…")
        chips.append(Chip(theme, "clock", words, "", f"Reading {', '.join(reading)}"))
    return chips


def queue_chips(theme: Theme, queue: Sequence[Queued]) -> list[Chip]:
    """A chip for each question that waits."""
    chips = []
    for place, one in enumerate(queue):
        words = ShortLabel(_QUESTION_LETTERS, Qt.TextElideMode.ElideRight)
        begin = first_words(one.text) or ", ".join(file.name for file in one.attachments)
        words.setText(begin)
        files = len(one.attachments) if one.text else 0
        more = "" if not files else "1 file" if files == 1 else f"{files} files"
        sentence = f"Waits until the answer has ended: {one.text[:_TIP_LENGTH] or begin}"
        parts = ("next" if not place else "", more)
        chip = Chip(theme, "clock", words, " · ".join(part for part in parts if part), sentence)
        chip.setProperty("tone", "queued")
        chip.add_button("close", f"Take back “{begin}”")
        chips.append(chip)
    return chips


class Choices(QWidget):
    """What is chosen for this chat, as small chips on one line; those without room are counted."""

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: list[QLabel] = []
        self._rest = label(role="choice")
        self._rest.setParent(self)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hide()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is chosen."""
        return not self._labels

    def show_chips(self, chips: tuple[str, ...]) -> bool:
        """Show these words; False when they are shown already."""
        if chips == tuple(one.text() for one in self._labels):
            return False
        for one in self._labels:
            one.hide()
            one.deleteLater()
        self._labels = [label(words, "choice") for words in chips]
        for one in self._labels:
            one.setParent(self)
        self.setAccessibleName(f"Chosen for this chat: {', '.join(chips)}" if chips else "")
        self.setToolTip(tip("\n".join(chips)))
        self.updateGeometry()
        self._place()
        return True

    def sizeHint(self) -> QSize:
        """All of them on one line."""
        width = sum(one.sizeHint().width() + _GAP for one in self._labels)
        return QSize(max(0, width - _GAP), self._rest.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Hardly any width."""
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width has room for others."""
        super().resizeEvent(event)
        self._place()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Whoever clicks on what is chosen wants to choose."""
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def _place(self) -> None:
        shown = self._fitting()
        x = 0
        for place, one in enumerate([*self._labels, self._rest]):
            is_rest = one is self._rest
            one.setVisible(place < shown or (is_rest and 0 <= shown < len(self._labels)))
            if one.isHidden():
                continue
            size = one.sizeHint()
            one.setGeometry(x, (self.height() - size.height()) // 2, size.width(), size.height())
            x += size.width() + _GAP

    def _fitting(self) -> int:
        """How many fit with a count of the others behind them; -1 when not even the count does."""
        widths = [one.sizeHint().width() + _GAP for one in self._labels]
        if sum(widths) - _GAP <= self.width():
            return len(widths)
        for count in range(len(widths) - 1, -1, -1):
            self._rest.setText(f"+{len(widths) - count}" if count else f"{len(widths)} set")
            if sum(widths[:count]) + self._rest.sizeHint().width() <= self.width():
                return count
        return -1
