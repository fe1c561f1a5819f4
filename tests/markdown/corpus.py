"""Texts that are hard to cut, for the tests of the splitter and of what is drawn."""

import random
from collections.abc import Iterator

TEXTS = (
    "",
    "\n\n\n",
    "Hello",
    "A *b* **c** `d` ~~e~~ [f](https://example.org) <https://example.org/g>\nnext line  \nhard break\\\nagain",
    "Title\n=====\n\nText\n---\n\n# One\n## Two ##\n####### not one",
    "- a\n- b\n  - c\n    - d\n\n      more of d\n  - e\n\n- f\n\n\n- g\nlazy\n* other list\n+ third",
    "1. a\n1. b\n\n   ```python\n   x = 1\n\n   y = 2\n   ```\n1. c\n2) d\n7. e",
    "1. a\n\n2. b\n\n10. c\n\ntext\n\n5. five\n6. six",
    "```python\ndef f():\n    return '''a\nb'''\n```\nafter\n```\n~~~\n```\n~~~ text\n```\n~~~",
    "````\n```\ninner\n```\n````\n\n   ```js\n   let a\n  b\n      c\n\t d\n   ```",
    "~~~\nnever closed\n\n``\n",
    "```\n``",
    "```\ncode\n```   \n```unfinished info",
    "| a | b |\n|:--|--:|\n| 1 | `x|y` |\n| 2 | 3 | 4 |\n| 5\n\nafter",
    "text\n| a | b |\n|---|---|\n| 1 | 2 |\nno row\n\na | b\n--|--\n1 | 2\n> quote",
    "> a\n> b\nlazy\n\n> c\n>> d\n> - e\n>   1. f\n>\n> ```\n> g\n> ```\n",
    "[a] and [b][a] and [c]\n\n[a]: https://example.org 'title'\n[c]:\nhttps://example.org/c\n\"tit\nle\"\nend [a]",
    "[late]\n\ntext\n\n- [late] in a list\n\n```\ncode\n```\n\n[late]: https://example.org/late",
    "[a]: https://example.org 'tit'\n\"tit\nle\" text",
    "<div>\n<b>html</b>\n</div>\n\n<script>alert(1)</script> <!-- c\n\n--> &amp; &copy; &#35;",
    "![alt *x*](https://example.org/i.png) ![](file:///etc/passwd) [x](javascript:alert(1)) [y](data:text/html,z)",
    "a\r\nb\r\n\r\n- c\r\n- d\r\r\n```\r\ncode\r\n```\r",
    "\tindented\n\n    code\n\n\n    more\ntext\n-\ttab\n\t- nested\n1.\tx\n\n\ty",
    "日本語の**太字**と`コード`。\n\n- עברית *נטוי*\n- 👩‍👩‍👧‍👦 **e**\u0301\n\n| ا | ب |\n|---|---|\n| ١ | ٢ |",
    "---\n***\n- - -\n* * *\n___\ntext\n***\n",
    "- [ ] open\n- [x] done\n  - [X] deep\n- []\n-\n\n  text\n-\n- x",
    "**bold\n\n*em\n\n`code\n\n[link](\n\n~~s",
    "\\*a\\* \\# b \x00 \u2028 \ufdd0 \ufffc \x1b[31m c",
    "x\n- a | b\n--|--\n```a | b\n--|--\n1 | 2\n```",
    (
        "so $x_1$ and \\(y^2\\), $$z$$ inline, \\[a=b\\] too\n"
        "$$\n\\frac{a}{b}\n- c\n= d\n$$\nafter\n\\[\nx\n\\]\n$$ e $$\n"
    ),
    (
        "$$\nnever\n- closed\n\nafter\n\\[\n# no\n```\nx\n```\n\n"
        "- $$\n  in item\n  $$\n- $$\n- \\[ b \\]\n> $$\n> q\n> $$\nlazy"
    ),
    "$5 and $10, $5-$10, US$5$ $HOME/$USER `$a$` $a `b$` \\$a$ $a\\$ b$ \\[not a link](/x) $ a $ $$ $$ $$$x$$$ $a\nb$",
    "word " * 2500 + "\n\n" + "x" * 9000 + "\n\n```\n" + "y" * 9000 + "\n```\nend",
)

_FRAGMENTS = (
    *("- ", "* ", "+ ", "1. ", "2) ", "7. ", "10. ", "> ", "  ", "   ", "    ", "\t", "\u00a0"),
    *("```", "~~~", "```python", "````", "~", "`", "---", "===", "***", "-", "=", "# ", "## "),
    *("| a | b |", "|---|:-:|", "| 1 | 2 |", "a | b", "--|--", "\n", "\n", "\n", "\n", "\n\n", "\r\n", "\r"),
    *("[a]: http://x.y 'tit'", "[a]", "[b][a]", "[a]: http://z.w", '"tit', 'le"', "[l](javascript:alert(1))"),
    *("text", "word ", "*em*", "**bo", "ld**", "`co", "de`", "~~s~~", "_x_", "<http://a.b>", "http://b.c/d. "),
    *(
        "<b>",
        "</b>",
        "<script>",
        "<!-- ",
        "-->",
        "![i](http://e.x/i.png)",
        "[ ] task",
        "$",
        "$$",
        "$$\n",
        "\n$$",
        "$x$",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "$5 ",
        "[x] done",
        "\\",
        "&amp;",
    ),
    *("😀", "日本語", "עברית", "!", "[", "]", "(", ")", ":"),
)


def random_text(chance: random.Random) -> str:
    """A text of pieces that mean something to Markdown, in an order that nobody would write."""
    return "".join(chance.choice(_FRAGMENTS) for _ in range(chance.randint(1, 40)))


def chunks(text: str, chance: random.Random) -> list[str]:
    """*text* cut at random places."""
    places = sorted(chance.randint(0, len(text)) for _ in range(chance.choice((1, 3, 10, len(text) // 3 + 1))))
    return [text[begin:end] for begin, end in zip([0, *places], [*places, len(text)], strict=True)]


def chunkings(text: str, chance: random.Random) -> Iterator[list[str]]:
    """Letter by letter (when that is not too long) and two random ways."""
    if len(text) < 400:
        yield list(text)
    yield chunks(text, chance)
    yield chunks(text, chance)
