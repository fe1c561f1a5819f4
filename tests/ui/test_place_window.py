"""The small window that opens where nothing can be saved, and what comes of its buttons."""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from desktop_app import bootstrap
from desktop_app.domain.errors import UserError
from desktop_app.instance import FolderError
from desktop_app.paths import Paths
from desktop_app.services.session import Session
from desktop_app.ui.place_window import PlaceWindow
from desktop_app.ui.theme import Theme
from tests.conftest import reach
from tests.ui.hands import buttons, child, press, press_button, words

PROBLEM = FolderError(Path("/data"), OSError(errno.EROFS, os.strerror(errno.EROFS), "/data/lock"))
START, CHOOSE, CLOSE = "Start without saving", "Choose another folder…", "Close"


@pytest.fixture
def window(qtbot: QtBot, theme: Theme) -> Iterator[PlaceWindow]:
    made = PlaceWindow(theme, PROBLEM)
    qtbot.addWidget(made)
    made.show()
    yield made
    theme.set_text_scale(1.0)


def test_it_says_why_in_words_and_offers_three_things(window: PlaceWindow) -> None:
    shown = words(window)
    assert {"/data may not be written to.", "The system says: Read-only file system: /data/lock"} <= set(shown)
    assert "vllm-desktop --data-dir FOLDER" in shown
    assert buttons(window) == [START, CHOOSE, CLOSE]
    assert window.accessibleName() == "Nothing can be saved just now"
    assert "Read-only file system" in window.accessibleDescription()


def test_return_starts_and_escape_closes(window: PlaceWindow, qtbot: QtBot) -> None:
    assert window.focusWidget() is child(window, QPushButton, START)
    with qtbot.waitSignal(window.unsaved_asked):
        press(window.focusWidget(), Qt.Key.Key_Return)
    press(window, Qt.Key.Key_Escape)
    assert window.isVisible(), "what was asked for is being done"
    window.show_error(UserError("That did not work.", "There is no room."))
    assert "That did not work. There is no room." in words(window)
    with qtbot.waitSignal(window.rejected):
        press(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_tab_goes_through_the_buttons(window: PlaceWindow) -> None:
    names = []
    for _ in range(4):
        names.append(window.focusWidget().accessibleName())
        press(window.focusWidget(), Qt.Key.Key_Tab)
    assert names == [START, CHOOSE, CLOSE, START]


def test_a_folder_is_chosen_without_holding_up_anything(window: PlaceWindow, qtbot: QtBot, tmp_path: Path) -> None:
    press_button(window, CHOOSE)
    dialog = child(window, QFileDialog)
    assert dialog.fileMode() is QFileDialog.FileMode.Directory
    with qtbot.waitSignal(window.folder_chosen) as chosen:
        dialog.fileSelected.emit(str(tmp_path))
    assert chosen.args == [tmp_path]
    assert not child(window, QPushButton, START).isEnabled()


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.5, 2.0])
def test_it_fits_the_screen_however_large_words_are(qtbot: QtBot, theme: Theme, scale: float) -> None:
    theme.set_text_scale(scale)
    folder = Path("/", *["a-rather-long-name"] * 12)
    made = PlaceWindow(theme, FolderError(folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))))
    qtbot.addWidget(made)
    made.show_error(UserError("That did not work.", f"{folder}: No space left on device."))
    made.show()
    room = made.screen().availableSize()
    assert made.width() <= room.width()
    assert made.height() <= room.height()
    for one in made.findChildren(QPushButton):
        assert one.width() >= one.sizeHint().width()
        assert made.rect().contains(one.geometry())
    theme.set_text_scale(1.0)


Hands = Callable[[PlaceWindow], Awaitable[None]]


def choose_place(app: QApplication, problem: FolderError, hands: Hands) -> Session:
    """What `bootstrap` gets while *hands* work the small window."""
    app.setQuitOnLastWindowClosed(False)

    async def story() -> Session:
        asking = asyncio.create_task(bootstrap._choose_place(app, problem, None))
        await reach(lambda: opened(app), "the small window")
        await hands(opened(app)[0])
        return await asking

    with asyncio.Runner(loop_factory=lambda: QEventLoop(app)) as runner:
        return runner.run(story())


def opened(app: QApplication) -> list[PlaceWindow]:
    return [one for one in app.topLevelWidgets() if isinstance(one, PlaceWindow) and one.isVisible()]


@pytest.fixture
def problem(tmp_path: Path) -> FolderError:
    (tmp_path / "file").touch()
    return FolderError(tmp_path / "file" / "data", OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))


def test_starting_without_saving_gives_a_temporary_folder(qapp: QApplication, problem: FolderError) -> None:
    async def hands(window: PlaceWindow) -> None:
        press_button(window, START)

    held = choose_place(qapp, problem, hands)
    assert held.paths.root.is_dir()
    assert not held.kept
    held.end()
    assert not held.paths.root.exists()


def test_a_folder_that_is_no_better_is_told_and_another_one_can_be_chosen(
    qapp: QApplication, problem: FolderError, tmp_path: Path
) -> None:
    async def hands(window: PlaceWindow) -> None:
        window.folder_chosen.emit(tmp_path / "file")
        await reach(lambda: any("cannot be used" in one for one in words(window)), "the refusal")
        (tmp_path / "stick").mkdir()
        window.folder_chosen.emit(tmp_path / "stick")

    held = choose_place(qapp, problem, hands)
    assert (held.paths, held.kept) == (Paths(tmp_path / "stick"), True)
    held.end()


def test_closing_it_ends_the_program_with_the_sentence(qapp: QApplication, problem: FolderError) -> None:
    async def hands(window: PlaceWindow) -> None:
        press_button(window, CLOSE)

    with pytest.raises(FolderError) as told:
        choose_place(qapp, problem, hands)
    assert told.value is problem
