"""The order of the Tab key: who stands beside whom, and that asking takes nothing away from anybody."""

from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.focus_chain import others, put_in_order
from desktop_app.ui.widgets.transcript_focus import stop_outside


class Desk:
    """A part that goes away, and beside it one that stays and whose layout is written in Python."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.going = QWidget(self.window)
        self.inside = QLineEdit(self.going)
        self.staying = QWidget(self.window)
        self.buttons = [QPushButton(name) for name in ("One", "Two")]
        self.row = Flow()
        for button in self.buttons:
            self.row.addWidget(button)
        QVBoxLayout(self.staying).addLayout(self.row)
        self.window.show()

    def end(self) -> None:
        self.going.deleteLater()
        QCoreApplication.sendPostedEvents(self.going, QEvent.Type.DeferredDelete)
        assert not shiboken6.isValid(self.going)


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_everybody_else_is_named_once_in_order(desk: Desk) -> None:
    forward = list(others(desk.going))
    assert forward == [desk.inside, desk.staying, *desk.buttons, desk.window]
    assert list(others(desk.going, forward=False)) == forward[::-1]


def test_who_was_asked_may_go_and_the_others_stay_whole(desk: Desk) -> None:
    wanted = desk.row.sizeHint()
    for forward in (True, False):
        list(others(desk.going, forward=forward))
        stop_outside(desk.going, forward=forward)
    put_in_order(desk.going, [desk.inside])
    desk.end()
    assert desk.row.sizeHint() == wanted
    assert shiboken6.isValid(desk.window)


def test_nobody_asks_qt_directly() -> None:
    code = (Path(__file__).parents[2] / "desktop_app").rglob("*.py")
    assert [file.name for file in code if "InFocusChain()" in file.read_text("utf-8")] == ["focus_chain.py"]
