"""The style of the controls with which settings are changed: combo boxes, tabs, names of flags.

Given to the page of a model's settings, on top of the application's sheet.
"""

from desktop_app.ui.tokens import Tokens

_SHEET = """
QComboBox {{
    background: {card}; border: 1px solid {line}; border-radius: 8px; padding: 0 26px 0 10px; min-height: 32px;
    selection-background-color: {accent}; selection-color: {on_accent};
}}
QComboBox:hover {{ background: {hover}; }}
QComboBox:disabled {{ color: {disabled}; }}
QComboBox[kbd="true"] {{ border-color: {accent_text}; }}
QComboBox::drop-down {{ border: 0; width: 0; }}
QComboBox::down-arrow {{ image: none; width: 0; height: 0; }}
QComboBox QAbstractItemView {{
    background: {card}; border: 1px solid {line}; padding: 4px; selection-background-color: {hover};
    selection-color: {text};
}}
QComboBox QAbstractItemView::item {{ min-height: 26px; padding: 0 6px; border-radius: 5px; }}
QLineEdit[tone="bad"] {{ border-color: {bad}; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{
    background: transparent; color: {second}; border: 1px solid transparent; border-radius: 8px; padding: 0 12px;
    min-height: 30px; margin-right: 2px; font-weight: 500;
}}
QTabBar::tab:hover {{ background: {hover}; }}
QTabBar::tab:selected {{ background: {accent_soft}; color: {accent_text}; font-weight: 600; }}
QTabBar[searching="true"]::tab:selected {{ background: transparent; color: {second}; font-weight: 500; }}
QTabBar::scroller {{ width: 60px; }}
QTabBar QToolButton {{ background: {raised}; border: 1px solid {line}; border-radius: 5px; padding: 0; }}
QTabBar[kbd="true"]::tab:selected {{ border-color: {accent_text}; }}
QPushButton[role="flag"], QPushButton[role="inline"] {{
    background: transparent; border: 1px solid transparent; border-radius: 4px; color: {second}; padding: 0;
    min-height: 20px; text-align: left; font-weight: 400;
}}
QPushButton[role="inline"] {{ color: {accent_text}; font-weight: 500; }}
QPushButton[role="flag"]:hover {{ color: {text}; text-decoration: underline; }}
QPushButton[role="inline"]:hover {{ text-decoration: underline; }}
QPushButton[role="flag"][kbd="true"], QPushButton[role="inline"][kbd="true"] {{ border-color: {accent_text}; }}
QLabel[role="small"] {{ color: {second}; font-size: 9pt; }}
QPlainTextEdit[role="log"][edited="true"] {{ border-color: {accent_text}; }}
"""


def setting_sheet(tokens: Tokens) -> str:
    """The sheet in these colours."""
    return _SHEET.format(**vars(tokens))
