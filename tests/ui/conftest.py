"""For tests of widgets: the offscreen platform says of some calls that it does not do them, and that is fine here."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(scope="session", autouse=True)
def empty_clipboard(qapp: QApplication) -> Iterator[None]:
    """The offscreen platform keeps what was copied beyond the end of Python, which it was made with: a crash."""
    yield
    QGuiApplication.clipboard().clear()
