"""Code as it grows, and Copy."""

import random

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.code_block import LONGEST_LINE, CodeBlock
from desktop_app.ui.widgets.looks import looks_of
from tests.markdown.corpus import chunks
from tests.ui.hands import click

CODE = "def f():\n    return '''a\n\n  b'''\n\n\nprint(f())"


@pytest.mark.parametrize("seed", range(5))
def test_code_in_pieces_is_shown_like_the_whole(qtbot: QtBot, theme: Theme, seed: int) -> None:
    block = CodeBlock("python", looks_of(theme))
    qtbot.addWidget(block)
    for part in chunks(CODE, random.Random(seed)):
        block.append(part)
    assert block.shown == block.source == CODE


def test_it_grows_with_its_lines(qtbot: QtBot, theme: Theme) -> None:
    one, three = CodeBlock("", looks_of(theme)), CodeBlock("", looks_of(theme))
    qtbot.addWidget(one)
    qtbot.addWidget(three)
    one.append("a")
    three.append("a\nb")
    three.append("\nc")
    assert three.height_for(400) > one.height_for(400)
    one.append("x" * 500)
    scrolling = one.height_for(400)
    assert scrolling > one.height_for(9000)


def test_copy_gives_the_code_without_signs_that_drive_a_terminal(qtbot: QtBot, theme: Theme) -> None:
    block = CodeBlock("bash", looks_of(theme))
    qtbot.addWidget(block)
    block.append("echo a\x1b[2J\n\tb\u202e\n")
    button = next(button for button in block.findChildren(QToolButton) if button.accessibleName() == "Copy code")
    with qtbot.waitSignal(block.copied) as copied:
        click(button)
    assert copied.args == ["echo a[2J\n\tb\n"]
    assert QGuiApplication.clipboard().text() == "echo a[2J\n\tb\n"
    assert button.text() == "Copied"


def test_a_line_of_a_million_letters_is_shown_in_parts_and_copied_whole(qtbot: QtBot, theme: Theme) -> None:
    block = CodeBlock("python", looks_of(theme))
    qtbot.addWidget(block)
    block.append("x" * 1_000_000)
    assert max(len(line) for line in block.shown.split("\n")) == LONGEST_LINE
    assert len(block.source) == 1_000_000


def test_its_head_has_room_for_large_words(qtbot: QtBot, theme: Theme) -> None:
    block = CodeBlock("python", looks_of(theme))
    qtbot.addWidget(block)
    block.append("x")
    usual = block.height_for(400)
    button = block.findChild(QToolButton)
    assert isinstance(button, QToolButton)
    button.setStyleSheet("font-size: 30pt")
    block.show()
    block.resize(400, block.height_for(400))
    assert block.height() > usual
    assert button.height() >= button.sizeHint().height()
    click(button)
    assert button.width() >= button.sizeHint().width()
