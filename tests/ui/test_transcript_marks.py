"""Where the words of a search are."""

import pytest

from desktop_app.ui.widgets.transcript_marks import hits


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("The cache, the Cache.", "cache", ["cache", "Cache"]),
        ("A KV cache and a cache", "kv cache", ["KV cache"]),
        ("a cache for KV", '"kv cache"', ["cache", "KV"]),
        ("Größe und GRÖSSE", "grosse", ["Größe", "GRÖSSE"]),
        ("Cafe\u0301 ole\u0301", "café", ["Cafe\u0301"]),
        ("😀😀 needle", "needle", ["needle"]),
        ("天気がいい", "天気", ["天気"]),
        ("nothing", "else", []),
        ("nothing", " *(", []),
        ("", "word", []),
    ],
)
def test_hits_ignore_case_and_accents(text: str, words: str, expected: list[str]) -> None:
    units = text.encode("utf-16-le")
    assert [units[2 * begin : 2 * end].decode("utf-16-le") for begin, end in hits(text, words)] == expected
