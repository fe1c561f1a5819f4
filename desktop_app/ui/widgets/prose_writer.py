"""Markdown's tokens as formatted text in a document; `prose` calls it. Everything is written with a `QTextCursor`."""

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

from desktop_app.markdown.fence import language_of
from desktop_app.ui.widgets.looks import GAP, LINE_HEIGHT, QUOTE_INDENT, Looks
from desktop_app.ui.widgets.prose_marks import Mark
from desktop_app.ui.widgets.prose_words import Words

_BULLETS = (QTextListFormat.Style.ListDisc, QTextListFormat.Style.ListCircle, QTextListFormat.Style.ListSquare)
_ALIGNMENTS = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "right": Qt.AlignmentFlag.AlignRight,
    "center": Qt.AlignmentFlag.AlignHCenter,
}
_ITEM_GAP = 6
_CELL_PADDING = 6


class ProseWriter:
    """Appends blocks to one document."""

    def __init__(self, document: QTextDocument, looks: Looks) -> None:
        self._document = document
        self._looks = looks
        self._words = Words(document, looks)
        self._styles: list[QTextListFormat] = []
        self._lists: list[QTextList | None] = []
        self._numbers: list[int | None] = []
        """Of each open list: what its next item is numbered; None where items have bullets."""
        self._due_marker: str | None = None
        self._containers: list[str] = []
        self._opened = 0
        """See `prose_marks.Mark`."""
        self.above = 0
        """What stands above the document has left this many pixels free already."""
        self._quotes = 0
        self._base = self._words.format(looks.body)
        document.setIndentWidth(looks.indent)
        document.setDefaultFont(looks.body)
        self._reset()

    @property
    def has_quotes(self) -> bool:
        """Whether a line beside a quotation has to be painted."""
        return self._has_quotes

    @property
    def has_links(self) -> bool:
        """Whether there is anything to click on."""
        return self._words.has_links

    @property
    def codes(self) -> Sequence[str]:
        """The blocks of code, by the numbers in the addresses of their copying links."""
        return self._codes

    def show_drawn(self) -> bool:
        """Show the formulas that have been drawn since; False when there are none."""
        return self._words.show_drawn()

    def clear(self) -> None:
        """Empty the document."""
        self._document.clear()
        self._reset()

    def release(self) -> None:
        """Another writer takes over: leave nothing of this one in the document."""
        self._words.release()

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
        self._codes: list[str] = []
        self._opened = 0
        self._words.reset()

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
                self._words.write(self._cursor, token.children or [], self._base)
            case "heading_close":
                self._base = self._words.format(self._looks.body)
            case "bullet_list_open" | "ordered_list_open":
                self._open_list(token)
            case "bullet_list_close" | "ordered_list_close":
                self._close_list()
            case "list_item_open":
                self._open_item(token)
            case "list_item_close":
                self._write_due_marker()
                self._leave()
            case "blockquote_open" | "blockquote_close":
                self._write_due_marker()
                self._quotes += token.nesting
                self._has_quotes = True
                self._enter(">") if token.nesting > 0 else self._leave()
            case "hr" | "fence" | "code_block" | "math_block":
                self._leaf(token)
            case "table_open":
                return self._table(tokens, index)
        return index + 1

    def _leaf(self, token: Token) -> None:
        """A block with nothing in it."""
        match token.type:
            case "hr":
                self._rule()
            case "math_block":
                self._formula(token)
            case _:
                self._code(token)

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

    def _enter(self, container: str) -> None:
        self._containers.append(container)

    def _leave(self) -> None:
        self._containers.pop()
        self._opened = min(self._opened, len(self._containers))

    def _mark_place(self, style: QTextBlockFormat | QTextTableFormat) -> None:
        """Note the quotations and items around what is being written."""
        style.setProperty(Mark.CONTAINERS, "\n".join(self._containers))
        style.setProperty(Mark.OPENED, self._opened)
        self._opened = len(self._containers)

    def _begin(self, block: QTextBlockFormat) -> None:
        """Start a paragraph; within an item of a list it carries the marker or stands below the first one."""
        self._mark_place(block)
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
            box = QTextCharFormat(self._base)
            box.setProperty(Mark.SOURCE, "")
            self._cursor.insertText(self._due_marker, box)
        self._due_marker = None

    def _begin_heading(self, level: int) -> None:
        self._base = self._words.format(self._looks.body)
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
        # Qt puts an empty paragraph below a table beside it, where nothing of it can be seen.
        self._fresh &= self._first
        self._begin(block)
        self._base = self._words.format(self._looks.body)

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
        self._numbers.append(int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None)

    def _close_list(self) -> None:
        self._styles.pop()
        self._lists.pop()
        self._numbers.pop()

    def _open_item(self, token: Token) -> None:
        checked = token.meta.get("checked")
        self._due_marker = "" if checked is None else "☑ " if checked else "☐ "
        number = self._numbers[-1]
        self._numbers[-1] = None if number is None else number + 1
        task = "" if checked is None else " [x]" if checked else " [ ]"
        self._enter(f"{'-' if number is None else f'{number}.'}{task}")

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

    # --- formulas, code and tables -----------------------------------------------------------------------------------

    def _formula(self, token: Token) -> None:
        block = self._block_format()
        if not self._lists:
            block.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        block.setLineHeight(100, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        self._begin(block)
        self._words.formula(self._cursor, token, self._base)

    def _code(self, token: Token) -> None:
        self._write_due_marker()
        language = language_of(token.info)
        style = self._table_format()
        style.setCellPadding(10)
        style.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        style.setProperty(Mark.LANGUAGE, language)
        cell = self._insert_table(1, 1, style).cellAt(0, 0)
        cursor = cell.firstCursorPosition()
        code = token.content.removesuffix("\n")
        self._words.code_label(cursor, language, len(self._codes))
        self._codes.append(code)
        self._words.code(cursor, code, language)
        # Last, since Qt keeps the format of a cell with that of its first paragraph.
        surface = QTextTableCellFormat()
        surface.setBackground(QBrush(self._looks.code_background))
        cell.setFormat(surface)
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
                self._words.write(self._cursor, token.children or [], self._base)
        self._base = self._words.format(self._looks.body)
        self._cursor = outer
        self._leave_table()
        return end + 1

    def _begin_cell(self, token: Token) -> None:
        block = QTextBlockFormat()
        aligned = str(token.attrs.get("style", "")).removeprefix("text-align:")
        block.setAlignment(_ALIGNMENTS.get(aligned, Qt.AlignmentFlag.AlignLeft))
        block.setProperty(Mark.ALIGNED, aligned)
        self._base = self._words.format(self._looks.body)
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
        style.setLeftMargin(self._looks.indent * len(self._lists) + QUOTE_INDENT * self._quotes)
        style.setProperty(QTextFormat.Property.BlockQuoteLevel, self._quotes)
        return style

    def _insert_table(self, rows: int, columns: int, style: QTextTableFormat) -> QTextTable:
        self._mark_place(style)
        if not self._fresh:
            # Qt hides an empty paragraph above a table; so the table may be given one of its own.
            self._cursor.insertBlock(QTextBlockFormat(), self._words.format(self._looks.body))
        return self._cursor.insertTable(rows, columns, style)

    def _leave_table(self) -> None:
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        self._fresh, self._first = True, False
