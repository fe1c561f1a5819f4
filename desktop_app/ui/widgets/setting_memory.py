"""How the memory is divided with these settings: the bar, its verdict and its parts in words."""

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.fit import MemoryParts
from desktop_app.domain.units import memory_words
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, card, label, set_property
from desktop_app.ui.widgets.fit_bar import MemoryBar, MemoryLegend, unbroken

_TIGHT = 0.05
"""Less than this share of the memory left is said to be tight."""


def verdict(parts: MemoryParts) -> tuple[str, str]:
    """Whether it fits, in words and as the tone of a badge."""
    if parts.missing:
        return "Does not fit", "bad"
    return ("Tight", "warn") if parts.free < _TIGHT * parts.total else ("Fits", "good")


class MemoryCard(QWidget):
    """The bar with its verdict and the size of each part.

    Args:
        theme: colours and fonts.
        parent: the widget that it stands in.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._badge = label("", "badge")
        self._words = label(role="second", wrap=True)
        self._bar = MemoryBar(theme)
        self._legend = MemoryLegend(theme)
        self._compact = False
        self._line = ElidedLabel(role="second")
        self._line.setFont(theme.figures_font(9.5))
        self._frame = card()
        self._build(theme)
        self.show_memory(None)

    def set_compact(self, compact: bool) -> None:
        """Only the bar and its verdict, for a narrow window."""
        self._compact = compact
        self._legend.setVisible(not compact)
        self._words.setVisible(not compact)
        self._line.setVisible(compact)
        self._inside.setContentsMargins(*((16, 8, 16, 10) if compact else (16, 14, 16, 14)))
        self._inside.setSpacing(6 if compact else 10)

    def show_memory(self, parts: MemoryParts | None, context: str = "") -> None:
        """Draw *parts*, None when they are not known; *context* says what there is room for."""
        self._badge.setVisible(parts is not None)
        self._legend.setVisible(parts is not None and not self._compact)
        if parts is None:
            self._bar.show_memory(None)
            self._words.setText("How much memory this model takes is not known.")
            self._line.setText(self._words.text())
            return
        words, tone = verdict(parts)
        self._bar.show_memory(parts, words)
        self._badge.setText(words)
        set_property(self._badge, "tone", tone)
        self._legend.show_memory(parts)
        self._line.setText(f"{_balance(parts)} {context}".strip())
        missing = _balance(parts) if parts.missing else ""
        whole = f"An estimate, of {memory_words(parts.total)} in all."
        self._words.setText(unbroken(" ".join(text for text in (missing, context, whole) if text)))

    def _build(self, theme: Theme) -> None:
        title = label("Memory")
        title.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
        heading = QHBoxLayout()
        heading.setSpacing(10)
        heading.addWidget(title)
        heading.addWidget(self._line, 1)
        heading.addStretch(0)
        heading.addWidget(self._badge)
        self._inside = QVBoxLayout(self._frame)
        for one in (self._bar, self._legend, self._words):
            self._inside.addWidget(one)
        self._inside.insertLayout(0, heading)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)
        self.set_compact(False)


def _balance(parts: MemoryParts) -> str:
    """What is left, or what is missing."""
    if parts.missing:
        return f"It needs {memory_words(parts.missing)} more than is free."
    return f"{memory_words(parts.free)} of {memory_words(parts.total)} stay free."
