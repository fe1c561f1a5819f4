"""What can be seen beside and below words: lines of quotations, rules, surfaces of code."""

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from desktop_app.markdown.parser import make_parser
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.looks import Looks, looks_of
from desktop_app.ui.widgets.prose import ProseView

BLOCKS = (
    "words",
    "- item",
    "> more",
    "```\ncode\n```",
    "| a |\n|---|\n| b |",
    "# Title",
    "1. one\n\n   ```\n   x\n   ```",
)


def drawn(qtbot: QtBot, looks: Looks, text: str) -> QImage:
    view = ProseView(looks)
    qtbot.addWidget(view)
    view.setStyleSheet(f"background: {looks.background.name()}")
    view.show_blocks(make_parser().parse(text, {}), 0)
    view.resize(500, view.height_for(500))
    return view.grab().toImage()


def rows_with(image: QImage, colour: QColor, x: int) -> list[int]:
    return [y for y in range(image.height()) if image.pixelColor(x, y) == colour]


@pytest.mark.parametrize("inner", BLOCKS)
def test_the_line_beside_a_quotation_has_no_gap(qtbot: QtBot, theme: Theme, inner: str) -> None:
    looks = looks_of(theme)
    quoted = "\n".join(f"> {line}" for line in f"Above.\n\n{inner}\n\nBelow.".split("\n"))
    rows = rows_with(drawn(qtbot, looks, quoted), looks.line, 1)
    assert len(rows) > 60
    assert rows == list(range(rows[0], rows[-1] + 1))


@pytest.mark.parametrize("above", BLOCKS)
def test_a_rule_has_room_and_the_width_of_the_text(qtbot: QtBot, theme: Theme, above: str) -> None:
    looks = looks_of(theme)
    image = drawn(qtbot, looks, f"{above}\n\n---")
    rows = rows_with(image, looks.line, 490)
    assert image.height() - rows[-1] > 10
    assert {image.pixelColor(x, rows[-1]).name() for x in range(2, 498)} == {looks.line.name()}


def test_code_within_a_list_lies_on_its_surface(qtbot: QtBot, theme: Theme) -> None:
    looks = looks_of(theme)
    assert rows_with(drawn(qtbot, looks, "- a\n\n  ```\n  x = 1\n  ```"), looks.code_background, 480)


@pytest.mark.parametrize("start", [1, 98])
def test_numbers_of_a_list_are_not_cut_at_any_size(qtbot: QtBot, theme: Theme, start: int) -> None:
    theme.set_text_scale(2)
    try:
        looks = looks_of(theme)
        image = drawn(qtbot, looks, "\n".join(f"{start + n}. item" for n in range(3)))
    finally:
        theme.set_text_scale(1)
    assert not [y for y in range(image.height()) if image.pixelColor(0, y) != looks.background]
