"""The parts of the page of settings, each alone: rows and their controls, the list, presets, memory, notes, editor."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.errors import UserError
from desktop_app.domain.fit import MemoryParts
from desktop_app.domain.flags import Field, FieldGroup, FieldKind
from desktop_app.domain.launch import FlagValue, Preset
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.command_editor import CommandEditor
from desktop_app.ui.widgets.fit_bar import MemoryBar, unbroken
from desktop_app.ui.widgets.setting_control import Entry
from desktop_app.ui.widgets.setting_list import SettingList, matching
from desktop_app.ui.widgets.setting_memory import MemoryCard
from desktop_app.ui.widgets.setting_notes import SettingNotes
from desktop_app.ui.widgets.setting_parts import Choice, Switch
from desktop_app.ui.widgets.setting_presets import SettingPresets
from desktop_app.ui.widgets.setting_row import SettingRow
from desktop_app.ui.widgets.setting_tabs import SettingTabs
from desktop_app.ui.widgets.setting_values import problem, stepped
from tests.ui.hands import buttons, child, press, press_button, seen, words, write

GB = 2**30


def field(
    flag: str = "--max-num-seqs",
    kind: FieldKind = FieldKind.NUMBER,
    *,
    title: str = "Answers at once",
    group: FieldGroup = FieldGroup.SIMPLE,
    default: FlagValue = "256",
    choices: tuple[str, ...] = (),
    minimum: float | None = 1,
    maximum: float | None = 1024,
    value: FlagValue | None = None,
    preset: FlagValue | None = None,
) -> Field:
    return Field(flag, title, "What it does.", group, kind, default, choices, minimum, maximum, value, preset)


NUMBER = field(preset="8")
SWITCH = field("--enforce-eager", FieldKind.SWITCH, title="Do not compile", default=False, preset=True)
CHOICE = field("--kv-cache-dtype", FieldKind.CHOICE, title="Precision", default="auto", choices=("auto", "fp8"))
TRUST = field("--trust-remote-code", FieldKind.SWITCH, title="Own code", default=False)


class Desk:
    """A row on the screen, and what was chosen in it."""

    def __init__(self, qtbot: QtBot, theme: Theme, shown: Field) -> None:
        self.row = SettingRow(theme, shown)
        self.chosen: list[tuple[str, object]] = []
        self.row.chosen.connect(lambda flag, value: self.chosen.append((flag, value)))
        qtbot.addWidget(self.row)
        self.row.resize(640, 120)
        self.row.show()

    @property
    def entry(self) -> Entry:
        return child(self.row, Entry)


def test_a_number_that_nobody_chose_shows_what_holds(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, NUMBER)
    assert desk.entry.text() == ""
    assert desk.entry.placeholderText() == "8 (preset)"
    assert desk.entry.accessibleName() == "Answers at once"
    assert desk.entry.accessibleDescription() == "from 1 to 1,024"
    assert words(desk.row) == ["Answers at once", "What it does.", "vLLM's own default: 256"]
    assert "Copy --max-num-seqs" in buttons(desk.row)
    assert not any("Back to" in name for name in buttons(desk.row))


def test_what_is_typed_is_taken_after_a_pause_or_at_enter(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, NUMBER)
    write(desk.entry, "16")
    qtbot.waitUntil(lambda: desk.chosen == [("--max-num-seqs", "16")])
    desk.row.show_field(replace(NUMBER, value="16"))
    write(desk.entry, "0")
    press(desk.entry, Qt.Key.Key_Return)
    assert desk.chosen[-1] == ("--max-num-seqs", "160")


def test_a_number_out_of_range_is_explained_and_not_taken(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, NUMBER)
    write(desk.entry, "5000")
    press(desk.entry, Qt.Key.Key_Return)
    assert "This is to be from 1 to 1,024." in words(desk.row)
    assert desk.entry.accessibleDescription() == "This is to be from 1 to 1,024."
    desk.row.show_field(NUMBER)
    assert desk.entry.text() == "5000", "what somebody wrote is theirs to mend"
    desk.entry.clear()
    write(desk.entry, "50")
    press(desk.entry, Qt.Key.Key_Return)
    assert desk.chosen == [("--max-num-seqs", "50")]
    assert "This is to be from 1 to 1,024." not in words(desk.row)


def test_the_way_back_names_what_it_goes_back_to(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, replace(NUMBER, value="16"))
    press_button(desk.row, "Answers at once: Back to 8 (preset)")
    assert desk.chosen == [("--max-num-seqs", None)]
    assert desk.entry.text() == ""


def test_an_emptied_entry_means_the_same(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, replace(NUMBER, value="16"))
    desk.entry.selectAll()
    press(desk.entry, Qt.Key.Key_Delete)
    press(desk.entry, Qt.Key.Key_Return)
    assert desk.chosen == [("--max-num-seqs", None)]


def test_arrow_keys_count_within_the_range(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, NUMBER)
    press(desk.entry, Qt.Key.Key_Up)
    assert desk.entry.text() == "9"
    press(desk.entry, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert desk.entry.text() == "19"
    assert stepped(NUMBER, "1", -1) == "1"
    assert stepped(field(minimum=0.05, maximum=1.0), "0.92", 1) == "0.93"
    assert stepped(NUMBER, "auto", 1) == "auto"


def test_what_is_being_typed_survives_news_of_the_state(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, NUMBER)
    write(desk.entry, "1")
    desk.row.show_field(replace(NUMBER, preset_value="4"))
    assert desk.entry.text() == "1"


def test_a_value_left_to_vllm_is_said_to_be_so(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, replace(NUMBER, value=""))
    assert desk.entry.placeholderText() == "256 (left to vLLM)"
    press(desk.entry, Qt.Key.Key_Return)
    assert desk.chosen == [], "leaving the empty field changes nothing"
    assert "Answers at once: Back to 8 (preset)" in buttons(desk.row)


@pytest.mark.parametrize("kind", [FieldKind.NUMBER, FieldKind.SIZE])
@pytest.mark.parametrize("text", ["8", "8k", "2K", "0.5", "auto"])
def test_numbers_as_vllm_reads_them(kind: FieldKind, text: str) -> None:
    assert problem(field(kind=kind, choices=("auto",), minimum=None, maximum=None), text) == ""


def test_what_is_no_value_is_said_to_be_none() -> None:
    assert problem(field(kind=FieldKind.SIZE), "much") == "This is to be a number, e.g. 1.5G or 500M."
    assert problem(field(maximum=None), "-3") == "This is to be 1 or more."
    assert problem(field(kind=FieldKind.JSON), "{'a': 1}").startswith("This is no JSON: ")
    assert problem(field(kind=FieldKind.JSON), '{"a": 1}') == ""
    assert problem(field(kind=FieldKind.TEXT), "anything") == ""


def test_a_switch_says_where_its_state_comes_from(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, SWITCH)
    switch = child(desk.row, Switch, "Do not compile")
    assert switch.isChecked()
    assert switch.words() == "On (preset)"
    switch.click()
    assert desk.chosen == [("--enforce-eager", False)]
    desk.row.show_field(replace(SWITCH, value=False))
    assert switch.words() == "Off"
    switch.click()
    assert desk.chosen[-1] == ("--enforce-eager", None), "as the preset says is not a choice of one's own"


def test_a_choice_begins_with_what_holds_without_one(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, CHOICE)
    choice = child(desk.row, Choice, "Precision")
    assert [choice.itemText(index) for index in range(choice.count())] == ["auto (default)", "auto", "fp8"]
    choice.setFocus()
    press(choice, Qt.Key.Key_Down)
    press(choice, Qt.Key.Key_Down)
    assert desk.chosen[-1] == ("--kv-cache-dtype", "fp8")
    desk.row.show_field(replace(CHOICE, value="from-a-file"))
    assert choice.currentText() == "from-a-file"
    desk.row.show_field(replace(CHOICE, preset_value="fp8"))
    assert [choice.itemText(index) for index in range(choice.count())] == [
        "fp8 (preset)",
        "auto",
        "fp8",
        "auto (left to vLLM)",
    ]


def test_the_wheel_changes_nothing(qtbot: QtBot, theme: Theme) -> None:
    for shown in (CHOICE, NUMBER, SWITCH):
        desk = Desk(qtbot, theme, shown)
        control = desk.row.stops[0]
        control.setFocus()
        turn = QWheelEvent(
            QPointF(5, 5),
            QPointF(control.mapToGlobal(QPoint(5, 5))),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(control, turn)
        assert not turn.isAccepted()
        assert desk.chosen == []


def test_the_name_of_a_flag_is_copied(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, NUMBER)
    press_button(desk.row, "Copy --max-num-seqs")
    assert QGuiApplication.clipboard().text() == "--max-num-seqs"
    flag = child(desk.row, QPushButton, "Copy --max-num-seqs")
    assert flag.text() == "Copied"
    qtbot.waitUntil(lambda: flag.text() == "--max-num-seqs")


def test_code_of_a_model_is_asked_about_before_it_is_allowed(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, TRUST)
    switch = child(desk.row, Switch)
    switch.click()
    assert desk.chosen == []
    assert not switch.isChecked()
    assert "Let this model run its own program code?" in words(desk.row)
    assert "with your rights" in child(desk.row, QPushButton, "Leave it off").accessibleDescription()
    press_button(desk.row, "Leave it off")
    assert desk.chosen == []
    assert "Let this model run its own program code?" not in words(desk.row)
    switch.click()
    press(child(desk.row, QPushButton, "Leave it off"), Qt.Key.Key_Escape)
    assert desk.chosen == []
    switch.click()
    press_button(desk.row, "Run its code")
    assert desk.chosen == [("--trust-remote-code", True)]


def test_turning_trust_off_needs_no_question(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, theme, replace(TRUST, value=True))
    child(desk.row, Switch).click()
    assert desk.chosen == [("--trust-remote-code", None)]


def test_a_long_description_is_cut_and_can_be_read(qtbot: QtBot, theme: Theme) -> None:
    told = replace(NUMBER, words="word " * 100)
    desk = Desk(qtbot, theme, told)
    assert told.words not in words(desk.row)
    press_button(desk.row, "Read all about Answers at once")
    assert told.words in words(desk.row)
    assert "Read all about Answers at once" not in buttons(desk.row)


def many(count: int) -> tuple[Field, ...]:
    named = (field(f"--expert-{one}", title=f"Expert {one}", group=FieldGroup.EXPERT) for one in range(count))
    return (NUMBER, CHOICE, *named)


def made(parent: QWidget) -> int:
    return len(parent.findChildren(SettingRow))


def listed(qtbot: QtBot, theme: Theme) -> tuple[QWidget, SettingList]:
    """A list in a window, with a field before it."""
    window = QWidget()
    before = QLineEdit(window)
    rows = SettingList(theme, before, window)
    qtbot.addWidget(window)
    return window, rows


def test_a_long_list_makes_rows_as_they_are_wanted(qtbot: QtBot, theme: Theme) -> None:
    window, rows = listed(qtbot, theme)
    rows.show_fields(many(40))
    assert made(rows) == 2
    rows.show_group(FieldGroup.EXPERT)
    window.show()
    assert len(seen(rows, SettingRow)) == 12
    assert buttons(rows)[-1] == "Show 12 more of 28"
    press_button(rows, "Show 12 more of 28")
    assert len(seen(rows, SettingRow)) == 24
    rows.more()
    rows.more()
    assert len(seen(rows, SettingRow)) == 40
    assert "more of" not in " ".join(buttons(rows))


def test_a_change_reaches_the_row_that_stands_there(qtbot: QtBot, theme: Theme) -> None:
    _, rows = listed(qtbot, theme)
    rows.show_fields(many(0))
    entry = child(rows, Entry)
    rows.show_fields((replace(NUMBER, value="32"), CHOICE))
    assert child(rows, Entry) is entry
    assert entry.text() == "32"
    rows.show_fields((replace(NUMBER, default="512"), CHOICE))
    assert child(rows, SettingRow) is not entry.parent()
    assert [row._field.default for row in rows._rows.values()] == ["512", "auto"]


def test_search_finds_names_before_descriptions() -> None:
    named = field("--kv-cache-dtype", title="Precision")
    told = replace(field("--block-size", title="Block size"), words="Tokens of the cache.")
    assert matching([told, NUMBER, named], "cache") == [named, told]
    assert matching([told, NUMBER, named], "kv_cache") == [named]
    assert matching([told, NUMBER, named], "nothing") == []


def test_tabs_groups_search_and_escape(qtbot: QtBot, theme: Theme) -> None:
    tabs = SettingTabs(theme)
    qtbot.addWidget(tabs)
    tabs.show_fields((replace(NUMBER, value="9"), *many(3)[1:]))
    tabs.show()
    assert tabs._bar.tabText(0) == "Simple · 1"
    search = child(tabs, QLineEdit, "Search the settings")
    assert search.placeholderText() == "Search all 5 settings"
    tabs.focus_search()
    write(search, "expert 2")
    qtbot.waitUntil(lambda: "1 setting found in all groups" in words(tabs))
    assert [row._field.flag for row in seen(tabs, SettingRow)] == ["--expert-2"]
    tabs.search("there is none")
    assert "No setting matches “there is none”." in words(tabs)
    press(search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(seen(tabs, SettingRow)) == 2)


def test_the_tab_key_walks_through_the_rows(qtbot: QtBot, theme: Theme) -> None:
    tabs = SettingTabs(theme)
    qtbot.addWidget(tabs)
    tabs.show_fields(many(3))
    tabs.show()
    tabs.focus_search()
    rows = seen(tabs, SettingRow)
    walked: list[QWidget] = []
    one: QWidget = child(tabs, QLineEdit, "Search the settings")
    stops = [stop for row in rows for stop in row.stops]
    for _ in range(80):
        following = one.nextInFocusChain()
        assert following is not None
        one = following
        walked.append(one)
    assert [one for one in walked if one in stops][: len(stops)] == stops


def test_presets_are_chosen_and_show_what_they_set(qtbot: QtBot, theme: Theme) -> None:
    presets = SettingPresets(theme)
    chosen: list[Preset] = []
    presets.chosen.connect(chosen.append)
    qtbot.addWidget(presets)
    presets.resize(700, 200)
    presets.show_preset(Preset.QUICK, (NUMBER, SWITCH, CHOICE, replace(TRUST, preset_value=False)))
    presets.show()
    assert buttons(presets)[:3] == ["Quick start", "Most speed", "Many people"]
    press_button(presets, "Show what Quick start sets (3 flags)")
    assert words(presets) == ["--max-num-seqs 8\n--enforce-eager\n--no-trust-remote-code"]
    press_button(presets, "Many people")
    assert chosen == [Preset.MANY]
    presets.show_preset(Preset.MANY, (CHOICE,))
    assert buttons(presets) == ["Quick start", "Most speed", "Many people"]


def test_memory_in_words_and_as_a_bar(qtbot: QtBot, theme: Theme) -> None:
    card = MemoryCard(theme)
    qtbot.addWidget(card)
    card.resize(280, 240)
    card.show()
    assert "How much memory this model takes is not known." in words(card)
    parts = MemoryParts(3 * GB, 2 * GB, GB, 6 * GB, 4 * GB, 16 * GB)
    card.show_memory(parts, "That holds a context of 9,000 tokens.")
    assert "Fits" in words(card)
    assert unbroken("That holds a context of 9,000 tokens. An estimate, of 16.0 GB in all.") in words(card)
    bar = child(card, MemoryBar)
    assert bar.accessibleDescription() == (
        "Fits. Model 3.0 GB, Conversations 2.0 GB, Engine 1.0 GB, Already in use 6.0 GB, "
        "Left over 4.0 GB; 16.0 GB in all."
    )
    widths = [place.width() for _, _, place in bar.spans()]
    assert sum(widths) == pytest.approx(bar.width())
    assert widths[0] == pytest.approx(bar.width() * 3 / 16)


def test_too_much_memory_and_hardly_enough(qtbot: QtBot, theme: Theme) -> None:
    card = MemoryCard(theme)
    qtbot.addWidget(card)
    card.show()
    card.show_memory(MemoryParts(10 * GB, 3 * GB, GB, 4 * GB, 0, 16 * GB))
    assert "Does not fit" in words(card)
    assert unbroken("It needs 2.0 GB more than is free. An estimate, of 16.0 GB in all.") in words(card)
    card.set_compact(True)
    assert set(words(card)) == {"Memory", "It needs 2.0 GB more than is free.", "Does not fit"}
    card.show_memory(MemoryParts(12 * GB, 3 * GB, GB // 2, 0, GB // 2, 16 * GB))
    assert set(words(card)) == {"Memory", "0.5 GB of 16.0 GB stay free.", "Tight"}
    assert not card.grab().isNull()


def test_notes_lead_to_the_setting_they_speak_of(qtbot: QtBot, theme: Theme) -> None:
    notes = SettingNotes(theme)
    asked: list[str] = []
    notes.flag_clicked.connect(asked.append)
    qtbot.addWidget(notes)
    assert notes.isHidden()
    notes.show_notes(("Too long for the memory.",), ("Use --reasoning-parser qwen3.",))
    notes.show()
    assert [text.replace("\u2060", "") for text in words(notes)] == [
        "Warning",
        "Too long for the memory.",
        "Suits this model",
        "Use --reasoning-parser qwen3.",
    ]
    press_button(notes, "Show the setting --reasoning-parser")
    assert asked == ["--reasoning-parser"]
    notes.show_notes((), ())
    assert notes.isHidden()


class Writing:
    """A command editor on the screen."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.editor = CommandEditor(theme, "Command", "What starts it.")
        self.applied: list[str] = []
        self.editor.applied.connect(self.applied.append)
        qtbot.addWidget(self.editor)
        self.editor.show_text("python --model x")
        self.editor.show()

    @property
    def text(self) -> QPlainTextEdit:
        return child(self.editor, QPlainTextEdit, "Command")


def test_a_command_is_edited_applied_or_discarded(qtbot: QtBot, theme: Theme) -> None:
    desk = Writing(qtbot, theme)
    assert not child(desk.editor, QPushButton, "Apply").isEnabled()
    desk.text.appendPlainText("--max-num-seqs 8")
    assert "Edited, not applied yet" in words(desk.editor)
    desk.editor.show_text("python --model y")
    assert "--max-num-seqs 8" in desk.text.toPlainText(), "what somebody is writing stays"
    press_button(desk.editor, "Apply")
    assert desk.applied == ["python --model x\n--max-num-seqs 8"]
    desk.editor.show_error(UserError("No flag of that name."))
    assert "No flag of that name." in words(desk.editor)
    press_button(desk.editor, "Discard")
    assert desk.text.toPlainText() == "python --model y"
    assert "No flag of that name." not in words(desk.editor)


def test_a_command_is_copied_and_tab_leaves_it(qtbot: QtBot, theme: Theme) -> None:
    desk = Writing(qtbot, theme)
    press_button(desk.editor, "Copy: Command")
    assert QGuiApplication.clipboard().text() == "python --model x"
    press(desk.text, Qt.Key.Key_Tab)
    assert desk.text.toPlainText() == "python --model x"


def test_a_choice_tells_what_is_chosen_even_where_qt_names_it_after_what_is(qtbot: QtBot, theme: Theme) -> None:
    choice = Choice(theme, "Thinking")
    qtbot.addWidget(choice)
    assert choice.accessibleDescription() == "Thinking"
    choice.setAccessibleDescription("Answers better and later.")
    assert choice.accessibleDescription() == "Thinking. Answers better and later."
