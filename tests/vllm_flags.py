"""What vLLM 0.32.0 answered when it was asked for its flags, recorded; for tests without the engine."""

import asyncio
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from desktop_app.domain.flags import FlagTable
from desktop_app.engine import flags
from desktop_app.paths import Paths
from tests.engine_fakes import make_environment

RECORDED = Path(__file__).parent / "data" / "vllm_flags" / "0.32.0.json"


@cache
def recorded_table() -> FlagTable:
    """The table, read by the shipped code from a Python that stands in for the engine's."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(1) as thread:
        asked = flags.read_table(make_environment(Path(name)), Paths(Path(name) / "data"), {})
        # A thread of its own, since tests may have a loop running on theirs.
        return thread.submit(asyncio.run, asked).result()


def recorded() -> dict[str, object]:
    """The same as it was written down."""
    answer: dict[str, object] = json.loads(RECORDED.read_text("utf-8"))
    return answer
