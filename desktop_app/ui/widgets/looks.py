"""Fonts, colours and distances of the transcript, taken from the theme once for all of its texts."""

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QFontMetricsF

from desktop_app.ui.theme import Theme, Tokens
from desktop_app.ui.widgets.maths import Formulas

LINE_HEIGHT = 128
"""Per cent of the font's own."""

TEXT_WIDTH = 46
"""Em; about 75 characters a line, which is as much as an eye follows well."""

GAP = 12
"""Between two paragraphs, pixels."""

_INDENT = 1.95
"""Of a list, em; room for three digits and a dot."""

QUOTE_INDENT = 18
"""Of a quotation with its line, pixels."""

_SHEET = """
QFrame[role="bubble"] {{ background: {bubble}; border-radius: 14px; }}
QFrame[role="bubble"] QTextBrowser {{ background: {bubble}; }}
QFrame[role="code"] {{ background: {code_background}; border: 1px solid {line}; border-radius: 10px; }}
QFrame[role="code"] QPlainTextEdit {{ background: {code_background}; color: {code_text}; }}
QFrame[role="code"] QToolButton {{ color: {second}; padding: 2px 8px; }}
QToolButton[role="jump"] {{
    background: {card}; border: 1px solid {line}; border-radius: 17px; padding: 0; min-width: 32px; max-width: 32px;
    min-height: 32px; max-height: 32px;
}}
QToolButton[role="jump"]:hover {{ background: {hover}; }}
"""


@dataclass(frozen=True)
class Looks:
    """What the texts of a transcript look like."""

    body: QFont
    mono: QFont
    text: QColor
    second: QColor
    link: QColor
    line: QColor
    background: QColor
    raised: QColor
    bubble: QColor
    code_background: QColor
    code: dict[str, QColor]
    """Colours by the values of `highlight.Kind`."""
    em: float
    """Pixels."""
    formulas: Formulas

    @property
    def column(self) -> int:
        """The width of the text column, pixels."""
        return round(self.em * TEXT_WIDTH)

    @property
    def indent(self) -> int:
        """Of a list, pixels."""
        return round(self.em * _INDENT)

    def heading_size(self, level: int) -> float:
        """Points."""
        return self.body.pointSizeF() * {1: 1.45, 2: 1.25, 3: 1.12}.get(level, 1.0)


def looks_of(theme: Theme) -> Looks:
    """The looks in the theme's present colours."""
    tokens = theme.tokens
    body = theme.body_font()
    kinds = ("text", "keyword", "string", "number", "comment", "name")
    return Looks(
        body=body,
        mono=theme.mono_font(),
        text=QColor(tokens.text),
        second=QColor(tokens.second),
        link=QColor(tokens.accent_text),
        line=QColor(tokens.line),
        background=QColor(tokens.background),
        raised=QColor(tokens.raised),
        bubble=QColor(tokens.bubble),
        code_background=QColor(tokens.code_background),
        code={kind: QColor(getattr(tokens, f"code_{kind}")) for kind in kinds},
        formulas=Formulas(body, theme.mono_font(), QColor(tokens.text)),
        em=QFontMetricsF(body).height() * 0.98,
    )


def sheet_of(tokens: Tokens) -> str:
    """The style sheet of what only a transcript has."""
    return _SHEET.format(**vars(tokens))
