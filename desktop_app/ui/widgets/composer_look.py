"""The style of what stands around the message field: chips, the second Stop, lines that warn.

Given to the composer's frame, on top of the application's sheet.
"""

from desktop_app.ui.tokens import Tokens

_SHEET = """
QFrame[role="chip"] {{ background: {raised}; border: 1px solid {line}; border-radius: 8px; }}
QFrame[role="chip"][tone="queued"] {{ background: {card}; }}
QLabel[role="choice"] {{
    background: {raised}; color: {text}; border-radius: 9px; padding: 0 9px; min-height: 20px; font-size: 9pt;
    font-weight: 500;
}}
QLabel[role="small"] {{ color: {second}; font-size: 9pt; }}
QLabel[role="small"][tone="bad"] {{ color: {bad}; font-weight: 500; }}
QLabel[role="small"][tone="warn"] {{ color: {warn}; font-weight: 500; }}
QToolButton[role="chip"] {{ padding: 2px; border-radius: 6px; }}
QFrame[role="composer"][dropping="true"] {{ border: 1px dashed {accent_text}; background: {accent_soft}; }}
QFrame[role="composer"][dropping="true"] QPlainTextEdit {{ background: {accent_soft}; }}
"""


def composer_sheet(tokens: Tokens) -> str:
    """The sheet in these colours."""
    return _SHEET.format(**vars(tokens))
