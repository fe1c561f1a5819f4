"""A text that grows while its model writes it, laid out in slices: the answer, or what was thought before it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop_app.ui.widgets.looks import Looks

if TYPE_CHECKING:
    from desktop_app.ui.widgets.answer_body import AnswerBody

SLICE = 1500
"""Characters of an answer that are laid out in one turn of the event loop: 8 to 11 ms. Larger turns save nothing."""

FIRST_SLICE = 3_000
"""Characters of an answer that are laid out as soon as it comes into sight: about a screen."""


class Body(QObject):
    """Owns an `AnswerBody` from the first word on, and what it was fed."""

    link_clicked = Signal(str)
    copied = Signal(str)
    resized = Signal()
    """A formula that was drawn late needs more room, or less."""

    def __init__(self, looks: Looks, place: QWidget) -> None:
        super().__init__(place)
        self._looks = looks
        self._place = place
        self._text = ""
        self._fed = 0
        self._finished = False
        self.widget: AnswerBody | None = None
        """None before the first word."""

    def show(self, text: str, *, final: bool) -> bool:
        """Take in what was appended; anything else than appending starts again. True when there is more."""
        goes_on = text.startswith(self._text[: self._fed])
        if not goes_on or (self._finished and len(text) != self._fed):
            self.drop()
        self._text = text
        more = self._feed(text, final=final)
        if final and not more and not self._finished:
            if self.widget:
                self.widget.finish()
            self._finished = True
        return more

    def parts(self) -> Sequence[QWidget]:
        """Its texts and blocks of code."""
        return self.widget.views if self.widget else ()

    def set_looks(self, looks: Looks) -> None:
        """Write everything again."""
        self._looks = looks
        if self.widget:
            self.widget.set_looks(looks)

    def arrange(self, left: int, top: int, width: int) -> int:
        """Place the text there; the height that it takes."""
        if self.widget is None:
            return 0
        height = self.widget.arrange(width)
        self.widget.setGeometry(left, top, width, height)
        return height

    def drop(self) -> None:
        """Forget the text and its widgets."""
        if self.widget:
            self.widget.hide()
            self.widget.deleteLater()
        self.widget, self._fed, self._text, self._finished = None, 0, "", False

    def _feed(self, text: str, *, final: bool) -> bool:
        if self._fed >= len(text):
            return False
        part = text[self._fed : self._fed + (SLICE if self._fed else FIRST_SLICE)]
        if self.widget is None:
            self.widget = self._make()
        self._fed += len(part)
        more = self._fed < len(text)
        self._finished = final and not more
        self.widget.feed(part, final=self._finished)
        return more

    def _make(self) -> "AnswerBody":
        # The Markdown parser and Pygments cost 50 ms to import, which a window that opens does not need.
        from desktop_app.ui.widgets.answer_body import AnswerBody  # noqa: PLC0415

        body = AnswerBody(self._looks, self._place)
        body.link_clicked.connect(self.link_clicked)
        body.copied.connect(self.copied)
        body.resized.connect(self.resized)
        body.show()
        return body
