"""How much memory an engine is given and will take. Called by `launch`, `preflight` and the settings' service.

Sizes in bytes; estimates. The arithmetic is that of the verdicts (`domain/geometry`, `domain/fit_room`), so that a plan
takes what the Models page says.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.domain import fit_room, geometry
from desktop_app.domain.fit_room import Room, card_room, processor_room
from desktop_app.domain.flags import read_size
from desktop_app.domain.geometry import Geometry
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import FlagValue, Preset
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine.model_files import ModelFacts

_MIB = 1 << 20
_GIB = 1 << 30

GUIDE_KV_BYTES = 64 * _MIB
"""More than the Guide's whole context, eight times over; allocated in no time."""
_SMALLEST_KV_BYTES = 64 * _MIB
_PROCESSOR_KV = {
    Preset.QUICK: (16, 512 * _MIB, 2 * _GIB),
    Preset.SPEED: (16, 512 * _MIB, 2 * _GIB),
    Preset.MANY: (8, _GIB, 8 * _GIB),
}
"""Which part of the memory, at least, at most. vLLM fills the KV cache with zeros at 0.4–2.9 seconds per GiB."""
_CONVERSATIONS = {Preset.QUICK: 2, Preset.SPEED: 4, Preset.MANY: 0}
"""Conversations of full length that a card has room for; 0 for as many as the card has."""
_LONG_ENOUGH = 32_768
"""Tokens of such a conversation at most."""

_SLACK_BYTES = 256 * _MIB
_CARD_SLACK_BYTES = 512 * _MIB
"""For larger steps and graphs than were reckoned with: a share that is too small leaves no room for conversations."""
_SMALLEST_SHARE = 0.05
_VLLMS_PEOPLE = 256
"""Conversations at a time where nothing is said (`--max-num-seqs`)."""


@dataclass(frozen=True)
class Need:
    """What an engine will take, of the computer's memory or of one card's."""

    weights: int
    kv_cache: int
    overhead: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.kv_cache + self.overhead


def room(kind: EngineKind, machine: Machine, card: Gpu | None, taken_bytes: int) -> Room:
    """The memory that an engine of *kind* lives in; *taken_bytes* is promised to our other engines."""
    if kind is EngineKind.CUDA and card is not None:
        return card_room(card, taken_bytes)
    return processor_room(machine, taken_bytes)


def need(
    kind: EngineKind, flags: Mapping[str, FlagValue], variables: Mapping[str, str], facts: ModelFacts, place: Room
) -> Need:
    """What an engine started like this takes (on each card, when there are several)."""
    dtype = str(flags.get("--dtype") or "auto")
    weights = geometry.weights_bytes(facts.weights_bytes, facts.config, dtype) // cards_of(flags)
    kv_cache = read_size(flags.get("--kv-cache-memory-bytes"))
    share = number(flags.get("--gpu-memory-utilization"), fit_room.CARD_SHARE)
    if kind is EngineKind.CUDA:
        people = read_size(flags.get("--max-num-seqs")) or _VLLMS_PEOPLE
        weights = max(0, weights - int(number(flags.get("--cpu-offload-gb"), 0.0) * _GIB))
        overhead = fit_room.card_bytes(facts.geometry, place.total, cards_of(flags), people)
        if kv_cache is None:
            kv_cache = max(0, int(share * place.total) - weights - overhead)
        return Need(weights, kv_cache, overhead)
    if kv_cache is None:
        kv_cache = max(0, int(share * place.total) - weights)
    one_process = variables.get("VLLM_ENABLE_V1_MULTIPROCESSING") == "0"
    return Need(weights, kv_cache, fit_room.PROCESSOR_BYTES if one_process else fit_room.PROCESSOR_BYTES_MORE)


def processor_kv(
    preset: Preset, flags: Mapping[str, FlagValue], variables: Mapping[str, str], facts: ModelFacts, place: Room
) -> int:
    """The KV cache for a processor, in whole MiB: what suits the machine and the chosen context, if there is room."""
    part, least, most = _PROCESSOR_KV[preset]
    wanted = max(least, min(most, place.total // part), request_bytes(flags, facts, EngineKind.CPU, place))
    rest = need(EngineKind.CPU, {**flags, "--kv-cache-memory-bytes": "0"}, variables, facts, place).total
    possible = max(_SMALLEST_KV_BYTES, place.free - rest - _SLACK_BYTES)
    return min(wanted, possible) // _MIB * _MIB


def card_share(preset: Preset, flags: Mapping[str, FlagValue], facts: ModelFacts, place: Room) -> float:
    """The share of a card to take, rounded to hundredths: what is wanted, and never more than is free."""
    total, limit = max(1, place.total), fit_room.card_share(place)
    shape, conversations = facts.geometry, _CONVERSATIONS[preset]
    if shape and conversations and facts.weights_bytes:
        asked = read_size(flags.get("--max-model-len"))
        length = asked or min(shape.context or _LONG_ENOUGH, _LONG_ENOUGH)
        one = conversation_bytes(length, shape, flags, EngineKind.CUDA, place)
        takes = need(EngineKind.CUDA, flags, {}, facts, place)
        wanted = (takes.weights * 1.05 + takes.overhead + _CARD_SLACK_BYTES + max(_GIB, conversations * one)) / total
        limit = min(limit, int(wanted * 100 + 1) / 100)
    return max(_SMALLEST_SHARE, limit)


def request_bytes(flags: Mapping[str, FlagValue], facts: ModelFacts, kind: EngineKind, place: Room) -> int:
    """What one conversation of the chosen context takes, with vLLM's own block; 0 when no length was chosen."""
    length, shape = read_size(flags.get("--max-model-len")), facts.geometry
    if not length or shape is None:
        return 0
    size = conversation_bytes(length + block_of(flags, kind), shape, flags, kind, place)
    return -(-size // _MIB) * _MIB


def conversation_bytes(
    tokens: int, shape: Geometry, flags: Mapping[str, FlagValue], kind: EngineKind, place: Room
) -> int:
    """What one conversation of *tokens* tokens takes of the KV cache, on each card."""
    element, block = kv_element(flags), block_of(flags, kind)
    return shape.request_bytes(tokens, element, block, cards_of(flags), in_flight(flags, kind, place))


def longest(size: int, shape: Geometry, flags: Mapping[str, FlagValue], kind: EngineKind, place: Room) -> int:
    """The longest conversation that a KV cache of *size* bytes holds, in tokens; 0 for none."""
    element, block = kv_element(flags), block_of(flags, kind)
    return shape.longest(size, element, block, cards_of(flags), in_flight(flags, kind, place))


def in_flight(flags: Mapping[str, FlagValue], kind: EngineKind, place: Room) -> int:
    """Tokens that are under way at once."""
    step = read_size(flags.get("--max-num-batched-tokens"))
    return fit_room.in_flight(place.total if kind is EngineKind.CUDA else 0, step or 0)


def kv_element(flags: Mapping[str, FlagValue]) -> float:
    """Bytes of a number in the KV cache."""
    chosen = str(flags.get("--kv-cache-dtype") or "auto")
    return geometry.dtype_bytes(str(flags.get("--dtype") or "auto") if chosen == "auto" else chosen)


def block_of(flags: Mapping[str, FlagValue], kind: EngineKind) -> int:
    """Tokens of a block of KV cache."""
    return read_size(flags.get("--block-size")) or (
        geometry.CARD_BLOCK if kind is EngineKind.CUDA else geometry.CPU_BLOCK
    )


def cards_of(flags: Mapping[str, FlagValue]) -> int:
    """Among how many cards each layer is shared out."""
    return max(1, read_size(flags.get("--tensor-parallel-size")) or 1)


def cards_in_all(flags: Mapping[str, FlagValue]) -> int:
    """How many cards a model takes: parts of layers, stages, copies."""
    names = ("--tensor-parallel-size", "--pipeline-parallel-size", "--data-parallel-size")
    count = 1
    for name in names:
        count *= max(1, read_size(flags.get(name)) or 1)
    return count


def number(value: FlagValue | None, otherwise: float) -> float:
    """A flag's value as a number; *otherwise* when it is none."""
    try:
        return float(value) if isinstance(value, str) else otherwise
    except ValueError:
        return otherwise
