"""The verdict: how a model would run on a machine.

A model is weighed in each place that there is, the cards first, as few as suffice, then the computer's memory. It takes
its weights, the KV cache for the wished context and people, and what vLLM takes besides (`fit_room`).

- *Runs well*: it takes at most 90 % of what is free now.
- *Tight*: it takes more of that; or only a shorter context fits now, of 2,048 tokens at least; or it fits once other
  programs are closed.
- *Processor only*: there is a card that vLLM can use, but it does not hold the model or does not read its format; the
  computer's memory and processor do.
- *Slow here*: there is no such card, or one that shares the computer's memory, and so much of that must be read for
  every word that fewer than five come out in a second (`fit_speed`, a rule of thumb).
- *Too big*: not even that. Weights that exceed every place are too big whatever else is not known.
- *Does not run here*: vLLM does not run on this processor, or does not read its format on this processor or card.
- *Not known*: the size of its weights or its shape is.

Where there are cards and vLLM can use none of them, the reason says so first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from desktop_app.domain import cards as graphics
from desktop_app.domain import fit_words as words
from desktop_app.domain.fit_formats import cache_refusal, refusal
from desktop_app.domain.fit_load import LEAST_CONTEXT, Load, context_of, load_of
from desktop_app.domain.fit_places import Place, places_of
from desktop_app.domain.fit_speed import slow
from desktop_app.domain.fit_values import Fit, Measured, MemoryParts, Surroundings, Verdict, Wish
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.machine import Machine, runs_vllm
from desktop_app.domain.model_spec import ModelSpec, active_bytes, loaded_bytes

_WELL = 0.9
"""What of the free memory a model may take to run well (the rest is for what else a person does)."""

_AS_IT_IS = Wish()
_ALONE = Surroundings()


class _Standing(IntEnum):
    """How a model fits a place, the best last."""

    NO = 0
    CLOSED_SHORTER = 1
    """With a short context, once other programs are closed."""
    CLOSED = 2
    """Once other programs are closed."""
    SHORTER = 3
    """With a shorter context."""
    TIGHT = 4
    WELL = 5


@dataclass(frozen=True)
class _Trial:
    """A model in a place."""

    place: Place
    load: Load
    context: int
    standing: _Standing


def judge(
    spec: ModelSpec,
    machine: Machine,
    wish: Wish = _AS_IT_IS,
    around: Surroundings = _ALONE,
    measured: Measured | None = None,
) -> Fit:
    """How *spec* fits *machine*.

    Args:
        spec: the model.
        machine: what the computer has.
        wish: context, people and how they are kept.
        around: what the machine alone does not say.
        measured: what the engine that is used said of the model once, which replaces the estimate.
    """
    fit = _judge(spec, machine, wish, around, measured)
    fault = graphics.fault(machine.gpus[0]) if graphics.first_usable(machine.gpus) is None and machine.gpus else ""
    if not fault or fit.verdict is Verdict.UNKNOWN:
        return fit
    reason = words.instead_of_card(fault, fit.reason) if runs_vllm(machine) else words.neither(fault)
    return replace(fit, reason=reason)


def _judge(spec: ModelSpec, machine: Machine, wish: Wish, around: Surroundings, measured: Measured | None) -> Fit:
    places = places_of(machine, wish, around)
    refused = [_refusal(spec, place, machine, wish) for place in places]
    suited = [place for place, reason in zip(places, refused, strict=True) if not reason]
    if not suited:
        return Fit(Verdict.UNSUITED, next(reason for reason in refused if reason))
    suited = [place for place in suited if place.cards < 2 or _divisible(spec, place.cards)]
    if not suited:
        return Fit(Verdict.UNSUITED, words.indivisible(spec, wish.cards))
    if not loaded_bytes(spec) and not (measured and measured.weights):
        return Fit(Verdict.UNKNOWN, words.WEIGHTS_UNKNOWN)
    if spec.geometry is None and not (measured and measured.kv_token_bytes):
        return _without_shape(spec, suited, measured)
    # A card that cannot read the format is why the processor is looked at.
    unread = next((reason for place, reason in zip(places, refused, strict=True) if reason and place.cards), "")
    return _fit(spec, _best(_trials(spec, suited, wish, measured)), wish, unread)


def _refusal(spec: ModelSpec, place: Place, machine: Machine, wish: Wish) -> str:
    """Why *spec* cannot run in *place* whatever its size, in a sentence; empty if it can."""
    if place.kind is EngineKind.CPU and not runs_vllm(machine):
        return words.NO_PROCESSOR
    return refusal(spec, place.card, machine.cpu_flags) or cache_refusal(spec, wish.kv_dtype, place.card)


def _trials(spec: ModelSpec, places: Sequence[Place], wish: Wish, measured: Measured | None) -> Iterable[_Trial]:
    for place in places:
        load = load_of(spec, place, wish, measured, place.kind is places[0].kind)
        context = context_of(spec, wish)
        yield _Trial(place, load, context, _standing(load, place, context))


def _best(trials: Iterable[_Trial]) -> _Trial:
    """The first that runs well on cards; else the best on cards; the processor when none holds it."""
    rest = iter(trials)
    best = next(rest)
    for trial in rest:
        held = best.standing is not _Standing.NO
        if best.standing is _Standing.WELL or (held and trial.place.kind is EngineKind.CPU):
            break
        if trial.standing > best.standing or (not held and not trial.standing and _larger(trial, best)):
            best = trial
    return best


def _larger(trial: _Trial, best: _Trial) -> bool:
    return trial.place.most * max(1, trial.place.cards) > best.place.most * max(1, best.place.cards)


def _standing(load: Load, place: Place, context: int) -> _Standing:
    needed = load.needed(context)
    if needed <= place.limit:
        return _Standing.WELL if needed <= place.room.free * _WELL else _Standing.TIGHT
    least = load.needed(min(context, LEAST_CONTEXT))
    if least <= place.limit:
        return _Standing.SHORTER
    if needed <= place.most:
        return _Standing.CLOSED
    return _Standing.CLOSED_SHORTER if least <= place.most else _Standing.NO


def _divisible(spec: ModelSpec, cards: int) -> bool:
    """Whether the heads can be shared out among *cards* (`config/model.py`, `verify_with_parallel_config`)."""
    shape = spec.geometry
    if shape is None:
        return True
    if shape.heads % cards:
        return False
    return all(heads % cards == 0 or cards % heads == 0 for heads in (shape.kv_heads, shape.windowed_kv_heads) if heads)


def _fit(spec: ModelSpec, trial: _Trial, wish: Wish, unread: str) -> Fit:
    place, load, context = trial.place, trial.load, trial.context
    parts = _parts(load, place, context)
    too_big = trial.standing is _Standing.NO
    verdict, reason = _too_big(trial) if too_big else _held(spec, trial, parts, wish, unread)
    return Fit(
        verdict=verdict,
        reason=reason,
        place=place.words,
        kind=None if too_big else place.kind,
        cards=0 if too_big else place.cards,
        parts=parts,
        context=context,
        longest=load.longest(place.limit),
        measured=load.measured,
        devices=place.devices,
    )


def _too_big(trial: _Trial) -> tuple[Verdict, str]:
    return Verdict.TOO_BIG, words.too_big(trial.load, trial.place, min(trial.context, LEAST_CONTEXT))


def _held(spec: ModelSpec, trial: _Trial, parts: MemoryParts, wish: Wish, unread: str) -> tuple[Verdict, str]:
    """The verdict on a model that its place holds."""
    place, reason = trial.place, _how_it_fits(trial, parts, wish)
    read = active_bytes(spec)
    too_much = read if slow(read, place.speed) else 0
    if place.second:
        return Verdict.PROCESSOR, words.on_processor(reason, place, unread, too_much)
    if too_much:
        return Verdict.SLOW, words.slow("" if trial.standing >= _Standing.TIGHT else reason, place, too_much)
    return Verdict.RUNS_WELL if trial.standing is _Standing.WELL else Verdict.TIGHT, reason


def _how_it_fits(trial: _Trial, parts: MemoryParts, wish: Wish) -> str:
    place, load = trial.place, trial.load
    if trial.standing >= _Standing.TIGHT:
        return words.takes(parts, place, trial.standing is _Standing.TIGHT, load.measured)
    if trial.standing is _Standing.SHORTER:
        return words.shorter(parts, place, trial.context, wish.people, load.longest(place.limit))
    return words.closed(parts, place, 0 if trial.standing is _Standing.CLOSED else load.longest(place.most))


def _parts(load: Load, place: Place, context: int) -> MemoryParts:
    """Of each card, or of the computer's memory."""
    total, kv_cache = place.room.total, load.kv_cache(context)
    others = max(0, total - place.room.free)
    left = max(0, total - others - load.weights - load.overhead - kv_cache)
    return MemoryParts(
        load.weights, kv_cache, load.overhead, others, left, total, kept=max(0, place.room.free - place.limit)
    )


def _without_shape(spec: ModelSpec, places: Sequence[Place], measured: Measured | None) -> Fit:
    """What can be said when it is not known what a conversation takes."""
    single = [place for place in places if place.cards < 2] or places
    loads = [(load_of(spec, place, _AS_IT_IS, measured), place) for place in single]
    load, place = next(((one, where) for one, where in loads if one.weights <= where.limit), loads[-1])
    shared = max((where.most * max(1, where.cards) for where in places), default=0)
    if all(one.weights > where.most for one, where in loads) and load.weights > shared:
        load, place = max(loads, key=lambda pair: pair[1].most)
        return Fit(Verdict.TOO_BIG, words.too_big(load, place, 0), place=place.words)
    return Fit(Verdict.UNKNOWN, words.shape_unknown(load.weights, place))
