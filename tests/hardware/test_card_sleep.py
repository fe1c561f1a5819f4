"""When cards may be asked: the rules by a made-up clock, and the kernel's files."""

from pathlib import Path

import pytest

from desktop_app.hardware.card_sleep import CardSleep, Power, Step, card_folders, read_power
from tests.hardware.test_cgroup import write

AWAKE, ASLEEP, ALWAYS_ON = Power(True, False), Power(True, True), Power(False, False)
CARD = "sys/bus/pci/devices/0000:01:00.0"


def device(
    vendor: str = "0x10de", kind: str = "0x030000", control: str = "auto", status: str = "active"
) -> dict[str, str]:
    return {
        f"{CARD}/vendor": f"{vendor}\n",
        f"{CARD}/class": f"{kind}\n",
        f"{CARD}/power/control": f"{control}\n",
        f"{CARD}/power/runtime_status": f"{status}\n",
    }


def play(sleep: CardSleep, cards: list[Power], used: bool, times: list[float]) -> list[float]:
    """When the driver was asked, and in between left open or not."""
    asked = []
    for now in times:
        if sleep.step(cards, now) is Step.ASK:
            asked.append(now)
            sleep.heard(cards, used, now)
    return asked


def test_cards_that_never_sleep_are_asked_at_every_tick() -> None:
    ticks = [float(now) for now in range(0, 100, 2)]
    assert play(CardSleep(), [ALWAYS_ON, ALWAYS_ON], False, ticks) == ticks
    assert play(CardSleep(), [], False, ticks) == ticks


def test_cards_in_use_are_asked_at_every_tick() -> None:
    ticks = [float(now) for now in range(0, 100, 2)]
    assert play(CardSleep(), [AWAKE], True, ticks) == ticks


def test_an_unused_card_is_let_go_and_looked_at_seldom() -> None:
    asked = play(CardSleep(), [AWAKE], False, [float(now) for now in range(0, 101, 2)])
    assert asked == [0, 2, 4, 6, 8, 10, 40, 70, 100]


def test_the_driver_is_kept_open_only_while_it_is_asked() -> None:
    sleep = CardSleep()
    assert sleep.step([AWAKE], 0.0) is Step.ASK
    assert sleep.heard([AWAKE], False, 0.0)
    assert sleep.step([AWAKE], 12.0) is Step.ASK
    assert not sleep.heard([AWAKE], False, 12.0)
    assert sleep.step([AWAKE], 14.0) is Step.REST
    assert sleep.step([AWAKE], 42.0) is Step.ASK
    assert sleep.heard([AWAKE], True, 42.0)
    assert sleep.step([AWAKE], 44.0) is Step.ASK


def test_sleeping_cards_are_left_asleep_and_asked_when_somebody_woke_them() -> None:
    sleep = CardSleep()
    assert [sleep.step([ASLEEP, ASLEEP], now) for now in (0.0, 60.0, 600.0)] == [Step.SLEEP] * 3
    assert sleep.step([AWAKE, ASLEEP], 602.0) is Step.ASK
    assert sleep.heard([AWAKE, ASLEEP], False, 602.0)
    assert sleep.step([ASLEEP, ASLEEP], 604.0) is Step.SLEEP
    # Something wakes it again and again; our questions must not keep it awake.
    assert sleep.step([AWAKE, ASLEEP], 606.0) is Step.REST
    assert sleep.step([AWAKE, ASLEEP], 632.0) is Step.ASK


def test_a_card_whose_sleep_was_switched_off_is_asked_at_every_tick_again() -> None:
    sleep = CardSleep()
    assert play(sleep, [AWAKE], False, [float(now) for now in range(0, 20, 2)])[-1] == 10
    assert play(sleep, [ALWAYS_ON], False, [20.0, 22.0]) == [20.0, 22.0]


@pytest.mark.parametrize(
    ("control", "status", "power"),
    [
        ("auto", "suspended", ASLEEP),
        ("auto", "suspending", ASLEEP),
        ("auto", "active", AWAKE),
        ("auto", "resuming", AWAKE),
        ("on", "active", ALWAYS_ON),
        ("on", "suspended", ALWAYS_ON),
    ],
)
def test_the_power_of_a_card(tmp_path: Path, control: str, status: str, power: Power) -> None:
    write(tmp_path, device(control=control, status=status))
    (folder,) = card_folders(tmp_path)
    assert read_power(folder) == power


def test_only_graphics_cards_of_nvidia_are_looked_at(tmp_path: Path) -> None:
    assert card_folders(tmp_path) == ()
    write(tmp_path, device(vendor="0x8086"))
    assert card_folders(tmp_path) == ()
    write(tmp_path, device(kind="0x040300"))
    assert card_folders(tmp_path) == ()
    write(tmp_path, device(kind="0x030200"))
    assert [folder.name for folder in card_folders(tmp_path)] == ["0000:01:00.0"]


def test_a_card_without_power_management_never_sleeps(tmp_path: Path) -> None:
    assert read_power(tmp_path) == ALWAYS_ON
