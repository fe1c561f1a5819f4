"""`vllm-desktop models`: what lies on this computer, what the Hub has, whether files are whole, and deleting.

The list goes to standard output, everything else to standard error.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.fit import Surroundings, judge
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import Condition, Gate, HubModel, LocalModel
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.domain.units import disk_words
from desktop_app.hub import local, shelf, verify
from desktop_app.hub.catalog import read_catalog
from desktop_app.hub.places import folder_named
from desktop_app.hub.remote import Hub, read_address
from desktop_app.hub.shelf import Places
from desktop_app.hub.spec import spec_of_folder
from desktop_app.terminal.keyboard import Keyboard
from desktop_app.terminal.notes import Notes, printable

NOT_KNOWN = 3
"""The exit code when nobody says what the files should be."""
_LONG_BYTES = 1_000_000_000
"""Bytes that take long enough to check that somebody wants to know how far it is."""


@dataclass(frozen=True)
class Desk:
    """What the verbs work with.

    Args:
        machine: describes the computer; blocks.
        hub: how the Hub is asked; raises UserError when it may not be.
    """

    places: Places
    machine: Callable[[], Machine]
    hub: Callable[[], Hub]
    around: Surroundings


def find(models: Sequence[LocalModel], text: str) -> LocalModel:
    """The model that is meant by a folder, a repository or a name; raises UserError when it is not clear which."""
    found = matching(models, text)
    if len(found) == 1:
        return found[0]
    if found:
        folders = ", ".join(str(one.ref.folder) for one in found)
        raise UserError(f"There are {len(found)} models called {text}.", f"Name the folder: {folders}.")
    raise UserError(
        f"There is no model {text} on this computer.",
        "`vllm-desktop models` lists those that are.",
        Remedy.CHOOSE_MODEL,
    )


def matching(models: Sequence[LocalModel], text: str) -> list[LocalModel]:
    """The models that *text* may mean: a folder, else a repository, the name without its owner, or a folder's name."""
    if not text:
        return []
    folder = folder_named(text)
    if lying := [one for one in models if folder in (one.ref.folder, one.ref.folder.absolute())]:
        return lying
    wanted = text.lower()
    named = [one for one in models if wanted in (one.repo_id.lower(), one.ref.name.lower())]
    return named or [
        one for one in models if wanted in (one.repo_id.lower().split("/")[-1], one.ref.folder.name.lower())
    ]


def is_there(folder: Path) -> bool:
    """Whether there is such a folder; what no disk can hold is none."""
    try:
        return folder.is_dir()
    except (OSError, ValueError):
        return False


def must_be_ready(model: LocalModel) -> None:
    """Refuse a model that is not whole, and say how it becomes whole; raises UserError."""
    if model.condition is Condition.READY:
        return
    title = model.problem.title if model.problem else "It is not whole."
    if model.ours and model.repo_id:
        after = "fetches what is missing or wrong."
        command = _download_command(model)
        raise UserError(f"{model.ref.name} cannot be started yet. {title}", f"`{command}` {after}")
    raise UserError(f"{model.ref.name} cannot be started. {title}", model.problem.reason if model.problem else "")


@dataclass(frozen=True)
class Subject:
    """The model that `fit` is asked about."""

    spec: ModelSpec
    siblings: tuple[ModelSpec, ...] = ()
    """Smaller copies that are known."""
    key: str = ""
    """The model's key when it lies on this computer."""


def describe(places: Places, resources: Path, text: str, hub: Callable[[], Hub] | None) -> Subject:
    """What is known of the model that *text* names: a folder, a model on this computer, of the catalogue, of the Hub.

    Args:
        places: where models lie.
        resources: where the catalogue lies.
        text: what somebody wrote.
        hub: how the Hub is asked about a model that is not known here; None when it may not be.

    Raises:
        UserError: it is not known, or its files cannot be read.
    """
    catalog, here = read_catalog(resources), matching(shelf.scan(places), text)
    known = catalog.find(here[0].repo_id if here and here[0].repo_id else text)
    siblings = known.siblings if known else ()
    if here:
        return Subject(here[0].spec, siblings, here[0].ref.key)
    folder = folder_named(text)
    if is_there(folder):
        return Subject(spec_of_folder(folder, local.model_name(folder)), key=ModelRef("", folder).key)
    if spec := catalog.spec(text):
        return Subject(spec, siblings)
    if text.startswith((".", "/", "~")):
        raise UserError(f"There is no folder {text}.", "Name a model's folder, or a model such as Qwen/Qwen3-0.6B.")
    if hub is None:
        reason = "It is neither on this computer nor in the catalogue. Add --ask-hub to have the Hub asked about it."
        raise UserError(f"Nothing is known about {text}.", reason)
    name, revision = read_address(text)
    spec = hub().look(name, revision).spec
    return Subject(spec or ModelSpec(name))


def show_list(desk: Desk) -> int:
    """Print the models on this computer, each with how it would run; the exit code."""
    models, machine = shelf.scan(desk.places), desk.machine()
    width = max((len(model.ref.name) for model in models), default=0)
    for model in models:
        print(printable(_line(model, machine, desk.around, width)))
    return 0


def show_search(desk: Desk, text: str, resources: Path) -> int:
    """Print what the Hub finds for *text*, the catalogue adding what it knows; the exit code."""
    found, machine, catalog = desk.hub().search(text), desk.machine(), read_catalog(resources)
    width = max((len(model.repo_id) for model in found), default=0)
    for model in found:
        spec = model.spec or catalog.spec(model.repo_id)
        print(printable(_hub_line(model, spec, machine, desk.around, width)))
    if not found:
        Notes().say(f"The Hub has no model for {text!r} that this program could run.")
    return 0 if found else 1


def check(desk: Desk, text: str) -> int:
    """Compare every file of a model with its published hash, and note what is wrong, so that a download fetches it.

    Returns:
        The exit code: 0 when all are as they should be, 1 when not, 3 when there is nothing to compare with.
    """
    notes, model = Notes(), find(shelf.scan(desk.places), text)
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if total > _LONG_BYTES and done * 10 // total > told:
            told = done * 10 // total
            notes.note(f"Checked {disk_words(done)} of {disk_words(total)}")

    try:
        found = verify.verify(model.ref.folder, tell)
    except verify.NothingToCompareError as error:
        notes.tell(error)
        return NOT_KNOWN
    for kind, names in (("differs from what was published", found.wrong), ("is missing", found.missing)):
        for name in names:
            print(printable(f"{name} {kind}"))
    if found.whole:
        rest = f" Of {found.unknown} more, nothing is known." if found.unknown else ""
        notes.say(f"{model.ref.name}: all {found.checked} files are as they were published.{rest}")
        return 0
    notes.say(f"{model.ref.name} is not as it was published: {_counted(found)}.")
    if model.ours:
        verify.doubt(model.ref.folder, found)
        notes.say(f"`{_download_command(model)}` fetches what is missing or wrong.")
    elif model.repo_id:
        notes.say(f"`vllm-desktop download {model.repo_id}` fetches a whole copy.")
    return 1


async def delete(desk: Desk, text: str, agreed: bool) -> int:
    """Say what would be freed, ask, delete; the exit code."""
    notes, model = Notes(), find(shelf.scan(desk.places), text)
    plan = shelf.deletion(model, desk.places)
    if not plan.allowed:
        raise UserError(f"{model.ref.name} is not deleted.", plan.words)
    notes.say(f"{model.ref.name}, {model.ref.folder}: {plan.words}")
    if not agreed:
        if not sys.stdin.isatty():
            notes.say("Nothing was done: there is nobody to ask here. Add --yes to do it.")
            return 1
        print("Delete it? [y/N] ", end="", file=sys.stderr, flush=True)
        if (await Keyboard().line() or "").strip().lower() not in ("y", "yes"):
            return 1
    notes.say(f"Deleted: {disk_words(shelf.delete(model, desk.places))} are free again.")
    return 0


def _line(model: LocalModel, machine: Machine, around: Surroundings, width: int) -> str:
    if model.condition is Condition.READY:
        state = judge(model.spec, machine, around=around).verdict.value.lower()
    else:
        problem = model.problem or UserError("")
        why = problem.reason if model.condition is Condition.UNFINISHED else problem.sentence()
        state = f"{model.condition.value.lower()}: {why}".rstrip(": .")
    return f"{model.ref.name:<{width}}  {disk_words(model.size_bytes):>8}  {state}  ({model.ref.folder})"


def _hub_line(model: HubModel, spec: ModelSpec | None, machine: Machine, around: Surroundings, width: int) -> str:
    size = disk_words(spec.weights_bytes) if spec and spec.weights_bytes else "?"
    state = judge(spec, machine, around=around).verdict.value.lower() if spec else "not known"
    gate = "  its owner must be asked first" if model.gate is not Gate.OPEN else ""
    return f"{model.repo_id:<{width}}  {size:>8}  {state:<18}  {model.licence or 'licence not known'}{gate}"


def _counted(found: verify.Findings) -> str:
    told = ((len(found.wrong), "differ", "differs"), (len(found.missing), "are missing", "is missing"))
    return ", ".join(
        f"{count} file{'s' * (count != 1)} {many if count != 1 else one}" for count, many, one in told if count
    )


def _download_command(model: LocalModel) -> str:
    """What fetches the rest of one of our downloads, in the version that it is of."""
    return f"vllm-desktop download {model.repo_id} --revision {model.commit}"
