"""What the program promises, and whether it holds now: each promise is looked at, not repeated.

Called by `doctor`, in a thread. Where an engine runs, its processes are looked at; where none does, what the next one
would be given.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from desktop_app.engine.launch import strays
from desktop_app.engine.leftovers import Record, living, read_records
from desktop_app.engine.protection import NO_FOREIGN_CODE, OFFLINE
from desktop_app.engine.supervisor import entry
from desktop_app.hardware.processes import environment_of, is_cut_off, listening
from desktop_app.paths import Paths

FORBIDDEN = (
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "VLLM_API_KEY",
    "OPENAI_API_KEY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONOPTIMIZE",
    "LD_PRELOAD",
    "VLLM_SERVER_DEV_MODE",
    "VLLM_ALLOW_INSECURE_SERIALIZATION",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING",
    "VLLM_USE_RUST_FRONTEND",
)
"""Secrets, ways out, and ways to steer the engine: it must not see them even when the person's shell has them."""


class Verdict(StrEnum):
    """Whether a promise holds."""

    OK = "ok"
    NOT_OK = "not ok"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Promise:
    """One promise and what was found."""

    key: str
    """Its name for other programs."""
    title: str
    """The promise."""
    verdict: Verdict
    sentence: str
    """What was seen."""


@dataclass(frozen=True)
class Running:
    """The processes of our engines, if there are any."""

    records: tuple[Record, ...] = ()
    """What was written down when they were started."""
    pids: tuple[int, ...] = ()
    """Those that live; pid and start time were both compared."""
    orphans: tuple[int, ...] = ()
    """Of these, the ones whose program is gone."""

    @property
    def owners(self) -> tuple[int, ...]:
        """The programs that started them."""
        return tuple(sorted({record.owner.pid for record in self.records}))


def find_running(paths: Paths) -> Running:
    """Look for the engines that were written down."""
    found = {key: (record, tuple(living(record))) for key, record in read_records(paths).items()}
    lost = [pid for record, pids in found.values() if not record.owner.fits(entry(record.owner.pid)) for pid in pids]
    everybody = {pid for _, pids in found.values() for pid in pids}
    return Running(tuple(record for record, _ in found.values()), tuple(sorted(everybody)), tuple(sorted(lost)))


def look(paths: Paths, running: Running, planned: Mapping[str, str]) -> tuple[Promise, ...]:
    """Every promise.

    Args:
        paths: the data folder.
        running: the engine's processes.
        planned: the variables that the next engine would be given by a shell that has all of `FORBIDDEN`.
    """
    given = _given(running)
    return (
        _data_private(paths),
        _conversations_private(paths),
        _socket_private(paths),
        _no_port(running),
        _offline(planned, given),
        _clean(planned, given),
        _no_leftovers(paths, running),
    )


def _data_private(paths: Paths) -> Promise:
    return _private("data_private", "The data folder is private", paths.root, "Everything is kept in")


def _private(key: str, title: str, folder: Path, use: str) -> Promise:
    """A folder that only its owner may enter, owned by us; one that does not exist is made that way."""
    try:
        about = folder.lstat()
    except FileNotFoundError:
        return Promise(key, title, Verdict.OK, f"{use} {folder}, which does not exist yet.")
    except OSError as error:
        return Promise(key, title, Verdict.UNKNOWN, f"{folder} cannot be looked at: {error.strerror}.")
    mode = stat.S_IMODE(about.st_mode)
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
        return Promise(key, title, Verdict.NOT_OK, f"{folder} is not a folder of yours.")
    if mode & 0o077:
        return Promise(key, title, Verdict.NOT_OK, f"Others may enter {folder} (mode {mode:04o}).")
    return Promise(key, title, Verdict.OK, f"{use} {folder} (mode {mode:04o}, yours).")


def _conversations_private(paths: Paths) -> Promise:
    key, title = "conversations_local", "Conversations stay on this computer"
    try:
        about = paths.database.stat()
    except FileNotFoundError:
        return Promise(key, title, Verdict.OK, f"They will be kept in {paths.database}. There are none yet.")
    except OSError as error:
        return Promise(key, title, Verdict.UNKNOWN, f"{paths.database} cannot be looked at: {error.strerror}.")
    if about.st_uid != os.getuid() or about.st_mode & 0o077:
        return Promise(key, title, Verdict.NOT_OK, f"Others may read {paths.database}.")
    return Promise(key, title, Verdict.OK, f"They are kept in {paths.database} ({about.st_size:,} bytes, yours alone).")


def _socket_private(paths: Paths) -> Promise:
    folder = _private("socket_private", "Nobody else can talk to the engine", paths.runtime, "Its socket lies in")
    if folder.verdict is not Verdict.OK:
        return folder
    if not (sockets := paths.engine_sockets()):
        return Promise(folder.key, folder.title, Verdict.OK, f"{folder.sentence} There is no socket now.")
    about = [(item, item.lstat()) for item in sockets]
    wrong = [item for item, one in about if not stat.S_ISSOCK(one.st_mode) or one.st_uid != os.getuid()]
    if wrong:
        return Promise(folder.key, folder.title, Verdict.NOT_OK, f"{wrong[0]} is not a socket of yours.")
    modes = ", ".join(f"{stat.S_IMODE(one.st_mode):04o}" for _, one in about)
    there = "The socket is there" if len(about) == 1 else f"{len(about)} sockets are there"
    return Promise(folder.key, folder.title, Verdict.OK, f"{folder.sentence} {there} (mode {modes}).")


def _no_port(running: Running) -> Promise:
    """vLLM's server is on its socket; torch opens ports on the loopback for talking among its own processes (gloo).

    There is no switch against those (TORCH_GLOO_LAZY_INIT does not help in 2.13), so they are told, not hidden.
    """
    key, title = "no_port", "No other computer can reach the engine"
    if not running.pids:
        return Promise(key, title, Verdict.OK, "No engine is running.")
    try:
        ports = listening(running.pids)
    except PermissionError as error:
        return Promise(key, title, Verdict.UNKNOWN, f"The engine's connections cannot be seen: {error}.")
    outside = ", ".join(str(port) for port in ports if not port.loopback)
    if outside:
        return Promise(key, title, Verdict.NOT_OK, f"It listens on {outside}.")
    supervisors = {record.supervisor.pid for record in running.records}
    engine = [pid for pid in running.pids if pid not in supervisors]
    if engine and all(is_cut_off(pid) for pid in engine):
        return Promise(key, title, Verdict.OK, "The kernel has cut it off: its own network has only loopback in it.")
    if ports:
        inner = f"{len(ports)} ports that torch uses inside the engine are open to this computer only"
        return Promise(key, title, Verdict.OK, f"It answers on its socket and on no network port; {inner}.")
    return Promise(key, title, Verdict.OK, f"None of its {len(running.pids)} processes has an open port.")


def _given(running: Running) -> Mapping[str, str] | None:
    """The variables of the running engine; None when there is none to look at."""
    leaders = [record.leader.pid for record in running.records if record.leader.pid in running.pids]
    # A process that gives itself a title overwrites what the kernel shows; then there is nothing to be read there.
    return next((given for leader in leaders if (given := environment_of(leader)) and "PATH" in given), None)


def _offline(planned: Mapping[str, str], given: Mapping[str, str] | None) -> Promise:
    key, title = "offline", "The engine is told to stay offline"
    found = planned if given is None else given
    wrong = [name for name, value in OFFLINE.items() if found.get(name) != value]
    return _variables(
        key, title, wrong, given, f"all {len(OFFLINE)} variables for that are set", "is not set as it must"
    )


def _clean(planned: Mapping[str, str], given: Mapping[str, str] | None) -> Promise:
    key, title = "clean_environment", "The engine gets no secrets and no foreign code"
    found = planned if given is None else given
    wrong = strays(found)
    wrong += [name for name, value in NO_FOREIGN_CODE.items() if found.get(name) != value]
    return _variables(key, title, wrong, given, "it sees only variables from a short list", "is passed on or wrong")


def _variables(
    key: str, title: str, wrong: Sequence[str], given: Mapping[str, str] | None, good: str, bad: str
) -> Promise:
    which = "the next engine" if given is None else "the running engine"
    if wrong:
        return Promise(key, title, Verdict.NOT_OK, f"For {which}, {', '.join(wrong)} {bad}.")
    return Promise(key, title, Verdict.OK, f"For {which}, {good}.")


def _no_leftovers(paths: Paths, running: Running) -> Promise:
    key, title = "no_leftovers", "Nothing is left behind"
    if running.orphans:
        pids = ", ".join(map(str, running.orphans))
        sentence = f"These processes were left behind: {pids}. The next start ends them."
        return Promise(key, title, Verdict.NOT_OK, sentence)
    if running.pids:
        pids, owners = (", ".join(map(str, numbers)) for numbers in (running.pids, running.owners))
        sentence = f"An engine is running (processes {pids}), and its program is ({owners})."
        return Promise(key, title, Verdict.OK, sentence)
    if paths.engine_sockets() or any(paths.records.glob("*.json")):
        sentence = "No process is. A file of the last engine is; the next start removes it."
        return Promise(key, title, Verdict.OK, sentence)
    return Promise(key, title, Verdict.OK, "There is no process and no socket of an earlier engine.")
