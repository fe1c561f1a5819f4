"""What is drawn: the same for any chunking, and nothing that loads anything."""

import random
import warnings
from collections.abc import Iterator, Sequence

import pytest
from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument, QTextFormat, QTextFragment
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.answer_body import AnswerBody
from desktop_app.ui.widgets.code_block import CodeBlock
from desktop_app.ui.widgets.looks import looks_of
from desktop_app.ui.widgets.maths_layout import warm_up
from desktop_app.ui.widgets.prose import ProseView
from desktop_app.ui.widgets.prose_marks import COPY_SCHEME, FORMULA, Mark
from tests.markdown.corpus import TEXTS, chunkings, random_text

HOSTILE = (
    "![a](file:///etc/passwd) ![b](/etc/hostname) ![c](http://example.org/p.png) ![d](data:image/png;base64,AAAA)",
    "<img src='file:///etc/passwd'> <img src=x onerror=y> <link rel=stylesheet href=file:///x>",
    "<script>fetch('http://example.org')</script>\n\n<iframe src='file:///'></iframe>\n\n<style>@import 'x'</style>",
    "[a](javascript:alert(1)) [b](file:///etc/passwd) [c](data:text/html,x) [d](vbscript:x) [e](//host/x) [f](#g)",
    "[a]\n\n[a]: javascript:alert(1)",
    "[![i](http://example.org/i.png)](https://example.org)",
    "| ![a](file:///etc/passwd) |\n|---|\n| <img src=/etc/passwd> |",
    "> - ![a](file:///etc/passwd)\n\n# ![a](http://example.org/p.png)",
    "\ufffc \ufdd0\ufdd1 \u2029",
)


@pytest.fixture(scope="session", autouse=True)
def formulas_ready() -> None:
    """Loading them takes a while, and they find their font in a way that Python 3.11 warns of."""
    with warnings.catch_warnings(action="ignore"):
        warm_up()


def blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def fragments(block: QTextBlock) -> Iterator[QTextFragment]:
    place = block.begin()
    while not place.atEnd():
        yield place.fragment()
        place += 1


def run(fragment: QTextFragment) -> tuple[object, ...]:
    style = fragment.charFormat()
    return (
        fragment.text(),
        style.fontWeight(),
        style.fontItalic(),
        style.fontStrikeOut(),
        style.fontPointSize(),
        style.fontFamilies(),
        style.anchorHref(),
        style.foreground().color().name(),
        style.background().color().name(),
        style.property(Mark.LATEX),
        style.property(Mark.SOURCE),
    )


def drawn(block: QTextBlock) -> tuple[object, ...] | None:
    """Everything about a block that can be seen; None for the empty ones that Qt puts around tables."""
    shape = block.blockFormat()
    ruler = shape.hasProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth)
    cell = QTextCursor(block).currentTable()
    marker = block.textList().itemText(block) if block.textList() else ""
    if not block.text() and not ruler and not marker and not cell:
        return None
    shape_facts = (shape.indent(), shape.leftMargin(), shape.headingLevel(), shape.alignment(), shape.bottomMargin())
    return (ruler, bool(cell), marker, *shape_facts, *map(run, fragments(block)))


def picture(body: AnswerBody) -> list[object]:
    found: list[object] = []
    for view in body.views:
        if isinstance(view, CodeBlock):
            found.append(("code", view.source, view.shown, tuple(map(run, code_runs(view)))))
        else:
            found += [facts for facts in map(drawn, blocks(view.document())) if facts]
    return found


def code_runs(view: CodeBlock) -> Iterator[QTextFragment]:
    for block in blocks(view.document):
        yield from fragments(block)


def body_of(theme: Theme, parts: Sequence[str]) -> AnswerBody:
    looks = looks_of(theme)
    body = AnswerBody(looks)
    for part in parts:
        body.feed(part)
        body.arrange(600)
    body.finish()
    while not looks.formulas.settled:
        QTest.qWait(1)
    body.arrange(600)
    return body


@pytest.mark.parametrize("text", TEXTS)
def test_any_chunking_is_drawn_like_the_whole(qtbot: QtBot, theme: Theme, text: str) -> None:
    expected = picture(body_of(theme, [text]))
    for parts in chunkings(text, random.Random(3)):
        assert picture(body_of(theme, parts)) == expected


@pytest.mark.parametrize("seed", range(4))
def test_random_texts_are_drawn_like_the_whole(qtbot: QtBot, theme: Theme, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        text = random_text(chance)
        for parts in chunkings(text, chance):
            assert picture(body_of(theme, parts)) == picture(body_of(theme, [text])), repr(text)


@pytest.mark.parametrize("text", [*HOSTILE, *TEXTS])
def test_nothing_that_a_model_says_becomes_a_picture_or_a_forbidden_link(qtbot: QtBot, theme: Theme, text: str) -> None:
    body = body_of(theme, list(text) if len(text) < 400 else [text])
    for view in body.views:
        document = view.document if isinstance(view, CodeBlock) else view.document()
        for block in blocks(document):
            for fragment in fragments(block):
                style = fragment.charFormat()
                assert not style.isImageFormat()
                assert style.objectType() in (QTextFormat.ObjectTypes.NoObject.value, FORMULA)
                address = style.anchorHref()
                assert not address or address.startswith(("https://", "http://", "mailto:", f"{COPY_SCHEME}:"))


class Watched(ProseView):
    asked: list[object]

    def loadResource(self, kind: int, name: object) -> object:
        self.asked = [*getattr(self, "asked", []), (kind, name)]
        return None


@pytest.mark.parametrize("text", HOSTILE)
def test_no_view_asks_for_anything(qtbot: QtBot, theme: Theme, text: str) -> None:
    from desktop_app.markdown.blocks import clean
    from desktop_app.markdown.parser import make_parser

    view = Watched(looks_of(theme))
    qtbot.addWidget(view)
    view.resize(400, 400)
    view.show()
    view.show_blocks(make_parser().parse(clean(text)), 0)
    view.grab()
    assert not hasattr(view, "asked")


def shown(theme: Theme, text: str) -> str:
    body = body_of(theme, [text])
    return "\n".join(view.shown if isinstance(view, CodeBlock) else view.toPlainText() for view in body.views)


def test_a_picture_is_named_with_its_address(qtbot: QtBot, theme: Theme) -> None:
    assert shown(theme, "![a cat](https://example.org/cat.png)") == "a cat (https://example.org/cat.png)"


def test_html_and_refused_links_stay_the_text_that_was_written(qtbot: QtBot, theme: Theme) -> None:
    text = "<script>alert(1)</script> <img src=x> [a](javascript:alert(1)) ![b](file:///etc/passwd)"
    assert shown(theme, text) == text


def test_a_link_tells_its_real_host(qtbot: QtBot, theme: Theme) -> None:
    body = body_of(theme, ["[https://bank.example](https://bank.example@evil.example/x?<b>)"])
    (view,) = body.views
    assert isinstance(view, ProseView)
    (fragment,) = fragments(view.document().begin())
    tooltip = fragment.charFormat().toolTip()
    assert tooltip.splitlines()[0] == "evil.example"
    assert "<" not in tooltip


def test_a_bare_address_is_a_link_without_the_full_stop(qtbot: QtBot, theme: Theme) -> None:
    body = body_of(theme, ["See (https://example.org/a_b)."])
    (view,) = body.views
    assert isinstance(view, ProseView)
    addresses = [fragment.charFormat().anchorHref() for fragment in fragments(view.document().begin())]
    assert addresses == ["", "https://example.org/a_b", ""]


def test_other_colours_leave_the_words_alone(qtbot: QtBot, theme: Theme) -> None:
    text = TEXTS[16] + "\n\n" + TEXTS[8] + "\n\n" + TEXTS[6]
    body = body_of(theme, [text])
    before = picture(body)
    body.set_looks(looks_of(theme))
    assert picture(body) == before


def test_finished_blocks_are_not_written_again(qtbot: QtBot, theme: Theme) -> None:
    body = AnswerBody(looks_of(theme))
    body.feed("First\n\nSecond\n")
    changes: list[int] = []
    first = body.views[0]
    assert isinstance(first, ProseView)
    first.document().contentsChange.connect(lambda place, removed, added: changes.append(removed))
    for _ in range(20):
        body.feed("more words of the second paragraph ")
    assert changes == []
