"""The splitter against markdown-it on the whole text."""

import random
from collections.abc import Sequence

import pytest
from markdown_it.token import Token

from desktop_app.markdown.blocks import BlockSplitter, Piece, Prose, clean
from desktop_app.markdown.fence import CodeAdded, CodeClosed, CodeOpened
from desktop_app.markdown.parser import make_parser
from tests.markdown.corpus import TEXTS, chunkings, random_text

SHORT = [text for text in TEXTS if len(text) < 5000]


def facts(tokens: Sequence[Token]) -> list[object]:
    """What is drawn of *tokens*; a list that is cut in two looks like the whole one, as its items are numbered."""
    found: list[object] = []
    number = 0
    for token in tokens:
        if token.level == 0 and token.type.endswith("_list_open"):
            number = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else 0
        elif token.level == 0 and token.type.endswith("_list_close"):
            continue
        elif token.level == 0 and token.type == "fence":
            info = token.info.split()
            found.append(("code", info[0] if info else "", token.content.removesuffix("\n")))
        elif token.level == 1 and token.type == "list_item_open":
            found.append(("item", number, token.meta.get("checked")))
            number += bool(number)
        else:
            words = [(child.type, child.content, sorted(child.attrs.items())) for child in token.children or ()]
            code = token.content.removesuffix("\n") if token.type in {"code_block", "fence"} else ""
            attributes = [] if token.type == "list_item_open" else sorted(token.attrs.items())
            found.append((token.type, token.tag, attributes, words, code))
    return found


def whole(text: str) -> list[object]:
    """The judge: markdown-it on the whole text at once."""
    return facts(make_parser().parse(clean(text), {}))


def pieces_of(parts: Sequence[str]) -> tuple[BlockSplitter, list[Piece]]:
    splitter = BlockSplitter()
    pieces = [piece for part in parts for piece in splitter.feed(part)]
    return splitter, pieces + splitter.finish()


def streamed(parts: Sequence[str]) -> list[object]:
    splitter, pieces = pieces_of(parts)
    found: list[object] = []
    language, code = "", ""
    for piece in pieces:
        match piece:
            case Prose():
                found += facts(splitter.reparse(piece).tokens if splitter.has_references else piece.tokens)
            case CodeOpened():
                language, code = piece.language, ""
            case CodeAdded():
                code += piece.text
            case CodeClosed():
                found.append(("code", language, code))
    return found


@pytest.mark.parametrize("text", SHORT)
def test_any_chunking_gives_what_the_parser_makes_of_the_whole(text: str) -> None:
    expected = whole(text)
    for parts in chunkings(text, random.Random(1)):
        assert streamed(parts) == expected


@pytest.mark.parametrize("seed", range(8))
def test_random_texts_in_random_chunks_are_what_the_parser_makes_of_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(25):
        text = random_text(chance)
        for parts in chunkings(text, chance):
            assert streamed(parts) == whole(text), repr(text)


@pytest.mark.parametrize("text", TEXTS)
def test_a_long_line_is_cut_at_the_same_place_however_it_arrives(text: str) -> None:
    for parts in chunkings(text, random.Random(2)):
        assert streamed(parts) == streamed([text])


def test_a_block_is_finished_when_the_next_one_begins() -> None:
    splitter = BlockSplitter()
    assert splitter.feed("One\n\nTw") == []
    assert [token.type for token in splitter.tail].count("paragraph_open") == 2
    (piece,) = splitter.feed("o\n")
    assert isinstance(piece, Prose)
    assert piece.source == "One\n\n"
    assert [token.content for token in splitter.tail if token.type == "inline"] == ["Two"]


def test_the_items_of_a_long_list_are_finished_one_by_one() -> None:
    splitter = BlockSplitter()
    sources = [piece.source for n in range(5) for piece in splitter.feed(f"1. item {n}\n") if isinstance(piece, Prose)]
    assert sources == ["1. item 0\n", "1. item 1\n", "1. item 2\n", "1. item 3\n"]
    assert splitter.tail[0].attrs["start"] == 5


def test_code_is_passed_on_as_it_comes_but_not_what_may_close_it() -> None:
    splitter = BlockSplitter()
    assert splitter.feed("```py\nx = ") == [CodeOpened("py"), CodeAdded("x = ")]
    assert splitter.feed("1\n``") == [CodeAdded("1")]
    assert splitter.feed("`\nend") == [CodeClosed()]


def test_a_fence_that_is_being_written_is_not_shown_as_text() -> None:
    splitter = BlockSplitter()
    splitter.feed("Text\n\n```pyth")
    assert [token.content for token in splitter.tail if token.type == "inline"] == ["Text"]


@pytest.mark.parametrize(
    "text", [">" * 500 + " deep", "- " * 300 + "deep", "|a" * 100 + "|\n" + "|-" * 100 + "|\n" + "|b" * 100 + "|"]
)
def test_what_is_too_deep_or_too_wide_is_shown_as_it_was_written(text: str) -> None:
    _, pieces = pieces_of([text])
    (piece,) = pieces
    assert isinstance(piece, Prose)
    assert [token.type for token in piece.tokens] == ["paragraph_open", "inline", "paragraph_close"]
    words = piece.tokens[1].children or []
    assert "\n".join(word.content for word in words if word.type == "text") == text


LONG_BLOCKS = (
    "| a | b |\n|---|---|\n" + "| 1 | two words |\n" * 700 + "\nafter",
    "text\n| a |\n|---|\n" + "| x |\n" * 1500,
    "- item\n" + "  lazy words and more of them\n" * 1200 + "- next",
    "> quoted words\n" * 2500,
    "words of a paragraph\n" * 1500 + "\n```\ncode\n```\n" + "| a |\n|---|\n" + "| y |\n" * 1200,
    "```\nx\n```\n" * 10 + "1. a\n\n   ```\n" + "   code\n" * 3000 + "   ```\n2. b",
)


@pytest.mark.parametrize("text", LONG_BLOCKS)
def test_a_long_block_is_cut_at_the_same_line_however_it_arrives(text: str) -> None:
    expected = streamed([text])
    for length in (1999, 7001):
        assert streamed([text[i : i + length] for i in range(0, len(text), length)]) == expected


def test_the_rest_of_a_long_table_has_its_header_again() -> None:
    _, pieces = pieces_of([LONG_BLOCKS[0]])
    tables = [piece for piece in pieces if isinstance(piece, Prose) and piece.tokens[0].type == "table_open"]
    assert len(tables) > 2
    headers = [[token.content for token in table.tokens if token.type == "inline"][:2] for table in tables]
    assert headers == [["a", "b"]] * len(tables)
    rows = sum(token.type == "tr_open" for table in tables for token in table.tokens)
    assert rows == 700 + len(tables)
