"""A large button with an icon, a title and a sentence: one of two things that can be begun."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label

_ICON = 26
_LETTERS = 26
"""Letters of the narrowest line."""

CHOICE_SHEET = """
QPushButton[role="begin"] {{
    background: {card}; border: 1px solid {line}; border-radius: 12px; padding: 0; text-align: left;
}}
QPushButton[role="begin"]:hover {{ background: {hover}; border-color: {accent_text}; }}
QPushButton[role="begin"][kbd="true"] {{ border: 2px solid {accent_text}; }}
"""


class BigChoice(QPushButton):
    """Title and sentence are broken where it ends; the whole of it can be pressed."""

    def __init__(
        self, theme: Theme, icon: str, title: str, sentence: str, pressed: Callable[[], object], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon_name = icon
        self._picture = QLabel()
        self._title = label(title, "title")
        self._title.setWordWrap(True)
        self._sentence = label(sentence, "second")
        self._sentence.setWordWrap(True)
        self.setProperty("role", "begin")
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: (pressed(), None)[1])
        self._build()
        theme.changed.connect(self._draw)
        self._draw()

    def least_width(self) -> int:
        """Pixels below which it gets hard to read."""
        return self.fontMetrics().averageCharWidth() * _LETTERS + self._theme.grown(_ICON) + 48

    def hasHeightForWidth(self) -> bool:
        """A narrower one is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How tall it is when it is this wide."""
        layout = self.layout()
        return layout.totalHeightForWidth(width) if layout else 0

    def sizeHint(self) -> QSize:
        """What its words need at its width."""
        width = max(self.least_width(), self.width())
        return QSize(self.least_width(), self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """The same, and any width."""
        return QSize(1, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width breaks other lines."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _draw(self) -> None:
        size = self._theme.icon_size(_ICON)
        self._picture.setPixmap(self._theme.icon(self._icon_name, self._theme.tokens.accent_text).pixmap(size))
        self.updateGeometry()

    def _build(self) -> None:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._title)
        words.addWidget(self._sentence)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(14)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        for part in (self._picture, self._title, self._sentence):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
