"""What is done to vLLM's process before it becomes vLLM, seen from inside."""

import functools
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app.engine import isolation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

_SWALLOWS = """
import os, signal
before = signal.getsignal(signal.SIGTERM)
signal.signal(signal.SIGTERM, lambda *_: print("swallowed"))
signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
os.kill(os.getpid(), signal.SIGUSR1)
print(before is signal.SIG_DFL, os.readlink("/proc/self/ns/net"), flush=True)
os.kill(os.getpid(), signal.SIGTERM)
"""


def run(*, cut_off: bool, mortal: bool) -> tuple[int, list[str]]:
    before = functools.partial(isolation.before_exec, cut_off, mortal)
    command = [sys.executable, "-I", "-S", "-c", _SWALLOWS]
    done = subprocess.run(command, preexec_fn=before, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.split()


def our_network() -> str:
    return str(Path("/proc/self/ns/net").readlink())


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no numbers for this machine")
@pytest.mark.parametrize("cut_off", [False, True])
def test_a_mortal_process_cannot_swallow_sigterm_and_handles_the_rest(cut_off: bool) -> None:
    if cut_off and not isolation.can_cut_off():
        pytest.skip("the kernel does not let us")
    code, words = run(cut_off=cut_off, mortal=True)

    assert code == -signal.SIGTERM
    assert words[:2] == ["handled", "True"]
    assert (words[2] != our_network()) == cut_off


def test_others_may_swallow_it() -> None:
    code, words = run(cut_off=False, mortal=False)

    assert (code, words) == (0, ["handled", "True", our_network(), "swallowed"])


def test_on_an_unknown_machine_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    assert run(cut_off=False, mortal=True)[0] == 0
