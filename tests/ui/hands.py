"""Hands and eyes for widgets: find by kind and accessible name, type, press, click."""

from typing import TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

W = TypeVar("W", bound=QWidget)

_NOTHING = Qt.KeyboardModifier.NoModifier


def child(parent: QWidget, kind: type[W], name: str = "") -> W:
    """The first widget of this kind below *parent*, with this accessible name if one is given."""
    found: list[W] = [one for one in parent.findChildren(kind) if not name or one.accessibleName() == name]
    assert found, (
        f"no {kind.__name__} {name!r}; there are {[one.accessibleName() for one in parent.findChildren(kind)]}"
    )
    return found[0]


def seen(parent: QWidget, kind: type[W]) -> list[W]:
    """Every widget of this kind that can be seen."""
    return [one for one in parent.findChildren(kind) if one.isVisible()]


def words(parent: QWidget) -> list[str]:
    """Every text of a label that can be seen."""
    return [one.text() for one in seen(parent, QLabel) if one.text()]


def buttons(parent: QWidget) -> list[str]:
    """The accessible names of all buttons that can be seen."""
    return [one.accessibleName() for one in seen(parent, QAbstractButton)]


def write(widget: QWidget, text: str) -> None:
    """Type *text*."""
    QTest.keyClicks(widget, text)


def press(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = _NOTHING) -> None:
    """Press a key."""
    QTest.keyClick(widget, key, modifier)


def click(widget: QWidget, pos: QPoint | None = None) -> None:
    """Click with the left button, in the middle if no place is given."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, _NOTHING, pos or widget.rect().center())


def press_button(parent: QWidget, name: str) -> None:
    """Click the visible button with this accessible name."""
    found = [one for one in seen(parent, QAbstractButton) if one.accessibleName() == name]
    assert found, f"no button {name!r}; there are {buttons(parent)}"
    click(found[0])
