"""`vllm-desktop download`: fetch a model of the Hub, or continue a download. Ctrl+C keeps what is there.

The folder goes to standard output when the model is there, everything else to standard error.
"""

import asyncio
import shutil
import sys

from desktop_app.domain.errors import UserError
from desktop_app.domain.library import DownloadStage, DownloadStatus
from desktop_app.domain.units import disk_words, span_words
from desktop_app.services.downloads import Downloads
from desktop_app.services.hub_access import HubAccess
from desktop_app.services.models_view import DownloadsState
from desktop_app.terminal.notes import Notes, printable

_TELL_SECONDS = 5.0
"""Between two lines about the same stage, where nobody looks at a line that changes."""
_AT_REST = (DownloadStage.DONE, DownloadStage.FAILED, DownloadStage.PAUSED)


async def enter_token(access: HubAccess, token: str) -> bool:
    """Keep the token that somebody entered, and say where; False when it cannot be kept, which is said, too."""
    await access.set_token(token)
    state, notes = access.state.value, Notes()
    notes.tell(state.error)
    if state.error is None:
        notes.say(state.note)
    return state.error is None


async def run(downloads: Downloads, repo_id: str, revision: str) -> int:
    """Download the model of a repository and say how far it is.

    Returns:
        The exit code: 0 when the model is there, 1 when not.
    """
    teller = _Teller(repo_id)
    await downloads.start(repo_id, revision)
    stop = downloads.state.watch(teller.on_changed)
    try:
        await teller.rested.wait()
    except asyncio.CancelledError:
        stop()
        await downloads.pause(repo_id)
        teller.say(f"Paused. `{_again(repo_id, revision)}` goes on from here.")
        raise
    finally:
        stop()
    return 0 if teller.done else 1


def line(status: DownloadStatus) -> str:
    """Where a download stands, as a line of text."""
    if status.stage is DownloadStage.RUNNING and status.total_bytes:
        share = f"{disk_words(status.done_bytes)} of {disk_words(status.total_bytes)}"
        speed = f", {status.bytes_per_second / 1e6:.1f} MB/s" if status.bytes_per_second else ""
        left = f", about {span_words(status.seconds_left)} left" if status.seconds_left else ""
        return f"{share}{speed}{left}{f'. {status.note}' if status.note else ''}"
    return f"{status.stage.value.lower()} …{f' {status.note}' if status.note else ''}"


def _again(repo_id: str, revision: str) -> str:
    return f"vllm-desktop download {repo_id}" + (f" --revision {revision}" if revision else "")


class _Teller:
    """Says what is new of one download: a line that changes where somebody looks, else a line now and then."""

    def __init__(self, repo_id: str) -> None:
        self._repo_id = repo_id
        self._watched = sys.stderr.isatty()
        self._told: tuple[DownloadStage | None, float] = (None, 0.0)
        self._open = False
        """Whether the last line may still change."""
        self.rested = asyncio.Event()
        self.done = False

    def on_changed(self, state: DownloadsState) -> None:
        """A download moved."""
        status = state.find(self._repo_id)
        if status is None or self.rested.is_set() or status.stage is DownloadStage.WAITING:
            return
        if status.stage in _AT_REST:
            self._end(status)
            return
        now = asyncio.get_running_loop().time()
        if self._watched or status.stage is not self._told[0] or now - self._told[1] >= _TELL_SECONDS:
            self._told = (status.stage, now)
            self._show(f"{self._repo_id}: {line(status)}")

    def say(self, text: str) -> None:
        """Print *text* below what was said before."""
        if self._open:
            print(file=sys.stderr)
            self._open = False
        print(printable(text), file=sys.stderr, flush=True)

    def _show(self, text: str) -> None:
        if not self._watched:
            self.say(text)
            return
        # Back to the beginning of the line, and away with what stood there; the rest of a longer one would stay.
        shown = printable(text)[: max(1, shutil.get_terminal_size().columns - 1)]
        print(f"\r\033[K{shown}", end="", file=sys.stderr, flush=True)
        self._open = True

    def _end(self, status: DownloadStatus) -> None:
        self.done = status.stage is DownloadStage.DONE
        if status.error is not None:
            self.say(_failure(status.error, self._repo_id))
        elif self.done and status.model is not None:
            size = disk_words(status.total_bytes)
            self.say(f"{self._repo_id} is here: {status.files_total} files, {size}, each as it was published.")
            print(status.model.folder)
        else:
            self.say(f"{self._repo_id}: {status.stage.value.lower()}. {status.note}".rstrip())
        self.rested.set()


def _failure(error: UserError, repo_id: str) -> str:
    if "token" not in error.sentence():
        return error.sentence()
    hint = f"`vllm-desktop download {repo_id} --enter-token` asks for a token, which is not shown, and keeps it."
    return f"{error.sentence()}\n{hint}"
