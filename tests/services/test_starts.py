"""What starts took is remembered for each model and kind of engine."""

import sqlite3
from pathlib import Path

from desktop_app.domain.engine import StartPhase
from desktop_app.domain.fit import Measured
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import LaunchPlan, ModelRef
from desktop_app.domain.start_clock import StartKind, StartRecord
from desktop_app.paths import Paths
from desktop_app.services.starts import Starts
from desktop_app.store.database import Database
from desktop_app.store.settings import Settings

MODEL = ModelRef("a", Path("/models/a"))


def plan(kind: EngineKind, cards: str = "1") -> LaunchPlan:
    environment = EngineEnvironment(Path("/engine/bin/python"), "0.32.0", kind, managed=True)
    return LaunchPlan(MODEL, environment, Path("/s.sock"), flags=(("--tensor-parallel-size", cards),))


def record(made: LaunchPlan) -> StartRecord:
    return StartRecord(StartKind.of(made), ((StartPhase.READING_WEIGHTS, 1.0),))


async def test_figures_are_kept_for_the_next_start_of_the_program(paths: Paths) -> None:
    database = Database(paths.database)
    await database.open()
    settings = Settings(database)
    await settings.load()
    starts = Starts(settings)
    assert starts.measured(MODEL.key, EngineKind.CPU) is None
    on_processor, on_cards = plan(EngineKind.CPU), plan(EngineKind.CUDA, "2")
    await starts.remember(on_processor, record(on_processor), Measured(10, 1, 1.0))
    await starts.remember(on_processor, record(on_processor), Measured(10, 20, 512.0))
    await starts.remember(on_cards, record(on_cards), Measured(10, 20, 512.0))
    again = Settings(database)
    await again.load()
    # A processor's weights are no news; those of cards are said of each card.
    assert Starts(again).measured(MODEL.key, EngineKind.CPU) == Measured(0, 20, 512.0)
    assert Starts(again).measured(MODEL.key, EngineKind.CUDA) == Measured(20, 20, 1024.0)
    assert Starts(again).measured("other", EngineKind.CPU) is None
    assert len(again.measurements) == 2
    await database.close()


async def test_only_a_model_that_is_talked_to_counts_as_used_last(paths: Paths) -> None:
    database = Database(paths.database)
    await database.open()
    settings = Settings(database)
    await settings.load()
    made = plan(EngineKind.CPU)
    await Starts(settings, lambda _key: False).remember(made, record(made), Measured(10, 1, 1.0))
    before = settings.model_folder
    await Starts(settings).remember(made, record(made), Measured(10, 1, 1.0))
    assert (before, settings.model_folder) == (None, MODEL.folder)
    await database.close()


async def test_what_makes_no_sense_counts_as_not_said(paths: Paths) -> None:
    database = Database(paths.database)
    await database.open()
    text = f'[1, {{"model": "{MODEL.key}", "kind": "CPU", "overhead": "much", "kv_token_bytes": -1}}]'

    def write(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO settings (key, value) VALUES ('measurements', ?)", (text,))

    await database.run(write)
    settings = Settings(database)
    await settings.load()
    assert Starts(settings).measured(MODEL.key, EngineKind.CPU) == Measured()
    await database.close()
