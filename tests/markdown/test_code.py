"""The blocks of code in a text."""

from desktop_app.markdown.code import code_blocks


def test_every_block_is_found_and_nothing_else() -> None:
    text = "Words `inline`.\n\n```python\na = 1\n\nb = 2\n```\n\nMore.\n\n~~~\nhalf open"
    first, second = code_blocks(text)
    assert first.strip() == "a = 1\n\nb = 2"
    assert second.strip() == "half open"
    assert code_blocks("no code") == []
