"""The table of graphics cards: what it says, by keyboard and for ears, and that only changed cells are painted."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from desktop_app.domain.machine import NO_CARD, GpuSample, MemoryUser, Throttle
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.card_table import CardTable, CardView
from desktop_app.ui.widgets.card_table_model import CardModel, Column, RowKind, rows_of
from tests.ui import hands
from tests.ui.paints import Events

GB = 1 << 30
OURS = MemoryUser("VLLM::EngineCore", 6 * GB, ours=True)
OTHERS = tuple(MemoryUser(name, GB // 2) for name in ("firefox", "Xorg", "blender", "kwin"))
CARD = GpuSample(
    "NVIDIA GeForce RTX 4090",
    0.34,
    int(7.2 * GB),
    24 * GB,
    temperature=61.0,
    power=210.0,
    power_limit=450.0,
    clock=2520.0,
    top_clock=2745.0,
    users=(OURS, OTHERS[0]),
)
CROWDED = replace(CARD, users=(OURS, *OTHERS))
ASLEEP = GpuSample("NVIDIA GeForce RTX 3060", None, 0, 0, asleep=True)


@pytest.fixture
def table(qtbot: QtBot, theme: Theme) -> CardTable:
    made = CardTable(theme)
    qtbot.addWidget(made)
    made.resize(1100, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def model(table: CardTable) -> CardModel:
    found = table.view.model()
    assert isinstance(found, CardModel)
    return found


def cells(table: CardTable, row: int) -> tuple[str, ...]:
    return model(table).row(row).cells


def fold_row(table: CardTable) -> int:
    return next(row for row in range(model(table).rowCount()) if model(table).row(row).kind is RowKind.FOLD)


def test_a_card_and_the_programs_on_it(table: CardTable) -> None:
    table.show_cards((CARD,), "")
    assert cells(table, 0) == ("RTX 4090", "34 %", "7.2 of 24.0 GB", "61 °C", "210 of 450 W", "2,520 of 2,745 MHz")
    assert cells(table, 1) == ("This program’s engine, VLLM::EngineCore", "", "6.0 GB", "", "", "")
    assert cells(table, 2) == ("firefox", "", "0.5 GB", "", "", "")
    assert model(table).row(0).state == "Nothing holds it back"


def test_no_card_and_no_data_are_sentences(table: CardTable) -> None:
    assert hands.words(table) == [NO_CARD]
    table.show_cards((), "The driver does not answer.")
    assert hands.words(table) == ["The driver does not answer."]
    table.show_cards((CARD,), "")
    assert hands.words(table) == []
    assert table.view.isVisible()


def test_a_sleeping_card_claims_nothing(table: CardTable) -> None:
    table.show_cards((ASLEEP,), "")
    assert cells(table, 0)[1:] == ("asleep", "–", "–", "–", "–")
    assert model(table).row(0).state.startswith("Asleep")
    assert model(table).row(0).share is None


def test_what_holds_a_card_back_is_said_with_a_sign(table: CardTable) -> None:
    table.show_cards((replace(CARD, throttles=frozenset({Throttle.POWER, Throttle.HEAT})),), "")
    row = model(table).row(0)
    assert (row.state, row.warns) == ("At its power limit, too hot", True)


def test_many_programs_are_folded() -> None:
    folded = rows_of((CROWDED, CARD))
    assert [row.kind for row in folded] == [
        RowKind.CARD,
        RowKind.PROGRAM,
        RowKind.PROGRAM,
        RowKind.FOLD,
        RowKind.CARD,
        RowKind.PROGRAM,
        RowKind.PROGRAM,
    ]
    assert folded[3].cells[:3] == ("Show 3 more programs", "", "1.5 GB")
    unfolded = rows_of((CROWDED,), frozenset({0}))
    assert len(unfolded) == 7
    assert unfolded[-1].cells[0] == "Show fewer programs"


def test_programs_are_unfolded_by_key_and_by_mouse(table: CardTable) -> None:
    table.show_cards((CROWDED,), "")
    table.view.setFocus()
    for _ in range(3):
        hands.press(table.view, Qt.Key.Key_Down)
    hands.press(table.view, Qt.Key.Key_Return)
    assert model(table).rowCount() == 7
    assert table.view.currentIndex().row() == fold_row(table) == 6
    hands.press(table.view, Qt.Key.Key_Space)
    assert model(table).rowCount() == 4
    place = table.view.visualRect(model(table).index(3, 0)).center()
    hands.click(table.view.viewport(), place)
    assert model(table).rowCount() == 7


def test_arrow_keys_go_from_cell_to_cell_and_tab_leaves(table: CardTable) -> None:
    table.show_cards((CARD, CARD), "")
    table.view.setFocus()
    assert table.view.currentIndex() == model(table).index(0, 0)
    hands.press(table.view, Qt.Key.Key_Right)
    assert table.view.currentIndex().column() == Column.USE
    assert not table.view.tabKeyNavigation()


def test_the_keyboard_stays_where_it_is_when_programs_come_and_go(table: CardTable) -> None:
    table.show_cards((CARD, CARD), "")
    table.view.setFocus()
    table.view.setCurrentIndex(model(table).index(3, Column.POWER))
    table.show_cards((replace(CARD, users=()), replace(CARD, users=())), "")
    assert table.view.currentIndex() == model(table).index(1, Column.POWER)


def test_it_is_a_table_for_screen_readers(table: CardTable) -> None:
    table.show_cards((replace(CARD, throttles=frozenset({Throttle.HEAT})),), "")
    accessible = QAccessible.queryAccessibleInterface(table.view)
    assert accessible.role() is QAccessible.Role.Table
    assert accessible.text(QAccessible.Text.Name) == "Graphics cards"
    role = int(Qt.ItemDataRole.AccessibleTextRole)
    assert model(table).index(0, Column.CARD).data(role) == "RTX 4090. Too hot"
    assert model(table).index(0, Column.USE).data(role) == "34 %"
    heads = [model(table).headerData(column, Qt.Orientation.Horizontal) for column in Column]
    assert heads == ["Card", "Use", "Memory", "Temperature", "Power", "Clock"]


def test_only_changed_cells_are_told_of(table: CardTable) -> None:
    table.show_cards((CARD, CARD), "")
    changed: list[tuple[int, int]] = []

    def remember(first: QModelIndex) -> None:
        changed.append((first.row(), first.column()))

    model(table).dataChanged.connect(remember)
    table.show_cards((CARD, CARD), "")
    table.show_cards((CARD, replace(CARD, temperature=61.3)), "")
    assert changed == []
    table.show_cards((CARD, replace(CARD, temperature=62.0, used_bytes=8 * GB)), "")
    assert changed == [(3, Column.MEMORY), (3, Column.TEMPERATURE)]


def test_only_changed_cells_are_painted(table: CardTable, qtbot: QtBot) -> None:
    table.show_cards((CARD,) * 8, "")
    view = table.view
    painted = Events(view.viewport())
    qtbot.waitUntil(lambda: painted.count > 0)
    QApplication.sendPostedEvents()
    painted.count = 0
    rects: list[QRect] = []

    class Watching(Events):
        def eventFilter(self, watched: object, event: object) -> bool:
            if isinstance(event, QPaintEvent):
                rects.append(event.rect())
            return False

    Watching(view.viewport())
    table.show_cards((CARD,) * 8, "")
    QApplication.sendPostedEvents()
    assert rects == []
    table.show_cards((*(CARD,) * 7, replace(CARD, busy=0.9)), "")
    qtbot.waitUntil(lambda: bool(rects))
    cell = view.visualRect(model(table).index(21, Column.USE))
    assert rects == [cell]


def test_where_it_is_narrow_figures_go_below_the_names(table: CardTable, qtbot: QtBot) -> None:
    def below() -> list[Column]:
        return list(table.view.below)

    table.show_cards((CARD,), "")
    assert below() == []
    wide = table.view.rowHeight(0)
    table.resize(620, 400)
    assert below() == [Column.POWER, Column.CLOCK]
    assert table.view.rowHeight(0) > wide
    table.resize(260, 400)
    assert below() == list(Column)[1:]
    assert not table.view.horizontalHeader().isVisible()
    painted = Events(table.view.viewport())
    qtbot.waitUntil(lambda: painted.count > 0)
    before = painted.count
    table.show_cards((replace(CARD, power=300.0),), "")
    qtbot.waitUntil(lambda: painted.count > before)


@pytest.mark.parametrize("width", [330, 620, 1100])
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("cards", [(CARD,), (ASLEEP, CROWDED), (CARD,) * 16])
def test_nothing_is_clipped(
    table: CardTable, theme: Theme, width: int, scale: float, cards: tuple[GpuSample, ...]
) -> None:
    theme.set_text_scale(scale)
    try:
        table.show_cards(cards, "")
        table.resize(width, 400)
        view = table.view
        figures = view._layout.figures
        shown = [column for column in Column if column is not Column.CARD and column not in view.below]
        for row in range(model(table).rowCount()):
            for column in shown:
                assert figures.horizontalAdvance(cells(table, row)[column]) <= view.columnWidth(column) - 24
            for figure in (cells(table, row)[below] for below in view.below):
                assert figures.horizontalAdvance(figure) <= view.columnWidth(0) - 24
            assert view.rowHeight(row) == view._layout.height(model(table).row(row))
        assert (
            view.columnViewportPosition(shown[-1] if shown else 0) + view.columnWidth(shown[-1] if shown else 0)
            <= view.width()
        )
        assert view.height() >= sum(view.rowHeight(row) for row in range(model(table).rowCount()))
    finally:
        theme.set_text_scale(1.0)


def test_the_page_scrolls_to_the_cell_of_the_keyboard(qtbot: QtBot, theme: Theme) -> None:
    page = QScrollArea()
    qtbot.addWidget(page)
    page.setWidgetResizable(True)
    table = CardTable(theme)
    table.show_cards((CARD,) * 16, "")
    page.setWidget(table)
    page.resize(900, 200)
    page.show()
    qtbot.waitExposed(page)
    qtbot.waitUntil(lambda: page.verticalScrollBar().maximum() > 0)
    page.activateWindow()
    table.view.setFocus()
    qtbot.waitUntil(table.view.hasFocus)
    for _ in range(30):
        hands.press(table.view, Qt.Key.Key_Down)
    place = table.view.viewport().mapTo(page.viewport(), table.view.visualRect(table.view.currentIndex()).center())
    assert page.viewport().rect().contains(QPoint(10, place.y()))
    assert page.verticalScrollBar().value() > 0


def test_a_card_with_a_strange_name_is_shown_as_it_is(table: CardTable) -> None:
    table.show_cards((replace(CARD, name="<b>Card</b> & " + "x" * 200),), "The last answer is 4 s old.")
    assert cells(table, 0)[0].startswith("<b>Card</b> & x")
    assert "&lt;b&gt;Card" in model(table).index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert hands.child(table, QLabel).text() == "The last answer is 4 s old."
    assert isinstance(hands.child(table, CardView), CardView)
