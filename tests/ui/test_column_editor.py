"""A column's editor under fingers: model, name, sampling, engine options; what is wrong is said and not saved."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QListView, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.experiment import Column
from desktop_app.domain.launch import FlagValue, ModelRef
from desktop_app.domain.sampling import ChatSettings, Mode, Sampling, Structure, StructureKind
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chat_settings_parts import FoldButton
from desktop_app.ui.widgets.column_editor import ColumnEditor, ModelOffer
from desktop_app.ui.widgets.column_editor_flags import FlagRow
from tests.ui.hands import buttons, child, click, press, press_button, seen, words, write

QWEN = ModelRef("Qwen3-8B", Path("/models/qwen"))
GEMMA = ModelRef("Gemma-3", Path("/models/gemma"))
LARGE = ModelRef("Llama-70B", Path("/models/llama"))
AWAY = ModelRef("gpt-oss", address="https://example.org:8000/v1")
OFFERS = (
    ModelOffer(QWEN, "8.2 B · fits"),
    ModelOffer(GEMMA, "27 B · tight"),
    ModelOffer(LARGE, "", "it needs 39.7 GB"),
    ModelOffer(AWAY, "served by example.org:8000"),
)
CONTROL = Qt.KeyboardModifier.ControlModifier
OLD = Column(
    4,
    QWEN,
    ChatSettings("Be brief.", Sampling(temperature=0.2, top_p=0.5), logprobs=True),
    (("--enable-prefix-caching", False), ("--block-size", "32"), ("--async-scheduling", False)),
    "Short",
)


def check(flag: str, value: FlagValue) -> str:
    return "" if flag != "--blok-size" else f"This engine has no {flag}."


class Desk:
    """An editor on the screen, and what came of it."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.editor = ColumnEditor(theme, check)
        self.saved: list[Column] = []
        self.said: list[str] = []
        self.models: list[ModelRef] = []
        self.editor.saved.connect(self.saved.append)
        self.editor.cancelled.connect(lambda: self.said.append("cancel"))
        self.editor.server_asked.connect(lambda: self.said.append("server"))
        self.editor.model_chosen.connect(self.models.append)
        qtbot.addWidget(self.editor)
        self.editor.resize(600, 700)
        self.editor.show_models(OFFERS)
        self.editor.show()
        self.editor.activateWindow()
        qtbot.waitUntil(self.editor.isActiveWindow)

    def entry(self, name: str) -> QLineEdit:
        return child(self.editor, QLineEdit, name)

    def choose(self, name: str, text: str) -> None:
        box = child(self.editor, QComboBox, name)
        box.setCurrentIndex(box.findText(text))
        box.activated.emit(box.currentIndex())

    def open_folds(self) -> None:
        for fold in self.editor.findChildren(FoldButton):
            fold.setChecked(True)

    def save(self) -> Column:
        press_button(self.editor, "Save")
        return self.saved[-1]


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_a_new_column_needs_a_model_and_nothing_else(desk: Desk) -> None:
    desk.editor.focus_first()
    press_button(desk.editor, "Save")
    assert desk.saved == []
    assert "Choose a model first." in words(desk.editor)
    search = desk.entry("Search models")
    assert search.hasFocus()
    write(search, "gem")
    press(search, Qt.Key.Key_Return)
    assert desk.models == [GEMMA]
    assert desk.save() == Column(0, GEMMA)


def test_models_are_chosen_by_keyboard_but_not_those_that_cannot_be_used(desk: Desk) -> None:
    desk.editor.focus_first()
    press(desk.entry("Search models"), Qt.Key.Key_Down)
    view = child(desk.editor, QListView, "Models")
    for _ in range(2):
        press(view, Qt.Key.Key_Down)
    told = view.model().data(view.currentIndex(), Qt.ItemDataRole.AccessibleTextRole)
    assert told == "Llama-70B, Cannot be used: it needs 39.7 GB"
    press(view, Qt.Key.Key_Return)
    click(view.viewport(), view.visualRect(view.model().index(2, 0)).center())
    assert desk.models == []
    press(view, Qt.Key.Key_Up)
    press(view, Qt.Key.Key_Return)
    assert desk.models == [GEMMA]
    assert not view.isVisible()
    assert "27 B · tight" in words(desk.editor)


def test_nothing_found_and_a_server_elsewhere(desk: Desk) -> None:
    write(desk.entry("Search models"), "zzz")
    assert "No model has this name." in words(desk.editor)
    press_button(desk.editor, "A server elsewhere…")
    assert desk.said == ["server"]
    desk.editor.show_models(())
    desk.editor.choose_model(AWAY)
    assert desk.save() == Column(0, AWAY)


def test_what_a_column_has_is_shown_and_kept(desk: Desk) -> None:
    desk.editor.edit(OLD, answered=True)
    told = words(desk.editor)
    assert any(one.startswith("Its answers so far are kept with the old settings;") for one in told)
    assert {fold.count_words() for fold in desk.editor.findChildren(FoldButton)} == {"3 set", "1 set", ""}
    assert desk.save() == OLD
    desk.editor.edit(Column(5, GEMMA))
    assert not any(one.startswith("Its answers so far") for one in words(desk.editor))
    assert desk.save() == Column(5, GEMMA)


def test_what_is_written_is_saved_with_control_and_enter(desk: Desk) -> None:
    desk.editor.edit(Column(1, QWEN))
    write(desk.entry("Name of the column"), " Careful ")
    system = child(desk.editor, QPlainTextEdit, "System prompt")
    write(system, "Think.")
    write(desk.entry("Temperature"), "0.3")
    press(desk.entry("Temperature"), Qt.Key.Key_Return, CONTROL)
    assert desk.saved == [Column(1, QWEN, ChatSettings("Think.", Sampling(temperature=0.3)), (), "Careful")]
    press(system, Qt.Key.Key_Return, CONTROL)
    assert len(desk.saved) == 2
    assert system.toPlainText() == "Think."


def test_the_models_own_values_are_shown(desk: Desk) -> None:
    desk.editor.edit(Column(1, QWEN))
    desk.editor.show_defaults(QWEN, Sampling(temperature=0.7))
    assert "model's own: 0.7" in words(desk.editor)
    desk.editor.show_defaults(GEMMA, Sampling(temperature=0.1))  # came too late: it is not chosen any more
    assert "model's own: 0.7" in words(desk.editor)
    press_button(desk.editor, "Model: Qwen3-8B")
    write(desk.entry("Search models"), "gem")
    press(desk.entry("Search models"), Qt.Key.Key_Return)
    assert "model's own: 0.7" not in words(desk.editor)


def test_manner_and_form(desk: Desk) -> None:
    desk.editor.edit(Column(1, QWEN))
    desk.open_folds()
    desk.choose("How it works", Mode.COMPLETION.value)
    desk.choose("Form of the answer", StructureKind.CHOICE.value)
    press_button(desk.editor, "Save")
    assert desk.saved == []
    write(child(desk.editor, QPlainTextEdit, "Choices"), "yes")
    saved = desk.save()
    assert saved.settings == ChatSettings(mode=Mode.COMPLETION, structure=Structure(StructureKind.CHOICE, "yes"))


def test_engine_options_in_words(desk: Desk) -> None:
    desk.editor.edit(Column(1, QWEN))
    desk.open_folds()
    desk.choose("KV cache", "In 8 bits (fp8)")
    desk.choose("Prefix caching", "Off")
    desk.choose("Eager mode", "On")
    write(desk.entry("Longest context"), "8192")
    write(desk.entry("Most answers at once"), "4")
    assert desk.save().flags == (
        ("--kv-cache-dtype", "fp8"),
        ("--enable-prefix-caching", False),
        ("--enforce-eager", True),
        ("--max-model-len", "8192"),
        ("--max-num-seqs", "4"),
    )


def test_any_other_option(desk: Desk, qtbot: QtBot) -> None:
    desk.editor.edit(Column(1, QWEN))
    desk.open_folds()
    press_button(desk.editor, "Add an option")
    row = child(desk.editor, FlagRow)
    assert row.name.hasFocus()
    write(row.name, "blok_size")
    write(row.value, "32")
    press_button(desk.editor, "Save")
    assert words(desk.editor).count("This engine has no --blok-size.") == 2  # beside it, and beside the button
    assert row.name.hasFocus()
    row.name.setText("block_size")
    assert desk.save().flags == (("--block-size", "32"),)
    qtbot.waitUntil(lambda: row.height() > row.fontMetrics().height())
    press_button(desk.editor, "Take the option away")
    assert desk.save().flags == ()


def test_nothing_is_set_twice_and_no_value_has_no_name(desk: Desk) -> None:
    desk.editor.edit(Column(1, QWEN, flags=(("--enforce-eager", True),)))
    press_button(desk.editor, "Add an option")
    row = child(desk.editor, FlagRow)
    write(row.name, "--no-enforce-eager")
    press_button(desk.editor, "Save")
    assert "--enforce-eager is set twice." in words(desk.editor)
    row.name.setText("")
    row.value.setText("7")
    press_button(desk.editor, "Save")
    assert "Write the name of the option before its value." in words(desk.editor)
    assert desk.saved == []


@pytest.mark.parametrize(
    ("entry", "text", "problem"),
    [
        ("Temperature", "9", "Temperature: This is to be from 0 to 2."),
        ("Top P", "much", "Top P: This is to be a number, from 0.01 to 1."),
        ("Longest context", "long", "Longest context: This is to be a number."),
    ],
)
def test_what_cannot_be_meant_is_said_and_not_saved(desk: Desk, entry: str, text: str, problem: str) -> None:
    desk.editor.edit(Column(1, QWEN))
    write(desk.entry(entry), text)
    press_button(desk.editor, "Save")
    assert desk.saved == []
    assert problem in words(desk.editor)
    assert desk.entry(entry).isVisible()


def test_a_server_elsewhere_has_no_engine_options(desk: Desk) -> None:
    desk.editor.edit(Column(1, AWAY, flags=(("--enforce-eager", True),)))
    told = [one for one in words(desk.editor) if "example.org:8000" in one and "your words go" in one]
    assert len(told) == 1
    assert "Engine options" not in buttons(desk.editor)
    assert desk.save() == Column(1, AWAY)


def test_escape_folds_the_list_and_then_cancels(desk: Desk) -> None:
    desk.editor.edit(Column(1, QWEN))
    press_button(desk.editor, "Model: Qwen3-8B")
    search = desk.entry("Search models")
    write(search, "g")
    for _ in range(2):  # empties the search, folds the list
        press(search, Qt.Key.Key_Escape)
    assert desk.said == []
    assert not seen(desk.editor, QListView)
    focused = desk.editor.focusWidget()
    assert focused is not None
    press(focused, Qt.Key.Key_Escape)
    press_button(desk.editor, "Cancel")
    press_button(desk.editor, "Close without saving")
    assert desk.said == ["cancel"] * 3


def test_escape_once_does_not_throw_away_what_was_written(desk: Desk) -> None:
    desk.editor.edit(Column(1, QWEN))
    system = child(desk.editor, QPlainTextEdit, "System prompt")
    write(system, "Be brief.")
    press(system, Qt.Key.Key_Escape)
    assert desk.said == []
    assert "This is not saved yet. Save keeps it; Esc once more leaves without it." in words(desk.editor)
    write(system, " Please.")
    press(system, Qt.Key.Key_Escape)
    assert desk.said == []
    press(system, Qt.Key.Key_Escape)
    assert desk.said == ["cancel"]
    desk.editor.edit(Column(1, QWEN))
    press(desk.entry("Name of the column"), Qt.Key.Key_Escape)
    assert desk.said == ["cancel"] * 2


def test_models_that_are_told_again_leave_the_keyboard_where_it_is(desk: Desk) -> None:
    press(desk.entry("Search models"), Qt.Key.Key_Down)
    view = child(desk.editor, QListView, "Models")
    view.setFocus()
    press(view, Qt.Key.Key_Down)
    assert view.currentIndex().row() == 1
    desk.editor.show_models((OFFERS[0], OFFERS[1]._replace(words="27 B · fits"), *OFFERS[2:]))
    assert view.currentIndex().row() == 1
    assert view.currentIndex().data() == GEMMA.name


def test_tab_comes_to_options_where_they_are_seen(desk: Desk) -> None:
    desk.editor.edit(OLD)
    press_button(desk.editor, "Add an option")
    one: QWidget = desk.entry("Most answers at once")
    order: list[str] = []
    while not order or order[-1] != "Choice of words":
        one = after(one)
        if one.isVisible() and one.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(one.accessibleName())
    row = ["Name of the option", "Value of the option", "Take the option away"]
    assert order == [*row * 3, "Add an option", "Choice of words"]


def test_it_fits_into_a_narrow_panel(desk: Desk, qtbot: QtBot) -> None:
    desk.editor.edit(OLD, answered=True)
    desk.open_folds()
    desk.editor.resize(340, 600)
    names = ("Temperature", "Name of the column", "Longest context", "Value of the option")
    qtbot.waitUntil(lambda: all(0 < right_edge(desk.entry(name), desk.editor) <= 340 for name in names))


def right_edge(part: QWidget, whole: QWidget) -> int:
    return part.mapTo(whole, part.rect().bottomRight()).x()


def after(one: QWidget) -> QWidget:
    found = one.nextInFocusChain()
    assert found is not None
    return found
