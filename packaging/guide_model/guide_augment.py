"""Small changes to a question that keep its meaning: openings, synonyms, lost words, typing errors."""

from __future__ import annotations

import random

_SMALL_WORDS = """
a an the my this that i you we do does did is are am be to of in on for it can could would should please me
have has there so just some any with and or will was if then tell one
"""
STOP_WORDS = frozenset(_SMALL_WORDS.split())

SWAPS = (
    ("program", "app", "application", "software", "tool"),
    ("computer", "pc", "machine", "laptop", "notebook", "device"),
    ("chat", "conversation", "thread"),
    ("chats", "conversations", "threads"),
    ("answer", "reply", "response"),
    ("answers", "replies", "responses"),
    ("model", "llm", "ai"),
    ("window", "screen"),
    ("what is", "whats", "what s"),
    ("how do i", "how can i", "how to", "how would i", "how should i", "how do you", "how could i", "how i"),
    ("do not", "dont"),
    ("does not", "doesnt"),
    ("did not", "didnt"),
    ("will not", "wont"),
    ("cannot", "cant", "can not"),
    ("i am", "im"),
    ("it is", "its"),
    ("that is", "thats"),
    ("where is", "wheres"),
    ("want to", "wanna", "would like to", "need to", "have to"),
    ("show", "display", "give"),
    ("my", "the", "our"),
    ("the", "this", "that", "my"),
    ("a", "the", "an", "some"),
    ("press", "click", "hit", "push", "tap"),
    ("so", "very", "really", "too", "that"),
    ("always", "every time", "constantly"),
    ("please", "pls", "plz"),
    ("you", "u"),
    ("are", "r"),
    ("text", "words"),
    ("message", "question", "msg"),
    ("which", "what"),
    ("disk", "drive", "hard disk", "hard drive", "ssd"),
    ("folder", "directory"),
    ("shortcut", "hotkey", "key"),
    ("error", "failure", "problem"),
    ("mean", "stand for", "signify"),
    ("why", "how come", "why on earth", "for what reason"),
    ("explain", "clarify", "describe"),
    ("big", "large", "huge"),
    ("find", "locate", "see"),
)

_NEAR = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo",
    "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et",
    "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "xs",
}  # fmt: skip


class Augmenter:
    """Draws such changes from one random source."""

    def __init__(self, rng: random.Random, prefixes: list[str], suffixes: list[str]) -> None:
        self.rng = rng
        self.prefixes = prefixes
        self.suffixes = suffixes
        self.swaps: dict[str, list[str]] = {}
        for group in SWAPS:
            for phrase in group:
                self.swaps.setdefault(phrase, []).extend(other for other in group if other != phrase)

    def vary(self, text: str) -> str:
        """Return the question with a few random changes, often none."""
        if self.rng.random() < 0.5:
            text = self._swap(text)
        chance = self.rng.random()
        if chance < 0.07:
            text = self._key_words(text)
        elif chance < 0.25:
            text = self._lose_word(text)
        elif chance < 0.30:
            text = self._move_part(text)
        text = self._surround(text)
        if self.rng.random() < 0.2:
            for _ in range(self.rng.choice([1, 1, 2])):
                text = self._typing_error(text)
        return text

    def _surround(self, text: str) -> str:
        if self.rng.random() < 0.25:
            text = f"{self.rng.choice(self.prefixes)} {text}"
            while self.rng.random() < 0.15:
                text = f"{self.rng.choice(self.prefixes)} {text}"
        if self.rng.random() < 0.2:
            text = f"{text} {self.rng.choice(self.suffixes)}"
        return text

    def _swap(self, text: str) -> str:
        """Replace some words by others of the same meaning."""
        padded = f" {text} "
        for phrase in self.rng.sample(list(self.swaps), len(self.swaps)):
            if f" {phrase} " in padded and self.rng.random() < 0.3:
                padded = padded.replace(f" {phrase} ", f" {self.rng.choice(self.swaps[phrase])} ", 1)
        return padded.strip()

    def _key_words(self, text: str) -> str:
        kept = [word for word in text.split() if word not in STOP_WORDS]
        return " ".join(kept) if len(kept) > 1 else text

    def _lose_word(self, text: str) -> str:
        words = text.split()
        spare = [place for place, word in enumerate(words) if word in STOP_WORDS]
        if len(words) > 7 and self.rng.random() < 0.3:
            spare = list(range(len(words)))
        if len(words) > 2 and spare:
            del words[self.rng.choice(spare)]
        return " ".join(words)

    def _move_part(self, text: str) -> str:
        """Put the end of the question first, as people do when they type as they think."""
        words = text.split()
        if len(words) < 4:
            return text
        cut = self.rng.randint(1, len(words) - 1)
        return " ".join(words[cut:] + words[:cut])

    def _typing_error(self, text: str) -> str:
        words = text.split()
        places = [place for place, word in enumerate(words) if len(word) > 3 and word.isalpha() and word.isascii()]
        if not places:
            return text
        place = self.rng.choice(places)
        words[place] = self._misspell(words[place])
        return " ".join(words)

    def _misspell(self, word: str) -> str:
        at = self.rng.randint(1, len(word) - 2)
        kind = self.rng.randrange(5)
        if kind == 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if kind == 1:
            return word[:at] + word[at + 1 :]
        if kind == 2:
            return word[: at + 1] + word[at:]
        if kind == 3:
            return word[:at] + self.rng.choice(_NEAR[word[at]]) + word[at + 1 :]
        return word[:-1]
