"""The described machines: verdicts as the table has them, in an order that makes sense, and a good first suggestion."""

from dataclasses import replace
from itertools import pairwise

import pytest

from desktop_app.domain.fit import Verdict, judge
from desktop_app.domain.machine import Machine, runs_vllm
from desktop_app.domain.tiers import Tier, tier_of
from tests.domain import machine_verdicts
from tests.domain.machine_verdicts import Verdicts

MACHINES = machine_verdicts.machines()
CATALOG = machine_verdicts.catalog()

RANK = {Verdict.RUNS_WELL: 4, Verdict.TIGHT: 3, Verdict.PROCESSOR: 2, Verdict.SLOW: 2, Verdict.TOO_BIG: 1}
"""What a person would rather have; the other verdicts say nothing about size."""

GROWING = (
    ("no-gpu-4gb", "no-gpu-8gb", "no-gpu-16gb"),
    ("no-gpu-32gb", "no-gpu-64gb"),
    ("gpu-8gb", "gpu-16gb", "gpu-48gb", "gpu-80gb", "gpu-141gb"),
    ("gpu-12gb", "gpu-24gb", "gpus-4x24gb"),
    ("gpu-24gb-busy", "gpu-48gb"),
)
"""Machines of the same kind, the smaller ones first."""

SMALLEST = {"container-2gb", "gpu-2gb"}
"""The smallest of all: nothing that chats runs well there with the usual context, but something does with a shorter
one or with little room left."""


@pytest.fixture(scope="module")
def found() -> Verdicts:
    return machine_verdicts.verdicts(MACHINES, CATALOG)


def test_there_are_machines_of_every_tier() -> None:
    assert {tier_of(machine) for machine in MACHINES.values()} == set(Tier)


def test_the_verdicts_are_those_of_the_table(found: Verdicts) -> None:
    table = machine_verdicts.read()
    differences = [
        f"{model} on {machine}: {_words(found, machine, model)}, in the table {_words(table, machine, model)}"
        for machine, model in sorted(found.keys() | table.keys())
        if found.get((machine, model)) is not table.get((machine, model))
    ]
    advice = "When that is right, write the table anew: python -m tests.domain.machine_verdicts"
    assert not differences, "\n".join([*differences, advice])


def _words(verdicts: Verdicts, machine: str, model: str) -> str:
    verdict = verdicts.get((machine, model))
    return verdict.value if verdict else "nothing"


@pytest.mark.parametrize("name", MACHINES)
def test_more_memory_never_makes_a_verdict_worse(name: str, found: Verdicts) -> None:
    larger = _doubled(MACHINES[name])
    worse = [
        f"{model.spec.name}: {before.value}, then {after.value}"
        for model in CATALOG.models
        if (before := found[name, model.spec.name]) in RANK
        and RANK.get(after := judge(model.spec, larger).verdict, 0) < RANK[before]
    ]
    assert not worse


@pytest.mark.parametrize(("smaller", "larger"), [pair for kind in GROWING for pair in pairwise(kind)])
def test_a_larger_machine_of_the_same_kind_is_never_worse(smaller: str, larger: str, found: Verdicts) -> None:
    worse = [
        f"{model}: {before.value}, then {after.value}"
        for model in (model.spec.name for model in CATALOG.models)
        if RANK.get(before := found[smaller, model], 0) > RANK.get(after := found[larger, model], 0)
    ]
    assert not worse


@pytest.mark.parametrize("name", [name for name, machine in MACHINES.items() if runs_vllm(machine)])
def test_something_is_suggested_that_runs_well(name: str) -> None:
    """The page suggests the first of the tier that runs well here: it is meant to be the first or second."""
    machine = MACHINES[name]
    specs = [CATALOG.spec(one) for one in (CATALOG.suggestions or {})[tier_of(machine).name]]
    verdicts = [judge(spec, machine).verdict for spec in specs if spec]
    if name in SMALLEST:
        assert Verdict.TIGHT in verdicts
    else:
        assert Verdict.RUNS_WELL in verdicts[:2]


def test_on_an_ordinary_machine_the_first_suggestion_runs_well() -> None:
    """The second is for boards that read slowly, and for computers whose memory is mostly in use."""
    second = {
        name
        for name in MACHINES.keys() - SMALLEST - {"no-avx2"}
        if (first := CATALOG.spec((CATALOG.suggestions or {})[tier_of(MACHINES[name]).name][0]))
        and judge(first, MACHINES[name]).verdict is not Verdict.RUNS_WELL
    }
    assert second == {"arm-16gb", "no-gpu-4gb"}


def test_where_vllm_does_not_run_nothing_does(found: Verdicts) -> None:
    for name, machine in MACHINES.items():
        verdicts = {verdict for (where, _), verdict in found.items() if where == name}
        assert runs_vllm(machine) or machine.gpus or verdicts == {Verdict.UNSUITED}


def _doubled(machine: Machine) -> Machine:
    cards = tuple(replace(gpu, total_bytes=2 * gpu.total_bytes, free_bytes=2 * gpu.free_bytes) for gpu in machine.gpus)
    memory, available = 2 * machine.memory_bytes, 2 * machine.available_bytes
    return replace(machine, memory_bytes=memory, available_bytes=available, gpus=cards)
