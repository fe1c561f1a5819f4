"""Every example of the CommonMark specification, through the whole renderer.

The examples are those of https://spec.commonmark.org/0.31.2/ (John MacFarlane, CC BY-SA 4.0).
"""

import json
import random
import re
from itertools import groupby
from pathlib import Path

import pytest
from markdown_it.token import Token
from PySide6.QtWidgets import QLabel

from desktop_app.markdown.blocks import clean
from desktop_app.markdown.fence import language_of
from desktop_app.markdown.parser import make_parser
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.answer_body import AnswerBody
from desktop_app.ui.widgets.code_block import CodeBlock
from desktop_app.ui.widgets.prose_marks import Mark
from tests.markdown.corpus import chunks
from tests.ui.test_answer_body import blocks, body_of, formulas_ready, fragments, picture

__all__ = ["formulas_ready"]

DATA = Path(__file__).parents[1] / "data" / "markdown" / "commonmark-0.31.2.json"
EXAMPLES = json.loads(DATA.read_text("utf-8"))
SECTIONS = {name: list(examples) for name, examples in groupby(EXAMPLES, key=lambda example: example["section"])}


def words_of(tokens: list[Token]) -> str:
    """The letters that the tokens say, without white space."""
    found: list[str] = []
    for token in tokens:
        for child in token.children or ():
            source = f" ({child.attrs.get('src', '')})" if child.type == "image" else ""
            found.append(child.content + source)
        if token.type in ("code_block", "math_block") or (token.type == "fence" and token.level):
            found.append(token.content)
        elif token.type == "fence":
            found += [language_of(token.info)[:24] or "text", token.content]
    return "".join("".join(found).split())


def shown_words(body: AnswerBody) -> str:
    """The letters that are drawn; markers of items and the labels of code in lists are not counted."""
    found: list[str] = []
    for view in body.views:
        if isinstance(view, CodeBlock):
            found += [view.findChildren(QLabel)[0].text(), view.shown]
            continue
        for block in blocks(view.document()):
            if block.blockFormat().property(Mark.LABEL):
                continue
            for fragment in fragments(block):
                style = fragment.charFormat()
                boxes = style.hasProperty(Mark.SOURCE) and not style.property(Mark.SOURCE)
                latex = style.property(Mark.LATEX)
                found.append("" if boxes else latex * len(fragment.text()) if latex else fragment.text())
    return "".join("".join(found).split())


@pytest.mark.parametrize("section", SECTIONS)
def test_every_example_is_drawn_with_all_its_words_however_it_arrives(theme: Theme, section: str) -> None:
    chance = random.Random(section)
    for example in SECTIONS[section]:
        text = example["markdown"]
        body = body_of(theme, [text])
        assert shown_words(body) == words_of(make_parser().parse(clean(text), {})), example
        expected = picture(body)
        for parts in (list(text), chunks(text, chance)):
            assert picture(body_of(theme, parts)) == expected, example


@pytest.mark.parametrize("section", ["HTML blocks", "Raw HTML"])
def test_html_is_text(theme: Theme, section: str) -> None:
    for example in SECTIONS[section]:
        text = example["markdown"]
        tags = re.match(r"<[a-z]+", text)
        if tags and tags.group() in example["html"]:
            body = body_of(theme, [text])
            assert tags.group() in shown_words(body)
