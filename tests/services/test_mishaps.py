"""Failures of work that goes on."""

import pytest

from desktop_app.services.mishaps import Mishaps


def _raised(words: str, *, other: bool = False) -> Exception:
    try:
        if other:
            raise ValueError(words)
        raise ValueError(words)
    except ValueError as error:
        return error


def test_each_failure_is_logged_once_with_where_it_came_from(caplog: pytest.LogCaptureFixture) -> None:
    mishaps = Mishaps("The work")
    mishaps.tell(_raised("first"))
    mishaps.tell(_raised("the same with other words"))
    mishaps.tell(_raised("second", other=True))
    mishaps.tell(KeyError("from nowhere"))
    mishaps.tell(KeyError("from nowhere"))
    assert [record.getMessage() for record in caplog.records] == ["The work went on without what failed"] * 3
    assert [word in caplog.text for word in ("first", "the same", "second", "nowhere")] == [True, False, True, True]
    assert "in _raised" in caplog.text
