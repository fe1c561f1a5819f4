"""The card with a heading that the parts of a model's panel stand in."""

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import card, label


def headed(owner: QWidget, theme: Theme, title: str) -> QVBoxLayout:
    """Make *owner* a card with this heading; what is added to the column stands below it."""
    heading = label(title, wrap=True)
    heading.setFont(theme.body_font(10.5, QFont.Weight.DemiBold))
    frame = card()
    column = QVBoxLayout(frame)
    column.setContentsMargins(16, 14, 16, 16)
    column.setSpacing(10)
    column.addWidget(heading)
    outside = QVBoxLayout(owner)
    outside.setContentsMargins(0, 0, 0, 0)
    outside.addWidget(frame)
    return column
