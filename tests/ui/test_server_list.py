"""Servers elsewhere in the list: what is known of each, and what can be asked."""

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.endpoint.probe import ModelCard
from desktop_app.services.servers import KnownServer, ServersState
from desktop_app.store.servers import Server
from desktop_app.ui.widgets.server_list import ServerList, ServerRow
from tests.ui.hands import buttons, child, press_button, words

OFFICE = Server("Office", "https://models.example.org/v1", "large")
CELLAR = Server("Cellar", "http://far.example.org:8000/v1")
KNOWN = KnownServer(OFFICE, (ModelCard("small"), ModelCard("large"), ModelCard("R&D")), has_key=True)
FRESH = KnownServer(CELLAR, warning="Not encrypted: everybody on the way can read it.")


class Desk:
    """The list on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot) -> None:
        self.list = ServerList()
        self.asked: list[tuple[str, ...]] = []
        self.list.connect_asked.connect(lambda *said: self.asked.append(("connect", *said)))
        self.list.refresh_asked.connect(lambda url: self.asked.append(("refresh", url)))
        self.list.forget_asked.connect(lambda url: self.asked.append(("forget", url)))
        qtbot.addWidget(self.list)
        self.list.resize(700, 400)
        self.list.show()
        self.show(ServersState((KNOWN, FRESH)))

    def show(self, state: ServersState) -> None:
        self.list.show_state(state)
        QApplication.sendPostedEvents()  # Qt shows what joins a visible layout a moment later

    def row(self, server: Server) -> ServerRow:
        return child(self.list, ServerRow, server.name)


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_the_model_that_was_used_last_is_offered_first(desk: Desk) -> None:
    assert f"{OFFICE.url} · 3 models" in words(desk.row(OFFICE))
    press_button(desk.row(OFFICE), "Connect")
    assert desk.asked == [("connect", OFFICE.url, "large")]


def test_another_model_can_be_chosen(desk: Desk) -> None:
    button = child(desk.row(OFFICE), QPushButton, "Choose a model; chosen: large")
    entries = button.menu().actions()
    assert [entry.text() for entry in entries] == ["small", "large", "R&&D"]
    entries[2].trigger()
    assert button.text() == "R&&D  ▾"
    desk.show(ServersState((KNOWN, FRESH), checking=CELLAR.url))
    press_button(desk.row(OFFICE), "Connect")
    assert desk.asked == [("connect", OFFICE.url, "R&D")]


def test_one_that_was_not_asked_yet_is_asked_and_its_warning_stands_there(desk: Desk) -> None:
    row = desk.row(CELLAR)
    assert FRESH.warning in words(row)
    assert buttons(row) == ["Ask for its models", "Forget"]
    press_button(row, "Ask for its models")
    press_button(row, "Forget")
    assert desk.asked == [("refresh", CELLAR.url), ("forget", CELLAR.url)]


def test_while_one_is_asked_it_says_so(desk: Desk) -> None:
    desk.show(ServersState((KNOWN, FRESH), checking=CELLAR.url))
    assert f"{CELLAR.url} · asking…" in words(desk.row(CELLAR))
    assert not child(desk.row(CELLAR), QPushButton, "Ask for its models").isEnabled()


def test_without_servers_there_is_no_empty_frame(desk: Desk) -> None:
    desk.show(ServersState())
    assert not desk.list.isVisible()
