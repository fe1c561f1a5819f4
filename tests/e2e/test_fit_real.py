"""What is predicted from the files alone, against what the real vLLM says when it has loaded them."""

import os
import subprocess
from pathlib import Path

import pytest

from desktop_app.domain.fit import Measured
from desktop_app.domain.geometry import CPU_BLOCK, IN_FLIGHT
from desktop_app.engine.measured import FigureReader
from desktop_app.hub.spec import spec_of_folder
from tests import engine_cache
from tests.e2e import checkpoints

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

_KV_BYTES = 256 << 20
_CONTEXT = 4096
_NAMES = [make.__name__ for make in checkpoints.ALL]
_WITHIN = 0.02


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each checkpoint."""
    place = tmp_path_factory.mktemp("checkpoints")
    return {make.__name__: make(place / make.__name__) for make in checkpoints.ALL}


@pytest.fixture(scope="module")
def said(folders: dict[str, Path]) -> dict[str, Measured]:
    """What vLLM logs of each; one process loads them all, since most of a start is reading vLLM itself."""
    script = Path(checkpoints.__file__).with_name("load_models.py")
    argv = [str(engine_cache.environment().python), str(script), str(_KV_BYTES), str(_CONTEXT), str(IN_FLIGHT)]
    quiet = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    done = subprocess.run(
        [*argv, *map(str, folders.values())],
        env={**os.environ, **quiet},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    found: dict[str, Measured] = {}
    reader = FigureReader(_KV_BYTES)
    for line in done.stdout.splitlines():
        reader.feed(line)
        if line.startswith("LOADED "):
            found[Path(line.removeprefix("LOADED ")).name] = reader.measured()
            reader = FigureReader(_KV_BYTES)
    return found


@pytest.mark.parametrize("name", _NAMES)
def test_the_weights_are_what_vllm_reads(name: str, folders: dict[str, Path], said: dict[str, Measured]) -> None:
    predicted = spec_of_folder(folders[name]).weights_bytes
    assert predicted == pytest.approx(said[name].weights, rel=_WITHIN)


@pytest.mark.parametrize("name", _NAMES)
def test_the_bytes_of_a_token_are_what_vllm_sets_aside(
    name: str, folders: dict[str, Path], said: dict[str, Measured]
) -> None:
    geometry = spec_of_folder(folders[name]).geometry
    assert geometry is not None
    predicted = geometry.request_bytes(_CONTEXT, 2.0, CPU_BLOCK) / _CONTEXT
    assert predicted == pytest.approx(said[name].kv_token_bytes, rel=_WITHIN)
