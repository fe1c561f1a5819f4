"""What would make a model fit, or fit better. Called through `domain/fit`.

Each proposal is judged like any other case, and kept only if its verdict is better or if the model could then be
started now. Two things together are proposed only where none alone suffices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from desktop_app.domain.fit_closing import closable, without, without_ours
from desktop_app.domain.fit_judge import judge
from desktop_app.domain.fit_load import LEAST_CONTEXT, context_of
from desktop_app.domain.fit_values import Fit, Measured, Proposal, Surroundings, Verdict, Wish
from desktop_app.domain.launch import FlagValue
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.domain.units import memory_words

_AS_IT_IS = Wish()
_ALONE = Surroundings()
_MOST = 6
_SHORT = "fp8"
_RANKS = {Verdict.RUNS_WELL: 3, Verdict.TIGHT: 2, Verdict.PROCESSOR: 1, Verdict.SLOW: 1}
"""Those that are no start at all are 0."""
_STEPS = ((8192, 1024), (32_768, 4096), (131_072, 8192), (1 << 24, 65_536))
"""Round numbers: up to so many tokens, in steps of so many."""


@dataclass(frozen=True)
class _Case:
    """What is judged, and what was done to get there."""

    spec: ModelSpec
    machine: Machine
    wish: Wish
    around: Surroundings
    measured: Measured | None
    words: tuple[str, ...] = ()
    gains: tuple[str, ...] = ()
    """What each step brings besides the figures, in a sentence; empty for nothing."""
    program: str = ""
    sibling: str = ""
    stop: bool = False

    def judged(self) -> Fit:
        """The verdict in this case."""
        return judge(self.spec, self.machine, self.wish, self.around, self.measured)

    def wished(self, words: str, wish: Wish, gain: str = "") -> "_Case":
        """The same with another wish."""
        return replace(self, wish=wish, words=(*self.words, words), gains=(*self.gains, gain))


_Found = list[tuple[_Case, Fit]]


def proposals(
    spec: ModelSpec,
    machine: Machine,
    wish: Wish = _AS_IT_IS,
    around: Surroundings = _ALONE,
    siblings: Sequence[ModelSpec] = (),
    measured: Measured | None = None,
) -> tuple[Proposal, ...]:
    """What would make *spec* fit, best first; nothing when it runs well."""
    start = _Case(spec, machine, wish, around, measured)
    now = start.judged()
    if now.verdict is Verdict.RUNS_WELL:
        return ()
    closing = list(_closing(start, now))
    short = list(_short_cache(start))
    alone = [*_shorter(start), *short, *_siblings(start, siblings), *_cards(start), *closing]
    found = _better(alone, now)
    if not any(fit.fits_now and not case.sibling for case, fit in found):
        together = [one for case in (*short, *closing) for one in _shorter(case)]
        together += [one for case in closing for one in _short_cache(case)]
        found += _better(together, now)
    # Sorting keeps the order of those that are equally good.
    found.sort(key=lambda pair: _rank(pair[1]), reverse=True)
    return tuple(_proposal(case, fit, start, now) for case, fit in found[:_MOST])


def flags_of(wish: Wish, fit: Fit) -> tuple[tuple[str, FlagValue | None], ...]:
    """The flags of vLLM that start a model as it was judged: context, KV cache and cards, where chosen."""
    flags: list[tuple[str, FlagValue | None]] = []
    if wish.context:
        flags.append(("--max-model-len", str(fit.context or wish.context)))
    if wish.kv_dtype != _AS_IT_IS.kv_dtype:
        flags.append(("--kv-cache-dtype", wish.kv_dtype))
    if fit.cards > 1:
        flags.append(("--tensor-parallel-size", str(fit.cards)))
        if fit.devices != tuple(range(fit.cards)):
            flags.append(("--device-ids", ",".join(map(str, fit.devices))))
    return tuple(flags)


def _rank(fit: Fit) -> tuple[int, bool]:
    return _RANKS.get(fit.verdict, 0), fit.fits_now


def _better(cases: Iterable[_Case], now: Fit) -> _Found:
    judged = ((case, case.judged()) for case in cases)
    return [(case, fit) for case, fit in judged if _rank(fit) > _rank(now)]


def _shorter(case: _Case) -> Iterable[_Case]:
    """The longest round context that makes it run well, or else that fits now."""
    fitting: _Case | None = None
    for context in _round_numbers(context_of(case.spec, case.wish) - 1):
        one = case.wished(f"Use a context of {context:,}", replace(case.wish, context=context))
        fit = one.judged()
        if fit.verdict is Verdict.RUNS_WELL:
            return (one,)
        if fitting is None and fit.fits_now:
            fitting = one
    return (fitting,) if fitting else ()


def _round_numbers(most: int) -> Iterable[int]:
    """Round numbers of tokens from *most* down to the least that is any use."""
    number = most
    while number >= LEAST_CONTEXT:
        step = next((step for bound, step in _STEPS if number <= bound), _STEPS[-1][1])
        number = number // step * step
        if number >= LEAST_CONTEXT:
            yield number
        number -= 1


def _short_cache(case: _Case) -> Iterable[_Case]:
    if case.wish.kv_dtype == _AS_IT_IS.kv_dtype:
        gain = "A little precision is lost."
        yield case.wished("Keep the conversation in fp8", replace(case.wish, kv_dtype=_SHORT), gain)


def _siblings(case: _Case, siblings: Sequence[ModelSpec]) -> Iterable[_Case]:
    for one in siblings:
        gain = f"Its weights have {one.bits:g} bits instead of 16." if one.bits else ""
        words = (f"Take {one.name} instead",)
        yield replace(case, spec=one, measured=None, sibling=one.name, words=words, gains=(gain,))


def _cards(case: _Case) -> Iterable[_Case]:
    if case.wish.cards:
        cards = replace(case.wish, cards=0)
        count = judge(case.spec, case.machine, cards, case.around, case.measured).cards
        if count > case.wish.cards:
            yield case.wished(f"Share it out among {count} cards", replace(cards, cards=count))


def _closing(case: _Case, now: Fit) -> Iterable[_Case]:
    """Without the program that holds most, and without our other models."""
    for user in closable(case.machine, now)[:1]:
        gain = f"Gives back {memory_words(user.used_bytes)}."
        machine = without(case.machine, now, user)
        yield replace(case, machine=machine, program=user.name, words=(f"Close {user.name}",), gains=(gain,))
    machine, given = without_ours(case.machine, now, case.around.taken_bytes)
    if given:
        around = replace(case.around, taken_bytes=0)
        gain = f"Gives back {memory_words(given)}."
        yield replace(case, machine=machine, around=around, stop=True, words=("Stop the other model",), gains=(gain,))


def _proposal(case: _Case, fit: Fit, start: _Case, now: Fit) -> Proposal:
    changed = case.wish != start.wish
    return Proposal(
        words=_joined(case.words),
        effect=_effect(case, fit, now),
        fit=fit,
        wish=case.wish if changed else None,
        flags=_changes(case.wish, start.wish, fit, now),
        sibling=case.sibling,
        program=case.program,
        stop=case.stop,
    )


def _changes(wish: Wish, before: Wish, fit: Fit, now: Fit) -> tuple[tuple[str, FlagValue | None], ...]:
    """The flags that differ from those before."""
    same = set(flags_of(before, now))
    return tuple(flag for flag in flags_of(wish, fit) if flag not in same)


def _joined(words: tuple[str, ...]) -> str:
    first, *others = words
    return " and ".join((first, *(word[0].lower() + word[1:] for word in others)))


def _effect(case: _Case, fit: Fit, now: Fit) -> str:
    saved = now.parts.needed - fit.parts.needed if now.parts and fit.parts and fit.kind is now.kind else 0
    gains = [f"Saves {memory_words(saved)}."] if saved >= (1 << 30) // 20 else []
    return " ".join((*gains, *(gain for gain in case.gains if gain), fit.reason))
