"""The helpers of `make setup`, run as make runs them: with any Python, before anything of ours is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[1] / "packaging"


def run(
    script: str, *arguments: str, path: str | None = None, program: str = "", display: str = ":0"
) -> "subprocess.CompletedProcess[str]":
    """Run a helper without our packages; *program* is what is executed before it."""
    code = f"""import runpy, sys
sys.path.insert(0, {str(PACKAGING)!r})
{program}
runpy.run_path({str(PACKAGING / script)!r}, run_name='__main__')"""
    environment = {
        **os.environ,
        "DISPLAY": display,
        "WAYLAND_DISPLAY": "",
        "PATH": os.environ["PATH"] if path is None else path,
    }
    argv = [sys.executable, "-I", "-S", "-c", code, *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=60)


UNPRIVILEGED = "import os; os.geteuid = lambda: 1000"
NOTHING_LOADS = "import ctypes\ndef refuse(name): raise OSError(name)\nctypes.CDLL = refuse"


@pytest.mark.skipif(sys.platform != "linux", reason="the libraries are those of X11 and Wayland")
def test_missing_libraries_are_named_in_one_command(tmp_path: Path) -> None:
    said = run("system_libs.py", program=f"{UNPRIVILEGED}\n{NOTHING_LOADS}")
    assert said.returncode == 1
    command = next(line for line in said.stdout.splitlines() if "sudo apt install" in line)
    assert {"libegl1", "libxkbcommon-x11-0", "libxcb-cursor0"} <= set(command.split())
    assert "xvfb" not in command
    assert "Traceback" not in said.stderr


def test_the_suite_asks_for_a_screen_as_well(tmp_path: Path) -> None:
    said = run("system_libs.py", "--tests", program=f"{UNPRIVILEGED}\n{NOTHING_LOADS}", path=str(tmp_path))
    assert {"xvfb", "strace"} <= set(said.stdout.split())
    assert "The names are Debian's" in said.stdout


def test_without_a_display_nothing_is_needed() -> None:
    said = run("system_libs.py", program=f"{UNPRIVILEGED}\n{NOTHING_LOADS}", display="")
    assert (said.returncode, said.stdout) == (0, "")


def test_nothing_missing_says_nothing() -> None:
    said = run("system_libs.py", program=f"{UNPRIVILEGED}\nimport ctypes\nctypes.CDLL = lambda name: None")
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_root_installs_with_apt_and_looks_again(tmp_path: Path) -> None:
    called = tmp_path / "called"
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> {called}\n')
    apt.chmod(0o755)
    program = (
        "import os, ctypes, pathlib\nos.geteuid = lambda: 0\n"
        f"def load(name):\n    if not pathlib.Path({str(called)!r}).exists(): raise OSError(name)\nctypes.CDLL = load"
    )
    said = run("system_libs.py", program=program, path=f"{tmp_path}:/usr/bin:/bin")
    assert said.returncode == 0, said.stdout + said.stderr
    update, install = called.read_text().splitlines()
    assert update.startswith("update")
    assert "libegl1" in install.split()


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "pip").touch()
    said = run("make_venv.py", str(folder))
    assert (said.returncode, said.stdout) == (0, "")
    assert not (folder / "pyvenv.cfg").exists()


def test_a_python_that_is_too_old_is_told_in_words(tmp_path: Path) -> None:
    program = "import sys\nsys.version_info = (3, 9, 2)\nsys.version = '3.9.2 (old)'"
    said = run("make_venv.py", str(tmp_path / "venv"), program=program)
    assert said.returncode == 1
    assert "needs Python 3.11 or newer; this is 3.9.2." in said.stdout
    assert "make run PYTHON=" in said.stdout


def test_a_python_without_venv_names_the_package(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = run("make_venv.py", str(tmp_path / "file" / "venv"), program=UNPRIVILEGED)
    assert said.returncode == 1
    assert f"sudo apt install python3.{sys.version_info.minor}-venv" in said.stdout
