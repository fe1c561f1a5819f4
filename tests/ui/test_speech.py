"""What a screen reader is told."""

import random

import pytest

from desktop_app.ui.widgets.speech import Sentences
from tests.markdown.corpus import chunks

TEXT = """# Title
A **bold** sentence. Another one! It costs 3.5 euros, see `x.y`.
- item one
- item two

```python
x = 1.
```
日本語です。次の文。
The end"""
SPOKEN = [
    "Title",
    "A bold sentence.",
    "Another one!",
    "It costs 3.5 euros, see x.y.",
    "item one",
    "item two",
    "Code.",
    "日本語です。",
    "次の文。",
    "The end",
]


@pytest.mark.parametrize("seed", range(10))
def test_every_sentence_is_said_once_and_code_is_not_read_out(seed: int) -> None:
    sentences = Sentences()
    said = [sentence for part in chunks(TEXT, random.Random(seed)) for sentence in sentences.feed(part)]
    assert said + sentences.finish() == SPOKEN


def test_an_unfinished_sentence_is_kept_back() -> None:
    sentences = Sentences()
    assert sentences.feed("Hello wor") == []
    assert sentences.feed("ld. And") == ["Hello world."]
