"""Downloads for tests: what the small Hub has as the program knows it, and a download in a process of its own.

`python -m tests.hub.downloading JOB.json` downloads `repo` from `endpoint` into `folder` and prints each status as a
JSON line, at the end `{"title", "reason"}` or `{"done": folder}`. With `fill`, it fills the disk as soon as so many
bytes are there, and once it has failed makes room again and goes on.
"""

import asyncio
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

from desktop_app.domain.errors import UserError
from desktop_app.domain.library import DownloadStatus, HubFile, HubModel
from desktop_app.hub.download import Download
from tests.fakes.hub import GOOD, FakeHub

QUICK = (0.0, 0.05, 0.05, 0.05)


def hub_model(hub: FakeHub, repo_id: str) -> HubModel:
    """A repository with all its files, as the Hub lists them."""
    return read_model(hub.endpoint, repo_id)


def read_model(endpoint: str, repo_id: str) -> HubModel:
    request = urllib.request.Request(f"{endpoint}/api/models/{repo_id}?blobs=True")
    request.add_header("Authorization", f"Bearer {GOOD}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        said = json.loads(answer.read())
    return HubModel(repo_id, said["sha"], files=tuple(_file(one) for one in said["siblings"]))


def _file(said: dict[str, Any]) -> HubFile:
    if "lfs" in said:
        return HubFile(said["rfilename"], said["size"], sha256=said["lfs"]["sha256"])
    return HubFile(said["rfilename"], said["size"], git_sha1=said["blobId"])


class Told:
    """What a download told."""

    def __init__(self) -> None:
        self.statuses: list[DownloadStatus] = []

    def __call__(self, status: DownloadStatus) -> None:
        self.statuses.append(status)

    @property
    def last(self) -> DownloadStatus:
        return self.statuses[-1]


async def _run(job: dict[str, Any]) -> None:
    model, folder = read_model(job["endpoint"], job["repo"]), Path(job["folder"])
    ballast, fill = folder.parent.parent / "ballast", job.get("fill", 0)

    def tell(status: DownloadStatus) -> None:
        nonlocal fill
        print(json.dumps({"stage": status.stage.name, "bytes": status.done_bytes}), flush=True)
        if fill and status.done_bytes >= fill:
            fill = 0
            _fill(ballast)

    for _again in range(2 if fill else 1):
        try:
            await Download(model, folder, job["endpoint"], "", tell, QUICK).run()
        except UserError as error:
            print(json.dumps({"title": error.title, "reason": error.reason}), flush=True)
            ballast.unlink(missing_ok=True)
        else:
            print(json.dumps({"done": str(folder)}), flush=True)
            return


def _fill(ballast: Path) -> None:
    try:
        with ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 12))
    except OSError:
        return  # it is full


if __name__ == "__main__":
    asyncio.run(_run(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
