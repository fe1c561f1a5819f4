"""The verdicts."""

import re
import time
from collections.abc import Iterable
from dataclasses import replace

import pytest

from desktop_app.domain.fit import Fit, Measured, Surroundings, Verdict, Wish, judge
from desktop_app.domain.geometry import geometry
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.domain.model_spec import ModelSpec, active_bytes, loaded_bytes
from tests.domain.fit_cases import BIG, GIB, LLAMA, MOE, QUANTISED, SMALL, card, machine, sized

RANKS = {Verdict.TOO_BIG: 0, Verdict.SLOW: 1, Verdict.PROCESSOR: 1, Verdict.TIGHT: 2, Verdict.RUNS_WELL: 3}
BOARD = frozenset(("asimd", "atomics"))


def test_a_small_model_runs_well_on_a_small_computer() -> None:
    fit = judge(SMALL, machine(8, available=6))
    assert fit.verdict is Verdict.RUNS_WELL
    assert fit.reason == "Takes 3.5 GB of the 6.0 GB that are free."
    assert (fit.place, fit.kind, fit.cards, fit.card) == ("the computer's memory", EngineKind.CPU, 0, None)
    assert fit.fits_now
    assert fit.context == 8192
    assert fit.longest == 32_768


def test_what_leaves_little_is_tight() -> None:
    fit = judge(SMALL, machine(8, available=3.7))
    assert fit.verdict is Verdict.TIGHT
    assert fit.reason.endswith("free, which leaves little room.")
    assert fit.fits_now


def test_what_fits_with_a_shorter_context_only_is_tight() -> None:
    fit = judge(replace(LLAMA, weights_bytes=4 * GIB), machine(8, available=5.7), Wish(context=32_768))
    assert fit.verdict is Verdict.TIGHT
    assert fit.reason == f"With 32,768 tokens it needs 3.5 GB more than there is room for; {fit.longest:,} fit."
    assert 2048 <= fit.longest < 32_768
    assert not fit.fits_now


def test_what_fits_once_programs_are_closed_is_tight() -> None:
    fit = judge(SMALL, machine(8, available=2.5))
    assert fit.verdict is Verdict.TIGHT
    assert fit.reason == "It needs 3.5 GB, and 5.5 GB of the 8.0 GB are in use."
    busy = judge(SMALL, machine(32, card(8, free=2.0)))
    assert busy.verdict is Verdict.TIGHT
    assert "on the card" in busy.reason
    assert not busy.fits_now


def test_too_big_says_why() -> None:
    fit = judge(BIG, machine(16, available=12))
    assert fit.verdict is Verdict.TOO_BIG
    assert fit.reason == "Its weights alone take 131.0 GB; this computer has 16.0 GB."
    assert (fit.kind, fit.cards, fit.longest) == (None, 0, 0)
    close = judge(LLAMA, machine(16, available=15.5))
    assert close.reason.startswith("Even with 2,048 tokens it needs 16.")
    assert not close.fits_now


def test_the_processor_is_named_when_no_card_holds_it() -> None:
    fit = judge(QUANTISED, machine(32, card(4), available=28))
    assert fit.verdict is Verdict.PROCESSOR
    assert fit.reason == (
        "No card holds it, only the computer's memory, which needs vLLM for processors: "
        "takes 7.2 GB of the 28.0 GB that are free."
    )
    assert (fit.kind, fit.cards, fit.place) == (EngineKind.CPU, 0, "the computer's memory")
    both = judge(LLAMA, machine(32, card(8), available=28))
    assert both.verdict is Verdict.PROCESSOR
    assert both.reason.endswith("free; and 15.0 GB must be read for every word, about 2 words a second.")


def test_a_processor_that_reads_too_much_is_slow() -> None:
    fit = judge(LLAMA, machine(64, available=60))
    assert fit.verdict is Verdict.SLOW
    assert fit.reason == "For every word 15.0 GB must be read, about 2 words a second on this processor."
    # Of a mixture of experts only a part is read.
    assert judge(MOE, machine(128, available=120)).verdict is Verdict.RUNS_WELL
    assert active_bytes(MOE) < loaded_bytes(MOE) // 8


def test_what_is_slow_and_does_not_fit_now_says_that_first() -> None:
    long = judge(LLAMA, machine(32, available=18), Wish(context=32_768))
    assert long.verdict is Verdict.SLOW
    assert re.match(
        r"With 32,768 tokens it needs .*; [\d,]+ fit; and 15.0 GB must be read for every word, ", long.reason
    )
    busy = judge(LLAMA, machine(32, available=8))
    assert busy.verdict is Verdict.SLOW
    assert "GB are in use; and 15.0 GB must be read" in busy.reason


@pytest.mark.parametrize(
    ("cores", "flags", "words"),
    [(2, BOARD, 1), (4, BOARD, 1), (8, BOARD, 2), (8, frozenset(), 2), (16, frozenset(), 3), (32, frozenset(), 3)],
)
def test_how_slow_follows_the_machine(cores: int, flags: frozenset[str], words: int) -> None:
    reason = judge(LLAMA, replace(machine(64), cores=cores, cpu_flags=flags)).reason
    assert f"{words} words a second" in reason if words > 1 else "one word a second or less" in reason


def test_a_workstation_reads_quickly_enough() -> None:
    assert judge(LLAMA, replace(machine(64), cores=64)).verdict is Verdict.RUNS_WELL
    assert judge(sized(LLAMA, 30), replace(machine(64), cores=64)).verdict is Verdict.SLOW


def test_a_processor_that_vllm_does_not_run_on() -> None:
    old = replace(machine(16), cpu_flags=frozenset(("fpu", "sse2", "avx")))
    fit = judge(SMALL, old)
    assert (fit.verdict, fit.reason) == (Verdict.UNSUITED, "This processor has no AVX2, which vLLM needs.")
    assert judge(SMALL, replace(old, gpus=(card(8),))).verdict is Verdict.RUNS_WELL
    assert judge(LLAMA, replace(old, gpus=(card(8),))).verdict is Verdict.TOO_BIG
    neither = judge(SMALL, replace(old, gpus=(card(8, capability=(6, 1)),)))
    assert neither.verdict is Verdict.UNSUITED
    assert neither.reason == "a card is too old for vLLM, and this processor has no AVX2, which vLLM needs."


def test_cards_that_cannot_be_used_are_the_reason_for_the_processor() -> None:
    driver = judge(SMALL, machine(8, replace(card(24), driver="570.10"), available=6))
    assert (driver.verdict, driver.kind) == (Verdict.RUNS_WELL, EngineKind.CPU)
    assert driver.reason == (
        "The NVIDIA driver 570.10 is too old for vLLM, so the processor is used: "
        "takes 3.5 GB of the 6.0 GB that are free."
    )
    old = machine(16, card(8, capability=(6, 1)), available=12)
    assert judge(BIG, old).reason.startswith("a card is too old for vLLM, so the processor is used: its weights alone")
    assert "too old" not in judge(ModelSpec("x"), old).reason
    assert "too old" not in judge(SMALL, replace(old, gpus=(*old.gpus, card(8)))).reason


def test_an_engine_for_processors_leaves_the_card_alone() -> None:
    around = Surroundings(engine=EngineKind.CPU)
    assert judge(SMALL, machine(32, card(24), available=28), around=around).kind is EngineKind.CPU
    assert judge(SMALL, machine(32, card(24), available=28)).kind is EngineKind.CUDA


def test_what_is_not_known_is_never_no() -> None:
    computer = machine(16, available=12)
    assert judge(ModelSpec("x"), computer).verdict is Verdict.UNKNOWN
    fit = judge(ModelSpec("x", weights_bytes=4 * GIB, dtype="bfloat16"), computer)
    assert fit.verdict is Verdict.UNKNOWN
    assert fit.reason == "Its weights take 4.0 GB, and 12.0 GB are free; what a conversation takes is not known."
    # The parameters and their format tell the size as well.
    assert judge(replace(SMALL, weights_bytes=0), computer).verdict is Verdict.RUNS_WELL


def test_weights_beyond_every_place_are_too_big_whatever_else() -> None:
    unknown = ModelSpec("x", weights_bytes=60 * GIB, dtype="bfloat16")
    assert judge(unknown, machine(16, available=12)).verdict is Verdict.TOO_BIG
    assert judge(unknown, machine(16, card(24), card(24), card(24))).verdict is Verdict.UNKNOWN


def test_cards_are_shared_as_far_as_the_heads_allow() -> None:
    four = machine(64, *(card(24, name="NVIDIA RTX 3090") for _ in range(4)))
    assert judge(LLAMA, four).cards == 1
    fit = judge(sized(LLAMA, 30), four)
    assert (fit.verdict, fit.cards, fit.place) == (Verdict.RUNS_WELL, 2, "2 × NVIDIA RTX 3090")
    assert (fit.devices, fit.card) == ((0, 1), None)
    assert "on each of 2 cards" in fit.reason
    assert fit.parts is not None
    assert fit.parts.weights == 15 * GIB
    assert judge(sized(LLAMA, 50), four).cards == 4, "three do not divide 32 heads"
    odd = geometry({"hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2})
    assert judge(replace(SMALL, geometry=odd), four, Wish(cards=2)).cards == 2
    refused = judge(replace(SMALL, geometry=odd), four, Wish(cards=4))
    assert refused.verdict is Verdict.UNSUITED
    assert refused.reason == "Its 14 attention heads cannot be shared out among 4 cards."


def test_only_cards_that_are_alike_share() -> None:
    mixed = machine(16, card(24, name="large"), card(8, name="small"))
    assert judge(sized(LLAMA, 26), mixed).verdict is Verdict.TOO_BIG
    fit = judge(SMALL, mixed)
    assert (fit.place, fit.card) == ("large", 0)
    three = machine(16, card(8, name="small"), card(24, free=20), card(24))
    assert judge(sized(LLAMA, 26), three).devices == (1, 2)
    assert judge(LLAMA, three).devices == (2,)
    parts = machine(16, card(20, mig="2g.20gb"), card(20, mig="2g.20gb"))
    assert judge(sized(LLAMA, 26), parts).verdict is Verdict.TOO_BIG


def test_the_fullest_of_several_cards_decides() -> None:
    fit = judge(sized(LLAMA, 30), machine(16, card(24), card(24, free=10)))
    assert fit.verdict is Verdict.TIGHT
    assert fit.parts is not None
    assert fit.parts.others == 14 * GIB


def test_a_card_that_shares_the_computers_memory_leaves_some() -> None:
    spark = machine(128, card(120, unified=True), available=110)
    fit = judge(sized(LLAMA, 90), spark)
    assert (fit.verdict, fit.card) == (Verdict.SLOW, 0)
    assert fit.reason == "For every word 90.0 GB must be read, about 2 words a second on a card."
    assert judge(sized(LLAMA, 40), spark).verdict is Verdict.RUNS_WELL
    assert fit.parts is not None
    assert fit.parts.kept > 0.1 * fit.parts.total
    small = judge(SMALL, machine(16, card(15, unified=True)))
    assert small.parts is not None
    assert small.parts.kept > 5 * GIB


def test_a_second_model_of_ours_counts() -> None:
    free = judge(LLAMA, machine(64, card(24)))
    assert free.verdict is Verdict.RUNS_WELL
    after = judge(LLAMA, machine(64, card(24)), around=Surroundings(taken_bytes=10 * GIB))
    assert after.verdict is Verdict.TIGHT
    assert after.parts is not None
    assert after.parts.others == 10 * GIB


def test_measured_figures_replace_the_estimate() -> None:
    said = Measured(weights=3 * GIB, overhead=GIB, kv_token_bytes=1 << 16)
    fit = judge(SMALL, machine(16, card(12)), measured=said)
    assert fit.measured
    assert fit.reason == "Takes 4.5 GB of the 12.0 GB that are free on the card, as measured."
    assert fit.parts is not None
    assert (fit.parts.weights, fit.parts.overhead, fit.parts.kv_cache) == (3 * GIB, GIB, GIB // 2 + 16 * 28 * 1024)
    # With its shape unknown, the engine's word is enough.
    assert judge(ModelSpec("x"), machine(16, card(12)), measured=said).verdict is Verdict.RUNS_WELL


@pytest.mark.parametrize(
    ("method", "capability", "flags", "verdict", "words"),
    [
        ("awq", (7, 5), "", Verdict.RUNS_WELL, ""),
        ("awq", None, "", Verdict.RUNS_WELL, ""),
        ("mxfp4", (7, 5), "avx2", Verdict.UNSUITED, "compute capability 8.0; a card has 7.5"),
        ("mxfp4", (7, 5), "avx512_bf16", Verdict.PROCESSOR, "compute capability 8.0; a card has 7.5; on the processor"),
        ("bitsandbytes", (9, 0), "", Verdict.UNSUITED, "which vLLM does not read"),
        ("fp8", None, "avx2", Verdict.UNSUITED, "AMX"),
        ("fp8", None, "amx_tile", Verdict.RUNS_WELL, ""),
        ("modelopt_fp4", None, "amx_tile", Verdict.UNSUITED, "needs a graphics card"),
        ("\u202eevil\n", None, "", Verdict.UNSUITED, "format evil, which"),
    ],
)
def test_formats_that_vllm_does_not_read(
    method: str, capability: tuple[int, int] | None, flags: str, verdict: Verdict, words: str
) -> None:
    cards = (card(24, capability=capability),) if capability else ()
    computer = replace(machine(64, *cards), cpu_flags=frozenset((flags,)) if flags else frozenset())
    fit = judge(replace(QUANTISED, quantization=method), computer)
    assert fit.verdict is verdict
    assert words in fit.reason


def test_a_processor_reads_four_bits_and_not_eight() -> None:
    eight = replace(QUANTISED, quantization="gptq", bits=8.0)
    assert judge(replace(eight, bits=4.0), machine(64)).verdict is Verdict.RUNS_WELL
    assert judge(eight, machine(64)).verdict is Verdict.UNSUITED
    assert judge(eight, machine(64, card(24))).verdict is Verdict.RUNS_WELL


@pytest.mark.parametrize(
    ("name", "words"), [("x-FP8-dynamic", "AMX"), ("x-NVFP4", "format nvfp4 needs a graphics card"), ("x-w4a16", "")]
)
def test_what_a_wrapping_holds_is_in_the_name(name: str, words: str) -> None:
    spec = replace(QUANTISED, name=name, quantization="compressed-tensors")
    fit = judge(spec, replace(machine(64), cpu_flags=frozenset(("avx2",))))
    assert words in fit.reason
    assert (fit.verdict is Verdict.UNSUITED) is bool(words)


def test_a_cache_in_fp8_needs_a_card_that_has_it() -> None:
    wish = Wish(kv_dtype="fp8")
    newer, older = (machine(8, card(24, capability=version)) for version in ((8, 9), (8, 6)))
    assert judge(LLAMA, newer, wish).verdict is Verdict.RUNS_WELL
    refused = judge(LLAMA, older, replace(wish, cards=1))
    assert (refused.verdict, refused.reason) == (Verdict.UNSUITED, "a card cannot keep conversations in fp8.")


def every_fit() -> Iterable[tuple[Machine, Wish, Fit]]:
    specs = (SMALL, LLAMA, BIG, MOE, QUANTISED, ModelSpec("x", weights_bytes=GIB), ModelSpec("y"))
    computers = [
        *(machine(size, available=size * part) for size in (2, 8, 64) for part in (0.0, 0.1, 0.9)),
        *(machine(32, card(size, free=size * part)) for size in (2, 8, 24, 80) for part in (0.0, 0.4, 1.0)),
        machine(64, card(24), card(24, free=3), card(8)),
        machine(2, card(20, mig="2g.20gb")),
        machine(128, card(120, unified=True), available=3),
    ]
    for spec in specs:
        for computer in computers:
            for wish in (Wish(), Wish(context=10**9, people=50), Wish(context=1), Wish(kv_dtype="fp8"), Wish(cards=2)):
                yield computer, wish, judge(spec, computer, wish, Surroundings(taken_bytes=wish.people << 20))


def test_parts_come_to_the_total_and_reasons_can_be_read() -> None:
    for _, _, fit in every_fit():
        assert fit.reason.endswith(".")
        assert fit.reason[0].isupper()
        assert not re.search(r"None|nan|-\d|\d{4}|\b0\.0 GB more|needs 0\.0", fit.reason), fit.reason
        if fit.parts is None:
            continue
        parts = fit.parts
        numbers = (parts.weights, parts.kv_cache, parts.overhead, parts.others, parts.free, parts.kept, parts.missing)
        assert min(numbers) >= 0
        total = parts.needed + parts.others + parts.free
        assert total == parts.total or (parts.free == 0 and total > parts.total)
        assert fit.fits_now is (parts.missing == 0 and fit.kind is not None)
        if fit.verdict is Verdict.RUNS_WELL:
            assert fit.fits_now


@pytest.mark.parametrize("spec", [SMALL, LLAMA, MOE, QUANTISED], ids=lambda spec: spec.name)
def test_more_memory_is_never_worse(spec: ModelSpec) -> None:
    for computers in (
        [machine(size, available=size * 0.8) for size in range(1, 140, 3)],
        [machine(24, card(size)) for size in range(1, 69)],
        [machine(24, card(24, free=size)) for size in range(25)],
    ):
        verdicts = [RANKS[judge(spec, computer).verdict] for computer in computers]
        assert verdicts == sorted(verdicts)


@pytest.mark.parametrize("computer", [machine(32, available=24), machine(32, card(24))], ids=["memory", "card"])
def test_more_context_or_people_never_need_less(computer: Machine) -> None:
    for spec in (SMALL, LLAMA, QUANTISED):
        for wishes in (
            [Wish(context=tokens) for tokens in range(64, 40_000, 999)],
            [Wish(people=people) for people in range(1, 40)],
        ):
            needs = [fit.parts.needed for wish in wishes if (fit := judge(spec, computer, wish)).parts]
            assert len(needs) == len(wishes) or spec is LLAMA
            assert needs == sorted(needs)


def test_the_longest_context_is_one_that_fits() -> None:
    computer = machine(32, card(24))
    longest = judge(LLAMA, computer).longest
    assert judge(LLAMA, computer, Wish(context=longest)).fits_now
    assert not judge(LLAMA, computer, Wish(context=longest + 64)).fits_now


def test_weights_follow_their_format() -> None:
    assert loaded_bytes(replace(SMALL, dtype="float32", weights_bytes=4 * GIB)) == 2 * GIB
    assert loaded_bytes(SMALL, "float32") == 2 * loaded_bytes(SMALL)
    assert loaded_bytes(replace(QUANTISED, weights_bytes=0)) == QUANTISED.parameters // 2
    assert loaded_bytes(ModelSpec("x", parameters=5)) == 0


def test_an_output_matrix_that_is_stored_twice_is_loaded_once() -> None:
    spec = replace(SMALL, unloaded_bytes=GIB // 2)
    assert loaded_bytes(SMALL) - loaded_bytes(spec) == GIB // 2
    assert loaded_bytes(replace(QUANTISED, unloaded_bytes=GIB)) == 4 * GIB


def test_thousands_are_judged_at_once() -> None:
    computer = machine(64, *(card(24) for _ in range(4)))
    specs = [sized(LLAMA, 1 + place % 150) for place in range(5000)]
    begin = time.process_time()
    for spec in specs:
        judge(spec, computer)
    assert time.process_time() - begin < 5, "well under a second of work, with room for a busy machine"


def test_a_card_without_a_known_capability_is_not_refused() -> None:
    unknown = Gpu("a card", 24 * GIB, 24 * GIB, "580")
    assert judge(replace(QUANTISED, quantization="mxfp4"), machine(64, unknown)).verdict is Verdict.RUNS_WELL
