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
from desktop_app.domain.library import Condition, HubModel, LocalModel
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.domain.units import disk_words
from desktop_app.hub import local, shelf, verify
from desktop_app.hub.catalog import read_catalog
from desktop_app.hub.remote import Hub, read_address
from desktop_app.hub.shelf import Places
from desktop_app.hub.spec import spec_of_folder
from desktop_app.terminal.keyboard import Keyboard
from desktop_app.terminal.notes import Notes, printable

VERBS = ("list", "search", "verify", "delete")


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
    folder = Path(text).expanduser().absolute()
    for model in models:
        if folder in (model.ref.folder, model.ref.folder.absolute()):
            return model
    wanted = text.lower()
    found = [
        one for one in models if wanted in (one.repo_id.lower(), one.ref.name.lower(), one.ref.folder.name.lower())
    ]
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
    folder = Path(text).expanduser()
    if folder.is_dir():
        return Subject(spec_of_folder(folder, local.model_name(folder)), key=ModelRef("", folder.absolute()).key)
    known = read_catalog(resources).find(text)
    here = [one for one in shelf.scan(places) if text.lower() in (one.repo_id.lower(), one.ref.name.lower())]
    siblings = known.siblings if known else ()
    if here:
        return Subject(here[0].spec, siblings, here[0].ref.key)
    if known:
        return Subject(known.spec, siblings)
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


def show_search(desk: Desk, text: str) -> int:
    """Print what the Hub finds for *text*; the exit code."""
    found, machine = desk.hub().search(text), desk.machine()
    width = max((len(model.repo_id) for model in found), default=0)
    for model in found:
        print(printable(_hub_line(model, machine, desk.around, width)))
    if not found:
        Notes().say(f"The Hub has no model for {text!r} that this program could run.")
    return 0 if found else 1


def check(desk: Desk, text: str) -> int:
    """Compare every file of a model with its published hash; the exit code is 0 when all are as they should be."""
    notes, model = Notes(), find(shelf.scan(desk.places), text)
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if total and done * 10 // total > told:
            told = done * 10 // total
            notes.note(f"Checked {disk_words(done)} of {disk_words(total)}")

    found = verify.verify(model.ref.folder, tell, lambda: False)
    for kind, names in (("differs from what was published", found.wrong), ("is missing", found.missing)):
        for name in names:
            print(printable(f"{name} {kind}"))
    whole = not found.wrong and not found.missing
    if whole and not found.checked:
        notes.say("Nothing is known about how these files were published, so there is nothing to compare them with.")
        return 2
    notes.say(f"{found.checked} files compared: {'all as they were published' if whole else 'damaged'}.")
    if not whole and model.repo_id:
        notes.say(f"`vllm-desktop download {model.repo_id}` fetches what is missing or wrong.")
    return 0 if whole else 1


async def delete(desk: Desk, text: str, agreed: bool) -> int:
    """Say what would be freed, ask, delete; the exit code."""
    notes, model = Notes(), find(shelf.scan(desk.places), text)
    plan = shelf.deletion(model, desk.places)
    if not plan.allowed:
        raise UserError(f"{model.ref.name} is not deleted.", plan.words)
    notes.say(f"{plan.words} {disk_words(plan.freed_bytes)} become free.")
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
        state = f"{model.condition.value.lower()}: {model.problem.sentence() if model.problem else ''}".rstrip(": ")
    return f"{model.ref.name:<{width}}  {disk_words(model.size_bytes):>9}  {state}  ({model.ref.folder})"


def _hub_line(model: HubModel, machine: Machine, around: Surroundings, width: int) -> str:
    size = disk_words(model.spec.weights_bytes) if model.spec and model.spec.weights_bytes else "?"
    state = judge(model.spec, machine, around=around).verdict.value.lower() if model.spec else "not known"
    return f"{model.repo_id:<{width}}  {size:>9}  {state}  {model.licence}".rstrip()
