"""Whether there is room for a start: memory, disk, the socket. Called by `preflight`, in a thread.

Memory is refused only when clearly too little is there; the need is an estimate.
"""

import os
import shutil
import socket
from pathlib import Path

from desktop_app.domain.errors import EngineError, Fix, Remedy, UserError
from desktop_app.domain.fit_room import Room
from desktop_app.domain.flags import read_size, write_size
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import LaunchPlan
from desktop_app.domain.machine import Machine
from desktop_app.domain.units import disk_words, memory_words
from desktop_app.engine import memory
from desktop_app.engine.model_files import ModelFacts

_DISK_BYTES = 512 << 20
"""For caches and logs; compiled code of one model takes 20–200 MB."""
_SLACK = 0.95


def check_memory(plan: LaunchPlan, facts: ModelFacts, machine: Machine) -> None:
    """Refuse a plan that needs more memory than is free, or than its conversations have. Raises UserError."""
    flags, kind = dict(plan.flags), plan.environment.kind
    card = machine.gpus[plan.fullest] if kind is EngineKind.CUDA and machine.gpus else None
    if kind is EngineKind.CUDA and card is None:
        return
    place = memory.room(kind, machine, card, 0)
    need = memory.need(kind, flags, dict(plan.variables), facts, place)
    _check_conversation(plan, facts, need, place)
    where = f"on {card.name}" if card else "in memory"
    if need.total * _SLACK <= place.free or not place.free:
        return
    spare = place.free - need.weights - need.overhead
    reason = f"It needs about {memory_words(need.total)}, and {memory_words(place.free)} are free {where}."
    least = max(memory.request_bytes(flags, facts, kind, place), 64 << 20)
    if spare >= least and need.kv_cache > least:
        room = memory_words(need.kv_cache)
        reason += f" The weights take {memory_words(need.weights)} of it, room for conversations {room}."
        size = write_size(spare * 9 // 10 if spare * 9 // 10 > least else spare)
        fix = Fix(f"Start with {size} for conversations", (("--kv-cache-memory-bytes", size),))
        raise EngineError("There is not enough memory for these settings.", reason, fix=fix)
    least_of_all = need.weights + (0 if card else need.overhead)
    if least_of_all > place.total:
        where = card.name if card else "this computer"
        words = f"It needs about {memory_words(least_of_all)}, and {where} has {memory_words(place.total)} in all."
        raise EngineError("This model is too large for this computer.", words, Remedy.CHOOSE_MODEL)
    if card is None or need.weights > place.free:
        reason += " Close other programs, or stop another model."
        raise EngineError("There is not enough memory for this model now.", reason, Remedy.RETRY)


def _check_conversation(plan: LaunchPlan, facts: ModelFacts, need: memory.Need, place: Room) -> None:
    """One conversation of the chosen length must fit what is kept for conversations."""
    flags, kind, geometry = dict(plan.flags), plan.environment.kind, facts.geometry
    wanted = memory.request_bytes(flags, facts, kind, place)
    if not wanted or geometry is None or "--kv-cache-memory-bytes" not in flags or wanted * _SLACK <= need.kv_cache:
        return
    longest = memory.longest(need.kv_cache, geometry, flags, kind, place)
    asked = read_size(flags.get("--max-model-len")) or 0
    reason = (
        f"{asked:,} tokens need {memory_words(wanted)}, and {memory_words(need.kv_cache)} are set aside for "
        f"conversations: enough for {longest:,} tokens."
    )
    title = "The context does not fit the memory for conversations."
    raise UserError(title, reason, fix=Fix("Start with what fits", (("--max-model-len", "auto"),)))


def check_disk(plan: LaunchPlan) -> None:
    """Refuse a start that would fill the disk. Raises EngineError."""
    folder = next((one for one in plan.socket.parents if one.is_dir()), Path("/"))
    data = plan.environment.python.parent if plan.environment.managed else folder
    for place in dict.fromkeys((folder, data)):
        try:
            free = shutil.disk_usage(place).free
        except OSError:
            continue
        if free < _DISK_BYTES:
            reason = f"{disk_words(free)} are free on the disk of {place}; the engine needs {disk_words(_DISK_BYTES)}."
            raise EngineError("The disk is full.", reason, Remedy.RETRY)


def check_socket(path: Path) -> None:
    """Refuse a socket that cannot be made, or that somebody answers at. Raises EngineError."""
    if not path.parent.is_dir():
        return
    if not os.access(path.parent, os.W_OK):
        raise EngineError("The engine's socket cannot be made.", f"{path.parent} cannot be written to.", Remedy.RETRY)
    if path.exists() and _answers(path):
        reason = f"Something answers at {path}: an engine of this model is running already."
        raise EngineError("This model is running already.", reason, Remedy.RETRY)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        try:
            client.connect(os.fspath(path))
        except OSError:
            return False
        return True
