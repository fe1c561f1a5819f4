"""What is written in a temporary chat and not sent: never on the disk, and nowhere but there."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop_app.paths import Paths
from tests.conftest import reach
from tests.ui.desk import Desk, play, with_engine
from tests.ui.hands import write

SECRET = "Between us only"


@pytest.fixture
def data(tmp_path: Path) -> Paths:
    return with_engine(tmp_path)


def kept(desk: Desk) -> str:
    """Everything of the database as it lies on the disk."""
    files = desk.program.paths.database.parent.glob(f"{desk.program.paths.database.name}*")
    return "".join(file.read_bytes().decode("latin-1") for file in files)


def test_what_is_written_in_a_temporary_chat_stays_there(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        page = desk.window.chat
        page.new_temporary_chat()
        write(desk.field, SECRET)
        page.save_draft()
        page.new_chat()
        await desk.quiet()
        assert desk.field.toPlainText() == ""
        write(desk.field, "For everybody")
        page.new_temporary_chat()
        await desk.quiet()
        assert desk.field.toPlainText() == SECRET
        page.new_chat()
        await desk.quiet()
        assert desk.field.toPlainText() == "For everybody"
        assert desk.program.settings.draft(None) == "For everybody"
        assert SECRET not in kept(desk)

    play(qapp, data, scene)


def test_what_hangs_on_a_temporary_question_stays_there(qapp: QApplication, data: Paths) -> None:
    async def scene(desk: Desk) -> None:
        page, draft = desk.window.chat, desk.program.draft
        page.new_temporary_chat()
        await draft.add_text("secret.txt", SECRET)
        page.new_chat()
        await reach(lambda: not draft.state.value.attachments, "nothing hangs on the new question")
        page.new_temporary_chat()
        await reach(lambda: len(draft.state.value.attachments) == 1, "it hangs where it hung")

    play(qapp, data, scene)
