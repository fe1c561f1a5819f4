"""The two lists of models: sifted, sorted, searched, walked through, and never without a next action."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.catalog import CatalogModel
from desktop_app.domain.errors import UserError
from desktop_app.domain.fit import Verdict
from desktop_app.domain.library import Condition, DownloadStage, DownloadStatus
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.services.models_view import ModelRow, ModelsState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.model_list import ModelBrowser, Shelf
from desktop_app.ui.widgets.model_list_downloads import DownloadRows
from desktop_app.ui.widgets.model_list_entry import Order, Question, Sieve
from desktop_app.ui.widgets.model_list_frame import ListAndDetail
from desktop_app.ui.widgets.model_list_view import ModelListView
from desktop_app.ui.widgets.model_list_words import SUGGESTED, marks, sentence, size
from tests.ui.hands import buttons, child, click, press, press_button, words, write
from tests.ui.model_list_states import (
    BIG,
    CATALOGUE,
    CODER,
    GUIDE,
    NARROW,
    SLOW,
    SMALL,
    STATE,
    STRANGER,
    make_local,
    make_row,
)


class Desk:
    """A browser on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.qtbot = qtbot
        self.browser = ModelBrowser(theme)
        self.said: list[tuple[object, ...]] = []
        self.browser.chosen.connect(lambda key: self.said.append(("chosen", key)))
        self.browser.opened.connect(lambda key: self.said.append(("opened", key)))
        self.browser.search_asked.connect(lambda text: self.said.append(("search", text)))
        self.browser.address_opened.connect(lambda text: self.said.append(("address", text)))
        self.browser.hub_settings_clicked.connect(lambda: self.said.append(("hub",)))
        self.browser.resize(800, 600)
        qtbot.addWidget(self.browser)
        self.browser.show()
        self.browser.show_state(STATE)
        self.browser.show_shelf(Shelf.DISCOVER)

    @property
    def view(self) -> ModelListView:
        return child(self.browser, ModelListView)

    @property
    def search(self) -> QLineEdit:
        return child(self.browser, QLineEdit)

    def rows(self) -> list[str]:
        model = self.view.model()
        shown = [model.index(row, 0).data() for row in range(model.rowCount())]
        return shown if self.view.isVisible() else []

    def chip(self, verdict: Verdict) -> QPushButton:
        chips = [one for one in self.browser.findChildren(QPushButton) if one.property("role") == "chip"]
        return next(chip for chip in chips if chip.accessibleName().startswith(verdict.value))

    def sort(self, order: Order) -> None:
        box = child(self.browser, QComboBox, "Sort by")
        box.setCurrentIndex(box.findText(order.value))

    def show(self, state: ModelsState) -> None:
        self.browser.show_state(state)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_at_first_only_what_runs_well_is_offered_and_the_rest_is_counted(desk: Desk) -> None:
    assert desk.rows() == [SMALL.name, CODER.name]
    assert "3 hidden by the filter" in words(desk.browser)
    assert desk.chip(Verdict.TOO_BIG).text() == "Too big  1"
    assert desk.chip(Verdict.TOO_BIG).accessibleName() == "Too big, 1 model"


def test_show_all_shows_all_and_nothing_is_hidden_then(desk: Desk) -> None:
    press_button(desk.browser, "Show all")
    assert desk.rows() == [row.name for row in CATALOGUE[:1] + CATALOGUE[1:]]
    assert "Nothing is hidden" in words(desk.browser)
    assert "Show all" not in buttons(desk.browser)


def test_a_chip_adds_its_verdict(desk: Desk) -> None:
    click(desk.chip(Verdict.TIGHT))
    assert desk.rows() == [SMALL.name, CODER.name, NARROW.name]
    assert "2 hidden by the filter" in words(desk.browser)


def test_a_suggestion_that_is_tight_is_not_hidden_at_first(qtbot: QtBot, theme: Theme) -> None:
    browser = ModelBrowser(theme)
    qtbot.addWidget(browser)
    browser.show()
    browser.show_state(replace(STATE, discover=(CODER, replace(NARROW, suggested=True), BIG)))
    assert [row.name for row in child(browser, ModelListView).rows.rows] == [NARROW.name, CODER.name]


def test_going_to_the_other_list_says_so_and_each_remembers_its_model(desk: Desk) -> None:
    said: list[str] = []
    desk.browser.shelf_chosen.connect(lambda: said.append(desk.browser.first_key()))
    desk.browser.select(CODER.key)
    desk.browser.segments.chosen.emit(Shelf.LOCAL)
    desk.browser.segments.chosen.emit(Shelf.DISCOVER)
    assert said == [GUIDE.key, CODER.key]


def test_typing_sifts_by_name_and_by_what_a_model_is_good_for(desk: Desk) -> None:
    write(desk.search, "CODE explains")
    assert desk.rows() == [CODER.name]
    press(desk.search, Qt.Key.Key_Escape)
    assert desk.search.text() == ""
    assert len(desk.rows()) == 2


def test_what_the_filter_hides_is_one_click_away(desk: Desk) -> None:
    write(desk.search, "70b")
    assert desk.rows() == []
    assert "1 model is hidden by the filter." in words(desk.browser)
    press_button(desk.browser, "Show all")
    assert desk.rows() == [BIG.name]


def test_each_order(desk: Desk) -> None:
    press_button(desk.browser, "Show all")
    desk.sort(Order.SIZE)
    assert desk.rows() == [SMALL.name, CODER.name, NARROW.name, SLOW.name, BIG.name]
    desk.sort(Order.NAME)
    assert desk.rows() == [BIG.name, CODER.name, NARROW.name, SLOW.name, SMALL.name]


def known(name: str, released: str, learning: bool = False, gigabytes: float = 1.0) -> ModelRow:
    row = make_row(name, gigabytes=gigabytes)
    return replace(row, known=CatalogModel(row.spec, "Something.", "mit", released=released, learning=learning))


def test_the_newest_come_first_and_unknown_dates_last() -> None:
    sieve = Sieve()
    sieve.fill((known("a/1", "2024-02"), make_row("a/unknown"), known("a/2", "2026-08"), known("a/3", "2024-11")))
    found = sieve.ask(Question(order=Order.NEWEST)).rows
    assert [row.name for row in found] == ["a/2", "a/3", "a/1", "a/unknown"]


def test_on_this_computer_the_newest_is_what_came_last() -> None:
    first, second = make_local("a/first"), make_local("a/second")
    assert first.local is not None
    sieve = Sieve()
    sieve.fill((first, replace(second, local=replace(first.local, modified=99.0))))
    assert [row.name for row in sieve.ask(Question(order=Order.NEWEST)).rows] == ["a/second", "a/first"]


def test_the_best_is_the_suggestion_then_the_largest_and_what_is_for_learning_comes_last() -> None:
    sieve = Sieve()
    sieve.fill((known("a/old", "2019", learning=True, gigabytes=9), known("a/8", "2026", gigabytes=8), STRANGER, SMALL))
    assert [row.name for row in sieve.ask(Question()).rows] == [SMALL.name, "a/8", "a/old", STRANGER.name]


def test_a_hub_search_shows_what_is_not_known_too(desk: Desk) -> None:
    write(desk.search, "stranger")
    press_button(desk.browser, "Search the Hub")
    desk.show(replace(STATE, discover=(*CATALOGUE, STRANGER), searched="stranger"))
    assert desk.said == [("search", "stranger")]
    assert desk.rows() == [STRANGER.name]


def test_enter_asks_the_hub(desk: Desk) -> None:
    write(desk.search, "mistral")
    press(desk.search, Qt.Key.Key_Return)
    assert desk.said == [("search", "mistral")]


def test_offline_the_hub_is_not_asked_and_it_says_so(desk: Desk) -> None:
    desk.show(replace(STATE, offline=True))
    write(desk.search, "mistral")
    press(desk.search, Qt.Key.Key_Return)
    assert desk.said == []
    assert not child(desk.browser, QPushButton, "Search the Hub").isEnabled()
    assert any("Offline mode is on" in one for one in words(desk.browser))
    press_button(desk.browser, "Hub settings")
    assert desk.said == [("hub",)]


@pytest.mark.parametrize(
    "text",
    ["Qwen/Qwen3-0.6B", "https://huggingface.co/Qwen/Qwen3-0.6B", "https://hf.co/Qwen/Qwen3-0.6B/tree/main?x=1#y"],
)
def test_a_pasted_link_is_opened(desk: Desk, text: str) -> None:
    desk.search.setText(text)
    press_button(desk.browser, "Open Qwen/Qwen3-0.6B")
    assert desk.said == [("address", text)]


def test_words_with_a_slash_are_words(desk: Desk) -> None:
    write(desk.search, "either / or")
    assert "Search the Hub" in buttons(desk.browser)


def test_while_the_hub_is_asked_it_is_not_asked_again(desk: Desk) -> None:
    write(desk.search, "mistral")
    desk.show(replace(STATE, searching=True))
    press(desk.search, Qt.Key.Key_Return)
    assert desk.said == []
    assert not child(desk.browser, QPushButton, "Asking the Hub…").isEnabled()
    assert "Asking the Hub…" in words(desk.browser)


def test_a_search_that_found_nothing_says_so(desk: Desk) -> None:
    write(desk.search, "zzz")
    assert "The catalogue has no such model; the Hub has many more." in words(desk.browser)
    desk.show(replace(STATE, searched="zzz"))
    assert "The Hub has nothing for “zzz”." in words(desk.browser)
    press_button(desk.browser, "Clear the search")
    assert len(desk.rows()) == 2


def test_with_the_guide_alone_the_way_to_others_is_shown(desk: Desk) -> None:
    desk.browser.show_shelf(Shelf.LOCAL)
    assert desk.rows() == ["Guide"]
    press_button(desk.browser, "Find a model that suits this computer")
    assert desk.browser.shelf is Shelf.DISCOVER


def test_without_any_model_the_same(desk: Desk) -> None:
    desk.show(replace(STATE, local=()))
    desk.browser.show_shelf(Shelf.LOCAL)
    assert "No model is on this computer yet." in words(desk.browser)


def test_what_is_not_here_can_be_looked_for_elsewhere(desk: Desk) -> None:
    desk.show(replace(STATE, local=(GUIDE, make_local("a/b"))))
    desk.browser.show_shelf(Shelf.LOCAL)
    write(desk.search, "coder")
    press_button(desk.browser, "Look in Discover")
    assert desk.rows() == [CODER.name]
    assert desk.search.text() == "coder"


def test_on_this_computer_nothing_is_hidden_at_first(desk: Desk) -> None:
    desk.show(replace(STATE, local=(GUIDE, make_local("a/big", verdict=Verdict.TOO_BIG))))
    desk.browser.show_shelf(Shelf.LOCAL)
    assert desk.rows() == ["Guide", "a/big"]
    assert "Search the Hub" not in buttons(desk.browser)


def test_until_the_machine_was_looked_at_it_says_so(desk: Desk) -> None:
    desk.show(ModelsState(looking=True))
    assert "Looking at this computer…" in words(desk.browser)


def test_each_list_keeps_its_words_and_chips(desk: Desk) -> None:
    write(desk.search, "code")
    click(desk.chip(Verdict.TIGHT))
    desk.browser.show_shelf(Shelf.LOCAL)
    assert desk.search.text() == ""
    assert all(desk.chip(verdict).isChecked() for verdict in Verdict)
    desk.browser.show_shelf(Shelf.DISCOVER)
    assert desk.search.text() == "code"
    assert not desk.chip(Verdict.TOO_BIG).isChecked()


def test_arrow_keys_choose_and_enter_opens(desk: Desk) -> None:
    press(desk.search, Qt.Key.Key_Down)
    press(desk.view, Qt.Key.Key_Down)
    desk.qtbot.waitUntil(lambda: ("chosen", CODER.key) in desk.said)
    press(desk.view, Qt.Key.Key_Return)
    assert desk.said[-1] == ("opened", CODER.key)


def test_up_from_the_first_row_and_letters_go_to_the_search(desk: Desk) -> None:
    desk.browser.activateWindow()
    desk.browser.focus_list()
    press(desk.view, Qt.Key.Key_Home)
    press(desk.view, Qt.Key.Key_Up)
    assert desk.search.hasFocus()
    desk.browser.focus_list()
    write(desk.view, "c")
    assert desk.search.hasFocus()
    assert desk.search.text() == "c"


def test_a_click_opens(desk: Desk) -> None:
    place = desk.view.visualRect(desk.view.model().index(1, 0)).center()
    click(desk.view.viewport(), place)
    assert ("opened", CODER.key) in desk.said


def test_what_is_selected_stays_selected_while_the_list_changes(desk: Desk) -> None:
    assert desk.browser.select(CODER.key)
    write(desk.search, "code")
    desk.show(replace(STATE, discover=tuple(replace(row) for row in CATALOGUE)))
    assert desk.browser.key == CODER.key
    assert desk.said == []
    write(desk.search, "zzz")
    assert desk.browser.key == ""


@pytest.mark.parametrize(
    ("before", "name", "key", "after"),
    [
        (Shelf.DISCOVER, "Discover", Qt.Key.Key_Left, Shelf.LOCAL),
        (Shelf.LOCAL, "On this computer, 1 model", Qt.Key.Key_Right, Shelf.DISCOVER),
    ],
)
def test_left_and_right_choose_the_list(desk: Desk, before: Shelf, name: str, key: Qt.Key, after: Shelf) -> None:
    desk.browser.show_shelf(before)
    press(child(desk.browser, QPushButton, name), key)
    assert desk.browser.shelf is after


def test_a_folder_can_be_opened_without_the_hub(desk: Desk) -> None:
    desk.show(replace(STATE, offline=True))
    desk.search.setText("/models/mine")
    press_button(desk.browser, "Open this folder")
    assert desk.said == [("address", "/models/mine")]


def test_a_screen_reader_hears_everything(desk: Desk) -> None:
    model = desk.view.model()
    said = model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == (
        "Small-1B by Qwen. Runs well: It is runs well. Size: 1.0 GB. Quick answers to short questions. "
        "Suggested for this computer."
    )


def test_a_damaged_model_is_never_said_to_run_well() -> None:
    problem = UserError("model-2.safetensors ends too early.")
    said = sentence(make_local("a/b", Condition.DAMAGED, problem=problem), in_discover=False)
    assert said == "b by a. Damaged. Size: 1.0 GB. model-2.safetensors ends too early."


def test_marks_tell_what_matters() -> None:
    learning = known("a/b", "2019", learning=True)
    assert marks(SMALL, in_discover=True) == [SUGGESTED]
    assert [mark.words for mark in marks(learning, in_discover=True)] == ["For learning only"]
    assert [mark.words for mark in marks(STRANGER, in_discover=True)] == ["Ask its owner first"]
    assert [mark.words for mark in marks(make_local("a/b"), in_discover=True)] == ["On this computer"]
    assert marks(make_local("a/b"), in_discover=False) == []


@pytest.mark.parametrize("appearance", [Appearance.LIGHT, Appearance.DARK])
@pytest.mark.parametrize("width", [320, 480, 1200])
def test_every_kind_of_row_is_drawn(
    desk: Desk, qapp: QApplication, theme: Theme, appearance: Appearance, width: int
) -> None:
    before = theme.appearance
    theme.choose(appearance)
    long = make_row("somebody/" + "A-very-long-name-" * 6, Verdict.UNSUITED, about="Anything. " * 40)
    kinds = (*CATALOGUE, STRANGER, long, make_local("a/b", Condition.UNFINISHED), make_local("a/c", Condition.DAMAGED))
    desk.show(replace(STATE, discover=kinds))
    press_button(desk.browser, "Show all")
    desk.browser.resize(width, 1000)
    desk.browser.select(long.key)
    desk.view.setProperty("kbd", True)
    qapp.sendEvent(desk.view, QFocusEvent(QFocusEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    assert not desk.browser.grab().isNull()
    assert desk.view.horizontalScrollBar().maximum() == 0
    theme.choose(before)


def test_five_thousand_models_are_sifted() -> None:
    sieve = Sieve()
    rows = tuple(make_row(f"owner/Model-{number}", tuple(Verdict)[number % 6]) for number in range(5000))
    sieve.fill(rows)
    found = sieve.ask(Question("model-49", frozenset({Verdict.RUNS_WELL})))
    assert found.counts.total() == len([row for row in rows if "Model-49" in row.name])
    assert found.hidden == found.counts.total() - len(found.rows)


RUNNING = DownloadStatus("Qwen/Small-1B", DownloadStage.RUNNING, done_bytes=int(1e9), total_bytes=int(4e9))


class TestDownloads:
    @pytest.fixture
    def rows(self, qtbot: QtBot, theme: Theme) -> DownloadRows:
        made = DownloadRows(theme)
        qtbot.addWidget(made)
        return made

    def test_each_has_the_one_thing_to_do_next(self, rows: DownloadRows) -> None:
        said: list[object] = []
        for signal in (rows.opened, rows.pause_clicked, rows.resume_clicked, rows.hidden, rows.start_clicked):
            signal.connect(said.append)
        rows.show_downloads([RUNNING])
        press_button(rows, "Pause Qwen/Small-1B")
        rows.show_downloads([replace(RUNNING, stage=DownloadStage.PAUSED)])
        press_button(rows, "Continue Qwen/Small-1B")
        local = make_local("Qwen/Small-1B").local
        assert local is not None
        rows.show_downloads([replace(RUNNING, stage=DownloadStage.DONE, model=local.ref)])
        press_button(rows, "Start Qwen/Small-1B")
        press_button(rows, "Hide")
        press_button(rows, "Look at Qwen/Small-1B")
        name = RUNNING.repo_id
        assert said == [name, name, local.ref, name, name]

    def test_a_failure_says_why(self, rows: DownloadRows) -> None:
        error = UserError("The disk is full: 2.1 GB are missing.")
        rows.show_downloads([replace(RUNNING, stage=DownloadStage.FAILED, error=error)])
        assert "Stopped: The disk is full: 2.1 GB are missing." in words(rows)

    def test_there_is_nothing_without_downloads(self, rows: DownloadRows) -> None:
        rows.show_downloads([RUNNING, replace(RUNNING, repo_id="a/b")])
        assert rows.isVisible()
        rows.show_downloads([])
        assert not rows.isVisible()


def test_in_a_narrow_window_the_detail_covers_the_list_and_escape_goes_back(theme: Theme, qtbot: QtBot) -> None:
    listed, detail = QLineEdit(), QLineEdit()
    frame = ListAndDetail(theme, listed, detail)
    qtbot.addWidget(frame)
    frame.resize(1200, 600)
    frame.show()
    assert listed.isVisible()
    assert detail.isVisible()
    frame.resize(840, 500)
    assert not detail.isVisible()
    frame.show_detail()
    assert not listed.isVisible()
    press(detail, Qt.Key.Key_Escape)
    assert listed.isVisible()
    frame.show_detail()
    press_button(frame, "‹ Back to the list")
    assert listed.isVisible()


def test_the_keyboard_goes_along_when_the_detail_covers_the_list(theme: Theme, qtbot: QtBot) -> None:
    listed, detail = QWidget(), QLineEdit()
    line = QLineEdit(listed)
    frame = ListAndDetail(theme, listed, detail)
    qtbot.addWidget(frame)
    frame.resize(840, 500)
    covered: list[bool] = []
    frame.covered.connect(covered.append)
    frame.show()
    line.setFocus()
    frame.show_detail()
    focused = frame.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == "‹ Back to the list"
    press(focused, Qt.Key.Key_Escape)
    assert frame.focusWidget() is line
    assert covered == [True, False]


def test_a_row_says_why_on_hover(desk: Desk) -> None:
    index = desk.view.indexAt(QPoint(20, 20))
    assert "It is runs well." in index.data(Qt.ItemDataRole.ToolTipRole)


def test_a_model_of_which_little_is_known_still_says_something() -> None:
    row = replace(make_row("a/b"), spec=ModelSpec("a/b", parameters=7_600_000_000))
    assert "7.6 billion parameters" in sentence(row, in_discover=True)


def test_a_size_that_follows_from_the_shape_alone_is_said_to_be_about() -> None:
    row = make_row("a/b", gigabytes=2.0)
    shape = replace(row, spec=ModelSpec("a/b"), fit=replace(row.fit, cards=2))
    assert size(row) == "2.0 GB"
    assert size(shape) == "≈ 4.0 GB"
    assert size(replace(shape, fit=replace(row.fit, parts=None))) == "size not known"


def test_rows_and_what_is_in_them_grow_with_their_words(desk: Desk, theme: Theme) -> None:
    def rows() -> list[int]:
        model = desk.view.model()
        return [desk.view.visualRect(model.index(row, 0)).height() for row in range(model.rowCount())]

    usual = rows()
    theme.set_text_scale(2.0)
    try:
        desk.qtbot.waitUntil(lambda: rows() == [2 * height for height in usual])
        laid = desk.view._delegate._layout.lay_out(CATALOGUE[0], 600, True)
        assert laid.badge is not None
        assert laid.badge.right() <= 600
        lines = sorted((text.place.y(), text.text.size().height()) for text in laid.texts)
        assert lines[0][0] + lines[0][1] <= lines[-1][0], "the second line begins below the first"
        assert lines[-1][0] + lines[-1][1] <= rows()[0]
    finally:
        theme.set_text_scale(1.0)
    desk.qtbot.waitUntil(lambda: rows() == usual)


def test_with_large_words_in_a_narrow_list_only_the_order_gives_way(desk: Desk, theme: Theme) -> None:
    theme.set_text_scale(2.0)
    try:
        desk.browser.resize(400, 600)
        segments = desk.browser.segments
        desk.qtbot.waitUntil(lambda: segments.width() >= segments.sizeHint().width() > 200)
    finally:
        theme.set_text_scale(1.0)
