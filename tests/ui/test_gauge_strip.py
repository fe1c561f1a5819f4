"""The gauge strip: what it says, that it fits, and that it does not paint for nothing."""

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.machine import GpuSample, MachineSample
from desktop_app.services.gauges import EMPTY, NO_ENGINE, Frame
from desktop_app.ui.theme import Theme
from desktop_app.ui.tokens import DARK, LIGHT, Tokens
from desktop_app.ui.widgets.gauge_strip import GaugeStrip
from desktop_app.ui.widgets.gauge_values import Tone, gauges, words

GB = 1 << 30
CARD = GpuSample("NVIDIA RTX 4090", 0.34, int(7.2 * GB), 24 * GB)
MACHINE = MachineSample(0.12, int(9.1 * GB), 24 * GB)
READY = Frame(MACHINE, 41.4, 0.18, 1, 0)


class Paints(QObject):
    """Counts the paintings of a widget."""

    def __init__(self, strip: GaugeStrip) -> None:
        super().__init__(strip)
        self.count = 0
        strip.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() is QEvent.Type.Paint
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
    return Frame(MachineSample(0.12, int(900.1 * GB), 1000 * GB, (CARD,) * number), 4100, 0.18)


def texts(frame: Frame) -> dict[str, str]:
    return {gauge.label: gauge.text for gauge in gauges(frame)}


def test_figures_of_a_machine_with_a_running_model() -> None:
    assert texts(READY) == {"CPU": "12 %", "RAM": "9.1 / 24 GB", "KV": "18 %", "Speed": "41 tok/s"}


def test_without_a_model_nothing_is_claimed() -> None:
    shown = texts(Frame(MACHINE, note=NO_ENGINE))
    assert (shown["KV"], shown["Speed"]) == ("–", "–")
    assert NO_ENGINE in gauges(Frame(MACHINE, note=NO_ENGINE))[-1].tip


def test_one_card_has_two_gauges_and_its_name_in_the_tip() -> None:
    frame = Frame(MachineSample(0.12, 1, 2 * GB, (CARD,)))
    assert texts(frame)["GPU"] == "34 %"
    assert texts(frame)["VRAM"] == "7.2 / 24 GB"
    assert CARD.name in gauges(frame)[2].tip


def test_two_cards_are_told_apart_and_many_are_summed_up() -> None:
    assert {"GPU 0", "VRAM 0", "GPU 1", "VRAM 1"} <= set(texts(cards(2)))
    shown = texts(cards(8))
    assert shown["VRAM"] == "57.6 / 192 GB"
    assert gauges(cards(8))[2].tip.count(CARD.name) == 8


def test_a_card_that_does_not_tell_is_unknown() -> None:
    frame = Frame(MachineSample(0, 1, 2, (GpuSample("GB10", None, 0, 0),)))
    assert texts(frame)["GPU"] == "–"
    assert "VRAM" not in texts(frame)


def test_scarce_memory_changes_its_tone() -> None:
    assert gauges(Frame(MachineSample(0, 23 * GB, 24 * GB)))[1].tone is Tone.SCARCE


def test_words_for_ears() -> None:
    assert words(READY) == (
        "Processor 12 percent busy. Memory 9.1 of 24 gigabytes used. KV cache 18 percent full. 41 tokens per second."
    )
    assert words(EMPTY).endswith("No model is running.")


@pytest.mark.parametrize("width", [900, 1100, 1440, 2560])
@pytest.mark.parametrize("frame", [READY, EMPTY, cards(1), cards(2), cards(8)])
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_nothing_is_clipped(strip: GaugeStrip, theme: Theme, width: int, frame: Frame, scale: float) -> None:
    theme.set_text_scale(scale)
    strip.resize(width, strip.height())
    strip.show_frame(frame)
    figures = QFontMetricsF(strip._figures_font())
    places = strip._places
    theme.set_text_scale(1.0)
    end = 0.0
    for gauge, place in zip(strip._gauges, places, strict=True):
        assert place.label.left() >= end
        assert figures.horizontalAdvance(gauge.text) <= place.text.width()
        assert place.label.right() <= (place.graph or place.text).left()
        end = place.text.left() + figures.horizontalAdvance(gauge.widest)
    assert end <= width


def test_curves_go_before_bars(strip: GaugeStrip) -> None:
    def graphs(width: int) -> list[bool]:
        strip.resize(width, strip.height())
        strip.show_frame(Frame(MachineSample(0.1, GB, 24 * GB, (CARD,)), 41, 0.18))
        return [place.graph is not None for place in strip._places]

    assert all(graphs(1440))
    assert graphs(900) == [False, True, False, True, True, False]


def test_equal_figures_are_painted_once(strip: GaugeStrip, qtbot: QtBot) -> None:
    quiet = Frame(MachineSample(0.001, 9 * GB, 24 * GB), 0, 0)
    strip.show_frame(quiet)
    # The first sample of a curve is a change; a second makes a line of it.
    for _ in range(60):
        strip.show_frame(quiet)
    paints = Paints(strip)
    qtbot.waitUntil(lambda: paints.count > 0)
    before = paints.count
    for number in range(20):
        strip.show_frame(Frame(MachineSample(0.001 + number / 100_000, 9 * GB + number, 24 * GB), 0, 0))
        QApplication.sendPostedEvents()
    assert paints.count == before
    strip.show_frame(READY)
    qtbot.waitUntil(lambda: paints.count > before)


def test_a_screen_reader_hears_of_it_now_and_then(strip: GaugeStrip) -> None:
    heard = set()
    for number in range(20):
        strip.show_frame(Frame(MachineSample(number / 100, 9 * GB, 24 * GB)))
        heard.add(strip.accessibleDescription())
    assert 2 <= len(heard) <= 5
    strip.show_frame(READY)
    assert strip.accessibleDescription() == words(READY)
    assert strip.accessibleName() == "Gauges"


def test_each_figure_explains_itself(strip: GaugeStrip) -> None:
    strip.show_frame(READY)
    for gauge, place in zip(strip._gauges, strip._places, strict=True):
        assert strip.tip_at(place.whole.center()) == gauge.tip
    assert strip.tip_at(QPoint(5000, 5)) == ""


@pytest.mark.parametrize(("appearance", "tokens"), [(Appearance.DARK, DARK), (Appearance.LIGHT, LIGHT)])
def test_it_is_painted_in_the_colours_of_the_theme(
    strip: GaugeStrip, theme: Theme, appearance: Appearance, tokens: Tokens
) -> None:
    before = theme.appearance
    theme.choose(appearance)
    try:
        for number in range(70):
            strip.show_frame(Frame(MachineSample(number / 70, 9 * GB, 24 * GB, (CARD,)), number * 10.0, number / 70))
        picture = strip.grab().toImage()
    finally:
        theme.choose(before)
    colours = {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}
    assert {tokens.side, tokens.line, tokens.accent, tokens.good} <= colours
