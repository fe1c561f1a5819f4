"""The room that an engine gets, and what it takes beside weights and KV cache.

The arithmetic that a verdict and a plan share, so that they cannot contradict each other: called by `fit_judge` and by
`engine/memory`. Sizes in bytes; what was not measured with vLLM 0.32 follows its source.
"""

from dataclasses import dataclass

from desktop_app.domain.geometry import IN_FLIGHT, Geometry
from desktop_app.domain.machine import Gpu, Machine

_MIB = 1 << 20
_GIB = 1 << 30

PROCESSOR_BYTES = int(1.2 * _GIB)
PROCESSOR_BYTES_MORE = int(1.6 * _GIB)
"""What the processes take without weights and KV cache, with one engine process and with two (measured)."""

CARD_BYTES = int(2.5 * _GIB)
"""What vLLM takes of a card beside weights and KV cache when the model's shape is not known: a large one's share."""
_CARD_CONTEXT_BYTES = _GIB
"""CUDA's context (0.4–0.8 GiB), what the allocator keeps, and the graphs of small batches."""
_SHARING_BYTES = 256 * _MIB
"""Buffers through which several cards speak (NCCL, custom all-reduce)."""
_STEP_NUMBERS = 18
"""Numbers that a step holds for each token and number of the hidden state: the state twice, and what is between the
two halves of a layer (3.5 times as wide, twice), each in 16 bits, doubled for what is in flight."""
_CHOICE_BYTES = 8
"""Bytes for each word of the vocabulary and each conversation (`--max-num-seqs`), of which vLLM tries the choice of a
next word at the start: the scores and their sorted copy."""
_FEWEST_CHOICES = 16

CARD_SHARE = 0.92
"""vLLM's own default; a start fails when that share of the card is not free."""
CARD_RESERVE_BYTES = 512 * _MIB
"""Left of a card for the screen and for what starts later."""
UNIFIED_SHARE = 0.88
DESKTOP_BYTES = 4 * _GIB
"""At most, and at least left, where card and computer share one memory: taking 92 % of that starves the system. The
engine's own processes live there besides."""
SYSTEM_BYTES = _GIB
"""What the system and a bare desktop hold of the computer's memory with every other program closed."""


@dataclass(frozen=True)
class Room:
    """What there is, of the computer's memory or of the card that is used."""

    total: int
    free: int
    """Free for one more engine: what is neither taken nor promised to another engine of ours."""
    unified: bool = False
    """Whether it is a card's that shares the computer's memory."""


def processor_room(machine: Machine, taken_bytes: int = 0) -> Room:
    """The computer's memory; *taken_bytes* is promised to our other engines."""
    unpromised = machine.memory_bytes - taken_bytes
    free = min(machine.available_bytes, unpromised) if machine.available_bytes else unpromised
    return Room(machine.memory_bytes, max(0, free))


def card_room(card: Gpu, taken_bytes: int = 0) -> Room:
    """The memory of *card*."""
    free = max(0, min(card.free_bytes, card.total_bytes - taken_bytes))
    return Room(card.total_bytes, free, card.unified)


def card_share(room: Room) -> float:
    """The largest share of a card that may be taken (`--gpu-memory-utilization`), in whole hundredths; 0 for none."""
    return _share(room, room.free)


def largest_card_share(room: Room) -> float:
    """The same with every other program closed."""
    return _share(room, room.total)


def _share(room: Room, free: int) -> float:
    total = max(1, room.total)
    reserve = DESKTOP_BYTES + PROCESSOR_BYTES if room.unified else CARD_RESERVE_BYTES
    most = UNIFIED_SHARE if room.unified else CARD_SHARE
    return max(0.0, min(most, int((free - reserve) / total * 100) / 100))


def card_bytes(shape: Geometry | None, total: int, cards: int = 1, people: int = 1) -> int:
    """What vLLM takes of each of *cards* cards of *total* bytes beside weights and KV cache; an estimate.

    0.9–2.4 GiB are usual with 2,048 tokens in a step. *people* is how many conversations there may be at a time.
    """
    if shape is None:
        return CARD_BYTES
    step = step_tokens(total) * shape.hidden * _STEP_NUMBERS * 2
    choice = max(_FEWEST_CHOICES, people) * shape.vocabulary * _CHOICE_BYTES
    return _CARD_CONTEXT_BYTES + step + choice + (_SHARING_BYTES if cards > 1 else 0)


def step_tokens(total: int) -> int:
    """Tokens of one step (`--max-num-batched-tokens`) on a card of *total* bytes (`engine/arg_utils.py`)."""
    if total >= 160 * _GIB:
        return 16384
    return 8192 if total >= 70 * _GIB else 2048


def in_flight(total: int, step: int = 0) -> int:
    """Tokens that are under way at once, which a sliding window keeps besides.

    Args:
        total: bytes of the card; 0 for a processor, which does one step at a time. On a card there are two, since the
            next is prepared meanwhile (`max_concurrent_batches`).
        step: tokens of one step, where they were chosen (`--max-num-batched-tokens`); 0 for vLLM's own.
    """
    return 2 * (step or step_tokens(total)) if total else step or IN_FLIGHT
