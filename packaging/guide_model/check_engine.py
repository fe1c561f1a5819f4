"""Asks a running vLLM the suggested and held-out questions and compares the answers with the right ones.

Usage: python check_engine.py SOCKET [FOLDER]; the engine serves FOLDER as "guide" on that Unix socket.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from evaluate import DEFAULT_FOLDER, Result, groups, load_guide, measure, summary

AT_ONCE = 8
PAST = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=60)
        self.path = path

    def connect(self) -> None:
        """Open the socket in the place of a network connection."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self.path))


def ask(path: Path, messages: list[dict[str, str]]) -> str:
    """Return the engine's answer; the sampling is left to the folder's generation_config.json."""
    connection = SocketConnection(path)
    body = json.dumps({"model": "guide", "messages": messages, "max_tokens": 120})
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    reply = json.loads(connection.getresponse().read())
    connection.close()
    return str(reply["choices"][0]["message"]["content"])


def ask_all(path: Path, pairs: list[tuple[str, str]], names: dict[str, str]) -> list[Result]:
    """Return what every question got, several of them at a time."""

    def one(place: int) -> Result:
        question, wanted = pairs[place]
        # Every other question comes with a past, which must not change the answer.
        messages = [{"role": "user", "content": question}]
        if place % 2:
            messages = [{"role": "system", "content": "Be brief."}, *PAST, *messages]
        return Result(question, wanted, names.get(ask(path, messages), "(broken)"))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(len(pairs))))


def main() -> None:
    """Print the figures of the engine beside those of PyTorch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket", type=Path)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    torch.set_num_threads(1)
    answers = json.loads((options.folder / "questions.json").read_text(encoding="utf-8"))["answers"]
    names = {answer: name for name, answer in answers.items()}
    guide = load_guide(options.folder)
    for group, pairs in groups().items():
        if group.startswith("dev"):
            continue
        results, in_torch = ask_all(options.socket, pairs, names), measure(guide, pairs)
        same = sum(one.got == other.got for one, other in zip(results, in_torch, strict=True))
        print(summary(f"vLLM {group}", results), f"  same as PyTorch: {same}/{len(pairs)}", flush=True)


if __name__ == "__main__":
    main()
