"""What would make a model fit."""

from dataclasses import replace

import pytest

from desktop_app.domain.fit import Surroundings, Verdict, Wish, flags_of, judge, proposals
from desktop_app.domain.machine import Machine, MemoryUser
from desktop_app.domain.model_spec import ModelSpec
from tests.domain.fit_cases import BIG, GIB, LLAMA, QUANTISED, SMALL, card, machine, sized

BLENDER = MemoryUser("blender", int(3.5 * GIB))
FIREFOX = MemoryUser("firefox", int(2.1 * GIB))
SHELL = MemoryUser("gnome-shell", 4 * GIB)
OURS = MemoryUser("vllm", 9 * GIB, ours=True)


def words(spec: ModelSpec, computer: Machine, wish: Wish) -> list[str]:
    return [one.words for one in proposals(spec, computer, wish)]


def test_nothing_is_proposed_for_what_runs_well() -> None:
    assert proposals(SMALL, machine(16), siblings=(QUANTISED,)) == ()


def test_a_shorter_context_is_the_longest_round_one_that_helps() -> None:
    computer = machine(32, card(24))
    wish = Wish(context=131_072)
    assert judge(LLAMA, computer, wish).verdict is Verdict.TIGHT
    first = proposals(LLAMA, computer, wish)[0]
    assert first.wish is not None
    assert first.words == f"Use a context of {first.wish.context:,}"
    assert first.flags == (("--max-model-len", str(first.wish.context)),)
    assert first.fit.verdict is Verdict.RUNS_WELL
    assert judge(LLAMA, computer, replace(wish, context=first.wish.context + 8192)).verdict is not Verdict.RUNS_WELL
    assert first.effect.startswith("Saves ")
    assert first.effect.endswith(first.fit.reason)


def test_a_short_format_of_the_cache_where_the_card_has_it() -> None:
    wish = Wish(context=50_000)
    found = proposals(LLAMA, machine(32, card(24)), wish)
    short = next(one for one in found if one.words == "Keep the conversation in fp8")
    assert short.flags == (("--kv-cache-dtype", "fp8"),)
    assert short.wish == Wish(context=50_000, kv_dtype="fp8")
    assert "precision" in short.effect
    older = machine(32, card(24, capability=(8, 6)))
    assert "Keep the conversation in fp8" not in words(LLAMA, older, wish)


def test_a_smaller_copy() -> None:
    found = proposals(LLAMA, machine(32, card(12)), siblings=(QUANTISED,))
    assert [one.sibling for one in found] == ["llama-AWQ"]
    assert found[0].words == "Take llama-AWQ instead"
    assert found[0].fit.verdict is Verdict.RUNS_WELL
    assert "4 bits instead of 16" in found[0].effect
    assert found[0].flags == ()
    assert found[0].wish is None


def test_a_smaller_copy_of_a_model_that_this_card_cannot_read() -> None:
    computer = machine(32, card(24, capability=(7, 5)))
    odd = replace(QUANTISED, name="llama-MXFP4", quantization="mxfp4")
    assert judge(odd, computer, around=Surroundings()).verdict is not Verdict.RUNS_WELL
    assert proposals(odd, computer, siblings=(QUANTISED,))[0].sibling == "llama-AWQ"


def test_closing_the_program_that_holds_most() -> None:
    computer = machine(32, card(12, free=7, users=(SHELL, BLENDER, FIREFOX)))
    found = proposals(sized(LLAMA, 6), computer)
    closing = next(one for one in found if one.program)
    assert (closing.program, closing.words) == ("blender", "Close blender")
    assert closing.effect.startswith("Gives back 3.5 GB. Takes ")
    assert closing.fit.fits_now
    memory = machine(8, available=2.2, users=(FIREFOX, replace(OURS, used_bytes=GIB)))
    assert "Close firefox" in words(SMALL, memory, Wish())


def test_stopping_our_other_model() -> None:
    computer = machine(32, card(24, free=14, users=(OURS,)))
    found = proposals(LLAMA, computer, around=Surroundings(taken_bytes=9 * GIB))
    stopping = next(one for one in found if one.stop)
    assert stopping.words == "Stop the other model"
    assert stopping.fit.verdict is Verdict.RUNS_WELL
    assert not any(one.program for one in found)


def test_more_cards() -> None:
    computer = machine(32, card(24), card(24))
    assert judge(sized(LLAMA, 30), computer, Wish(cards=1)).verdict is Verdict.TOO_BIG
    first = proposals(sized(LLAMA, 30), computer, Wish(cards=1))[0]
    assert first.words == "Share it out among 2 cards"
    assert first.flags == (("--tensor-parallel-size", "2"),)
    assert first.fit.cards == 2


def test_two_things_where_one_does_not_suffice() -> None:
    computer = machine(64, card(12, free=8.5, users=(replace(FIREFOX, used_bytes=int(1.2 * GIB)),)))
    both = words(sized(LLAMA, 6.6), computer, Wish(context=16_384))
    assert any(" and use a context of " in one for one in both), both


def test_the_best_come_first_and_each_is_better_than_now() -> None:
    ranks = [Verdict.TOO_BIG, Verdict.PROCESSOR, Verdict.TIGHT, Verdict.RUNS_WELL]  # There is a card: none is slow.
    for size in (4, 6, 8, 12, 14, 16, 24):
        for free in (0.5, 0.8, 1.0):
            computer = machine(24, card(size, free=size * free, users=(SHELL, FIREFOX)), users=(FIREFOX,))
            for wish in (Wish(), Wish(context=100_000), Wish(people=8)):
                now = judge(LLAMA, computer, wish)
                found = proposals(LLAMA, computer, wish, siblings=(QUANTISED,))
                order = [ranks.index(one.fit.verdict) for one in found]
                assert order == sorted(order, reverse=True)
                assert len(found) <= 6
                for one in found:
                    better = (ranks.index(one.fit.verdict), one.fit.fits_now)
                    assert better > (ranks.index(now.verdict), now.fits_now)
                    assert "None" not in one.effect


@pytest.mark.parametrize("spec", [BIG, ModelSpec("x"), ModelSpec("x", weights_bytes=GIB)], ids=["big", "none", "shape"])
def test_nothing_is_proposed_where_nothing_helps(spec: ModelSpec) -> None:
    assert proposals(spec, machine(16, card(8))) == ()


def test_flags_say_how_it_was_judged() -> None:
    computer = machine(64, card(24), card(24))
    wish = Wish(context=16_384, kv_dtype="fp8")
    fit = judge(sized(LLAMA, 30), computer, wish)
    flags = (("--max-model-len", "16384"), ("--kv-cache-dtype", "fp8"), ("--tensor-parallel-size", "2"))
    assert flags_of(wish, fit) == flags
    assert flags_of(Wish(), judge(SMALL, computer)) == ()
    mixed = machine(64, card(8), card(24), card(24))
    named = (("--tensor-parallel-size", "2"), ("--device-ids", "1,2"))
    assert flags_of(Wish(), judge(sized(LLAMA, 30), mixed)) == named
