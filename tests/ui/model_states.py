"""Models, fits and downloads made by hand, for tests of what the Models page shows of one model."""

from dataclasses import replace
from pathlib import Path

from desktop_app.domain.catalog import CatalogModel
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.fit import Fit, MemoryParts, Proposal, Verdict, Wish
from desktop_app.domain.geometry import Geometry
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import (
    Condition,
    DownloadStage,
    DownloadStatus,
    Gate,
    HubFile,
    HubModel,
    LocalModel,
    Source,
)
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.services.models_view import ModelDetail, ModelRow

GB = 2**30
NAME = "Qwen/Qwen3-4B-Instruct-2507"
SHAPE = Geometry(36, 0, 0, 2048, 32, 8, 40_960, 151_936, 2560)
SPEC = ModelSpec(NAME, SHAPE, 8_045_000_000, 4_022_000_000, dtype="bfloat16")
PARTS = MemoryParts(8 * GB, GB, 2 * GB, 2 * GB, 11 * GB, 24 * GB)
FITS = Fit(
    Verdict.RUNS_WELL,
    "Takes 11.0 GB of the 22.0 GB that are free on the card.",
    "NVIDIA RTX 4090",
    EngineKind.CUDA,
    1,
    PARTS,
    8192,
    40_960,
)
TOO_BIG = replace(
    FITS,
    verdict=Verdict.TOO_BIG,
    reason="Its weights alone take 28.0 GB; NVIDIA RTX 4090 has 24.0 GB.",
    parts=MemoryParts(28 * GB, GB, 2 * GB, 2 * GB, 0, 24 * GB),
    longest=0,
)
NOT_KNOWN = Fit(Verdict.UNKNOWN, "How large its weights are is not known.")
SMALLER = replace(SPEC, name=f"{NAME}-AWQ", weights_bytes=2_600_000_000, quantization="awq", bits=4)
KNOWN = CatalogModel(
    SPEC, "Everyday questions and letters.", "apache-2.0", False, released="2025-07", chat=True, tool_parser="hermes",
    siblings=(SMALLER,), download_bytes=8_060_000_000,
)  # fmt: skip
FOUND = HubModel(NAME, "c" * 40, files=(HubFile("model.safetensors", 8_045_000_000),))

AWAY = ModelDetail(ModelRow(NAME, NAME, SPEC, FITS, known=KNOWN), fit=FITS)
"""It fits, and is not on this computer."""
REF = ModelRef(NAME, Path("/data/models/Qwen/Qwen3-4B-Instruct-2507"))
LOCAL = LocalModel(REF, Source.OURS, Condition.READY, SPEC, 8_060_000_000, repo_id=NAME, commit="c" * 40, chat=True)
HERE = replace(AWAY, row=replace(AWAY.row, key=REF.key, local=LOCAL))
FIXES = (
    Proposal("Use a context of 4,096", "Takes 0.6 GB less.", FITS, wish=Wish(4096)),
    Proposal("Take Qwen3-4B-Instruct-2507-AWQ instead", "In 4 bits: 2.6 GB.", FITS, sibling=SMALLER.name),
    Proposal("Close blender", "It holds 2.1 GB of the card.", FITS, program="blender"),
)
BIG = replace(AWAY, fit=TOO_BIG, proposals=FIXES, siblings=((SMALLER, FITS),))
STRANGER = ModelRow(
    "lab/stranger", "lab/stranger", ModelSpec("lab/stranger"), NOT_KNOWN, found=HubModel("lab/stranger")
)
UNKNOWN = ModelDetail(STRANGER, fit=NOT_KNOWN)
GATED = replace(AWAY, row=replace(AWAY.row, found=replace(FOUND, gate=Gate.MANUAL)))
DAMAGED = replace(
    HERE,
    row=replace(
        HERE.row,
        local=replace(LOCAL, condition=Condition.DAMAGED, problem=UserError("A file is wrong.", "model.safetensors")),
    ),
)
UNFINISHED = replace(HERE, row=replace(HERE.row, local=replace(LOCAL, condition=Condition.UNFINISHED)))

LOADING = DownloadStatus(
    NAME, DownloadStage.RUNNING, "c" * 40, 1_230_000_000, 3_100_000_000, 24e6, 4, 12, "model-00001-of-00003.safetensors"
)
PAUSED = replace(LOADING, stage=DownloadStage.PAUSED)
FULL = UserError("The disk is full.", "1.9 GB are missing.", Remedy.RETRY, "errno 28")
FAILED = replace(LOADING, stage=DownloadStage.FAILED, error=FULL)
DONE = replace(LOADING, stage=DownloadStage.DONE, done_bytes=3_100_000_000, files_done=12, model=REF)
