"""The rows of the list of conversations as values, and what the model makes of a change."""

import random
from datetime import date, datetime, timedelta

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Conversation, DeletedConversation, Folder
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.conversation_list_entries import (
    Age,
    Ages,
    Entry,
    Kind,
    chats_words,
    day_words,
    entries_of,
    entries_of_bin,
    gone_words,
)
from desktop_app.ui.widgets.conversation_list_model import ChatModel
from desktop_app.ui.widgets.conversation_list_paint import shortened

TODAY = date(2026, 3, 10)
DAY = 86_400


@pytest.mark.parametrize(
    ("days", "age"),
    [(-1, Age.TODAY), (0, Age.TODAY), (1, Age.YESTERDAY), (2, Age.WEEK), (7, Age.WEEK), (8, Age.EARLIER)],
)
def test_ages(days: int, age: Age) -> None:
    moment = datetime(2026, 3, 10, 0, 5).astimezone() - timedelta(days=days)
    assert Ages(TODAY).of(moment.timestamp()) is age


def test_a_folder_that_is_not_known_hides_no_chat() -> None:
    rows = entries_of((Conversation(1, "Lost", 0.0, folder=5),), (Folder(2, "Home"),), (), TODAY)
    assert [row.text for row in rows] == ["Home", "Earlier", "Lost"]


def test_a_folded_folder_tells_how_many_it_has() -> None:
    chats = tuple(Conversation(key, "x", 0.0, folder=2) for key in range(3))
    assert entries_of(chats, (Folder(2, "Home"),), {2}, TODAY) == [
        Entry(Kind.FOLDER, "Home", 2, 2, folded=True, inside=3)
    ]


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (0.0, "gone for good in 30 days"),
        (18.0, "gone for good in 12 days"),
        (28.5, "gone for good in 2 days"),
        (29.5, "gone for good within a day"),
        (31.0, "gone for good within a day"),
    ],
)
def test_when_a_deleted_chat_goes(age: float, words: str) -> None:
    now = 1_700_000_000.0
    assert gone_words(now - age * DAY - 1, now) == words
    rows = entries_of_bin([DeletedConversation(Conversation(1, "x", 0.0), now - age * DAY - 1)], now)
    assert rows[0].note == words


def test_a_day_is_as_short_as_it_is_clear() -> None:
    now = datetime(2026, 3, 10, 14, 2).astimezone()
    for moment, words in (
        (now, "14:02"),
        (now - timedelta(days=1), "9 Mar"),
        (datetime(2024, 12, 1).astimezone(), "1 Dec 2024"),
    ):
        assert day_words(moment.timestamp(), now.timestamp()) == words
    assert (chats_words(1), chats_words(1200)) == ("1 chat", "1,200 chats")


def test_any_change_leaves_the_model_sound(qtbot: QtBot) -> None:
    model = ChatModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    dice = random.Random(5)
    for _ in range(200):
        rows = [Entry(Kind.CHAT, f"chat {key}", key) for key in dice.sample(range(12), dice.randrange(12))]
        model.fill(rows)
        assert list(model.entries) == rows
        assert [model.row_of(row.key) for row in rows] == list(range(len(rows)))
    tester.deleteLater()


def test_a_chat_that_moves_leaves_the_rest_in_place(qtbot: QtBot) -> None:
    model = ChatModel()
    rows = [Entry(Kind.CHAT, f"chat {key}", key) for key in range(10)]
    model.fill(rows)
    touched: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: touched.append((first.row(), last.row())))
    with qtbot.assertNotEmitted(model.modelReset):
        model.fill([rows[4], *rows[:4], *rows[5:]])
    assert touched == [(0, 4)]


def test_a_snippet_is_cut_so_that_its_first_mark_can_be_seen(theme: Theme) -> None:
    metrics = QFontMetrics(theme.body_font(9))
    text = "many words before it " * 5 + "needle and words after it " * 5
    at = text.index("needle")
    short, marks = shortened(text, ((at, at + 6), (at + 26, at + 32)), metrics, 200)
    assert metrics.horizontalAdvance(short) <= 200
    assert short[0] == short[-1] == "…"
    assert next(short[begin:end] for begin, end in marks) == "needle"
    assert shortened("needle", ((0, 6),), metrics, 200) == ("needle", ((0, 6),))
    assert shortened("", (), metrics, 200) == ("", ())
