"""What answers cost in energy."""

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.energy import NO_ENERGY, EnergyState, EnergyUse
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.energy_card import EnergyCard
from desktop_app.ui.widgets.monitor_words import ENERGY_NOTHING, ENERGY_WAITING
from tests.ui import hands
from tests.ui.paints import Events

LAST = EnergyUse(4500.0, 45.0, 3400.0, 12)
SESSION = EnergyUse(125_000.0, 1800.0, 98_000.0, 340)
SOURCE = "the graphics card and the processor"
KNOWN = EnergyState(SOURCE, "The rest of the computer is left out.", LAST, SESSION)


@pytest.fixture
def energy(qtbot: QtBot, theme: Theme) -> EnergyCard:
    made = EnergyCard(theme)
    qtbot.addWidget(made)
    made.resize(600, 260)
    made.show()
    qtbot.waitExposed(made)
    return made


def words(energy: EnergyCard) -> list[str]:
    return [text.replace("\u00a0", " ") for text in hands.words(energy)]


def test_nothing_can_be_told(energy: EnergyCard) -> None:
    assert words(energy) == ["Energy", ENERGY_NOTHING]
    energy.show_energy(EnergyState("", "The driver of this card does not report its power."))
    assert words(energy) == ["Energy", "The driver of this card does not report its power."]
    energy.show_energy(EnergyState(SOURCE))
    assert words(energy) == ["Energy", ENERGY_WAITING]


def test_what_answers_cost(energy: EnergyCard) -> None:
    energy.show_energy(KNOWN)
    assert words(energy) == [
        "Energy",
        "Last work",
        "0.10 Wh per answer",
        "0.37 Wh per 1,000 tokens",
        "As much as a 10 W lamp in 38 s.",
        "12 answers, 3,400 tokens in 45 s.",
        "This session",
        "0.10 Wh per answer",
        "0.35 Wh per 1,000 tokens",
        "As much as a 10 W lamp in 37 s.",
        "340 answers, 98,000 tokens in 30 min.",
        "The rest of the computer is left out.",
    ]
    assert "Last work: 0.10 Wh per answer. 0.37 Wh per 1,000 tokens" in energy.accessibleDescription().replace(
        "\u00a0", " "
    )


def test_what_is_not_known_is_left_out(energy: EnergyCard) -> None:
    energy.show_energy(EnergyState(SOURCE, "", EnergyUse(40.0, 4.0, 210.0, 0)))
    assert not any("per answer" in text or "lamp" in text for text in words(energy))
    assert "No answer finished, 210 tokens in 4 s." in words(energy)


def test_the_only_work_of_a_session_is_told_once(energy: EnergyCard) -> None:
    energy.show_energy(EnergyState(SOURCE, "", LAST, LAST))
    assert "This session" not in words(energy)


def test_figures_change_without_a_new_layout(qtbot: QtBot, theme: Theme) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    energy = EnergyCard(theme)
    QVBoxLayout(page).addWidget(energy)
    page.resize(600, 300)
    page.show()
    qtbot.waitExposed(page)
    energy.show_energy(KNOWN)
    QApplication.sendPostedEvents()
    laid_out = Events(page, QEvent.Type.LayoutRequest)
    energy.show_energy(EnergyState(SOURCE, KNOWN.note, EnergyUse(4800.0, 46.0, 3450.0, 12), SESSION))
    QApplication.sendPostedEvents()
    assert laid_out.count == 0
    assert "0.39 Wh per 1,000 tokens" in words(energy)
    energy.show_energy(NO_ENERGY)
    assert words(energy) == ["Energy", ENERGY_NOTHING]


@pytest.mark.parametrize("width", [260, 420, 1100])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_clipped(energy: EnergyCard, theme: Theme, width: int, scale: float) -> None:
    theme.set_text_scale(scale)
    try:
        energy.show_energy(KNOWN)
        energy.resize(width, energy.heightForWidth(width))
        QApplication.sendPostedEvents()
        energy.resize(width, energy.heightForWidth(width))
        QApplication.sendPostedEvents()
        assert energy.minimumSizeHint().width() <= width
        for text in hands.seen(energy, QLabel):
            assert text.height() >= text.heightForWidth(text.width()), text.text()
    finally:
        theme.set_text_scale(1.0)
