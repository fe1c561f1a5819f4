"""One run of an engine of ours, from spawn to end, as `services/local_engine` follows it."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.domain.launch import LaunchPlan, ModelSettings
from desktop_app.domain.start_clock import StartClock
from desktop_app.endpoint.client import Endpoint

if TYPE_CHECKING:
    from desktop_app.engine.measured import FigureReader
    from desktop_app.engine.phases import PhaseReader
    from desktop_app.engine.process import EngineProcess, Exit


@dataclass
class EngineRun:
    """One process from spawn to end."""

    plan: LaunchPlan
    settings: ModelSettings
    process: "EngineProcess"
    reader: "PhaseReader"
    figures: "FigureReader"
    clock: StartClock
    ended: "asyncio.Task[Exit]"
    settled: asyncio.Event
    """Set when it is ready, or will never be."""
    may_repeat: bool
    """Whether a failure that can pass by itself is tried once more."""
    endpoint: Endpoint | None = None
    follower: "asyncio.Task[None] | None" = None
