"""Experiments as values: whose answer stands before the next question."""

import pytest

from desktop_app.domain.experiment import Prompt


@pytest.mark.parametrize(("carried", "sources"), [(None, [1, 2, 3]), (2, [2, 2, 2])])
def test_columns_go_on_from_their_own_answers_or_all_from_one(carried: int | None, sources: list[int]) -> None:
    prompt = Prompt(7, "Why?", carried=carried)
    assert [prompt.goes_on_from(column) for column in (1, 2, 3)] == sources
