"""A small package index over HTTP, in a process of its own, which can be told to behave badly.

`python package_server.py FOLDER LOG [--break N] [--no-range] [--password] [--wrong] [--not-us]`: serves the files of
FOLDER and an index of them (PEP 503), prints its port, and writes every request into LOG, a JSON line each.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    options: argparse.Namespace
    asked: dict[str, int]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        self._note()
        if self.options.password and not self.headers.get("Authorization"):
            return self._send(401, b"", body, **{"WWW-Authenticate": "Basic"})
        path = re.sub(r"^http://[^/]+", "", self.path)  # as a proxy is asked
        if path.startswith("/simple/"):
            return self._send(200, self._index(path.split("/")[2]), body, **{"Content-Type": "text/html"})
        return self._file(self.options.folder / path.rsplit("/", 1)[-1].replace("%2B", "+"), body)

    def _index(self, project: str) -> bytes:
        links = []
        for path in sorted(self.options.folder.iterdir()):
            if re.sub(r"[-_.]+", "-", path.name.split("-")[0]).lower() == project:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                links.append(f'<a href="/files/{path.name}#sha256={digest}">{path.name}</a>')
        return f"<html><body>{''.join(links)}</body></html>".encode()

    def _file(self, path: Path, body: bool) -> None:
        if self.options.not_us and body and self.headers.get("User-Agent") == "vllm-desktop":
            return self._send(403, b"", body)
        if not path.is_file():
            return self._send(404, b"", body)
        data = path.read_bytes()
        if self.options.wrong:
            data = data[::-1]
        begin, end, headers = 0, len(data), {"Accept-Ranges": "bytes"}
        asked = re.match(r"bytes=(\d*)-(\d*)$", self.headers.get("Range", ""))
        if asked and not self.options.no_range:
            begin = int(asked[1]) if asked[1] else len(data) - int(asked[2])
            end = min(end, int(asked[2]) + 1) if asked[1] and asked[2] else end
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(data)}"
        part = data[begin:end]
        self.asked[path.name] = self.asked.get(path.name, 0) + body
        if body and self.options.broken and self.asked[path.name] == 1:
            return self._break(part, headers)
        return self._send(206 if "Content-Range" in headers else 200, part, body, **headers)

    def _break(self, data: bytes, headers: dict[str, str]) -> None:
        """Promise all of it and hang up in the middle."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: self.options.broken])
        self.wfile.flush()
        self.close_connection = True

    def _send(self, code: int, data: bytes, body: bool, **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def _note(self) -> None:
        with self.options.log.open("a") as log:
            ours = self.headers.get("User-Agent") == "vllm-desktop"
            facts = {"method": self.command, "path": self.path, "range": self.headers.get("Range", ""), "ours": ours}
            log.write(json.dumps(facts) + "\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""


@contextmanager
def serve(folder: Path, log: Path, *options: str) -> Iterator[str]:
    """Run the server beside a test; gives its address."""
    argv = [sys.executable, __file__, str(folder), str(log), *options]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def requests(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("--break", dest="broken", type=int, default=0)
    for flag in ("--no-range", "--password", "--wrong", "--not-us"):
        parser.add_argument(flag, action="store_true")
    Handler.options, Handler.asked = parser.parse_args(), {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
