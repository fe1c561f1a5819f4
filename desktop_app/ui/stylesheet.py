"""The style sheet, written from the tokens. Widgets choose a look by the dynamic properties `role` and `tone`.

A border radius above half the height is dropped by Qt without a word: heights are set where radii are.
"""

import re

from desktop_app.ui.tokens import Tokens

_SHEET = """
* {{ outline: 0; }}
QWidget {{ color: {text}; }}
QMainWindow, QWidget[role="page"] {{ background: {background}; }}
QWidget[role="side"], QWidget[role="rail"] {{ background: {side}; }}
QWidget[role="rail"] {{ border-right: 1px solid {line}; }}
QWidget[role="side"] {{ border-right: 1px solid {line}; }}
QWidget[role="bar"] {{ background: {background}; border-bottom: 1px solid {line}; }}
QWidget[role="strip"] {{ background: {side}; border-top: 1px solid {line}; }}
QFrame[role="card"] {{ background: {card}; border: 1px solid {line}; border-radius: 10px; }}
QFrame[role="notice"] {{ background: {raised}; border: 1px solid {line}; border-radius: 10px; }}
QFrame[role="notice"][tone="bad"] {{ background: {bad_soft}; border-color: {bad_soft}; }}
QFrame[role="notice"][tone="warn"] {{ background: {warn_soft}; border-color: {warn_soft}; }}
QFrame[role="notice"][tone="good"] {{ background: {good_soft}; border-color: {good_soft}; }}
QLabel {{ background: transparent; }}
QLabel[role="second"] {{ color: {second}; }}
QLabel[role="section"] {{ color: {second}; font-size: 9pt; font-weight: 600; }}
QLabel[role="title"] {{ font-size: 13pt; font-weight: 600; }}
QLabel[role="hero"] {{ font-size: 20pt; font-weight: 600; }}
QLabel[role="badge"] {{
    background: {raised}; color: {second}; border-radius: {half_badge}px; padding: 0 8px; font-size: 9pt;
    font-weight: 600; min-height: {badge}px; max-height: {badge}px;
}}
QLabel[role="badge"][tone="good"] {{ background: {good_soft}; color: {good}; }}
QLabel[role="badge"][tone="warn"] {{ background: {warn_soft}; color: {warn}; }}
QLabel[role="badge"][tone="bad"] {{ background: {bad_soft}; color: {bad}; }}
QLabel[tone="bad"] {{ color: {bad}; }}
QLabel[tone="good"] {{ color: {good}; }}

QPushButton {{
    background: {card}; border: 1px solid {line}; border-radius: 8px; padding: 0 14px; min-height: 32px;
    font-weight: 500; icon-size: 16px;
}}
QPushButton:hover {{ background: {hover}; }}
QPushButton:pressed {{ background: {raised}; }}
QPushButton:disabled {{ color: {disabled}; background: transparent; }}
QPushButton[role="primary"] {{ background: {accent}; border-color: {accent}; color: {on_accent}; font-weight: 600; }}
QPushButton[role="primary"]:hover {{ background: {accent_hover}; border-color: {accent_hover}; }}
QPushButton[role="primary"]:disabled {{ background: {raised}; border-color: {raised}; color: {disabled}; }}
QPushButton[role="plain"] {{ background: transparent; border-color: transparent; }}
QPushButton[role="plain"]:hover {{ background: {hover}; }}
QPushButton[role="link"] {{
    background: transparent; border: 1px solid transparent; color: {accent_text}; padding: 0 4px; min-height: 24px;
}}
QPushButton[role="quiet"] {{
    background: transparent; border: 1px solid transparent; color: {second}; padding: 0 8px; min-height: 24px;
    font-size: 9.5pt; font-weight: 400;
}}
QPushButton[role="quiet"]:hover {{ background: {hover}; color: {text}; }}
QPushButton[role="primary"][side="left"] {{ border-top-right-radius: 0; border-bottom-right-radius: 0; }}
QPushButton[role="primary"][side="right"] {{
    border-top-left-radius: 0; border-bottom-left-radius: 0; border-left-color: {accent_soft}; padding: 0;
    min-width: 32px; max-width: 32px;
}}
QLabel[role="keycap"] {{
    background: {raised}; color: {text}; border: 1px solid {line}; border-bottom: 2px solid {line};
    border-radius: 6px; padding: 2px 8px; font-weight: 500;
}}
QPushButton[role="suggestion"] {{
    background: {card}; border: 1px solid {line}; border-radius: 10px; text-align: left; padding: 0 14px;
    min-height: 40px; font-weight: 400;
}}
QPushButton[role="suggestion"]:hover {{ background: {hover}; }}
QPushButton[role="danger"] {{ color: {bad}; }}
QPushButton[kbd="true"], QToolButton[kbd="true"] {{ border: 1px solid {accent_text}; }}
QPushButton[role="primary"][kbd="true"] {{ border: 2px solid {text}; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 8px; padding: 5px; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:checked {{ background: {accent_soft}; }}
QToolButton[role="send"] {{
    background: {accent}; border: 0; border-radius: 17px; min-width: 34px; max-width: 34px; min-height: 34px;
    max-height: 34px; padding: 0;
}}
QToolButton[role="send"]:hover {{ background: {accent_hover}; }}
QToolButton[role="send"]:disabled {{ background: {raised}; }}
QToolButton[role="send"][kbd="true"] {{ border: 2px solid {text}; }}
QToolButton::menu-indicator {{ image: none; }}
QPushButton::menu-indicator {{ image: none; width: 0; }}

QLineEdit {{
    background: {card}; border: 1px solid {line}; border-radius: 8px; padding: 0 10px; min-height: 32px;
    selection-background-color: {accent}; selection-color: {on_accent};
}}
QLineEdit:focus {{ border-color: {accent_text}; }}
QFrame[role="composer"] {{ background: {card}; border: 1px solid {line}; border-radius: 14px; }}
QFrame[role="composer"][focused="true"] {{ border-color: {accent_text}; }}
QFrame[role="composer"] QPlainTextEdit {{ background: {card}; border: 0; }}
QPlainTextEdit, QTextBrowser, QTextEdit {{
    background: {background}; border: 0; selection-background-color: {accent}; selection-color: {on_accent};
}}
QPlainTextEdit[role="log"] {{
    background: {code_background}; color: {code_text}; border: 1px solid {line}; border-radius: 8px; padding: 8px;
}}
QPlainTextEdit[role="log"][kbd="true"] {{ border-color: {accent_text}; }}

QListView {{ background: transparent; border: 0; }}
QListView::item {{ border-radius: 8px; padding: 0 10px; color: {text}; }}
QListView::item:disabled {{ color: {second}; background: transparent; }}
QListView::item:hover:enabled {{ background: {hover}; }}
QListView::item:selected {{ background: {hover}; color: {text}; }}
QListView[kbd="true"]::item:selected {{ border: 1px solid {accent_text}; }}

QProgressBar {{ background: {raised}; border: 0; border-radius: 3px; min-height: 6px; max-height: 6px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}

QMenu {{ background: {card}; border: 1px solid {line}; border-radius: 8px; padding: 5px; icon-size: 16px; }}
QMenu::item {{ padding: 6px 18px 6px 10px; border-radius: 6px; }}
QMenu::item:selected {{ background: {hover}; }}
QMenu::item:disabled {{ color: {disabled}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 5px 8px; }}
QMenu::icon {{ padding-left: 6px; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 5px 8px; }}
QDialog {{ background: {background}; }}

QScrollArea {{ background: transparent; border: 0; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
QScrollBar::handle {{ background: {hover}; border-radius: 4px; min-height: 32px; min-width: 32px; }}
QScrollBar::handle:hover {{ background: {disabled}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: transparent; width: 0; height: 0;
}}
QSplitter::handle {{ background: {line}; }}
"""


_POINTS = re.compile(r"(font-size: *)([\d.]+)pt")
_PIXELS = re.compile(r"((?:min|max)-(?:height|width): *|icon-size: *)(\d+)px")
_RADIUS = re.compile(r"(border-radius: *)(\d+)px")
_BADGE = 18
"""Height in logical pixels at the usual size."""
_ROUND = 6
_THICK = 10
"""Corners and heights from these on belong to what grows with words; smaller ones to bars, which do not."""


def stylesheet(tokens: Tokens, text_scale: float = 1.0) -> str:
    """The application's style sheet in these colours, with words *text_scale* times as large as usual."""
    badge = round(_BADGE * text_scale)
    return scaled_sheet(_SHEET, text_scale).format(**vars(tokens), badge=badge, half_badge=badge // 2)


def grown(pixels: float, text_scale: float) -> int:
    """The size of an icon or a control of *pixels* beside words *text_scale* times as large as usual.

    It grows half as much as they do, for it has air around it already.
    """
    return round(pixels * (1 + text_scale) / 2)


def scaled_sheet(sheet: str, text_scale: float) -> str:
    """*sheet* with every size of a font *text_scale* times as large, and with controls that have room for it."""
    if text_scale == 1.0:
        return sheet
    sheet = _POINTS.sub(lambda found: f"{found[1]}{float(found[2]) * text_scale:g}pt", sheet)
    sheet = _PIXELS.sub(lambda found: f"{found[1]}{_side(int(found[2]), text_scale)}px", sheet)
    return _RADIUS.sub(lambda found: f"{found[1]}{_radius(int(found[2]), text_scale)}px", sheet)


def _side(pixels: int, text_scale: float) -> int:
    return grown(pixels, text_scale) if pixels >= _THICK else pixels


def _radius(radius: int, text_scale: float) -> int:
    """Rounded down: above half of a height Qt would drop it."""
    return int(radius * (1 + text_scale) / 2) if radius >= _ROUND else radius
