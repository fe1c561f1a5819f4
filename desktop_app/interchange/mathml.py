"""LaTeX as MathML, which browsers draw by themselves; the LaTeX stays inside as an annotation.

What the library returns is not trusted: its own text puts `<` and addresses of links into the page unchanged. So its
elements are written anew here, those that are known, with the attributes that are known. `html_blocks` calls it.
"""

import html
import re
from xml.etree.ElementTree import Element

LONGEST = 4000
"""Characters of one formula; longer ones stay LaTeX."""
_DEEPEST = 60

_TAGS = re.compile(
    "mrow|mi|mn|mo|mtext|mspace|mfrac|msqrt|mroot|mstyle|mpadded|mphantom|menclose|msub|msup|msubsup|munder|mover"
    "|munderover|mmultiscripts|mprescripts|none|mtable|mtr|mtd|mlabeledtr|merror|ms"
)
_ATTRIBUTES = re.compile(
    "accent|accentunder|columnalign|columnlines|columnspacing|columnspan|depth|displaystyle|fence|form|frame|height"
    "|largeop|linethickness|lspace|mathcolor|mathsize|mathvariant|maxsize|minsize|movablelimits|notation|rowalign"
    "|rowlines|rowspacing|rowspan|rspace|scriptlevel|separator|stretchy|symmetric|voffset|width"
)
_VALUE = re.compile(r"[\w #.%+-]{1,60}")
_EXPANDS = re.compile(
    r"\\(?:def|newcommand|renewcommand|newenvironment|DeclareMathOperator|require|href|class|style)\b"
)
"""Commands that make new commands, or reach out of a formula."""


def mathml(latex: str, *, display: bool) -> str:
    """A formula as an element `math`; an element `code` with the LaTeX when it cannot be read."""
    element = None if len(latex) > LONGEST or _EXPANDS.search(latex) else _element(latex, display=display)
    source = html.escape(latex.strip())
    if element is None:
        return f'<code class="latex">{source}</code>'
    inside = "".join(_written(one, 1) for one in element)
    note = f'<annotation encoding="application/x-tex">{source}</annotation>'
    kind = "block" if display else "inline"
    return f'<math display="{kind}"><semantics><mrow>{inside}</mrow>{note}</semantics></math>'


def _element(latex: str, *, display: bool) -> Element | None:
    from latex2mathml.converter import convert_to_element  # noqa: PLC0415 - only an export with formulas needs it

    try:
        element: Element = convert_to_element(latex, display="block" if display else "inline")
    except Exception:  # noqa: BLE001 - it has a dozen exceptions without a common one, and Python's own for the rest
        return None
    return element


def _written(element: Element, depth: int) -> str:
    inside = html.escape(html.unescape(element.text or ""))
    if depth < _DEEPEST:
        inside += "".join(_written(one, depth + 1) for one in element)
    if not _TAGS.fullmatch(element.tag):
        return inside
    known = "".join(
        f' {name}="{html.escape(value)}"'
        for name, value in element.attrib.items()
        if _ATTRIBUTES.fullmatch(name) and _VALUE.fullmatch(value)
    )
    return f"<{element.tag}{known}>{inside}</{element.tag}>"
