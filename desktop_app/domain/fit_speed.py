"""How fast a place reads its memory, and so how fast a model there can write at best. Called by `fit_judge` and others.

For every word all weights at work are read once, so the memory's speed bounds the words a second. What a processor
reads is a rule of thumb: neither its channels nor their clock can be seen by a program that is not root, and the number
of cores is all that stands for them. It tells slow from quick, and not one machine from another.
"""

from desktop_app.domain.machine import Gpu, Machine

ENOUGH = 5
"""Words a second below which a model is slow: people read about as fast."""

_BOARD, _BOARD_CORES = 12e9, 4
"""Bytes a second, and cores at most, of an Arm board (Raspberry Pi 5: 32 bits of LPDDR4X, 17 GB/s at their peak)."""
_BY_CORES = ((33, 100e9), (16, 45e9), (0, 30e9))
"""Cores at least, counted as the system does (mostly two for each that is built in), and bytes a second.

Few: a laptop or office computer, two channels of DDR4 of which one is often empty. From 16 on: two full channels of
DDR4 (51 GB/s at their peak) or DDR5 (83). No processor with two channels has more than 32; beyond are workstations and
servers with four to twelve.
"""
_UNIFIED = ((96 << 30, 220e9), (24 << 30, 160e9), (0, 80e9))
"""Memory at least, and bytes a second, of cards that share the computer's: four fifths of what the data sheets say of
GB10 and Jetson Thor (273 GB/s), Jetson AGX Orin (204) and Orin NX (102)."""


def processor_speed(machine: Machine) -> float:
    """Bytes a second that the processor of *machine* reads; a rule of thumb."""
    if "asimd" in machine.cpu_flags and machine.cores <= _BOARD_CORES:
        return _BOARD
    return next(speed for cores, speed in _BY_CORES if machine.cores >= cores)


def card_speed(card: Gpu) -> float:
    """Bytes a second that *card* reads if it shares the computer's memory; 0 for one with its own, which is quick."""
    return next(speed for size, speed in _UNIFIED if card.total_bytes >= size) if card.unified else 0.0


def words_a_second(read: int, speed: float) -> int:
    """Words a second, rounded, when *read* bytes are read for each at *speed* bytes a second."""
    return round(speed / max(1, read))


def slow(read: int, speed: float) -> bool:
    """Whether so little comes out that people wait for every word; a speed of 0 is not reckoned with."""
    return speed > 0 and words_a_second(read, speed) < ENOUGH
