"""Text that changes often: it needs no new layout."""

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.calm_text import CalmText
from tests.ui.paints import Events


def shown(qtbot: QtBot, width: int = 300) -> tuple[CalmText, QWidget]:
    page = QWidget()
    qtbot.addWidget(page)
    text = CalmText("second")
    column = QVBoxLayout(page)
    column.addWidget(text)
    column.addStretch()
    text.setText("12 % of a core")
    page.resize(width, 200)
    page.show()
    qtbot.waitExposed(page)
    QApplication.sendPostedEvents()
    return text, page


def test_a_figure_changes_without_a_new_layout(qtbot: QtBot, theme: Theme) -> None:
    text, page = shown(qtbot)
    laid_out, painted = Events(page, QEvent.Type.LayoutRequest), Events(text)
    text.setText("34 % of a core")
    qtbot.waitUntil(lambda: painted.count == 1)
    assert laid_out.count == 0
    text.setText("34 % of a core")
    QApplication.sendPostedEvents()
    assert painted.count == 1
    assert text.text() == text.accessibleName() == "34 % of a core"


def test_more_lines_ask_for_room(qtbot: QtBot, theme: Theme) -> None:
    text, page = shown(qtbot, width=150)
    laid_out, before = Events(page, QEvent.Type.LayoutRequest), text.height()
    text.setText("This needs more lines than one, because there are many words in it.")
    qtbot.waitUntil(lambda: laid_out.count > 0 and text.height() >= 3 * before)
    assert text.height() >= text.heightForWidth(text.width())
