"""Pictures of the gauges: an hour as machines of other kinds would have given it; `tests/shots.py` calls them.

The frames are made up (`tests/monitor_scenes`), since no machine that takes pictures has eight cards; what draws them
is the real program.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from PySide6.QtWidgets import QLabel, QScrollArea

from desktop_app.domain.clock import seconds_now
from desktop_app.domain.curves import Section
from desktop_app.domain.machine import MachineSample
from desktop_app.hardware.described import StillSampler
from desktop_app.services.gauges import Frame
from desktop_app.services.machine_source import MachineSource
from desktop_app.services.monitor_view import Release
from desktop_app.services.program import Program
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.widgets.chart import ChartView
from desktop_app.ui.widgets.monitor_export import ExportButton
from tests import monitor_scenes as scenes
from tests.album import SIZE, SMALL, Album, settle
from tests.conftest import reach
from tests.engine_fakes import make_model
from tests.ui.hands import child

SCENES = ("idle", "load", "eight-cards", "no-data", "mixed")
"""Each wants a program of its own: what one leaves in the curves would be seen in the next."""


class Silent(MachineSource):
    """A machine of which nothing is read: its own frames would stand among those that are played."""

    def sampler(self) -> StillSampler:
        """One that never tells."""
        return _Nothing(self.look())


class _Nothing(StillSampler):
    async def run(self, hear: Callable[[MachineSample], None]) -> None:
        await asyncio.Event().wait()


async def monitor(scene: str, program: Program, window: MainWindow, album: Album) -> None:
    """One scene from its top to its end, and in what else matters of it."""
    window.monitor_room.show_monitor()
    await settle()
    if scene != "idle":
        assert await program.serving.start(make_model(program.paths.root, "Qwen3-8B"))
        # What the stand-in says of itself would else come after what is played.
        await reach(lambda: program.gauges.frames.value.engines, "figures of the stand-in")
    _play(program, _frames(scene))
    await album.take(f"100-monitor-{scene}")
    page = window.monitor_room.monitor
    if scene == "load":
        page.head.span_chosen.emit(3600.0)
        _read_moment(window, seconds_now() - 1500)
        await album.take("101-monitor-moment")
        _read_moment(window, None)
        for section in Section:
            _scroll_to(window, section)
            await album.take(f"102-monitor-{section.name.lower()}")
        await _in_other_sizes(window, album)
        await _told(program, window, album)
    if scene in ("eight-cards", "no-data", "mixed"):
        _scroll_to(window, Section.CARDS)
        await album.take(f"103-monitor-{scene}-table")
    if scene == "mixed":
        _scroll_to(window, Section.ENGINE)
        await album.take("103-monitor-mixed-engines")


async def _told(program: Program, window: MainWindow, album: Album) -> None:
    """The menu, the address for Prometheus, memory after a stop, and what the page is as a file."""
    page = window.monitor_room.monitor
    menu = child(page, ExportButton).show_menu()
    await album.take("106-monitor-export", menu)
    menu.close()
    monitor = program.monitor
    await monitor.open_door()
    page.say("The address was copied.")
    await album.take("107-monitor-address")
    await monitor.close_door()
    held = Release(
        "Memory is back to 3.1 GB; 7.0 GB were given back. The graphics card's memory is at 2.4 GB, 1.8 GB more than "
        "before the start.",
        back=False,
        holders=("blender, 1.7 GB", "firefox, 0.3 GB"),
    )
    await program.serving.stop()
    await reach(lambda: monitor.state.value.release, "memory after the stop")
    page.say("")
    monitor.state.set(replace(monitor.state.value, release=held, alerts=()))
    await album.take("108-monitor-after-a-stop")
    album.keep("109-monitor-exported", page.picture(datetime(2026, 11, 21, 17, 4)))


async def _in_other_sizes(window: MainWindow, album: Album) -> None:
    _scroll_to(window, Section.MACHINE)
    window.resize(SMALL)
    await settle()
    await album.take("104-monitor-small")
    window.preference_room.choose_text_scale(2.0)
    window.resize(SIZE)
    await settle()
    await album.take("105-monitor-large-text")
    window.preference_room.choose_text_scale(1.0)


def _scroll_to(window: MainWindow, section: Section) -> None:
    area = child(window.monitor_room.monitor, QScrollArea)
    heading = next(one for one in area.findChildren(QLabel) if one.text() == section.value)
    area.verticalScrollBar().setValue(heading.y())


def _read_moment(window: MainWindow, at: float | None) -> None:
    child(window.monitor_room.monitor, ChartView).moment_changed.emit(at)


def _frames(scene: str) -> Iterable[Frame]:
    now = seconds_now()
    if scene == "idle":
        return scenes.idle(until=now)
    if scene == "eight-cards":
        return scenes.busy(cards=8, until=now)
    kind = {"no-data": scenes.lost, "mixed": scenes.mixed}.get(scene, scenes.busy)
    return kind(until=now)


def _play(program: Program, frames: Iterable[Frame]) -> None:
    for frame in frames:
        program.gauges.frames.set(frame)
