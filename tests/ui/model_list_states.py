"""Rows of the lists of models as the services would publish them. Not judged: the verdicts are given."""

from dataclasses import replace
from pathlib import Path

from desktop_app.domain.catalog import CatalogModel
from desktop_app.domain.errors import UserError
from desktop_app.domain.fit import Fit, MemoryParts, Verdict
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import Condition, Gate, HubModel, LocalModel, Source
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.services.models_view import ModelRow, ModelsState

GIB = 1 << 30
MACHINE = Machine(
    "A processor", 8, 16 * GIB, frozenset(), (Gpu("NVIDIA GeForce RTX 4060", 8 * GIB, 7 * GIB, "580", (8, 9)),)
)


def make_row(name: str, verdict: Verdict = Verdict.RUNS_WELL, gigabytes: float = 1.0, about: str = "") -> ModelRow:
    """A model that is not on this computer; with *about* the catalogue knows it."""
    size = int(gigabytes * 1e9)
    spec = ModelSpec(name, weights_bytes=size, parameters=size // 2)
    parts = MemoryParts(size, GIB, GIB, GIB, max(0, 5 * GIB - size), 8 * GIB)
    known = CatalogModel(spec, about, "apache-2.0") if about else None
    return ModelRow(name, name, spec, Fit(verdict, f"It is {verdict.value.lower()}.", parts=parts), known=known)


def make_local(
    name: str,
    condition: Condition = Condition.READY,
    source: Source = Source.OURS,
    problem: UserError | None = None,
    verdict: Verdict = Verdict.RUNS_WELL,
) -> ModelRow:
    """A model on this computer."""
    row, ref = make_row(name, verdict), ModelRef(name, Path("/models") / name, source is Source.GUIDE)
    repository = name if "/" in name else ""
    local = LocalModel(ref, source, condition, row.spec, row.size_bytes, repo_id=repository, problem=problem)
    return replace(row, key=ref.key, local=local)


GUIDE = make_local("Guide", source=Source.GUIDE)
SMALL = replace(make_row("Qwen/Small-1B", about="Quick answers to short questions."), suggested=True)
CODER = make_row("deepseek/Coder-3B", gigabytes=3.0, about="Writes and explains code.")
NARROW = make_row("microsoft/Narrow-4B", Verdict.TIGHT, 4.0, "Sums in small steps.")
SLOW = make_row("Qwen/Slow-7B", Verdict.PROCESSOR, 7.0, "A good all-rounder.")
BIG = make_row("meta-llama/Big-70B", Verdict.TOO_BIG, 140.0, "Long and careful answers.")
STRANGER = replace(
    make_row("somebody/Stranger", Verdict.UNKNOWN, 0.0), found=HubModel("somebody/Stranger", gate=Gate.MANUAL)
)
CATALOGUE = (SMALL, CODER, NARROW, SLOW, BIG)
STATE = ModelsState(MACHINE, "a graphics card of 8–16 GB", (GUIDE,), CATALOGUE)
