"""Causes that have to do with memory: of the computer, of the graphics card, for conversations."""

from desktop_app.domain.errors import Fix, Remedy
from desktop_app.domain.flags import read_size
from desktop_app.engine.failure_causes import (
    GIB,
    MIB,
    Found,
    cause,
    conversation_room,
    first_of,
    rounded_down,
    size_words,
    taken_away,
    with_flags,
    without,
)

_SMALLER = "Close other programs or choose a smaller model."
_CARD_SMALLER = "Close what else uses the card, or choose a smaller model or a quantized edition of it."
_CARD_RESERVE = 0.3
"""GiB of a card that are left free: vLLM measures again a moment later, and others grow."""
_LEAST_SHARE = 0.1
_MOST_ROOM = 4 * GIB
_FIRST_ROOM = 512 * MIB
_FEW = "8"


def _fitting_context(found: Found) -> Fix | None:
    tokens = int(found.number("tokens"))
    return Fix(f"Start with a context of {tokens}", (("--max-model-len", str(tokens)),)) if tokens > 0 else None


def _needed_room(found: Found) -> Fix | None:
    """More memory for conversations; the line says how much is needed, rounded to hundredths of a GiB."""
    needed = (found.number("needed_gib") + 0.01) * GIB
    return _more_room(found, max(needed, 0.0))


def _more_room(found: Found, needed: float = 0.0) -> Fix | None:
    given = read_size(found.value("--kv-cache-memory-bytes"))
    if given is None:
        return None
    size = max(needed * 1.05 + 64 * MIB, 2.0 * given, float(_FIRST_ROOM))
    flag = conversation_room(size)
    if size > _MOST_ROOM or (found.machine and size > found.machine.memory_bytes / 4):
        return None
    return Fix(f"Use {size_words(read_size(flag[1]) or 0)} for conversations", (flag,))


def _less_room(found: Found) -> Fix | None:
    """Half of what is free, and not more than anybody needs to begin with."""
    free = found.number("free_gib") * GIB
    if free < GIB / 4:
        return None
    name, size = conversation_room(min(free / 2, _MOST_ROOM))
    flags: tuple[tuple[str, str | None], ...] = ((name, size),)
    if share := found.spelled("--gpu-memory-utilization") if found.plan else None:
        flags += ((share, None),)
    return Fix(f"Use {size_words(read_size(size) or 0)} for conversations", flags)


def _share_that_is_free(found: Found) -> Fix | None:
    free, total = found.number("free_gib"), found.number("total_gib")
    share = rounded_down((free - _CARD_RESERVE) / total) if total else 0.0
    if not _LEAST_SHARE <= share < 1:
        return None
    return Fix(f"Use {share:.2f} of the card", (("--gpu-memory-utilization", f"{share:.2f}"),))


def _larger_share(found: Found) -> Fix | None:
    """What the card has free, when the engine may take less than that."""
    if not found.on_card or not found.plan or not found.machine or not found.machine.gpus:
        return None
    number = found.plan.fullest
    card = found.machine.gpus[number if number < len(found.machine.gpus) else 0]
    share = rounded_down((card.free_bytes / GIB - _CARD_RESERVE) / max(card.total_bytes / GIB, 0.01))
    given = found.value("--gpu-memory-utilization")
    before = float(given) if isinstance(given, str) and given.replace(".", "", 1).isdigit() else 0.92
    if not before + 0.02 <= share < 1:
        return None
    return Fix(f"Use {share:.2f} of the card", (("--gpu-memory-utilization", f"{share:.2f}"),))


def _automatic_context(found: Found) -> Fix | None:
    given = found.value("--max-model-len")
    if found.plan and given in (None, "auto", "-1"):
        return None
    return Fix("Use the longest context that fits", (("--max-model-len", "auto"),))


def _few_at_once(found: Found) -> Fix | None:
    given = found.value("--max-num-seqs")
    if isinstance(given, str) and given.isdigit() and int(given) <= int(_FEW):
        return None
    return Fix(f"Answer at most {_FEW} at once", (("--max-num-seqs", _FEW),))


def _mamba_at_once(found: Found) -> Fix | None:
    blocks = int(found.number("blocks"))
    return Fix(f"Answer at most {blocks} at once", (("--max-num-seqs", str(blocks)),)) if blocks > 0 else None


def _without_room(found: Found) -> Fix | None:
    name = found.spelled("--kv-cache-memory-bytes") if found.plan else None
    return taken_away(name) if name and found.on_card else None


MEMORY = (
    cause(
        r"larger than the available KV cache memory \((?P<free_gib>[\d.]+) GiB\).*"
        r"estimated maximum model length is (?P<tokens>\d+)\.",
        "Not enough memory for a context of this length.",
        "The largest context that fits: {tokens} tokens.",
        Remedy.SETTINGS,
        _fitting_context,
    ),
    cause(
        r"\((?P<needed_gib>[\d.]+) GiB KV cache is needed, which is larger than the available KV cache memory "
        r"\((?P<free_gib>[\d.]+) GiB\)\. Try",
        "Not enough memory for a conversation.",
        f"It needs {{needed_gib}}, {{free_gib}} is there. {_SMALLER}",
        Remedy.CHOOSE_MODEL,
        first_of(_automatic_context, _needed_room, _larger_share),
    ),
    cause(
        r"No available memory for the cache blocks|Cannot auto-fit max_model_len: not enough",
        "Not enough memory for a conversation.",
        f"The model leaves no room for one. {_SMALLER}",
        Remedy.CHOOSE_MODEL,
        first_of(_more_room, _without_room, _larger_share),
    ),
    cause(
        r"Available memory on node \d+ \((?P<free_gib>[\d.]+)/(?P<total_gib>[\d.]+) GiB\)"
        r".*?(?:utilization \([\d.]+, |memory for kv \()(?P<wanted_gib>[\d.]+)(?:/[\d.]+)? GiB",
        "Not enough memory.",
        f"It needs {{wanted_gib}}, and {{free_gib}} of {{total_gib}} are free. {_SMALLER}",
        Remedy.CHOOSE_MODEL,
        _less_room,
    ),
    cause(
        r"Free memory on device \S+ \((?P<free_gib>[\d.]+)/(?P<total_gib>[\d.]+) GiB\)"
        r".*?\([\d.]+, (?P<wanted_gib>[\d.]+) GiB\)",
        "Not enough free memory on the graphics card.",
        "It needs {wanted_gib}, and {free_gib} of {total_gib} are free. Something else uses the card, or an engine "
        "that was just stopped has not given it back yet.",
        Remedy.CHOOSE_MODEL,
        _share_that_is_free,
        transient=True,
    ),
    cause(
        r"Error in memory profiling",
        "Another program used the graphics card at the same time.",
        "Its memory changed while vLLM measured it. Try again.",
        Remedy.RETRY,
        transient=True,
    ),
    cause(
        r"out of memory occurred when warming up sampler with (?P<count>\d+) ",
        "Not enough memory on the graphics card.",
        "There is no room to answer {count} questions at the same time.",
        Remedy.SETTINGS,
        _few_at_once,
    ),
    cause(
        r"max_num_seqs \((?P<asked>\d+)\) exceeds available Mamba cache blocks \((?P<blocks>\d+)\)",
        "Not enough memory for so many questions at once.",
        "There is room for {blocks}, and {asked} were asked for.",
        Remedy.SETTINGS,
        _mamba_at_once,
    ),
    cause(
        r"Tried to allocate (?P<wanted_size>[\d.]+ [KMG]i?B).*?total capacity of (?P<total_gib>[\d.]+) GiB of which "
        r"(?P<free_size>[\d.]+ [KMG]i?B|0 bytes) is free",
        "Not enough memory on the graphics card.",
        f"{{wanted_size}} more were needed, and {{free_size}} of {{total_gib}} are free. {_CARD_SMALLER}",
        Remedy.CHOOSE_MODEL,
        first_of(_automatic_context, _few_at_once),
    ),
    cause(
        r"(?:CUDA|HIP|XPU)\]?(?: error)?:? out of memory|not enough GPU memory|cudaErrorMemoryAllocation"
        r"|CU(?:BLAS|DNN)_STATUS_(?:ALLOC_FAILED|NOT_INITIALIZED)|OutOfMemoryError|CUDA_ERROR_OUT_OF_MEMORY",
        "Not enough memory on the graphics card.",
        _CARD_SMALLER,
        Remedy.CHOOSE_MODEL,
        first_of(_automatic_context, _few_at_once),
    ),
    cause(
        r"you tried to allocate (?P<more_bytes>\d+) bytes\.",
        "Not enough memory.",
        f"{{more_bytes}} more were needed and not there. {_SMALLER}",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"No space left on device:? ?.*(?:/dev/shm|psm_|/torch_)|unable to (?:allocate|open) shared memory"
        r"|shm_open|[Ii]nsufficient shared memory|Bus error",
        "Not enough shared memory.",
        "The engine's processes talk through /dev/shm, and it is full or too small. In a container, give it more "
        "(--ipc=host or --shm-size=8g).",
        Remedy.RETRY,
    ),
    cause(
        r"^MemoryError|can't allocate memory|Cannot allocate memory|std::bad_alloc|[Uu]nable to mmap \d+ bytes"
        r"|mmap[^\n]{0,40} failed|not enough memory: you tried|ENOMEM|failed to map segment"
        r"|Unable to allocate [\d.]+ [KMG]iB"
        r"|out of memory \(.*host",
        "Not enough memory.",
        _SMALLER,
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"cudaHostAlloc|cudaHostRegister|pin(?:ned)? memory|mlock",
        "The computer's memory could not be shared with the graphics card.",
        "The part of a model that is kept outside the card needs free memory that may be locked.",
        Remedy.SETTINGS,
        without("--cpu-offload-gb", "--kv-offloading-size", "--swap-space"),
    ),
    cause(
        r"CUDA graph[^\n]{0,80}(?:memory|failed)|cudaErrorStreamCapture"
        r"|operation not permitted when stream is capturing"
        r"|failed capturing CUDA graph",
        "The graphics card could not be prepared.",
        "Recording its work failed. Without that, answers are a little slower.",
        Remedy.SHOW_LOG,
        with_flags("Start without graphs", ("--enforce-eager", True)),
    ),
)
"""The first one that fits is the one that is told."""
