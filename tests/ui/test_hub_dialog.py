"""Where models come from: the address, Offline mode and the token, with the real service behind them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from desktop_app.services.hub_access import HubAccess
from desktop_app.services.models_view import HubState
from desktop_app.services.tasks import Tasks
from desktop_app.store.database import Database
from desktop_app.store.settings import Settings
from desktop_app.store.tokens import Tokens
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.hub_dialog import HubDialog
from desktop_app.ui.widgets.setting_parts import Switch
from tests.conftest import reach
from tests.ui.hands import buttons, child, press, press_button, words, write

ONLINE = "The Hub is asked when you search, look closer or download; never otherwise."
MIRROR = "https://mirror.example.org"
SECRET = "hf_abcdef123456"


class Desk:
    """The dialog on the screen, and the service behind it."""

    def __init__(self, dialog: HubDialog, access: HubAccess) -> None:
        self.dialog = dialog
        self.access = access
        self.endpoint = child(dialog, QLineEdit, "Address of the Hub")
        self.token = child(dialog, QLineEdit, "Token")
        self.offline = child(dialog, Switch, "Offline mode")

    @property
    def state(self) -> HubState:
        return self.access.state.value

    @property
    def said(self) -> str:
        return " | ".join(words(self.dialog)).replace("\u200b", "")

    async def type_endpoint(self, text: str) -> None:
        self.endpoint.clear()
        write(self.endpoint, text)
        press(self.endpoint, Qt.Key.Key_Return)


Scene = Callable[[Desk], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture
def play(qtbot: QtBot, theme: Theme, qapp: QApplication, tmp_path: Path) -> Play:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # that of whoever runs the tests is not asked

    async def run(scene: Scene, environ: dict[str, str]) -> None:
        database = Database(tmp_path / "store.db")
        await database.open()
        failures: list[BaseException] = []
        tasks = Tasks(lambda _name, error: failures.append(error))
        access = HubAccess(Settings(database), Tokens(tmp_path / "hub-token"), environ)
        try:
            access.load()
            dialog = HubDialog(theme, Bridge(tasks), access)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
            qtbot.addWidget(dialog)
            dialog.open()
            await scene(Desk(dialog, access))
            assert failures == []
        finally:
            await tasks.shutdown()
            await database.close()

    def started(scene: Scene, **environ: str) -> None:
        qapp.setQuitOnLastWindowClosed(False)  # as the program does
        with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:
            runner.run(run(scene, environ))

    return started


def test_how_it_is_before_anybody_chose(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        assert desk.endpoint.text() == "https://huggingface.co"
        assert "The usual one." in desk.said
        assert ONLINE in desk.said
        assert set(buttons(desk.dialog)) == {"Offline mode", "Done"}
        press_button(desk.dialog, "Done")
        assert desk.dialog.isHidden()

    play(scene)


def test_a_mirror_is_used_and_given_up_again(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.type_endpoint("mirror.example.org/")
        await reach(lambda: desk.state.endpoint == MIRROR, "the mirror")
        assert desk.endpoint.text() == MIRROR
        assert "Chosen here." in desk.said
        assert "Use it" not in buttons(desk.dialog)
        press_button(desk.dialog, "Use the usual one")
        await reach(lambda: desk.endpoint.text() == "https://huggingface.co", "the usual address")

    play(scene)


def test_where_a_mirror_of_the_environment_comes_from_is_said(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        assert desk.endpoint.text() == MIRROR
        assert "From the variable HF_ENDPOINT that the program was started with." in desk.said

    play(scene, HF_ENDPOINT=MIRROR)


def test_what_was_written_stays_beside_what_is_wrong_with_it(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.type_endpoint("http://example.org")
        await reach(lambda: desk.state.error, "the error")
        assert "not safe" in desk.said
        assert desk.endpoint.text() == "http://example.org"
        assert "Use it" in buttons(desk.dialog)
        press_button(desk.dialog, "Dismiss")
        assert "not safe" not in desk.said

    play(scene)


def test_offline_mode_says_what_it_means(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        press_button(desk.dialog, "Offline mode")
        await reach(lambda: desk.state.offline, "offline")
        assert "Nothing is asked of the network. Downloads pause." in desk.said
        press_button(desk.dialog, "Offline mode")
        await reach(lambda: not desk.state.offline, "online")
        assert ONLINE in desk.said

    play(scene)


def test_offline_by_a_variable_cannot_be_switched_off(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        assert desk.offline.isChecked()
        assert not desk.offline.isEnabled()
        assert "started with HF_HUB_OFFLINE" in desk.said

    play(scene, HF_HUB_OFFLINE="1")


def test_a_token_is_kept_hidden_and_forgotten(play: Play, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        desk.dialog.show_token_field()
        write(desk.token, SECRET)
        assert desk.token.echoMode() is QLineEdit.EchoMode.Password
        press_button(desk.dialog, "Show the token")
        assert desk.token.echoMode() is QLineEdit.EchoMode.Normal
        press_button(desk.dialog, "Hide the token")
        press(desk.token, Qt.Key.Key_Return)
        assert desk.token.text() == ""
        await reach(lambda: desk.state.has_token, "the token")
        assert f"A token is kept in {desk.state.token_place}." in desk.said
        assert str(tmp_path / "hub-token") in desk.said
        assert SECRET not in desk.said
        press_button(desk.dialog, "Forget the token")
        await reach(lambda: not desk.state.has_token, "no token")
        assert "The token was forgotten." in desk.said
        assert "Forget the token" not in buttons(desk.dialog)

    play(scene)


def test_what_is_no_token_is_said(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        write(desk.token, "two words")
        press_button(desk.dialog, "Keep the token")
        await reach(lambda: desk.state.error, "the error")
        assert "This is not a token." in desk.said

    play(scene)
