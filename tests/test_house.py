"""The house keeps its rules: contracts exist, the core needs no Qt, nothing blocks the loop, the pinned Qt is sane."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "desktop_app").rglob("*.py"))


def test_import_contracts_exist() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    assert {contract["type"] for contract in contracts} >= {"layers", "independence", "forbidden", "acyclic_siblings"}
    assert contracts[0]["exhaustive"]


@pytest.mark.parametrize(
    "room",
    [
        *("domain", "markdown", "documents", "checks", "transfer", "engine", "endpoint", "hardware", "hub", "store"),
        *("interchange", "services", "terminal", "commands"),
    ],
)
def test_room_loads_without_qt_and_without_the_engine(room: str) -> None:
    modules = [
        ".".join(source.relative_to(ROOT).with_suffix("").parts)
        for source in (ROOT / "desktop_app" / room).glob("*.py")
        if source.stem not in ("supervisor", "nvml_helper")
    ]
    imports = "\n".join(f"import {module.removesuffix('.__init__')}" for module in modules)
    program = f"{imports}\nimport sys\nprint(*sorted(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"PySide6", "shiboken6", "qasync", "vllm", "torch"} & set(loaded)


def test_window_is_ready_without_what_it_does_not_need_yet() -> None:
    program = "import desktop_app.bootstrap, desktop_app.ui.main_window, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    late = {"openai", "pydantic", "pygments", "markdown_it", "pynvml", "httpx2", "jsonschema"}
    assert not late & set(loaded)


def test_widgets_have_no_coroutines_and_nothing_calls_exec() -> None:
    for source in SOURCES:
        tree = ast.parse(source.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef):
                assert "ui" not in source.relative_to(ROOT / "desktop_app").parts, f"{source}: async def {node.name}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in ("exec", "exec_", "processEvents"), f"{source}:{node.lineno}"


def test_files_stay_small_enough_to_hold_in_the_head() -> None:
    long = {str(source.relative_to(ROOT)) for source in SOURCES if len(source.read_text("utf-8").splitlines()) > 350}
    assert not long


def test_constraints_pin_everything_and_name_no_index() -> None:
    lines = (ROOT / "packaging" / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+]+", pin) for pin in pins)


def test_timers_run_for_thousands_of_turns(qtbot: QtBot) -> None:
    """PySide6 6.12.0 lost a reference to None at each turn and aborted on Python 3.11 (PYSIDE-3474)."""
    from PySide6.QtCore import QTimer

    turns = 0

    def tick() -> None:
        nonlocal turns
        turns += 1

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(0)
    qtbot.waitUntil(lambda: turns > 5000)
    timer.stop()
