"""Which graphics cards an engine gets, so that a start keeps what the verdict promises. Pure; called by `launch`.

Cards are named by their places in `Machine.gpus`, which are the driver's numbers unless MIG divides a card.
"""

import re
from collections.abc import Mapping, Sequence

from desktop_app.domain.cards import first_usable
from desktop_app.domain.fit import Surroundings, Wish, judge
from desktop_app.domain.flags import read_size
from desktop_app.domain.geometry import quantization
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import FlagValue
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.engine import memory
from desktop_app.engine.model_files import ModelFacts

_SHARING = ("--tensor-parallel-size", "--pipeline-parallel-size", "--data-parallel-size", "--device-ids")
"""With any of these somebody has decided about the cards."""


def sharing_flags(
    name: str, facts: ModelFacts, machine: Machine, flags: Mapping[str, FlagValue], taken_bytes: int, version: str
) -> dict[str, FlagValue]:
    """The flags that share the model *name* out as its verdict says; none where one card holds it or somebody chose."""
    devices = _promised(name, facts, machine, flags, taken_bytes)
    found: dict[str, FlagValue] = {"--tensor-parallel-size": str(len(devices))}
    if len(devices) < 2:
        return {}
    if devices == tuple(range(len(devices))):
        return found
    # vLLM takes the first cards unless it is told otherwise, and older ones cannot be told by a flag.
    return {**found, "--device-ids": ",".join(map(str, devices))} if _has_device_ids(version) else {}


def used_cards(
    name: str, facts: ModelFacts, machine: Machine, flags: Mapping[str, FlagValue], taken_bytes: int
) -> tuple[int, ...]:
    """The cards of *machine* that an engine started with *flags* uses; none when there are none."""
    count = len(machine.gpus)
    named = [int(word) for word in str(flags.get("--device-ids") or "").split(",") if word.strip().isdigit()]
    if chosen := tuple(place for place in named if place < count):
        return chosen
    asked = memory.cards_in_all(flags)
    if asked > 1 or not count:
        return tuple(range(min(asked, count)))
    promised = _promised(name, facts, machine, flags, taken_bytes)
    return promised if len(promised) == 1 else (first_usable(machine.gpus) or 0,)


def fullest(cards: Sequence[Gpu], used: Sequence[int]) -> int:
    """The one of the *used* cards with the least room, which decides for all; 0 without any."""
    return min(used, key=lambda place: cards[place].free_bytes, default=0)


def visible_name(cards: Sequence[Gpu], place: int) -> str:
    """What `CUDA_VISIBLE_DEVICES` calls a card: its number, or its UUID where MIG divides one and numbers do not count.

    vLLM 0.32 looks an instance's UUID up, but then takes the instance's number within its card for the number of a
    card (`platforms/cuda.py`, `device_control_id_to_physical_device_id`): it asks another card for name and
    generation, or fails where there are not so many. The first instance of the first card is always right.
    """
    return cards[place].uuid if any(card.mig for card in cards) else str(place)


def _promised(
    name: str, facts: ModelFacts, machine: Machine, flags: Mapping[str, FlagValue], taken_bytes: int
) -> tuple[int, ...]:
    """The cards that the verdict means; none when it means no card, or when somebody chose."""
    if len(machine.gpus) < 2 or facts.geometry is None or any(flags.get(flag) for flag in _SHARING):
        return ()
    room = memory.room(EngineKind.CUDA, machine, machine.gpus[0], taken_bytes)
    weights = memory.need(EngineKind.CUDA, flags, {}, facts, room).weights
    method = quantization(facts.config)
    spec = ModelSpec(name, facts.geometry, weights, dtype="bfloat16", quantization=method)
    wish = Wish(read_size(flags.get("--max-model-len")) or 0, kv_dtype=str(flags.get("--kv-cache-dtype") or "auto"))
    fit = judge(spec, machine, wish, Surroundings(EngineKind.CUDA, taken_bytes))
    return fit.devices if fit.kind is EngineKind.CUDA else ()


def _has_device_ids(version: str) -> bool:
    """Whether this vLLM has `--device-ids`; 0.32 is the first that is known to."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= (0, 32)
