"""Lines of a helper that may have lost its mind."""

import json
from typing import Any

import pytest

from desktop_app.domain.clock import seconds_now
from desktop_app.domain.machine import MachineSample, Usage
from desktop_app.hardware.sampling_frames import LINE_LIMIT, parse_frame

_FRAME: dict[str, Any] = {
    "at": 1.0,
    "seconds": 0.5,
    "cpu": 0.25,
    "cores": [0.5, 0],
    "used": 10,
    "total": 20,
    "program": [0.1, 5, 0, 0],
    "engine": [1.5, 7, 1.5, 2],
    "joules": 2.5,
}


def _line(**change: object) -> bytes:
    return json.dumps(_FRAME | change).encode()


def test_a_frame_without_cards() -> None:
    assert parse_frame(_line()) == MachineSample(
        cpu=0.25,
        used_bytes=10,
        total_bytes=20,
        cores=(0.5, 0),
        program=Usage(0.1, 5),
        engine=Usage(1.5, 7, 1.5, 2),
        cpu_energy=2.5,
        at=1.0,
        seconds=0.5,
    )
    assert parse_frame(_line(joules=None)).cpu_energy is None


def test_a_frame_with_cards() -> None:
    sample = parse_frame(_line(cards=[{"name": "A card", "used": 1, "total": 2}], note=""))
    assert [(gpu.name, gpu.used_bytes, gpu.total_bytes) for gpu in sample.gpus] == [("A card", 1, 2)]


def test_a_note_is_made_plain_and_short() -> None:
    assert parse_frame(_line(note="A\x1b[31m \u202enote.")).gpu_note == "A[31m note."
    assert len(parse_frame(_line(note="x" * 10_000)).gpu_note) == 300


def test_no_frame_is_of_the_future() -> None:
    assert parse_frame(_line(at=1e11)).at <= seconds_now()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"1",
        b"null",
        b"\xff",
        b"[" * 100_000,
        _line(cpu=1.5),
        _line(cpu=-0.1),
        _line(cpu=float("nan")),
        _line(cpu="0.5"),
        _line(cpu=True),
        _line(cores=5),
        _line(cores=[2.0]),
        _line(cores=[0.0] * 5000),
        _line(cores=["x"]),
        _line(cores={"a": 0}),
        _line(used=1 << 60),
        _line(total=None),
        _line(program=[]),
        _line(program=[0, 0, 0, 0, 0]),
        _line(program=None),
        _line(engine=[float("inf"), 0, 0, 0]),
        _line(engine=[0, -1, 0, 0]),
        _line(joules=float("inf")),
        _line(joules="much"),
        _line(seconds=-1),
        _line(seconds=float("inf")),
        _line(seconds=10**400),
        _line(at=10**400),
        _line(used=10**400),
        _line(at=None),
        _line(cards=5),
        _line(cards=[5]),
        _line(cards=[{}] * 5000),
        _line(note="x" * LINE_LIMIT),
        b"1" * 5000,
    ],
)
def test_what_is_no_frame_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_frame(line)
