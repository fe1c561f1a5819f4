"""Tells the services of models what the rest of the program knows and does; `bootstrap` is the caller."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop_app.domain.errors import Fix
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import FlagValue, ModelRef
from desktop_app.paths import Paths, resources
from desktop_app.services.machine_source import MachineSource
from desktop_app.services.model_settings import ModelSettingsService
from desktop_app.services.models_overview import Sources
from desktop_app.services.serving import Serving
from desktop_app.services.starts import Starts
from desktop_app.store.settings import Settings

if TYPE_CHECKING:
    from desktop_app.domain.catalog import Catalog
    from desktop_app.domain.fit import Measured
    from desktop_app.hub.shelf import Places


def sources_of_models(
    machine: MachineSource,
    environment: Callable[[], EngineEnvironment | None],
    places: "Callable[[], Places]",
    model_settings: ModelSettingsService,
    serving: Serving,
    starts: Starts,
) -> Sources:
    """What judging models is based on.

    Args:
        machine: where the machine is looked at.
        environment: the engine that would be used.
        places: where models lie; blocks.
        model_settings: keeps what was chosen for each model.
        serving: the engines that run.
        starts: what was learned of earlier starts.
    """

    def measured(key: str) -> "Measured | None":
        engine = environment()
        return starts.measured(key, engine.kind) if engine and machine.file is None else None

    async def apply_flags(model: ModelRef, flags: tuple[tuple[str, FlagValue | None], ...]) -> None:
        await model_settings.apply_fix(model, Fix("", flags))

    return Sources(
        machine=machine.look,
        # What is installed here says nothing of a machine that is only described.
        environment=lambda: environment() if machine.file is None else None,
        places=places,
        catalog=_catalog,
        apply_flags=apply_flags,
        stop_engines=serving.stop_all,
        in_use=lambda key: any(one.active and one.serves(key) for one in serving.engines.value),
        taken_bytes=serving.taken_bytes,
        own_bytes=serving.own_bytes,
        measured=measured,
    )


def places_of_models(paths: Paths, guide: ModelRef, settings: Settings) -> "Places":
    """Where models lie on this computer."""
    from desktop_app.hub.shelf import places_from  # noqa: PLC0415 - the window opens without it

    return places_from(os.environ, guide, paths.models, settings.model_folders)


def _catalog() -> "Catalog":
    from desktop_app.hub.catalog import read_catalog  # noqa: PLC0415 - the window opens without it

    return read_catalog(resources())
