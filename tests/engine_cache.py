"""The real vLLM for tests: installed once with the shipped code, kept between runs below `build/`.

`tests/e2e` installs it through the window and starts every other test of the real engine from it. Where it cannot be
had because there is no network, tests skip and say so; with `CI=true` they fail instead, and so does every other cause.
"""

import asyncio
import os
import shutil
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from desktop_app.domain.errors import EngineError
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.engine import environments, install, install_plan
from desktop_app.engine.pip_failures import PipFault, explain
from desktop_app.hardware.probe import probe
from desktop_app.paths import Paths

DATA = Path(__file__).resolve().parents[1] / "build" / "e2e" / "data"
"""The data folder of the end-to-end test. Only the engine's environment in it outlives a run."""

_NO_NETWORK = frozenset({PipFault.NETWORK, PipFault.NOT_FOUND, PipFault.PROXY, PipFault.REFUSED})


def fresh_data() -> Path:
    """`DATA` as on a new machine, but for the packages of an engine that was installed before."""
    for thing in DATA.iterdir() if DATA.is_dir() else ():
        if thing.name != "engines":
            shutil.rmtree(thing) if thing.is_dir() else thing.unlink()
    environments.forget(Paths(DATA))
    shutil.rmtree(Paths(DATA).engines / "known", ignore_errors=True)
    return DATA


def environment() -> EngineEnvironment:
    """The real engine as the last installation proved it; installed when there is none yet."""
    found = environments.remembered(Paths(DATA)) or _install_once()
    if isinstance(found, str):
        give_up(found)
    return found


def borrow(paths: Paths) -> EngineEnvironment:
    """Make the data folder of *paths* one in which the engine is there already."""
    paths.make()
    found = environment()
    environments.remember(found, paths)
    return found


def give_up(log: str) -> NoReturn:
    """The engine could not be installed; *log* is what pip said: skip where that is nobody's fault, else fail."""
    fault = explain(log.splitlines(), 1).fault
    if os.environ.get("CI") != "true" and fault in _NO_NETWORK:
        pytest.skip(f"the real vLLM cannot be installed here: {fault.name.lower().replace('_', ' ')}")
    pytest.fail(f"the real vLLM could not be installed:\n{log[-4000:]}")


@cache
def _install_once() -> EngineEnvironment | str:
    """The engine, or what was said when it could not be installed: nobody waits for that twice."""
    paths = Paths(DATA)
    paths.make()
    plan = install_plan.plan(paths, probe())
    try:
        return asyncio.run(install.install(plan, paths, lambda _progress: None, _untried))
    except EngineError as error:
        return f"{paths.install_log.read_text('utf-8', 'replace')}\n{error.sentence()}"


async def _untried(_environment: EngineEnvironment) -> None:
    """The tests themselves start models on it."""
