"""For tests of widgets: nothing of one test is left for the next, and what the offscreen platform cannot do is fine."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Windows that were closed are deleted at once: thousands of widgets make every change of looks slow."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session", autouse=True)
def empty_clipboard(qapp: QApplication) -> Iterator[None]:
    """The offscreen platform keeps what was copied beyond the end of Python, which it was made with: a crash."""
    yield
    QGuiApplication.clipboard().clear()
