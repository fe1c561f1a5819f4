"""Says in plain words why vLLM stopped, and what would mend it.

`services` asks when it ended without having been asked to, `terminal/explain` for any log. The cause is the *first*
exception in the log (see `tracebacks`). The exit code tells little: 0 after a crash in service, 1 for any failed start;
what counts is whether anybody asked for the end, which the caller knows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from desktop_app.domain.engine import StartPhase
from desktop_app.domain.errors import EngineError, Fix, Remedy
from desktop_app.domain.launch import LaunchPlan
from desktop_app.domain.machine import Machine
from desktop_app.domain.old_flags import explain_old
from desktop_app.engine import failure_causes_settings as settings
from desktop_app.engine.failure_causes import Cause, Found, sized
from desktop_app.engine.failure_causes_cards import ANY_CARD_ERROR, CARDS
from desktop_app.engine.failure_causes_memory import MEMORY
from desktop_app.engine.failure_causes_model import FILES, KINDS
from desktop_app.engine.failure_causes_system import CRASHES, INSTALLATION, NETWORK, SIGNALS, SYSTEM
from desktop_app.engine.tracebacks import Chain, LogReading, cleaned, shortened

CAUSES: tuple[Cause, ...] = (
    *settings.USAGE,
    *FILES,
    *MEMORY,
    *settings.VALUES,
    *KINDS,
    *CARDS,
    *NETWORK,
    *INSTALLATION,
    *SYSTEM,
    *CRASHES,
    *ANY_CARD_ERROR,
)
"""Every known cause. Of several that fit, the first is told."""

_DETAIL_LINES = 60
_DOING = {
    None: "The engine stopped by itself.",
    StartPhase.LOADING_ENGINE: "The engine stopped while it was loading.",
    StartPhase.READING_MODEL: "The engine stopped while it looked at the model.",
    StartPhase.STARTING_CORE: "The engine stopped while it started its own processes.",
    StartPhase.STARTING_WORKERS: "The engine stopped while it started its workers.",
    StartPhase.READING_WEIGHTS: "The engine stopped while it read the weights.",
    StartPhase.COMPILING: "The engine stopped while it compiled the model.",
    StartPhase.MEASURING: "The engine stopped while it measured its memory.",
    StartPhase.MAKING_ROOM: "The engine stopped while it made room for conversations.",
    StartPhase.CAPTURING: "The engine stopped while it prepared the graphics card.",
    StartPhase.FINISHING: "The engine stopped while it warmed up.",
    StartPhase.OPENING: "The engine stopped just before it was ready.",
}
_PART = re.compile(r"\{((?:[^{}]|\{[\w:]+\})+)\}")
_INNER = re.compile(r"\{([\w:]+)\}")
_SHELL_SIGNALS = (128, 192)
"""Exit codes by which shells and containers tell of an end by a signal: 128 and the signal's number."""


def explain(
    code: int | None,
    lines: Iterable[str],
    plan: LaunchPlan | None,
    phase: StartPhase | None = None,
    machine: Machine | None = None,
) -> EngineError:
    """Why vLLM stopped.

    Args:
        code: its exit code, negative for a signal; None when nobody knows.
        lines: what it printed, or the last of it; read once.
        plan: what was started; None when nobody knows.
        phase: where the start stood; None when it had been ready.
        machine: what there is; makes some remedies fit better.
    """
    return explain_reading(code, LogReading.of(lines), plan, phase, machine)


def explain_reading(
    code: int | None,
    reading: LogReading,
    plan: LaunchPlan | None,
    phase: StartPhase | None = None,
    machine: Machine | None = None,
) -> EngineError:
    """The same for a log that was read already."""
    chains = reading.chains()
    # What a server says to a bad question did not end it.
    deadly = [chain for chain in chains if not (chain.served and chain.process.startswith("APIServer"))]
    found = Found("", {}, plan, machine, frozenset(reading.given), frozenset(reading.offered))
    for chain in deadly:
        if told := _known(chain, found, reading):
            return told
    if not deadly and (ended := _end(code, reading)):
        return _told(ended, found, reading, _details(reading, None, reading.worker_line))
    if reading.served:
        phase = None
    if chains:
        return _unknown(_DOING[phase], (deadly or chains)[0], found, reading)
    silent = "Something outside this program ended it." if code is None else "It did not say why."
    return EngineError(_DOING[phase], silent, Remedy.SHOW_LOG, _details(reading, None, ""))


def _known(chain: Chain, blank: Found, reading: LogReading) -> EngineError | None:
    causes = chain.causes()
    for rule in CAUSES:
        for text in causes if not rule.within or rule.within in chain.functions else ():
            if match := rule.pattern.search(text):
                groups = {name: value for name, value in match.groupdict().items() if value}
                found = replace(blank, text=text, groups=groups)
                return _told(rule, found, reading, _details(reading, chain, text))
    return None


def _unknown(title: str, chain: Chain, blank: Found, reading: LogReading) -> EngineError:
    """A failure that nobody has met: its own words, and what was set that they name."""
    text = chain.causes()[-1]
    fix = settings.mentioned(replace(blank, text=text)) if not reading.served else None
    reason = f"Its words: {_first_words(text)}"
    details = _details(reading, chain, text)
    return EngineError("A setting does not fit." if fix else title, reason, Remedy.SHOW_LOG, details, fix)


def _told(rule: Cause, found: Found, reading: LogReading, details: str) -> EngineError:
    words = _words(found, reading)
    fix = rule.mend(found) if rule.mend else None
    if fix and _changes_nothing(fix, found.plan):
        fix = None
    remedy = _fitting(rule.remedy, found.plan)
    title, reason = _filled(rule.title, words), _filled(rule.reason, words)
    return EngineError(title, reason, remedy, details, fix, transient=rule.transient)


def _words(found: Found, reading: LogReading) -> dict[str, str]:
    """What the placeholders of a sentence stand for."""
    words = {name: sized(name, shortened(cleaned(value))) for name, value in found.groups.items()}
    for name, value in found.groups.items():
        first = value.split()[0].split("=")[0]
        words[f"first:{name}"] = shortened(cleaned(first))
        words[f"old:{name}"] = explain_old(first)
        words[f"near:{name}"] = settings.near_flag(first, found.offered)
    plan = found.plan
    version = plan.environment.version if plan else reading.version
    words["engine"] = f"vLLM {version}" if version else "This vLLM"
    words["folder"] = str(plan.model.folder) if plan else cleaned(reading.given.get("model", "")) or "The folder"
    return words


def _filled(template: str, words: Mapping[str, str]) -> str:
    def part(match: re.Match[str]) -> str:
        name, *otherwise = match[1].split("|")
        while not (value := words.get(name, "")) and otherwise:
            other = otherwise.pop(0)
            value = _filled(other, words) if all(words.get(inner) for inner in _INNER.findall(other)) else ""
            if value:
                break
        return value

    text = _PART.sub(part, template)
    # “This vLLM” begins a sentence or stands in one.
    return re.sub(r"(?<=[\w,] )This vLLM", "this vLLM", text)


def _changes_nothing(fix: Fix, plan: LaunchPlan | None) -> bool:
    return plan is not None and not fix.stop and all(plan.get(name) == value for name, value in fix.flags)


def _fitting(remedy: Remedy, plan: LaunchPlan | None) -> Remedy:
    """Whoever cannot even start the Guide is not helped by other models."""
    return Remedy.RETRY if remedy is Remedy.CHOOSE_MODEL and plan and plan.model.is_guide else remedy


def _end(code: int | None, reading: LogReading) -> Cause | None:
    """What an end without an exception means: by a signal, by request, by the end of a process of its."""
    if code is not None and _SHELL_SIGNALS[0] < code < _SHELL_SIGNALS[1]:
        code = _SHELL_SIGNALS[0] - code
    if code is not None and code < 0:
        return SIGNALS.get(-code)
    if reading.stopping:
        return SIGNALS[15]
    if reading.worker_code is not None:
        return SIGNALS.get(-reading.worker_code, SIGNALS[9])
    return None


def _first_words(text: str) -> str:
    """The first line that says more than the name of an exception."""
    lines = [cleaned(line).strip() for line in text.split("\n")]
    said = [line for line in lines if line and not line.endswith(("Error:", "Error", "Exception:"))]
    return shortened(said[0] if said else lines[0])


def decisive_line(error: EngineError) -> str:
    """The raw words that the explanation was taken from; empty when there are none."""
    head, blank, _ = error.details.partition("\n\n")
    return head.split("\n", 1)[0] if blank else ""


def _details(reading: LogReading, chain: Chain | None, decisive: str) -> str:
    """The decisive words, what else was said by the same, and what led to it; without any the last words."""
    before = chain.before if chain else reading.last_words()
    if not decisive:
        return "\n".join(map(cleaned, before))
    said = [decisive, *(chain.causes() if chain else ())]
    head = dict.fromkeys(shortened(cleaned(_first_words(text))) for text in said)
    return "\n".join([*list(head)[:6], "", *map(cleaned, before)][:_DETAIL_LINES])
