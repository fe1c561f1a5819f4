"""The blocks of one answer, as they arrive: finished prose, code, and the live tail.

Finished blocks are gathered in views of a few thousand characters, so that words can be selected across paragraphs and
Qt lays out only the view at the end. `message_views` owns it. Imports the Markdown parser: import it at first use.
"""

from dataclasses import dataclass, field, replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop_app.markdown.blocks import BlockSplitter, Piece, Prose
from desktop_app.markdown.fence import CodeAdded, CodeClosed, CodeOpened
from desktop_app.ui.widgets.code_block import CodeBlock
from desktop_app.ui.widgets.looks import GAP, Looks
from desktop_app.ui.widgets.prose import ProseView

VIEW_CHARACTERS = 3000
"""Of prose in one view; anything between 800 and 6,000 costs the same."""


@dataclass
class _Section:
    """One view and where it is."""

    view: ProseView | CodeBlock
    prose: list[Prose] = field(default_factory=list)
    top: int = 0
    height: int = 0
    clean: bool = False
    """Whether `height` still holds."""

    @property
    def characters(self) -> int:
        return sum(len(prose.source) for prose in self.prose)

    @property
    def gap_below(self) -> int:
        """Pixels that it leaves free within its height."""
        return self.view.gap_below if isinstance(self.view, ProseView) else 0


class AnswerBody(QWidget):
    """Feed it the text of an answer."""

    link_clicked = Signal(str)
    copied = Signal(str)
    resized = Signal()
    """Formulas have been drawn since the last `arrange`, which is due again."""
    view_added = Signal(QWidget)
    """There is one more view, or another live tail."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks = looks
        self._splitter = BlockSplitter()
        self._sections: list[_Section] = []
        self._tail: ProseView | None = None
        self._width = 0

    @property
    def views(self) -> list[ProseView | CodeBlock]:
        """Every view, from the top; the last may be the live tail."""
        tail = [self._tail] if self._tail and self._splitter.tail else []
        return [section.view for section in self._sections] + tail

    def feed(self, text: str, *, final: bool = False) -> None:
        """More text has arrived; with *final* it is the last."""
        self._take(self._splitter.feed(text))
        if final:
            self.finish()
        else:
            self._show_tail()

    def finish(self) -> None:
        """The answer is complete."""
        self._take(self._splitter.finish())
        if self._splitter.has_references:
            self._resolve_references()
        if self._tail:
            self._tail.hide()
            self._tail.deleteLater()
            self._tail = None

    def set_looks(self, looks: Looks) -> None:
        """Write everything again in other colours and fonts."""
        self._looks = looks
        for section in self._sections:
            section.view.set_looks(looks)
            section.clean = False
            self._rewrite(section)
        if self._tail:
            self._tail.set_looks(looks)
            self._show_tail()

    def arrange(self, width: int) -> int:
        """Put the views below one another, *width* pixels wide; the height of all."""
        bottom = gap = 0
        for section in self._sections:
            bottom += GAP - gap if isinstance(section.view, CodeBlock) and bottom else 0
            if not section.clean or width != self._width:
                section.height = section.view.height_for(width)
                section.clean = False
            if section.top != bottom or not section.clean:
                section.top, section.clean = bottom, True
                section.view.setGeometry(0, bottom, width, section.height)
            bottom += section.height + (GAP if isinstance(section.view, CodeBlock) else 0)
            gap = section.gap_below or GAP
        self._width = width
        if self._tail and self._splitter.tail:
            height = self._tail.height_for(width)
            self._tail.setGeometry(0, bottom, width, height)
            bottom += height
        return bottom

    def _take(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            match piece:
                case Prose():
                    self._add_prose(piece)
                case CodeOpened():
                    self._open_code(piece.language)
                case CodeAdded():
                    self._add_code(piece.text)
                case CodeClosed():
                    pass

    def _add_prose(self, piece: Prose) -> None:
        last = self._sections[-1] if self._sections else None
        if last is None or isinstance(last.view, CodeBlock) or last.characters >= VIEW_CHARACTERS:
            view = self._prose_view()
            last = self._add_section(view)
            view.show_blocks(piece.tokens, self._gap_above(last))
        elif isinstance(last.view, ProseView):
            last.view.add_blocks(piece.tokens)
        # The source is enough to write it again; kept tokens would cost thirty times its memory.
        last.prose.append(replace(piece, tokens=()))
        last.clean = False

    def _open_code(self, language: str) -> None:
        block = CodeBlock(language, self._looks, self)
        block.copied.connect(self.copied)
        self._add_section(block)

    def _add_code(self, text: str) -> None:
        section = self._sections[-1]
        if isinstance(section.view, CodeBlock):
            section.view.append(text)
            section.clean = False

    def _add_section(self, view: ProseView | CodeBlock) -> _Section:
        section = _Section(view)
        self._sections.append(section)
        view.show()
        self.view_added.emit(view)
        return section

    def _prose_view(self) -> ProseView:
        view = ProseView(self._looks, self)
        view.link_clicked.connect(self.link_clicked)
        view.copied.connect(self.copied)
        view.resized.connect(self._on_resized)
        return view

    def _on_resized(self) -> None:
        for section in self._sections:
            if section.view is self.sender():
                section.clean = False
        self.resized.emit()

    def _gap_above(self, section: _Section | None) -> int:
        index = self._sections.index(section) if section else len(self._sections)
        if not index:
            return GAP
        above = self._sections[index - 1]
        return GAP if isinstance(above.view, CodeBlock) else above.gap_below

    def _show_tail(self) -> None:
        tokens = self._splitter.tail
        if self._tail is None:
            if not tokens:
                return
            self._tail = self._prose_view()
            self.view_added.emit(self._tail)
        if tokens:
            self._tail.show_blocks(tokens, self._gap_above(None))
        self._tail.setVisible(bool(tokens))

    def _resolve_references(self) -> None:
        """A link's address may have come below it: write the views again in which there is a bracket."""
        for section in self._sections:
            if any("[" in prose.source for prose in section.prose):
                self._rewrite(section)

    def _rewrite(self, section: _Section) -> None:
        if not isinstance(section.view, ProseView):
            return
        first, *others = (self._splitter.reparse(prose) for prose in section.prose)
        section.view.show_blocks(first.tokens, self._gap_above(section))
        for prose in others:
            section.view.add_blocks(prose.tokens)
        section.clean = False
