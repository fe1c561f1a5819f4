"""What answers come from: a model's files and their hashes, the engine and how it was started, the machine.

`experiment_engines.py` asks once for each start of an engine. Hashing a large model takes as long as its disk, so it
happens in a thread while the engine starts, and what was reckoned once is kept until the file changes.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from hashlib import sha256
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Provenance
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import LaunchPlan, ModelRef
from desktop_app.domain.machine import Machine
from desktop_app.domain.units import memory_words

# ruff: noqa: PLC0415 - what looks at models and starts engines is imported when that is done
if TYPE_CHECKING:
    from desktop_app.hub.hashes import ModelFile

_logger = logging.getLogger(__name__)

_PATH = re.compile(r"(?<![\w./])/(?:[^/\"',]+/)*([^/\"',]+)")
"""An absolute path in a word of a command line, and the last name in it; folders may have blanks in their names."""
_NOT_TOLD = ("--model", "--uds", "--custom-histogram-buckets")
"""Flags of `engine/launch` before a folder or a socket, which differ between computers and mean nothing, and before the
bounds at which times are counted: no answer depends on them."""
_NAME = "--served-model-name="
_TEMPLATE_LIMIT = 16 << 20


class FileHashes(Protocol):
    """Keeps hashes of files; `store.experiments.ExperimentStore` is one."""

    async def file_hash(self, path: Path, size: int, mtime_ns: int) -> str | None:
        """The SHA-256 of a file that looked like this; None when it is not known. Raises UserError."""

    async def keep_file_hash(self, path: Path, size: int, mtime_ns: int, hashed: str) -> None:
        """Keep one. Raises UserError."""


class Provenances:
    """Finds out where answers come from.

    Args:
        hashes: keeps the hashes of files.
        machine: describes the computer; blocks.
    """

    def __init__(self, hashes: FileHashes, machine: Callable[[], Machine]) -> None:
        self._hashes = hashes
        self._machine = machine

    async def files(self, model: ModelRef) -> tuple[tuple[str, str], ...]:
        """Name and SHA-256 of every file of *model*; one that cannot be read is left out, and the log says so.

        Cancelled, it ends within a megabyte.
        """
        from desktop_app.hub import hashes

        found = []
        for file in await asyncio.to_thread(hashes.files_of, model.folder):
            digest = file.sha256 or await self._known(file) or await self._reckoned(file)
            if digest:
                found.append((file.name, digest))
        return tuple(found)

    async def of_engine(self, model: ModelRef, plan: LaunchPlan, files: tuple[tuple[str, str], ...]) -> Provenance:
        """Of answers by an engine of ours for *model*, started by *plan*; *files* are those of the model."""
        return await asyncio.to_thread(self._of_engine, model, plan, files)

    async def of_server(self, model: ModelRef, version: str) -> Provenance:
        """Of answers by a server elsewhere, of which only vLLM says its *version*."""
        return Provenance(
            model=model.name, address=model.address, engine=f"vLLM {version}" if version else "", program=_program()
        )

    async def _known(self, file: "ModelFile") -> str | None:
        try:
            return await self._hashes.file_hash(file.path, file.size, file.modified)
        except UserError as error:
            _logger.warning("A hash cannot be looked up: %s", error.sentence())
            return None

    async def _reckoned(self, file: "ModelFile") -> str:
        """The hash of a file, kept for the next time; empty when it cannot be read."""
        digest = await _hashed(file.path)
        if digest:
            try:
                await self._hashes.keep_file_hash(file.path, file.size, file.modified, digest)
            except UserError as error:
                _logger.warning("A hash cannot be kept: %s", error.sentence())
        return digest

    def _of_engine(self, model: ModelRef, plan: LaunchPlan, files: tuple[tuple[str, str], ...]) -> Provenance:
        kind = "CPU" if plan.environment.kind is EngineKind.CPU else "CUDA"
        return Provenance(
            model=model.name,
            revision=revision_of(model.folder),
            files=files,
            template=_template(plan),
            engine=f"vLLM {plan.environment.version} ({kind})",
            arguments=arguments_of(plan),
            hardware=hardware_line(self._machine(), plan.environment.kind),
            program=_program(),
        )


def revision_of(folder: Path) -> str:
    """The commit of the model in *folder*, by the record of its download or the cache of Hugging Face; reads a file."""
    from desktop_app.hub.hashes import commit_of

    cached = folder.name if re.fullmatch("[0-9a-f]{40}", folder.name) else ""
    return commit_of(folder) or cached


def arguments_of(plan: LaunchPlan) -> tuple[str, ...]:
    """With what the engine was started, variables first, without what only says where things lie on this computer.

    Of other paths their last name is left; keys and passwords are masked.
    """
    from desktop_app.engine import launch
    from desktop_app.services.masking import MASK, Masker, Person, is_secret

    words = launch.command(plan)
    words = words[words.index("--model") :]
    told = [
        MASK if before.startswith("--") and not word.startswith("--") and is_secret(before, word) else word
        for before, word in pairwise(("", *words))
        if word not in _NOT_TOLD and before not in _NOT_TOLD and not word.startswith(_NAME)
    ]
    masker = Masker(Person(""))
    variables = (f"{name}={value}" for name, value in plan.variables)
    return tuple(masker.mask(_PATH.sub(r"…/\1", word)) for word in (*variables, *told))


def hardware_line(machine: Machine, kind: EngineKind) -> str:
    """What computer it is, in a line; graphics cards where engines of *kind* use them."""
    cores = f"{machine.cores} core" if machine.cores == 1 else f"{machine.cores} cores"
    parts = [machine.cpu_name, cores, f"{memory_words(machine.memory_bytes)} of memory"]
    if kind is EngineKind.CUDA:
        parts += [f"{gpu.name} ({memory_words(gpu.total_bytes)})" for gpu in machine.gpus]
        drivers = dict.fromkeys(gpu.driver for gpu in machine.gpus if gpu.driver)
        parts += [f"driver {driver}" for driver in drivers]
    return ", ".join(part for part in parts if part)


def _template(plan: LaunchPlan) -> str:
    """The hash of the chat template that the engine uses; empty for none."""
    from desktop_app.engine import model_files

    text = model_files.look(plan.model.folder).template
    chosen = plan.get("--chat-template")
    if isinstance(chosen, str) and chosen:
        # A file, or the template itself.
        text = _read(Path(chosen)) or chosen
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest() if text else ""


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_TEMPLATE_LIMIT).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


async def _hashed(path: Path) -> str:
    """The SHA-256 of a file; empty when it cannot be read."""
    from desktop_app.hub import hashes

    ended = threading.Event()
    try:
        return await asyncio.to_thread(hashes.sha256_of, path, ended.is_set)
    except OSError as error:
        _logger.warning("A file of the model cannot be read: %s", error)
        return ""
    finally:
        ended.set()


def _program() -> str:
    try:
        return metadata.version("vllm-desktop")
    except metadata.PackageNotFoundError:
        return ""
