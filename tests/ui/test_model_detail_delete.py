"""Deleting a model asks first, says what goes, and is never done by one key."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame
from pytestqt.qtbot import QtBot

from desktop_app.domain.library import Deletion, Source
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.model_detail_delete import DeleteDialog
from tests.ui.hands import buttons, press, press_button, seen, words
from tests.ui.model_states import LOCAL

DELETION = Deletion(LOCAL, 8_060_000_000, "Its folder goes, and 8.1 GB of the disk are free again.")


class Desk:
    """The dialog on the screen, and what came of it."""

    def __init__(self, qtbot: QtBot, theme: Theme, deletion: Deletion) -> None:
        self.dialog = DeleteDialog(theme, deletion)
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.ended: list[str] = []
        self.dialog.agreed.connect(lambda: self.ended.append("agreed"))
        self.dialog.rejected.connect(lambda: self.ended.append("kept"))
        qtbot.addWidget(self.dialog)
        self.dialog.open()

    @property
    def said(self) -> list[str]:
        return [one.replace("\u200b", "").replace("\u00a0", " ") for one in words(self.dialog)]


def test_it_says_what_goes_and_what_is_freed(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, DELETION)
    assert desk.said == [
        "Delete Qwen/Qwen3-4B-Instruct-2507?",
        "Its folder goes, and 8.1 GB of the disk are free again.",
        "/data/models/Qwen/Qwen3-4B-Instruct-2507",
    ]
    press_button(desk.dialog, "Delete it")
    assert desk.ended == ["agreed"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Space])
def test_no_single_key_deletes(qtbot: QtBot, theme: Theme, key: Qt.Key) -> None:
    desk = Desk(qtbot, theme, DELETION)
    desk.dialog.activateWindow()
    focused = desk.dialog.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == "Keep it"
    press(focused, key)
    assert desk.ended == ["kept"]


def test_what_is_shared_stays_and_other_programs_are_named(qtbot: QtBot, theme: Theme) -> None:
    words = "One revision goes. Other programs use that cache, too."
    desk = Desk(qtbot, theme, Deletion(replace(LOCAL, source=Source.CACHE), 3_060_000_000, words))
    assert "5.0 GB are shared with another revision and stay." in desk.said
    assert desk.said.count(words) == 1
    assert any(one.property("tone") == "warn" for one in seen(desk.dialog, QFrame))


def test_what_may_not_be_deleted_says_why(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, replace(DELETION, words="It is a folder of yours.", allowed=False))
    assert desk.said[:2] == ["Qwen/Qwen3-4B-Instruct-2507 stays", "It is a folder of yours."]
    assert buttons(desk.dialog) == ["Close"]
    press_button(desk.dialog, "Close")
    assert desk.ended == ["kept"]
