"""The story of downloads: begun, paused, continued after a lost network or a crash, thrown away, or done.

Owns one `DownloadsState`. The Models page and the terminal draw it and call the verbs. Nothing is fetched that nobody
asked for: what an earlier run left unfinished waits until somebody continues it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.library import DownloadStage, DownloadStatus, HubModel, LocalModel
from desktop_app.domain.observable import Observable
from desktop_app.services.hub_access import HubAccess
from desktop_app.services.models_view import DownloadsState, HubState
from desktop_app.services.tasks import Tasks

# ruff: noqa: PLC0415 - what fetches files is imported when something is fetched: no window waits for it

_AT_ONCE = 2
"""Models that are fetched at the same time; each fetches several files at once already."""
_OFFLINE = "Paused, because you work offline."


@dataclass
class _Job:
    """One download, as long as it is in the list."""

    repo_id: str
    revision: str = ""
    model: HubModel | None = None
    """Its commit and files, once they are known; they stay the same until it is done."""
    folder: Path | None = None
    keeps: bool = False
    """Whether the model was whole before, so that giving up deletes nothing."""
    task: asyncio.Task[None] | None = None


class Downloads:
    """Fetches models.

    Args:
        models_folder: where they are put, `<owner>/<name>` each.
        access: the way to the Hub.
        tasks: runs them.
    """

    def __init__(self, models_folder: Path, access: HubAccess, tasks: Tasks) -> None:
        self._models_folder = models_folder
        self._access = access
        self._tasks = tasks
        self._jobs: dict[str, _Job] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self.state = Observable(DownloadsState())
        access.state.watch(self._on_access_changed)

    async def load(self) -> None:
        """Find what earlier runs left unfinished, and show it as paused; nothing is asked of any network."""
        for model, folder, size in await asyncio.to_thread(_left_over, self._models_folder):
            self._show_left_over(model, folder, size)

    def _show_left_over(self, model: HubModel, folder: Path, size: int) -> None:
        """Of two versions of a repository one is in the list at a time."""
        if model.repo_id not in self._jobs:
            self._jobs[model.repo_id] = _Job(model.repo_id, model.commit, model, folder)
            self._publish(replace(_resting(model), done_bytes=size))

    async def _show_next_version(self, repo_id: str) -> None:
        for model, folder, size in await asyncio.to_thread(_left_over, self._models_folder):
            if model.repo_id == repo_id:
                self._show_left_over(model, folder, size)

    async def start(self, repo_id: str, revision: str = "") -> None:
        """Begin to fetch a repository, as it is now or at a revision; what goes wrong is published.

        One that is unfinished goes on where it stopped, unless another revision is asked for.
        """
        job, status = self._jobs.get(repo_id), self.state.value.find(repo_id)
        done = status is not None and status.stage is DownloadStage.DONE
        if job is None or (job.task is None and (done or not _continues(job, revision))):
            job = await self._job_for(repo_id, revision)
        self._begin(job)

    async def repair(self, model: LocalModel) -> None:
        """Fetch again what is wrong or missing of a model that was downloaded here; a whole copy of any other.

        What comes is the same commit that is there.
        """
        job = self._jobs.get(model.repo_id)
        if job is None or job.task is None:
            folder = model.ref.folder if model.ours else None
            job = self._jobs[model.repo_id] = _Job(model.repo_id, model.commit, folder=folder, keeps=model.ours)
        self._begin(job)

    async def resume(self, repo_id: str) -> None:
        """Go on with one that was paused, or that failed."""
        job = self._jobs.get(repo_id)
        if job is not None:
            self._begin(job)

    async def pause(self, repo_id: str) -> None:
        """Stop for now; what came is kept."""
        job = self._jobs.get(repo_id)
        if job is not None:
            await self._halt(job)

    async def cancel(self, repo_id: str) -> None:
        """Give up and delete what came; of one that is done, and of a repair, only the entry goes."""
        job, status = self._jobs.get(repo_id), self.state.value.find(repo_id)
        if job is None or status is None:
            return
        await self._halt(job)
        status = self.state.value.find(repo_id) or status
        if status.stage is not DownloadStage.DONE and job.folder is not None and not job.keeps:
            try:
                await asyncio.to_thread(_discard, job.folder)
            except UserError as error:
                self._publish(replace(status, stage=DownloadStage.FAILED, error=error))
                return
        self._remove(repo_id)
        await self._show_next_version(repo_id)

    async def dismiss(self, repo_id: str) -> None:
        """Take one that is at rest off the list; its files stay as they are."""
        status = self.state.value.find(repo_id)
        if status is not None and not status.active:
            self._remove(repo_id)
            if status.stage is DownloadStage.DONE:
                await self._show_next_version(repo_id)

    async def release(self, folder: Path) -> None:
        """Stop what is fetched into *folder*, and take it off the list: the folder is about to be deleted."""
        for job in [job for job in self._jobs.values() if job.folder == folder]:
            await self._halt(job)
            self._remove(job.repo_id)

    async def shutdown(self) -> None:
        """Pause everything."""
        await asyncio.gather(*(self._halt(job) for job in list(self._jobs.values())))

    async def _job_for(self, repo_id: str, revision: str) -> _Job:
        """A download that takes up what lies unfinished on the disk, if anything does."""
        before = self._jobs.get(repo_id)
        job = _Job(repo_id, revision)
        for model, folder, _ in await asyncio.to_thread(_left_over, self._models_folder):
            if model.repo_id == repo_id and revision in ("", model.commit):
                job = _Job(repo_id, revision, model, folder)
        if self._jobs.get(repo_id) is before:  # else somebody else was faster
            self._jobs[repo_id] = job
        return self._jobs[repo_id]

    def _begin(self, job: _Job) -> None:
        if job.task is not None:
            return
        status = self.state.value.find(job.repo_id) or DownloadStatus(job.repo_id, DownloadStage.WAITING)
        self._publish(replace(_at_rest(status), stage=DownloadStage.WAITING, error=None, note="", model=None))
        job.task = self._tasks.start(self._run(job), name=f"download {job.repo_id}")

    async def _halt(self, job: _Job, note: str = "") -> None:
        """End the work on *job* and wait until it has let go of its files."""
        task = job.task
        if task is not None:
            if not task.cancelling():  # twice would end its tidying up, too
                task.cancel()
            await asyncio.wait([task])
        if job.task is task:
            job.task = None  # it was cancelled before it began
        status = self.state.value.find(job.repo_id)
        if status is not None and job.task is None and (status.active or status.stage is DownloadStage.PAUSED):
            self._publish(replace(_at_rest(status), stage=DownloadStage.PAUSED, note=note))

    async def _run(self, job: _Job) -> None:
        """Fetch one model; however it ends, that is published."""
        try:
            async with self._places:
                await self._fetch(job)
        except asyncio.CancelledError:
            self._end(job, DownloadStage.PAUSED)
            raise
        except UserError as error:
            self._end(job, DownloadStage.FAILED, _mendable(error))
        except OSError as error:
            reason = f"{error.strerror or error}: {error.filename or self._models_folder}"
            problem = UserError("The model's folder cannot be used.", reason, Remedy.RETRY)
            self._end(job, DownloadStage.FAILED, problem)
        except Exception:
            problem = UserError("Something went wrong inside this program.", "Its log says more.", Remedy.RETRY)
            self._end(job, DownloadStage.FAILED, problem)
            raise
        finally:
            job.task = None

    async def _fetch(self, job: _Job) -> None:
        from desktop_app.hub.download import Download, target_folder

        hub = await asyncio.to_thread(self._access.hub)
        model = job.model
        if model is None:
            self._publish(DownloadStatus(job.repo_id, DownloadStage.LOOKING))
            model = job.model = await asyncio.to_thread(hub.look, job.repo_id, job.revision)
        if job.folder is None:
            folder = await asyncio.to_thread(target_folder, self._models_folder, model)
            # Not one after the other: whoever gives up in between would delete a whole model.
            job.keeps, job.folder = await asyncio.to_thread(_was_whole, folder), folder
        token = await asyncio.to_thread(self._access.token)
        ref = await Download(model, job.folder, self._access.endpoint, token, self._teller(job)).run()
        status = self.state.value.find(job.repo_id) or _resting(model)
        total, files = model.download_bytes, len(model.files)
        done = replace(status, done_bytes=total, total_bytes=total, files_done=files, files_total=files, note="")
        self._publish(replace(_at_rest(done), stage=DownloadStage.DONE, commit=model.commit, model=ref))

    def _teller(self, job: _Job) -> Callable[[DownloadStatus], None]:
        """What publishes the progress of *job*, under the name that it was asked for by."""

        def tell(status: DownloadStatus) -> None:
            if self._jobs.get(job.repo_id) is job and job.task is not None and status.active:
                self._publish(replace(status, repo_id=job.repo_id))

        return tell

    def _end(self, job: _Job, stage: DownloadStage, error: UserError | None = None) -> None:
        status = self.state.value.find(job.repo_id)
        if status is not None and self._jobs.get(job.repo_id) is job:
            self._publish(replace(_at_rest(status), stage=stage, note="", error=error))

    def _on_access_changed(self, access: HubState) -> None:
        """Nothing is fetched any more once Offline mode was switched on."""
        running = [job for job in self._jobs.values() if job.task is not None]
        if access.offline and running:
            self._tasks.start(self._halt_all(running), name="pause downloads")

    async def _halt_all(self, jobs: list[_Job]) -> None:
        await asyncio.gather(*(self._halt(job, _OFFLINE) for job in jobs))

    def _remove(self, repo_id: str) -> None:
        self._jobs.pop(repo_id, None)
        kept = tuple(one for one in self.state.value.downloads if one.repo_id != repo_id)
        self.state.set(DownloadsState(kept))

    def _publish(self, status: DownloadStatus) -> None:
        job = self._jobs.get(status.repo_id)
        status = replace(status, keeps=job is not None and job.keeps)
        before = self.state.value.downloads
        if any(one.repo_id == status.repo_id for one in before):
            after = tuple(status if one.repo_id == status.repo_id else one for one in before)
        else:
            after = (*before, status)
        self.state.set(DownloadsState(after))


def _left_over(models_folder: Path) -> list[tuple[HubModel, Path, int]]:
    """Downloads that never came to their end, each with its folder and the bytes that are there; blocks.

    A model that was whole once and is damaged now is none of them: the list of models offers to repair it.
    """
    from desktop_app.hub import manifest
    from desktop_app.hub.download import done_bytes, unfinished

    found = []
    for model, folder in unfinished(models_folder):
        with suppress(UserError, OSError):  # it went away just now
            record = manifest.read(folder)
            if record is not None and record.missing:
                found.append((model, folder, done_bytes(model, folder)))
    return found


def _was_whole(folder: Path) -> bool:
    """Whether a download into *folder* came to its end once; blocks. Raises OSError."""
    from desktop_app.hub import manifest

    try:
        record = manifest.read(folder)
    except UserError:
        return False
    return record is not None and not record.missing


def _discard(folder: Path) -> None:
    """Delete a download, if it had come as far as that; blocks. Raises UserError."""
    from desktop_app.hub.download import discard
    from desktop_app.hub.manifest import manifest_file

    if manifest_file(folder).exists():
        discard(folder)


def _continues(job: _Job, revision: str) -> bool:
    """Whether asking for *revision* means the download that is there."""
    return job.model is not None and revision in ("", job.revision, job.model.commit)


def _resting(model: HubModel) -> DownloadStatus:
    """A download that nobody continues yet."""
    return DownloadStatus(
        model.repo_id,
        DownloadStage.PAUSED,
        model.commit,
        total_bytes=model.download_bytes,
        files_total=len(model.files),
    )


def _at_rest(status: DownloadStatus) -> DownloadStatus:
    """The same without what is only true while something comes."""
    return replace(status, bytes_per_second=0.0, file="")


def _mendable(error: UserError) -> UserError:
    """The error with a button to try again, where it has none."""
    if error.remedy is not Remedy.NONE:
        return error
    return UserError(error.title, error.reason, Remedy.RETRY, error.details)
