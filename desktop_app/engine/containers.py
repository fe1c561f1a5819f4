"""Engines in containers: an image of vLLM, run by docker or podman, with no network at all.

Called by `services/setup` (find, pull, prove an image) and by `launch` (the command around vLLM's own). Folders have
the same paths inside as outside, so that the same command line and the same Unix socket work; an image is never fetched
unless somebody asked for it, and what the engine is told passes through variables and not through a command line.
"""

import asyncio
import csv
import io
import os
import re
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.engine import container_run, proof
from desktop_app.paths import Paths
from desktop_app.transfer import children

PROGRAMS = ("docker", "podman")

_IMAGE = re.compile(r"[a-zA-Z0-9][\w.:/@-]{0,254}")
_ANSWER_SECONDS = 30
_PYTHON = "python3"
"""The interpreter in vLLM's images (its Dockerfile links it)."""

_CLIENT = ("PATH", "HOME", "USER", "LANG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
_CLIENT_PREFIXES = ("DOCKER_", "CONTAINER_", "CONTAINERS_", "PODMAN_", "DBUS_")
"""What docker and podman themselves need to find their service."""

_HOSTS_OWN = frozenset({"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH"})
"""Variables that name programs and libraries outside; the image has its own."""
_SHARED_MEMORY = "8g"
"""A limit, not a reservation: the workers of several cards talk through it; docker's default is 64 MB."""


def find_program() -> Path | None:
    """Docker, or else podman; None when this computer has neither."""
    found = (shutil.which(name) for name in PROGRAMS)
    return next((Path(path) for path in found if path), None)


def container_name(paths: Paths, key: str) -> str:
    """What the container of the engine *key* of this data folder is called."""
    return f"vllm-desktop-{key}-{sha256(os.fsencode(paths.root)).hexdigest()[:8]}"


async def present(program: Path, image: str) -> bool:
    """Whether *image* is on this computer.

    Raises:
        EngineError: *image* is no name of one, or the service that runs containers does not answer.
    """
    if not _IMAGE.fullmatch(image):
        raise EngineError(f"“{image}” is not the name of an image.", "It is written like vllm/vllm-openai:v0.32.0.")
    code, _lines = await _ask(program, "image", "inspect", "--format", "{{.Id}}", image)
    if code == 0:
        return True
    code, lines = await _ask(program, "version")
    if code:
        reason = f"Is its service running, and may you use it? Try `{program.name} version` in a terminal."
        raise EngineError(f"{program.name} does not answer.", reason, Remedy.RETRY, "\n".join(lines[-20:]))
    return False


async def pull(program: Path, image: str, say: Callable[[str], None]) -> None:
    """Fetch *image* from where it comes from; *say* hears the program's lines. Cancelling ends it.

    Raises:
        EngineError: it cannot be fetched.
    """
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        say(line.strip()[:200])

    code = await children.run((str(program), "pull", image), _client(os.environ), Path("/"), hear)
    if code:
        reason = "Check its name and the internet connection. What was fetched is kept."
        details = "\n".join(lines[-20:])
        raise EngineError(f"The image {image} could not be fetched.", reason, Remedy.RETRY, details)


async def prove(program: Path, image: str, *, card: bool) -> EngineEnvironment:
    """Load vLLM in a container of *image* and read what it is; *card* lends it the graphics cards.

    Raises:
        EngineError: it cannot be run, or there is no vLLM in it that we can use.
    """
    name, lines = f"vllm-desktop-proof-{uuid.uuid4().hex[:8]}", list[str]()
    quiet = tuple(word for key, value in proof.QUIET.items() for word in ("--env", f"{key}={value}"))
    argv = (str(program), "run", *_fixed(name), *_cards(program, card), *quiet, "--entrypoint", _PYTHON, image)
    try:
        script = ("-I", "-B", "-c", proof.SCRIPT)
        code = await children.run((*argv, *script), _client(os.environ), Path("/"), lines.append, proof.SECONDS)
    except TimeoutError:
        raise EngineError("The engine did not load in time.", "", Remedy.RETRY, "\n".join(lines[-20:])) from None
    finally:
        # The container outlives the program that was asked for it.
        await asyncio.to_thread(container_run.remove, str(program), name)
    if "python" not in proof.facts_of(lines):
        reason = f"{program.name} ended with {code} before Python could answer."
        raise EngineError("This image cannot be run.", reason, Remedy.ENGINES, "\n".join(lines[-20:]))
    version, kind = proof.judge(lines, code)
    return EngineEnvironment(program, version, kind, managed=False, image=image)


def wrap(
    command: Sequence[str],
    variables: Mapping[str, str],
    environment: EngineEnvironment,
    name: str,
    writable: Sequence[Path],
    outside: Mapping[str, str],
    card: str = "",
) -> tuple[list[str], dict[str, str]]:
    """The command and the variables that run *command* in a container of `environment.image`.

    Args:
        command: vLLM's command line, its interpreter first; files and folders that it names are lent to be read.
        variables: what the engine is to see.
        environment: one with an image.
        name: what the container is called (`container_name`); one of that name is removed first.
        writable: folders that are lent to be written to, which have to exist: that of the socket, caches, home.
        outside: this program's own variables, for docker and podman.
        card: the only graphics card to lend, by the driver's number or its UUID; empty lends all of them to an engine
            for cards.
    """
    program = environment.python
    values = {key: value for key, value in variables.items() if key not in _HOSTS_OWN}
    client = _client(outside)
    # Names only: values on a command line can be read by everybody. Where docker needs the same name for itself, the
    # value is a folder and no secret.
    told = [word for key in sorted(values) for word in ("--env", f"{key}={values[key]}" if key in client else key)]
    argv = [
        *(sys.executable, "-I", "-S", container_run.__file__, name, "--"),
        *(str(program), "run", "--interactive", *_fixed(name)),
        *_cards(program, environment.kind is EngineKind.CUDA, card),
        *_person(program),
        *(word for folder in dict.fromkeys(writable) for word in _mount(folder, read_only=False)),
        *(word for folder in _readable(command[1:], writable) for word in _mount(folder, read_only=True)),
        *told,
        *("--entrypoint", _PYTHON, environment.image, "-I", "-c", container_run.INSIDE),
        *(_PYTHON, *command[1:]),
    ]
    return argv, {**values, **client}


def _fixed(name: str) -> tuple[str, ...]:
    """Removed at its end, never fetched, without any network, without any right that a plain program lacks."""
    return (
        *("--rm", "--pull", "never", "--network", "none", "--name", name, "--label", "vllm-desktop"),
        *("--ipc", "private", "--shm-size", _SHARED_MEMORY),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--security-opt", "label=disable"),
    )


def _cards(program: Path, wanted: bool, card: str = "") -> tuple[str, ...]:
    if not wanted:
        return ()
    if program.name == "podman":
        return ("--device", f"nvidia.com/gpu={card or 'all'}")
    return ("--gpus", f"device={card}" if card else "all")


def _person(program: Path) -> tuple[str, ...]:
    """Files are written as the person who runs this program, and the socket is that person's."""
    user = ("--user", f"{os.getuid()}:{os.getgid()}")
    return (*user, "--userns", "keep-id") if program.name == "podman" and os.getuid() else user


def _readable(words: Sequence[str], writable: Sequence[Path]) -> Iterator[Path]:
    """Files and folders that a command line names, and where the links in them lead to."""
    found: dict[Path, None] = {}
    for word in words:
        value = word.partition("=")[2] if word.startswith("--") else word
        path = Path(value)
        if not value.startswith("/") or not path.exists():
            continue
        found[path] = None
        for inside in (path, *path.iterdir()) if path.is_dir() else (path,):
            if inside.is_symlink():
                # A model in the Hub's cache is a folder of links to `../../blobs`.
                found[Path(os.path.normpath(inside.parent / inside.readlink())).parent] = None
    yield from (path for path in found if not any(path.is_relative_to(folder) for folder in writable))


def _mount(path: Path, read_only: bool) -> tuple[str, str]:
    """One `--mount`, which takes a list of comma-separated values and fails when there is no such path."""
    line = io.StringIO()
    fields = ["type=bind", f"src={path}", f"dst={path}", *(["readonly"] if read_only else [])]
    csv.writer(line, lineterminator="").writerow(fields)
    return "--mount", line.getvalue()


def _client(given: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in given.items() if key in _CLIENT or key.startswith(_CLIENT_PREFIXES)}


async def _ask(program: Path, *arguments: str) -> tuple[int, list[str]]:
    lines: list[str] = []
    try:
        argv = (str(program), *arguments)
        return await children.run(argv, _client(os.environ), Path("/"), lines.append, _ANSWER_SECONDS), lines
    except (OSError, TimeoutError) as error:
        return 1, [*lines, str(error)]
