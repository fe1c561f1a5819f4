"""What stands above every page where nothing is kept, or where it is kept elsewhere."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.paths import Paths
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.place_banner import PlaceBanner
from tests.ui.desk import Desk, play
from tests.ui.hands import buttons, child, press_button, words

WORDS = "Nothing you do now is kept when the window closes, because /data may not be written to."


@pytest.fixture
def banner(qtbot: QtBot, theme: Theme) -> PlaceBanner:
    made = PlaceBanner(theme)
    qtbot.addWidget(made)
    return made


def test_a_warning_stays(banner: PlaceBanner) -> None:
    banner.show_words(WORDS, lasting=True)
    assert words(banner) == [WORDS]
    assert buttons(banner) == []
    assert (banner.accessibleName(), banner.accessibleDescription()) == ("Nothing is kept", WORDS)


def test_news_can_be_dismissed(banner: PlaceBanner) -> None:
    banner.show_words("Everything is kept in /stick this time.", lasting=False)
    assert banner.accessibleName() == "Kept in another folder"
    press_button(banner, "Dismiss")
    assert not banner.isVisible()


def test_nothing_is_shown_where_there_is_nothing_to_say(banner: PlaceBanner) -> None:
    banner.show_words("", lasting=False)
    assert not banner.isVisible()


def test_it_stands_above_every_page_and_the_smallest_window_stays_small(qapp: QApplication, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        window = desk.window
        banner = child(window, PlaceBanner)
        assert not banner.isVisible()
        window.show_place(WORDS.replace("/data", "/a-long-name" * 30), kept=False)
        window.resize(QSize(720, 480))
        pages = (window.show_welcome, window.show_chat, window.room.show_engines, window.room.show_log)
        for show in (*pages, window.model_room.show_models, window.preference_room.show_preferences):
            show()
            assert banner.isVisible()
        await desk.quiet()
        assert window.size() == QSize(720, 480)

    play(qapp, Paths(tmp_path / "data"), scene)
