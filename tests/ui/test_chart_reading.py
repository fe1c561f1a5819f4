"""What charts read: the same in every chart, whatever its width, its form, its data and the clocks on the wall."""

import time
from collections.abc import Iterator
from datetime import datetime
from math import inf, nan

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.curves import Chart, Curve, Form, Section, Unit
from desktop_app.domain.marks import Mark, MarkKind
from desktop_app.domain.monitor_history import SPANS, History
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chart import ChartView
from desktop_app.ui.widgets.chart_axis import Scale, moment_words, time_ticks
from desktop_app.ui.widgets.chart_data import Window
from tests.ui.hands import press

NOW = 5000.0
CPU = Chart("cpu", "Processor", Unit.SHARE, Section.MACHINE, (Curve("cpu", "All cores"),), top=1.0)
CORES = Chart(
    "cores",
    "Cores",
    Unit.SHARE,
    Section.MACHINE,
    tuple(Curve(f"core{n}", f"Core {n}", str(n)) for n in range(4)),
    Form.HEAT,
)
CARDS = Chart(
    "cards",
    "Card use",
    Unit.SHARE,
    Section.CARDS,
    tuple(Curve(f"card{n}", f"Card {n}", str(n)) for n in range(8)),
)


@pytest.fixture
def history() -> History:
    """Every other half second all is busy, and nothing in between."""
    made = History()
    for number in range(-600, 1):
        busy = float(number % 2)
        made.add(
            NOW + number / 2,
            0.5,
            {"cpu": busy, **{f"core{n}": busy for n in range(4)}, **{f"card{n}": 0.95 for n in range(8)}},
        )
    return made


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    made = QWidget()
    made.resize(1600, 900)
    qtbot.addWidget(made)
    made.show()
    assert QTest.qWaitForWindowExposed(made)
    return made


def shown(
    host: QWidget, theme: Theme, history: History, chart: Chart, width: int = 460, span: float = 60.0
) -> ChartView:
    made = ChartView(theme, host, clock=lambda: datetime(2026, 11, 21, 14, 5, 20))
    made.resize(width, 240)
    made.show_chart(chart)
    made.show()
    made.draw(history, span, (), NOW)
    QApplication.sendPostedEvents()
    return made


# --- one moment in all charts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", SPANS)
def test_charts_of_any_width_read_what_another_one_reads(
    host: QWidget, theme: Theme, history: History, span: float
) -> None:
    views = [shown(host, theme, history, CPU, width, span) for width in (240, 280, 379, 380, 381, 700)]
    windows = [view._arranged().scale.window for view in views]
    for window in windows:
        for column in (0, 1, window.count // 2, window.count - 1):
            for view in views:
                view.show_moment(window.time(column))
                assert view._column() is not None
    views[-1].show_moment(NOW - span - 60)
    assert views[-1]._column() is None


def test_a_heat_map_reads_the_column_that_curves_read(host: QWidget, theme: Theme, history: History) -> None:
    curves, cores = (shown(host, theme, history, chart, span=300.0) for chart in (CPU, CORES))
    assert cores._arranged().scale.window.buckets == 2
    for view in (curves, cores):
        view.show_moment(curves._arranged().scale.window.time(60))
    assert curves._texts == ("50 %",)
    assert cores._texts == ("", "50 %", "Core 0: 50 %")
    cores._row = 2
    assert cores._moment_words(cores._arranged()).endswith("Core 2: 50 %")
    assert cores._moment_said(cores._arranged()).endswith("Core 2 50 percent.")


def test_the_pointer_reads_the_shade_below_it(host: QWidget, theme: Theme) -> None:
    history = History()
    for number in range(-600, 1):
        history.add(NOW + number / 2, 0.5, {"core0": float(number == -110)})
    view = shown(host, theme, history, CORES, 1400)
    scene, image = view._arranged(), view.grab().toImage()
    y, strongest = int(scene.layout.plot.top()) + 5, view._look.shades[-1].name()
    strong = [x for x in range(image.width()) if image.pixelColor(x, y).name() == strongest]
    read = [x for x in strong if view._heat._rows[0][scene.scale.column(x)] > 1]
    assert len(strong) > 8
    assert len(read) >= len(strong) - 1


def test_a_heat_map_and_its_legend_name_cores(host: QWidget, theme: Theme, history: History) -> None:
    view = shown(host, theme, history, CORES)
    assert [tick.words for tick in view._arranged().ticks] == ["0", "1", "2", "3"]
    assert view.accessibleDescription().startswith("Now average 0 percent, highest Core 0 with")


def test_a_legend_is_brief_where_it_would_be_folded(host: QWidget, theme: Theme, history: History) -> None:
    wide, narrow = (shown(host, theme, history, CARDS, width)._arranged().layout for width in (900, 300))
    assert [entry.words for entry in wide.entries] == [f"Card {number}" for number in range(8)]
    assert [entry.words for entry in narrow.entries] == [str(number) for number in range(8)]
    assert narrow.hidden == 0


# --- times -------------------------------------------------------------------------------------------------------

STEPS = {60.0: 0.5, 300.0: 0.5, 900.0: 1.5, 3600.0: 6.0}


def times(span: float, width: float, gutter: float, wall: datetime) -> list[str]:
    room = QRectF(16, 130, width - 32, 12)
    plot = QRectF(16 + gutter, 20, room.width() - gutter, 100)
    scale = Scale(plot, Window(2000, round(span / STEPS[span]), STEPS[span], 1), 1.0)
    return [tick.words for tick in time_ticks(scale, span, wall, room, lambda words: 6.0 * len(words))]


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("width", [300, 330, 381, 460, 700])
def test_charts_of_one_width_have_the_same_times(span: float, width: float) -> None:
    for second in range(0, 3600, 7):
        wall = datetime.fromtimestamp(1_795_000_000 + second)
        narrow, usual, wide = (times(span, width, gutter, wall) for gutter in (14.0, 36.0, 0.16 * (width - 32)))
        assert narrow == usual == wide


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_clocks_are_put_forward_and_back_within_a_span() -> None:
    forward, back = datetime(2026, 3, 29, 3, 20), datetime(2026, 10, 25, 2, 20, fold=1)
    assert times(3600.0, 460, 36.0, forward) == ["now", "03:10", "03:00", "01:50", "01:40", "01:30"]
    assert moment_words(1000.0, 1000.0 - 1500.0, 3600.0, forward) == "01:55:00"
    assert times(3600.0, 460, 36.0, back) == ["now", "02:10", "02:00", "02:50", "02:40", "02:30"]
    assert moment_words(1000.0, 1000.0 - 1800.0, 3600.0, back) == "02:50:00"


# --- cost and ears -----------------------------------------------------------------------------------------------


def test_marks_are_gathered_once_for_all_moments(host: QWidget, theme: Theme, history: History) -> None:
    view = shown(host, theme, history, CPU)
    view.draw(history, 60.0, [Mark(NOW - n, MarkKind.ANSWER, "An answer.") for n in range(50)], NOW)
    groups = view._groups(view._arranged())
    view.show_moment(NOW - 20)
    view.grab()
    assert view._groups(view._arranged()) is groups
    view.draw(history, 60.0, (), NOW)
    assert view._groups(view._arranged()) == ()


def test_a_description_stays_while_it_may_be_read_out(host: QWidget, theme: Theme, history: History) -> None:
    view = shown(host, theme, history, CPU)
    host.activateWindow()
    assert QTest.qWaitForWindowActive(host)
    view.setFocus(Qt.FocusReason.TabFocusReason)
    before = view.accessibleDescription()
    for number in range(1, 41):
        history.add(NOW + number / 2, 0.5, {"cpu": 0.7})
        view.draw(history, 60.0, (), NOW + number / 2)
    assert view.accessibleDescription() == before
    view.clearFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert view.accessibleDescription().startswith("Now 70 percent.")


def test_time_goes_to_the_right_whatever_way_is_written(host: QWidget, theme: Theme, history: History) -> None:
    usual = shown(host, theme, history, CARDS).grab().toImage()
    host.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    assert shown(host, theme, history, CARDS).grab().toImage() == usual


# --- hostile data ------------------------------------------------------------------------------------------------

NUMBERS = (nan, inf, -inf, -5.0, 1e300, 1.7e308, -1.7e308, 0.0, 5e-324)
MARKS = [Mark(at, MarkKind.READY, "w" * 200) for at in (nan, -1e300, NOW - 4000, NOW - 5, NOW, NOW + 1e9)]


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("curves", [0, 1, 3, 16])
def test_no_data_is_too_bad_to_be_drawn(host: QWidget, theme: Theme, form: Form, curves: int) -> None:
    history = History()
    for number in range(-700, 1):
        told = {f"k{n}": NUMBERS[(number // (n + 1) + n) % len(NUMBERS)] for n in range(curves)}
        history.add(NOW + number * 5, 5.0, told)
    chart = Chart(
        "k", "Kilo", Unit.SHARE, Section.MACHINE, tuple(Curve(f"k{n}", "k" * 300) for n in range(curves)), form
    )
    view = shown(host, theme, history, chart)
    for width, span in ((1, 60.0), (97, 3600.0), (240, 300.0), (1400, 3600.0)):
        view.resize(width, 240)
        view.draw(history, span, MARKS, NOW)
        view.grab()
        view.show_moment(NOW - 20)
        view.grab()
        press(view, Qt.Key.Key_Left)
        view.words_at(QPointF(5, 5))
        view.show_moment(None)


@pytest.mark.parametrize("seconds", [[], [0.0], [-1.0, -0.5, 0.0]])
def test_next_to_no_history(host: QWidget, theme: Theme, seconds: list[float]) -> None:
    history = History()
    for second in seconds:
        history.add(NOW + second, 0.5, {"cpu": 0.5})
    view = shown(host, theme, history, CPU)
    for span in SPANS:
        view.draw(history, span, MARKS, NOW)
        press(view, Qt.Key.Key_Left)
        view.grab()
