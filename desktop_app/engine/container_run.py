"""Stands between the supervisor and a container, so that the container ends when anything outside ends.

A program of its own, of the standard library alone: `python -I -S container_run.py NAME -- docker run --interactive …`.
Containers are no children of ours but of a service, which lets them live when the program that asked for them is
killed. So their first process, `INSIDE`, leaves when its input ends, and takes everything in the container with it; and
the other end of that input is held here. Whether this process is killed, or docker, or both: the input ends.
"""

import contextlib
import signal
import subprocess
import sys

INSIDE = """
import os, signal, subprocess, sys, threading

engine = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _frame: engine.send_signal(number))

def leave_with_the_input():
    while os.read(0, 4096):
        pass
    os._exit(1)

threading.Thread(target=leave_with_the_input, daemon=True).start()
while True:
    pid, status = os.wait()
    if pid == engine.pid:
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
"""
"""The container's first process: runs what follows, and reaps what loses its parent."""

_REMOVE_SECONDS = 20


def remove(program: str, name: str) -> None:
    """End and remove the container *name* of an earlier run, if there is one."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            [program, "rm", "--force", name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_REMOVE_SECONDS,
            check=False,
        )


def main(name: str, argv: list[str]) -> int:
    """Run the container until it ends; its exit code."""
    remove(argv[0], name)
    # No `with`: the input has to stay open for as long as this process lives.
    process = subprocess.Popen(argv, stdin=subprocess.PIPE)  # noqa: SIM115, RUF100
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: process.send_signal(number))
    code = process.wait()
    remove(argv[0], name)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    _split = sys.argv.index("--")
    sys.exit(main(sys.argv[1], sys.argv[_split + 1 :]))
