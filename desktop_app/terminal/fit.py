"""`vllm-desktop fit`: whether a model runs on a machine, what it takes, and what would help. Changes nothing.

The answer goes to standard output, as prose or as JSON. These are the keys of the JSON; sizes are bytes, lengths are
tokens, and what is not known is null:

- `model`, `people`
- `verdict`: `runs_well`, `tight`, `processor` (only), `slow`, `too_big`, `unsuited` or `unknown`; `reason`, a sentence
- `place`: where it would live; `cards` that it would be shared out among, 0 for the processor
- `context` that was reckoned with; `longest_context` that there is room for
- `measured`: whether the figures are the engine's own, of an earlier start, rather than an estimate
- `parts_bytes`: `weights`, `kv_cache`, `overhead`, `others`, `free`, `total`, `kept` (of `free`), `missing`; of each
  card where there are several
- `remedies`, the best first: `words`, `effect`, `flags` of vLLM, `model` to take instead, program to `close`, whether
  to `stop` our other models, and the keys from `verdict` to `parts_bytes` as they would be then
"""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

from desktop_app.domain.fit import Fit, Measured, MemoryParts, Proposal, Surroundings, Verdict, Wish, judge, proposals
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.domain.units import memory_words
from desktop_app.terminal.notes import printable

NOT_KNOWN = 3
"""The exit code when it cannot be said whether the model runs. 2 is argparse's, for words that it does not know."""
_EXIT_CODES = {
    **dict.fromkeys((Verdict.RUNS_WELL, Verdict.TIGHT, Verdict.PROCESSOR, Verdict.SLOW), 0),
    Verdict.UNKNOWN: NOT_KNOWN,
}
"""1 for every other verdict: it does not run."""
_WORDS = {
    Verdict.RUNS_WELL: "runs well here",
    Verdict.TIGHT: "is tight here",
    Verdict.PROCESSOR: "runs here on the processor only",
    Verdict.SLOW: "is slow here",
    Verdict.TOO_BIG: "is too big for this machine",
    Verdict.UNSUITED: "does not run here",
}
_WIDEST = 100
"""Columns of prose."""


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
    """Print the answer; the exit code is 0 when the model runs, 1 when it does not, 3 when that is not known."""
    fit = judge(question.spec, question.machine, question.wish, question.around, question.measured)
    found = proposals(
        question.spec, question.machine, question.wish, question.around, question.siblings, question.measured
    )
    if as_json:
        print(json.dumps(_as_json(question, fit, found), indent=1, ensure_ascii=False))
    else:
        for line in _folded(lines(question.spec, question.wish, fit, found)):
            print(line)
    return _EXIT_CODES.get(fit.verdict, 1)


def lines(spec: ModelSpec, wish: Wish, fit: Fit, found: Sequence[Proposal]) -> list[str]:
    """The answer as text."""
    told = [_verdict(spec, fit), fit.reason]
    if 0 < fit.context < wish.context:
        told.append(f"It was made for at most {fit.context:,} tokens of context; that is what was reckoned with.")
    if fit.parts is not None:
        told += ["", _heading(wish, fit), *_part_lines(fit)]
    if fit.longest:
        most = ", which is all that it was made for" if fit.longest == spec.context else ""
        told += ["", f"There is room for a context of up to {fit.longest:,} tokens{most}."]
    if found:
        told += ["", "What would help:" if fit.fits_now else "What would make it fit:"]
        told += [line for number, one in enumerate(found, 1) for line in _proposal_lines(number, one)]
    return told


def _verdict(spec: ModelSpec, fit: Fit) -> str:
    if fit.verdict is Verdict.UNKNOWN:
        return f"It is not known whether {spec.name} runs here."
    place = f", {'in' if not fit.cards else 'on'} {fit.place}" if fit.place and fit.verdict in _EXIT_CODES else ""
    return f"{spec.name} {_WORDS[fit.verdict]}{place}."


def _heading(wish: Wish, fit: Fit) -> str:
    source = "as the engine measured it" if fit.measured else "as an estimate"
    people = f" for each of {wish.people} people" if wish.people > 1 else ""
    each = "of each card" if fit.cards > 1 else "of the card" if fit.cards else "of the computer"
    return f"The memory {each}, with a context of {fit.context:,} tokens{people}, {source}:"


def _part_lines(fit: Fit) -> Iterator[str]:
    parts = fit.parts or MemoryParts(0, 0, 0, 0, 0, 0)
    kept = f" ({memory_words(parts.kept)} of that should stay free)" if parts.free > parts.kept > 0 else ""
    share = ", its share" if fit.cards > 1 else ""
    told = (
        (parts.weights, f"the model{share}"),
        (parts.kv_cache, "what is said and answered (KV cache)"),
        (parts.overhead, "what the engine itself needs"),
        (parts.others, "in use by others now"),
        (parts.free, f"left over{kept}"),
        (parts.total, "in all"),
    )
    yield from (f"  {memory_words(size):>9}  {words}" for size, words in told)
    if parts.missing:
        yield f"  {memory_words(parts.missing):>9}  missing"


def _proposal_lines(number: int, one: Proposal) -> Iterator[str]:
    yield f"  {number}. {one.words}: {one.fit.verdict.value.lower()}."
    yield f"     {one.effect}"
    if one.flags:
        yield f"     As flags of vLLM: {' '.join(_flag(name, value) for name, value in one.flags)}"


def _flag(name: str, value: object) -> str:
    return f"(no {name})" if value is None else name if value is True else f"{name} {value}"


def _folded(told: Sequence[str]) -> Iterator[str]:
    """Lines that are too long for the screen, continued under their beginning; as they are for a file or a program."""
    width = min(shutil.get_terminal_size().columns, _WIDEST) if sys.stdout.isatty() else 0
    for line in map(printable, told):
        indent = " " * (len(line) - len(line.lstrip()))
        folded = textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) if width else []
        yield from folded or [line]


def _as_json(question: Question, fit: Fit, found: Sequence[Proposal]) -> dict[str, object]:
    return {
        "model": question.spec.name,
        "people": question.wish.people,
        **_fit_json(fit),
        "remedies": [
            {
                "words": one.words,
                "effect": one.effect,
                "flags": dict(one.flags),
                "model": one.sibling or None,
                "close": one.program or None,
                "stop": one.stop,
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
        "context": fit.context or None,
        "longest_context": fit.longest or None,
        "measured": fit.measured,
        "parts_bytes": {**asdict(fit.parts), "missing": fit.parts.missing} if fit.parts else None,
    }
