"""A window that tells when it can be used: the program's, as people start it, or a bare one; run by path.

`watched_window.py program DATA` or `watched_window.py bare`, with `--stay` as the last word to keep it open, and with
`--hour` before it for a program that has been open and at work for an hour. The lines on standard output, `usable` and
`settled`, carry CLOCK_MONOTONIC and the processor time of the process so far, both in nanoseconds.

A window that stays obeys lines on standard input, each answered with `done` (and those two figures, and more where
there are more), and goes at the end of the input: `hide`, `minimise` and `show`; of the program `start` (the engine
with the Guide, until it is ready), `monitor` (the page of gauges; answered with how many charts there are, how many of
their series tell of the whole hour, and how many of these are in sight), and `span60`, `span300`… (what its charts
show, seconds).

Usable means: it has been painted, and an event that was posted after that has been handled. The watch is the same for
both windows and sees only the window system's events, so it costs both the same. Settled means that everything which
need not be there for the first picture is there.
"""

import os
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from math import isnan
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from desktop_app.services.program import Program
    from desktop_app.ui.main_window import MainWindow

WIDTH, HEIGHT = 1180, 760
_HOUR = 3600.0
_WHOLE = 0.98
"""Of an hour of which something is known: between two engines there is a pause."""
_LAID_OUT_MS = 500
"""By then a page that was shown has its place."""


class Watch(QObject):
    """Tells the parent process about one window."""

    def __init__(self, window: QWidget, stay: bool) -> None:
        super().__init__()
        self.window = window
        self.verbs: dict[str, Callable[[], object]] = {
            "hide": self._on_hide_asked,
            "minimise": self._on_minimise_asked,
            "show": self._on_show_asked,
        }
        self._stay = stay
        self._awaited = {"usable", "settled"}
        self._commands: QSocketNotifier | None = None
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window's first exposure. All of it is painted in the same turn of the loop; posted events come after."""
        handle = self.window.windowHandle()
        if watched is self.window and event.type() is QEvent.Type.Show:
            self.window.removeEventFilter(self)
            handle.installEventFilter(self)
        elif event.type() in (QEvent.Type.Paint, QEvent.Type.Expose) and handle.isExposed():
            handle.removeEventFilter(self)
            QTimer.singleShot(0, lambda: self.tell("usable"))
        return False

    def tell(self, what: str) -> None:
        """Write a line; when both have been told, go or stay."""
        say(what)
        self._awaited.discard(what)
        if not self._awaited:
            self._awaited = {"never"}
            if self._stay:
                self._commands = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
                self._commands.activated.connect(self._on_command_arrived)
            else:
                self.window.close()

    def _on_hide_asked(self) -> None:
        self.window.hide()
        say("done")

    def _on_minimise_asked(self) -> None:
        """Without a window manager, which would take its picture away, the window may still be painted."""
        self.window.showMinimized()
        assert self.window.isMinimized()
        say("done")

    def _on_show_asked(self) -> None:
        self.window.showNormal()
        say("done")

    def _on_command_arrived(self) -> None:
        words = os.read(sys.stdin.fileno(), 4096).decode().split()
        for word in words:
            self.verbs[word]()
        if not words and self._commands:
            self._commands.setEnabled(False)
            self.window.close()


def say(what: str, *figures: int) -> None:
    """A line for the parent."""
    print(what, time.monotonic_ns(), time.process_time_ns(), *figures, flush=True)


def bare(stay: bool) -> None:
    """The least that PySide6 can show."""
    app = QApplication([])
    window = QWidget()
    window.resize(WIDTH, HEIGHT)
    watch = Watch(window, stay)
    window.show()
    watch.tell("settled")
    app.exec()


def program(data: str, stay: bool, hour: bool) -> None:
    """The program's own way from its command line to its window, watched from outside."""
    from desktop_app import __main__, bootstrap
    from desktop_app.domain.appearance import Appearance
    from desktop_app.domain.monitor_history import SPANS
    from desktop_app.services.program import Program
    from desktop_app.ui.main_window import MainWindow

    make, open_ = bootstrap.make_window, bootstrap.open_window
    watches: list[Watch] = []

    def make_window(app: QApplication, made: Program, appearance: Appearance | None = None) -> MainWindow:
        window = make(app, made, appearance)
        watch = Watch(window, stay)
        watch.verbs["start"] = lambda: made.tasks.start(start(made), name="start")
        watch.verbs["monitor"] = lambda: show_monitor(made, window)
        for span in SPANS:
            watch.verbs[f"span{span:.0f}"] = partial(choose_span, window, span)
        watches.append(watch)
        if hour:
            # The history takes no reading that is older than its newest: it has to come before the first real one.
            setattr(made.gauges, "run", partial(run_after_an_hour, made, made.gauges.run))  # noqa: B010
        return window

    async def open_window(made: Program, window: MainWindow, keep_appearance: bool) -> None:
        await open_(made, window, keep_appearance)
        watches[0].tell("settled")

    setattr(bootstrap, "make_window", make_window)  # noqa: B010 - mypy objects to the plain form, rightly elsewhere
    setattr(bootstrap, "open_window", open_window)  # noqa: B010
    __main__.main(["--data-dir", data, "--theme", "light"])


async def start(made: "Program") -> None:
    """Start the Guide, until it is ready."""
    await made.serving.start(made.guide)
    say("done")


async def run_after_an_hour(made: "Program", run: Callable[[], Coroutine[None, None, None]]) -> None:
    """Have an hour of work behind the gauges, then let them *run*."""
    from tests.monitor_scenes import busy

    for frame in busy(cards=0, until=time.monotonic()):
        made.gauges.frames.set(frame)
    await run()


def show_monitor(made: "Program", window: "MainWindow") -> None:
    """Show the page of gauges, and tell what is to be seen there."""
    window.monitor_room.show_monitor()
    window.monitor_room.monitor.head.span_chosen.emit(_HOUR)
    QTimer.singleShot(_LAID_OUT_MS, partial(tell_series, made, window))


def tell_series(made: "Program", window: "MainWindow") -> None:
    """Say how many charts there are, how many series of an hour, and how many of them are in sight."""
    from desktop_app.ui.widgets.chart import ChartView

    charts = made.monitor.state.value.charts
    shown = {one.accessibleName() for one in window.findChildren(ChartView) if not one.visibleRegion().isEmpty()}
    lines = {curve.key: made.monitor.history.line(curve.key, _HOUR).values for one in charts for curve in one.curves}
    whole = {key for key, values in lines.items() if sum(not isnan(one) for one in values) >= _WHOLE * len(values)}
    sights = {curve.key for one in charts if one.title in shown for curve in one.curves}
    say("done", len(charts), len(whole), len(whole & sights))


def choose_span(window: "MainWindow", span: float) -> None:
    """Have the charts show so many seconds."""
    window.monitor_room.monitor.head.span_chosen.emit(span)
    say("done")


if __name__ == "__main__":
    staying = sys.argv[-1] == "--stay"
    if sys.argv[1] == "program":
        program(sys.argv[2], staying, "--hour" in sys.argv)
    else:
        bare(staying)
