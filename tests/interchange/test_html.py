"""The page: nothing in it runs, nothing is loaded, and it shows what the window shows."""

from html.parser import HTMLParser

import pytest

from desktop_app.domain.chat import Conversation, Message, Role
from desktop_app.interchange.html_blocks import markdown_html
from desktop_app.interchange.html_sheet import COLOURS
from desktop_app.interchange.html_writer import HtmlWriter
from desktop_app.interchange.mathml import mathml
from desktop_app.interchange.parcel import Parcel
from desktop_app.ui.tokens import DARK, LIGHT
from tests.interchange.chats import sky, written
from tests.markdown.corpus import TEXTS

_VOID = {"meta", "br", "hr", "img"}


class Reader(HTMLParser):
    """What a browser would find, and whether every element is closed where it was opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def html(text: str) -> Reader:
    return Reader("".join(markdown_html(text)))


def test_page_forbids_itself_everything_and_needs_nothing() -> None:
    page = Reader(written(HtmlWriter(), sky()))
    policy = next(one["content"] for one in page.of("meta") if one.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert not page.of("script")
    assert not page.of("link")
    assert [str(one["src"])[:22] for one in page.of("img")] == ["data:image/png;base64,"]
    assert all(one["rel"] == "noopener noreferrer nofollow" for one in page.of("a"))
    assert {name for _, attributes in page.tags for name in attributes if name.startswith("on")} == set()


def test_page_shows_the_path_and_folds_the_rest() -> None:
    page = Reader(written(HtmlWriter(), sky()))
    words = " ".join(page.words.split())
    assert "Sky & <sea>" in words
    assert "<script>alert(1)</script>" in words
    assert "a picture (https://evil.example/i.png)" in words
    assert "Attached: notes.md (3 lines" in words
    assert "tok/s" in words
    assert "Other versions (2)" in words
    assert "version 2 of 2, after “Why is the sky blue?”" in words
    assert "taken out" not in words
    assert [one.get("class") for one in page.of("details")] == ["system", "document", "thoughts", "versions"]


def test_several_chats_have_a_list_above_them() -> None:
    page = Reader(written(HtmlWriter(), sky(), sky()))
    assert [one.get("href") for one in page.of("a")][:2] == ["#chat-1", "#chat-2"]
    assert [one["id"] for one in page.of("main")] == ["chat-1", "chat-2"]


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_becomes_sound_html(text: str) -> None:
    page = html(text)
    allowed = {"p", "br", "a", "em", "strong", "s", "code", "pre", "div", "span", "ul", "ol", "li", "blockquote", "hr"}
    allowed |= {"h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "math", "semantics", "annotation"}
    maths = {tag for tag, _ in page.tags if tag.startswith("m")}
    assert {tag for tag, _ in page.tags} - maths <= allowed
    assert all(str(one["href"]).startswith(("http:", "https:", "mailto:")) for one in page.of("a"))


def test_half_open_texts_do_not_reach_into_what_follows() -> None:
    messages = (Message(1, Role.USER, "```\n<!-- <div>"), Message(2, Role.ASSISTANT, "after", parent=1))
    page = Reader(written(HtmlWriter(), Parcel(Conversation(0, "x", 0), messages)))
    assert len(page.of("article")) == 2


def test_a_link_says_its_real_host() -> None:
    assert html("[bank](https://bаnk.example/x)").of("a")[0]["title"] == "xn--bnk-6cd.example"
    assert "javascript" not in str(html("[x](javascript:alert(1)) <javascript:alert(1)>").of("a"))


def test_code_has_colours_and_stays_code() -> None:
    page = html('```python\ndef f(): return "<b>"\n```')
    assert {str(one["class"]) for one in page.of("span")} >= {"k", "f", "s"}
    assert 'def f(): return "<b>"' in page.words
    assert html("```\n" + "x" * 2000 + "\n```").of("span") == []


def test_maths_is_mathml_with_its_latex_inside() -> None:
    page = html("a $x^2 < y$ b\n\n$$\n\\frac{1}{3}\n$$")
    assert [one["display"] for one in page.of("math")] == ["inline", "block"]
    assert page.of("msup")
    assert page.of("mfrac")
    assert "x^2 < y" in page.words


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        r"\class{a}{x} \style{position:fixed}{x}",
        r"\color{red;background:url(https://evil.example)}{x}",
        r"\def\a{\a\a}\a",
        r"\newcommand{\a}{\a\a}\a",
        r"\frac{",
        r"\left( x",
        "{" * 3000,
        "x" * 5000,
        "</annotation><img src=x>",
        "",
    ],
)
def test_hostile_latex_stays_a_formula(latex: str) -> None:
    page = Reader(mathml(latex, display=False))
    assert not {"script", "img", "a"} & {tag for tag, _ in page.tags}
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {"href", "style", "id", "src"} & names
    assert "url(" not in str(page.tags)


def test_colours_are_those_of_the_window() -> None:
    for tokens, colours in ((LIGHT, COLOURS["light"]), (DARK, COLOURS["dark"])):
        assert {name: getattr(tokens, name) for name in colours} == colours
