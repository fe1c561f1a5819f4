"""The chips of verdicts."""

from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.domain.fit import Verdict
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.model_filter import VerdictChips


def shown(chips: VerdictChips) -> list[str]:
    found = (one for one in chips.findChildren(QPushButton) if one.property("role") == "chip")
    return [chip.text() for chip in found if chip.isVisible()]


def test_there_is_a_chip_for_what_there_is_and_for_what_runs_well(qtbot: QtBot, theme: Theme) -> None:
    chips = VerdictChips(theme)
    qtbot.addWidget(chips)
    chips.show()
    chips.show_counts({Verdict.SLOW: 2, Verdict.PROCESSOR: 1}, 3)
    assert shown(chips) == ["Runs well  0", "Processor only  1", "Slow here  2"]
    chips.show_counts({Verdict.RUNS_WELL: 1200}, 0)
    assert shown(chips) == ["Runs well  1,200"]


def test_a_chip_that_is_not_shown_keeps_its_choice(qtbot: QtBot, theme: Theme) -> None:
    chips = VerdictChips(theme)
    qtbot.addWidget(chips)
    chips.choose(frozenset({Verdict.RUNS_WELL, Verdict.TIGHT}))
    chips.show_counts({}, 0)
    assert chips.verdicts == {Verdict.RUNS_WELL, Verdict.TIGHT}
    chips.show_all()
    assert chips.verdicts == frozenset(Verdict)
