"""Colours, fonts and icons: what light and dark change, and that nothing is missing."""

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.paths import resources
from desktop_app.ui.stylesheet import scaled_sheet, stylesheet
from desktop_app.ui.theme import LARGEST, SMALLEST, KeyboardFocus, Theme
from desktop_app.ui.tokens import DARK, LIGHT
from desktop_app.ui.widgets.basics import IconButton
from desktop_app.ui.widgets.chat_settings_look import chat_settings_sheet
from desktop_app.ui.widgets.composer_look import composer_sheet
from desktop_app.ui.widgets.looks import sheet_of
from desktop_app.ui.widgets.message_sheet import message_sheet
from desktop_app.ui.widgets.model_list_look import model_list_sheet
from desktop_app.ui.widgets.setting_look import setting_sheet


@pytest.fixture
def switching(theme: Theme) -> Iterator[Theme]:
    """The theme, light again afterwards."""
    yield theme
    theme.set_text_scale(1.0)
    theme.choose(Appearance.LIGHT)


def test_light_and_dark_reach_palette_and_sheet(switching: Theme, qapp: QApplication) -> None:
    changes: list[bool] = []
    switching.changed.connect(lambda: changes.append(switching.tokens is DARK))
    for appearance, tokens in ((Appearance.DARK, DARK), (Appearance.LIGHT, LIGHT)):
        switching.choose(appearance)
        assert switching.tokens is tokens
        assert qapp.palette().color(QPalette.ColorRole.Highlight) == QColor(tokens.accent)
        assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(tokens.background)
        assert tokens.background in qapp.styleSheet()
    assert changes == [True, False]


def test_choosing_what_is_shown_draws_nothing_again(switching: Theme, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(switching.changed):
        switching.choose(Appearance.LIGHT)
    assert switching.appearance is Appearance.LIGHT


def test_like_the_system_follows_the_system(switching: Theme, qapp: QApplication) -> None:
    switching.choose(Appearance.SYSTEM)
    assert (switching.tokens is DARK) is (qapp.styleHints().colorScheme() is Qt.ColorScheme.Dark)


def test_an_icon_takes_the_new_colours(switching: Theme, qtbot: QtBot) -> None:
    button = IconButton(switching, "chat", "Chat")
    qtbot.addWidget(button)
    light = button.icon().pixmap(20).toImage()
    switching.choose(Appearance.DARK)
    assert button.icon().pixmap(20).toImage() != light


def test_an_icon_button_that_is_gone_is_not_drawn_again(switching: Theme) -> None:
    button = IconButton(switching, "chat", "Chat")
    button.deleteLater()
    QApplication.sendPostedEvents(button, QEvent.Type.DeferredDelete)
    switching.choose(Appearance.DARK)


def test_the_shipped_fonts_are_the_ones_used(theme: Theme) -> None:
    assert QFontInfo(theme.body_font()).family() == "Inter"
    assert QFontInfo(theme.mono_font()).family() == "JetBrains Mono"
    assert QFontInfo(theme.mono_font()).fixedPitch()


@pytest.mark.parametrize("icon", sorted((resources() / "icons").glob("*.svg")), ids=lambda path: path.stem)
def test_every_icon_can_be_drawn_in_any_colour(theme: Theme, icon: "object") -> None:
    name = getattr(icon, "stem", "")
    image = theme.icon(name, "#ff0000").pixmap(20).toImage()
    colours = {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() > 200
    }
    assert colours <= {"#ff0000", "#fe0000"}
    assert colours


def test_the_focus_ring_is_for_the_keyboard(qapp: QApplication, theme: Theme, qtbot: QtBot) -> None:
    window = QWidget()
    field, button = QLineEdit(), QPushButton("Go")
    column = QVBoxLayout(window)
    column.addWidget(field)
    column.addWidget(button)
    qtbot.addWidget(window)
    ring = KeyboardFocus(window)
    qapp.installEventFilter(ring)
    window.show()
    window.activateWindow()
    field.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.waitUntil(field.hasFocus)
    assert not field.property("kbd")
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert button.property("kbd") is True
    field.setFocus(Qt.FocusReason.BacktabFocusReason)
    assert (field.property("kbd"), button.property("kbd")) == (True, False)
    qapp.removeEventFilter(ring)


def test_words_of_every_kind_grow_and_shrink_again(switching: Theme, qtbot: QtBot) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    plain, own, title, badge = QPushButton("Go"), QLabel("own"), QLabel("title"), QLabel("badge")
    own.setFont(switching.mono_font(9))
    title.setProperty("role", "title")
    badge.setProperty("role", "badge")
    for one in (plain, own, title, badge):
        column.addWidget(one)
    qtbot.addWidget(window)
    window.show()

    def sizes() -> list[float]:
        return [round(one.font().pointSizeF(), 2) for one in (plain, own, title, badge)]

    usual = sizes()
    assert usual == [10.5, 9, 13, 9]
    switching.set_text_scale(2.0)
    assert sizes() == [2 * size for size in usual]
    assert badge.height() == 36
    later = QLabel("later")
    later.setFont(switching.body_font(9))
    column.addWidget(later)
    switching.choose(Appearance.DARK)
    plain.setProperty("kbd", True)
    for one in (plain, own):
        one.style().unpolish(one)
        one.style().polish(one)
    assert sizes() == [2 * size for size in usual], "neither colours nor a ring take it back"
    assert later.font().pointSizeF() == 18
    switching.set_text_scale(1.0)
    assert sizes() == usual
    assert later.font().pointSizeF() == 9


def test_icons_grow_half_as_much_as_words(switching: Theme, qtbot: QtBot) -> None:
    button = IconButton(switching, "chat", "Chat")
    qtbot.addWidget(button)
    switching.set_text_scale(2.0)
    assert button.iconSize() == QSize(27, 27)
    assert button.icon().actualSize(button.iconSize()) == button.iconSize(), "it is drawn as large"
    switching.set_text_scale(1.0)
    assert button.iconSize() == QSize(18, 18)


@pytest.mark.parametrize("percent", range(80, 201, 10))
def test_no_corner_is_rounder_than_its_height_allows(percent: int) -> None:
    scale = percent / 100
    sheets = [setting_sheet, model_list_sheet, composer_sheet, chat_settings_sheet, sheet_of, message_sheet]
    for sheet in (stylesheet(LIGHT, scale), *(scaled_sheet(one(LIGHT), scale) for one in sheets)):
        for rule in re.findall(r"{([^}]*)}", sheet):
            radius = re.search(r"border-radius: *(\d+)px", rule)
            height = re.search(r"max-height: *(\d+)px", rule)
            if radius and height:
                # Qt drops a radius above half of the height without a word; the border is one pixel or none.
                assert int(radius[1]) <= int(height[1]) / 2 + 1, rule


def test_the_size_of_words_has_bounds_and_is_told_once(switching: Theme, qtbot: QtBot) -> None:
    with qtbot.waitSignal(switching.changed):
        switching.set_text_scale(7.0)
    assert switching.text_scale == LARGEST
    with qtbot.assertNotEmitted(switching.changed):
        switching.set_text_scale(2.0)
    switching.set_text_scale(0.1)
    assert switching.text_scale == SMALLEST
    assert (switching.scaled(50), switching.sheet("a { font-size: 10pt; }")) == (40, "a { font-size: 8pt; }")
