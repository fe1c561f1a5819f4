"""`vllm-desktop fit`: whether a model runs on a machine, what it takes, and what would make it fit. Changes nothing."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from desktop_app.domain.fit import Fit, Measured, MemoryParts, Proposal, Surroundings, Verdict, Wish, judge, proposals
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.domain.units import memory_words
from desktop_app.terminal.notes import printable

_EXIT_CODES = {
    Verdict.RUNS_WELL: 0,
    Verdict.TIGHT: 0,
    Verdict.PROCESSOR: 0,
    Verdict.UNKNOWN: 2,
}
"""1 for every other verdict: it does not run."""


@dataclass(frozen=True)
class Question:
    """What is asked: which model on which machine, and how it is meant to be used."""

    spec: ModelSpec
    machine: Machine
    wish: Wish = field(default_factory=Wish)
    around: Surroundings = field(default_factory=Surroundings)
    siblings: Sequence[ModelSpec] = ()
    measured: Measured | None = None


def show(question: Question, as_json: bool) -> int:
    """Print the answer; the exit code is 0 when the model runs, 1 when it does not, 2 when that is not known."""
    fit = judge(question.spec, question.machine, question.wish, question.around, question.measured)
    found = proposals(question.spec, question.machine, question.wish, question.around, question.siblings)
    if as_json:
        print(json.dumps(_as_json(question.spec, fit, found), indent=1, ensure_ascii=False))
    else:
        for line in lines(question.spec, fit, found):
            print(printable(line))
    return _EXIT_CODES.get(fit.verdict, 1)


def lines(spec: ModelSpec, fit: Fit, found: Sequence[Proposal]) -> list[str]:
    """The answer as text."""
    told = [f"{spec.name}: {fit.verdict.value.lower()}{f' on {fit.place}' if fit.place else ''}", fit.reason]
    if fit.parts is not None:
        told += [
            "",
            f"Memory with a context of {fit.context:,} tokens ({'measured' if fit.measured else 'estimated'}):",
        ]
        told += _part_lines(fit.parts, "each card" if fit.cards > 1 else "")
    if fit.longest:
        told += ["", f"The longest context that there is room for: {fit.longest:,} tokens"]
    if found:
        told += ["", "What would make it fit:"]
        told += [f"  - {one.words}: {one.fit.verdict.value.lower()}. {one.effect}" for one in found]
    return told


def _part_lines(parts: MemoryParts, of_each: str) -> list[str]:
    named = (
        ("Model", parts.weights),
        ("Conversations", parts.kv_cache),
        ("Engine", parts.overhead),
        ("In use", parts.others),
        ("Left over", parts.free),
        ("In all", parts.total),
    )
    ending = f"  ({of_each})" if of_each else ""
    return [f"  {name:<14}{memory_words(size):>10}{ending if name == 'In all' else ''}" for name, size in named] + (
        [f"  {'Missing':<14}{memory_words(parts.missing):>10}"] if parts.missing else []
    )


def _as_json(spec: ModelSpec, fit: Fit, found: Sequence[Proposal]) -> dict[str, object]:
    return {
        "model": spec.name,
        **_fit_json(fit),
        "remedies": [
            {
                "words": one.words,
                "effect": one.effect,
                "flags": dict(one.flags),
                "model": one.sibling or None,
                "close": one.program or None,
                **_fit_json(one.fit),
            }
            for one in found
        ],
    }


def _fit_json(fit: Fit) -> dict[str, object]:
    return {
        "verdict": fit.verdict.name.lower(),
        "reason": fit.reason,
        "place": fit.place or None,
        "cards": fit.cards,
        "context": fit.context,
        "longest_context": fit.longest or None,
        "measured": fit.measured,
        "parts_bytes": {**asdict(fit.parts), "missing": fit.parts.missing} if fit.parts else None,
    }
