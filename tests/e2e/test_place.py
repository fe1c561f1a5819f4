"""A data folder that cannot be used, through a real window: who clicked an icon is asked what to do, and can go on."""

import tempfile
from pathlib import Path

import pytest

from desktop_app.paths import Paths
from desktop_app.services import session
from desktop_app.store.settings import peek
from tests.e2e.desktop import Desktop, Window

pytestmark = pytest.mark.display

_END_SECONDS = 120
"""For a program that is to end, on a machine that several share."""


@pytest.fixture
def unusable(data: Path) -> Path:
    """A data folder that nobody can make, root neither."""
    (data / "file").touch()
    return data / "file" / "data"


def temporary(desktop: Desktop, folder: Path) -> list[Path]:
    """The folders that stand in for *folder*."""
    places = {desktop.environment["XDG_RUNTIME_DIR"], tempfile.gettempdir()}
    return [found for place in places for found in Path(place).glob(f"{session._prefix(Paths(folder))}*")]


def test_it_starts_without_saving_says_so_all_the_time_and_leaves_nothing(desktop: Desktop, unusable: Path) -> None:
    window = desktop.open(unusable)
    window.find(role="dialog", name="Nothing can be saved just now", has="Not a directory")
    window.find(name="Start without saving", state="focused")
    window.key("Return")
    window.gone(name="Start without saving")
    window.take_keyboard()
    window.find(name="Nothing is kept", has=f"{unusable} may not be written to.")
    (folder,) = temporary(desktop, unusable)

    window.press(name="Skip for now")
    window.key("ctrl+plus")
    window.wait(lambda: peek(Paths(folder).database).text_scale > 1, "larger words, noted")
    for page in ("ctrl+2", "ctrl+5", "ctrl+1"):
        window.key(page)
        window.find(name="Nothing is kept")

    again = desktop.start(unusable)
    assert again.wait(_END_SECONDS) == 0, "the window that there is comes in front"
    assert end(desktop, window, "ctrl+q") == (0, [])
    assert temporary(desktop, unusable) == []


def test_another_folder_can_be_chosen_with_the_keyboard(desktop: Desktop, unusable: Path, data: Path) -> None:
    (data / "stick").mkdir()
    window = desktop.open(unusable)
    window.find(name="Start without saving", state="focused")
    window.key("Tab", "space")
    window.take_keyboard("Choose a folder to keep everything in")
    window.type(str(data / "stick"))
    window.press(name="Choose")
    window.gone(name="Choose")
    window.take_keyboard()
    window.find(name="Kept in another folder", has=f"--data-dir {data / 'stick'}")
    window.press(name="Dismiss")
    window.gone(name="Kept in another folder")
    assert end(desktop, window, "ctrl+q") == (0, [])
    assert Paths(data / "stick").database.exists()


def test_closing_it_ends_the_program_with_the_sentence_for_a_terminal(desktop: Desktop, unusable: Path) -> None:
    window = desktop.open(unusable)
    window.find(name="Start without saving", state="focused")
    code, printed = end(desktop, window, "Escape")
    assert code == 1
    assert printed[0].startswith("The data folder cannot be used.")


def end(desktop: Desktop, window: Window, key: str) -> tuple[int, list[str]]:
    """Press *key* and wait for the end of the program: its exit code and what it complained of."""
    window.key(key)
    return window.process.wait(_END_SECONDS), desktop.printed(window.pid)
