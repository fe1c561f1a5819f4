"""Processes that do as they are told, and so can their children: stand-ins for the window and for engines."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

PROGRAM = """
import mmap, os, signal, subprocess, sys, time

def child():
    process = subprocess.Popen([sys.executable, "-I", "-c", sys.argv[1], sys.argv[1]], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process

def tell(process, line):
    process.stdin.write(line + "\\n")
    process.stdin.flush()
    return process.stdout.readline().strip()

def end(process):
    process.stdin.close()
    process.stdout.close()
    process.wait()

def burn(seconds):
    begin = time.process_time()
    while time.process_time() - begin < seconds:
        pass

def write(name, size):
    with open(name, "ab") as file:
        file.write(os.urandom(1 << 20) * (size >> 20))
        file.flush()
        os.fsync(file.fileno())

print("ready", flush=True)
for line in sys.stdin:
    answer = None
    exec(line)
    print(answer, flush=True)
"""


def ended(process: psutil.Process) -> bool:
    """Whether it has ended, be it that nobody has waited for it yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Actor:
    """One such process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def do(self, line: str) -> str:
        """Have it do a line of Python; what that puts into `answer` comes back."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer, f"it could not do {line}"
        return answer

    def number(self, line: str) -> int:
        """The same for a number."""
        return int(self.do(line))


@contextmanager
def actor() -> Iterator[Actor]:
    """A process that ends with the test, and its children with it."""
    command = [sys.executable, "-I", "-c", PROGRAM, PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield Actor(process)
        finally:
            process.kill()
