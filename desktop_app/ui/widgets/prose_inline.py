"""Runs of letters as Markdown: bold, italic, code, links, formulas. `prose_reader` calls it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtGui import QFont, QTextCharFormat

from desktop_app.ui.widgets.prose_marks import Mark

_SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~])|[`*]|(?<!\w)_|_(?!\w)|~(?=~)|<(?=[A-Za-z/!?])|\[(?=[^\[\]]*\][(\[])|&(?=#?\w+;)|\$(?=.*\$)",
    re.DOTALL,
)
_SIGNS = {"bold": "**", "italic": "*", "struck": "~~"}
_SPACE = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)


class Run(NamedTuple):
    """Letters of one format."""

    text: str
    style: QTextCharFormat


def inline_markdown(runs: Sequence[Run], *, bold: bool) -> str:
    """One paragraph; without *bold* all of it is bold anyway, as in a heading."""
    text, waiting = "", ""
    open_signs: list[str] = []
    for run in runs:
        content, literal = _content(run)
        before, core, after = ("", content, "") if literal else _SPACE.fullmatch(content).groups()  # type: ignore[union-attr]
        signs = _signs(run, bold=bold)
        kept = _kept(open_signs, signs)
        text += "".join(_closing(sign) for sign in reversed(open_signs[kept:]))
        open_signs = open_signs[:kept]
        waiting += before
        if not core:
            waiting += after
            continue
        opened = [sign for sign in signs if sign not in open_signs]
        text += waiting + "".join(_opening(sign) for sign in opened) + core
        open_signs += opened
        waiting = after
    return text + "".join(_closing(sign) for sign in reversed(open_signs)) + waiting


def _content(run: Run) -> tuple[str, bool]:
    """What Markdown has for a run, and whether it stays as it is to the last space."""
    style = run.style
    if style.hasProperty(Mark.SOURCE):
        return str(style.property(Mark.SOURCE) or ""), True  # PySide reads an empty text as a list
    text = run.text.replace("\u2028", "\n")
    if style.property(Mark.CODE):
        longest = max((len(row) for row in re.findall("`+", text)), default=0)
        ticks = "`" * (longest + 1)
        padded = f" {text} " if text[:1] == "`" or text[-1:] == "`" else text
        return f"{ticks}{padded}{ticks}", True
    if style.anchorHref() == text:  # an address that stands there by itself
        return text, False
    return _SPECIAL.sub(r"\\\g<0>", text), False


def _signs(run: Run, *, bold: bool) -> list[str]:
    """What has to be open around these letters, the outermost first."""
    style, address = run.style, run.style.anchorHref()
    found = [f"({address})"] if address and address != run.text else []
    if bold and style.fontWeight() >= QFont.Weight.DemiBold:
        found.append("bold")
    if style.fontItalic():
        found.append("italic")
    if style.fontStrikeOut():
        found.append("struck")
    return found


def _kept(open_signs: list[str], signs: list[str]) -> int:
    """How many of the open ones may stay open."""
    return next((index for index, sign in enumerate(open_signs) if sign not in signs), len(open_signs))


def _opening(sign: str) -> str:
    return _SIGNS.get(sign, "[")


def _closing(sign: str) -> str:
    return _SIGNS.get(sign, f"]{sign}")
