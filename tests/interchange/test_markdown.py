"""Markdown for people: the path, the other versions, and no text that swallows what stands below it."""

import pytest
from markdown_it import MarkdownIt

from desktop_app.domain.chat import Attachment, AttachmentKind, Conversation, Message, Role
from desktop_app.interchange.markdown_writer import MOST_ATTACHED, MarkdownWriter
from desktop_app.interchange.parcel import Parcel, asides
from desktop_app.interchange.wrapping import ended
from tests.interchange.chats import sky, written
from tests.markdown.corpus import TEXTS


def headings(text: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parse(text)
    return [tokens[at + 1].content for at, one in enumerate(tokens) if one.type == "heading_open" and one.level == 0]


def test_path_then_other_versions() -> None:
    text = written(MarkdownWriter(), sky())
    found = headings(text)
    assert found == ["Sky & \\<sea\\>", "You", "Qwen3-8B", "You", "Other versions", "Qwen3-8B", "Answer"]
    assert "> **Thoughts**\n>\n> First I think." in text
    assert "> **System prompt**\n>\n> Be *brief*." in text
    assert "version 2 of 2, after “Why is the sky blue?”" in text
    assert "````\na\n```\nfence\n````" in text
    assert "tok/s" in text
    assert "taken out" not in text
    assert "<details" not in text


@pytest.mark.parametrize(
    "text",
    [
        *TEXTS,
        "```\nopen",
        "~~~~ python\nopen\n~~~",
        "`````",
        "- a\n  ```\n  open in a list",
        "> ```\n> open in a quote",
        "<!-- open",
        "<script>\nopen",
        "<?php\n\nopen",
        "<![CDATA[ open",
        "text\n<pre>\n\nopen",
        "<!-- closed --> <!-- open\n\n```",
        "<!-- open\n" * 3000,
    ],
)
def test_no_text_swallows_the_next_message(text: str) -> None:
    messages = (Message(1, Role.USER, text), Message(2, Role.ASSISTANT, "x", model="The next one", parent=1))
    found = headings(written(MarkdownWriter(), Parcel(Conversation(0, "T", 0), messages)))
    assert found[:2] == ["T", "You"]
    assert found[-1] == "The next one"


def test_texts_that_end_are_left_as_they_are() -> None:
    for text in ("plain", "```\ncode\n```", "<div>\nx\n</div>", "<!-- a -->", "~~~\n```\n~~~", ""):
        assert ended(text) == text


def test_a_long_document_is_cut_and_says_so() -> None:
    long = Attachment(-1, "a*b*.txt", AttachmentKind.TEXT, "text/plain", "y" * (MOST_ATTACHED + 1500))
    parcel = Parcel(Conversation(0, "T", 0), (Message(1, Role.USER, "x", attachments=(long,)),))
    text = written(MarkdownWriter(), parcel)
    assert "The last 1,500 characters of it are left out here." in text
    assert "a\\*b\\*.txt" in text


def test_branches_are_gathered_where_they_leave_the_path() -> None:
    found = asides(sky().tree())
    assert {after: [one.message.id for one in asides_] for after, asides_ in found.items()} == {1: [3, 6]}
    assert (found[1][0].place.number, found[1][0].place.count) == (2, 2)
