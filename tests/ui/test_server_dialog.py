"""Connecting to a server elsewhere: what is asked, what is said, and that the key stays hidden."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QListWidget, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.services.servers import ServersState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.server_dialog import ServerDialog
from desktop_app.ui.widgets.setting_parts import Switch
from tests.ui.hands import buttons, child, click, press, press_button, words, write

OPEN = "Not encrypted: everybody on the way can read it."


class Desk:
    """The dialog on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.dialog = ServerDialog(theme, lambda address, _key: OPEN if address.startswith("http:") else "")
        self.asked: list[tuple[object, ...]] = []
        self.dialog.check_asked.connect(lambda *said: self.asked.append(said))
        self.dialog.connect_asked.connect(lambda *said: self.asked.append(said))
        qtbot.addWidget(self.dialog)
        self.dialog.open()

    @property
    def address(self) -> QLineEdit:
        return child(self.dialog, QLineEdit, "Address of the server")

    @property
    def key(self) -> QLineEdit:
        return child(self.dialog, QLineEdit, "Key")


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_it_asks_the_server_then_offers_its_models(desk: Desk) -> None:
    assert not child(desk.dialog, QPushButton, "Check").isEnabled()
    write(desk.address, " https://example.org/v1 ")
    write(desk.key, "secret")
    press_button(desk.dialog, "Check")
    assert desk.asked == [("https://example.org/v1", "secret")]
    desk.dialog.show_state(ServersState(checking="https://example.org/v1"))
    assert "Asking the server…" in words(desk.dialog)
    desk.dialog.show_models(("small", "large"))
    assert "Asking the server…" not in words(desk.dialog)
    models = child(desk.dialog, QListWidget)
    press(models, Qt.Key.Key_Down)
    press_button(desk.dialog, "Connect")
    assert desk.asked[1:] == [("https://example.org/v1", "secret", "large", True)]


def test_the_key_is_hidden_until_somebody_wants_to_see_it(desk: Desk) -> None:
    assert desk.key.echoMode() is QLineEdit.EchoMode.Password
    press_button(desk.dialog, "Show the key")
    assert desk.key.echoMode() is QLineEdit.EchoMode.Normal
    press_button(desk.dialog, "Hide the key")
    assert desk.key.echoMode() is QLineEdit.EchoMode.Password


def test_enter_asks_and_does_nothing_without_an_address(desk: Desk) -> None:
    press(desk.address, Qt.Key.Key_Return)
    assert desk.asked == []
    write(desk.address, "localhost:8000")
    press(desk.address, Qt.Key.Key_Return)
    assert desk.asked == [("localhost:8000", "")]


def test_an_open_connection_is_told_while_the_address_is_written(desk: Desk) -> None:
    write(desk.address, "http://example.org")
    assert OPEN in words(desk.dialog)
    desk.address.selectAll()
    write(desk.address, "https://example.org")
    assert OPEN not in words(desk.dialog)


def test_a_failure_stands_in_the_dialog_and_goes_with_the_next_word(desk: Desk) -> None:
    write(desk.address, "https://example.org")
    error = UserError("The server does not answer.", "Nobody listens.", Remedy.RETRY)
    desk.dialog.show_state(ServersState(error=error))
    assert {"The server does not answer.", "Nobody listens."} <= set(words(desk.dialog))
    press_button(desk.dialog, "Try again")
    assert desk.asked == [("https://example.org", "")]
    write(desk.address, "/v1")
    assert "The server does not answer." not in words(desk.dialog)


def test_another_address_offers_other_models(desk: Desk) -> None:
    write(desk.address, "https://example.org")
    desk.dialog.show_models(("small",))
    write(desk.address, "/v1")
    assert "Connect" not in buttons(desk.dialog)
    assert not child(desk.dialog, QListWidget).isVisible()
    desk.dialog.show_models(())
    assert "The server answers, and offers no model." in words(desk.dialog)
    assert "Connect" not in buttons(desk.dialog)


def test_it_says_where_what_is_written_goes(desk: Desk) -> None:
    assert any("is sent to its server" in one for one in words(desk.dialog))


def test_whether_the_key_is_kept_is_asked_once_there_is_one(desk: Desk) -> None:
    keep = child(desk.dialog, Switch, "Keep the key")
    assert not keep.isVisible()
    write(desk.address, "https://example.org")
    write(desk.key, "secret")
    assert keep.isVisible()
    click(keep)
    desk.dialog.show_models(("small",))
    press_button(desk.dialog, "Connect")
    assert desk.asked == [("https://example.org", "secret", "small", False)]
