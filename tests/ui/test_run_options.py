"""How an experiment is run: numbers with their limits in words, sentences for every pace, a judge that stays."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from desktop_app.domain.experiment import Options, Pace
from desktop_app.domain.launch import ModelRef
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.run_options import RunOptions
from desktop_app.ui.widgets.setting_parts import Switch
from tests.ui.hands import child, press, words

LOCAL, AWAY = ModelRef("Qwen3-8B", Path("/models/q")), ModelRef("gpt", address="https://example.org/v1")


class Desk:
    """The options on the screen, and what was told."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.options = RunOptions(theme)
        self.told: list[Options] = []
        self.options.changed.connect(self.told.append)
        qtbot.addWidget(self.options)
        self.options.resize(600, 800)
        self.options.show()
        self.options.show_models((LOCAL, AWAY))

    def line(self, name: str) -> QLineEdit:
        return child(self.options, QLineEdit, name)

    def write(self, name: str, text: str) -> None:
        self.line(name).setText(text)
        self.options.flush()

    def choose(self, name: str, words_of_it: str) -> None:
        box = child(self.options, QComboBox, name)
        box.setCurrentIndex(box.findText(words_of_it))
        box.activated.emit(box.currentIndex())


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_numbers_are_taken(desk: Desk) -> None:
    desk.write("Repeats", "5")
    desk.write("Questions at a time", "8")
    desk.write("Seed", "42")
    desk.write("Most memory", "12.5")
    assert desk.told[-1] == Options(repeats=5, concurrency=8, seed=42, memory_limit=round(12.5 * (1 << 30)))


def test_nothing_means_by_chance_and_what_is_free(desk: Desk) -> None:
    desk.options.show_options(Options(seed=3, memory_limit=1 << 30))
    assert desk.line("Most memory").text() == "1"
    desk.write("Seed", "")
    desk.write("Most memory", "")
    assert desk.told[-1] == Options(seed=None, memory_limit=0)
    assert desk.line("Seed").placeholderText() == "by chance"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Repeats", "0", "A whole number from 1 to 100."),
        ("Repeats", "", "A whole number from 1 to 100."),
        ("Questions at a time", "many", "A whole number from 1 to 64."),
        ("Seed", "-1", "A whole number from 0 to 9,223,372,036,854,775,807, or nothing for by chance."),
        ("Most memory", "nan", "A number from 0.1 to 100,000, or nothing for what is free."),
        ("Most memory", "0", "A number from 0.1 to 100,000, or nothing for what is free."),
    ],
)
def test_what_cannot_be_meant_is_said_in_words(desk: Desk, name: str, text: str, said: str) -> None:
    desk.write(name, text)
    assert desk.told == []
    assert said in words(desk.options)
    assert desk.line(name).text() == text


def test_what_was_wrong_is_forgotten_when_it_is_right(desk: Desk) -> None:
    desk.write("Repeats", "1000")
    desk.write("Repeats", "1")
    assert "A whole number from 1 to 100." not in words(desk.options)


def test_arrow_keys_count(desk: Desk) -> None:
    press(desk.line("Repeats"), Qt.Key.Key_Up)
    press(desk.line("Repeats"), Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    desk.options.flush()
    assert desk.told[-1].repeats == 12
    press(desk.line("Questions at a time"), Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    desk.options.flush()
    assert desk.told[-1].concurrency == 1


def test_every_pace_has_a_sentence(desk: Desk) -> None:
    assert any("slow one another down" in one for one in words(desk.options))
    desk.choose("Pace", Pace.ALONE.value)
    assert desk.told == [Options(pace=Pace.ALONE)]
    assert any("speeds can be compared" in one for one in words(desk.options))
    assert not desk.line("Questions at a time").isEnabled()
    assert "Not used while one answers at a time." in words(desk.options)


def test_the_order_is_shuffled_or_not(desk: Desk) -> None:
    child(desk.options, Switch).click()
    assert desk.told == [Options(shuffle=False)]


def test_a_judge_is_chosen_and_stays_when_its_model_goes(desk: Desk) -> None:
    desk.choose("Judge", "gpt (https://example.org/v1)")
    assert desk.told[-1].judge == AWAY
    desk.options.show_models((LOCAL,))
    box = child(desk.options, QComboBox, "Judge")
    assert box.currentText() == "gpt (https://example.org/v1)"
    desk.choose("Judge", "None")
    assert desk.told[-1].judge is None


def test_what_somebody_is_just_writing_stays(desk: Desk) -> None:
    line = desk.line("Repeats")
    line.setFocus()
    line.selectAll()
    press(line, Qt.Key.Key_7)
    desk.options.show_options(Options(repeats=3))
    assert line.text() == "7"


def test_larger_letters_have_more_room(desk: Desk, theme: Theme) -> None:
    line = desk.line("Seed")
    before = line.maximumWidth()
    try:
        theme.set_text_scale(2.0)
        assert line.maximumWidth() > 1.4 * before
    finally:
        theme.set_text_scale(1.0)
    assert line.maximumWidth() == before
