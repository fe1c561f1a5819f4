"""A stand-in for docker: containers are sessions of processes that outlive the program that asked for them.

Run as `docker` by a script in a folder on PATH. `$DOCKER_STATE` is the folder of its service: `images` has the names of
the images that are there, `<name>.container` is there while a container runs, `runs` gets every command line.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

STATE = Path(os.environ["DOCKER_STATE"])
VALUED = {
    *("--pull", "--network", "--name", "--label", "--ipc", "--shm-size", "--cap-drop", "--security-opt", "--gpus"),
    *("--device", "--user", "--userns", "--mount", "--env", "--entrypoint"),
}

# Between the service and a container: when the first process ends, the kernel ends everything in the container.
SHIM = """
import os, signal, subprocess, sys
code, held, *argv = sys.argv[1:]
first = subprocess.Popen(argv, start_new_session=True)
with open(held, "w") as file:
    file.write(str(first.pid))
status = first.wait()
try:
    os.killpg(first.pid, signal.SIGKILL)
except ProcessLookupError:
    pass
with open(code + ".new", "w") as file:
    file.write(str(status if status >= 0 else 128 - status))
os.rename(code + ".new", code)
os.unlink(held)
"""

# The image's interpreter: it has a vLLM, and its API server is the stand-in engine.
PYTHON = """#!{python}
import runpy, sys
arguments = sys.argv[1:]
while arguments[0] in ("-I", "-B"):
    arguments.pop(0)
sys.path.insert(0, {packages!r})
if arguments[0] == "-m":
    sys.argv = [{engine!r}, *arguments[2:]]
    runpy.run_path({engine!r}, run_name="__main__")
else:
    sys.argv = ["-c", *arguments[2:]]
    exec(compile(arguments[1], "<command>", "exec"), {{"__name__": "__main__"}})
"""


def read(words: list[str]) -> tuple[dict[str, list[str]], str, list[str]]:
    """Options by name, the image, and what follows it."""
    options: dict[str, list[str]] = {}
    while words[0].startswith("--"):
        name = words.pop(0)
        options.setdefault(name, []).append(words.pop(0) if name in VALUED else "")
    return options, words[0], words[1:]


def run(words: list[str]) -> int:
    """`docker run`."""
    options, image, arguments = read(words)
    name = options["--name"][0]
    held, code = STATE / f"{name}.container", STATE / f"{name}.code"
    missing = [part for mount in options.get("--mount", []) for part in mount.split(",") if is_missing(part)]
    if image not in (STATE / "images").read_text().split() or held.exists() or missing:
        print(f"docker: cannot run {image}: {missing}", file=sys.stderr)
        return 125
    code.unlink(missing_ok=True)
    words = [word if "=" in word else f"{word}={os.environ[word]}" for word in options.get("--env", [])]
    given = {name: value for name, _, value in (word.partition("=") for word in words)}
    argv = [
        sys.executable,
        "-c",
        SHIM,
        str(code),
        str(held),
        str(STATE / "bin" / options["--entrypoint"][0]),
        *arguments,
    ]
    interactive = "--interactive" in options
    shim = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if interactive else subprocess.DEVNULL,
        env={"PATH": f"{STATE / 'bin'}:/usr/bin:/bin", **given},
        start_new_session=True,
    )
    if interactive:
        threading.Thread(target=forward, args=(shim,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda number, _frame: os.kill(int(held.read_text()), number))
    while not code.exists():
        time.sleep(0.02)
    return int(code.read_text())


def forward(shim: "subprocess.Popen[bytes]") -> None:
    """Hand the input on, and its end."""
    assert shim.stdin is not None
    while data := os.read(0, 4096):
        shim.stdin.write(data)
    shim.stdin.close()


def is_missing(part: str) -> bool:
    key, _, path = part.partition("=")
    return key == "src" and not Path(path).exists()


def remove(name: str) -> int:
    """`docker rm --force`."""
    held = STATE / f"{name}.container"
    if not held.exists():
        return 1
    os.killpg(int(held.read_text()), signal.SIGKILL)
    while held.exists():
        time.sleep(0.02)
    return 0


def main() -> int:
    with (STATE / "runs").open("a") as file:
        file.write(json.dumps(sys.argv) + "\n")
    verb, *words = sys.argv[1:]
    if verb == "run":
        return run(words)
    if verb == "rm":
        return remove(words[-1])
    if verb == "image":
        return 0 if words[-1] in (STATE / "images").read_text().split() else 1
    if verb == "pull":
        with (STATE / "images").open("a") as file:
            file.write(f"{words[-1]}\n")
        print(f"Pulled {words[-1]}")
        return 0
    return 1 if (STATE / "down").exists() else 0


if __name__ == "__main__":
    sys.exit(main())
