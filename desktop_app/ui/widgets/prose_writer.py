"""Markdown's tokens as formatted text in a document; `prose` calls it.

Everything is written with a `QTextCursor`. Pictures are named, never shown; HTML is text.
"""

from collections.abc import Sequence

from markdown_it.token import Token
from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextList,
    QTextListFormat,
    QTextTable,
    QTextTableCellFormat,
    QTextTableFormat,
)

from desktop_app.markdown.links import is_allowed, split_bare
from desktop_app.ui.widgets.highlight import LineHighlighter
from desktop_app.ui.widgets.links import tooltip
from desktop_app.ui.widgets.looks import GAP, INDENT, LINE_HEIGHT, QUOTE_INDENT, Looks

LINE_BREAK = "\u2028"
"""Qt's line break within a paragraph."""

_BULLETS = (QTextListFormat.Style.ListDisc, QTextListFormat.Style.ListCircle, QTextListFormat.Style.ListSquare)
_ALIGNMENTS = {
    "text-align:right": Qt.AlignmentFlag.AlignRight,
    "text-align:center": Qt.AlignmentFlag.AlignHCenter,
}
_ITEM_GAP = 6
_CELL_PADDING = 6


class ProseWriter:
    """Appends blocks to one document."""

    def __init__(self, document: QTextDocument, looks: Looks) -> None:
        self._document = document
        self._looks = looks
        self._styles: list[QTextListFormat] = []
        self._lists: list[QTextList | None] = []
        self._due_marker: str | None = None
        self.above = 0
        """What stands above the document has left this many pixels free already."""
        self._quotes = 0
        self._base = self._char_format(looks.body)
        self._alignment = Qt.AlignmentFlag.AlignLeft
        document.setIndentWidth(INDENT)
        document.setDefaultFont(looks.body)
        self._reset()

    @property
    def has_quotes(self) -> bool:
        """Whether a line beside a quotation has to be painted."""
        return self._has_quotes

    @property
    def has_links(self) -> bool:
        """Whether there is anything to click on."""
        return self._has_links

    def clear(self) -> None:
        """Empty the document."""
        self._document.clear()
        self._reset()

    def write(self, tokens: Sequence[Token]) -> None:
        """Append these blocks."""
        cursor = self._cursor
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        index = 0
        while index < len(tokens):
            index = self._block(tokens, index)
        cursor.endEditBlock()

    def _reset(self) -> None:
        self._cursor = QTextCursor(self._document)
        self._fresh = True
        self._first = True
        self._has_quotes = False
        self._has_links = False

    # --- blocks ------------------------------------------------------------------------------------------------------

    def _block(self, tokens: Sequence[Token], index: int) -> int:
        """Write the token at *index*; the index of the next."""
        token = tokens[index]
        match token.type:
            case "paragraph_open":
                self._begin(self._block_format())
            case "heading_open":
                self._begin_heading(int(token.tag[1]))
            case "inline":
                self._inline(token.children or [], self._base)
            case "heading_close":
                self._base = self._char_format(self._looks.body)
            case "bullet_list_open" | "ordered_list_open":
                self._open_list(token)
            case "bullet_list_close" | "ordered_list_close":
                self._close_list()
            case "list_item_open":
                self._open_item(token)
            case "list_item_close":
                self._write_due_marker()
            case "blockquote_open" | "blockquote_close":
                self._write_due_marker()
                self._quotes += token.nesting
                self._has_quotes = True
            case "hr":
                self._rule()
            case "fence" | "code_block":
                self._code(token)
            case "table_open":
                return self._table(tokens, index)
        return index + 1

    def _block_format(self) -> QTextBlockFormat:
        block = QTextBlockFormat()
        gap = _ITEM_GAP if self._lists else GAP
        block.setTopMargin(gap)
        block.setBottomMargin(gap)
        block.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if self._quotes:
            block.setLeftMargin(QUOTE_INDENT * self._quotes)
            block.setProperty(QTextFormat.Property.BlockQuoteLevel, self._quotes)
        return block

    def _begin(self, block: QTextBlockFormat) -> None:
        """Start a paragraph; within an item of a list it carries the marker or stands below the first one."""
        if self._lists and self._due_marker != "":
            block.setIndent(len(self._lists))
        if self._fresh:
            if self._first:
                # Within a document Qt takes the larger of two margins that meet; between two we do.
                block.setTopMargin(max(0.0, block.topMargin() - self.above))
            self._cursor.setBlockFormat(block)
            self._cursor.setBlockCharFormat(self._base)
        else:
            self._cursor.insertBlock(block, self._base)
        self._fresh = self._first = False
        if self._due_marker == "":
            self._mark()
        elif self._due_marker:
            self._cursor.insertText(self._due_marker, self._base)
        self._due_marker = None

    def _begin_heading(self, level: int) -> None:
        self._base = self._char_format(self._looks.body)
        self._base.setFontWeight(QFont.Weight.DemiBold)
        self._base.setFontPointSize(self._looks.heading_size(level))
        block = self._block_format()
        block.setTopMargin(GAP + 8)
        block.setBottomMargin(GAP - 4)
        block.setHeadingLevel(level)
        self._begin(block)

    def _rule(self) -> None:
        block = self._block_format()
        block.setBackground(QBrush(self._looks.line))
        width = QTextLength(QTextLength.Type.PercentageLength, 100)
        block.setProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth, width)
        self._base.setFontPointSize(1)
        self._begin(block)
        self._base = self._char_format(self._looks.body)

    # --- lists -------------------------------------------------------------------------------------------------------

    def _open_list(self, token: Token) -> None:
        self._write_due_marker()
        style = QTextListFormat()
        style.setIndent(len(self._styles) + 1)
        if token.type == "ordered_list_open":
            style.setStyle(QTextListFormat.Style.ListDecimal)
            style.setStart(int(token.attrs.get("start", 1)))
        else:
            style.setStyle(_BULLETS[min(len(self._styles), len(_BULLETS) - 1)])
        self._styles.append(style)
        self._lists.append(None)

    def _close_list(self) -> None:
        self._styles.pop()
        self._lists.pop()

    def _open_item(self, token: Token) -> None:
        checked = token.meta.get("checked")
        self._due_marker = "" if checked is None else "☑ " if checked else "☐ "

    def _mark(self) -> None:
        """Make the block under the cursor the next item of the innermost list."""
        current = self._lists[-1]
        if current is None:
            self._lists[-1] = self._cursor.createList(self._styles[-1])
        else:
            current.add(self._cursor.block())

    def _write_due_marker(self) -> None:
        """An item that does not begin with words gets a line for its marker."""
        if self._due_marker is not None:
            self._begin(self._block_format())

    # --- code and tables ---------------------------------------------------------------------------------------------

    def _code(self, token: Token) -> None:
        self._write_due_marker()
        style = self._table_format()
        style.setBorder(0)
        style.setCellPadding(10)
        style.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        cell = self._insert_table(1, 1, style).cellAt(0, 0)
        surface = QTextTableCellFormat()
        surface.setBackground(QBrush(self._looks.code_background))
        cell.setFormat(surface)
        cursor = cell.firstCursorPosition()
        highlighter = LineHighlighter(token.info.split(maxsplit=1)[0] if token.info.strip() else "")
        for number, line in enumerate(token.content.removesuffix("\n").split("\n")):
            if number:
                cursor.insertText(LINE_BREAK, self._char_format(self._looks.mono))
            for text, kind in highlighter.line(line):
                run = self._char_format(self._looks.mono)
                run.setForeground(self._looks.code[kind.value])
                cursor.insertText(text, run)
        self._leave_table()

    def _table(self, tokens: Sequence[Token], index: int) -> int:
        """Write the table that opens at *index*; the index after it."""
        self._write_due_marker()
        end = next(i for i in range(index, len(tokens)) if tokens[i].type == "table_close")
        part = tokens[index:end]
        rows = sum(token.type == "tr_open" for token in part)
        columns = sum(token.type == "th_open" for token in part)
        table = self._insert_table(rows, columns, self._table_format())
        outer = self._cursor
        row, column = -1, 0
        for token in part:
            if token.type == "tr_open":
                row, column = row + 1, 0
            elif token.type in {"th_open", "td_open"}:
                self._cursor = table.cellAt(row, column).firstCursorPosition()
                self._begin_cell(token)
                column += 1
            elif token.type == "inline":
                self._inline(token.children or [], self._base)
        self._base = self._char_format(self._looks.body)
        self._cursor = outer
        self._leave_table()
        return end + 1

    def _begin_cell(self, token: Token) -> None:
        block = QTextBlockFormat()
        block.setAlignment(_ALIGNMENTS.get(str(token.attrs.get("style", "")), Qt.AlignmentFlag.AlignLeft))
        self._base = self._char_format(self._looks.body)
        if token.type == "th_open":
            self._base.setFontWeight(QFont.Weight.DemiBold)
        self._cursor.setBlockFormat(block)
        self._cursor.setBlockCharFormat(self._base)

    def _table_format(self) -> QTextTableFormat:
        style = QTextTableFormat()
        style.setCellSpacing(0)
        style.setCellPadding(_CELL_PADDING)
        style.setBorder(1)
        style.setBorderBrush(QBrush(self._looks.line))
        style.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        style.setBorderCollapse(True)
        style.setTopMargin(0)
        style.setBottomMargin(GAP)
        style.setLeftMargin(INDENT * len(self._lists) + QUOTE_INDENT * self._quotes)
        return style

    def _insert_table(self, rows: int, columns: int, style: QTextTableFormat) -> QTextTable:
        if not self._fresh:
            # Qt hides an empty paragraph above a table; so the table may be given one of its own.
            self._cursor.insertBlock(QTextBlockFormat(), self._char_format(self._looks.body))
        return self._cursor.insertTable(rows, columns, style)

    def _leave_table(self) -> None:
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        self._fresh, self._first = True, False

    # --- words -------------------------------------------------------------------------------------------------------

    def _inline(self, tokens: Sequence[Token], base: QTextCharFormat) -> None:
        """Write words; the tokens that open and close something change the format of those between."""
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
                self._words(token, style, address)

    def _words(self, token: Token, style: QTextCharFormat, address: str) -> None:
        if token.type in {"softbreak", "hardbreak"}:
            self._cursor.insertText(LINE_BREAK, style)
        elif token.type == "image":
            self._insert(f"{token.content} ({token.attrs.get('src', '')})".strip(), style, address)
        elif token.type == "code_inline":
            style.setFontFamilies(self._looks.mono.families())
            style.setFontPointSize(style.fontPointSize() * 0.93)
            style.setBackground(QBrush(self._looks.raised))
            self._insert(token.content, style, address)
        elif address:
            self._insert(token.content, style, address)
        else:
            for text, bare in split_bare(token.content):
                self._insert(text, QTextCharFormat(style), bare)

    def _insert(self, text: str, style: QTextCharFormat, address: str) -> None:
        if address and is_allowed(address):
            self._has_links = True
            style.setAnchor(True)
            style.setAnchorHref(address)
            style.setToolTip(tooltip(address))
            style.setForeground(self._looks.link)
            style.setFontUnderline(True)
        self._cursor.insertText(text, style)

    def _char_format(self, font: QFont) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setFont(font)
        style.setForeground(self._looks.text)
        return style
