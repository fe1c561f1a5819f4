"""The style of the panel with the settings of a chat, on top of the one that all settings have."""

from desktop_app.ui.tokens import Tokens
from desktop_app.ui.widgets.setting_look import setting_sheet

_SHEET = """
QWidget[role="panel"] {{ background: {side}; border-left: 1px solid {line}; }}
QWidget[role="panel-inside"] {{ background: {side}; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QLabel[role="small"][tone="bad"] {{ color: {bad}; }}
QPlainTextEdit[role="entry"] {{
    background: {card}; border: 1px solid {line}; border-radius: 8px; padding: 3px 6px;
}}
QPlainTextEdit[role="entry"]:focus {{ border-color: {accent_text}; }}
QPlainTextEdit[role="entry"][tone="bad"] {{ border-color: {bad}; }}
QPushButton[role="fold"] {{
    background: transparent; border: 1px solid transparent; border-radius: 8px; padding: 0 8px 0 24px;
    text-align: left; font-weight: 600; min-height: 32px;
}}
QPushButton[role="fold"]:hover {{ background: {hover}; }}
QPushButton[role="fold"][kbd="true"] {{ border-color: {accent_text}; }}
"""


def chat_settings_sheet(tokens: Tokens) -> str:
    """The sheet in these colours."""
    return setting_sheet(tokens) + _SHEET.format(**vars(tokens))
