"""The panel with the settings of a chat under fingers."""

from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Conversation
from desktop_app.domain.sampling import (
    PARAMETERS,
    ChatSettings,
    Mode,
    Preset,
    Sampling,
    Structure,
    StructureKind,
    WhenFull,
)
from desktop_app.services.chat_view import ChatState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.chat_settings import ChatSettingsPanel
from desktop_app.ui.widgets.chat_settings_parts import FoldButton
from desktop_app.ui.widgets.chat_settings_preset import PresetBar
from desktop_app.ui.widgets.fit_slider import CalmSlider
from desktop_app.ui.widgets.setting_parts import Switch
from tests.ui.hands import buttons, child, press, press_button, seen, words, write

CAREFUL = Preset(1, "Careful & slow", ChatSettings("Be careful.", Sampling(temperature=0.2)))
DEFAULTS = Sampling(temperature=0.7, top_k=20)
STATE = ChatState(presets=(CAREFUL,), defaults=DEFAULTS)


def offered(panel: QWidget) -> dict[str, QAction]:
    """What the menu of presets offers now."""
    menu = child(child(panel, PresetBar), QMenu)
    menu.aboutToShow.emit()
    return {one.text(): one for one in menu.actions() if one.text()}


def conversation(key: int) -> Conversation:
    return Conversation(key, "A chat", 0)


class Desk:
    """A panel on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.panel = ChatSettingsPanel(theme)
        self.changes: list[ChatSettings] = []
        self.panel.changed.connect(self.changes.append)
        qtbot.addWidget(self.panel)
        self.panel.resize(self.panel.width(), 700)
        self.show(STATE)
        self.panel.show()
        self.panel.activateWindow()

    def show(self, state: ChatState) -> None:
        self.panel.show_state(state)

    def open_all(self) -> None:
        for fold in self.panel.findChildren(FoldButton):
            fold.setChecked(True)

    def entry(self, name: str) -> QLineEdit:
        return child(self.panel, QLineEdit, name)

    def text(self, name: str) -> QPlainTextEdit:
        return child(self.panel, QPlainTextEdit, name)

    def choice(self, name: str) -> QComboBox:
        return child(self.panel, QComboBox, name)

    def choose(self, name: str, text: str) -> None:
        box = self.choice(name)
        index = box.findText(text)
        assert index >= 0, [box.itemText(number) for number in range(box.count())]
        box.setCurrentIndex(index)
        box.activated.emit(index)

    def enter(self, name: str, text: str) -> None:
        entry = self.entry(name)
        entry.setFocus()
        entry.selectAll()
        write(entry, text)
        press(entry, Qt.Key.Key_Return)

    @property
    def last(self) -> ChatSettings:
        return self.changes[-1]


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_simple_things_first_and_the_rest_folded_with_a_count(desk: Desk) -> None:
    assert [one.accessibleName() for one in seen(desk.panel, QLineEdit)] == ["Temperature", "Longest answer"]
    folds = seen(desk.panel, FoldButton)
    assert [fold.count_words() for fold in folds] == ["", "", "", ""]
    chosen = ChatSettings(sampling=Sampling(top_p=0.9, seed=1), thinking=True, when_full=WhenFull.DROP_OLDEST)
    desk.show(replace(STATE, settings=chosen))
    assert [fold.count_words() for fold in folds] == ["1 set", "2 set", "", "1 set"]
    assert folds[1].accessibleDescription() == "2 set, folded"


def test_every_parameter_has_its_title_and_its_sentence(desk: Desk) -> None:
    desk.open_all()
    shown = words(desk.panel)
    for parameter in PARAMETERS:
        assert parameter.title in shown
        assert any(parameter.sentence in one for one in shown)


def test_what_the_model_takes_is_shown_where_nothing_is_chosen(desk: Desk) -> None:
    assert desk.entry("Temperature").text() == ""
    assert desk.entry("Temperature").placeholderText() == "0.7"
    assert "model's own: 0.7" in words(desk.panel)
    assert "no limit" in words(desk.panel)
    description = desk.entry("Temperature").accessibleDescription()
    assert description.startswith("How daring")
    assert description.endswith("From 0 to 2. Now model's own: 0.7.")


def test_a_number_is_chosen_and_given_back(desk: Desk) -> None:
    desk.enter("Temperature", "0.3")
    assert desk.changes == [ChatSettings(sampling=Sampling(temperature=0.3))]
    press_button(desk.panel, "Temperature: back to model's own: 0.7")
    assert desk.last == ChatSettings()
    assert desk.entry("Temperature").text() == ""


def test_a_number_that_cannot_be_meant_is_told_and_not_taken(desk: Desk) -> None:
    desk.enter("Temperature", "3")
    assert desk.changes == []
    assert "This is to be from 0 to 2." in words(desk.panel)
    desk.enter("Temperature", "1.5")
    assert desk.last.sampling.temperature == 1.5
    assert "This is to be from 0 to 2." not in words(desk.panel)


def test_arrow_keys_count_from_what_holds(desk: Desk, qtbot: QtBot) -> None:
    press(desk.entry("Temperature"), Qt.Key.Key_Up)
    press(desk.entry("Temperature"), Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert desk.entry("Temperature").text() == "0.25"
    qtbot.waitUntil(lambda: desk.changes == [ChatSettings(sampling=Sampling(temperature=0.25))])


def test_the_slider_chooses_when_it_is_let_go(desk: Desk) -> None:
    slider = child(desk.panel, CalmSlider, "Temperature, slider")
    assert slider.value() == 14
    slider.setSliderDown(True)
    slider.setSliderPosition(20)
    assert (desk.entry("Temperature").text(), desk.changes) == ("1", [])
    slider.setSliderDown(False)
    assert desk.last.sampling.temperature == 1.0


def test_a_long_number_that_is_only_looked_at_stays_as_it_is(desk: Desk) -> None:
    desk.show(replace(STATE, settings=ChatSettings(sampling=Sampling(temperature=0.123456789))))
    desk.entry("Temperature").setFocus()
    press(desk.entry("Temperature"), Qt.Key.Key_Return)
    assert desk.changes == []


def test_the_dice_makes_a_seed(desk: Desk) -> None:
    desk.open_all()
    child(desk.panel, QAbstractButton, "New seed").click()
    assert desk.last.sampling.seed is not None
    assert desk.entry("Seed").text() == str(desk.last.sampling.seed)


def test_the_system_prompt_is_taken_when_nobody_types_or_when_it_is_left(desk: Desk, qtbot: QtBot) -> None:
    system = desk.text("System prompt")
    system.setFocus()
    write(system, "Be brief.")
    assert desk.changes == []
    qtbot.waitUntil(lambda: desk.changes == [ChatSettings("Be brief.")])
    write(system, "!")
    desk.entry("Temperature").setFocus()
    assert desk.last.system == "Be brief.!"


def test_an_echo_does_not_move_the_cursor_and_keeps_what_is_being_written(desk: Desk) -> None:
    system = desk.text("System prompt")
    system.setFocus()
    write(system, "one")
    desk.panel.flush()
    write(system, " two")
    desk.show(STATE)
    desk.show(replace(STATE, settings=ChatSettings("one"), answering=True))
    assert system.toPlainText() == "one two"
    desk.panel.flush()
    assert [one.system for one in desk.changes] == ["one", "one two"]


def test_flush_says_at_once_what_is_written(desk: Desk) -> None:
    desk.open_all()
    write(desk.text("System prompt"), "Be brief.")
    write(desk.entry("Top P"), "0.5")
    write(desk.text("Stop at"), "END")
    desk.panel.flush()
    assert desk.last == ChatSettings("Be brief.", Sampling(top_p=0.5, stop=("END",)))


def test_another_chat_shows_its_own_and_nothing_of_the_one_before(desk: Desk, qtbot: QtBot) -> None:
    desk.show(replace(STATE, conversation=conversation(1)))
    desk.enter("Temperature", "9")
    write(desk.text("System prompt"), "unfinished")
    desk.show(replace(STATE, conversation=conversation(2), settings=ChatSettings("other")))
    assert desk.text("System prompt").toPlainText() == "other"
    assert desk.entry("Temperature").text() == ""
    assert "This is to be from 0 to 2." not in words(desk.panel)
    desk.panel.flush()
    assert desk.changes == []


def test_stop_texts_one_to_a_line(desk: Desk) -> None:
    desk.open_all()
    stops = desk.text("Stop at")
    stops.setPlainText("\\n\\n\nEND")
    desk.panel.flush()
    assert desk.last.sampling.stop == ("\n\n", "END")
    stops.setPlainText("x\n" * 17)
    desk.panel.flush()
    assert "At most 16 texts; these are 17." in words(desk.panel)
    assert len(desk.changes) == 1


def test_modes_and_switches(desk: Desk) -> None:
    desk.open_all()
    desk.choose("How it works", Mode.COMPLETION.value)
    assert desk.last.mode is Mode.COMPLETION
    assert not desk.choice("Thinking").isEnabled()
    assert any("Not used while the model continues a text" in one for one in words(desk.panel))
    desk.choose("How it works", Mode.CHAT.value)
    desk.choose("Thinking", "Off")
    desk.choose("When the context is full", WhenFull.DROP_OLDEST.value)
    child(desk.panel, Switch, "Show how sure it is").setChecked(True)
    child(desk.panel, Switch, "Hide special tokens").setChecked(False)
    assert desk.last == ChatSettings(
        sampling=Sampling(skip_special_tokens=False), thinking=False, logprobs=True, when_full=WhenFull.DROP_OLDEST
    )
    child(desk.panel, QAbstractButton, "Hide special tokens: Back to usual: on").click()
    assert desk.last.sampling == Sampling()


def test_a_form_is_taken_once_nothing_is_wrong_with_it(desk: Desk) -> None:
    desk.open_all()
    desk.choose("Form of the answer", "JSON")
    assert desk.last.structure == Structure(StructureKind.JSON)
    schema = desk.text("JSON schema")
    schema.setPlainText('{"type": ')
    desk.panel.flush()
    assert any(one.startswith("The schema is no JSON") for one in words(desk.panel))
    assert len(desk.changes) == 1
    schema.setPlainText('{"type": "object"}')
    desk.panel.flush()
    assert desk.last.structure.text == '{"type": "object"}'
    assert not any(one.startswith("The schema is no JSON") for one in words(desk.panel))


def test_a_form_without_its_text_is_not_taken_yet_and_texts_come_back(desk: Desk) -> None:
    desk.open_all()
    desk.choose("Form of the answer", "One of a list")
    assert desk.changes == []
    desk.text("Choices").setPlainText("yes\nno")
    desk.panel.flush()
    assert desk.last.structure == Structure(StructureKind.CHOICE, "yes\nno")
    desk.choose("Form of the answer", "Free")
    assert desk.last.structure == Structure()
    desk.choose("Form of the answer", "One of a list")
    assert desk.last.structure == Structure(StructureKind.CHOICE, "yes\nno")


def test_a_preset_is_chosen_and_what_it_replaced_can_be_had_back(desk: Desk) -> None:
    chosen: list[int] = []
    desk.panel.preset_chosen.connect(chosen.append)
    desk.enter("Temperature", "0.5")
    mine = desk.last
    assert desk.choice("Preset").currentText() == "Your own choices"
    desk.choose("Preset", "Careful & slow")
    desk.show(replace(STATE, settings=CAREFUL.settings))
    assert chosen == [1]
    assert desk.choice("Preset").currentText() == "Careful & slow"
    assert desk.text("System prompt").toPlainText() == "Be careful."
    press_button(desk.panel, "Undo")
    assert desk.last == mine
    assert desk.text("System prompt").toPlainText() == ""


def test_a_changed_preset_says_so_and_the_models_own_settings_are_a_choice(desk: Desk) -> None:
    desk.show(replace(STATE, settings=CAREFUL.settings))
    desk.enter("Temperature", "0.5")
    assert desk.choice("Preset").currentText() == "Careful & slow, changed"
    desk.choose("Preset", "The model's own settings")
    assert desk.last == ChatSettings()
    assert desk.choice("Preset").count() == 2


def test_presets_are_saved_renamed_deleted_and_carried(desk: Desk) -> None:
    asked: list[tuple[object, ...]] = []
    panel = desk.panel
    panel.preset_saved.connect(lambda name: asked.append(("saved", name)))
    panel.preset_renamed.connect(lambda key, name: asked.append(("renamed", key, name)))
    panel.preset_deleted.connect(lambda key: asked.append(("deleted", key)))
    panel.presets_exported.connect(lambda: asked.append(("exported",)))
    panel.presets_imported.connect(lambda: asked.append(("imported",)))
    assert list(offered(panel)) == ["Save as a preset…", "Export presets…", "Import presets…"]
    write(desk.text("System prompt"), "Be brief.")
    desk.panel.flush()
    offered(panel)["Save as a preset…"].trigger()
    write(desk.entry("Name of the preset"), "Brief")
    press(desk.entry("Name of the preset"), Qt.Key.Key_Return)
    desk.show(replace(STATE, settings=CAREFUL.settings))
    offered(panel)["Rename “Careful && slow”…"].trigger()
    desk.entry("Name of the preset").setText("Slow")
    press_button(panel, "Save")
    offered(panel)["Delete “Careful && slow”…"].trigger()
    assert "Keep it" in buttons(panel)
    press_button(panel, "Keep it")
    offered(panel)["Delete “Careful && slow”…"].trigger()
    press_button(panel, "Delete it")
    offered(panel)["Export presets…"].trigger()
    offered(panel)["Import presets…"].trigger()
    assert asked == [("saved", "Brief"), ("renamed", 1, "Slow"), ("deleted", 1), ("exported",), ("imported",)]
    assert "Delete it" not in buttons(panel)


def test_escape_gives_up_a_name(desk: Desk) -> None:
    desk.enter("Temperature", "0.5")
    offered(desk.panel)["Save as a preset…"].trigger()
    press(desk.entry("Name of the preset"), Qt.Key.Key_Escape)
    assert "Save" not in buttons(desk.panel)


def test_it_can_be_closed(desk: Desk) -> None:
    closed: list[None] = []
    desk.panel.closed.connect(lambda: closed.append(None))
    press_button(desk.panel, "Close the settings")
    assert len(closed) == 1


def test_the_keyboard_reaches_every_control_in_its_order_and_each_has_a_name(desk: Desk) -> None:
    desk.show(replace(STATE, settings=ChatSettings("x", Sampling(temperature=0.5, skip_special_tokens=False))))
    desk.open_all()
    kinds = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, CalmSlider)
    first = child(desk.panel, QAbstractButton, "Close the settings")
    first.setFocus()
    reached: list[QWidget] = []
    focus = QApplication.focusWidget()
    while focus is not None and focus not in reached:
        reached.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
    wanted = [one for kind in kinds for one in seen(desk.panel, kind) if one.isEnabled()]
    assert {one.accessibleName() for one in wanted} <= {one.accessibleName() for one in reached}
    assert all(one.accessibleName() for one in wanted)
    places = [one.mapTo(desk.panel, one.rect().center()).y() for one in reached if one is not first]
    assert all(after > before - 30 for before, after in pairwise(places))


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_wider_than_the_panel(desk: Desk, theme: Theme, scale: float) -> None:
    # Panels of other tests, which are not deleted yet, would all be styled again.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    theme.dress()
    theme.set_text_scale(scale)
    try:
        desk.show(
            replace(STATE, settings=ChatSettings("x", Sampling(0.5, 0.5, 5, 0.5, 5, 1, 1, 1.5, ("x",), 5, False)))
        )
        desk.open_all()
        for _ in range(4):
            QApplication.processEvents()
        for one in [*seen(desk.panel, QLabel), *seen(desk.panel, QLineEdit), *seen(desk.panel, QAbstractButton)]:
            right = one.mapTo(desk.panel, one.rect().topRight()).x()
            assert right <= desk.panel.width(), one.accessibleName() or one
            if isinstance(one, QLabel) and one.wordWrap():
                assert one.height() >= one.heightForWidth(one.width()), one.text()
    finally:
        theme.set_text_scale(1.0)
