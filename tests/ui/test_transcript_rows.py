"""Where rows stand."""

import random

from desktop_app.domain.chat import Message, Role
from desktop_app.ui.widgets.transcript_rows import Heights, Rows


def test_heights_agree_with_adding_up() -> None:
    chance = random.Random(5)
    heights, plain = Heights(), list[int]()
    assert (heights.at(7), heights.total) == (0, 0)
    for _ in range(300):
        tall = chance.randrange(1, 50)
        heights.append(tall)
        plain.append(tall)
    assert Heights(plain).total == heights.total
    for _ in range(500):
        index, tall = chance.randrange(len(plain)), chance.randrange(1, 50)
        heights.set(index, tall)
        plain[index] = tall
        place = chance.randrange(-20, sum(plain) + 20)
        ends = [sum(plain[: number + 1]) for number in range(len(plain))]
        expected = next((number for number, end in enumerate(ends) if end > place), len(plain) - 1)
        assert heights.at(place) == expected
        assert heights.top(index) == sum(plain[:index])
        assert heights.total == sum(plain)


def messages(*keys: int) -> list[Message]:
    return [Message(key, Role.USER, "x" * key) for key in keys]


def test_rows_stay_for_messages_that_stay() -> None:
    rows = Rows(10, lambda message: len(message.text))
    assert rows.show(messages(1, 2, 3)) == []
    first, second, third = rows.all
    assert [rows.top(row) for row in rows.all] == [10, 21, 33]
    assert rows.bottom == 46
    (gone,) = rows.show(messages(1, 3, 4))
    assert gone is second
    assert rows.all[:2] == [first, third]
    assert [row.index for row in rows.all] == [0, 1, 2]
    rows.set_height(third, 20)
    assert (rows.top(rows.all[2]), rows.end(third)) == (51, 41)


def test_what_is_between_two_places() -> None:
    rows = Rows(10, lambda message: 20)
    rows.show(messages(1, 2, 3, 4))

    def between(top: int, bottom: int) -> list[int]:
        return [row.message.id for row in rows.between(top, bottom)]

    assert between(0, 1000) == [1, 2, 3, 4]
    assert between(0, 10) == []
    assert between(0, 11) == [1]
    assert between(30, 40) == []
    assert between(29, 41) == [1, 2]
    assert between(500, 600) == []
    assert list(Rows(10, lambda message: 1).between(0, 50)) == []
