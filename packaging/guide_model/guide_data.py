"""Reads the intents, the frames and the lexicon, and draws training questions from them."""

from __future__ import annotations

import math
import random
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from guide_augment import Augmenter
from guide_text import MAX_WORDS, normalise

HERE = Path(__file__).resolve().parent
ELSE = "everything_else"
KINDS = ("phrasings", "actions", "topics", "terms")
KIND_WEIGHTS = {"phrasings": 1.0, "actions": 0.9, "topics": 0.35, "terms": 0.6}
ELSE_SHARE = 0.3
"""Part of the rows that are about something else; the other intents share the rest evenly."""

FOREIGN_SLOTS = ("model", "running_model", "chat", "chats", "engine", "code", "own_model", "data", "log")
"""Slots that name a thing of this program; with another thing in the place the question is about that."""

COMMON = (
    "model", "chat", "hello", "stop", "token", "yes", "word", "data", "text",
    "hi", "ok", "engine", "start", "a", "the", "no", "please", "why",
)  # fmt: skip
"""Words that people repeat to see what happens."""

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"<(\w+)>")


@dataclass
class Intent:
    """One thing the Guide can answer, with the lines its questions are drawn from."""

    name: str
    answer: str
    lines: dict[str, list[str]]
    weights: dict[str, list[float]] = field(default_factory=dict)


def read_lines(block: str) -> list[str]:
    """Return the non-empty lines of a TOML text block."""
    return [line.strip() for line in block.splitlines() if line.strip()]


def load_intents(folder: Path = HERE / "intents") -> dict[str, Intent]:
    """Return all intents by name, everything_else among them."""
    intents = {}
    for path in sorted(folder.glob("*.toml")):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        lines = {kind: read_lines(raw[kind]) for kind in (*KINDS, "words") if kind in raw}
        intents[path.stem] = Intent(path.stem, raw["answer"], lines)
    return intents


class Grammar:
    """Fills the choices [a|b] and the slots <name> of a line."""

    def __init__(self, rng: random.Random, lexicon: dict[str, list[str]]) -> None:
        self.rng = rng
        self.lexicon = lexicon

    def fill(self, line: str, foreign: str = "") -> str:
        """Return one reading of the line; `foreign` takes the place of the things of this program."""
        text = _CHOICE.sub(lambda found: self.rng.choice(found[1].split("|")), line)
        while "<" in text:
            text = _SLOT.sub(lambda found: self._slot(found[1], foreign), text)
        return " ".join(text.split())

    def _slot(self, name: str, foreign: str) -> str:
        if foreign and name in FOREIGN_SLOTS:
            return foreign
        return self.rng.choice(self.lexicon[name])

    def readings(self, line: str) -> float:
        """Return in how many ways the line can be read."""
        count = 1.0
        for choice in _CHOICE.findall(line):
            count *= len(choice.split("|"))
        for name in _SLOT.findall(line):
            count *= len(self.lexicon[name])
        return count


def load_lexicon() -> dict[str, list[str]]:
    """Return the lists of words that may stand for one another."""
    raw = tomllib.loads((HERE / "lexicon.toml").read_text(encoding="utf-8"))
    return {name: list(dict.fromkeys(text.split("|"))) for name, text in raw.items()}


class QuestionSource:
    """An endless source of (question in normal form, intent name) pairs; equal seeds give equal questions."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.intents = load_intents()
        self.names = [name for name in self.intents if name != ELSE]
        self.grammar = Grammar(self.rng, load_lexicon())
        raw = tomllib.loads((HERE / "frames.toml").read_text(encoding="utf-8"))
        self.frames = {kind: read_lines(block) for kind, block in raw.items()}
        words = " ".join(self.intents[ELSE].lines["words"]).split()
        self.words = words
        self.augmenter = Augmenter(self.rng, self.frames["prefixes"], self.frames["suffixes"])
        for intent in self.intents.values():
            for kind in KINDS:
                # A line with many readings is drawn more often than a single one, but far from in proportion.
                rows = intent.lines.get(kind, [])
                intent.weights[kind] = [1 + 0.5 * math.log2(self.grammar.readings(row)) for row in rows]

    def draw(self) -> tuple[str, str]:
        """Return a training question and the name of its intent."""
        if self.rng.random() < ELSE_SHARE:
            return normalise(self._draw_else()), ELSE
        intent = self.intents[self.rng.choice(self.names)]
        return normalise(self.augmenter.vary(self._from_lines(intent))), intent.name

    def _from_lines(self, intent: Intent) -> str:
        kinds = [kind for kind in KINDS if kind in intent.lines]
        sizes = [KIND_WEIGHTS[kind] * math.sqrt(len(intent.lines[kind])) for kind in kinds]
        kind = self.rng.choices(kinds, sizes)[0]
        line = self.rng.choices(intent.lines[kind], intent.weights[kind])[0]
        text = self.grammar.fill(line)
        return text if kind == "phrasings" else self._framed(kind, text)

    def _framed(self, kind: str, text: str) -> str:
        frame = self.rng.choice(self.frames[kind])
        return self.grammar.fill(frame.replace("{x}", "@")).replace("@", text)

    def _draw_else(self) -> str:
        chance = self.rng.random()
        if chance < 0.64:
            return self.augmenter.vary(self._from_lines(self.intents[ELSE]))
        if chance < 0.72:
            return self.augmenter.vary(self._foreign_object())
        if chance < 0.84:
            return self.augmenter.vary(self._random_object())
        if chance < 0.87:
            first, second = (self._from_lines(self.intents[ELSE]) for _ in range(2))
            return f"{first} {self.rng.choice(['and', 'because', 'or', 'but', 'then', ''])} {second}"
        if chance < 0.93:
            return self._long_text()
        if chance < 0.97:
            return self._word_salad()
        return self._gibberish()

    def _thing(self) -> str:
        article = self.rng.choice(["a", "the", "my", "this", "some", "your", "our", ""])
        return f"{article} {self.rng.choice(self.words)}".strip()

    def _foreign_object(self) -> str:
        """A question of this program with another thing in the place of its own."""
        while True:
            intent = self.intents[self.rng.choice(self.names)]
            lines = intent.lines.get("actions", [])
            fitting = [line for line in lines if any(f"<{slot}>" in line for slot in FOREIGN_SLOTS)]
            if fitting:
                text = self.grammar.fill(self.rng.choice(fitting), foreign=self._thing())
                return self._framed("actions", text)

    def _random_object(self) -> str:
        """An everyday frame around words from the list of everyday words, a few of them made up."""
        kind = self.rng.choice(["actions", "topics", "terms"])
        thing = self._invented() if self.rng.random() < 0.15 else self._thing()
        if kind == "actions":
            thing = f"{self.rng.choice(self.words)} {thing}"
        elif self.rng.random() < 0.5:
            thing = f"{thing} {self.rng.choice(['of', 'in', 'and', 'with', 'for', 'on'])} {self._thing()}"
        return self._framed(kind, thing)

    def _invented(self) -> str:
        """A word that does not exist: unknown words mean that the question is about something else."""
        consonants, vowels = "bcdfghjklmnprstvwz", "aeiou"
        pairs = (self.rng.choice(consonants) + self.rng.choice(vowels) for _ in range(self.rng.randint(2, 4)))
        return "".join(pairs) + self.rng.choice("nrstlk")

    def _word_salad(self) -> str:
        own = self.grammar.fill(f"<{self.rng.choice(['model', 'stop', 'chat', 'log'])}>")
        words = [self.rng.choice(self.words) for _ in range(self.rng.randint(1, 8))]
        if len(words) > 3 and self.rng.random() < 0.3:
            words.insert(self.rng.randrange(len(words)), own)
        return " ".join(words)

    def _long_text(self) -> str:
        """A pasted text or a word repeated over and over; without these, long input leads to babble."""
        if self.rng.random() < 0.3:
            word = self.rng.choice(COMMON if self.rng.random() < 0.5 else self.words)
            return " ".join([word] * self.rng.randint(3, MAX_WORDS + 5))
        parts = [self._from_lines(self.intents[ELSE]) for _ in range(self.rng.randint(3, 8))]
        if self.rng.random() < 0.4:
            name = self.rng.choice(self.names)
            parts.insert(self.rng.randrange(len(parts) + 1), self._from_lines(self.intents[name]))
        return " ".join(parts)

    def _gibberish(self) -> str:
        letters = self.rng.choice(["abcdefghijklmnopqrstuvwxyz", "asdfjkl", "0123456789", "xzqvkwjy"])
        count = self.rng.choice([0, 1, 1, 1, 2, 3, 5])
        return " ".join("".join(self.rng.choices(letters, k=self.rng.randint(1, 9))) for _ in range(count))
