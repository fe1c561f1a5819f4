"""Small building blocks that everything is made of."""

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.ui.widgets.basics import ElidedLabel, tip


@pytest.mark.parametrize("text", ['<img src="/etc/hostname">', "<b>bold</b> & more", "plain"])
def test_a_tooltip_shows_what_somebody_wrote_and_loads_nothing(qtbot: QtBot, text: str) -> None:
    from PySide6.QtGui import QTextDocument

    document = QTextDocument()
    document.setHtml(tip(text))
    assert document.toPlainText() == text
    label = ElidedLabel(text)
    qtbot.addWidget(label)
    assert "<img" not in label.toolTip()


def test_no_text_has_no_tooltip() -> None:
    assert tip("") == ""
