"""The table of prompts on the screen: two lines of each, written in place, as many lines as are wanted."""

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QApplication,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.prompt_editor_field import PromptField
from desktop_app.ui.widgets.prompt_editor_model import NUMBER, REFERENCE, TEXT, PromptModel
from desktop_app.ui.widgets.prompt_grid_paint import draw_lines

_HEIGHT = 56
"""Of a row, logical pixels at the usual size of words."""
_SIDE = 12
"""The same at every size of words, as in the headline, whose style sheet has it."""
_NOTE = 18
"""Height of the number, and of what is special about a prompt."""
_NUMBER = 104
"""Width of the first column."""
_REFERENCE = 0.34
"""Of the rest, what the reference answers take."""
_WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap)
_LINE = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)

Index = QModelIndex | QPersistentModelIndex
_Hint = QAbstractItemDelegate.EndEditHint


class PromptDelegate(QStyledItemDelegate):
    """Draws cells, and gives them something to write in."""

    next_asked = Signal()
    """Enter was pressed: on to the row below."""

    def __init__(self, theme: Theme, model: PromptModel, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._theme = theme
        self._model = model
        self._view = view

    @property
    def height(self) -> int:
        """Of every row, pixels."""
        return self._theme.scaled(_HEIGHT)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The same for every row."""
        return QSize(0, self.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell."""
        place: QRect = option.rect
        painter.save()
        self._draw_ground(painter, QRectF(place), option.state)
        room = place.adjusted(_SIDE, 4, -_SIDE, -5)
        if index.column() == NUMBER:
            self._draw_number(painter, room, index)
        else:
            self._draw_words(painter, room, index)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A field in the cell's place."""
        field = PromptField(parent)
        name = "Reference answer" if index.column() == REFERENCE else "Prompt"
        field.setAccessibleName(f"{name} {index.row() + 1}")
        field.setFont(self._theme.body_font(10))
        field.paused.connect(self._on_paused)
        field.ended.connect(self._on_ended)
        field.textChanged.connect(self._on_text_changed)
        return field

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show what stands there; an echo of what was typed does not move the cursor."""
        if isinstance(editor, PromptField):
            editor.begin(str(index.data(Qt.ItemDataRole.EditRole) or ""))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Hand over what was typed; whoever only looked has not made another kind of space of any."""
        if isinstance(editor, PromptField) and editor.changed:
            self._model.setData(index, editor.toPlainText())

    def destroyEditor(self, editor: QWidget, index: Index) -> None:
        """Nothing more comes of it."""
        if isinstance(editor, PromptField):
            editor.let_go()
        super().destroyEditor(editor, index)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Over the cell, as high as its words, within the table."""
        if isinstance(editor, PromptField):
            self._place(editor, option.rect)

    def eventFilter(self, editor: object, event: QEvent) -> bool:
        """Qt would take Tab, Enter and Escape for itself, and forget what was typed at Escape."""
        if isinstance(editor, PromptField) and event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            return False
        return super().eventFilter(editor, event)  # type: ignore[arg-type]

    def _place(self, editor: PromptField, cell: QRect) -> None:
        room = self._view.viewport().rect()
        # Its lines break by its width.
        editor.resize(cell.size())
        height = min(max(cell.height(), editor.wanted_height), room.height())
        top = max(0, min(cell.top(), room.height() - height))
        editor.setGeometry(QRect(cell.left(), top, cell.width(), height))

    def _on_text_changed(self) -> None:
        editor = self.sender()
        if isinstance(editor, PromptField):
            self._place(editor, QRect(editor.x(), editor.y(), editor.width(), self.height))

    def _on_paused(self) -> None:
        editor = self.sender()
        if isinstance(editor, PromptField):
            self.commitData.emit(editor)

    def _on_ended(self, hint: QAbstractItemDelegate.EndEditHint) -> None:
        editor = self.sender()
        if isinstance(editor, PromptField):
            self.commitData.emit(editor)
            down = hint is _Hint.SubmitModelCache
            self.closeEditor.emit(editor, _Hint.NoHint if down else hint)
            if down:
                self.next_asked.emit()

    def _draw_ground(self, painter: QPainter, place: QRectF, state: QStyle.StateFlag) -> None:
        tokens, flag = self._theme.tokens, QStyle.StateFlag
        selected, over = bool(state & flag.State_Selected), bool(state & flag.State_MouseOver)
        if selected or over:
            painter.fillRect(place, QColor(tokens.accent_soft if selected else tokens.raised))
        draw_lines(painter, place, tokens.line)
        if state & flag.State_HasFocus and self._view.property("kbd") is True:
            painter.setPen(QPen(QColor(tokens.accent_text), 2))
            painter.drawRect(place.adjusted(1, 1, -2, -2))

    def _draw_number(self, painter: QPainter, room: QRect, index: Index) -> None:
        note, fonts = self._model.note(index), (self._theme.figures_font(9.5), self._theme.body_font(8.5))
        painter.setPen(QColor(self._theme.tokens.second))
        line = self._theme.scaled(_NOTE)
        top = room.center().y() - (line if note else line // 2)
        for words, font in zip((str(index.data()), note), fonts, strict=True):
            painter.setFont(font)
            short = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(QRect(room.left(), top, room.width(), line), _LINE, short)
            top += line

    def _draw_words(self, painter: QPainter, room: QRect, index: Index) -> None:
        tokens, words = self._theme.tokens, str(index.data())
        locked = index.column() == TEXT and self._model.draft.is_locked(index.row())
        font = self._theme.body_font(10)
        painter.setFont(font)
        if not words:
            painter.setPen(QColor(tokens.second))
            painter.drawText(room, _LINE, "Empty" if index.column() == TEXT else "")
            return
        painter.setPen(QColor(tokens.second if locked else tokens.text))
        metrics = QFontMetrics(font)
        # Two lines, a little less for where words break.
        short = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(room.width() * 1.85))
        painter.drawText(room, _WRAPPED, short)


class PromptTable(QTableView):
    """Shows a `PromptModel`, and lets prompts be written, deleted and pasted."""

    pasted = Signal(str)
    delete_pressed = Signal()
    next_asked = Signal()
    """Enter was pressed in the last row."""

    def __init__(self, theme: Theme, model: PromptModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._delegate = PromptDelegate(theme, model, self)
        self._build(model)
        self._delegate.next_asked.connect(self._on_next_asked)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    @property
    def chosen(self) -> list[int]:
        """The rows that are selected, from above."""
        selected = self.selectionModel().selection().toList()
        return sorted({row for one in selected for row in range(one.top(), one.bottom() + 1)})

    def write(self, row: int) -> None:
        """Let somebody write the prompt in *row*."""
        index = self.model().index(row, TEXT)
        self.setCurrentIndex(index)
        self.scrollTo(index)
        if index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)

    def flush(self) -> None:
        """Take what is being written at once."""
        for field in self.findChildren(PromptField):
            if not field.gone:
                self.commitData(field)

    def event(self, event: QEvent) -> bool:
        """Keys that mean something here must not do what they do elsewhere in the window."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.ShortcutOverride
            and event.matches(QKeySequence.StandardKey.Paste)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Paste, delete, write."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit(QApplication.clipboard().text())
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            index = self.currentIndex()
            if index.isValid():
                self.edit(index.siblingAtColumn(max(TEXT, index.column())))
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The words take the room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        number = self._theme.grown(_NUMBER)
        rest = max(0, self.viewport().width() - number)
        reference = int(rest * _REFERENCE)
        for column, width in ((NUMBER, number), (TEXT, rest - reference), (REFERENCE, reference)):
            self.setColumnWidth(column, width)

    def _on_next_asked(self) -> None:
        row, column = self.currentIndex().row(), self.currentIndex().column()
        if row + 1 >= self.model().rowCount():
            self.next_asked.emit()
            return
        below = self.model().index(row + 1, column)
        self.setCurrentIndex(below)
        if below.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(below)

    def _on_theme_changed(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._delegate.height)
        self.horizontalHeader().setFixedHeight(self._theme.scaled(34))
        self.horizontalHeader().setFont(self._theme.body_font(9, QFont.Weight.DemiBold))
        self._fit()
        self.viewport().update()

    def _build(self, model: PromptModel) -> None:
        self.setAccessibleName("Prompts")
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.SelectedClicked)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
