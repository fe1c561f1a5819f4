"""The table of graphics cards: how busy each is, what holds it back, and which programs hold its memory.

The page of Monitor owns one. It is as high as its rows: the page scrolls, not the table. Where it is narrow, figures go
below the names.
"""

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHeaderView, QScrollArea, QSizePolicy, QTableView, QVBoxLayout, QWidget

from desktop_app.domain.machine import NO_CARD, GpuSample
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import card, label
from desktop_app.ui.widgets.card_table_model import CardModel, Column, RowKind
from desktop_app.ui.widgets.card_table_paint import CardDelegate, CardLayout

_SHEET = """
QTableView {{ background: transparent; border: 0; }}
QHeaderView {{ background: transparent; border: 0; }}
QHeaderView::section {{
    background: transparent; border: 0; border-bottom: 1px solid {line}; color: {second}; font-size: 9pt;
    font-weight: 600; padding: 6px 12px;
}}
"""
_NARROWEST = 120


class CardView(QTableView):
    """The rows."""

    def __init__(self, theme: Theme, model: CardModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._cards = model
        self._layout = CardLayout(theme)
        self._measured: tuple[object, ...] = ()
        """For what the columns were measured."""
        self._heights: list[int] = []
        self._at = (0, 0)
        """The cell of the keyboard."""
        self.setModel(model)
        self.setItemDelegate(CardDelegate(theme, model, self._layout, self))
        self._build()
        model.modelReset.connect(self._on_reset)
        model.dataChanged.connect(self._on_cell_changed)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def below(self) -> tuple[Column, ...]:
        """The columns that have no room."""
        return self._layout.below

    def fit(self) -> None:
        """Give columns and rows the sizes that they need now; the table becomes as high as they are."""
        cards = self._cards.cards
        tops = tuple((one.total_bytes, one.power_limit, one.top_clock) for one in cards)
        wanted = (self._theme.text_scale, self.width(), tops)
        if wanted != self._measured:
            self._measured = wanted
            self._layout.measure(cards, self.width())
            for column in Column:
                self.setColumnHidden(column, column in self._layout.below)
            for column, width in {**self._layout.widths, Column.CARD: self._layout.name_width}.items():
                self.setColumnWidth(column, width)
            self.horizontalHeader().setHidden(len(self._layout.below) == len(Column) - 1)
            self._heights = []
        heights = [self._layout.height(self._cards.row(number)) for number in range(self._cards.rowCount())]
        if heights != self._heights:
            self._heights = heights
            for number, height in enumerate(heights):
                self.setRowHeight(number, height)
            self._span()
            header = self.horizontalHeader()
            self.setFixedHeight(sum(heights) + (0 if header.isHidden() else header.sizeHint().height()))

    def minimumSizeHint(self) -> QSize:
        """Hardly any width; `fit` sets the height."""
        return QSize(_NARROWEST, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the room."""
        super().resizeEvent(event)
        self.fit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard begins at the first card."""
        if not self.currentIndex().isValid():
            self._go_back()
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space unfold and fold programs."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if event.key() not in keys or not self._toggle(self.currentIndex()):
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters do nothing here."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a fold does what it says."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._toggle(self.indexAt(event.position().toPoint()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """What can be clicked looks like it."""
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        fold = index.isValid() and self._cards.row(index.row()).kind is RowKind.FOLD
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if fold else Qt.CursorShape.ArrowCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The page scrolls."""
        event.ignore()

    def event(self, event: QEvent) -> bool:
        """The ring of the keyboard's focus is drawn by hand, so it has to be drawn again with it."""
        if event.type() is QEvent.Type.DynamicPropertyChange:
            self.viewport().update()
        return super().event(event)

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Bring the cell of the keyboard into sight: the page scrolls."""
        super().currentChanged(current, previous)
        if current.isValid():
            self._at = (current.row(), current.column())
        around: QWidget | None = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        inside = around.widget() if isinstance(around, QScrollArea) else None
        if isinstance(around, QScrollArea) and inside is not None and self.hasFocus():
            rect = self.visualRect(current)
            place = QRect(self.viewport().mapTo(inside, rect.topLeft()), rect.size())
            around.ensureVisible(
                place.center().x(), place.center().y(), 0, place.height() // 2 + self._theme.space.huge
            )

    def _toggle(self, index: QModelIndex) -> bool:
        """Fold or unfold; the keyboard stays at the row that does it."""
        if not index.isValid() or self._cards.row(index.row()).kind is not RowKind.FOLD:
            return False
        number = self._cards.row(index.row()).card
        self._cards.toggle(index.row())
        self.setCurrentIndex(self._cards.index(self._cards.fold_of(number), Column.CARD))
        return True

    def _go_back(self) -> None:
        row, column = min(self._at[0], self._cards.rowCount() - 1), self._at[1]
        if row >= 0:
            self.setCurrentIndex(self._cards.index(row, column))

    def _on_cell_changed(self, changed: QModelIndex) -> None:
        """What has no column is drawn below the name."""
        if changed.column() in self._layout.below:
            self.update(self._cards.index(changed.row(), Column.CARD))

    def _on_reset(self) -> None:
        """Rows came or went: the keyboard stays about where it was."""
        self._heights = []
        self.fit()
        if self.hasFocus():
            self._go_back()

    def _span(self) -> None:
        """A program has no use that is known: its name may be as long as that."""
        self.clearSpans()
        if Column.USE not in self._layout.below:
            for number in range(self._cards.rowCount()):
                if self._cards.row(number).kind is not RowKind.CARD:
                    self.setSpan(number, Column.CARD, 1, Column.USE + 1)

    def _dress(self) -> None:
        self._layout.dress()
        self._measured = ()
        self.setStyleSheet(self._theme.sheet(_SHEET.format(**vars(self._theme.tokens))))
        self.fit()
        self.viewport().update()

    def _build(self) -> None:
        self.setAccessibleName("Graphics cards")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(1)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionsClickable(False)
        header.setHighlightSections(False)


class CardTable(QWidget):
    """A row for each graphics card, and for each program that holds memory of it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = CardModel(self)
        self._note = label(role="second", wrap=True)
        self._note.setContentsMargins(theme.space.medium, theme.space.small, theme.space.medium, theme.space.small)
        self.view = CardView(theme, self._model)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, theme.space.tiny)
        inside.setSpacing(0)
        inside.addWidget(self._note)
        inside.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(frame)
        # As high as its rows, whatever room there is.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.show_cards(())

    def show_cards(self, cards: tuple[GpuSample, ...], note: str = "") -> None:
        """Draw *cards*; *note* says why there is none, or why nothing is known of them."""
        self._model.show_cards(cards)
        self.view.fit()
        self.view.setVisible(bool(cards))
        # A card that says so itself says it better: others may answer.
        text = "" if any(one.note for one in cards) else note or ("" if cards else NO_CARD)
        self._note.setText(text)
        self._note.setVisible(bool(text))
