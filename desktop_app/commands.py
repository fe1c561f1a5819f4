"""The commands that need no window: each makes what it needs, tells its story in the terminal, and closes.

Called by `__main__`. Commands that change something open the whole program, of which there is one for each data folder;
those that only look (`doctor`, `fit`, `models`) work beside an open window.
"""

import asyncio
import gc
import getpass
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from desktop_app import instance, log
from desktop_app.bootstrap import build
from desktop_app.domain.errors import UserError
from desktop_app.domain.fit import Surroundings, Wish
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import Preset
from desktop_app.hub import local
from desktop_app.paths import Paths, resources
from desktop_app.services.machine_source import MachineSource
from desktop_app.services.program import Program

# ruff: noqa: PLC0415 - each command imports what it needs, so that the others stay quick
if TYPE_CHECKING:
    from desktop_app.hub.shelf import Places
    from desktop_app.services.hub_access import HubAccess
    from desktop_app.terminal import fit
    from desktop_app.terminal.models import Desk

_LINE_LIMIT = 10_000
"""Signs of a token that somebody pipes in; real ones have 37."""


@dataclass(frozen=True)
class FitQuestion:
    """What `fit` was asked."""

    model: str
    context: int = 0
    people: int = 1
    as_json: bool = False
    ask_hub: bool = False
    """Whether the Hub may be asked about a model that is not known here."""


def run_chat(paths: Paths, machine: MachineSource, text: str, model: str, agreed: bool) -> int:
    """Chat in the terminal; the exit code."""
    from desktop_app.terminal.chat import TerminalChat

    folder = _folder_of(paths, model) if model else None
    return _run_in_terminal(paths, machine, lambda program: TerminalChat(program, agreed).run(text, folder))


def run_serve(
    paths: Paths, machine: MachineSource, model: str, preset: str | None, words: list[str], port: int | None
) -> int:
    """Serve a model to other programs; the exit code."""
    from desktop_app.terminal import serve

    folder = None if model == "guide" else _folder_of(paths, model)
    options = serve.ServeOptions(folder, Preset[preset.upper()] if preset else None, tuple(words), port)
    return _run_in_terminal(paths, machine, lambda program: serve.run(program, options))


def run_engines(paths: Paths, verb: str, key: str, version: str, folder: Path | None, agreed: bool) -> int:
    """List, install, check or remove engines; the exit code."""
    from desktop_app.terminal import engines

    async def story(program: Program) -> int:
        return await engines.run(program.setup, verb, key, version=version, folder=folder, agreed=agreed)

    return _run_in_terminal(paths, MachineSource(), story)


def run_download(paths: Paths, repo_id: str, revision: str, endpoint: str, asks_token: bool) -> int:
    """Fetch a model of the Hub; the exit code."""
    from desktop_app.hub.remote import read_address
    from desktop_app.terminal import download

    name, named_revision = read_address(repo_id)
    token = _read_token() if asks_token else None

    async def story(program: Program) -> int:
        if token is not None and not await download.enter_token(program.hub_access, token):
            return 1
        return await download.run(program.downloads, name, revision or named_revision)

    advice = "Download it on the Models page of the window, or try again when the other one is closed."
    return _run_in_terminal(paths, MachineSource(), story, endpoint, advice)


def _read_token() -> str:
    """A secret from the keyboard, which does not show it, or the first line of a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline(_LINE_LIMIT).strip()
    # Before the event loop begins: in one, Ctrl+C would wait for Enter.
    return getpass.getpass("Token for closed models (it is not shown): ", sys.stderr)


def run_doctor(paths: Paths, as_json: bool) -> int:
    """Look at everything and print it; the exit code is 0 when every promise holds."""
    from desktop_app.services.doctor import examine_here
    from desktop_app.terminal.doctor import show

    return show(asyncio.run(examine_here(paths)), as_json)


def run_explain(file: str, code: int | None) -> int:
    """Say why vLLM stopped, from its log; the exit code."""
    from desktop_app.terminal import explain

    return explain.run(None if file == "-" else Path(file), code)


def run_fit(paths: Paths, machine: MachineSource, question: FitQuestion) -> int:
    """Say whether a model fits the machine; the exit code says it, too."""
    from desktop_app.terminal import fit
    from desktop_app.terminal.notes import Notes

    try:
        return fit.show(_fit_question(paths, machine, question), question.as_json)
    except UserError as error:
        Notes().tell(error)
        return fit.NOT_KNOWN  # which is not the same as no


def _fit_question(paths: Paths, machine: MachineSource, question: FitQuestion) -> "fit.Question":
    """What is known of the model and the machine; raises UserError."""
    from desktop_app.services.starts import Starts
    from desktop_app.store.settings import peek
    from desktop_app.terminal import fit
    from desktop_app.terminal.models import describe

    settings, found = peek(paths.database), machine.look()
    subject = describe(_places(paths), resources(), question.model, _access(paths).hub if question.ask_hub else None)
    kind = _engine_kind(paths)
    # What was measured holds for this computer only.
    measured = Starts(settings).measured(subject.key, kind) if kind and subject.key and not machine.file else None
    wish, around = Wish(question.context, question.people), Surroundings(None if machine.file else kind)
    return fit.Question(subject.spec, found, wish, around, subject.siblings, measured)


def run_models(paths: Paths, machine: MachineSource, verb: str, text: str, agreed: bool) -> int:
    """List models, search the Hub, check files or delete; the exit code."""
    from desktop_app.terminal import models

    if not text and verb in ("verify", "delete"):
        raise UserError(f"Which model? `vllm-desktop models {verb} MODEL`; `vllm-desktop models` lists them.")
    match verb:
        case "search":
            return models.show_search(_desk(paths, machine), text, resources())
        case "verify":
            return models.check(_desk(paths, machine), text)
        case "delete":
            # Nobody else may be using the files: this takes the place of the program.
            advice = "Delete it on the Models page of the window, or try again when the other one is closed."
            with _lock(paths, advice):
                return asyncio.run(models.delete(_desk(paths, machine), text, agreed))
        case _:
            return models.show_list(_desk(paths, machine))


def _desk(paths: Paths, machine: MachineSource) -> "Desk":
    from desktop_app.terminal.models import Desk

    around = Surroundings(None if machine.file else _engine_kind(paths))
    return Desk(_places(paths), machine.look, _access(paths).hub, around)


def _places(paths: Paths) -> "Places":
    from desktop_app.hub.shelf import places_from
    from desktop_app.store.settings import peek

    guide, added = local.guide(resources()), peek(paths.database).model_folders
    return places_from(os.environ, guide, paths.models, added)


def _access(paths: Paths) -> "HubAccess":
    from desktop_app.services.hub_access import HubAccess
    from desktop_app.store.settings import peek
    from desktop_app.store.tokens import Tokens

    return HubAccess(peek(paths.database), Tokens(paths.token), os.environ)


def _engine_kind(paths: Paths) -> EngineKind | None:
    """The kind of the engine that is installed."""
    from desktop_app.engine import environments

    environment = environments.remembered(paths)
    return environment.kind if environment else None


def _folder_of(paths: Paths, model: str) -> Path:
    """The folder that is meant by a path, or by the name of a model on this computer; raises UserError."""
    from desktop_app.hub import shelf
    from desktop_app.hub.places import folder_named
    from desktop_app.terminal.models import find, is_there, must_be_ready

    folder = folder_named(model)
    if is_there(folder):
        return folder
    if model.startswith((".", "/", "~")):
        raise UserError(f"There is no folder {model}.", "Name a model's folder, or a model that `models` lists.")
    found = find(shelf.scan(_places(paths)), model)
    must_be_ready(found)
    return found.ref.folder


def _lock(paths: Paths, advice: str) -> IO[str]:
    """Take the data folder; when another program has it, *advice* says what to do instead. Raises UserError."""
    try:
        return instance.lock(paths)
    except UserError as error:
        if not advice or not isinstance(error.__cause__, BlockingIOError):
            raise
        raise UserError("vLLM Desktop is already open, in a window or in another terminal.", advice) from error


def _run_in_terminal(
    paths: Paths,
    machine: MachineSource,
    story: Callable[[Program], Coroutine[Any, Any, int]],
    endpoint: str = "",
    advice: str = "",
) -> int:
    """Open the program without a window, tell *story*, and close it whatever happens; the exit code.

    Args:
        paths: where things lie.
        machine: where the machine is looked at.
        story: what is done.
        endpoint: where the Hub is asked this time; empty for what was chosen.
        advice: what to do when another program has the data folder; empty for the usual.
    """
    with _lock(paths, advice):
        log.set_up(paths.logs)
        try:
            return asyncio.run(_terminal_story(lambda: build(paths, machine, endpoint), story))
        except (KeyboardInterrupt, asyncio.CancelledError):
            return 130


async def _terminal_story(make: Callable[[], Program], story: Callable[[Program], Coroutine[Any, Any, int]]) -> int:
    from desktop_app.terminal.notes import Notes

    gc.enable()  # `__main__` begins without it
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel if task else loop.stop)
    program = make()
    try:
        Notes().tell(await program.open(attended=False))
        return await story(program)
    finally:
        await program.close()
