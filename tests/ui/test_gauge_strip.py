"""The gauge strip: that it fits, that it does not paint for nothing, and that it opens Monitor."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAccessible, QFontMetricsF, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.machine import GpuSample, MachineSample
from desktop_app.services.gauges import EMPTY, Frame
from desktop_app.ui.theme import Theme
from desktop_app.ui.tokens import DARK, LIGHT, Tokens
from desktop_app.ui.widgets.gauge_strip import GaugeStrip
from desktop_app.ui.widgets.gauge_values import explanation, words
from tests.ui import hands

GB = 1 << 30
CARD = GpuSample("NVIDIA RTX 4090", 0.34, int(7.2 * GB), 24 * GB)
MACHINE = MachineSample(0.12, int(9.1 * GB), 24 * GB)


def engine(speed: float, share: float = 0.18, waiting: int = 0) -> tuple[EngineFigures, ...]:
    return (EngineFigures("guide", "Guide", generation=speed, running=1, waiting=waiting, kv_cache=share),)


READY = Frame(MACHINE, engine(41.4))
WAITING = Frame(MACHINE, engine(1841, 1.0, 12))
ASLEEP = Frame(MachineSample(0.12, GB, 24 * GB, (GpuSample("NVIDIA RTX 4090", None, 0, 0, asleep=True),)))
LOST = Frame(MachineSample(0.12, GB, 24 * GB, gpu_note="The driver does not answer."), engine(0))


class Paints(QObject):
    """Counts the paintings of a widget."""

    def __init__(self, strip: GaugeStrip) -> None:
        super().__init__(strip)
        self.count = 0
        self.regions: list[QRegion] = []
        strip.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.count += 1
            self.regions.append(event.region())
        return False


@pytest.fixture
def strip(qtbot: QtBot, theme: Theme) -> GaugeStrip:
    made = GaugeStrip(theme)
    qtbot.addWidget(made)
    made.resize(1400, made.height())
    made.show()
    qtbot.waitExposed(made)
    return made


def cards(number: int) -> Frame:
    return Frame(MachineSample(0.12, int(900.1 * GB), 1000 * GB, (CARD,) * number), engine(4100, 0.18, 9))


@pytest.mark.parametrize("width", [720, 900, 1100, 1440, 2560])
@pytest.mark.parametrize("frame", [READY, WAITING, ASLEEP, LOST, EMPTY, cards(1), cards(2), cards(8)])
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_nothing_is_clipped(strip: GaugeStrip, theme: Theme, width: int, frame: Frame, scale: float) -> None:
    theme.set_text_scale(scale)
    strip.resize(width, strip.height())
    strip.show_frame(frame)
    figures = QFontMetricsF(strip._figures_font)
    gauges, places = strip._gauges, strip._places
    theme.set_text_scale(1.0)
    end = 0.0
    for gauge, place in zip(gauges, places, strict=True):
        assert place.label.left() >= end
        assert figures.horizontalAdvance(gauge.text) <= place.text.width() + 0.01
        assert place.label.right() <= (place.graph or place.text).left()
        end = place.text.left() + figures.horizontalAdvance(gauge.widest)
    assert end <= width


def test_curves_go_before_bars(strip: GaugeStrip) -> None:
    def graphs(width: int) -> list[bool]:
        strip.resize(width, strip.height())
        strip.show_frame(Frame(MachineSample(0.1, GB, 24 * GB, (CARD,)), engine(41)))
        return [place.graph is not None for place in strip._places]

    assert all(graphs(1600)[:-1])
    assert graphs(1000) == [False, True, False, True, True, False, False]


def test_equal_figures_are_painted_once(strip: GaugeStrip, qtbot: QtBot) -> None:
    quiet = Frame(MachineSample(0.001, 9 * GB, 24 * GB), engine(0, 0))
    strip.show_frame(quiet)
    # The first sample of a curve is a change; a second makes a line of it.
    for _ in range(60):
        strip.show_frame(replace(quiet, machine=replace(quiet.machine)))
    paints = Paints(strip)
    qtbot.waitUntil(lambda: paints.count > 0)
    before = paints.count
    for number in range(20):
        strip.show_frame(Frame(MachineSample(0.001 + number / 100_000, 9 * GB + number, 24 * GB), engine(0, 0)))
        QApplication.sendPostedEvents()
    assert paints.count == before
    strip.show_frame(READY)
    qtbot.waitUntil(lambda: paints.count > before)


def test_curves_go_on_with_the_machine_only(strip: GaugeStrip) -> None:
    strip.show_frame(READY)
    strip.show_frame(replace(READY, engines=engine(60.0)))
    assert {key: len(curve.levels) for key, curve in strip._curves.items()} == {"cpu": 1, "speed": 1}
    strip.show_frame(replace(READY, machine=replace(MACHINE)))
    assert {key: len(curve.levels) for key, curve in strip._curves.items()} == {"cpu": 2, "speed": 2}
    strip.show_frame(replace(READY, engines=()))
    assert strip._curves.keys() == {"cpu"}


def test_a_screen_reader_hears_of_it_now_and_then(strip: GaugeStrip) -> None:
    heard = set()
    for number in range(20):
        strip.show_frame(Frame(MachineSample(number / 100, 9 * GB, 24 * GB)))
        heard.add(strip.accessibleDescription())
    assert 2 <= len(heard) <= 5
    strip.show_frame(READY)
    assert strip.accessibleDescription() == words(READY)
    assert strip.accessibleName() == "Gauges"


def test_each_figure_explains_itself_and_says_what_a_click_does(strip: GaugeStrip) -> None:
    strip.show_frame(READY)
    for gauge, place in zip(strip._gauges, strip._places, strict=True):
        assert strip.tip_at(place.whole.center()) == f"{explanation(READY, gauge.key)}\nClick for more."
    assert strip.tip_at(QPoint(5000, 5)) == "Click for more."


def test_only_what_changed_is_painted(strip: GaugeStrip, qtbot: QtBot) -> None:
    for _ in range(61):
        strip.show_frame(READY)
    places = {gauge.key: place.whole for gauge, place in zip(strip._gauges, strip._places, strict=True)}
    paints = Paints(strip)
    qtbot.waitUntil(lambda: paints.count > 0)
    QApplication.sendPostedEvents()
    paints.regions.clear()
    strip.show_frame(Frame(MACHINE, engine(41.4, 0.55)))
    qtbot.waitUntil(lambda: bool(paints.regions))
    assert any(region.intersects(places["kv"]) for region in paints.regions)
    assert not any(region.intersects(places["cpu"].adjusted(0, 0, -2, 0)) for region in paints.regions)


def test_a_click_and_the_keyboard_open_monitor(strip: GaugeStrip, qtbot: QtBot) -> None:
    asked: list[bool] = []
    strip.clicked.connect(lambda: asked.append(True))
    hands.click(strip, QPoint(10, 10))
    hands.click(strip, QPoint(strip.width() - 5, 10))
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        hands.press(strip, key)
    assert len(asked) == 5
    hands.press(strip, Qt.Key.Key_A)
    assert len(asked) == 5
    assert strip.focusPolicy() is Qt.FocusPolicy.TabFocus
    assert strip.cursor().shape() is Qt.CursorShape.PointingHandCursor


def test_it_is_a_button_for_screen_readers(strip: GaugeStrip) -> None:
    strip.show_frame(READY)
    accessible = QAccessible.queryAccessibleInterface(strip)
    assert accessible.role() is QAccessible.Role.Button
    assert accessible.text(QAccessible.Text.Name) == "Gauges"
    assert accessible.text(QAccessible.Text.Description) == words(READY)


def test_the_ring_of_the_keyboard_is_painted(strip: GaugeStrip, theme: Theme) -> None:
    strip.show_frame(READY)
    assert theme.tokens.accent_text not in colours_at(strip, strip.height() // 2)
    strip.setProperty("kbd", True)
    assert theme.tokens.accent_text in colours_at(strip, strip.height() // 2)


def colours_at(strip: GaugeStrip, y: int) -> set[str]:
    picture = strip.grab().toImage()
    return {picture.pixelColor(x, y).name() for x in range(6)}


def test_a_label_that_comes_back_has_room(strip: GaugeStrip) -> None:
    strip.resize(720, strip.height())
    strip.show_frame(cards(2))
    strip.show_frame(Frame(cards(2).machine, note="The engine does not answer."))
    labels = {gauge.label: place.label for gauge, place in zip(strip._gauges, strip._places, strict=True)}
    assert labels["Speed"].width() > 10


def test_where_there_is_no_room_cards_are_summed_up_and_told_apart_again(strip: GaugeStrip) -> None:
    strip.show_frame(cards(2))
    strip.resize(720, strip.height())
    assert [gauge.key for gauge in strip._gauges].count("gpu1") == 0
    strip.show_frame(cards(2))
    assert [gauge.key for gauge in strip._gauges].count("gpu1") == 0
    strip.resize(1600, strip.height())
    assert [gauge.key for gauge in strip._gauges].count("gpu1") == 1


@pytest.mark.parametrize(("appearance", "tokens"), [(Appearance.DARK, DARK), (Appearance.LIGHT, LIGHT)])
def test_it_is_painted_in_the_colours_of_the_theme(
    strip: GaugeStrip, theme: Theme, appearance: Appearance, tokens: Tokens
) -> None:
    before = theme.appearance
    theme.choose(appearance)
    try:
        for number in range(70):
            strip.show_frame(Frame(MachineSample(number / 70, 9 * GB, 24 * GB, (CARD,)), engine(number * 10.0, 0.5)))
        # The pointer may be where the strip is.
        strip.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
        picture = strip.grab().toImage()
    finally:
        theme.choose(before)
    colours = {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}
    assert {tokens.side, tokens.line, tokens.accent, tokens.good} <= colours
