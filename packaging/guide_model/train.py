"""Trains the Guide from scratch and writes the finished folder: data, tokenizer, training, export, figures.

Usage: python train.py [--steps N] [--threads N] [--seed N] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from evaluate import DEFAULT_FOLDER, Guide, check_template, groups, load_guide, measure, report, summary
from guide_data import QuestionSource
from guide_export import describe, write_model, write_questions
from guide_network import Llama, Shape
from guide_text import END, prompt
from guide_tokenizer import VOCABULARY, train_tokenizer, write_tokenizer
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as fn

IGNORED = -100


@dataclass(frozen=True)
class Plan:
    """The settings of a training run."""

    steps: int
    seed: int
    rows: int = 96
    drawn_batches: int = 12
    peak_rate: float = 1.5e-3
    last_rate: float = 5e-5
    warm_up: int = 150
    weight_decay: float = 0.1
    dropout: float = 0.1
    word_loss: float = 0.06
    piece_loss: float = 0.05
    whole_answer_every: int = 3
    whole_answer_share: int = 4
    question_weight: float = 0.1
    average: float = 0.998
    report_every: int = 250


class Batches:
    """Makes token batches; questions are split at random now and then (BPE dropout), answers never."""

    def __init__(self, plan: Plan, tokenizer: Tokenizer) -> None:
        self.plan = plan
        self.source = QuestionSource(plan.seed)
        answers = {name: intent.answer + END for name, intent in self.source.intents.items()}
        self.answers = {name: tokenizer.encode(answer).ids for name, answer in answers.items()}
        self.tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self.waiting: list[list[tuple[list[int], str]]] = []

    def next(self, whole: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Return tokens, the next tokens to learn (IGNORED elsewhere) and the weight of each.

        The answer is decided at its first token, so most batches end there and teach nothing else; `whole`
        ones have fewer rows and teach the rest of the answer and, a little, the wording of the question.
        """
        if not self.waiting:
            self._refill()
        pairs = self.waiting.pop()
        if whole:
            pairs = pairs[:: self.plan.whole_answer_share]
        rows = [(ids, self.answers[name] if whole else self.answers[name][:1]) for ids, name in pairs]
        length = max(len(ids) + len(answer) for ids, answer in rows) - 1
        tokens = torch.zeros(len(rows), length, dtype=torch.long)
        following = torch.full_like(tokens, IGNORED)
        weights = torch.zeros(len(rows), length)
        for place, (ids, answer) in enumerate(rows):
            both = torch.tensor(ids + answer)
            asked, end = len(ids) - 1, len(both) - 1
            tokens[place, :end] = both[:-1]
            following[place, 0 if whole else asked : end] = both[1 if whole else asked + 1 :]
            weights[place, :asked] = self.plan.question_weight / asked
            weights[place, asked] = 1.0
            weights[place, asked + 1 : end] = 1.0 / max(1, end - asked - 1)
        return tokens, following, weights

    def _refill(self) -> None:
        """Draw many questions and sort them by length, so that little of a batch is padding."""
        pairs = [self.source.draw() for _ in range(self.plan.rows * self.plan.drawn_batches)]
        self.tokenizer.model.dropout = self.plan.piece_loss
        asked = self.tokenizer.encode_batch([prompt(text) for text, _ in pairs])
        rows = [(encoding.ids, name) for encoding, (_, name) in zip(asked, pairs, strict=True)]
        rows.sort(key=lambda row: len(row[0]))
        starts = range(0, len(rows), self.plan.rows)
        self.waiting = [rows[start : start + self.plan.rows] for start in starts]
        self.source.rng.shuffle(self.waiting)


def learning_rate(plan: Plan, step: int) -> float:
    """Return the rate of a step: linear warm-up, then a cosine."""
    if step < plan.warm_up:
        return plan.peak_rate * (step + 1) / plan.warm_up
    part = (step - plan.warm_up) / max(1, plan.steps - plan.warm_up)
    return plan.last_rate + 0.5 * (plan.peak_rate - plan.last_rate) * (1 + math.cos(math.pi * part))


def loss_of(network: Llama, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Return the weighted loss per row of a batch."""
    tokens, following, weights = batch
    known = following != IGNORED
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = network(tokens, known)
    each = fn.cross_entropy(scores.float(), following[known], reduction="none")
    return (each * weights[known]).sum() / len(tokens)


def optimizer_of(network: Llama, plan: Plan) -> torch.optim.AdamW:
    """Return AdamW that does not shrink the norms."""
    matrices = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    norms = [parameter for parameter in network.parameters() if parameter.dim() == 1]
    parts = [{"params": matrices, "weight_decay": plan.weight_decay}, {"params": norms, "weight_decay": 0.0}]
    return torch.optim.AdamW(parts, lr=plan.peak_rate, betas=(0.9, 0.98))


@torch.no_grad()
def blend(average: Llama, network: Llama, keep: float) -> None:
    """Move the running average of the weights towards the network."""
    for kept, new in zip(average.parameters(), network.parameters(), strict=True):
        kept.lerp_(new, 1 - keep)


def train(plan: Plan, tokenizer: Tokenizer) -> Llama:
    """Return the running average of the trained weights."""
    torch.manual_seed(plan.seed)
    network = Llama(Shape(vocabulary=VOCABULARY), plan.dropout, plan.word_loss)
    average = copy.deepcopy(network).eval()
    optimizer = optimizer_of(network, plan)
    batches = Batches(plan, tokenizer)
    print(describe(network.shape, network), flush=True)
    begun, running = time.monotonic(), 0.0
    for step in range(plan.steps):
        for part in optimizer.param_groups:
            part["lr"] = learning_rate(plan, step)
        network.train()
        loss = loss_of(network, batches.next(step % plan.whole_answer_every == 0))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        blend(average, network, min(plan.average, (step + 1) / (step + 10)))
        running += loss.item()
        if (step + 1) % plan.report_every == 0:
            seconds = time.monotonic() - begun
            print(f"step {step + 1}: loss {running / plan.report_every:.3f}, {seconds:.0f} s", flush=True)
            running = 0.0
            _print_dev(average, tokenizer, batches)
    return average


def _print_dev(network: Llama, tokenizer: Tokenizer, batches: Batches) -> None:
    """Print the figures of the development questions; the held-out ones wait for the end."""
    guide = Guide(network, tokenizer, batches.source.intents)
    for name, pairs in groups().items():
        if not name.startswith("held_out"):
            print(summary(name, measure(guide, pairs)), flush=True)


def main() -> None:
    """Train, export and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    plan = Plan(options.steps, options.seed)
    tokenizer = train_tokenizer(plan.seed)
    network = train(plan, tokenizer)
    write_tokenizer(tokenizer, options.out)
    write_model(network, options.out)
    write_questions(QuestionSource(plan.seed).intents, options.out)
    check_template(options.out)
    print(report(load_guide(options.out)))


if __name__ == "__main__":
    main()
