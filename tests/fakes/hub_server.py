"""The process of the small Hub: `python -m tests.fakes.hub_server REPOS.json`, started by `hub.running_hub`.

Routes, as hub.md §1.4 of the research lists them: `GET /api/models?search&author&limit&cursor` (with `Link`),
`/api/models/{id}[/revision/{rev}]?blobs=True`, `/api/models/{id}/tree/{rev}`, `POST /api/models/{id}/paths-info/{rev}`,
`/api/models/{id}/auth-check`, `/api/whoami-v2`, `HEAD|GET /{id}/resolve/{rev}/{path}` (small: 200; large: 302 to the
CDN), CDN `/lfs/{sha256}`, and for tests `POST /_ctl` and `GET /_log`.
"""

import json
import re
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests.fakes.hub_content import File, Repository

CONTROLS: dict[str, Any] = {
    "rate": 0,  # bytes a second of all files together; 0: as fast as it goes
    "cut_after": 0,  # hang up after so many bytes of an answer's content …
    "cuts": 0,  # … so many times
    "stall_after": None,  # say no more after so many bytes of an answer's content, until this is None again
    "corrupt": [],  # paths whose last byte is wrong
    "ranges": True,
    "statuses": [],  # {"where": "cdn", "code": 429, "times": 2, "headers": {"Retry-After": "1"}}, in this order
    "etag": "",  # put after the ETags of the CDN: another one, as if the content were another
    "location": "",  # where large files are said to lie; `{path}` stands for their place on the CDN
    "gone": [],  # repositories that are not there any more
    "moved": {},  # repositories' old names and the new ones
    "commits": {},  # new commits of `main`, by repository
}
_TOKENS = {"hf_good": "good", "hf_other": "other"}


class World:
    """What all three ports share."""

    def __init__(self, told: list[dict[str, Any]]) -> None:
        self.repos = {one["id"]: Repository(one) for one in told}
        self.blobs = {file.sha256: file for repo in self.repos.values() for file in repo.files.values()}
        self.controls = dict(CONTROLS)
        self.log: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        self.places: dict[str, str] = {}
        self._free_at = 0.0

    def control(self, what: dict[str, Any]) -> None:
        with self.changed:
            if what.pop("reset", False):
                self.controls = dict(CONTROLS)
                what["forget"] = True
            if what.pop("forget", False):
                self.log.clear()
            unknown = set(what) - set(CONTROLS)
            if unknown:
                raise ValueError(f"unknown: {sorted(unknown)}")
            for name, commit in what.get("commits", {}).items():
                self.repos[name].commit = commit  # for good, and the one before stays known
                self.repos[name].commits.add(commit)
            self.controls.update(what)
            self.changed.notify_all()

    def take(self, name: str) -> bool:
        """Use up one of a number of times."""
        with self.changed:
            self.controls[name] -= 1
            return bool(self.controls[name] >= 0)

    def status(self, where: str) -> dict[str, Any] | None:
        """The error that is due now."""
        with self.changed:
            for one in self.controls["statuses"]:
                if one.get("where", where) == where and one["times"] > 0:
                    one["times"] -= 1
                    return dict(one)
        return None

    def wait_turn(self, size: int) -> None:
        """Keep to the rate."""
        with self.changed:
            rate = self.controls["rate"]
            if not rate:
                return
            now = time.monotonic()
            self._free_at = max(now, self._free_at) + size / rate
            wait = self._free_at - now
        time.sleep(wait)


class Handler(BaseHTTPRequestHandler):
    """Answers one request, on whichever port it came."""

    protocol_version = "HTTP/1.1"
    world: World
    where: str

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        self.asked, self.query = unquote(url.path), {name: one[0] for name, one in parse_qs(url.query).items()}
        if self.asked == "/_ctl":
            self.world.control(json.loads(self.content))
            return self._json({})
        if self.asked == "/_log":
            return self._json(self.world.log)
        authorization = self.headers.get("Authorization", "")
        self.record: dict[str, Any] = {
            "where": self.where,
            "method": self.command,
            "path": self.asked,
            "query": self.query,
            "range": self.headers.get("Range", ""),
            "if_range": self.headers.get("If-Range", ""),
            "token": authorization.removeprefix("Bearer "),
            "agent": self.headers.get("User-Agent", ""),
            "status": 0,
            "sent": 0,
        }
        self.world.log.append(self.record)
        self.token = _TOKENS.get(self.record["token"], "")
        if due := self.world.status(self.where):
            return self._fail(due["code"], headers=due.get("headers", {}))
        if self.where != "hub":
            return self._lfs(authorization)
        if authorization and not self.token:
            return self._fail(401, message="Invalid credentials in Authorization header")
        return self._hub()

    def _hub(self) -> None:
        if self.asked == "/api/models":
            return self._list()
        if self.asked == "/api/whoami-v2":
            return self._json({"type": "user", "name": "tester"}) if self.token else self._fail(401)
        if found := re.fullmatch(
            r"/api/models/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/([^/]+)(/.*)?)?", self.asked
        ):
            return self._about(found[1], found[2] or "revision", found[3] or "main")
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/auth-check", self.asked):
            repo = self._repo(found[1], gated=True)
            return self._json({}) if repo else None
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.asked):
            return self._resolve(found[1], found[2], found[3])
        return self._fail(404)

    def _list(self) -> None:
        limit, at = int(self.query.get("limit", 1000)), int(self.query.get("cursor", 0))
        wanted, author = self.query.get("search", "").lower(), self.query.get("author", "")
        every = [repo for repo in self.world.repos.values() if self._shown(repo)]
        found = [
            repo for repo in every if wanted in repo.id.lower() and (not author or repo.id.startswith(author + "/"))
        ]
        headers = {}
        if at + limit < len(found):
            following = urlencode(self.query | {"cursor": str(at + limit)})
            headers["Link"] = f'<{self.world.places["hub"]}/api/models?{following}>; rel="next"'
        full = "full" in self.query
        self._json([repo.info(full, blobs=False) for repo in found[at : at + limit]], headers)

    def _shown(self, repo: Repository) -> bool:
        return repo.id not in self.world.controls["gone"] and (not repo.private or self.token == "good")

    def _repo(self, name: str, gated: bool) -> Repository | None:
        """The repository, or None when an answer was given."""
        if moved := self.world.controls["moved"].get(name):
            self._redirect(307, self.path.replace(name, moved))
            return None
        repo = self.world.repos.get(name)
        if repo is None or not self._shown(repo):
            # The real one does not say whether a repository is private or not there.
            self._fail(404 if self.token else 401, "RepoNotFound", "Repository not found")
            return None
        if gated and repo.gate and self.token != "good":
            said = f"Access to model {name} is restricted."
            self._fail(403 if self.token else 401, "GatedRepo", said)
            return None
        return repo

    def _about(self, name: str, what: str, revision: str) -> None:
        repo = self._repo(name, gated=False)
        if repo is None:
            return None
        if revision != "main" and revision not in repo.commits:
            return self._fail(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if what == "revision":
            commit = repo.commit if revision == "main" else revision
            return self._json(repo.info(True, "blobs" in self.query, commit))
        files = list(repo.files.values())
        if what == "paths-info":
            paths = parse_qs(self.content.decode()).get("paths") or json.loads(self.content or b"{}").get("paths", [])
            files = [file for file in files if file.path in paths]
        return self._json([file.entry() for file in files])

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repo = self._repo(name, gated=True)
        if repo is None:
            return None
        if revision != "main" and revision not in repo.commits:
            return self._fail(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        file = repo.files.get(path)
        if file is None:
            return self._fail(404, "EntryNotFound", "Entry not found")
        headers = {"X-Repo-Commit": repo.commit if revision == "main" else revision}
        if not file.lfs:
            return self._send_file(file, headers | {"ETag": f'"{file.etag}"'})
        headers |= {"X-Linked-Etag": f'"{file.etag}"', "X-Linked-Size": str(file.size)}
        place = f"/lfs/{file.sha256}"
        location = self.world.controls["location"] or f"{self.world.places['cdn']}{{path}}"
        return self._redirect(302, location.replace("{path}", place), headers)

    def _lfs(self, authorization: str) -> None:
        if authorization and self.where == "cdn":
            return self._fail(400, message="Only one auth mechanism allowed")
        file = self.world.blobs.get(self.asked.removeprefix("/lfs/"))
        if file is None:
            return self._fail(404)
        return self._send_file(file, {"ETag": f'"{file.etag}{self.world.controls["etag"]}"'})

    def _send_file(self, file: File, headers: dict[str, str]) -> None:
        controls = self.world.controls
        begin, end, code = 0, file.size, 200
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.record["range"])
        unchanged = self.record["if_range"] in ("", headers["ETag"])
        if asked and controls["ranges"] and unchanged:
            begin, end = int(asked[1]), min(end, int(asked[2]) + 1) if asked[2] else end
            if begin >= file.size:
                return self._fail(416, headers={"Content-Range": f"bytes */{file.size}"})
            code = 206
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{file.size}"
        headers["Accept-Ranges"] = "bytes" if controls["ranges"] else "none"
        self._head(code, end - begin, headers)
        if self.command != "HEAD":
            with suppress(OSError):
                self._send_content(file, begin, end)
        return None

    def _send_content(self, file: File, begin: int, end: int) -> None:
        wrong = file.path in self.world.controls["corrupt"]
        for block in file.blocks(begin, end):
            begin += len(block)
            said = block[:-1] + bytes([block[-1] ^ 1]) if wrong and begin == file.size else block
            if not self._may_send(len(said)):
                self.close_connection = True
                return
            self.world.wait_turn(len(said))
            self.connection.sendall(said)
            self.record["sent"] += len(said)

    def _may_send(self, size: int) -> bool:
        controls = self.world.controls
        if controls["cuts"] > 0 and self.record["sent"] + size > controls["cut_after"]:
            return not self.world.take("cuts")
        with self.world.changed:
            while controls["stall_after"] is not None and self.record["sent"] + size > controls["stall_after"]:
                self.world.changed.wait()
        return True

    def _redirect(self, code: int, place: str, headers: dict[str, str] | None = None) -> None:
        self._head(code, 0, (headers or {}) | {"Location": place})

    def _fail(self, code: int, kind: str = "", message: str = "", headers: dict[str, str] | None = None) -> None:
        said = {"X-Error-Code": kind, "X-Error-Message": message}
        content = json.dumps({"error": message or f"status {code}"}).encode()
        self._head(code, len(content), {name: one for name, one in said.items() if one} | (headers or {}))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _json(self, value: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(value).encode()
        self._head(200, len(content), {"Content-Type": "application/json"} | (headers or {}))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _head(self, code: int, length: int, headers: dict[str, str]) -> None:
        if hasattr(self, "record"):
            self.record["status"] = code
        self.send_response(code)
        for name, value in ({"Content-Length": str(length)} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """One port. What was sent but not read is counted as sent, so little of it may wait in between."""

    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        super().server_bind()

    def handle_error(self, request: object, client_address: object) -> None:
        """Somebody hung up."""


def main() -> None:
    world = World(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    for where in ("hub", "cdn", "stranger"):
        handler = type(where, (Handler,), {"world": world, "where": where})
        server = Server(("127.0.0.1", 0), handler)
        world.places[where] = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
    commits = {name: repo.commit for name, repo in world.repos.items()}
    print(json.dumps(world.places | {"commits": commits}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
