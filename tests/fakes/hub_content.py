"""What the repositories of the small Hub hold: files with their hashes, as bytes and as the Hub's JSON."""

import base64
import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_LFS_BYTES = 1 << 20
_HASHED_BYTES = 1_000_000_000
_NOISE = random.Random(4).randbytes(1_000_003)
"""Of a prime length: no power of two leads to the same place in it."""


class File:
    """One file."""

    def __init__(self, path: str, told: dict[str, Any]) -> None:
        self.path = path
        self._at = Path(told["at"]) if "at" in told else None
        self._head = base64.b64decode(told.get("head", ""))
        self.size = self._at.stat().st_size if self._at else int(told["size"])
        self.lfs = self.size >= _LFS_BYTES or path.endswith(".safetensors")
        self.sha256, self.sha1 = self._hashes()

    def _hashes(self) -> tuple[str, str]:
        sha256, sha1 = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % self.size)
        if self.size > _HASHED_BYTES:
            sha256.update(self.path.encode())
            sha1.update(self.path.encode())
        else:
            for block in self.blocks(0):
                sha256.update(block)
                if not self.lfs:
                    sha1.update(block)
        return sha256.hexdigest(), sha1.hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.sha1

    def blocks(self, begin: int, end: int | None = None, step: int = 1 << 16) -> Iterator[bytes]:
        """Its bytes from *begin* to *end*, some at a time."""
        end = self.size if end is None else min(end, self.size)
        if self._at:
            with self._at.open("rb") as stream:
                stream.seek(begin)
                while begin < end and (block := stream.read(min(step, end - begin))):
                    begin += len(block)
                    yield block
            return
        while begin < end:
            block = self._made(begin, min(begin + step, end))
            begin += len(block)
            yield block

    def _made(self, begin: int, end: int) -> bytes:
        if begin < len(self._head):
            return self._head[begin:end]
        offset = begin % len(_NOISE)
        return _NOISE[offset : offset + end - begin]

    def sibling(self, blobs: bool) -> dict[str, Any]:
        """As `/api/models/{id}` lists it."""
        if not blobs:
            return {"rfilename": self.path}
        lfs = {"lfs": self._lfs("sha256")} if self.lfs else {}
        return {"rfilename": self.path, "size": self.size, "blobId": self.sha1, **lfs}

    def entry(self) -> dict[str, Any]:
        """As `/api/models/{id}/tree` lists it."""
        lfs = {"lfs": self._lfs("oid")} if self.lfs else {}
        return {"type": "file", "oid": self.sha1, "size": self.size, "path": self.path, **lfs}

    def _lfs(self, name: str) -> dict[str, Any]:
        return {name: self.sha256, "size": self.size, "pointerSize": 134}


class Repository:
    """One repository."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.id: str = told["id"]
        self.gate: str = told["gate"]
        self.private: bool = told["private"]
        self._licence: str = told["licence"]
        self._facts: dict[str, Any] = told["facts"]
        self.files = {path: File(path, about) for path, about in told["files"].items()}
        named = "\n".join(f"{path} {file.etag}" for path, file in sorted(self.files.items()))
        self.commit = hashlib.sha1(f"{self.id}\n{named}".encode()).hexdigest()
        self.commits = {self.commit}

    def info(self, files: bool, blobs: bool, commit: str = "") -> dict[str, Any]:
        """As `/api/models` says it."""
        said: dict[str, Any] = {
            "_id": hashlib.sha1(self.id.encode()).hexdigest()[:24],
            "id": self.id,
            "modelId": self.id,
            "author": self.id.split("/")[0],
            "sha": commit or self.commit,
            "private": self.private,
            "gated": self.gate or False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "createdAt": "2026-01-02T03:04:05.000Z",
            "lastModified": "2026-01-02T03:04:05.000Z",
            "tags": [f"license:{self._licence}"] if self._licence else [],
            "cardData": {"license": self._licence} if self._licence else {},
        }
        if files:
            said["siblings"] = [file.sibling(blobs) for file in self.files.values()]
        return said | self._facts
