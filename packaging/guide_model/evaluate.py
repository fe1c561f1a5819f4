"""Measures a finished folder in PyTorch: which share of the questions gets exactly the right answer.

Usage: python evaluate.py [FOLDER] [--show GROUP]; GROUP is one of suggested, dev, held_out.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from guide_data import ELSE, HERE, Intent, load_intents
from guide_export import SUGGESTED, read_model
from guide_network import Llama
from guide_text import END, normalise, prompt
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

ALIASES: dict[str, str] = {}
"""Section names of held_out.toml whose intent has another name here."""

DEFAULT_FOLDER = HERE.parent.parent / "resources" / "guide"


@dataclass(frozen=True)
class Result:
    """What one question got."""

    question: str
    wanted: str
    got: str


class Guide:
    """Answers questions as the shipped folder does, without an engine."""

    def __init__(self, network: Llama, tokenizer: Tokenizer, intents: dict[str, Intent]) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.names = list(intents)
        self.answers = [tokenizer.encode(intents[name].answer + END).ids for name in self.names]
        firsts = [answer[0] for answer in self.answers]
        if len(set(firsts)) < len(firsts):
            raise ValueError("two answers begin with the same token")
        self.by_first = {first: place for place, first in enumerate(firsts)}

    @torch.no_grad()
    def intent_of(self, question: str) -> str:
        """Return the intent whose whole answer greedy decoding gives, or "(broken)" for any other text.

        The first token says which answer it can be at most; one pass over question and answer then shows
        whether every further token is the greedy choice, too. That equals decoding token by token.
        """
        asked = self.tokenizer.encode(prompt(normalise(question))).ids
        first = int(self.network(torch.tensor([asked]))[0, -1].argmax())
        place = self.by_first.get(first)
        if place is None:
            return "(broken)"
        answer = self.answers[place]
        scores = self.network(torch.tensor([asked + answer[:-1]]))[0, len(asked) - 1 :]
        return self.names[place] if scores.argmax(-1).tolist() == answer else "(broken)"


def load_guide(folder: Path) -> Guide:
    """Return the guide of a finished folder."""
    return Guide(read_model(folder), Tokenizer.from_file(str(folder / "tokenizer.json")), load_intents())


def questions_of(path: Path) -> list[tuple[str, str]]:
    """Return (question, intent name) pairs of a question file."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return [(text, ALIASES.get(name, name)) for name, table in raw.items() for text in table["questions"]]


def groups() -> dict[str, list[tuple[str, str]]]:
    """Return all test groups: suggested, dev and (when present) held_out, each split in intents and else."""
    found: dict[str, list[tuple[str, str]]] = {"suggested": list(SUGGESTED)}
    for name in ("dev", "held_out"):
        path = HERE / f"{name}.toml"
        if path.exists():
            pairs = questions_of(path)
            found[f"{name} phrasing"] = [pair for pair in pairs if pair[1] != ELSE]
            found[f"{name} else"] = [pair for pair in pairs if pair[1] == ELSE]
    return found


def measure(guide: Guide, pairs: list[tuple[str, str]]) -> list[Result]:
    """Return what every question got."""
    return [Result(question, wanted, guide.intent_of(question)) for question, wanted in pairs]


def summary(name: str, results: list[Result]) -> str:
    """Return one line with the share of right answers."""
    right = sum(result.wanted == result.got for result in results)
    broken = sum(result.got == "(broken)" for result in results)
    share = 100 * right / max(1, len(results))
    return f"{name:18} {right:4}/{len(results):<4} {share:5.1f} %   not a clean answer: {broken}"


def report(guide: Guide, show: str = "") -> str:
    """Return the figures of all groups; the wrong questions of the groups that begin with `show`."""
    lines = []
    for name, pairs in groups().items():
        results = measure(guide, pairs)
        wrong = [result for result in results if result.wanted != result.got]
        lines.append(summary(name, results))
        weak = Counter(result.wanted for result in wrong).most_common()
        lines.append("    weak: " + ", ".join(f"{intent} {count}" for intent, count in weak))
        if show and name.startswith(show):
            lines += [f"    {result.wanted} -> {result.got}: {result.question}" for result in wrong]
    return "\n".join(lines)


def check_template(folder: Path) -> None:
    """Fail when the shipped chat template writes any test question otherwise than `normalise` does."""
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(config["chat_template"])
    past = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    for pairs in groups().values():
        for question, _ in pairs:
            messages = [
                *past,
                {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": question},
            ]
            for said in (messages, messages[-1:]):
                if template.render(messages=said, add_generation_prompt=True) != prompt(normalise(question)):
                    raise ValueError(f"the chat template differs for {question!r}")


def main() -> None:
    """Print the figures of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--show", default="", help="also list the wrong questions of this group")
    options = parser.parse_args()
    torch.set_num_threads(1)
    check_template(options.folder)
    print(report(load_guide(options.folder), options.show))


if __name__ == "__main__":
    main()
