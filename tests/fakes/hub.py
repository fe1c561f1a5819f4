"""A small Hugging Face Hub on loopback, in a process of its own, which can be told to behave badly.

A test, or whoever takes pictures, says which repositories it has and runs it beside itself:

    repos = [Repo("guide/tiny", folder=resources() / "guide"), Repo("big/one", files={"model.safetensors": 40_000_000})]
    with running_hub(tmp_path, repos) as hub:
        Hub(hub.endpoint)                     # the address to hand to the program
        hub.commits["guide/tiny"]             # what `main` is
        hub.control(rate=1_000_000)           # see `CONTROLS` in `hub_server.py`
        hub.log(), hub.sent(), hub.forget()   # who asked for what, how many bytes went out; begin a new log
        hub.reset()                           # behave well again, with a new log: for a Hub that tests share

Three ports: the Hub, the CDN that it sends people to for large files (which refuses an Authorization header, as the
real one does), and a stranger who serves the same. Tokens: `GOOD` may read everything, `OTHER` is known but was not let
into gated repositories, any other is invalid.
"""

import base64
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GOOD = "hf_good"
OTHER = "hf_other"
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Filler:
    """A file of made-up content: a beginning, and then noise up to its size."""

    size: int
    head: bytes = b""


@dataclass(frozen=True)
class Repo:
    """A repository.

    Attributes:
        id: `owner/name`.
        folder: whose files it has, all of them, sub-folders too; files that begin with a dot are left out.
        files: more of them by path: their content, or the size of noise. Those above 1 GB bear a made-up hash.
        gate: `""`, `"auto"` or `"manual"`.
        private: whether it is hidden from all but `GOOD`.
        facts: more that the Hub says of it, e.g. `{"downloads": 5, "pipeline_tag": "text-generation"}`.
    """

    id: str
    folder: Path | None = None
    files: Mapping[str, bytes | str | int | Filler] = field(default_factory=dict)
    gate: str = ""
    private: bool = False
    licence: str = "apache-2.0"
    facts: Mapping[str, Any] = field(default_factory=dict)


class FakeHub:
    """The running one."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.endpoint: str = said["hub"]
        self.cdn: str = said["cdn"]
        self.stranger: str = said["stranger"]
        self.commits: dict[str, str] = said["commits"]

    def control(self, **what: Any) -> None:  # noqa: ANN401 - a JSON value
        """Change how it behaves; what is not named stays as it is."""
        _call(f"{self.endpoint}/_ctl", json.dumps(what).encode())

    def log(self) -> list[dict[str, Any]]:
        """Every request so far: where, method, path, range, if_range, token (what came), status, sent (bytes)."""
        found: list[dict[str, Any]] = json.loads(_call(f"{self.endpoint}/_log"))
        return found

    def sent(self) -> int:
        """Bytes of files' content that went out."""
        return sum(one["sent"] for one in self.log())

    def reset(self) -> None:
        """Behave well again, with a new log."""
        self.control(reset=True)

    def forget(self) -> None:
        """Begin a new log."""
        self.control(forget=True)


@contextmanager
def running_hub(folder: Path, repos: Sequence[Repo]) -> Iterator[FakeHub]:
    """Run a Hub with *repos* beside a test; *folder* is for its notes."""
    told = folder / "fake-hub.json"
    told.write_text(json.dumps([_as_json(repo) for repo in repos]), "utf-8")
    argv = [sys.executable, "-m", "tests.fakes.hub_server", str(told)]
    # It ends when its standard input does, so also when the test is killed.
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT) as process:
        assert process.stdout is not None
        try:
            yield FakeHub(json.loads(process.stdout.readline()))
        finally:
            process.kill()


def _as_json(repo: Repo) -> dict[str, Any]:
    files: dict[str, Any] = {}
    if repo.folder is not None:
        for path in sorted(repo.folder.rglob("*")):
            name = path.relative_to(repo.folder).as_posix()
            if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
                files[name] = {"at": str(path)}
    for name, content in repo.files.items():
        if isinstance(content, int):
            files[name] = {"size": content, "head": ""}
        elif isinstance(content, Filler):
            files[name] = {"size": content.size, "head": base64.b64encode(content.head).decode()}
        else:
            raw = content.encode() if isinstance(content, str) else content
            files[name] = {"size": len(raw), "head": base64.b64encode(raw).decode()}
    return {
        "id": repo.id,
        "files": files,
        "gate": repo.gate,
        "private": repo.private,
        "licence": repo.licence,
        "facts": dict(repo.facts),
    }


def _call(url: str, data: bytes | None = None) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, data), timeout=60) as answer:
        return bytes(answer.read())
