"""An engine's state in words, for the bar, the middle of an empty chat and the cards of the engine's page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.start_clock import time_words
from desktop_app.domain.units import memory_words

TONES = {
    EngineStage.READY: "good",
    EngineStage.STARTING: "warn",
    EngineStage.STOPPING: "warn",
    EngineStage.FAILED: "bad",
}
"""The badge's tone (a role of the style sheet) for each stage; none for those at rest."""

_ELSEWHERE = {
    EngineStage.NOT_INSTALLED: "Not connected",
    EngineStage.STOPPED: "Not connected",
    EngineStage.STARTING: "Connecting",
    EngineStage.READY: "Connected",
    EngineStage.STOPPING: "Leaving",
    EngineStage.FAILED: "Failed",
}


def elsewhere(status: EngineStatus) -> str:
    """The address of a server elsewhere, running or not; empty for an engine of ours."""
    return status.address or (status.model.address if status.model else "")


def host(address: str) -> str:
    """Who answers at *address*, short: `example.org:8000` of `https://example.org:8000/v1`."""
    return urlsplit(address).netloc.rpartition("@")[2] or address


def stage_words(status: EngineStatus) -> str:
    """The word of the badge."""
    return _ELSEWHERE[status.stage] if elsewhere(status) else status.stage.value


def status_words(status: EngineStatus) -> str:
    """The state in a short line, beside the badge."""
    if status.stage is EngineStage.STARTING and status.progress is not None:
        left = time_words(status.progress)
        return f"{status.progress.words()}{' · ' + left[:1].lower() + left[1:] if left else ''}"
    if status.stage is EngineStage.FAILED and status.error is not None:
        return status.error.title
    if status.stage is EngineStage.READY:
        return ready_words(status) or status.note
    return status.note


def ready_words(status: EngineStatus) -> str:
    """What can be said of a running engine in a line: context, memory, where it answers."""
    address = elsewhere(status)
    parts = (
        f"keeps {status.context_tokens:,} tokens in mind" if status.context_tokens else "",
        f"at {host(address)}" if address else "",
    )
    return " · ".join(part for part in parts if part)


def beside_words(status: EngineStatus, engines: Iterable[EngineStatus]) -> str:
    """Which engines of ours run beside the one that is shown, e.g. `Qwen3-8B and Phi-4 are running`; empty for none.

    It is what a chosen model that is stopped does not tell: Compare starts engines of its own.
    """
    others = [one for one in engines if one.model and one.key != status.key and not elsewhere(one)]
    parts = []
    for stage, verb in ((EngineStage.READY, "running"), (EngineStage.STARTING, "starting")):
        names = [_beside_name(status, one) for one in others if one.stage is stage]
        if names:
            parts.append(f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {verb}")
    return ", ".join(parts)


def _beside_name(status: EngineStatus, other: EngineStatus) -> str:
    """The same model may run with options that only a comparison wants."""
    same = other.model and status.model and other.model.plain_key == status.model.plain_key
    return f"{model_name(other.model)} with other options" if same else model_name(other.model)


def _listed(names: Sequence[str]) -> str:
    """Names in a row, e.g. `Phi-4, Gemma and Qwen3-8B × 2`."""
    told = [f"{name} × {count}" if count > 1 else name for name, count in Counter(names).items()]
    return " and ".join(part for part in (", ".join(told[:-1]), *told[-1:]) if part)


def menu_words(status: EngineStatus) -> str:
    """One line of the menu of engines: name, state, memory."""
    memory = memory_words(status.memory_bytes) if status.memory_bytes else ""
    where = host(elsewhere(status)) if elsewhere(status) else ""
    parts = (model_name(status.model), stage_words(status).lower(), memory, where)
    return " · ".join(part for part in parts if part)


def model_name(model: ModelRef | None) -> str:
    """What the model is called; an invitation while there is none."""
    return model.name if model else "Choose a model"
