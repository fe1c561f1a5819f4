"""The panel of the chosen model: its words in every state, the one next action, and what its buttons ask for."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QProgressBar, QPushButton, QSlider, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.fit import Verdict, Wish
from desktop_app.domain.library import DownloadStatus, Gate, Source
from desktop_app.services.models_view import ModelDetail
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.download_card import DownloadCard
from desktop_app.ui.widgets.fit_badge import FitBadge
from desktop_app.ui.widgets.fit_bar import MemoryBar
from desktop_app.ui.widgets.model_detail import ModelDetailView
from tests.ui.hands import buttons, child, press, press_button, seen, words
from tests.ui.model_states import (
    AWAY,
    BIG,
    DAMAGED,
    DONE,
    FIXES,
    FOUND,
    GATED,
    HERE,
    LOADING,
    LOCAL,
    NAME,
    REF,
    SMALLER,
    TOO_BIG,
    UNFINISHED,
    UNKNOWN,
)

SIGNALS = (
    "wish_changed", "download_clicked", "pause_clicked", "resume_clicked", "cancel_clicked", "start_clicked",
    "settings_clicked", "delete_clicked", "verify_clicked", "stop_check_clicked", "repair_clicked", "proposal_chosen",
    "sibling_chosen", "look_closer_clicked", "link_clicked", "token_clicked", "take_off_clicked", "error_dismissed",
)  # fmt: skip
ENDLESS = replace(
    HERE,
    row=replace(
        HERE.row,
        name=f"owner/{'x' * 90}",
        local=replace(LOCAL, ref=replace(REF, folder=Path("/cache") / "snapshots" / ("f" * 40))),
    ),
)
STATES = (ENDLESS, AWAY, HERE, BIG, UNKNOWN, GATED, DAMAGED, UNFINISHED, replace(HERE, checking=0.4))
ZERO_WIDTH = "\u200b"


class Desk:
    """The panel on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.view = ModelDetailView(theme)
        self.asked: list[tuple[str, object]] = []
        for name in SIGNALS:
            getattr(self.view, name).connect(lambda what=None, name=name: self.asked.append((name, what)))
        qtbot.addWidget(self.view)
        self.view.resize(380, 1400)
        self.view.show()

    def show(self, detail: ModelDetail, download: DownloadStatus | None = None) -> None:
        self.view.show_download(download)
        self.view.show_detail(detail)

    @property
    def said(self) -> list[str]:
        return [one.replace(ZERO_WIDTH, "").replace("\u00a0", " ") for one in words(self.view)]

    @property
    def main(self) -> list[str]:
        """The buttons that are the next action."""
        return [one.accessibleName() for one in seen(self.view, QPushButton) if one.property("role") == "primary"]


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_without_a_model_it_says_what_will_be_seen(desk: Desk) -> None:
    assert desk.said == ["Choose a model. Here you see whether it fits this computer, and why."]
    desk.show(AWAY)
    desk.view.show_detail(None)
    assert buttons(desk.view) == []


def test_a_model_that_can_be_downloaded(desk: Desk) -> None:
    desk.show(AWAY)
    said = desk.said
    for one in (
        "Qwen3-4B-Instruct-2507", "by Qwen", "Everyday questions and letters.", "Tools",
        "Takes 11.0 GB of the 22.0 GB that are free on the card.", "4.0 billion", "16 bits, as published (bfloat16)",
        "up to 40,960 tokens", "apache-2.0", "2025-07", "8.1 GB",
        "On NVIDIA RTX 4090, 24.0 GB in all. An estimate; the first start measures it.",
    ):  # fmt: skip
        assert one in said
    assert child(desk.view, FitBadge).verdict is Verdict.RUNS_WELL
    assert child(desk.view, MemoryBar).accessibleDescription().startswith("Runs well. Model 8.0 GB")
    assert desk.main == ["Download 8.1 GB"]
    press_button(desk.view, "Download 8.1 GB")
    assert desk.asked == [("download_clicked", NAME)]


def test_a_model_that_is_here_can_be_started(desk: Desk) -> None:
    desk.show(HERE)
    assert desk.main == ["Start"]
    assert "by Qwen · Downloaded here" in desk.said
    assert "/data/models/Qwen/Qwen3-4B-Instruct-2507" in desk.said
    for name in ("Start", "Open settings", "Check its files", "Delete…", "Copy path"):
        press_button(desk.view, name)
    assert desk.asked == [
        ("start_clicked", REF),
        ("settings_clicked", REF.key),
        ("verify_clicked", REF.key),
        ("delete_clicked", REF.key),
    ]
    assert QGuiApplication.clipboard().text() == str(REF.folder)


def test_measured_figures_say_so(desk: Desk) -> None:
    assert HERE.fit is not None
    desk.show(replace(HERE, fit=replace(HERE.fit, measured=True)))
    assert "On NVIDIA RTX 4090, 24.0 GB in all. Measured when it was started last." in desk.said


@pytest.mark.parametrize("source", [Source.GUIDE, Source.ADDED, Source.VARIABLE])
def test_what_is_not_ours_is_not_deleted(desk: Desk, source: Source) -> None:
    desk.show(replace(HERE, row=replace(HERE.row, local=replace(LOCAL, source=source))))
    assert "Delete…" not in buttons(desk.view)
    assert f"by Qwen · {source.value}" in desk.said


def test_a_folder_of_ones_own_is_taken_off_the_list(desk: Desk) -> None:
    desk.show(HERE)
    assert "Take off the list" not in buttons(desk.view)
    desk.show(replace(HERE, row=replace(HERE.row, local=replace(LOCAL, source=Source.ADDED))))
    press_button(desk.view, "Take off the list")
    assert desk.asked == [("take_off_clicked", REF.folder)]


def test_what_failed_is_read_and_put_away(desk: Desk) -> None:
    desk.show(replace(AWAY, error=UserError("The Hub does not answer.", "Try later.")))
    assert "The Hub does not answer." in desk.said
    press_button(desk.view, "Dismiss")
    assert desk.asked == [("error_dismissed", None)]
    desk.show(AWAY)
    assert "The Hub does not answer." not in desk.said
    desk.show(DAMAGED)
    assert "Dismiss" not in buttons(desk.view), "it stays as long as the model is damaged"


def test_offline_nothing_is_downloaded_and_it_says_why(desk: Desk) -> None:
    desk.view.show_offline(True)
    for detail, name in ((AWAY, "Download 8.1 GB"), (UNFINISHED, "Continue the download"), (DAMAGED, "Repair")):
        desk.show(detail)
        assert any(one.startswith("Offline mode is on") for one in desk.said)
        assert not child(desk.view, QPushButton, name).isEnabled()
    desk.show(HERE)
    assert child(desk.view, QPushButton, "Start").isEnabled()
    assert not any(one.startswith("Offline mode is on") for one in desk.said)
    desk.view.show_offline(False)
    desk.show(AWAY)
    assert child(desk.view, QPushButton, "Download 8.1 GB").isEnabled()


def test_the_suggestion_says_so(desk: Desk) -> None:
    desk.show(replace(AWAY, row=replace(AWAY.row, suggested=True)))
    assert "Suggested for this computer" in desk.said


def test_a_check_shows_how_far_it_is_and_can_be_stopped(desk: Desk) -> None:
    desk.show(replace(HERE, checking=0.42))
    assert "42 % of its bytes compared." in desk.said
    assert child(desk.view, QProgressBar, "Progress of the check").value() == 420
    assert "Delete…" not in buttons(desk.view)
    press_button(desk.view, "Stop checking")
    assert desk.asked == [("stop_check_clicked", None)]
    desk.show(replace(HERE, note="All 12 files are as they were published."))
    assert "All 12 files are as they were published." in desk.said


def test_too_big_offers_what_would_help_first(desk: Desk, qapp: QApplication) -> None:
    desk.view.resize(380, 500)
    desk.show(BIG)
    assert desk.main == ["Make it fit"]
    assert "Download 8.1 GB anyway" in buttons(desk.view)
    desk.view.activateWindow()
    press_button(desk.view, "Make it fit")
    focused = qapp.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == "Use this: Use a context of 4,096"
    assert focused.accessibleDescription() == "Takes 0.6 GB less. Then: Runs well."
    assert not focused.visibleRegion().isEmpty()


def test_proposals_and_copies(desk: Desk) -> None:
    desk.show(BIG)
    press_button(desk.view, "Use this: Use a context of 4,096")
    press_button(desk.view, f"Look at it: {FIXES[1].words}")
    # Whose program it is closes it; then the machine is looked at again.
    press_button(desk.view, "Look again: Close blender")
    assert desk.asked == [("proposal_chosen", proposal) for proposal in FIXES]
    # A copy that is proposed is not listed again.
    assert "Smaller copies of this model" not in desk.said
    desk.show(replace(BIG, proposals=()))
    assert "Smaller copies of this model" in desk.said
    assert "About 2.6 GB to download, made smaller to 4 bits (AWQ)." in desk.said
    assert not any(one.startswith("Smaller copies that do not run") for one in desk.said)
    desk.asked.clear()
    press_button(desk.view, "Look at it: Qwen3-4B-Instruct-2507-AWQ")
    assert desk.asked == [("sibling_chosen", SMALLER.name)]


def test_copies_that_do_not_run_are_only_named(desk: Desk) -> None:
    desk.show(replace(BIG, proposals=(), siblings=((SMALLER, TOO_BIG),)))
    assert "Smaller copies that do not run here: Qwen3-4B-Instruct-2507-AWQ." in desk.said
    assert "Smaller copies of this model" not in desk.said
    assert "Look at it: Qwen3-4B-Instruct-2507-AWQ" not in buttons(desk.view)


def test_too_big_without_a_way_out(desk: Desk) -> None:
    desk.show(replace(BIG, proposals=(), siblings=()))
    assert desk.main == []
    desk.show(replace(HERE, fit=TOO_BIG))
    assert desk.main == ["Open settings"]
    assert "Start anyway" in buttons(desk.view)


def test_not_known_is_not_no(desk: Desk) -> None:
    desk.show(UNKNOWN)
    assert "How large its weights are is not known." in desk.said
    assert desk.main == ["Ask the Hub about it"]
    assert not seen(desk.view, MemoryBar)
    assert not seen(desk.view, QSlider)
    press_button(desk.view, "Ask the Hub about it")
    press_button(desk.view, "Download")
    assert desk.asked == [("look_closer_clicked", None), ("download_clicked", "lab/stranger")]
    desk.show(replace(UNKNOWN, looking=True))
    assert "Asking the Hub about it…" in desk.said
    assert desk.main == []
    failed = UserError("The Hub does not answer.", "Is this computer online?", Remedy.RETRY, "timeout")
    desk.show(replace(UNKNOWN, error=failed))
    assert "The Hub does not answer." in desk.said
    assert desk.main == ["Ask the Hub about it"]
    assert "Try again" not in buttons(desk.view)


def test_a_size_without_a_shape_can_be_asked_about(desk: Desk) -> None:
    spec = replace(AWAY.row.spec, geometry=None)
    desk.show(replace(AWAY, row=replace(AWAY.row, spec=spec)))
    assert desk.main == ["Download 8.1 GB"]
    assert "Ask the Hub about it" in buttons(desk.view)
    desk.show(replace(AWAY, row=replace(AWAY.row, spec=spec, found=FOUND)))
    assert "Ask the Hub about it" not in buttons(desk.view)


def test_a_gated_model_explains_the_steps_in_order(desk: Desk) -> None:
    desk.show(GATED)
    steps = ["Sign in on its page and agree to the terms.", "Make a token that may read.",
             "Enter the token here. It stays on this computer.", "Download it below."]  # fmt: skip
    assert [one for one in desk.said if one in steps] == steps
    assert "Its owner answers by hand, which can take days." in desk.said
    assert desk.main == ["Download 8.0 GB"]
    page = child(desk.view, QPushButton, "Open its page on huggingface.co")
    assert page.toolTip() == f"huggingface.co\nhttps://huggingface.co/{NAME}"
    press_button(desk.view, "Open its page on huggingface.co")
    press_button(desk.view, "Make a token on huggingface.co")
    press_button(desk.view, "Enter the token")
    assert desk.asked == [
        ("link_clicked", f"https://huggingface.co/{NAME}"),
        ("link_clicked", "https://huggingface.co/settings/tokens"),
        ("token_clicked", None),
    ]
    desk.show(GATED, replace(LOADING, repo_id=NAME))
    assert "Open its page on huggingface.co" not in buttons(desk.view)
    desk.show(replace(GATED, row=replace(GATED.row, found=replace(FOUND, gate=Gate.OPEN))))
    assert "Open its page on huggingface.co" not in buttons(desk.view)


def test_a_damaged_model_offers_repair_and_nothing_else(desk: Desk) -> None:
    desk.show(DAMAGED)
    assert desk.main == ["Repair"]
    assert not seen(desk.view, FitBadge), "it is not said to run well"
    assert desk.said.count("A file is wrong.") == 1
    assert "Start" not in buttons(desk.view)
    press_button(desk.view, "Repair")
    assert desk.asked == [("repair_clicked", REF.key)]


def test_an_unfinished_one_is_continued(desk: Desk) -> None:
    desk.show(UNFINISHED)
    assert desk.main == ["Continue the download"]
    assert "Check its files" not in buttons(desk.view)
    press_button(desk.view, "Continue the download")
    assert desk.asked == [("resume_clicked", NAME)]


def test_while_it_downloads_the_card_stands_there(desk: Desk) -> None:
    desk.show(AWAY, LOADING)
    assert seen(desk.view, DownloadCard)
    assert desk.main == []
    press_button(desk.view, "Pause")
    assert desk.asked == [("pause_clicked", NAME)]
    desk.show(AWAY, replace(LOADING, repo_id="some/other"))
    assert desk.main == ["Download 8.1 GB"]


def test_a_finished_download_can_be_started_before_and_after_it_is_found(desk: Desk) -> None:
    desk.show(AWAY, DONE)
    assert desk.main == ["Start"]
    press_button(desk.view, "Start")
    desk.show(HERE, DONE)
    assert desk.main == ["Start"]
    assert not seen(desk.view, DownloadCard)
    press_button(desk.view, "Start")
    assert desk.asked == [("start_clicked", REF)] * 2


def test_dragging_changes_the_wish_and_keeps_the_slider(desk: Desk, qapp: QApplication) -> None:
    desk.show(HERE)
    desk.view.activateWindow()
    slider = child(desk.view, QSlider)
    slider.setFocus()
    press(slider, Qt.Key.Key_Right)
    wish = desk.asked[-1][1]
    assert wish == Wish(12_288)
    assert HERE.fit is not None
    desk.show(replace(HERE, wish=Wish(12_288), fit=replace(HERE.fit, context=12_288), proposals=FIXES[:1]))
    assert qapp.focusWidget() is slider
    assert "12,288 tokens" in desk.said


def test_cards_are_kept_while_their_words_change(desk: Desk) -> None:
    desk.show(BIG)
    before = child(desk.view, QPushButton, "Use this: Use a context of 4,096")
    desk.show(replace(BIG, proposals=(replace(FIXES[0], words="Use a context of 2,048"),)))
    assert before.accessibleName() == "Use this: Use a context of 2,048"
    assert "Close blender" not in desk.said


def test_the_panel_of_another_model_begins_at_its_top(desk: Desk, qapp: QApplication) -> None:
    desk.view.resize(380, 400)
    desk.show(HERE)
    qapp.processEvents()
    bar = desk.view._scroll.verticalScrollBar()
    bar.setValue(bar.maximum())
    desk.show(replace(HERE, note="Whole."))
    assert bar.value() > 0
    desk.show(AWAY)
    assert bar.value() == 0


@pytest.mark.parametrize("width", [320, 380, 520])
@pytest.mark.parametrize("detail", STATES)
def test_nothing_is_clipped(desk: Desk, qapp: QApplication, width: int, detail: ModelDetail) -> None:
    desk.view.resize(width, 900)
    desk.show(detail)
    qapp.processEvents()
    inside = desk.view._scroll.widget()
    assert inside is not None
    assert inside.minimumSizeHint().width() <= inside.width() <= width
    for one in seen(desk.view, QWidget):
        if isinstance(one, (QPushButton, QLabel)) and one.objectName() == "":
            right = one.mapTo(desk.view, one.rect().topRight()).x()
            assert right <= width, one
            assert one.width() >= one.minimumSizeHint().width() or isinstance(one, QLabel), one


@pytest.mark.parametrize("detail", STATES)
def test_the_keyboard_goes_from_above_to_below(desk: Desk, qapp: QApplication, detail: ModelDetail) -> None:
    desk.show(AWAY)
    desk.show(BIG)
    desk.show(detail)
    qapp.processEvents()
    stops: list[QWidget] = []
    one: QWidget | None = desk.view.nextInFocusChain()
    while one is not None and one is not desk.view:
        if one.isVisible() and one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.focusProxy() is None:
            stops.append(one)
        one = one.nextInFocusChain()
    places = [stop.mapTo(desk.view, stop.rect().topLeft()) for stop in stops]
    assert [(at.y(), at.x()) for at in places] == sorted((at.y(), at.x()) for at in places)
    assert {stop.accessibleName() for stop in stops} >= set(buttons(desk.view))
    assert all(stop.accessibleName() for stop in stops)
