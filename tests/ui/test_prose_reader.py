"""Prose back to Markdown: what is copied is read as what was shown."""

import json
import random
from pathlib import Path

import pytest

from desktop_app.markdown.blocks import clean
from desktop_app.markdown.parser import make_parser
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.looks import looks_of
from desktop_app.ui.widgets.prose import ProseView
from desktop_app.ui.widgets.prose_reader import markdown_of, words_of
from tests.ui.test_answer_body import blocks, drawn, formulas_ready

__all__ = ["formulas_ready"]

BACK = (
    "A *b* **c** `d` ~~e~~ [f](https://example.org) https://example.org/g and ***both*** **bold *and* italic**",
    "# One\n\n## Two\n\ntext\n\n---\n\nmore",
    "- a\n- b\n  - c\n    - d\n\n      more of d\n  - e\n- f",
    "1. a\n2. b\n\n   ```python\n   x = 1\n\n   y = 2\n   ```\n3. c\n   1. d",
    "> a\n> b\n>\n> > c\n>\n> - e\n>   1. f",
    "| a | b | c |\n| --- | ---: | :---: |\n| 1 | `x` | **y** |\n| 2 | 3 |  |",
    "- [ ] open\n- [x] done\n  - [x] deep",
    "so $x_1$ and \\(y^2\\)\n\n$$\n\\frac{a}{b}\n$$\n\nafter",
    (
        "1\\. no list\n\n\\# no heading\n\n\\- no item\n\n\\> no quote\n\n"
        "2 \\* 3 \\* 4\n\n\\`a\\` \\<b> snake_case \\[a\\](b)"
    ),
    "![a cat](https://example.org/cat.png)",
)


def shown(theme: Theme, text: str) -> ProseView:
    view = ProseView(looks_of(theme))
    view.show_blocks(make_parser().parse(clean(text), {}), 0)
    return view


def picture(view: ProseView) -> list[object]:
    return [facts for facts in map(drawn, blocks(view.document())) if facts]


def whole(view: ProseView) -> str:
    return markdown_of(view.document(), 0, view.document().characterCount() - 1)


@pytest.mark.parametrize("text", BACK)
def test_what_is_copied_looks_like_what_was_shown(theme: Theme, text: str) -> None:
    view = shown(theme, text)
    again = shown(theme, whole(view))
    assert picture(again) == picture(view), whole(view)


@pytest.mark.parametrize("text", [*BACK[:4], *BACK[5:7], BACK[9]])
def test_clean_markdown_comes_back_as_it_was(theme: Theme, text: str) -> None:
    assert whole(shown(theme, text)) == text


def test_a_part_of_a_paragraph_has_no_signs_of_its_block(theme: Theme) -> None:
    view = shown(theme, "## Head line\n\n- one **two** three")
    words = view.toPlainText()
    begin = words.index("line")
    assert markdown_of(view.document(), begin, begin + 4) == "line"
    begin = words.index("two")
    assert markdown_of(view.document(), begin, begin + 3) == "**two**"


def test_inner_items_come_without_the_room_of_the_outer_ones(theme: Theme) -> None:
    view = shown(theme, "- a\n  - b\n  - c\n- d")
    words = view.toPlainText()
    assert markdown_of(view.document(), words.index("b"), words.index("c") + 1) == "- b\n- c"


def test_one_cell_is_words_and_rows_are_a_table(theme: Theme) -> None:
    view = shown(theme, "| a | b |\n|---|---|\n| c d | e |\n| f | g |")
    words = view.toPlainText()
    begin = words.index("c d")
    assert markdown_of(view.document(), begin, begin + 3) == "c d"
    assert markdown_of(view.document(), begin, words.index("g") + 1) == "| c d | e |\n| --- | --- |\n| f | g |"


def test_code_in_a_list_comes_alone_when_only_it_is_selected(theme: Theme) -> None:
    view = shown(theme, "- a\n\n  ```python\n  x = 1\n  y = 2\n  ```")
    words = view.toPlainText()
    assert markdown_of(view.document(), words.index("x"), words.index("2") + 1) == "x = 1\ny = 2"
    assert "Copy" not in words_of(view.document(), 0, len(words))


def test_words_have_markers_and_latex(theme: Theme) -> None:
    view = shown(theme, "1. one $a^2$\n2. **two**\n\n- [x] three")
    assert words_of(view.document(), 0, view.document().characterCount()) == "1. one a^2\n2. two\n☑ three"


@pytest.mark.parametrize("seed", range(3))
def test_no_selection_of_any_example_fails(theme: Theme, seed: int) -> None:
    data = Path(__file__).parents[1] / "data" / "markdown" / "commonmark-0.31.2.json"
    chance = random.Random(seed)
    for example in chance.sample(json.loads(data.read_text("utf-8")), 60):
        view = shown(theme, example["markdown"])
        last = view.document().characterCount() - 1
        begin, end = sorted((chance.randint(0, last), chance.randint(0, last)))
        markdown_of(view.document(), begin, end)
        words_of(view.document(), begin, end)
