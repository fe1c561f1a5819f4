"""Turns for panes."""

from time import perf_counter

from pytestqt.qtbot import QtBot

from desktop_app.ui.widgets.pump import CATCH_UP_REST, LONGEST_REST, REST, Pump, rest_after


class Pane:
    def __init__(self, name: str, turns: list[str], more: int = 0) -> None:
        self._name, self._turns, self._more = name, turns, more

    def flush(self) -> bool:
        self._turns.append(self._name)
        self._more -= 1
        return self._more >= 0


def test_every_pane_gets_a_turn_of_its_own_and_then_the_timer_rests(qtbot: QtBot) -> None:
    turns: list[str] = []
    pump = Pump()
    panes = [Pane(name, turns) for name in "abc"]
    for pane in [*panes, *panes]:
        pump.request(pane)
    assert turns == []
    qtbot.waitUntil(lambda: pump.idle)
    assert turns == ["a", "b", "c"]
    assert not pump._timer.isActive()


def test_a_pane_with_more_does_not_keep_the_others_waiting(qtbot: QtBot) -> None:
    turns: list[str] = []
    pump = Pump()
    pump.request(Pane("long", turns, more=3))
    pump.request(Pane("short", turns))
    qtbot.waitUntil(lambda: pump.idle)
    assert turns == ["long", "short", "long", "long", "long"]


def test_a_forgotten_pane_gets_no_turn(qtbot: QtBot) -> None:
    turns: list[str] = []
    pump = Pump()
    gone, stays = Pane("gone", turns), Pane("stays", turns)
    pump.request(gone)
    pump.request(stays)
    pump.forget(gone)
    qtbot.waitUntil(lambda: pump.idle)
    assert turns == ["stays"]


def test_a_turn_is_followed_by_a_rest_that_ends_even_after_a_machine_stood_still() -> None:
    assert rest_after(0.01, more=False) == 0.01 * REST
    assert rest_after(0.01, more=True) == 0.01 * CATCH_UP_REST
    assert rest_after(6.0, more=False) == rest_after(6.0, more=True) == LONGEST_REST


def test_who_is_rested_does_not_wait_for_the_rest_of_another(qtbot: QtBot) -> None:
    turns: list[str] = []
    pump = Pump()
    tired, fresh = Pane("tired", turns), Pane("fresh", turns)
    pump._rested[tired] = perf_counter() + 3600
    pump.request(tired)
    pump.request(fresh)
    qtbot.waitUntil(lambda: turns == ["fresh"])
    assert not pump.idle
