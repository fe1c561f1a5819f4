"""The bar of the memory: its parts, what has no room, and all of it in words."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from desktop_app.domain.fit import MemoryParts
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.fit_bar import MemoryBar, MemoryLegend, part_words
from tests.ui.hands import words
from tests.ui.model_states import GB, PARTS, TOO_BIG


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme) -> MemoryBar:
    made = MemoryBar(theme)
    qtbot.addWidget(made)
    made.resize(240, 14)
    made.show()
    return made


def test_parts_are_as_wide_as_they_are_large(bar: MemoryBar) -> None:
    assert bar.accessibleDescription() == "Not known"
    assert bar.spans() == []
    bar.show_memory(PARTS, "Runs well")
    assert [round(place.width()) for _, _, place in bar.spans()] == [80, 10, 20, 20, 110]
    assert bar.beyond() is None
    assert bar.accessibleDescription() == (
        "Runs well. Model 8.0 GB, Conversations 1.0 GB, Engine 2.0 GB, Already in use 2.0 GB, Left over 11.0 GB; "
        "24.0 GB in all."
    )


def test_what_has_no_room_lies_beyond_the_line(bar: MemoryBar) -> None:
    parts = TOO_BIG.parts
    assert parts is not None
    bar.show_memory(parts)
    beyond = bar.beyond()
    assert beyond is not None
    assert beyond.left() == pytest.approx(240 * 24 / 33)
    assert beyond.right() == pytest.approx(240)
    assert bar.words_at(QPointF(230, 5)).startswith("Missing: 9.0 GB.")
    assert bar.accessibleDescription().endswith("Already in use 2.0 GB, Missing 9.0 GB; 24.0 GB in all.")
    assert not bar.grab().isNull()


def test_memory_that_must_stay_free_counts_as_not_there(bar: MemoryBar) -> None:
    bar.show_memory(MemoryParts(8 * GB, GB, GB, GB, GB, 12 * GB, kept=2 * GB))
    beyond = bar.beyond()
    assert beyond is not None
    assert beyond.left() == pytest.approx(200)
    assert beyond.right() == pytest.approx(220)
    assert not bar.grab().isNull()


def test_each_part_says_what_it_is(bar: MemoryBar) -> None:
    assert bar.words_at(QPointF(10, 5)) == ""
    bar.show_memory(PARTS)
    assert bar.words_at(QPointF(10, 5)) == "Model: 8.0 GB. The model itself: its weights."
    assert bar.words_at(QPointF(85, 5)).startswith("Conversations: 1.0 GB.")
    assert bar.words_at(QPointF(235, 5)).startswith("Left over: 11.0 GB.")
    QApplication.sendEvent(bar, QHelpEvent(QEvent.Type.ToolTip, QPoint(10, 5), bar.mapToGlobal(QPoint(10, 5))))
    assert "Model: 8.0 GB" in QToolTip.text()
    QToolTip.hideText()


def test_the_legend_has_a_line_for_each_part(qtbot: QtBot, theme: Theme) -> None:
    legend = MemoryLegend(theme)
    qtbot.addWidget(legend)
    legend.show_memory(replace(PARTS, kv_cache=5 * 2**20))
    legend.show()
    assert words(legend) == [
        "Model", "8.0 GB", "Conversations", "5 MB", "Engine", "2.0 GB",
        "Already in use", "2.0 GB", "Left over", "11.0 GB",
    ]  # fmt: skip


def test_the_legend_says_what_is_missing(qtbot: QtBot, theme: Theme) -> None:
    legend = MemoryLegend(theme)
    qtbot.addWidget(legend)
    assert TOO_BIG.parts is not None
    legend.show_memory(TOO_BIG.parts)
    legend.show()
    assert words(legend)[-2:] == ["Missing", "9.0 GB"]
    legend.show_memory(PARTS)
    assert words(legend)[-2:] == ["Left over", "11.0 GB"]


@pytest.mark.parametrize(("size", "said"), [(0, "0.0 GB"), (1, "1 MB"), (5 * 2**20, "5 MB"), (GB, "1.0 GB")])
def test_small_parts_are_not_nothing(size: int, said: str) -> None:
    assert part_words(size) == said
