"""Fetches files: several at a time, continued where they were broken off, each checked by its hash.

A program of its own, of the standard library alone, which `engine/install_download` and `hub/download` start as `jobs`
says and kill to cancel: so gigabytes pass through no thread of the window. It ends when its parent does.
"""

import contextlib
import errno
import json
import os
import re
import sys
import threading
import time
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from desktop_app.transfer import names, web
from desktop_app.transfer.failures import FetchError, Why
from desktop_app.transfer.jobs import UNKNOWN, Job, Part, part_file, read_job
from desktop_app.transfer.places import Place, write_all
from desktop_app.transfer.web import Secret, Web

if TYPE_CHECKING:
    from hashlib import _Hash

_WORKERS = 4
_TELL_SECONDS = 0.25
_TOLD_AT_ONCE = 500
"""Files in one line; whoever reads it has a limit."""
_NICE = 5
"""It gives way to the engine and the window."""
_ASKED = 10
"""How often in a row a server may ask us to wait."""


class Fetcher:
    """One job."""

    def __init__(self, job: Job, secret: Secret | None = None) -> None:
        self._folder, self._drafts = Path(job.folder), Path(job.drafts or job.folder)
        self._parts = job.parts
        self._pauses = job.pauses
        self._final = {Why.NETWORK, Why.DISK} | ({Why.REFUSED} if job.whole else set())
        self._web = Web(secret)
        self._sizes: dict[str, int] = {}
        self._bytes: dict[str, int] = {}
        self._came: dict[str, int] = {}
        self._notes: dict[str, str] = {}
        self._checking: set[str] = set()
        self._stop = threading.Event()

    def run(self) -> int:
        """Fetch everything that can be had; 0 when that is all of it."""
        with ThreadPoolExecutor(2 * _WORKERS) as pool:
            sizes = dict(zip((part.file for part in self._parts), pool.map(self._size, self._parts), strict=True))
        self._sizes = sizes
        _say(sizes={part.file: max(0, sizes[part.file]) for part in self._parts if part.size == UNKNOWN})
        # The largest first: at the end nobody waits for one that began last.
        waiting = sorted(self._parts, key=lambda part: -sizes[part.file])
        with ThreadPoolExecutor(_WORKERS) as pool:
            running = {pool.submit(self._fetch, part): part.file for part in waiting}
            return self._follow(running)

    def _follow(self, running: "dict[Future[None], str]") -> int:
        """Tell how far it is until everything has ended."""
        failed, told = 0, dict[str, int]()
        while running:
            wait(running, _TELL_SECONDS)
            now, came = dict(self._bytes), sum(dict(self._came).values())
            changed = dict(
                islice(((file, size) for file, size in now.items() if told.get(file) != size), _TOLD_AT_ONCE)
            )
            note = next(iter(dict(self._notes).values()), "")
            _say(bytes=changed, came=came, checking=len(self._checking), note=note)
            told |= changed
            for future in [future for future in running if future.done()]:
                failed += _tell_end(running.pop(future), future.exception())
        return 1 if failed else 0

    def _size(self, part: Part) -> int:
        """Bytes, as the job, the disk or the server says; `UNKNOWN` when nobody does."""
        if part.size != UNKNOWN or names.problem(part.file):
            return part.size
        there = _size_of(self._folder / part.file)
        scheme = urlsplit(part.url).scheme
        if not there and scheme == "file":
            there = _size_of(_local_path(part.url))
        elif not there and scheme in ("http", "https"):
            there = self._web.size(part.url)
        return there or UNKNOWN

    def _fetch(self, part: Part) -> None:
        try:
            self._fetch_into_place(part)
        except FetchError as error:
            if error.why in self._final:
                self._stop.set()
            raise
        except OSError as error:
            self._stop.set()
            raise FetchError(Why.DISK, _disk_words(error)) from error
        except Exception:
            self._stop.set()  # a fault of ours: it is told when the others have ended
            raise
        finally:
            self._notes.pop(part.file, None)

    def _fetch_into_place(self, part: Part) -> None:
        self._check_stop()
        problem = names.problem(part.file)
        if problem:
            raise FetchError(Why.REFUSED, f"its name {problem}")
        with Place(self._folder, part.file) as target:
            if target.is_file():
                if self._hash(part, target.read()).hexdigest() == part.digest:
                    return
                target.remove()
                self._sizes[part.file] = self._size(part)  # what was asked of the disk is wrong with it
            target.remove()
            scheme = urlsplit(part.url).scheme
            if scheme == "file":
                self._link(part, target)
            elif scheme in ("http", "https"):
                self._download(part, target)
            else:
                raise FetchError(Why.REFUSED, f"addresses that begin with {scheme}")

    def _link(self, part: Part, target: Place) -> None:
        """Files on this computer are not copied: they are looked at where they lie."""
        source = _local_path(part.url)
        if not source.is_file():
            raise FetchError(Why.REFUSED, "the file is gone")
        if self._hash(part, source.open("rb")).hexdigest() != part.digest:
            raise FetchError(Why.HASH, "the file differs from its checksum")
        target.link_to(source)

    def _download(self, part: Part, target: Place) -> None:
        begun = part_file(Path(), part.file, part.digest)
        with (
            Place(self._drafts, begun.as_posix()) as draft,
            Place(self._drafts, begun.with_suffix(".etag").as_posix()) as etag,
        ):
            while True:
                digest, resumed = self._receive_patiently(part, draft, etag)
                if digest == part.digest:
                    draft.move_to(target)
                etag.remove()
                if digest == part.digest:
                    return
                draft.remove()
                self._bytes[part.file] = 0
                # What was there before may have been damaged by a power cut: once more from the beginning.
                if not resumed:
                    raise FetchError(Why.HASH, "what came differs from its checksum")

    def _receive_patiently(self, part: Part, draft: Place, etag: Place) -> tuple[str, bool]:
        """`_receive`, tried again as long as that may help."""
        pauses, asked = iter(self._pauses), 0
        while True:
            before = draft.size()
            try:
                return self._receive(part, draft, etag)
            except FetchError as error:
                if error.status == 416:
                    draft.remove()  # more is there than the server has
                if error.why is not Why.NETWORK:
                    raise
                if draft.size() > before:
                    pauses, asked = iter(self._pauses), 0  # it moves: a long download may break often
                asked += error.wait is not None
                pause = next(pauses, None) if error.wait is None or asked > _ASKED else error.wait
                if pause is None:
                    raise
                self._pause(part, pause, error)

    def _pause(self, part: Part, seconds: float, error: FetchError) -> None:
        asked = "The server asks us to wait." if error.wait is not None else "The connection broke."
        if seconds >= 1:
            self._notes[part.file] = f"{asked} Trying again after {seconds:.0f} s."
        self._stop.wait(seconds)
        self._check_stop()

    def _receive(self, part: Part, draft: Place, etag: Place) -> tuple[str, bool]:
        """Get what is missing; the hash of all of it, and whether a part of it was there before.

        Raises:
            FetchError: the connection broke, or there was none, or the file is another one.
            OSError: the disk.
        """
        have, expected = draft.size(), self._sizes.get(part.file, UNKNOWN)
        if expected != UNKNOWN and have > expected:
            draft.remove()
            have = 0
        digest = self._hash(part, draft.read()) if have else part.hasher()
        if have and have == expected:
            return digest.hexdigest(), True
        known = _first_line(etag) if have else ""
        headers = {"Range": f"bytes={have}-"} if have else {}
        with contextlib.closing(self._web.ask(part.url, headers | ({"If-Range": known} if known else {}))) as answer:
            resumed = have > 0 and web.continues(answer, have)
            if not resumed:
                digest, have = part.hasher(), 0
            self._check_length(part, have, answer)
            if not resumed:
                with etag.write(anew=True) as file:
                    write_all(file, web.strong_etag(answer).encode())
            with draft.write(anew=not resumed) as file:
                have = self._pour(part, answer, file, digest, have)
                if have < expected:
                    raise FetchError(Why.NETWORK, f"the connection ended after {have} of {expected} bytes")
                os.fsync(file.fileno())
        return digest.hexdigest(), resumed

    def _check_length(self, part: Part, have: int, answer: Any) -> None:  # noqa: ANN401 - urllib's own type of answer
        """Before a byte of it is taken: a server may have another file under this name, or a page to log in."""
        length = str(answer.headers.get("Content-Length", ""))
        if part.size != UNKNOWN and re.fullmatch(r"[0-9]{1,20}", length) and have + int(length) != part.size:
            raise FetchError(Why.HASH, f"the server's file has {have + int(length)} bytes instead of {part.size}")

    def _pour(self, part: Part, answer: Any, file: BinaryIO, digest: "_Hash", have: int) -> int:  # noqa: ANN401 - as above
        """Take what comes to the disk and into the hash; the bytes that are there then."""
        expected = self._sizes.get(part.file, UNKNOWN)
        while (expected == UNKNOWN or have < expected) and (data := web.read(answer)):
            if expected != UNKNOWN:
                data = data[: expected - have]  # a server that never ends shall not fill the disk
            write_all(file, data)
            digest.update(data)
            have += len(data)
            self._bytes[part.file] = have
            self._came[part.file] = self._came.get(part.file, 0) + len(data)
            self._notes.pop(part.file, None)
            self._check_stop()
        return have

    def _hash(self, part: Part, file: BinaryIO) -> "_Hash":
        digest, done = part.hasher(), 0
        self._checking.add(part.file)
        with file, contextlib.ExitStack() as after:
            after.callback(self._checking.discard, part.file)
            while data := file.read(1 << 20):
                digest.update(data)
                done += len(data)
                self._bytes[part.file] = done
                self._check_stop()
        return digest

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise FetchError(Why.STOPPED, "not tried any more")


def _tell_end(file: str, error: BaseException | None) -> bool:
    """Say how a file ended; whether it failed."""
    if isinstance(error, FetchError):
        _say(failed=file, why=error.why.value, words=str(error)[:500], status=error.status, kind=error.kind)
    elif error is not None:
        raise error
    else:
        _say(done=file)
    return error is not None


def _first_line(place: Place) -> str:
    if not place.is_file():
        return ""
    with place.read() as file:
        return file.read(300).decode("ascii", "replace")


def _local_path(url: str) -> Path:
    return Path(urllib.request.url2pathname(urlsplit(url).path))


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _disk_words(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "No space left on device" if full else error.strerror or str(error)


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)  # noqa: T201 - this is how it tells its parent


def _leave_with(parent: int) -> None:
    """End when the parent does: nobody listens any more."""
    while os.getppid() == parent:
        time.sleep(_TELL_SECONDS)
    os._exit(1)


def main() -> None:
    """Do the job that is named on the command line; the exit code is 0 when every file is there."""
    os.nice(_NICE)
    threading.Thread(target=_leave_with, args=(int(sys.argv[3]),), daemon=True).start()
    job = read_job(Path(sys.argv[2]))
    secret = Secret(**json.loads(sys.stdin.readline())) if job.secret else None
    sys.exit(Fetcher(job, secret).run())
