"""Runs the program as a person does: a child process with a data folder of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from desktop_app.engine import environments
from desktop_app.paths import Paths
from tests.engine_fakes import make_environment

SECONDS = 60


def command(data: Path, *arguments: str) -> list[str]:
    """The command line of the program with *data* as its data folder."""
    return [sys.executable, "-m", "desktop_app", "--data-dir", str(data), *arguments]


def surroundings(**more: str) -> dict[str, str]:
    """The variables that it sees: ours, but no screen unless one is given."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return {name: value for name, value in os.environ.items() if name not in hidden} | more


def run(data: Path, *arguments: str, said: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    """Run the program to its end; *said* is its standard input."""
    return subprocess.run(
        command(data, *arguments),
        input=said,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=surroundings(**more),
        check=False,
    )


@contextmanager
def running(argv: Sequence[str], **more: str) -> Iterator["subprocess.Popen[str]"]:
    """A program that runs beside the test and is gone after it."""
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=surroundings(**more)) as child:
        try:
            yield child
        finally:
            child.kill()


def data_with_engine(folder: Path) -> Paths:
    """A data folder in which the stand-in engine counts as installed."""
    paths = Paths(folder / "data")
    paths.make()
    environments.remember(make_environment(folder), paths)
    return paths
