"""What the composer says about files, the context and what is chosen."""

import pytest

from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.domain.sampling import ChatSettings, Mode, Preset, Sampling, Structure, StructureKind
from desktop_app.services.chat_view import ContextState
from desktop_app.ui.widgets.composer_words import (
    Room,
    attachment_sentence,
    attachment_words,
    choice_chips,
    counter_sentence,
    counter_words,
    first_words,
    reading_words,
    room,
    short_counter_words,
    size_words,
    too_many_words,
)


def document(note: str = "", tokens: int = 0, size: int = 0) -> Attachment:
    return Attachment(1, "report.pdf", AttachmentKind.TEXT, "text/plain", "x", size=size, tokens=tokens, note=note)


@pytest.mark.parametrize(
    ("attachment", "words"),
    [
        (document("12 pages, 2 without text", 3410, 9_000_000), "12 pages · 3,410 tokens"),
        (document("1 page", 0, 12_345), "1 page · 12 KB"),
        (document("cut at 2 MB", 1), "1 token"),
        (Attachment(1, "a.png", AttachmentKind.IMAGE, "image/png", tokens=1000), "≈ 1,000 tokens"),
        (document(), ""),
    ],
)
def test_a_file_in_few_words(attachment: Attachment, words: str) -> None:
    assert attachment_words(attachment) == words


def test_a_file_in_a_sentence() -> None:
    sentence = attachment_sentence(document("12 pages, 2 without text", 3410, 2_300_000))
    assert sentence == "File “report.pdf”: 2 MB · 3,410 tokens · 12 pages, 2 without text"
    picture = Attachment(1, "a.png", AttachmentKind.IMAGE, "image/png")
    assert attachment_sentence(picture) == "Picture “a.png”: attached"


@pytest.mark.parametrize(("size", "words"), [(1, "1 KB"), (999_400, "999 KB"), (1_000_000, "1 MB")])
def test_a_small_size(size: int, words: str) -> None:
    assert size_words(size) == words


@pytest.mark.parametrize(
    ("context", "words", "short", "left"),
    [
        (ContextState(1284, 0, 32768, False), "1,284 / 32,768", "4 %", Room.ENOUGH),
        (ContextState(1000, 284, 32768), "≈ 1,284 / 32,768", "4 %", Room.ENOUGH),
        (ContextState(80, 0, 100, False), "80 / 100", "80 %", Room.LITTLE),
        (ContextState(100, 0, 100, False), "100 / 100", "100 %", Room.LITTLE),
        (ContextState(100, 1, 100, False), "1 token too many", "101 %", Room.NONE),
        (ContextState(32_000, 3968, 32_768), "≈ 3,200 tokens too many", "110 %", Room.NONE),
        (ContextState(500, 0, 0), "≈ 500 tokens", "≈ 500 tokens", Room.ENOUGH),
        (ContextState(), "", "", Room.ENOUGH),
    ],
)
def test_the_counter(context: ContextState, words: str, short: str, left: Room) -> None:
    assert (counter_words(context), short_counter_words(context), room(context)) == (words, short, left)


def test_the_counter_in_sentences() -> None:
    sentence = counter_sentence(ContextState(1000, 284, 32768))
    assert sentence.startswith("About 1,284 of 32,768 tokens: how much the model can keep in mind.")
    assert "What you are writing takes 284 of them. 31,484 tokens are left" in sentence
    assert counter_sentence(ContextState(7, 0, 0, False)) == "7 tokens in this chat."
    assert counter_sentence(ContextState()) == ""


def test_what_does_not_fit_is_said_before_it_is_sent() -> None:
    assert too_many_words(ContextState(90, 10, 100)) == ""
    words = too_many_words(ContextState(32_000, 3968, 32_768))
    assert words.startswith("This is about 3,200 tokens more than the model can keep in mind.")


def test_first_words_of_a_question() -> None:
    assert first_words("What\n is  this?") == "What is this?"
    assert first_words("word " * 100) == f"{'word ' * 11}word…"
    assert first_words("x" * 500) == f"{'x' * 60}…"
    assert first_words("") == ""


def test_what_is_being_read() -> None:
    assert reading_words(["a.pdf"]) == "a.pdf"
    assert reading_words(["a.pdf", "b.pdf"]) == "2 files"


def test_what_is_chosen_as_chips() -> None:
    assert choice_chips(ChatSettings()) == ()
    chosen = ChatSettings(
        system="Be brief.",
        sampling=Sampling(0.7, top_k=0, max_tokens=1024, presence_penalty=0.5, stop=("x",), skip_special_tokens=False),
        structure=Structure(StructureKind.JSON),
        thinking=True,
        logprobs=True,
    )
    assert choice_chips(chosen) == (
        "System prompt",
        "Temp 0.7",
        "Top K 0",
        "At most 1,024 tokens",
        "Penalties",
        "Stop texts",
        "Special tokens",
        "Thinking on",
        "JSON",
        "Probabilities",
    )
    assert choice_chips(chosen, [Preset(1, "Careful", chosen)]) == ("Careful",)


def test_what_a_continued_text_does_not_use_is_no_chip() -> None:
    chosen = ChatSettings("Be brief.", Sampling(seed=1234567), mode=Mode.COMPLETION, thinking=False)
    assert choice_chips(chosen) == ("Continue a text", "Seed 1234567")
