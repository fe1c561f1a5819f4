"""What is a formula and what is not."""

import pytest

from desktop_app.markdown.maths import is_display, source_of
from desktop_app.markdown.parser import make_parser


def formulas(text: str) -> list[tuple[str, str]]:
    """Every formula with the sign before it."""
    found: list[tuple[str, str]] = []
    for token in make_parser().parse(text, {}):
        found += [(token.markup, token.content)] if token.type == "math_block" else []
        found += [(child.markup, child.content) for child in token.children or () if child.type == "math_inline"]
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so $x$ is", [("$", "x")]),
        ("($x_1$, $y_2$)", [("$", "x_1"), ("$", "y_2")]),
        (r"a \(x^2\) b", [("\\(", "x^2")]),
        (r"a \[x = y\] b", [("\\[", "x = y")]),
        ("a $$x$$ b", [("$$", "x")]),
        ("$$\nx\n$$", [("$$", "x")]),
        ("text\n$$\nx\n$$\ntext", [("$$", "x")]),
        ("$$ x + y $$", [("$$", "x + y")]),
        ("$$x\n= y$$", [("$$", "x\n= y")]),
        ("\\[\n- x\n# y\n\\]", [("\\[", "- x\n# y")]),
        ("- a\n  $$\n  x\n  $$", [("$$", "x")]),
        ("> $$\n> x\n> $$", [("$$", "x")]),
        (r"$\$5$", [("$", r"\$5")]),
        ("# $x$\n\n| $a$ |\n|---|", [("$", "x"), ("$", "a")]),
    ],
)
def test_formulas(text: str, expected: list[tuple[str, str]]) -> None:
    assert formulas(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("$5 and $10", "$5-$10", "from $5k to $7k", "$20/month and $30/month", "US$5 or A$6$", "$5 million$"),
        *("$HOME/$USER", "`$x$`", "$a `b$`", "    $x$", "```\n$$\nx\n$$\n```"),
        *("$ x $", "$x", "$$", "$$$$", "$$ $$", "$$\nx", "$$\nx\n\ny\n$$", "\\(x", "\\[", "\\[\nx\n", r"\$x$"),
        *(r"\[a link](/x)", r"\[1] and \[2\] are notes", r"\\(x\\)"),
    ],
)
def test_no_formulas(text: str) -> None:
    assert formulas(text) == []


@pytest.mark.parametrize("text", ["a $x$ b", r"a \(x\) b", "$$\nx\n$$", "\\[\nx\n\\]"])
def test_a_formula_as_markdown_is_the_same_formula(text: str) -> None:
    (formula,) = formulas(text)
    tokens = make_parser().parse(text, {})
    (token,) = [one for token in tokens for one in (token, *(token.children or ())) if one.type.startswith("math")]
    assert formulas(source_of(token)) == [formula]
    assert is_display(token) == (token.markup in ("$$", "\\["))
