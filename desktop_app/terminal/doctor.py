"""`vllm-desktop doctor`: the report as plain text or JSON. No colours, no window, no Qt."""

import json
from collections.abc import Iterator

from desktop_app.services.doctor import EngineReport, MachineReport, ModelReport, Report

_GIB = 1 << 30
_LABEL = 12


def show(report: Report, as_json: bool) -> int:
    """Print *report*; 0 when every promise holds, otherwise 1."""
    print(json.dumps(report.as_json(), indent=2) if as_json else text(report))
    return 0 if report.holds else 1


def text(report: Report) -> str:
    """*report* as lines for people."""
    broken = sum(promise.verdict != "ok" for promise in report.promises)
    verdict = "Every promise holds." if report.holds else f"{broken} of {len(report.promises)} promises do not hold."
    return "\n".join(map(_printable, [*_sections(report), "", verdict]))


def _sections(report: Report) -> Iterator[str]:
    yield "Machine"
    yield from _machine(report.machine)
    missing = ", ".join(report.display.missing_libraries)
    yield _row("display", report.display.display or "none: no window can open here")
    yield _row("libraries", f"missing for Qt: {missing}" if missing else "everything that Qt needs is there")
    yield from ("", "Engine")
    yield from _engine(report.engine)
    yield from ("", "Models")
    yield from map(_model, report.models)
    yield from ("", "Promises")
    for promise in report.promises:
        yield f"  [{promise.verdict:^7}] {promise.title}"
        yield f"            {promise.sentence}"


def _machine(machine: MachineReport) -> Iterator[str]:
    features = f", {machine.cpu_words}" if machine.cpu_words else ""
    yield _row("system", f"{machine.system}, Python {machine.python}")
    yield _row("processor", f"{machine.cpu}, {machine.cores} usable cores{features}")
    yield _row("memory", f"{machine.memory_bytes / _GIB:.1f} GiB usable")
    if machine.memory_note:
        yield _row("", machine.memory_note)
    yield _row("disk", f"{machine.disk_free_bytes / _GIB:.1f} GiB free")
    for gpu in machine.gpus:
        free, total = gpu.free_bytes / _GIB, gpu.total_bytes / _GIB
        yield _row("graphics", f"{gpu.name}, {free:.1f} of {total:.1f} GiB free, driver {gpu.driver}")
    if machine.gpu_note:
        yield _row("graphics", machine.gpu_note)


def _engine(engine: EngineReport) -> Iterator[str]:
    pids = f" (processes {', '.join(map(str, engine.pids))})" if engine.pids else ""
    yield _row("state", f"{engine.stage.value}{pids}")
    if engine.python and engine.kind:
        yield _row("vLLM", f"{engine.version}, for the {engine.kind.value}")
        yield _row("Python", f"{engine.python} ({'ours' if engine.managed else 'chosen by you'})")


def _model(model: ModelReport) -> str:
    return _row(model.name, f"{'usable' if model.usable else model.sentence} ({model.folder})")


def _row(label: str, value: str) -> str:
    return f"  {label:<{_LABEL}}{'' if len(label) < _LABEL else '  '}{value}"


def _printable(line: str) -> str:
    """Names of folders and cards may hold anything; a terminal must not obey them."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)
