"""Fetches an engine's packages: several at a time, continued where they were broken off, each checked by its hash.

A program of its own, of the standard library alone, which `install_download` starts as `python -I -S install_fetcher.py
JOB` and kills to cancel: so gigabytes pass through no thread of the window. JOB is a JSON file with `folder` and
`parts` (`file`, `url`, `sha256` each). What it says, a JSON object a line: `sizes` of the files in bytes, once; `bytes`
that are there of each, at most five times a second; `done` with a file's name; `failed` with the name and why. Proxies
and certificates come from the environment, as `urllib` and `ssl` read them.
"""

import contextlib
import errno
import hashlib
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_WORKERS = 4
_BLOCK = 1 << 18
_SECONDS = 30.0
"""How long a server may be silent."""
_TELL_SECONDS = 0.2
_PAUSES = (0.3, 1.0, 3.0, 6.0)
"""Seconds before each further attempt at a connection that broke."""
_HEADERS = {"User-Agent": "vllm-desktop", "Accept-Encoding": "identity"}


class Why(Enum):
    """Why a file could not be had."""

    REFUSED = "refused"
    """We are not let in, it is not there, or we do not know how to ask: pip, which knows the person's settings, may."""
    HASH = "hash"
    """What came is something else."""
    NETWORK = "network"
    """The connection broke again and again, or there is none."""
    DISK = "disk"
    """The disk is full or cannot be written to."""


class FetchError(Exception):
    """A file could not be had."""

    def __init__(self, why: Why, words: str) -> None:
        super().__init__(words)
        self.why = why


def part_file(folder: Path, file: str, sha256: str) -> Path:
    """Where as much of a file lies as has come; another version of it has another name."""
    return folder / f"{file}.{sha256[:12]}.part"


class Fetcher:
    """One job."""

    def __init__(self, folder: Path, parts: list[dict[str, str]]) -> None:
        self._folder = folder
        self._parts = parts
        self._sizes: dict[str, int] = {}
        self._bytes: dict[str, int] = {}
        self._stop = threading.Event()
        self._parent = os.getppid()
        self._open = urllib.request.build_opener().open

    def run(self) -> int:
        """Fetch everything that can be had; 0 when that is all of it."""
        with ThreadPoolExecutor(2 * _WORKERS) as pool:
            sizes = dict(zip((part["file"] for part in self._parts), pool.map(self._size, self._parts), strict=True))
        _say(sizes=sizes)
        self._sizes = sizes
        # The largest first: at the end nobody waits for one that began last.
        waiting = sorted(self._parts, key=lambda part: -sizes[part["file"]])
        with ThreadPoolExecutor(_WORKERS) as pool:
            running = {pool.submit(self._fetch, part): part["file"] for part in waiting}
            return self._follow(running)

    def _follow(self, running: "dict[Future[None], str]") -> int:
        """Tell how far it is until everything has ended."""
        failed = 0
        while running:
            time.sleep(_TELL_SECONDS)
            _say(bytes=dict(self._bytes))
            if os.getppid() != self._parent:
                os._exit(1)  # nobody listens any more
            for future in [future for future in running if future.done()]:
                file = running.pop(future)
                error = future.exception()
                if isinstance(error, FetchError):
                    failed += 1
                    _say(failed=file, why=error.why.value, words=str(error))
                elif error is not None:
                    raise error
                else:
                    _say(done=file)
        return 1 if failed else 0

    def _size(self, part: dict[str, str]) -> int:
        """Bytes, as the server or the disk says; 0 when nobody does."""
        there = _size_of(self._folder / part["file"])
        if there:
            return there
        address = urlsplit(part["url"])
        if address.scheme == "file":
            return _size_of(_local_path(part["url"]))
        if address.scheme not in ("http", "https"):
            return 0
        try:
            with self._open(_request(part["url"], _HEADERS, "HEAD"), timeout=_SECONDS) as answer:
                return int(answer.headers.get("Content-Length") or 0)
        except (OSError, ValueError, http.client.HTTPException):
            return 0  # the download itself says what is wrong

    def _fetch(self, part: dict[str, str]) -> None:
        target = self._folder / part["file"]
        if self._stop.is_set():
            raise FetchError(Why.NETWORK, "not tried any more")
        try:
            if target.exists() and self._hash(target, part["file"]).hexdigest() == part["sha256"]:
                return
            target.unlink(missing_ok=True)
            scheme = urlsplit(part["url"]).scheme
            if scheme == "file":
                self._link(part, target)
            elif scheme in ("http", "https"):
                self._download(part, target)
            else:
                raise FetchError(Why.REFUSED, f"addresses that begin with {scheme}")
        except FetchError as error:
            if error.why in (Why.NETWORK, Why.DISK):
                self._stop.set()
            raise
        except OSError as error:
            self._stop.set()
            raise FetchError(Why.DISK, _disk_words(error)) from error

    def _link(self, part: dict[str, str], target: Path) -> None:
        """Files on this computer are not copied: they are looked at where they lie."""
        source = _local_path(part["url"])
        if not source.is_file():
            raise FetchError(Why.REFUSED, "the file is gone")
        if self._hash(source, part["file"]).hexdigest() != part["sha256"]:
            raise FetchError(Why.HASH, "the file differs from its checksum")
        target.symlink_to(source)

    def _download(self, part: dict[str, str], target: Path) -> None:
        draft = part_file(self._folder, part["file"], part["sha256"])
        tries = iter(_PAUSES)
        while True:
            resumed, before = _size_of(draft) > 0, _size_of(draft)
            try:
                digest = self._receive(part, draft)
            except FetchError as error:
                if error.why is not Why.NETWORK or self._stop.is_set():
                    raise
                if _size_of(draft) > before:
                    tries = iter(_PAUSES)  # it moves: a long download may break often
                pause = next(tries, None)
                if pause is None:
                    raise
                self._stop.wait(pause)
                continue
            if digest == part["sha256"]:
                draft.replace(target)
                return
            draft.unlink()
            self._bytes[part["file"]] = 0
            # What was there before may have been damaged by a power cut: once more from the beginning.
            if not resumed:
                raise FetchError(Why.HASH, "what came differs from its checksum")

    def _receive(self, part: dict[str, str], draft: Path) -> str:
        """Get what is missing; the hash of all of it.

        Raises:
            FetchError: the connection broke, or there was none.
            OSError: the disk.
        """
        digest = self._hash(draft, part["file"]) if draft.exists() else hashlib.sha256()
        have = _size_of(draft)
        if have and have == self._sizes.get(part["file"]):
            return digest.hexdigest()
        headers = _HEADERS | ({"Range": f"bytes={have}-"} if have else {})
        with contextlib.closing(self._ask(_request(part["url"], headers, "GET"), draft)) as answer:
            if have and (answer.status != 206 or not _continues(answer, have)):
                digest, have = hashlib.sha256(), 0
            with draft.open("ab" if have else "wb") as file:
                while data := _read(answer):
                    file.write(data)
                    digest.update(data)
                    have += len(data)
                    self._bytes[part["file"]] = have
                    if self._stop.is_set():
                        raise FetchError(Why.NETWORK, "not tried any more")
        expected = self._sizes.get(part["file"], 0)
        if have < expected:
            raise FetchError(Why.NETWORK, f"the connection ended after {have} of {expected} bytes")
        return digest.hexdigest()

    def _ask(self, request: urllib.request.Request, draft: Path) -> Any:  # noqa: ANN401 - urllib's own type of answer
        try:
            return self._open(request, timeout=_SECONDS)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:
                draft.unlink(missing_ok=True)  # more is there than the server has
            busy = error.code in (408, 416, 425, 429) or error.code >= 500
            raise FetchError(Why.NETWORK if busy else Why.REFUSED, f"the server says {error.code}") from error
        except urllib.error.URLError as error:
            raise FetchError(_why(error.reason), str(error.reason)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchError(_why(error), str(error)) from error

    def _hash(self, path: Path, name: str) -> "hashlib._Hash":
        digest, done = hashlib.sha256(), 0
        with path.open("rb") as file:
            while data := file.read(1 << 20):
                digest.update(data)
                done += len(data)
                self._bytes[name] = done
        return digest


def _request(url: str, headers: dict[str, str], method: str) -> urllib.request.Request:
    return urllib.request.Request(url, headers=headers, method=method)  # noqa: S310 - only http and https come here


def _read(answer: Any) -> bytes:  # noqa: ANN401 - urllib's own type of answer
    try:
        return bytes(answer.read(_BLOCK))
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(Why.NETWORK, str(error) or type(error).__name__) from error


def _why(reason: object) -> Why:
    """Whether trying again may help, or pip has to be asked, which knows the person's certificates and proxies."""
    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    unsafe = isinstance(reason, ssl.SSLError | ValueError) and not isinstance(reason, broken)
    return Why.REFUSED if unsafe or "Tunnel connection failed" in str(reason) else Why.NETWORK


def _continues(answer: Any, have: int) -> bool:  # noqa: ANN401 - urllib's own type of answer
    return str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")


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


if __name__ == "__main__":
    _job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    sys.exit(Fetcher(Path(_job["folder"]), _job["parts"]).run())
