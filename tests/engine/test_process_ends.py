"""The ends of processes, as the kernel tells them."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.engine.process_ends import ProcessEnds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such files")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def test_the_end_of_a_process_can_be_waited_for(sleeper: subprocess.Popen[bytes]) -> None:
    ends = ProcessEnds()
    assert ends.watch([os.getpid(), sleeper.pid])
    assert len(ends.files) == 2
    sleeper.kill()

    readable, _, _ = select.select(ends.files, [], [], 20)
    ends.forget(readable)

    assert len(readable) == 1
    assert len(ends.files) == 1
    assert ends.watch([sleeper.pid]), "the others are still listened to"
    ends.forget(list(ends.files))


def test_of_a_process_that_is_gone_nothing_is_kept_open(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    sleeper.wait()
    before = set(Path("/proc/self/fd").iterdir())
    ends = ProcessEnds()

    assert not ends.watch([os.getpid(), sleeper.pid])

    assert ends.files == []
    assert set(Path("/proc/self/fd").iterdir()) == before
