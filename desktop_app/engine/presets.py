"""What each preset sets, as flags and variables that can be shown. Called by `launch`.

On a processor vLLM's own defaults are for servers: they take 92 % of the memory, compile for 25 seconds and use three
processes, of which two starve each other on few cores. Measured on two cores with a model of 0.2 billion parameters:
ready after 11 s (QUICK) and 18 s (SPEED) where vLLM's defaults take 34 s; 85 and 107 tokens/s where they give 75. For
graphics cards the values follow vLLM's source (`config/vllm.py`, `v1/worker/startup_plan.py`).
"""

import shutil
import sys

import psutil

from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import FlagValue, Preset

Flags = tuple[tuple[str, FlagValue], ...]
Variables = tuple[tuple[str, str], ...]

STANDARD_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")

BASE: Flags = (("--load-format", "safetensors"), ("--max-model-len", "auto"))
"""For every model: only weights that cannot run programs, and as much context as fits."""

_BOUNDS = (
    '{"inter_token_latency": [0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, '
    "0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80], "
    '"time_to_first_token": [0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, '
    "0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 2.5, 4, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560]}"
)
FINE_TIMES: Flags = (("--custom-histogram-buckets", _BOUNDS),)
"""Where vLLM counts how long words take: at its own bounds (`v1/metrics/buckets.py`) and between them. Its first one
between two tokens is 10 ms: of a model that writes 500 tokens/s, all that could be told is "less than that"."""

# float16 is slow on processors. Compiling needs a C++ compiler, so the presets without it do not depend on one.
_EAGER: Flags = (("--enforce-eager", True),)
_PROCESSOR: dict[Preset, Flags] = {
    Preset.QUICK: (("--dtype", "bfloat16"), ("--max-num-seqs", "8"), *_EAGER),
    Preset.SPEED: (("--dtype", "bfloat16"), ("--max-num-seqs", "8")),
    Preset.MANY: (("--dtype", "bfloat16"), ("--max-num-seqs", "64"), ("--max-num-batched-tokens", "4096")),
}
_CARD: dict[Preset, Flags] = {
    Preset.QUICK: (
        ("--optimization-level", "1"),
        ("--max-num-seqs", "8"),
        ("--cudagraph-capture-sizes", "1 2 4 8"),
        ("--enable-flashinfer-autotune", False),
    ),
    Preset.SPEED: (("--performance-mode", "interactivity"), ("--max-num-seqs", "16")),
    Preset.MANY: (("--performance-mode", "throughput"),),
}

_ONE_PROCESS = ("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
"""One process less: 5 seconds and 0.6 GB less, and smooth streaming on few cores."""
_NO_AOT = ("VLLM_USE_AOT_COMPILE", "0")
"""vLLM cannot read back what it compiled ahead of time for a processor (0.32 and 0.33), and compiles again."""
_KEEP_MEASURES = ("VLLM_ENABLE_STARTUP_PLAN", "1")
"""Memory of a card is measured once for the same model and settings, not at every start."""

VARIABLES = frozenset({_ONE_PROCESS[0], _NO_AOT[0], _KEEP_MEASURES[0], "OMP_NUM_THREADS", "CXX"})
"""Names of every variable that a preset may set."""


def flags(kind: EngineKind, preset: Preset) -> Flags:
    """The flags of *preset*; sizes of memory are added by `launch`, which knows the machine."""
    if kind is EngineKind.CUDA:
        return BASE + _CARD[preset]
    chosen = _PROCESSOR[preset]
    if ("--enforce-eager", True) not in chosen and not compiler():
        chosen += _EAGER
    return BASE + chosen


def variables(kind: EngineKind, cores: int) -> Variables:
    """The variables that go with every preset; *cores* is how many may be kept busy."""
    if kind is EngineKind.CUDA:
        return (_KEEP_MEASURES,)
    found = compiler()
    # torch's inductor looks for g++ unless it is told otherwise.
    chosen = (("CXX", found),) if found and not found.endswith("g++") else ()
    return (_ONE_PROCESS, _NO_AOT, ("OMP_NUM_THREADS", str(threads(cores))), *chosen)


def threads(cores: int) -> int:
    """Physical cores among *cores* that may be used; from four on, one is left for the window and for vLLM's server.

    Measured with a 0.2-billion-parameter model on two cores: 85 tokens/s with two threads, 63 with one. vLLM's own
    binding of threads leaves one core out even of two.
    """
    physical = psutil.cpu_count(logical=False) or cores
    usable = max(1, min(cores, physical))
    return usable if usable < 4 else usable - 1


def compiler() -> str:
    """The C++ compiler that torch can use, which only compiling on processors needs; empty for none."""
    names = ("g++", "clang++") if sys.platform != "darwin" else ("clang++",)
    found = (shutil.which(name, path=":".join(STANDARD_PATH)) for name in names)
    return next((path for path in found if path), "")
