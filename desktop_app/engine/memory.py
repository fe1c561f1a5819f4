"""How much memory an engine is given and will take. Called by `launch`, `preflight` and the settings' service.

Sizes in bytes; estimates, after vLLM's own arithmetic (`domain/fit`) and what was measured with 0.32.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.domain import fit
from desktop_app.domain.flags import read_size
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

_ENGINE_BYTES = int(1.2 * _GIB)
_ENGINE_BYTES_MORE = int(1.6 * _GIB)
"""What the processes take without weights and KV cache, with one engine process and with two (measured)."""
_CARD_BYTES = int(2.5 * _GIB)
"""CUDA's context, the largest step and graphs; 0.9–2.4 GiB are usual with 2,048 tokens in a step."""
_CARD_RESERVE_BYTES = 512 * _MIB
"""Left for the screen and for what starts later."""
_SLACK_BYTES = 256 * _MIB
_CARD_SHARE = 0.92
"""vLLM's own default; a start fails when that share of the card is not free."""
_SMALLEST_SHARE = 0.05


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


@dataclass(frozen=True)
class Room:
    """What there is, of the computer's memory or of the card that is used."""

    total: int
    free: int
    """Free for one more engine: what is neither taken nor promised to another engine of ours."""


def room(kind: EngineKind, machine: Machine, card: Gpu | None, taken_bytes: int) -> Room:
    """The memory that an engine of *kind* lives in; *taken_bytes* is promised to our other engines."""
    if kind is EngineKind.CUDA and card is not None:
        return Room(card.total_bytes, max(0, min(card.free_bytes, card.total_bytes - taken_bytes)))
    unpromised = machine.memory_bytes - taken_bytes
    free = min(machine.available_bytes, unpromised) if machine.available_bytes else unpromised
    return Room(machine.memory_bytes, max(0, free))


def need(
    kind: EngineKind, flags: Mapping[str, FlagValue], variables: Mapping[str, str], facts: ModelFacts, place: Room
) -> Need:
    """What an engine started like this takes (on each card, when there are several)."""
    dtype = str(flags.get("--dtype") or "auto")
    weights = fit.weights_bytes(facts.weights_bytes, facts.config, dtype) // cards_of(flags)
    kv_cache = read_size(flags.get("--kv-cache-memory-bytes"))
    if kind is EngineKind.CUDA:
        weights = max(0, weights - int(number(flags.get("--cpu-offload-gb"), 0.0) * _GIB))
        share = number(flags.get("--gpu-memory-utilization"), _CARD_SHARE)
        if kv_cache is None:
            kv_cache = max(0, int(share * place.total) - weights - _CARD_BYTES)
        return Need(weights, kv_cache, _CARD_BYTES)
    if kv_cache is None:
        kv_cache = max(0, int(number(flags.get("--gpu-memory-utilization"), _CARD_SHARE) * place.total) - weights)
    one_process = variables.get("VLLM_ENABLE_V1_MULTIPROCESSING") == "0"
    return Need(weights, kv_cache, _ENGINE_BYTES if one_process else _ENGINE_BYTES_MORE)


def processor_kv(
    preset: Preset, flags: Mapping[str, FlagValue], variables: Mapping[str, str], facts: ModelFacts, place: Room
) -> int:
    """The KV cache for a processor, in whole MiB: what suits the machine and the chosen context, if there is room."""
    part, least, most = _PROCESSOR_KV[preset]
    wanted = max(least, min(most, place.total // part), request_bytes(flags, facts, EngineKind.CPU))
    rest = need(EngineKind.CPU, {**flags, "--kv-cache-memory-bytes": "0"}, variables, facts, place).total
    possible = max(_SMALLEST_KV_BYTES, place.free - rest - _SLACK_BYTES)
    return min(wanted, possible) // _MIB * _MIB


def card_share(preset: Preset, flags: Mapping[str, FlagValue], facts: ModelFacts, place: Room) -> float:
    """The share of a card to take, rounded to hundredths: what is wanted, and never more than is free."""
    total = max(1, place.total)
    limit = min(_CARD_SHARE, int((place.free - _CARD_RESERVE_BYTES) / total * 100) / 100)
    geometry, conversations = facts.geometry, _CONVERSATIONS[preset]
    if geometry and conversations and facts.weights_bytes:
        asked = read_size(flags.get("--max-model-len"))
        length = asked or min(geometry.context or _LONG_ENOUGH, _LONG_ENOUGH)
        one = geometry.request_bytes(length, kv_element(flags), fit.CARD_BLOCK, cards_of(flags))
        weights = need(EngineKind.CUDA, flags, {}, facts, place).weights
        wanted = (weights * 1.05 + _CARD_BYTES + max(_GIB, conversations * one)) / total
        limit = min(limit, int(wanted * 100 + 1) / 100)
    return max(_SMALLEST_SHARE, limit)


def request_bytes(flags: Mapping[str, FlagValue], facts: ModelFacts, kind: EngineKind) -> int:
    """What one conversation of the chosen context takes, with vLLM's own block; 0 when no length was chosen."""
    length, geometry = read_size(flags.get("--max-model-len")), facts.geometry
    if not length or geometry is None:
        return 0
    block = block_of(flags, kind)
    size = geometry.request_bytes(length + block, kv_element(flags), block, cards_of(flags))
    return -(-size // _MIB) * _MIB


def kv_element(flags: Mapping[str, FlagValue]) -> float:
    """Bytes of a number in the KV cache."""
    chosen = str(flags.get("--kv-cache-dtype") or "auto")
    return fit.dtype_bytes(str(flags.get("--dtype") or "auto") if chosen == "auto" else chosen)


def block_of(flags: Mapping[str, FlagValue], kind: EngineKind) -> int:
    """Tokens of a block of KV cache."""
    return read_size(flags.get("--block-size")) or (fit.CARD_BLOCK if kind is EngineKind.CUDA else fit.CPU_BLOCK)


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
