"""What a child program asks of the kernel, and what happens when the kernel says no: `strace` for tests."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest


def tracing(trace: Path, *options: str) -> list[str]:
    """What to put before a command line so that its system calls are written to *trace*, those of its threads too.

    Skips where the kernel does not let one program watch another; a program that is only missing is to be installed.
    """
    if sys.platform != "linux":
        pytest.skip("strace is a program for Linux")
    strace = shutil.which("strace")
    assert strace, "not installed here: strace (python3 packaging/system_libs.py --tests)"
    if refused := _refused(strace):
        pytest.skip(f"system calls cannot be watched here: {refused}")
    return [strace, "-f", "-qq", "-o", str(trace), *options]


@cache
def _refused(strace: str) -> str:
    """Why programs cannot be traced, e.g. in a container that forbids it; empty when they can."""
    tried = [strace, "-f", "-qq", "-o", "/dev/null", "true"]
    done = subprocess.run(tried, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or f"strace ended with {done.returncode}"
