"""Differences word by word: both texts come back to the letter, and no text makes it slow."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain import word_diff
from desktop_app.domain.word_diff import Piece, PieceKind, beginning, differences

SAME, LEFT, RIGHT = PieceKind.SAME, PieceKind.LEFT, PieceKind.RIGHT
MANY = 200_000


def sides(pieces: tuple[Piece, ...]) -> tuple[str, str]:
    left = "".join(piece.text for piece in pieces if piece.kind is not RIGHT)
    right = "".join(piece.text for piece in pieces if piece.kind is not LEFT)
    return left, right


def similarity(left: str, right: str) -> float:
    return word_diff.similarity(differences(left, right))


def shown(left: str, right: str) -> list[tuple[PieceKind, str]]:
    return [(piece.kind, piece.text) for piece in differences(left, right)]


ANY_TEXT = st.text(st.sampled_from(list("aab  \n\t.,'’é漢字\u0301😀ß\x1c")), max_size=60) | st.text(max_size=40)


@given(ANY_TEXT, ANY_TEXT)
def test_both_texts_come_back(left: str, right: str) -> None:
    pieces = differences(left, right)
    assert sides(pieces) == (left, right)
    assert all(piece.text for piece in pieces)
    assert all(one.kind is not other.kind for one, other in pairwise(pieces))
    assert 0 <= similarity(left, right) <= 1


@given(st.lists(st.sampled_from("abcd"), max_size=300), st.lists(st.sampled_from("abcd"), max_size=300))
def test_long_runs_of_few_words_come_back(left: list[str], right: list[str]) -> None:
    assert sides(differences(" ".join(left), " ".join(right))) == (" ".join(left), " ".join(right))


@given(ANY_TEXT)
def test_a_text_is_the_same_as_itself(text: str) -> None:
    assert differences(text, text) == ((Piece(SAME, text),) if text else ())
    assert similarity(text, text) == 1


@pytest.mark.parametrize(
    ("left", "right", "pieces"),
    [
        ("one two three", "one 2 three", [(SAME, "one "), (LEFT, "two"), (RIGHT, "2"), (SAME, " three")]),
        ("one two", "one two three", [(SAME, "one two"), (RIGHT, " three")]),
        ("a b c\n", "a c\n", [(SAME, "a "), (LEFT, "b "), (SAME, "c\n")]),
        ("Yes.", "Yes!", [(SAME, "Yes"), (LEFT, "."), (RIGHT, "!")]),
        ("don't go", "do go", [(LEFT, "don't"), (RIGHT, "do"), (SAME, " go")]),
        ("a\n\nb", "a b", [(SAME, "a"), (LEFT, "\n\n"), (RIGHT, " "), (SAME, "b")]),
        ("東京都です", "京都です", [(LEFT, "東"), (SAME, "京都です")]),
        ("", "new", [(RIGHT, "new")]),
        ("old", "", [(LEFT, "old")]),
        ("", "", []),
    ],
)
def test_what_differs_is_shown_by_words(left: str, right: str, pieces: list[tuple[PieceKind, str]]) -> None:
    assert shown(left, right) == pieces


def test_a_moved_sentence_does_not_hide_the_rest() -> None:
    left = "First we mix the flour. Then we wait for an hour. Bake it."
    right = "Then we wait for one hour. Bake it. First we mix the flour."
    same = "".join(text for kind, text in shown(left, right) if kind is SAME)
    assert "Then we wait for" in same
    assert "hour. Bake it." in same


def test_the_shortest_change_is_found_among_few_words() -> None:
    kinds = [(kind, len(text.split())) for kind, text in shown("a b c a b b a", "c b a b a c")]
    assert sum(count for kind, count in kinds if kind is not SAME) == 5


def test_similarity_counts_words() -> None:
    assert similarity("one two three four", "one  two\nthree five") == 0.75
    assert similarity("a", "b") == 0
    assert similarity("", "") == 1
    assert similarity("", "a") == 0


def test_a_text_is_cut_behind_a_word() -> None:
    text = "One, two  three\n"
    assert [beginning(text, count) for count in (1, 2, 3, 4, 5)] == ["One", "One,", "One, two", "One, two  three", text]
    assert beginning("東京都です", 3) == "東京都"
    assert beginning("", 1) == ""


class Counted(word_diff._Comparison):
    """Tells how much work was done."""

    spent = 0.0

    def same(self) -> list[word_diff._Block]:
        before = self._work
        found = super().same()
        Counted.spent = before - self._work
        return found


def noise(count: int, kinds: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [f"w{chance.randrange(kinds)}" for _ in range(count)]


def edited(words: list[str], every: int) -> list[str]:
    return [f"new{place}" if place % every == every // 2 else word for place, word in enumerate(words)]


@pytest.mark.parametrize("words", [1_000, 10_000, 50_000])
def test_work_grows_with_the_number_of_words_only(words: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_diff, "_Comparison", Counted)
    left = noise(words, 2_000, 1)
    right = edited(left, 40)
    assert similarity(" ".join(left), " ".join(right)) > 0.97
    assert Counted.spent < 30 * words


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("same " * MANY, "same " * (MANY - 7)),
        ("a b " * (MANY // 2), "b a " * (MANY // 2)),
        ("a " * MANY, "b " * MANY),
        ("a " * MANY + "b", "b " + "a " * MANY),
        (" ".join(noise(MANY, 2, 1)), " ".join(noise(MANY, 2, 2))),
        (" ".join(noise(MANY, 300, 1)), " ".join(noise(MANY, 300, 2))),
        (" " * 1_000_000, "\n" * 1_000_000),
        ("x" * 1_000_000, "x" * 1_000_001),
        ("." * MANY, "'" * MANY),
        (" ".join(str(i) for i in range(MANY)), " ".join(str(i) for i in reversed(range(MANY)))),
    ],
    ids=["same", "shifted", "other", "turned", "two words", "many words", "space", "one word", "signs", "reversed"],
)
def test_hostile_texts_are_bounded_and_come_back(left: str, right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_diff, "_Comparison", Counted)
    assert sides(differences(left, right)) == (left, right)
    assert Counted.spent < word_diff._LEAST_WORK + (word_diff._WORK_PER_WORD + 10) * 2 * MANY


def test_an_edit_of_a_text_of_two_words_is_found() -> None:
    left = noise(20_000, 2, 3)
    right = [*left[:9_000], "new", "words", *left[9_010:]]
    told = differences(" ".join(left), " ".join(right))
    assert similarity(" ".join(left), " ".join(right)) > 0.99
    assert len(told) < 30
