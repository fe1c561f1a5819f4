"""One download on the screen: figures, what it waits for, and the way on from every stage."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QProgressBar
from pytestqt.qtbot import QtBot

from desktop_app.domain.library import DownloadStage, DownloadStatus
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.download_card import DownloadCard, figures
from tests.ui.hands import buttons, child, press_button, words
from tests.ui.model_states import DONE, FAILED, LOADING, NAME, PAUSED, REF

SLOW = "5 of 250 MB · 50 kB/s · 82 min left"


class Desk:
    """A card on the screen, and what it asked for."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.now = 100.0
        self.card = DownloadCard(theme, lambda: self.now)
        self.asked: list[tuple[str, object]] = []
        for name in ("pause_clicked", "resume_clicked", "cancel_clicked", "start_clicked"):
            getattr(self.card, name).connect(lambda what, name=name: self.asked.append((name, what)))
        qtbot.addWidget(self.card)
        self.card.resize(320, 300)
        self.show(LOADING)

    def show(self, status: DownloadStatus | None) -> None:
        self.card.show_status(status)

    @property
    def bar(self) -> QProgressBar:
        return child(self.card, QProgressBar)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def test_how_far_how_fast_and_how_long(desk: Desk) -> None:
    said = words(desk.card)
    assert "1.2 of 3.1\u00a0GB · 24\u00a0MB/s · 78 s left" in said
    assert "4 of 12 files · model-00001-of-00003.safetensors" in said
    assert "Downloading" in said
    assert desk.bar.value() == 396
    assert buttons(desk.card) == ["Pause", "Cancel"]
    press_button(desk.card, "Pause")
    assert desk.asked == [("pause_clicked", NAME)]
    assert not desk.card.grab().isNull()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"total_bytes": 0}, ""),
        ({"bytes_per_second": 0.0}, "1.2 of 3.1 GB"),
        ({"done_bytes": 5_000_000, "total_bytes": 250_000_000, "bytes_per_second": 5e4}, SLOW),
        ({"bytes_per_second": 1.25e6}, "1.2 of 3.1 GB · 1.2 MB/s · 25 min left"),
        ({"stage": DownloadStage.CHECKING}, "1.2 of 3.1 GB"),
        ({"done_bytes": 23_000_000, "bytes_per_second": 0.0}, "23 MB of 3.1 GB"),
    ],
)
def test_figures(changes: dict[str, object], said: str) -> None:
    assert figures(replace(LOADING, **changes)) == said  # type: ignore[arg-type]


def test_what_it_waits_for_is_said(desk: Desk) -> None:
    desk.show(replace(LOADING, bytes_per_second=0.0, note="The Hub asks us to wait 20 seconds."))
    assert "The Hub asks us to wait 20 seconds." in words(desk.card)


def test_before_sizes_are_known_the_bar_only_moves(desk: Desk) -> None:
    desk.show(DownloadStatus(NAME, DownloadStage.LOOKING))
    assert (desk.bar.minimum(), desk.bar.maximum()) == (0, 0)
    press_button(desk.card, "Cancel")
    assert desk.asked == [("cancel_clicked", NAME)]


def test_a_pause_can_be_continued(desk: Desk) -> None:
    desk.show(PAUSED)
    assert buttons(desk.card) == ["Continue", "Cancel"]
    press_button(desk.card, "Continue")
    assert desk.asked == [("resume_clicked", NAME)]


def test_what_came_is_not_thrown_away_by_one_click(desk: Desk) -> None:
    press_button(desk.card, "Cancel")
    assert "1.2\u00a0GB came so far. Delete them?" in words(desk.card)
    assert buttons(desk.card)[-2:] == ["Keep it", "Delete it"]
    desk.show(replace(LOADING, done_bytes=1_300_000_000))
    assert buttons(desk.card)[-2:] == ["Keep it", "Delete it"]
    press_button(desk.card, "Keep it")
    assert desk.asked == []
    press_button(desk.card, "Cancel")
    press_button(desk.card, "Delete it")
    assert desk.asked == [("cancel_clicked", NAME)]


def test_giving_up_a_repair_deletes_nothing_so_nothing_is_asked(desk: Desk) -> None:
    desk.show(replace(LOADING, keeps=True))
    press_button(desk.card, "Cancel")
    assert desk.asked == [("cancel_clicked", NAME)]
    assert "1.2\u00a0GB came so far. Delete them?" not in words(desk.card)


def test_a_failure_has_a_sentence_a_button_and_details(desk: Desk) -> None:
    desk.show(FAILED)
    assert "The disk is full." in words(desk.card)
    assert set(buttons(desk.card)) == {"Try again", "Details", "Cancel"}
    press_button(desk.card, "Try again")
    assert desk.asked == [("resume_clicked", NAME)]
    desk.show(replace(FAILED, error=None))
    assert buttons(desk.card) == ["Continue", "Cancel"]


def test_a_finished_one_offers_to_start(desk: Desk) -> None:
    press_button(desk.card, "Cancel")
    desk.show(DONE)
    assert "3.1\u00a0GB, every file checked" in words(desk.card)
    assert buttons(desk.card) == ["Start", "Hide"]
    press_button(desk.card, "Start")
    press_button(desk.card, "Hide")
    assert desk.asked == [("start_clicked", REF), ("cancel_clicked", NAME)]
    desk.show(None)
    assert desk.card.isHidden()


def test_a_screen_reader_is_not_talked_to_all_the_time(desk: Desk) -> None:
    said = desk.bar.accessibleDescription()
    assert said == "Downloading. 1.2 of 3.1 GB · 24 MB/s · 78 s left."
    desk.show(replace(LOADING, done_bytes=2_000_000_000))
    assert desk.bar.accessibleDescription() == said
    desk.now += 6
    desk.show(replace(LOADING, done_bytes=2_100_000_000))
    assert desk.bar.accessibleDescription().startswith("Downloading. 2.1 of 3.1 GB")
    desk.show(PAUSED)
    assert desk.bar.accessibleDescription() == "Paused. 1.2 of 3.1 GB."


def test_progress_keeps_the_focus(desk: Desk, qapp: QApplication) -> None:
    desk.card.activateWindow()
    pause = desk.card._pause
    pause.setFocus()
    desk.show(replace(LOADING, done_bytes=2_000_000_000))
    assert qapp.focusWidget() is pause
