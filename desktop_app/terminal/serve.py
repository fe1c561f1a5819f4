"""`vllm-desktop serve MODEL`: one model for other programs of this computer, in words, until Ctrl+C."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.launch import ModelRef, ModelSettings, Preset
from desktop_app.endpoint import relay
from desktop_app.hub import local
from desktop_app.services.program import Program
from desktop_app.terminal.notes import Notes

KEY_VARIABLE = "VLLM_DESKTOP_KEY"
"""Holds the key that programs must show; without it one is made up for each run."""


@dataclass(frozen=True)
class ServeOptions:
    """What was asked for on the command line."""

    model: Path | None
    """None for the Guide."""
    preset: Preset | None
    """For this run only; None takes what was chosen for the model."""
    words: tuple[str, ...]
    """Flags of vLLM, for this run only, on top of what was chosen for the model."""
    port: int | None
    """A port on this computer; None serves on the Unix socket only."""


async def run(program: Program, options: ServeOptions) -> int:
    """Start, say where it answers, and stay until the engine ends or this task is cancelled; the exit code."""
    notes = Notes()
    serving = program.serving
    if program.setup.state.value.environment is None:
        raise UserError("No engine is installed yet.", "`vllm-desktop engines install` installs one.", Remedy.INSTALL)
    given = os.environ.get(KEY_VARIABLE, "")
    if options.port is not None and given and len(given) < relay.KEY_LENGTH:
        raise UserError(f"The key in {KEY_VARIABLE} is too short.", f"It has to have {relay.KEY_LENGTH} characters.")
    model = program.guide if options.model is None else await asyncio.to_thread(local.inspect, options.model)
    stop_watching = serving.status.watch(notes.on_status)
    try:
        if not await serving.start(model, await _settings(program, model, options)):
            return 1
        async with _door(program, model, options.port):
            notes.say("Ctrl+C stops it.")
            await _ended(program)
        return 1
    finally:
        await serving.stop()
        stop_watching()


async def _settings(program: Program, model: ModelRef, options: ServeOptions) -> ModelSettings:
    """What was chosen for *model*, changed by the command line."""
    chosen = program.model_settings.settings_of(model)
    if options.preset is not None:
        chosen = replace(chosen, preset=options.preset)
    if not options.words:
        return chosen
    return await program.model_settings.with_words(model, chosen, options.words)


@asynccontextmanager
async def _door(program: Program, model: ModelRef, port: int | None) -> AsyncIterator[None]:
    """Say where the model answers; with a port, keep it open."""
    socket = program.paths.engine(model.key).socket
    if port is None:
        print(f"Serving {model.name} on the Unix socket {socket}", flush=True)
        print(f"Try: curl --unix-socket {socket} http://localhost/v1/models", flush=True)
        yield
        return
    given = os.environ.get(KEY_VARIABLE, "")
    key = given or secrets.token_urlsafe(24)
    async with relay.open_relay(socket, port, key) as number:
        print(f"Serving {model.name} on http://127.0.0.1:{number}/v1", flush=True)
        print(f"Key: {f'the one in {KEY_VARIABLE}' if given else key}", flush=True)
        yield


async def _ended(program: Program) -> None:
    """Wait until the engine is no longer ready."""
    ended = asyncio.Event()

    def look(status: EngineStatus) -> None:
        if status.stage is not EngineStage.READY:
            ended.set()

    stop_watching = program.serving.status.watch(look)
    try:
        await ended.wait()
    finally:
        stop_watching()
