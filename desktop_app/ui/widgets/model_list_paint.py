"""Draws one row of the list of models: name, what it is good for, marks; at the right the verdict, size and memory."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop_app.domain.fit import MemoryParts
from desktop_app.services.models_view import ModelRow
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.fit_badge import paint_badge
from desktop_app.ui.widgets.model_list_layout import Pill, RowLayout
from desktop_app.ui.widgets.model_list_marks import draw_lock, draw_star

ROW = int(Qt.ItemDataRole.UserRole)
"""The role under which an index gives its `ModelRow`."""

_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter)

Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Draws rows.

    Args:
        theme: colours and fonts.
        view: the list; the ring is drawn only while the keyboard is there (its property `kbd`).
    """

    def __init__(self, theme: Theme, view: QWidget) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        self._layout = RowLayout(theme)
        self._in_discover = True

    def set_in_discover(self, in_discover: bool) -> None:
        """Whether the list is that of models which need not be on this computer."""
        if in_discover is not self._in_discover:
            self._in_discover = in_discover
            self._layout.forget()

    def take_fonts(self) -> None:
        """Draw in the theme's present fonts, which may be larger now."""
        self._layout.forget()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The same for every row."""
        return QSize(0, self._layout.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the row."""
        row: ModelRow = index.data(ROW)
        place = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ground(painter, place.adjusted(1, 1, -1, -1), option.state)
        painter.translate(place.topLeft())
        laid = self._layout.lay_out(row, int(place.width()), self._in_discover)
        tokens = self._theme.tokens
        for text in laid.texts:
            painter.setFont(text.font)
            painter.setPen(QColor(getattr(tokens, text.colour)))
            painter.drawStaticText(text.place, text.text)
        if laid.badge is not None:
            paint_badge(painter, laid.badge, row.fit.verdict, self._theme)
        if laid.memory is not None and row.fit.parts is not None:
            self._draw_memory(painter, laid.memory, row.fit.parts)
        for pill in laid.pills:
            self._draw_pill(painter, pill)
        painter.restore()

    def _draw_ground(self, painter: QPainter, place: QRectF, state: QStyle.StateFlag) -> None:
        tokens, flag = self._theme.tokens, QStyle.StateFlag
        selected, over = bool(state & flag.State_Selected), bool(state & flag.State_MouseOver)
        ring = bool(state & flag.State_HasFocus) and self._view.property("kbd") is True
        if not (selected or over or ring):
            return
        painter.setBrush(QColor(tokens.accent_soft if selected else tokens.raised if over else "transparent"))
        painter.setPen(QPen(QColor(tokens.accent_text), 2) if ring else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(place, 9, 9)

    def _draw_memory(self, painter: QPainter, place: QRectF, parts: MemoryParts) -> None:
        """The share of the memory that it would take, beside what others have; red where it is more than there is."""
        tokens = self._theme.tokens
        shape = QPainterPath()
        shape.addRoundedRect(place, 3, 3)
        painter.save()
        painter.setClipPath(shape)
        painter.fillRect(place, QColor(tokens.line))
        whole = max(1, parts.total)
        taken = place.width() * min(1.0, parts.others / whole)
        needed = min(place.width() - taken, place.width() * parts.needed / whole)
        own = QRectF(place.left(), place.top(), needed, place.height())
        painter.fillRect(own, QColor(tokens.bad if parts.missing else tokens.accent))
        others = QRectF(own.right(), place.top(), taken, place.height())
        painter.fillRect(others, QColor(tokens.disabled))
        painter.restore()

    def _draw_pill(self, painter: QPainter, pill: Pill) -> None:
        tokens = self._theme.tokens
        ground, colour = {
            "accent": (tokens.accent, tokens.on_accent),
            "warn": (tokens.warn_soft, tokens.warn),
            "bad": (tokens.bad_soft, tokens.bad),
        }.get(pill.mark.tone, (tokens.raised, tokens.second))
        place = pill.place
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(place, place.height() / 2, place.height() / 2)
        scale = self._theme.text_scale
        if pill.mark.icon:
            painter.save()
            painter.translate(place.left() + 6 * scale, place.center().y() - 6 * scale)
            painter.scale(scale, scale)
            (draw_star if pill.mark.icon == "star" else draw_lock)(painter, QPointF(0, 0), QColor(colour))
            painter.restore()
        painter.setPen(QColor(colour))
        painter.setFont(self._layout.small)
        painter.drawText(place.adjusted((22 if pill.mark.icon else 8) * scale, 0, 0, 0), _MIDDLE, pill.words)
