"""A machine described as JSON, so that the program can be looked at, and tested, as if it ran there.

Only `memory` must be said::

    {
      "about": "for readers only",
      "cpu": "AMD Ryzen 7 7700", "cores": 8, "cpu_flags": "avx2 avx512f",
      "memory": "31.1 GiB", "available": "26 GiB", "memory_note": "",
      "users": [{"name": "firefox", "used": "2.1 GiB", "ours": false}],
      "gpus": [{
        "name": "NVIDIA GeForce RTX 4090", "total": "24564 MiB", "free": "21.5 GiB", "driver": "580.95.05",
        "capability": "8.9", "uuid": "GPU-…", "mig": "", "unified": false, "display": true,
        "users": [{"name": "blender", "used": "2.1 GiB"}]
      }],
      "gpu_note": "why there is no card"
    }

A size is a number of bytes or a string with a unit: `KiB`, `MiB`, `GiB`, `TiB`, or `kB`, `MB`, `GB`, `TB` for powers of
ten. What is free is everything unless it is said; a card with `unified` has the computer's memory. Called by
`bootstrap` and the tests.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import NO_CARD, Gpu, Machine, MemoryUser

_T = TypeVar("_T")

_TEXT_LIMIT = 1 << 20
_SIZE_LIMIT = 1 << 50
_STRING_LIMIT = 400
_LIST_LIMIT = 1024
_CORES_LIMIT = 4096

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,12})?) ?([kKMGT]i?)?B")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY_UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}
_CAPABILITY = re.compile(r"(\d{1,2})\.(\d)")


def read_machine(text: str) -> Machine:
    """The machine that *text* describes.

    Raises:
        UserError: it is no such description; the reason says what is wrong, and where.
    """
    if len(text) > _TEXT_LIMIT:
        _refuse("It is larger than such a file can be (1 MB).")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise UserError("The description of the machine cannot be used.", f"It is no JSON: {error}.") from error
    return _machine(_Fields(value, "the description"))


def write_machine(machine: Machine) -> str:
    """The description of *machine*, which `read_machine` makes the same machine of."""
    told = {
        "cpu": machine.cpu_name,
        "cores": machine.cores,
        "cpu_flags": " ".join(sorted(machine.cpu_flags)),
        "memory": _words(machine.memory_bytes),
        "available": _words(machine.available_bytes),
        "memory_note": machine.memory_note,
        "users": [_user_told(user) for user in machine.users],
        "gpus": [_gpu_told(gpu) for gpu in machine.gpus],
        "gpu_note": machine.gpu_note,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


class _Fields:
    """The fields of one JSON object, each taken once and checked; what is left over was a mistake.

    Args:
        value: what stands there.
        place: where it stands, e.g. `gpus[0]`.
    """

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            _refuse(f"{place} is no object.")
        self._left: dict[str, Any] = dict(value)
        self._known: list[str] = []
        self._place = place

    def take(self, key: str, read: Callable[[object], _T], otherwise: _T) -> _T:
        """The field *key* as *read* understands it; *otherwise* when it is not there."""
        self._known.append(key)
        if key not in self._left:
            return otherwise
        try:
            return read(self._left.pop(key))
        except ValueError as error:
            _refuse(f"“{key}” of {self._place} {error}.")

    def several(self, key: str, read: Callable[["_Fields"], _T]) -> tuple[_T, ...]:
        """The objects in the list *key*; none when it is not there."""
        items: list[object] = self.take(key, _list, [])
        return tuple(read(_Fields(item, f"{key}[{place}]")) for place, item in enumerate(items))

    def has(self, key: str) -> bool:
        """Whether the field is there and was not taken yet."""
        return key in self._left

    def end(self) -> None:
        """Refuse fields that nobody asked for."""
        if self._left:
            unknown = ", ".join(f"“{_shown(key)}”" for key in sorted(self._left)[:3])
            _refuse(f"{unknown} of {self._place} is not known. Known are {', '.join(self._known)}.")


def _machine(fields: _Fields) -> Machine:
    if not fields.has("memory"):
        _refuse('“memory” is missing: how much there is, e.g. "15.6 GiB".')
    fields.take("about", _string, "")
    memory = fields.take("memory", _size, 0)
    if memory == 0:
        _refuse("“memory” must be more than nothing.")
    available = _at_most(fields.take("available", _size, memory), memory, "available", "memory")
    gpus = fields.several("gpus", lambda inner: _gpu(inner, memory, available))
    machine = Machine(
        cpu_name=fields.take("cpu", _string, "Processor"),
        cores=fields.take("cores", _cores, 4),
        memory_bytes=memory,
        cpu_flags=fields.take("cpu_flags", _flags, frozenset()),
        gpus=gpus,
        gpu_note=fields.take("gpu_note", _string, "" if gpus else NO_CARD),
        available_bytes=available,
        memory_note=fields.take("memory_note", _string, ""),
        users=fields.several("users", _user),
    )
    fields.end()
    return machine


def _gpu(fields: _Fields, memory: int, available: int) -> Gpu:
    unified = fields.take("unified", _truth, otherwise=False)
    total = fields.take("total", _size, memory if unified else 0)
    if total == 0:
        _refuse('“total” of a graphics card is missing: how much memory it has, e.g. "24564 MiB".')
    free = fields.take("free", _size, min(total, available) if unified else total)
    gpu = Gpu(
        name=fields.take("name", _string, "NVIDIA graphics card"),
        total_bytes=total,
        free_bytes=_at_most(free, total, "free", "total"),
        driver=fields.take("driver", _string, ""),
        compute_capability=fields.take("capability", _capability, None),
        uuid=fields.take("uuid", _string, ""),
        mig=fields.take("mig", _string, ""),
        unified=unified,
        display=fields.take("display", _truth, otherwise=False),
        users=fields.several("users", _user),
    )
    fields.end()
    return gpu


def _user(fields: _Fields) -> MemoryUser:
    user = MemoryUser(
        fields.take("name", _string, "another program"),
        fields.take("used", _size, 0),
        fields.take("ours", _truth, otherwise=False),
    )
    fields.end()
    return user


def _at_most(size: int, whole: int, name: str, of: str) -> int:
    if size > whole:
        _refuse(f"“{name}” is more than “{of}”.")
    return size


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _size(value: object) -> int:
    size = -1
    if type(value) is int:
        size = value
    elif isinstance(value, str) and (found := _SIZE.fullmatch(value.strip())):
        unit = found[2] or ""
        factor = _BINARY_UNITS.get(unit[0].upper() + "i" if unit.endswith("i") else "") or _UNITS.get(unit)
        size = int(Decimal(found[1]) * factor) if factor else -1
    if not 0 <= size <= _SIZE_LIMIT:
        raise ValueError('is no size: write bytes as a number, or e.g. "15.6 GiB"')
    return size


def _string(value: object) -> str:
    if not isinstance(value, str) or len(value) > _STRING_LIMIT or not value.isprintable():
        raise ValueError(f"is no text of at most {_STRING_LIMIT} visible signs")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _cores(value: object) -> int:
    if type(value) is not int or not 1 <= value <= _CORES_LIMIT:
        raise ValueError(f"must be a number from 1 to {_CORES_LIMIT}")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list) or len(value) > _LIST_LIMIT:
        raise ValueError(f"is no list of at most {_LIST_LIMIT}")
    return value


def _flags(value: object) -> frozenset[str]:
    words = value.split() if isinstance(value, str) else _list(value)
    return frozenset(_string(word) for word in words)


def _capability(value: object) -> tuple[int, int] | None:
    found = _CAPABILITY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('must look like "8.9"')
    return int(found[1]), int(found[2])


def _words(size: int) -> str | int:
    """A size as a person would write it, where that loses nothing."""
    return f"{size >> 20} MiB" if size and size % (1 << 20) == 0 else size


def _user_told(user: MemoryUser) -> dict[str, object]:
    told: dict[str, object] = {"name": user.name, "used": _words(user.used_bytes)}
    return told | ({"ours": True} if user.ours else {})


def _gpu_told(gpu: Gpu) -> dict[str, object]:
    told: dict[str, object] = {
        "name": gpu.name,
        "total": _words(gpu.total_bytes),
        "free": _words(gpu.free_bytes),
        "driver": gpu.driver,
        "uuid": gpu.uuid,
        "mig": gpu.mig,
        "unified": gpu.unified,
        "display": gpu.display,
        "users": [_user_told(user) for user in gpu.users],
    }
    if gpu.compute_capability:
        told["capability"] = ".".join(map(str, gpu.compute_capability))
    return told


def _shown(key: str) -> str:
    return key if key.isprintable() and len(key) < 40 else ascii(key)[:40]


def _refuse(reason: str) -> NoReturn:
    raise UserError("The description of the machine cannot be used.", reason)
