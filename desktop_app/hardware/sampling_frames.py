"""What the sampling helper says, read with distrust: one line of JSON becomes a `MachineSample`. Called by `sampler`.

A line: `{"at", "seconds", "cpu", "cores": [share], "used", "total", "program": [cores, bytes, read, written], "engine":
the same, "joules", "cards": [card], "note"}`; `domain.machine.MachineSample` says what each is, `nvml_samples` what a
card is. `cards` and `note` are missing where the helper asks no driver.
"""

import json

from desktop_app.domain.clock import seconds_now
from desktop_app.domain.machine import MachineSample, Usage
from desktop_app.hardware.nvml_samples import parse_cards

LINE_LIMIT = 1 << 18
"""Bytes. 256 cores are 2 kB, and sixteen cards that thirty processes each use 60 kB."""
_CORES_LIMIT = 4096
_SIZE_LIMIT = 1 << 50
"""Bytes, and bytes per second: no computer has as many."""
_JOULES_LIMIT = 1e15
_SECONDS_LIMIT = 1e12
_NOTE_LENGTH = 300


def parse_frame(line: bytes) -> MachineSample:
    """The reading that *line* tells.

    Raises:
        ValueError: it tells none.
    """
    if len(line) >= LINE_LIMIT:
        raise ValueError("a line that is too long")
    try:
        told = json.loads(line)
        cores = told["cores"]
        if len(cores) > _CORES_LIMIT:
            raise ValueError("too many cores")
        joules = told["joules"]
        return MachineSample(
            cpu=_number(told["cpu"], 1.0),
            used_bytes=int(_number(told["used"], _SIZE_LIMIT)),
            total_bytes=int(_number(told["total"], _SIZE_LIMIT)),
            gpus=parse_cards(told.get("cards", [])),
            cores=tuple(_number(core, 1.0) for core in cores),
            program=_usage(told["program"]),
            engine=_usage(told["engine"]),
            cpu_energy=None if joules is None else _number(joules, _JOULES_LIMIT),
            gpu_note=_sentence(told.get("note", "")),
            at=min(_number(told["at"], _SECONDS_LIMIT), seconds_now()),
            seconds=_number(told["seconds"], _SECONDS_LIMIT),
        )
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no frame: {error!r}") from error


def _usage(told: list[object]) -> Usage:
    cpu, memory, read, written = told
    return Usage(
        _number(cpu, _CORES_LIMIT),
        int(_number(memory, _SIZE_LIMIT)),
        _number(read, _SIZE_LIMIT),
        _number(written, _SIZE_LIMIT),
    )


def _number(value: object, most: float) -> float:
    """A figure from 0 to *most*.

    Raises:
        ValueError: it is none.
    """
    if type(value) not in (int, float) or not isinstance(value, (int, float)):
        raise ValueError("not a number")
    # NaN is in no range, and whole numbers may be too large for a float.
    if not 0 <= value <= most:
        raise ValueError("a figure that cannot be")
    return value


def _sentence(told: object) -> str:
    """A note as it may be shown."""
    return "".join(sign for sign in str(told) if sign.isprintable())[:_NOTE_LENGTH]
