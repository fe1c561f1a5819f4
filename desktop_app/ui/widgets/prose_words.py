"""Words, formulas and code within one paragraph of a document; `prose_writer` makes the paragraphs.

Pictures are named, never shown; HTML is text.
"""

import re
from collections.abc import Sequence

from markdown_it.token import Token
from PySide6.QtGui import QBrush, QFont, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument

from desktop_app.markdown.links import is_allowed, split_bare
from desktop_app.markdown.maths import is_display, source_of
from desktop_app.ui.widgets.highlight import LineHighlighter
from desktop_app.ui.widgets.links import tooltip
from desktop_app.ui.widgets.looks import Looks
from desktop_app.ui.widgets.maths import FormulaObject, Key
from desktop_app.ui.widgets.maths_layout import Drawing, UndrawableError
from desktop_app.ui.widgets.prose_marks import BREAK, COPY_SCHEME, FORMULA, Mark

LINE_BREAK = "\u2028"
"""Qt's line break within a paragraph."""

OBJECT = "\ufffc"
"""The sign in whose place Qt draws an object."""

MOST_FORMULAS = 100
"""In one paragraph; the others are shown as LaTeX, since Qt asks for the size of each ten times whenever it grows."""

_LANGUAGE_LENGTH = 24
_UNBROKEN = re.compile(r"[!-~]{400}(?=[!-~])")
"""Letters without a place to break the line at; Qt needs the square of their number to break them anywhere."""


class Words:
    """Writes into paragraphs of one document."""

    def __init__(self, document: QTextDocument, looks: Looks) -> None:
        self._document = document
        self._looks = looks
        self._objects: FormulaObject | None = None
        self._room_for_formulas = MOST_FORMULAS
        self.has_links = False
        """Whether there is anything to click on."""
        self._waiting: set[Key] = set()
        """Formulas that are still being drawn."""

    def reset(self) -> None:
        """The document has been emptied."""
        self.has_links = False
        self._waiting = set()

    def release(self) -> None:
        """Let the document forget the formulas of these looks; the next ones keep their own."""
        if self._objects is not None:
            self._document.documentLayout().unregisterHandler(FORMULA, self._objects)
            self._objects.deleteLater()
            self._objects = None

    def format(self, font: QFont) -> QTextCharFormat:
        """Letters of *font* in the colour of the text."""
        style = QTextCharFormat()
        style.setFont(font)
        style.setForeground(self._looks.text)
        return style

    def write(self, cursor: QTextCursor, tokens: Sequence[Token], base: QTextCharFormat) -> None:
        """Write words; the tokens that open and close something change the format of those between."""
        self._room_for_formulas = MOST_FORMULAS
        depth = dict.fromkeys(("strong", "em", "s"), 0)
        address = ""
        for token in tokens:
            kind = token.type.rsplit("_", 1)[0]
            if kind in depth:
                depth[kind] += token.nesting
            elif kind == "link":
                address = str(token.attrs.get("href", "")) if token.nesting > 0 else ""
            else:
                style = QTextCharFormat(base)
                if depth["strong"]:
                    style.setFontWeight(QFont.Weight.DemiBold)
                style.setFontItalic(bool(depth["em"]))
                style.setFontStrikeOut(bool(depth["s"]))
                self._words(cursor, token, style, address)

    def formula(self, cursor: QTextCursor, token: Token, style: QTextCharFormat) -> None:
        """A formula, or its LaTeX as code when it cannot be drawn."""
        key = (token.content.strip(), is_display(token))
        style = QTextCharFormat(style)
        style.setProperty(Mark.SOURCE, source_of(token))
        self._room_for_formulas -= 0 if token.block else 1
        try:
            if self._drawing(key) is None:
                self._waiting.add(key)
        except UndrawableError:
            cursor.insertText(key[0].replace("\n", LINE_BREAK), self.code_format(style))
            return
        if self._objects is None:
            self._objects = FormulaObject(self._looks.formulas, self._document)
            self._document.documentLayout().registerHandler(FORMULA, self._objects)
        cursor.insertText(OBJECT, self._looks.formulas.char_format(key, style))

    def _drawing(self, key: Key) -> Drawing | None:
        if self._room_for_formulas < 0:
            raise UndrawableError
        return self._looks.formulas.drawing(key)

    def show_drawn(self) -> bool:
        """Show the formulas that have been drawn since; False when there are none."""
        done = {key for key in self._waiting if self._looks.formulas.known(key)}
        self._waiting -= done
        if not done:
            return False
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()  # else everything would be laid out after each of them
        for place, style in _formulas(self._document):
            key = (str(style.property(Mark.LATEX)), bool(style.property(Mark.DISPLAY)))
            if key in done:
                self._show(cursor, place, key, style)
        cursor.endEditBlock()
        return True

    def _show(self, cursor: QTextCursor, place: int, key: Key, style: QTextCharFormat) -> None:
        """Show one in the place of what stood for it."""
        cursor.setPosition(place)
        cursor.setPosition(place + 1, QTextCursor.MoveMode.KeepAnchor)
        try:
            self._looks.formulas.drawing(key)
        except UndrawableError:
            plain = self.code_format(self.format(self._looks.body))
            plain.setProperty(Mark.SOURCE, style.property(Mark.SOURCE))
            cursor.insertText(key[0].replace("\n", LINE_BREAK), plain)
        else:
            cursor.setCharFormat(self._looks.formulas.char_format(key, style))

    def code_label(self, cursor: QTextCursor, language: str, number: int) -> None:
        """The line above a block of code: its language, and a link that copies it."""
        block = QTextBlockFormat()
        block.setProperty(Mark.LABEL, True)
        block.setBottomMargin(6)
        small = self.format(self._looks.body)
        small.setFontPointSize(self._looks.body.pointSizeF() * 0.88)
        small.setForeground(self._looks.second)
        cursor.setBlockFormat(block)
        cursor.setBlockCharFormat(small)
        cursor.insertText(f"{language[:_LANGUAGE_LENGTH] or 'text'}\u2002·\u2002", small)
        link = QTextCharFormat(small)
        link.setAnchor(True)
        link.setAnchorHref(f"{COPY_SCHEME}:{number}")
        link.setToolTip("Copy code")
        link.setForeground(self._looks.link)
        cursor.insertText("Copy", link)
        self.has_links = True
        cursor.insertBlock(QTextBlockFormat(), self.format(self._looks.mono))

    def code(self, cursor: QTextCursor, code: str, language: str) -> None:
        """The coloured lines of a block of code."""
        highlighter = LineHighlighter(language)
        for number, line in enumerate(code.split("\n")):
            if number:
                cursor.insertText(LINE_BREAK, self.format(self._looks.mono))
            for text, kind in highlighter.line(line):
                run = self.format(self._looks.mono)
                run.setForeground(self._looks.code[kind.value])
                cursor.insertText(breakable(text), run)

    def code_format(self, around: QTextCharFormat) -> QTextCharFormat:
        """Letters of code among those of the format *around*."""
        style = QTextCharFormat(around)
        style.setFontFamilies(self._looks.mono.families())
        style.setFontPointSize(style.fontPointSize() * 0.93)
        style.setBackground(QBrush(self._looks.raised))
        return style

    def _words(self, cursor: QTextCursor, token: Token, style: QTextCharFormat, address: str) -> None:
        if token.type in {"softbreak", "hardbreak"}:
            cursor.insertText(LINE_BREAK, style)
        elif token.type == "math_inline":
            self.formula(cursor, token, style)
        elif token.type == "image":
            source = str(token.attrs.get("src", ""))
            style.setProperty(Mark.SOURCE, f"![{token.content}]({source})")
            self._insert(cursor, f"{token.content} ({source})".strip(), style, address)
        elif token.type == "code_inline":
            style = self.code_format(style)
            style.setProperty(Mark.CODE, True)
            self._insert(cursor, token.content, style, address)
        elif address:
            self._insert(cursor, token.content, style, address)
        else:
            for text, bare in split_bare(token.content):
                self._insert(cursor, text, QTextCharFormat(style), bare)

    def _insert(self, cursor: QTextCursor, text: str, style: QTextCharFormat, address: str) -> None:
        if address and is_allowed(address):
            self.has_links = True
            style.setAnchor(True)
            style.setAnchorHref(address)
            style.setToolTip(tooltip(address))
            style.setForeground(self._looks.link)
            style.setFontUnderline(True)
        cursor.insertText(breakable(text), style)


def breakable(text: str) -> str:
    """*text* with places to break lines at, which cannot be seen and are not copied."""
    return _UNBROKEN.sub(f"\\g<0>{BREAK}", text) if len(text) > 400 else text


def _formulas(document: QTextDocument) -> list[tuple[int, QTextCharFormat]]:
    """Where the formulas are, from the end, with their formats."""
    found: list[tuple[int, QTextCharFormat]] = []
    block = document.begin()
    while block.isValid():
        run = block.begin()
        while not run.atEnd():
            fragment = run.fragment()
            if fragment.charFormat().objectType() == FORMULA:
                found += [(fragment.position() + step, fragment.charFormat()) for step in range(fragment.length())]
            run += 1
        block = block.next()
    return found[::-1]
