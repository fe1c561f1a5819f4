"""Shared memory below /dev/shm: which of it processes use, and its removal once they are gone. Standard library only.

`supervisor` and `leftovers` remove what the processes of an engine leave behind: Python's resource tracker removes only
what Python made, and only while it lives.
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

_FOLDER = Path("/dev/shm")  # noqa: S108 - where the kernel puts POSIX shared memory
_OPENMP = "__KMP_REGISTERED_LIB_"
_OURS = ("psm_", "sem.mp-", "vllm_dist_", "torch_", "nccl-", _OPENMP)
"""How the names begin that vLLM's parts give: Python's multiprocessing, vLLM on processors, PyTorch, NCCL, OpenMP."""


def used_by(pids: Iterable[int]) -> set[str]:
    """Names below /dev/shm that these processes have made or mapped and that still stand there."""
    names = set()
    for pid in pids:
        # LLVM's OpenMP leaves it behind when it is killed; its name is all that tells whose it is.
        if (_FOLDER / (name := f"{_OPENMP}{pid}_{os.getuid()}")).exists():
            names.add(name)
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/maps").read_text("utf-8", "replace").splitlines():
                path = line[line.find("/") :] if "/" in line else ""
                if path.startswith(f"{_FOLDER}/") and not path.endswith(" (deleted)"):
                    names.add(Path(path).name)
    return names


def remove(names: Iterable[str]) -> list[str]:
    """Remove those of *names* that an engine can have made; gives the ones that are still there."""
    left = []
    for name in names:
        file = _FOLDER / Path(name).name
        if file.name.startswith(_OURS):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
            if os.path.lexists(file):
                left.append(file.name)
    return left
