"""What can be seen before a start is seen before it: flags, names, cards, memory, disk, files.

`check` is called in a thread by whoever is about to start a plan; whether the model's folder is complete is
`hub/local`'s business. Nothing that is merely doubtful is refused: then vLLM tries, and `failures` explains.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain import cards
from desktop_app.domain.errors import EngineError, Fix, Remedy, UserError
from desktop_app.domain.flags import LEFT_TO_VLLM, FlagTable, read_size
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import LaunchPlan
from desktop_app.domain.machine import Machine
from desktop_app.domain.old_flags import explain_old
from desktop_app.engine import memory, model_files
from desktop_app.engine.model_files import ModelFacts
from desktop_app.engine.protection import refused_value
from desktop_app.engine.room_check import check_disk, check_memory, check_socket

_BF16_CARD = (8, 0)
"""Compute capability from which cards know bfloat16 (vLLM's `platforms/cuda.py`)."""


@dataclass(frozen=True)
class _Case:
    """What is looked at."""

    plan: LaunchPlan
    table: FlagTable | None
    machine: Machine
    facts: ModelFacts


def check(plan: LaunchPlan, table: FlagTable | None, machine: Machine) -> None:
    """Refuse *plan* where it is certain to fail.

    Reads small files and asks the disk; call it in a thread.

    Args:
        plan: what is about to be started.
        table: what the engine has and knows; None when that was not asked yet.
        machine: what the computer has, looked at just now.

    Raises:
        UserError: the model or a setting cannot work, mostly with a Fix.
        EngineError: the computer is not fit for it.
    """
    facts = model_files.look(plan.model.folder)
    case = _Case(plan, table, machine, facts)
    for look in _LOOKS:
        look(case)
    check_disk(plan)
    check_socket(plan.socket)


def doubts(plan: LaunchPlan, table: FlagTable | None, machine: Machine) -> tuple[UserError, ...]:
    """Everything in the settings of *plan* for which `check` would refuse it, memory included; for a page to show."""
    facts, found = model_files.look(plan.model.folder), []
    for look in _LOOKS:
        try:
            look(_Case(plan, table, machine, facts))
        except UserError as error:
            found.append(error)
    return tuple(found)


def _refuse(title: str, reason: str, fix: Fix | None = None, remedy: Remedy = Remedy.SETTINGS) -> UserError:
    return UserError(title, reason, remedy, fix=fix)


def _without(flag: str, words: str = "") -> Fix:
    return Fix(words or f"Start without {flag}", ((flag, LEFT_TO_VLLM),))


def _check_flags(case: _Case) -> None:
    plan, table = case.plan, case.table
    if table is None:
        return
    for flag, value in plan.flags:
        if value == LEFT_TO_VLLM or table.find(flag) is not None:
            continue
        old, near = explain_old(flag), table.nearest(flag)
        title = f"vLLM {table.version} has no setting {flag}."
        if old or not near:
            raise _refuse(title, old, _without(flag))
        fix = Fix(f"Use {near} instead", ((flag, LEFT_TO_VLLM), (near, value)))
        raise _refuse(title, f"Was {near} meant?", fix)


def _check_names(case: _Case) -> None:
    plan, table = case.plan, case.table
    if table is None:
        return
    known = (
        ("--tool-call-parser", table.tool_parsers),
        ("--reasoning-parser", table.reasoning_parsers),
        ("--quantization", table.quantization),
    )
    for flag, names in known:
        value = plan.get(flag)
        # A parser of a plugin has a name that only the plugin knows.
        if not isinstance(value, str) or not value or not names or value in names or _has_plugin(plan, flag):
            continue
        old = explain_old(flag, value)
        reason = old or f"It has: {', '.join(names)}."
        raise _refuse(f"vLLM {table.version} does not have {value!r} as {flag}.", reason, _without(flag))
    for flag, value in plan.flags:
        found = table.find(flag)
        if found is None or not found.choices or not isinstance(value, str) or value == LEFT_TO_VLLM or found.many:
            continue
        if value not in found.choices and "." not in flag:
            old = explain_old(flag, value)
            reason = old or f"It can be: {', '.join(found.choices)}."
            raise _refuse(f"{flag} cannot be {value!r}.", reason, _without(flag))


def _has_plugin(plan: LaunchPlan, flag: str) -> bool:
    plugins = {"--tool-call-parser": "--tool-parser-plugin", "--reasoning-parser": "--reasoning-parser-plugin"}
    return bool(plan.get(plugins.get(flag, "")))


def _check_architecture(case: _Case) -> None:
    plan, table, facts = case.plan, case.table, case.facts
    if table is None:
        return
    trusted = plan.get("--trust-remote-code") is True
    own_config = "AutoConfig" in facts.own_code
    changed = any(flag.startswith("--hf-overrides") or flag == "--model-class-overrides" for flag, _ in plan.flags)
    if changed:
        return
    unread = bool(table.model_types) and bool(facts.model_type) and facts.model_type not in table.model_types
    known = table.architectures | table.borrowed
    unknown = bool(table.architectures) and bool(facts.architectures) and not known.intersection(facts.architectures)
    if not trusted and ((unread and own_config) or (unknown and facts.own_code)):
        files = ", ".join(sorted({str(target).partition(".")[0] + ".py" for target in facts.own_code.values()}))
        reason = (
            f"vLLM {table.version} has none for it, so it would run {files} from the model's folder, with your rights. "
            "Allow that only when you trust the model's maker."
        )
        fix = Fix("Allow the model's own code", (("--trust-remote-code", True),))
        raise _refuse("This model brings code of its own.", reason, fix)
    if unknown and not facts.own_code:
        kind = facts.architectures[0]
        reason = f"It is a {kind}, which vLLM {table.version} does not know. A newer engine may."
        raise UserError("The engine does not know this kind of model.", reason, Remedy.ENGINES)


def _check_values(case: _Case) -> None:
    plan = case.plan
    for flag, value in plan.flags:
        reason = refused_value(flag, value)
        if reason:
            raise _refuse(f"{flag} {value} is refused.", reason, Fix("Start with safe files only", ((flag, None),)))
    quantization = str(plan.get("--quantization") or "")
    old = explain_old("--quantization", quantization) or explain_old("--load-format", str(plan.get("--load-format")))
    if old:
        fix = Fix(f"Start without {quantization}", (("--quantization", None), ("--load-format", None)))
        raise _refuse("This quantisation is gone from vLLM.", old, fix)
    if plan.get("--enable-auto-tool-choice") is True and not plan.get("--tool-call-parser"):
        reason = "vLLM has to know how this model writes them: choose that in the settings, or turn tools off."
        fix = Fix("Start without tools", (("--enable-auto-tool-choice", None),))
        raise _refuse("Nothing says how calls of tools are to be read.", reason, fix)
    steps, answers = (read_size(plan.get(flag)) for flag in ("--max-num-batched-tokens", "--max-num-seqs"))
    if steps and answers and steps < answers:
        reason = f"Tokens in one step ({steps:,}) must be at least as many as answers at the same time ({answers:,})."
        fix = Fix(f"Start with {steps:,} answers at the same time", (("--max-num-seqs", str(steps)),))
        raise _refuse("Two settings contradict one another.", reason, fix)


def _check_files(case: _Case) -> None:
    plan = case.plan
    template = plan.get("--chat-template")
    # A template may also be written out; vLLM takes what has no line break or brace for a path.
    if isinstance(template, str) and template and not any(sign in template for sign in "{}\n"):
        _must_be(Path(template), "--chat-template", "The chat template is not there.", Path.is_file)
    for flag, title in (("--tokenizer", "The tokenizer is not there."), ("--spec-model", "The guesser is not there.")):
        value = plan.get(flag)
        if isinstance(value, str) and value:
            _must_be(Path(value), flag, title, Path.is_dir)
    modules = plan.get("--lora-modules")
    if isinstance(modules, str) and modules:
        _check_adapters(modules)


def _must_be(path: Path, flag: str, title: str, there: Callable[[Path], bool]) -> None:
    if not there(path.expanduser()):
        raise _refuse(title, f"There is no {path}.", _without(flag))


def _check_adapters(modules: str) -> None:
    from desktop_app.engine.launch import split_words  # noqa: PLC0415 - launch needs none of this

    for word in split_words(modules):
        name, folder = _adapter(word)
        if not (Path(folder) / "adapter_config.json").is_file():
            fix = _without("--lora-modules", "Start without adapters")
            reason = f"There is no adapter_config.json in {folder or word}."
            raise _refuse(f"The adapter {name} is not there.", reason, fix)


def _adapter(word: str) -> tuple[str, str]:
    if word.startswith("{"):
        try:
            about = json.loads(word)
        except ValueError:
            about = {}
        return (str(about.get("name", word)), str(about.get("path", ""))) if isinstance(about, dict) else (word, "")
    name, _, folder = word.partition("=")
    return name, folder


def _check_context(case: _Case) -> None:
    plan, facts = case.plan, case.facts
    asked, geometry = read_size(plan.get("--max-model-len")), facts.geometry
    allowed = dict(plan.variables).get("VLLM_ALLOW_LONG_MAX_MODEL_LEN") == "1"
    stretched = "rope_scaling" in facts.config or "rope_parameters" in facts.config or plan.get("--hf-overrides")
    if not asked or geometry is None or not geometry.context or allowed or stretched:
        return
    if asked > geometry.context:
        reason = f"{asked:,} tokens are asked for; the model was made for {geometry.context:,}."
        fix = Fix(f"Start with a context of {geometry.context:,}", (("--max-model-len", str(geometry.context)),))
        raise _refuse("The context is longer than the model can keep in mind.", reason, fix)


def _check_cards(case: _Case) -> None:
    plan, facts, machine = case.plan, case.facts, case.machine
    count, parts = memory.cards_in_all(dict(plan.flags)), memory.cards_of(dict(plan.flags))
    geometry = facts.geometry
    one = Fix("Start on one card", (("--tensor-parallel-size", None), ("--pipeline-parallel-size", None)))
    if geometry and geometry.heads % parts:
        reason = f"It has {geometry.heads} attention heads, which {parts} cards cannot share."
        raise _refuse("The model cannot be cut into so many parts.", reason, one)
    if plan.environment.kind is not EngineKind.CUDA or not machine.gpus:
        return
    if count > len(machine.gpus) and not plan.get("--distributed-executor-backend"):
        reason = f"{count} are asked for, and this computer has {len(machine.gpus)}."
        raise _refuse("There are not so many graphics cards.", reason, one)
    card = machine.gpus[plan.fullest]
    refusal = cards.refusal(card)
    if refusal:
        raise EngineError("The graphics card cannot run this engine.", refusal, Remedy.ENGINES)
    if plan.get("--dtype") == "bfloat16" and card.compute_capability and card.compute_capability < _BF16_CARD:
        fix = Fix("Start with half", (("--dtype", "half"),))
        raise _refuse("The graphics card does not know bfloat16.", f"{card.name} is of an earlier generation.", fix)


def _check_memory(case: _Case) -> None:
    check_memory(case.plan, case.facts, case.machine)


_LOOKS = (
    *(_check_flags, _check_names, _check_architecture, _check_values, _check_files, _check_context),
    *(_check_cards, _check_memory),
)
"""In this order: a setting that does not exist before one that cannot be, and memory last."""
