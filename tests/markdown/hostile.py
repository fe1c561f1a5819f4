"""Answers that a model might give to hang, deceive or rob whoever shows them; made here, as most of them are large."""

from pathlib import Path


def hostile(trap: Path, fifo: Path) -> dict[str, str]:
    """Texts by name. *trap* is a file and *fifo* a pipe that nobody writes to; neither may ever be opened."""
    return {
        "files as pictures": _pictures(trap, fifo),
        "files as links": "".join(f"[a](file://{path}) <file://{path}> [b]({path})\n\n" for path in (trap, fifo)),
        "html": f'<img src="file://{trap}"><link rel=stylesheet href="{fifo}"><style>@import "{trap}";</style>\n\n'
        * 50,
        "nested tables as html": "<table><tr><td>" * 500 + "x" + "</td></tr></table>" * 500,
        "nested tables": "\n".join(f"{'> ' * depth}| a | b |\n{'> ' * depth}|---|---|" for depth in range(500)),
        "a huge table": "| a | b | c |\n|---|---|---|\n" + "| 1 | *2* | `3` |\n" * 5000,
        "a wide table": "|a" * 2000 + "|\n" + "|-" * 2000 + "|\n" + "|b" * 2000 + "|\n",
        "one line": "x" * 1_000_000,
        "one line of words": "lorem ipsum " * 50_000,
        "one line of code": "```python\n" + "x = '\\\"' + " * 50_000 + "\n```",
        "one line of code in a list": "- ```\n  " + "y" * 100_000 + "\n  ```",
        "deep quotes": ">" * 5000 + " deep",
        "deep lists": "\n".join("  " * depth + "- a" for depth in range(500)),
        "deep emphasis": "*a **b " * 5000,
        "brackets": "[" * 50_000,
        "images that begin": "![" * 20_000,
        "backticks": "".join("`" * length + " " for length in range(1, 700)),
        "half-open fences": "```python\n" * 300 + "~~~\n" * 300,
        "a fence that never ends": "````markdown\n" + "```\nx\n```\n" * 3000,
        "links": "".join(f"[a{number}](https://example.org/{number}) " for number in range(20_000)),
        "bare links": "https://a.example/x?y=z " * 20_000,
        "definitions": "".join(f"[a{number}]: https://example.org/{number}\n" for number in range(3000))
        + "[a1] " * 500,
        "bidi": "\u202eevil\u202c \u2066a\u2069 [bank.example/\u202e](https://evil.example) `\u202e` \u200f\u200e\n"
        * 200,
        "zalgo": ("Z" + "\u0316\u0317\u0318\u0300\u0301" * 40) * 60,
        "one letter of many marks": "a" + "\u0301" * 50_000,
        "control": "".join(map(chr, range(32))) * 50 + "\x1b[2J\x1b]0;title\x07\u2028\ufffc\ufdd0",
        "family": "👩‍👩‍👧‍👦" * 5000,
        "entities": "&amp;&lt;&#x202e;&#0;&copy;" * 5000,
        **_formulas(trap),
    }


def _pictures(trap: Path, fifo: Path) -> str:
    ways = (
        "![x](file://{0})",
        "![x]({0})",
        "![x][r]\n\n[r]: {0}",
        "[![x](file://{0})](https://a.example)",
        "|![x]({0})|\n|---|",
    )
    return (
        "\n\n".join(way.format(path) for path in (trap, fifo) for way in ways) + "\n\n![x](http://127.0.0.1:9/x.png)\n"
    )


def _formulas(trap: Path) -> dict[str, str]:
    deep = r"\frac{1}{" * 60 + "x" + "}" * 60
    return {
        "deep formulas": f"$${deep}$$\n\n${deep}$\n\n$$"
        + r"\sqrt{" * 100
        + "x"
        + "}" * 100
        + "$$\n\n$"
        + "{" * 300
        + "}" * 300
        + "$",
        "macros": r"$\def\a{\b\b}\def\b{\c\c}\a$ $\newcommand{\x}{\x\x}\x$ $\let\y=\y \y$" + "\n\n",
        "files in formulas": f"$\\input{{{trap}}}$ $\\includegraphics{{{trap}}}$ $\\href{{file://{trap}}}{{x}}$ "
        f"$\\text{{<img src={trap}>}}$",
        "wide formulas": r"$\hspace{100000em}x$ $$\rule{99999999px}{99999px}$$ $" + "x" * 1900 + "$",
        "a huge matrix": "$$\n" + r"\begin{matrix}" + (r"a&" * 30 + r"\\") * 30 + r"\end{matrix}" + "\n$$",
        "many formulas": "".join(f"$x_{{{number}}}^2$ and " for number in range(1000)),
        "signs of money": "$" * 30_000 + " $a" * 10_000,
        "half-open formulas": "$$\n\\frac{1}{\n" * 500 + "\\[\n" * 500 + "\\(a " * 5000,
    }
