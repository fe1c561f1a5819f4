"""The page of preferences: what is chosen there, and what is shown of what was chosen elsewhere."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QSlider
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.ui.pages.preferences import PreferencesPage
from desktop_app.ui.theme import Theme
from tests.ui.hands import buttons, child, press, press_button, words


class Desk:
    """The page, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.page = PreferencesPage(theme)
        self.said: list[tuple[object, ...]] = []
        for name in (
            "appearance_chosen",
            "text_scale_chosen",
            "improve_titles_chosen",
            "bin_asked",
            "shortcuts_asked",
        ):
            getattr(self.page, name).connect(lambda *args, name=name: self.said.append((name, *args)))
        self.page.resize(800, 800)
        qtbot.addWidget(self.page)
        self.page.show()

    @property
    def slider(self) -> QSlider:
        return child(self.page, QSlider, "Size of text")


@pytest.fixture
def scaling(theme: Theme) -> Iterator[Theme]:
    """The theme, as it was afterwards."""
    yield theme
    theme.set_text_scale(1.0)
    theme.choose(Appearance.LIGHT)


@pytest.fixture
def desk(qtbot: QtBot, scaling: Theme) -> Desk:
    return Desk(qtbot, scaling)


def test_appearance(desk: Desk, scaling: Theme) -> None:
    desk.page.appearance_chosen.connect(scaling.choose)
    assert child(desk.page, QAbstractButton, "Light").isChecked()
    press_button(desk.page, "Dark")
    assert desk.said == [("appearance_chosen", Appearance.DARK)]
    assert child(desk.page, QAbstractButton, "Dark").isChecked()
    assert not child(desk.page, QAbstractButton, "Light").isChecked()


def test_text_size_by_keyboard_and_back(desk: Desk, scaling: Theme, qtbot: QtBot) -> None:
    desk.page.text_scale_chosen.connect(scaling.set_text_scale)
    assert "Usual size" not in buttons(desk.page)
    press(desk.slider, Qt.Key.Key_Right)
    assert "110 %" in words(desk.page)
    qtbot.waitUntil(lambda: scaling.text_scale == 1.1)
    press(desk.slider, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: scaling.text_scale == 2.0)
    press_button(desk.page, "Usual size")
    assert desk.said == [("text_scale_chosen", 1.1), ("text_scale_chosen", 2.0), ("text_scale_chosen", 1.0)]
    assert desk.slider.value() == 100


def test_the_wheel_scrolls_the_page_and_changes_nothing(desk: Desk) -> None:
    middle, step = QPointF(desk.slider.rect().center()), QPoint(0, -120)
    none = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        middle, middle, QPoint(), step, Qt.MouseButton.NoButton, none, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(desk.slider, event)
    assert not event.isAccepted()
    assert desk.slider.value() == 100


def test_nothing_changes_while_the_slider_is_held(desk: Desk) -> None:
    desk.slider.setSliderDown(True)
    desk.slider.setValue(153)
    desk.page._timer.timeout.emit()
    assert desk.said == []
    desk.slider.setSliderDown(False)
    assert desk.said == [("text_scale_chosen", 1.5)]


def test_what_is_chosen_elsewhere_is_shown(desk: Desk, scaling: Theme) -> None:
    scaling.set_text_scale(1.3)
    scaling.choose(Appearance.DARK)
    assert desk.slider.value() == 130
    assert child(desk.page, QAbstractButton, "Dark").isChecked()
    assert desk.said == []


def test_titles_bin_and_keys(desk: Desk) -> None:
    switch = child(desk.page, QCheckBox, "Better titles")
    desk.page.show_titles(True)
    assert switch.isChecked()
    switch.click()
    press_button(desk.page, "Open the bin")
    press_button(desk.page, "Keyboard shortcuts")
    assert desk.said == [("improve_titles_chosen", False), ("bin_asked",), ("shortcuts_asked",)]
