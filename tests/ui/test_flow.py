"""A row that goes on in the next line."""

from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.widgets.flow import Flow


def row(qtbot: QtBot, width: int, *texts: str) -> tuple[QWidget, list[QPushButton]]:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = Flow(8, holder)
    made = [QPushButton(text) for text in texts]
    for one in made:
        flow.addWidget(one)
    holder.resize(width, flow.heightForWidth(width))
    holder.show()
    flow.activate()
    return holder, made


def test_where_there_is_room_all_stand_in_one_line(qtbot: QtBot) -> None:
    _, made = row(qtbot, 900, "Start", "Show the log", "Details")
    assert len({one.y() for one in made}) == 1
    assert [one.x() for one in made] == sorted(one.x() for one in made)


def test_where_there_is_none_the_next_line_begins(qtbot: QtBot) -> None:
    holder, made = row(qtbot, 150, "Start with less context", "Show the log", "Details")
    assert made[1].y() >= made[0].geometry().bottom()
    assert all(one.geometry().right() <= holder.width() for one in made)
    assert made[-1].geometry().bottom() <= holder.height()


def test_what_is_hidden_takes_no_room(qtbot: QtBot) -> None:
    holder, made = row(qtbot, 900, "Start", "Show the log", "Details")
    made[0].hide()
    layout = holder.layout()
    assert layout is not None
    layout.activate()
    assert made[1].x() == 0
    for one in made[1:]:
        one.hide()
    assert layout.heightForWidth(900) == 0


def test_a_lower_item_is_centred_in_its_line(qtbot: QtBot) -> None:
    holder, made = row(qtbot, 900, "Start", "Details")
    made[0].setFixedHeight(made[1].sizeHint().height() + 20)
    layout = holder.layout()
    assert layout is not None
    layout.activate()
    assert abs(made[0].geometry().center().y() - made[1].geometry().center().y()) <= 1
