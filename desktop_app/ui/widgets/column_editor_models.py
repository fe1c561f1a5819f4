"""Chooses a column's model: a button with the chosen one, which opens a list that can be searched."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from desktop_app.domain.launch import ModelRef
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, plain, tip
from desktop_app.ui.widgets.chat_settings_parts import words
from desktop_app.ui.widgets.experiment_list_paint import LINES, Lines, LinesDelegate
from desktop_app.ui.widgets.model_filter_bar import ModelSearch
from desktop_app.ui.widgets.setting_parts import chevron

MODEL_SHEET = """
QPushButton[role="model"] {{
    background: {card}; border: 1px solid {line}; border-radius: 10px; padding: 0 30px 0 12px; min-height: 38px;
    text-align: left; font-weight: 600;
}}
QPushButton[role="model"]:hover {{ background: {hover}; }}
QPushButton[role="model"][kbd="true"] {{ border-color: {accent_text}; }}
"""
_ROWS = 5
"""Models in sight at once."""
_SIDES = 64
_NOTHING = "There are no models yet. Get one on the Models page, or connect to a server."
_NOTHING_FOUND = "No model has this name."

Index = QModelIndex | QPersistentModelIndex


class ModelOffer(NamedTuple):
    """A model that a column can have."""

    model: ModelRef
    words: str = ""
    """Its size and how it fits."""
    problem: str = ""
    """Why it cannot be used; empty when it can."""


class ModelChooser(QWidget):
    """Draws offers; says which model was chosen."""

    chosen = Signal(object)
    """A `ModelRef`."""
    server_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offers: tuple[ModelOffer, ...] = ()
        self._model: ModelRef | None = None
        self._button = _ModelButton(theme)
        self._about = words()
        self._panel = card()
        self._search = ModelSearch()
        self._view = _ModelView(theme)
        self._nothing = words()
        self._build()
        self._connect()
        self._draw()

    def show_models(self, offers: Sequence[ModelOffer]) -> None:
        """These can be chosen."""
        self._offers = tuple(ModelOffer(*offer) for offer in offers)
        self._draw()

    def show_model(self, model: ModelRef | None) -> None:
        """This one is chosen; where none is, the list is open."""
        self._model = model
        self._search.clear()
        self._panel.setVisible(model is None)
        self._draw()

    def enter(self) -> None:
        """Put the keyboard into the search, or on the button while the list is folded."""
        place = self._search if self._panel.isVisible() else self._button
        place.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Escape folds the open list, before it means anything else."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._can_fold:
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() is QEvent.Type.KeyPress:
                self._fold()
                return True
        return super().event(event)

    @property
    def _can_fold(self) -> bool:
        return self._model is not None and self._panel.isVisible()

    def _draw(self) -> None:
        text = self._search.text().lower().split()
        shown = [one for one in self._offers if all(word in one.model.name.lower() for word in text)]
        self._view.show_offers(shown, self._model)
        self._nothing.setText(_NOTHING_FOUND if self._offers else _NOTHING)
        self._nothing.setVisible(not shown)
        self._search.setVisible(bool(self._offers))
        name = self._model.name if self._model else "Choose a model"
        self._button.show_name(name, opened=not self._panel.isHidden())
        about = next((one.problem or one.words for one in self._offers if one.model == self._model), "")
        self._about.setText(about)
        self._about.setVisible(bool(about))

    def _fold(self) -> None:
        self._panel.hide()
        self._search.clear()
        self._draw()
        self._button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_clicked(self) -> None:
        if self._can_fold:
            self._fold()
            return
        self._panel.show()
        self._draw()
        self._search.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_chosen(self, model: ModelRef) -> None:
        self._model = model
        self._fold()
        self.chosen.emit(model)

    def _connect(self) -> None:
        self._button.clicked.connect(self._on_clicked)
        self._search.textChanged.connect(self._draw)
        self._search.down_pressed.connect(self._view.enter)
        self._search.returnPressed.connect(self._view.choose_current)
        self._view.chosen.connect(self._on_chosen)
        self._view.left.connect(self._search.setFocus)

    def _build(self) -> None:
        self._search.setPlaceholderText("Search models")
        self._search.setAccessibleName("Search models")
        inside = QVBoxLayout(self._panel)
        inside.setContentsMargins(8, 8, 8, 8)
        inside.setSpacing(6)
        for part in (self._search, self._nothing, self._view):
            inside.addWidget(part)
        server = button("A server elsewhere…", self.server_asked.emit, "link")
        inside.addWidget(server, 0, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for one in (self._button, self._about, self._panel):
            column.addWidget(one)


class _ModelButton(QPushButton):
    """The chosen model, with an arrow."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = ""
        self.setProperty("role", "model")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self._draw)
        self._draw()

    def show_name(self, name: str, *, opened: bool) -> None:
        """Show a model's name."""
        self._name = name
        self.setAccessibleName(f"Model: {name}")
        self.setAccessibleDescription("list open" if opened else "list folded")
        self.setToolTip(tip(name))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """With an arrow; a long name without its end."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - _SIDES - self.iconSize().width()
        option.text = plain(self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, room))
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        chevron(painter, QPointF(self.width() - 18, self.height() / 2), self._theme.tokens.second)

    def _draw(self) -> None:
        self.setIconSize(self._theme.icon_size())
        self.setIcon(self._theme.icon("cube", self._theme.tokens.accent_text))


class _ModelRows(QAbstractListModel):
    """Offers as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.offers: Sequence[ModelOffer] = ()

    def fill(self, offers: Sequence[ModelOffer]) -> None:
        self.beginResetModel()
        self.offers = offers
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.offers)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        offer = self.offers[index.row()]
        below = f"Cannot be used: {offer.problem}" if offer.problem else offer.words
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return offer.model.name
            case Qt.ItemDataRole.ToolTipRole:
                return tip("\n".join(filter(None, (offer.model.name, below))))
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(filter(None, (offer.model.name, below)))
        if role != LINES:
            return None
        part = ((below, "bad" if offer.problem else "second"),) if below else ()
        return Lines(offer.model.name, part, icon="server" if offer.model.address else "cube", dim=bool(offer.problem))

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What cannot be used can be read, by keyboard, too."""
        usable = not self.offers[index.row()].problem
        return Qt.ItemFlag.ItemIsEnabled | (Qt.ItemFlag.ItemIsSelectable if usable else Qt.ItemFlag.NoItemFlags)


class _ModelView(QListView):
    """A few rows that scroll."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _ModelRows(self)
        self._delegate = LinesDelegate(theme, self)
        self.setAccessibleName("Models")
        self.setModel(self._rows)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.clicked.connect(self._choose)
        theme.changed.connect(self._on_theme_changed)

    def show_offers(self, offers: Sequence[ModelOffer], model: ModelRef | None) -> None:
        """Show these; *model* is chosen. Who moves among the rows stays where they are."""
        at = self.currentIndex().row()
        if self.hasFocus() and 0 <= at < len(self._rows.offers):
            model = self._rows.offers[at].model
        self._rows.fill(offers)
        usable = [row for row, offer in enumerate(offers) if not offer.problem]
        row = next((row for row in usable if offers[row].model == model), usable[0] if usable else -1)
        if row >= 0:
            self.setCurrentIndex(self._rows.index(row))
        self.setVisible(bool(offers))
        self._fit()

    def enter(self) -> None:
        """Come in by keyboard, from above."""
        self.setFocus(Qt.FocusReason.TabFocusReason)

    def choose_current(self) -> None:
        """Choose the row that is marked."""
        self._choose(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses, Up leaves the first row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.choose_current()
        elif event.key() == Qt.Key.Key_Up and self.currentIndex().row() <= 0:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and not self._rows.offers[index.row()].problem:
            self.chosen.emit(self._rows.offers[index.row()].model)

    def _on_theme_changed(self) -> None:
        self._delegate.take_fonts()
        self.scheduleDelayedItemsLayout()
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(max(1, min(_ROWS, len(self._rows.offers))) * self._delegate.height)
