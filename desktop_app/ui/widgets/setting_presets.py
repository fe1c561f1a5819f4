"""Three ways to start a model, one chosen; and what the chosen one sets, for whoever wants to know."""

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.domain.flags import Field
from desktop_app.domain.launch import Preset
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label

_LONGEST = 60
"""Characters of a value in the list of what a preset sets."""
_PADDING = 14
_RING = 26
"""The room of the ring before the title."""
_TITLE_TOP = 13
_WORDS_TOP = 38
_ELIDE = Qt.TextElideMode.ElideRight


class PresetCard(QRadioButton):
    """One preset as a card that can be chosen: its name and its sentence."""

    def __init__(self, theme: Theme, preset: Preset, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.preset = preset
        self.setAccessibleName(preset.value)
        self.setAccessibleDescription(preset.words)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._dress)

    def hitButton(self, pos: QPoint) -> bool:
        """All of the card can be pressed."""
        return self.rect().contains(pos)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As high as the sentence needs at this width."""
        super().resizeEvent(event)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Any width; the height of title and sentence."""
        room = QRect(0, 0, max(80, self.width() - 2 * _PADDING), 2000)
        wrapped = QFontMetrics(self._words_font).boundingRect(room, Qt.TextFlag.TextWordWrap, self.preset.words)
        return QSize(160, self._theme.scaled(_WORDS_TOP) + wrapped.height() + _PADDING)

    def minimumSizeHint(self) -> QSize:
        """The same height, hardly any width."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """A frame, a ring with or without a dot, the words."""
        tokens = self._theme.tokens
        chosen = self.isChecked()
        ring = self.property("kbd") is True
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = tokens.text if ring else tokens.accent_text if chosen else tokens.line
        painter.setPen(QPen(QColor(edge), 2 if ring else 1))
        under = self.underMouse() and not chosen
        painter.setBrush(QColor(tokens.accent_soft if chosen else tokens.hover if under else tokens.card))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)
        self._draw_ring(painter, chosen)
        painter.setPen(QColor(tokens.text))
        painter.setFont(self._theme.body_font(10.5, QFont.Weight.DemiBold))
        scaled = self._theme.scaled
        left = _PADDING + scaled(_RING)
        title = QRect(left, _TITLE_TOP, self.width() - left, scaled(20))
        painter.drawText(title, 0, painter.fontMetrics().elidedText(self.preset.value, _ELIDE, title.width() - 4))
        painter.setPen(QColor(tokens.text if chosen else tokens.second))
        painter.setFont(self._words_font)
        room = self.rect().adjusted(_PADDING, scaled(_WORDS_TOP), -_PADDING, 0)
        painter.drawText(room, Qt.TextFlag.TextWordWrap, self.preset.words)

    @property
    def _words_font(self) -> QFont:
        return self._theme.body_font(9.5)

    def _dress(self) -> None:
        self.updateGeometry()
        self.update()

    def _draw_ring(self, painter: QPainter, chosen: bool) -> None:
        tokens, scale = self._theme.tokens, self._theme.text_scale
        centre = QPointF(_PADDING + 9 * scale, _TITLE_TOP + 9 * scale)
        painter.setPen(QPen(QColor(tokens.accent_text if chosen else tokens.second), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, 7 * scale, 7 * scale)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent_text))
            painter.drawEllipse(centre, 3.6 * scale, 3.6 * scale)


class SettingPresets(QWidget):
    """The cards, and the flags of the chosen one on demand."""

    chosen = Signal(Preset)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preset = Preset.QUICK
        self._cards = [PresetCard(theme, preset) for preset in Preset]
        self._more = button("", self.toggle_flags, "inline")
        self._flags = label(wrap=True)
        self._flags.setFont(theme.mono_font(9))
        self._flags.setProperty("role", "second")
        self._flags.hide()
        row = QHBoxLayout()
        row.setSpacing(12)
        for card in self._cards:
            card.clicked.connect(self._on_clicked)
            row.addWidget(card, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._flags)
        theme.changed.connect(self._level)

    def show_preset(self, preset: Preset, fields: tuple[Field, ...]) -> None:
        """Show which one is chosen; *fields* tell what it sets."""
        self._preset = preset
        for card in self._cards:
            card.setChecked(card.preset is preset)
        lines = [preset_line(field) for field in fields if field.preset_value is not None]
        self._flags.setText("\n".join(lines))
        self._more.setVisible(bool(lines))
        self._show_more()

    def toggle_flags(self) -> None:
        """Show what the chosen preset sets, or hide it."""
        self._flags.setVisible(self._flags.isHidden())
        self._show_more()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cards of one height: that of the longest sentence."""
        super().resizeEvent(event)
        self._level()

    def _level(self) -> None:
        height = max(card.sizeHint().height() for card in self._cards)
        for card in self._cards:
            card.setFixedHeight(height)

    def _show_more(self) -> None:
        count = len(self._flags.text().splitlines())
        verb = "Show" if self._flags.isHidden() else "Hide"
        words = f"{verb} what {self._preset.value} sets ({count} flag{'' if count == 1 else 's'})"
        self._more.setText(words)
        self._more.setAccessibleName(words)

    def _on_clicked(self) -> None:
        for card in self._cards:
            if card.isChecked() and card.preset is not self._preset:
                self.chosen.emit(card.preset)


def preset_line(field: Field) -> str:
    """What the preset does to one flag, as it stands on a command line; only the beginning of a long value."""
    if isinstance(field.preset_value, bool):
        return field.flag if field.preset_value else f"--no-{field.flag.removeprefix('--')}"
    value = field.preset_value or ""
    return f"{field.flag} {value if len(value) <= _LONGEST else f'{value[:_LONGEST]}…'}"
