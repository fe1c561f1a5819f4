"""What a set of prompts is edited with, besides the table: the style, pages with forms, buttons that open menus."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from desktop_app.ui.tokens import Tokens
from desktop_app.ui.widgets.basics import Scrolled, surface
from desktop_app.ui.widgets.chat_settings_look import chat_settings_sheet

FORM_WIDTH = 640
"""Of checks and options; logical pixels, as lines that are longer are hard to read."""
_SHEET = """
QTableView {{ background: {card}; border: 0; }}
QHeaderView {{ background: {side}; }}
QHeaderView::section {{
    background: {side}; color: {second}; border: 0; border-bottom: 1px solid {line}; border-right: 1px solid {line};
    padding: 0 11px; font-weight: 600;
}}
"""


def editor_sheet(tokens: Tokens) -> str:
    """The style sheet in these colours."""
    return chat_settings_sheet(tokens) + _SHEET.format(**vars(tokens))


def menu_button(text: str) -> QPushButton:
    """A button that opens a menu, in which actions may have tooltips."""
    made = QPushButton(text)
    made.setAccessibleName(text)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    menu = QMenu(made)
    menu.setToolTipsVisible(True)
    made.setMenu(menu)
    return made


def form_page(inside: QWidget) -> QWidget:
    """A page that scrolls, with *inside* at its left."""
    page = surface("page")
    row = QHBoxLayout(page)
    row.setContentsMargins(0, 4, 8, 8)
    column = QVBoxLayout()
    column.addWidget(inside)
    column.addStretch()
    row.addLayout(column, 1)
    row.addStretch()
    scrolled = Scrolled()
    scrolled.setWidget(page)
    return scrolled
