"""`vllm-desktop download`: fetch a model of the Hub, or continue a download. Ctrl+C keeps what is there."""

import asyncio

from desktop_app.domain.library import DownloadStage, DownloadStatus
from desktop_app.domain.units import disk_words, span_words
from desktop_app.services.downloads import Downloads
from desktop_app.services.models_view import DownloadsState
from desktop_app.terminal.notes import Notes

_TELL_SECONDS = 5.0
"""Between two lines about the same stage."""
_AT_REST = (DownloadStage.DONE, DownloadStage.FAILED, DownloadStage.PAUSED)


async def run(downloads: Downloads, repo_id: str, revision: str) -> int:
    """Download the model of a repository and say how far it is; the exit code."""
    teller = _Teller(repo_id)
    await downloads.start(repo_id, revision)
    stop = downloads.state.watch(teller.on_changed)
    try:
        await teller.rested.wait()
    except asyncio.CancelledError:
        await downloads.pause(repo_id)
        Notes().say(f"Paused. `vllm-desktop download {repo_id}` goes on from here.")
        raise
    finally:
        stop()
    return 0 if teller.done else 1


def line(status: DownloadStatus) -> str:
    """Where a download stands, as a line of text."""
    if status.stage is DownloadStage.RUNNING and status.total_bytes:
        share = f"{disk_words(status.done_bytes)} of {disk_words(status.total_bytes)}"
        speed = f", {status.bytes_per_second / 1e6:.0f} MB/s" if status.bytes_per_second else ""
        left = f", about {span_words(status.seconds_left)} left" if status.seconds_left is not None else ""
        return f"{status.stage.value}: {share}{speed}{left}{f'. {status.note}' if status.note else ''}"
    return f"{status.stage.value}{f': {status.note}' if status.note else ''}"


class _Teller:
    """Says what is new of one download."""

    def __init__(self, repo_id: str) -> None:
        self._repo_id = repo_id
        self._notes = Notes()
        self._told: tuple[DownloadStage | None, float] = (None, 0.0)
        self.rested = asyncio.Event()
        self.done = False

    def on_changed(self, state: DownloadsState) -> None:
        """A download moved."""
        status = state.find(self._repo_id)
        if status is None or self.rested.is_set():
            return
        now = asyncio.get_running_loop().time()
        if status.stage is not self._told[0] or now - self._told[1] >= _TELL_SECONDS:
            self._told = (status.stage, now)
            self._notes.note(line(status))
        if status.stage in _AT_REST:
            self._end(status)

    def _end(self, status: DownloadStatus) -> None:
        self.done = status.stage is DownloadStage.DONE
        self._notes.tell(status.error)
        if self.done and status.model is not None:
            print(status.model.folder)
        self.rested.set()
