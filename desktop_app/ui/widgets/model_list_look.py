"""The style of what only the page of models has: the two lists' switch, the chips of verdicts.

Given to the page on top of the application's sheet and that of settings' controls, whose combo box it uses.
"""

from desktop_app.ui.tokens import Tokens

_SHEET = """
QFrame[role="segments"] {{ background: {raised}; border: 1px solid {line}; border-radius: 9px; }}
QPushButton[role="segment"] {{
    background: transparent; border: 1px solid transparent; border-radius: 7px; padding: 0 14px; min-height: 28px;
    color: {second}; font-weight: 500;
}}
QPushButton[role="segment"]:hover {{ color: {text}; }}
QPushButton[role="segment"]:checked {{
    background: {background}; border-color: {line}; color: {text}; font-weight: 600;
}}
QPushButton[role="segment"][kbd="true"] {{ border: 2px solid {accent_text}; padding: 0 13px; min-height: 26px; }}
QPushButton[role="chip"] {{
    background: transparent; border: 1px solid {line}; border-radius: 13px; padding: 0 9px 0 7px; min-height: 24px;
    max-height: 24px; color: {second}; font-size: 9.5pt; font-weight: 500;
}}
QPushButton[role="chip"]:hover {{ background: {hover}; color: {text}; }}
QPushButton[role="chip"]:checked {{ background: {accent_soft}; border-color: {accent_text}; color: {text}; }}
QPushButton[role="chip"][kbd="true"] {{ border: 2px solid {accent_text}; padding: 0 8px 0 6px; min-height: 22px; }}
QPushButton[role="compact"] {{ min-height: 24px; max-height: 24px; padding: 0 10px; border-radius: 7px; }}
QLabel[role="badge"][tone="accent"] {{ background: {accent}; color: {on_accent}; }}
QScrollBar::handle:disabled {{ background: transparent; }}
QLabel[role="small"] {{ color: {second}; font-size: 9.5pt; }}
QPushButton[role="inline"][kbd="true"] {{ border-color: {accent_text}; }}
"""


def model_list_sheet(tokens: Tokens) -> str:
    """The sheet in these colours."""
    return _SHEET.format(**vars(tokens))
