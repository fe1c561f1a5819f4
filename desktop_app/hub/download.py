"""Downloads of models: pinned, checked file by file, continued where they stopped. Called by `services/downloads`.

The bytes pass through a child (`transfer/fetcher`): cancelling the task that runs a download kills it at once, even
when a server says nothing, and what has come stays. Nothing counts before its hash was right.
"""

import asyncio
import contextlib
import errno
import json
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import DownloadStage, DownloadStatus, HubFile, HubModel
from desktop_app.hub import download_errors, download_folder, manifest
from desktop_app.hub.addresses import bearer, check_endpoint
from desktop_app.hub.download_errors import Asked, Failure
from desktop_app.hub.folder_lock import FolderLock, held
from desktop_app.hub.manifest import Manifest
from desktop_app.transfer import children, jobs, names
from desktop_app.transfer.failures import Why

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0)
"""Seconds before each further attempt at a lost connection: a minute and a half without a network is lived through."""
_SPEED_SECONDS = 5.0
"""How far back the speed looks."""
_LOCK_SECONDS = 2.0
"""How long the fetcher of a program that was killed may take to notice."""
_ENVIRONMENT = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    | {f"{kind}_proxy" for kind in ("http", "https", "all", "no")}
    | {f"{kind}_PROXY" for kind in ("HTTP", "HTTPS", "ALL", "NO")}
)
"""What of our environment the child gets to see: nobody's token is among it."""
_Result = TypeVar("_Result")


class Speed:
    """Bytes a second over the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, now: float, came: int) -> float:
        """Take how many bytes had come *now* (seconds of some clock); the speed, 0 while nothing can be said."""
        self._seen.append((now, came))
        while now - self._seen[0][0] > _SPEED_SECONDS:
            self._seen.popleft()
        begin, before = self._seen[0]
        return (came - before) / (now - begin) if now - begin >= 0.5 else 0.0


class Download:
    """One download.

    Args:
        model: what `Hub.look` said: its commit and files.
        folder: where it goes (`target_folder`).
        endpoint: the Hub or a mirror, e.g. `https://huggingface.co`.
        token: for gated repositories; empty for none.
        tell: is called with how far it is, at most four times a second.
        pauses: seconds before each further attempt at a lost connection.
    """

    def __init__(
        self,
        model: HubModel,
        folder: Path,
        endpoint: str,
        token: str,
        tell: Callable[[DownloadStatus], None],
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        self._model = model
        self._folder = folder
        self._endpoint = endpoint
        self._token = token
        self._tell = tell
        self._pauses = pauses
        self._sizes = {file.path: file.size_bytes for file in model.files}
        self._bytes: dict[str, int] = {}
        self._done: set[str] = set()
        self._news = asyncio.Event()
        self._speed = Speed()
        self._lines: list[str] = []
        self._failures: list[Failure] = []
        self._status = DownloadStatus(
            model.repo_id,
            DownloadStage.WAITING,
            model.commit,
            total_bytes=model.download_bytes,
            files_total=len(model.files),
        )

    async def run(self) -> ModelRef:
        """Get what is missing. Cancelling pauses: the child is killed, and what has come stays.

        Returns:
            The model, every file of it checked.

        Raises:
            UserError: it cannot be had, or not now; what has come is kept.
        """
        try:
            model = await self._run()
        except asyncio.CancelledError:
            self._publish(stage=DownloadStage.PAUSED, bytes_per_second=0.0, note="", file="")
            raise
        except (UserError, OSError) as error:
            shown = error if isinstance(error, UserError) else await self._disk_error(error)
            self._publish(stage=DownloadStage.FAILED, bytes_per_second=0.0, note="", file="", error=shown)
            raise shown from error
        self._publish(
            stage=DownloadStage.DONE,
            done_bytes=self._status.total_bytes,
            files_done=self._status.files_total,
            bytes_per_second=0.0,
            note="",
            file="",
            model=model,
        )
        return model

    async def _run(self) -> ModelRef:
        manifest.check(self._model)
        if not self._model.files:
            raise UserError("This model has nothing that can be served.", "It has no files.", Remedy.CHOOSE_MODEL)
        place, authorization = check_endpoint(self._endpoint), bearer(self._token) if self._token else ""
        self._publish(stage=DownloadStage.CHECKING)
        lock = FolderLock(self._folder)
        try:
            await _take(lock)
            record = await _to_the_end(download_folder.prepare, self._folder, self._model, place)
            await self._get(record, place, authorization, lock)
            await _to_the_end(download_folder.tidy, self._folder)
        finally:
            lock.release()
        return ModelRef(self._model.repo_id, self._folder)

    async def _get(self, record: Manifest, place: str, authorization: str, lock: FolderLock) -> None:
        missing = await asyncio.to_thread(record.unverified, self._folder)
        left = {file.path for file in missing}
        self._done = set(self._sizes) - left
        # Of the others, what is there counts as soon as it has been looked at.
        self._bytes = {file: size for file, size in self._sizes.items() if file in self._done}
        self._show(0, checking=bool(missing), note="")
        if not missing:
            return
        job = download_folder.job_file(self._folder)
        await asyncio.to_thread(jobs.write_job, job, self._job(missing, place, bool(authorization)))
        secret = json.dumps({"place": place, "authorization": authorization}).encode() + b"\n" if authorization else b""
        keeper = asyncio.create_task(self._keep(record))
        try:
            code = await children.run(
                jobs.command(job),
                {name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
                self._folder,
                self._hear,
                None,
                (lock.descriptor,),
                secret,
            )
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
            # What came to its end just now; on a full disk it is looked at again next time.
            with contextlib.suppress(OSError):
                record = await _to_the_end(self._write, record)
        await self._raise_for(Asked(self._model.repo_id, place, bool(self._token)))
        left_over = await asyncio.to_thread(record.unverified, self._folder)
        if code or left_over:
            raise download_errors.ended(code, self._lines)

    def _job(self, files: tuple[HubFile, ...], place: str, secret: bool) -> jobs.Job:
        base = f"{place}/{self._model.repo_id}/resolve/{self._model.commit}"
        parts = tuple(
            jobs.Part(file.path, f"{base}/{quote(file.path)}", file.sha256, file.git_sha1, file.size_bytes)
            for file in files
        )
        drafts = download_folder.parts_folder(self._folder)
        return jobs.Job(str(self._folder), parts, str(drafts), self._pauses, secret, whole=True)

    async def _keep(self, record: Manifest) -> None:
        """Write down what was found to be right, while the rest comes."""
        while True:
            await self._news.wait()
            self._news.clear()
            with contextlib.suppress(OSError):
                record = await _to_the_end(self._write, record)

    def _write(self, record: Manifest) -> Manifest:
        now = record.with_verified(self._folder, set(self._done) - set(record.verified))
        manifest.write(self._folder, now)
        return now

    def _hear(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            self._lines.append(line)
        elif "bytes" in said:
            self._bytes.update(said["bytes"])
            self._show(said["came"], checking=said["checking"] > 0, note=said["note"])
        elif "done" in said:
            self._done.add(said["done"])
            self._news.set()
        elif "failed" in said:
            why = Why(said["why"])
            self._failures.append(Failure(said["failed"], why, said["words"], said["status"], said["kind"]))

    def _show(self, came: int, *, checking: bool, note: str) -> None:
        in_hand = [file for file, size in self._bytes.items() if 0 < size < self._sizes[file]]
        self._publish(
            stage=DownloadStage.CHECKING if checking and not came else DownloadStage.RUNNING,
            done_bytes=sum(self._bytes.values()),
            files_done=len(self._done),
            bytes_per_second=self._speed.add(time.monotonic(), came),
            file=max(in_hand, key=lambda file: self._sizes[file], default=""),
            note=note,
        )

    def _publish(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the status
        self._status = replace(self._status, **changes)
        self._tell(self._status)

    async def _raise_for(self, asked: Asked) -> None:
        if any(one.why is Why.DISK and "No space left" in one.words for one in self._failures):
            raise await self._no_room()
        if self._failures:
            raise download_errors.explain(self._failures, asked)

    async def _no_room(self) -> UserError:
        try:
            needed, free = await asyncio.to_thread(download_folder.room, self._folder, self._model)
        except OSError:
            needed = free = 0  # not even the folder could be made
        return download_errors.no_room(needed, free)

    async def _disk_error(self, error: OSError) -> UserError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return await self._no_room()
        return download_errors.disk(error)


def target_folder(models: Path, model: HubModel) -> Path:
    """Where a model goes below *models*: `<owner>/<name>`, with the commit behind it when another one lies there.

    Raises:
        UserError: its name or commit may not be used.
    """
    manifest.check(model)
    usual = models / model.repo_id
    if download_folder.is_free(usual) or _holds(usual, model):
        return usual
    return usual.with_name(f"{usual.name}@{model.commit[:12]}")


def _holds(folder: Path, model: HubModel) -> bool:
    try:
        record = manifest.read(folder)
    except UserError:
        return False
    return record is not None and (record.model.repo_id, record.model.commit) == (model.repo_id, model.commit)


def unfinished(models: Path) -> tuple[tuple[HubModel, Path], ...]:
    """Downloads below *models* that were begun and can be continued, each with its folder."""
    found = []
    for file in sorted(models.glob(f"*/*/{names.OURS}/manifest.json")):
        folder = file.parent.parent
        with contextlib.suppress(UserError, OSError):  # what cannot be read cannot be continued either
            record = manifest.read(folder)
            if record is not None and record.unverified(folder):
                found.append((record.model, folder))
    return tuple(found)


def done_bytes(model: HubModel, folder: Path) -> int:
    """Bytes of a download that are there."""
    return sum(download_folder.there(folder, model).values())


def discard(folder: Path) -> None:
    """Take away a download with everything that came.

    Raises:
        UserError: it is under way, was not made by us, or cannot be removed.
    """
    try:
        record = manifest.read(folder)
        if record is None:
            raise UserError("This is no download of the program.", f"{folder} has no record of one.")
        with held(folder):
            download_folder.discard(folder, record.model)
    except OSError as error:
        raise download_errors.disk(error) from error


async def _take(lock: FolderLock) -> None:
    deadline = time.monotonic() + _LOCK_SECONDS
    while not await _to_the_end(lock.take):
        if time.monotonic() > deadline:
            raise download_errors.busy()
        await asyncio.sleep(0.1)


async def _to_the_end(function: Callable[..., _Result], *arguments: object) -> _Result:
    """Run in a thread, to its end even when cancelled: nothing may go on after the lock was given back."""
    task = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
