"""Which engines there are: found, proved, remembered, checked, removed; and which one is chosen.

`engines/known/` has a record of each, `engines/current.json` names the chosen one. Called by `services/setup` and by
`install.py`. Environments that somebody else made are never deleted, only forgotten.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import CheckProgress, EngineCheck, EngineEnvironment, EngineKind, InstalledEngine
from desktop_app.engine import check_files, contents, proof
from desktop_app.paths import Paths
from desktop_app.transfer import children

_DISCARDED = "discarded-"


def remembered(paths: Paths) -> EngineEnvironment | None:
    """The environment that was chosen last, without running it; None when there is none or its Python is gone."""
    found = _read(_current(paths))
    return found.environment if found else None


def known(paths: Paths) -> tuple[InstalledEngine, ...]:
    """Every engine that can be chosen, the newest first."""
    chosen = _read(_current(paths))
    found = {engine.environment: engine for path in _folder(paths).glob("*.json") if (engine := _read(path))}
    if chosen and chosen.environment not in found:
        found[chosen.environment] = chosen
    marked = [
        replace(one, chosen=chosen is not None and one.environment == chosen.environment) for one in found.values()
    ]
    return tuple(sorted(marked, key=lambda one: (_release(one.environment.version), one.environment.key), reverse=True))


def save(engine: InstalledEngine, paths: Paths) -> None:
    """Keep what is known of *engine*, now and after a crash.

    Raises:
        OSError: the data folder cannot be written to.
    """
    _write(_folder(paths) / f"{engine.environment.key}.json", engine)


def remember(environment: EngineEnvironment, paths: Paths) -> None:
    """Make *environment* the chosen one, which `remembered` gives, now and after a crash.

    Raises:
        OSError: the data folder cannot be written to.
    """
    engine = next((one for one in known(paths) if one.environment == environment), None)
    engine = engine or InstalledEngine(environment, chosen=True)
    save(engine, paths)
    _write(_current(paths), engine)


def forget(paths: Paths, key: str = "") -> None:
    """Forget the engine *key*; without one, forget which is chosen. Nothing is deleted."""
    chosen = _read(_current(paths))
    if not key or (chosen and chosen.environment.key == key):
        _current(paths).unlink(missing_ok=True)
    if key:
        (_folder(paths) / f"{key}.json").unlink(missing_ok=True)


def is_ours(environment: EngineEnvironment, paths: Paths) -> bool:
    """Whether we made it, here, and may delete it."""
    return (
        environment.managed and not environment.image and environment.folder.parent.resolve() == paths.engines.resolve()
    )


def remove(environment: EngineEnvironment, paths: Paths) -> int:
    """Forget *environment*, and delete it when we made it; the bytes that this frees. It blocks for seconds.

    Raises:
        OSError: it cannot be deleted.
    """
    forget(paths, environment.key)
    if not is_ours(environment, paths):
        return 0
    size = contents.tree_bytes(environment.folder)
    discard(environment.folder)
    return size


def discard(folder: Path) -> None:
    """Delete *folder* so that it is gone at once even if this is interrupted: half an environment looks like one."""
    if not folder.exists():
        return
    doomed = folder.with_name(f"{_DISCARDED}{uuid.uuid4().hex[:8]}")
    folder.rename(doomed)
    shutil.rmtree(doomed)


def sweep(paths: Paths) -> None:
    """Finish deleting what was being deleted when the program ended."""
    for folder in paths.engines.glob(f"{_DISCARDED}*"):
        shutil.rmtree(folder)


async def adopt(path: Path, paths: Paths) -> EngineEnvironment:
    """Prove and choose an environment that somebody else made; *path* is its folder or its interpreter.

    Raises:
        EngineError: there is no Python at *path*, or no vLLM in it that we can use.
    """
    environment = await proof.prove(await asyncio.to_thread(_interpreter, path), managed=False)
    await asyncio.to_thread(remember, environment, paths)
    return environment


async def check(environment: EngineEnvironment, report: Callable[[CheckProgress], None]) -> EngineCheck:
    """Compare every file with what its package says, in a process of its own: 2 s for 35,000 files on two cores.

    Cancelling ends it at once.

    Raises:
        EngineError: there is nothing that could be compared, or it could not be read.
    """
    packages = contents.packages_of(environment.folder)
    if environment.image or not packages.is_dir():
        reason = "Only the files of an environment on this disk can be compared with what their packages say."
        raise EngineError("This engine cannot be checked.", reason)
    began, result, lines = time.monotonic(), dict[str, Any](), list[str]()

    def hear(line: str) -> None:
        lines.append(line)
        with contextlib.suppress(ValueError, TypeError, KeyError):
            said = json.loads(line)
            if "done" in said:
                report(CheckProgress(environment.key, int(said["done"]), int(said["total"]), int(said["bad"])))
            elif "files" in said:
                result.update(said)

    argv = (sys.executable, "-I", "-S", check_files.__file__, str(packages))
    env = {"PATH": os.environ.get("PATH", "")}
    code = await children.run(argv, env, packages, hear)
    if code or not result:
        title = "The check could not be finished."
        raise EngineError(title, "The files of the engine cannot be read.", Remedy.RETRY, "\n".join(lines[-20:]))
    names = {name: tuple(map(str, result[name])) for name in ("bad", "missing", "packages")}
    return EngineCheck(int(result["files"]), **names, seconds=time.monotonic() - began)


def _interpreter(path: Path) -> Path:
    """The interpreter that somebody means by *path*. Links are kept: a venv's `python` points at the one outside."""
    path = path.expanduser().absolute()
    folders = (path / "bin", path) if path.is_dir() else (path.parent,)
    # A file is only ever run when it is called python: somebody may point at anything.
    named = (path,) if path.is_file() and path.name.startswith("python") else ()
    candidates: tuple[Path, ...] = (*named, *(folder / name for folder in folders for name in ("python", "python3")))
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    raise proof.no_python(path, "")


def _read(path: Path) -> InstalledEngine | None:
    """What a record says; None when it says nothing, or of an engine that is gone or that we do not run."""
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        environment = EngineEnvironment(
            python=Path(facts["python"]),
            version=str(facts["version"]),
            kind=EngineKind[facts["kind"]],
            managed=bool(facts["managed"]),
            image=str(facts.get("image", "")),
        )
        size, tried = int(facts.get("disk_bytes", 0)), bool(facts.get("tried", True))
        engine = InstalledEngine(environment, False, size, _check_of(facts.get("check")), tried)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    usable = os.access(environment.python, os.X_OK) and not proof.too_old(environment.version)
    return engine if usable else None


def _check_of(facts: Any) -> EngineCheck | None:  # noqa: ANN401 - what JSON holds
    if not facts:
        return None
    names = {name: tuple(map(str, facts[name])) for name in ("bad", "missing", "packages")}
    return EngineCheck(int(facts["files"]), **names, seconds=float(facts["seconds"]))


def _write(path: Path, engine: InstalledEngine) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    environment = engine.environment
    facts = {
        "python": str(environment.python),
        "version": environment.version,
        "kind": environment.kind.name,
        "managed": environment.managed,
        "image": environment.image,
        "disk_bytes": engine.disk_bytes,
        "tried": engine.tried,
        "check": asdict(engine.last_check) if engine.last_check else None,
    }
    with draft.open("w", encoding="utf-8") as file:
        json.dump(facts, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _release(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".") if part.isdigit()]
    return (*numbers, 0, 0, 0)[:3]


def _current(paths: Paths) -> Path:
    return paths.engines / "current.json"


def _folder(paths: Paths) -> Path:
    return paths.engines / "known"
