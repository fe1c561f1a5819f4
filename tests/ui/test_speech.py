"""What a screen reader is told."""

import random

import pytest
from PySide6.QtWidgets import QWidget

from desktop_app.domain.chat import MessageState
from desktop_app.ui.widgets.speech import Sentences, Speaker, spoken
from tests.markdown.corpus import chunks
from tests.ui.transcripts import answer

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


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            r"$$2 \cdot n_{layers} \cdot \sum_{i}^n (x)_{j} x_\max$$",
            r"$$2 \cdot n_{layers} \cdot \sum_{i}^n (x)_{j} x_\max$$",
        ),
        ("_Well_, this __is__ (_so_) snake_case.", "Well, this is (so) snake_case."),
    ],
)
def test_formulas_keep_what_elsewhere_is_a_sign_of_markdown(written: str, said: str) -> None:
    assert spoken(written) == said


def test_links_are_said_without_their_address() -> None:
    assert spoken("See [the *manual*](https://docs.vllm.ai/en/latest) now.") == "See the manual now."


def test_a_long_message_is_not_read_out_to_its_end() -> None:
    said = spoken("A sentence. " * 1000)
    assert said.endswith(" …")
    assert len(said) < 5000


def test_what_an_answer_goes_on_from_is_not_said_again(qapp: object) -> None:
    speaker = Speaker(QWidget())
    cut = answer(1, "One. Two\n```py\nx = 1.", MessageState.CUT)
    begun = answer(2, cut.text, MessageState.STREAMING)
    assert speaker.finished(cut, begun) == []
    assert speaker.finished(begun, answer(2, f"{cut.text}\ny = 2.\n```\nThree. Four")) == ["Three.", "Four"]


def test_what_was_missed_while_another_was_listened_to_is_not_said_in_one_go(qapp: object) -> None:
    speaker = Speaker(QWidget())
    texts = ["One. Tw", "One. Two. Three. Fo", "One. Two. Three. Four. "]
    first, second, third = (answer(1, text, MessageState.STREAMING) for text in texts)
    assert speaker.finished(None, first) == ["One."]
    speaker.mute(True)
    speaker.mute(False)
    assert speaker.finished(second, third) == ["Four."]


def test_an_answer_instead_of_another_is_said_from_its_beginning(qapp: object) -> None:
    speaker = Speaker(QWidget())
    assert speaker.finished(answer(1, "One."), answer(2, "Other. Wo", MessageState.STREAMING)) == ["Other."]
