"""The fastest way to read an answer: a plain socket. Run by path as `raw_reader.py SOCKET MODEL QUESTION count|json`.

`count` counts the chunks and looks at nothing else, `json` decodes every one. Prints `read COUNT NANOSECONDS`, from
connecting to the end of the answer. Imports nothing of the program.
"""

import json
import socket
import sys
import time
from collections.abc import Iterator


def request(model: str, question: str) -> bytes:
    """The same request as the program's."""
    body = json.dumps(
        {
            "model": model,
            "messages": [{"role": "user", "content": question}],
            "stream": True,
            "stream_options": {"include_usage": True, "continuous_usage_stats": True},
        }
    ).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: engine\r\ncontent-length: {len(body)}\r\nconnection: close"
    return head.encode() + b"\r\n\r\n" + body


def pieces(path: str, ask: bytes) -> Iterator[bytes]:
    """The answer as it comes, to its end."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(ask)
        while data := connection.recv(65_536):
            yield data


def count(path: str, ask: bytes) -> int:
    """Chunks, by the empty line after each."""
    return sum(data.count(b"\n\n") for data in pieces(path, ask))


def decode(path: str, ask: bytes) -> int:
    """Chunks, each decoded."""
    found, rest = 0, b""
    for data in pieces(path, ask):
        *events, rest = (rest + data).split(b"\n\n")
        for event in events:
            begin = event.find(b"data: {")
            if begin >= 0:
                json.loads(event[begin + 6 :])
                found += 1
    return found


if __name__ == "__main__":
    path, model, question, mode = sys.argv[1:]
    ask = request(model, question)
    start = time.perf_counter_ns()
    chunks = (count if mode == "count" else decode)(path, ask)
    print("read", chunks, time.perf_counter_ns() - start)
