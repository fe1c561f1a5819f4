"""Conversations by keyboard alone, read through the accessibility tree. No engine is needed for that."""

import asyncio
from pathlib import Path

import pytest

from desktop_app.domain.chat import Message, Role
from desktop_app.paths import Paths
from desktop_app.store.conversations import CHAIN, ConversationStore
from desktop_app.store.database import Database
from tests.e2e.desktop import Desktop, Window
from tests.e2e.steps import answer_file_dialog

pytestmark = [pytest.mark.display]

_TITLES = ("About rivers", "About mountains")


async def _write_down(data: Path) -> None:
    paths = Paths(data)
    paths.make()
    database = Database(paths.database)
    await database.open()
    store = ConversationStore(database)
    for title in _TITLES:
        answer = Message(0, Role.ASSISTANT, f"This is **{title.lower()}**.", parent=CHAIN)
        await store.create(title, (Message(0, Role.USER, f"{title}?"), answer))
    await database.close()


@pytest.fixture
def window(desktop: Desktop, data: Path) -> Window:
    """An open window with two conversations and no engine."""
    asyncio.run(_write_down(data))
    opened = desktop.open(data)
    opened.press(name="Skip for now")
    opened.find(role="list item", name=_TITLES[0])
    return opened


def test_choose_rename_delete_and_bring_back(window: Window) -> None:
    window.focus(name="Conversations")
    window.key("Down")
    window.find(has="This is about mountains.")
    window.key("Down")
    window.find(has="This is about rivers.")

    # Qt does not show the field of a list's row in the tree; it has the keyboard as soon as it is there.
    window.key("F2", "ctrl+a")
    window.type("About lakes")
    window.key("Return")
    window.find(role="list item", name="About lakes")

    window.key("Delete")
    window.gone(role="list item", name="About lakes")
    window.press(name="Undo")
    window.find(role="list item", name="About lakes")
    window.find(has="This is about rivers.")
    assert window.close() == 0


def test_new_chat_search_pages_and_lines(window: Window) -> None:
    window.focus(name="Conversations")
    window.key("Down")
    window.find(has="This is about mountains.")
    window.key("ctrl+n")
    window.gone(has="This is about mountains.")
    window.find(name="Message", state="focused")
    window.type("one")
    window.key("shift+Return")
    window.type("two")
    window.find(name="Message", has="one\ntwo")

    window.key("ctrl+k")
    window.find(name="Search chats", state="focused")
    window.type("rivers")
    window.gone(role="list item", name="About mountains")
    window.find(role="list item", has="About rivers, This is")

    window.key("ctrl+4")
    window.find(role="image", name="Processor")
    window.key("ctrl+5")
    window.find(name="Add an engine")
    window.key("ctrl+6")
    window.find(has="What the engine prints")
    window.key("ctrl+shift+comma")
    window.find(name="Size of text")
    window.key("Escape")
    window.find(name="Message", has="one\ntwo", state="focused")
    assert window.close() == 0


def test_a_failure_is_read_out(window: Window, desktop: Desktop, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    desktop.robot.listen(on=True)
    window.key("ctrl+shift+a")
    answer_file_dialog(window, "Attach files", empty)
    window.find(has="It has no text in it.")
    heard: list[str] = []

    def said() -> bool:
        heard.extend(desktop.robot.heard())
        return bool(heard)

    window.wait(said, "the words")
    desktop.robot.listen(on=False)
    assert heard == ["“empty.txt” could not be read. It has no text in it."]
    assert window.close() == 0


def test_closed_from_outside_it_ends_in_order(window: Window) -> None:
    window.process.terminate()
    assert window.process.wait(120) == 0
