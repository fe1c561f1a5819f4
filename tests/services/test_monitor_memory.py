"""Memory before a start and after a stop: what counts as back, in which words, and who is named."""

from dataclasses import replace

import pytest

from desktop_app.domain.machine import Gpu, Machine, MemoryUser
from desktop_app.services.monitor_memory import InUse, in_use, is_back, release, release_beside, stands_still
from desktop_app.services.monitor_view import Release

GIB = 1 << 30
MIB = 1 << 20
CARD = Gpu("A card", 8 * GIB, 8 * GIB, "570")


def used(memory: float, cards: float | None = None, count: int = 1) -> InUse:
    """So many GB in use."""
    return InUse(round(memory * GIB), None if cards is None else round(cards * GIB), count, (), ())


def test_what_is_in_use_of_computer_and_cards() -> None:
    machine = Machine("a processor", 2, 8 * GIB, frozenset(), available_bytes=5 * GIB)
    assert in_use(machine, on_cards=True) == InUse(3 * GIB, None, 0, (), ())
    user = MemoryUser("firefox", GIB)
    cards = (replace(CARD, free_bytes=6 * GIB, users=(user,)), replace(CARD, free_bytes=7 * GIB))
    shared = replace(CARD, unified=True, free_bytes=0)
    machine = replace(machine, gpus=(*cards, shared), users=(user,), available_bytes=0)
    assert in_use(machine, on_cards=True) == InUse(None, 3 * GIB, 2, (user,), (user,))
    assert in_use(machine, on_cards=False) == InUse(None, None, 0, (user,), ())


@pytest.mark.parametrize(
    ("before", "after", "freed", "words", "back"),
    [
        (used(3), used(3.1), 1.2, "Memory is back to 3.1 GB; 1.2 GB were given back.", True),
        (used(3), used(2.5), 0, "Memory is back to 2.5 GB.", True),
        (used(3), used(3.4), 0, "Memory is back to 3.4 GB.", True),
        (None, used(3), 1.2, "Memory is at 3.0 GB now; 1.2 GB were given back.", True),
        (
            used(3),
            used(4.3),
            1.2,
            "Memory is at 4.3 GB, 1.3 GB more than before the start; 1.2 GB were given back.",
            False,
        ),
        (
            used(3, 0.5),
            used(3, 0.6),
            0,
            "Memory is back to 3.0 GB. The graphics card's memory is back to 0.6 GB.",
            True,
        ),
        (
            used(3, 4, 8),
            used(3, 4.1, 8),
            0,
            "Memory is back to 3.0 GB. The memory of the 8 graphics cards is back to 4.1 GB.",
            True,
        ),
        (
            used(3, 0.5),
            used(3, 1.5),
            0,
            "Memory is back to 3.0 GB. The graphics card's memory is at 1.5 GB, 1.0 GB more than before the start.",
            False,
        ),
    ],
)
def test_words(before: InUse | None, after: InUse, freed: float, words: str, back: bool) -> None:
    assert release(before, after, round(freed * GIB)) == Release(words, back)


def test_where_nothing_is_known_nothing_is_told() -> None:
    unknown = InUse(None, None, 0, (), ())
    assert release(used(3), unknown, 0) is None
    assert release_beside(unknown, 0, ["Guide"]) is None


def test_while_others_run_nothing_is_compared() -> None:
    assert release_beside(used(5.1), round(1.2 * GIB), ["Guide"]) == Release(
        "Memory is at 5.1 GB while Guide runs; 1.2 GB were given back.", back=True
    )
    assert release_beside(used(5.1), 0, ["Guide", "Other"]) == Release(
        "Memory is at 5.1 GB while Guide and Other run.", back=True
    )


def test_who_has_more_than_before_is_named_ours_first() -> None:
    before = InUse(GIB, None, 0, (MemoryUser("firefox", GIB), MemoryUser("mail", GIB)), ())
    users = (
        MemoryUser("firefox", 3 * GIB),
        MemoryUser("mail", GIB),
        MemoryUser("vllm", GIB, ours=True),
        MemoryUser("shell", 200 * MIB),
        MemoryUser("clock", 100 * MIB),
    )
    told = release(before, InUse(4 * GIB, None, 0, users, ()), 0)
    assert told is not None
    assert told.holders == ("vllm, 1.0 GB", "firefox, 2.0 GB", "shell, 0.2 GB")


def test_who_holds_most_is_named_where_nobody_is_seen_to_have_more() -> None:
    users = (MemoryUser("X", 300 * MIB), MemoryUser("Y", 100 * MIB))
    before = InUse(GIB, 0, 1, (), users)
    told = release(before, InUse(GIB, GIB, 1, (), users), 0)
    assert told is not None
    assert (told.back, told.holders) == (False, ("X, 0.3 GB", "Y, 0.1 GB"))


def test_what_differs_a_little_stands_still() -> None:
    assert stands_still(used(3, 1), used(3.05, 1.05))
    assert not stands_still(used(3, 1), used(3.1, 1))
    assert not stands_still(used(3, 1), used(3, 1.1))
    assert stands_still(used(3), used(3, 1))
    assert is_back(used(3), used(3.4))
    assert not is_back(used(3), used(3.6))
    assert not is_back(used(3, 1), used(3, 1.3))
