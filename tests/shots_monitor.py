"""Pictures of the gauges: an hour as machines of other kinds would have given it; `tests/shots.py` calls them.

The frames are made up (`tests/monitor_scenes`), since no machine that takes pictures has eight cards; what draws them
is the real program.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtWidgets import QLabel, QScrollArea

from desktop_app.domain.curves import Section
from desktop_app.domain.machine import MachineSample
from desktop_app.hardware.described import StillSampler
from desktop_app.services.gauges import Frame
from desktop_app.services.machine_source import MachineSource
from desktop_app.services.program import Program
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.widgets.chart import ChartView
from tests import monitor_scenes as scenes
from tests.album import SIZE, SMALL, Album, settle
from tests.ui.hands import child

SCENES = ("idle", "load", "eight-cards", "no-data")
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
    _play(program, _frames(scene))
    await album.take(f"100-monitor-{scene}")
    page = window.monitor_room.monitor
    if scene == "load":
        page.head.span_chosen.emit(3600.0)
        _read_moment(window, time.monotonic() - 1500)
        await album.take("101-monitor-moment")
        _read_moment(window, None)
        for section in Section:
            _scroll_to(window, section)
            await album.take(f"102-monitor-{section.name.lower()}")
        await _in_other_sizes(window, album)
    if scene == "eight-cards":
        _scroll_to(window, Section.CARDS)
        await album.take("103-monitor-eight-cards-table")


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
    now = time.monotonic()
    if scene == "idle":
        return scenes.idle(until=now)
    if scene == "eight-cards":
        return scenes.busy(cards=8, until=now)
    frames = list(scenes.busy(until=now))
    if scene == "no-data":
        last = frames[-1]
        note = "The NVIDIA driver did not answer within 3 seconds."
        lost = tuple(replace(gpu, busy=None, temperature=None, power=None, clock=None) for gpu in last.machine.gpus)
        frames[-1] = replace(last, machine=replace(last.machine, gpus=lost, gpu_note=note))
    return frames


def _play(program: Program, frames: Iterable[Frame]) -> None:
    for frame in frames:
        program.gauges.frames.set(frame)
