"""Everything that can be killed, at every moment, on the real engine: nothing is left.

The window is `owner.py`: the shipped process layer, launch plan, readiness, client and failures, without Qt. Each cell
starts two engines at once, one for SIGKILL and one for SIGTERM; neither may take the other along. How long that takes
is for `make bench`.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.paths import Paths
from tests import engine_cache
from tests.conftest import wait_until
from tests.e2e import models, traces
from tests.e2e.owners import START_SECONDS, Owner, Snapshot

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

_SIGNALS = (signal.SIGKILL, signal.SIGTERM)
_VICTIMS = ("window", "supervisor", "server", "core")
_PHASES = ("importing", "loading", "ready", "streaming")
# vLLM starts its EngineCore when the server has been imported and has read the model's configuration.
_CELLS = [(victim, phase) for phase in _PHASES for victim in _VICTIMS if (victim, phase) != ("core", "importing")]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.endless(tmp_path_factory.mktemp("model") / "endless")


@pytest.fixture
def folders() -> Iterator[list[Path]]:
    """A data folder with the real engine for each signal."""
    made = [Path(tempfile.mkdtemp(prefix="vd-")) / "d" for _ in _SIGNALS]
    for folder in made:
        engine_cache.borrow(Paths(folder))
    yield made
    wait_until(lambda: not any(map(traces.processes_of, made)), "no process of ours")
    for folder in made:
        shutil.rmtree(folder.parent)


@pytest.fixture
def owners(folders: list[Path], model: Path, request: pytest.FixtureRequest) -> Iterator[list[Owner]]:
    """A window for each signal, all starting; more variables may come as a parameter."""
    made = [Owner(folder, [model], getattr(request, "param", ())) for folder in folders]
    yield made
    for owner in made:
        owner.close()


@pytest.mark.parametrize(("victim", "phase"), _CELLS, ids=lambda word: word)
def test_killed(owners: list[Owner], victim: str, phase: str) -> None:
    _kill_all(owners, victim, phase)


@pytest.mark.parametrize("owners", [("VLLM_ENABLE_V1_MULTIPROCESSING=1",)], indirect=True, ids=["three"])
@pytest.mark.parametrize("victim", ["supervisor", "server", "core", "worker"])
def test_killed_in_three_processes(owners: list[Owner], victim: str) -> None:
    """vLLM's own default: the model runs in a process below EngineCore, with shared memory between them."""
    _kill_all(owners, victim, "ready")


def _kill_all(owners: list[Owner], victim: str, phase: str) -> None:
    """Each is killed when it is at *phase*, however long the other one takes to end."""
    waiting, killed = dict(zip(_SIGNALS, owners, strict=True)), list[tuple[signal.Signals, Owner, Snapshot]]()
    while waiting:
        wait_until(lambda: any(_is_at(owner, phase) for owner in waiting.values()), phase, START_SECONDS)
        number, owner = next((number, owner) for number, owner in waiting.items() if _is_at(owner, phase))
        del waiting[number]
        before = owner.snapshot()
        assert len(before.pids) >= (2 if phase == "importing" else 4), before
        os.kill(_pid_of(owner, victim), number)
        killed.append((number, owner, before))
    for number, owner, before in killed:
        _expect_the_end(owner, victim, number, before)
        print(f"{victim}, {phase}, {number.name}: {before.left() or 'nothing left'}")


def _expect_the_end(owner: Owner, victim: str, number: signal.Signals, before: Snapshot) -> None:
    before.wait_until_nothing()
    if victim == "window":
        # Told to end, it stops its engine in an orderly way; killed, it says nothing more.
        wait_until(lambda: owner.process.poll() is not None, "the end of the window")
        if number is signal.SIGTERM:
            report = owner.wait_for("stopped")
            assert (report["survivors"], report["released"]) == ([], True)
            assert report["freed"] > 0
        return
    told = owner.wait_for("exited")
    assert not told["asked"]
    assert len(told["words"]) > 20
    assert "unknown" not in told["words"].lower()
    print(told["code"], told["words"])
    wait_until(lambda: owner.process.poll() is not None, "the end of the window")


def _is_at(owner: Owner, phase: str) -> bool:
    """Whether an engine is in that phase, seen from outside."""
    started = owner.heard("started")
    assert owner.heard("exited") is None, owner.heard("exited")
    if phase == "ready":
        return owner.heard("ready") is not None
    if phase == "streaming":
        if owner.heard("ready") and not owner.streams:
            owner.stream()
        return int((owner.heard("words") or {"count": 0})["count"]) > 10
    assert owner.heard("ready") is None, f"too late for {phase}"
    if started is None:
        return False
    return _maps_torch(owner.leader()) if phase == "importing" else owner.part("core") != 0


def _maps_torch(pid: int) -> bool:
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text("utf-8", "replace")


def _pid_of(owner: Owner, victim: str) -> int:
    if victim == "window":
        return owner.process.pid
    if victim == "supervisor":
        return owner.supervisor()
    pid = owner.leader() if victim == "server" else owner.part(victim)
    assert pid, f"there is no {victim}"
    return pid
