"""Selecting across paragraphs, code and messages, with the mouse and the keyboard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QMouseEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.answer_body import AnswerBody
from desktop_app.ui.widgets.code_block import CodeBlock
from desktop_app.ui.widgets.looks import looks_of
from desktop_app.ui.widgets.selection import Selection
from desktop_app.ui.widgets.text_view import TextView

LEFT = Qt.MouseButton.LeftButton
_NO_KEYS = Qt.KeyboardModifier.NoModifier
ANSWER = "# Title\n\nSome **bold** words.\n\n```python\nx = 1\ny = 2\n```\n\n- one\n- two\n"


@dataclass(eq=False)
class Told:
    """A message of a transcript."""

    key: int
    text: str
    shown: list[QWidget] = field(default_factory=list)

    def parts(self) -> Sequence[QWidget]:
        return self.shown

    def markdown(self) -> str:
        return self.text


class Page(QScrollArea):
    """A question, an answer, a message without widgets, and another answer."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        column = QWidget()
        self.rows = QVBoxLayout(column)
        self.setWidget(column)
        self.setWidgetResizable(True)
        self.messages = [Told(1, "A question"), Told(2, ANSWER), Told(3, "out of *sight*"), Told(4, "The `end`")]
        self.selection = Selection(self, lambda: self.messages)
        question = TextView()
        QTextCursor(question.document()).insertText("A question")
        question.setFixedHeight(question.height_for(400))
        self.rows.addWidget(question)
        self.messages[0].shown = [question]
        self.bodies = [self.answer(theme, message) for message in (self.messages[1], self.messages[3])]
        for message in self.messages:
            for part in message.shown:
                self.selection.watch(part)
        self.resize(460, 700)
        self.show()

    def answer(self, theme: Theme, message: Told) -> AnswerBody:
        body = AnswerBody(looks_of(theme))
        body.feed(message.text, final=True)
        body.setFixedHeight(body.arrange(400))
        self.rows.addWidget(body)
        message.shown = list(body.views)
        return body


@pytest.fixture
def page(qtbot: QtBot, theme: Theme) -> Iterator[Page]:
    made = Page(theme)
    qtbot.addWidget(made)
    qtbot.waitExposed(made)
    yield made
    QGuiApplication.clipboard().clear()


def edit(part: QWidget) -> TextView:
    return part.lines if isinstance(part, CodeBlock) else part  # type: ignore[return-value]


def place(part: QWidget, position: int) -> QPoint:
    """Where a letter of *part* is, in its viewport."""
    cursor = QTextCursor(edit(part).document())
    cursor.setPosition(position)
    return edit(part).cursorRect(cursor).center()


def mouse(kind: QEvent.Type, part: QWidget, where: QPoint, keys: Qt.KeyboardModifier = _NO_KEYS) -> None:
    """One event; QTest would complain that nobody wants a release over plain text."""
    viewport = edit(part).viewport()
    held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else LEFT
    button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else LEFT
    event = QMouseEvent(kind, QPointF(where), QPointF(viewport.mapToGlobal(where)), button, held, keys)
    QApplication.sendEvent(viewport, event)


def click(part: QWidget, position: int, keys: Qt.KeyboardModifier = _NO_KEYS) -> None:
    mouse(QEvent.Type.MouseButtonPress, part, place(part, position), keys)
    mouse(QEvent.Type.MouseButtonRelease, part, place(part, position), keys)


def drag(begin: QWidget, start: int, end: QWidget, stop: int) -> None:
    target = edit(begin).viewport().mapFromGlobal(edit(end).viewport().mapToGlobal(place(end, stop)))
    mouse(QEvent.Type.MouseButtonPress, begin, place(begin, start))
    mouse(QEvent.Type.MouseMove, begin, (place(begin, start) + target) / 2)
    mouse(QEvent.Type.MouseMove, begin, target)
    mouse(QEvent.Type.MouseButtonRelease, begin, target)


def selected(part: QWidget) -> str:
    return edit(part).textCursor().selectedText()


def test_a_drag_within_one_part_gives_its_markdown(page: Page) -> None:
    prose = page.messages[1].shown[0]
    words = edit(prose).document().toPlainText()
    drag(prose, words.index("bold"), prose, words.index("words"))
    assert page.selection.markdown() == "**bold** "
    assert selected(prose) == "bold "


def test_a_drag_over_messages_selects_everything_between(page: Page) -> None:
    question, (prose, code, items) = page.messages[0].shown[0], page.messages[1].shown
    drag(question, 2, items, 3)
    assert [selected(part) for part in (question, prose, code, items)] == [
        "question",
        "Title\u2029Some bold words.",
        "x = 1\u2029y = 2",
        "one",
    ]
    assert (
        page.selection.markdown()
        == "question\n\n# Title\n\nSome **bold** words.\n\n```python\nx = 1\ny = 2\n```\n\n- one"
    )


def test_upwards_is_the_same(page: Page) -> None:
    question, items = page.messages[0].shown[0], page.messages[1].shown[2]
    drag(question, 2, items, 3)
    down = page.selection.markdown()
    drag(items, 3, question, 2)
    assert page.selection.markdown() == down


def test_a_message_without_widgets_counts_whole_and_whole_ones_are_what_was_written(page: Page) -> None:
    question, last = page.messages[0].shown[0], page.messages[3].shown[0]
    drag(question, 0, last, 3)
    assert page.selection.markdown() == f"A question\n\n{ANSWER.strip()}\n\nout of *sight*\n\nThe"


def test_shift_and_a_click_go_on_from_where_it_began(page: Page) -> None:
    question, prose = page.messages[0].shown[0], page.messages[1].shown[0]
    click(question, 2)
    assert not page.selection.has_selection
    click(prose, 5, Qt.KeyboardModifier.ShiftModifier)
    assert page.selection.markdown() == "question\n\n# Title"


def test_a_double_click_takes_a_word(qtbot: QtBot, page: Page) -> None:
    prose = page.messages[1].shown[0]
    within = edit(prose).document().toPlainText().index("bold") + 1
    click(prose, within)
    mouse(QEvent.Type.MouseButtonDblClick, prose, place(prose, within))
    mouse(QEvent.Type.MouseButtonRelease, prose, place(prose, within))
    qtbot.waitUntil(lambda: page.selection.has_selection)
    assert page.selection.markdown() == "**bold**"


def test_a_click_clears_what_was_selected(page: Page) -> None:
    question, prose = page.messages[0].shown[0], page.messages[1].shown[0]
    drag(question, 0, prose, 5)
    click(prose, 1)
    assert not page.selection.has_selection
    assert selected(question) == selected(prose) == ""


def test_the_keyboard_selects_all_and_copies(page: Page) -> None:
    QTest.keyClick(page, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(page, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    assert copied == "\n\n".join(message.text.strip() for message in page.messages)


def test_code_alone_is_copied_as_code(page: Page) -> None:
    code = page.messages[1].shown[1]
    drag(code, 0, code, 11)
    assert page.selection.markdown() == "x = 1\ny = 2"


def test_plain_text_has_no_signs_of_markdown(page: Page) -> None:
    page.selection.select_all()
    assert "**" not in page.selection.plain_text().replace("out of *sight*", "")
    assert "Some bold words." in page.selection.plain_text()


def test_it_outlives_the_widgets(qtbot: QtBot, theme: Theme, page: Page) -> None:
    question, items = page.messages[0].shown[0], page.messages[1].shown[2]
    drag(question, 2, items, 3)
    before = page.selection.markdown()
    page.messages[1].shown = []
    page.bodies[0].deleteLater()
    page.bodies[0] = page.answer(theme, page.messages[1])
    for part in page.messages[1].shown:
        page.selection.watch(part)
    qtbot.waitUntil(lambda: selected(page.messages[1].shown[2]) == "one")
    assert page.selection.markdown() == before
    assert page.selection.holds(2)
    assert not page.selection.holds(4)


def test_the_menu_copies_both_ways(page: Page) -> None:
    prose = page.messages[1].shown[0]
    page.selection.select_all()
    viewport = edit(prose).viewport()
    where = place(prose, 1)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, viewport.mapToGlobal(where))
    QApplication.sendEvent(viewport, event)
    (menu,) = page.findChildren(QMenu)
    assert [action.text() for action in menu.actions()] == ["Copy", "Copy as plain text", "", "Select all"]
    menu.actions()[1].trigger()
    assert "Some bold words." in QGuiApplication.clipboard().text()
    menu.close()
