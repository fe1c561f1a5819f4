"""The style sheet of what stands around the texts of messages. `transcript_scroll` puts it beside that of the texts."""

from desktop_app.ui.theme import Tokens

_SHEET = """
QToolButton[role="fold"] {{ color: {second}; padding: 2px 8px 2px 2px; }}
QToolButton[role="fold"]:hover {{ color: {text}; }}
QToolButton[role="fold"][kbd="true"] {{ border: 1px solid {accent_text}; }}
QFrame[role="attachment"] {{ background: {raised}; border: 1px solid {line}; border-radius: 10px; }}
QFrame[role="details"] {{ background: {side}; border: 1px solid {line}; border-radius: 10px; }}
QFrame[role="chances"] QTextBrowser[kbd="true"] {{ border: 1px solid {accent_text}; }}
"""


def message_sheet(tokens: Tokens) -> str:
    """The sheet in these colours."""
    return _SHEET.format(**vars(tokens))
