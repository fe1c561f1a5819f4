"""What somebody wants of a model: by mouse and keyboard, told at once, never moved back by a late answer."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSlider, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.fit import Wish
from desktop_app.ui.theme import KeyboardFocus, Theme
from desktop_app.ui.widgets.fit_wish import WishControls, steps
from tests.ui.hands import child, press, seen, words
from tests.ui.model_states import FITS


class Desk:
    """The controls on the screen, and what they told."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.controls = WishControls(theme)
        self.wishes: list[Wish] = []
        self.controls.wish_changed.connect(self.wishes.append)
        qtbot.addWidget(self.controls)
        self.controls.resize(300, 160)
        self.controls.show()
        self.slider = child(self.controls, QSlider)
        self.people = child(self.controls, QSpinBox)
        self.show(Wish())

    def show(self, wish: Wish, model: str = "a", longest: int = 40_960) -> None:
        fit = replace(FITS, context=wish.context or 8192)
        self.controls.show_wish(model, wish, fit, longest)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def wheel(widget: QWidget) -> None:
    at = QPointF(5, 5)
    turned = QWheelEvent(
        at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, turned)


def test_contexts_grow_by_halves_up_to_the_models_own() -> None:
    assert steps(8192) == (1024, 1536, 2048, 3072, 4096, 6144, 8192)
    assert steps(40_960)[-3:] == (24_576, 32_768, 40_960)
    assert steps(896) == (128, 192, 256, 384, 512, 768, 896)
    assert 5000 in steps(8192, 5000)
    assert steps(0) == ()
    assert max(steps(8192, 10_000)) == 8192


def test_the_context_in_words_and_tokens(desk: Desk) -> None:
    assert "Keeps about 6,100 words in mind" in words(desk.controls)
    assert "8,192 tokens" in words(desk.controls)
    assert desk.slider.accessibleDescription() == "Keeps about 6,100 words in mind: 8,192 tokens"
    assert "person at a time" in words(desk.controls)
    assert not desk.controls.grab().isNull()


def test_keys_move_it_and_every_step_is_told(desk: Desk) -> None:
    desk.slider.setFocus()
    press(desk.slider, Qt.Key.Key_Right)
    press(desk.slider, Qt.Key.Key_Right)
    press(desk.slider, Qt.Key.Key_End)
    assert [wish.context for wish in desk.wishes] == [12_288, 16_384, 40_960]
    press(desk.people, Qt.Key.Key_Up)
    assert desk.wishes[-1] == Wish(40_960, people=2)
    assert "people at a time" in words(desk.controls)


def test_dragging_tells_at_once(desk: Desk) -> None:
    knob = QPoint(8 + (desk.slider.width() - 16) * desk.slider.value() // desk.slider.maximum(), 13)
    QTest.mousePress(desk.slider, Qt.MouseButton.LeftButton, pos=knob)
    QTest.mouseMove(desk.slider, knob + QPoint(60, 0))
    QTest.mouseMove(desk.slider, knob + QPoint(100, 0))
    assert desk.slider.isSliderDown()
    assert len(desk.wishes) >= 2
    # An answer to the first of them comes while the hand still moves.
    at = desk.slider.value()
    desk.show(desk.wishes[0])
    assert desk.slider.value() == at
    QTest.mouseRelease(desk.slider, Qt.MouseButton.LeftButton, pos=knob + QPoint(100, 0))
    assert desk.wishes[-1].context > 8192


def test_an_answer_that_was_overtaken_moves_nothing(desk: Desk) -> None:
    desk.slider.setValue(desk.slider.value() + 1)
    desk.slider.setValue(desk.slider.value() + 1)
    first, last = desk.wishes
    desk.show(Wish())
    desk.show(first)
    assert "16,384 tokens" in words(desk.controls)
    desk.show(last)
    desk.show(Wish(4096))
    assert "4,096 tokens" in words(desk.controls)
    assert len(desk.wishes) == 2


def test_another_model_begins_anew(desk: Desk) -> None:
    desk.slider.setValue(0)
    desk.show(Wish(), "b", 2048)
    assert "2,048 tokens" in words(desk.controls)
    desk.show(Wish(), "c", 0)
    assert not seen(desk.controls, QSlider)
    assert seen(desk.controls, QSpinBox)


def test_how_far_there_is_room(desk: Desk) -> None:
    assert any("There is room for all" in one for one in words(desk.controls))
    desk.controls.show_wish("a", Wish(), replace(FITS, longest=14_336), 40_960)
    assert "There is room for up to 14,336\u00a0tokens; the model could keep 40,960." in words(desk.controls)
    assert not desk.controls.grab().isNull()


def test_the_wheel_scrolls_past(desk: Desk) -> None:
    wheel(desk.slider)
    wheel(desk.people)
    assert desk.wishes == []


def test_the_focus_by_keyboard_is_seen(desk: Desk, qapp: QApplication) -> None:
    ring = KeyboardFocus(qapp)
    qapp.installEventFilter(ring)
    desk.controls.activateWindow()
    desk.people.setFocus()
    before = desk.slider.grab().toImage()
    desk.slider.setFocus(Qt.FocusReason.TabFocusReason)
    assert desk.slider.grab().toImage() != before
    qapp.removeEventFilter(ring)
