"""The order of the Tab key, as Qt keeps it: what stands beside a widget in it, and how it is changed.

Widgets that come and go need it changed: Qt puts whatever is made later at the end of the window.
"""

from collections.abc import Iterable, Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def others(widget: QWidget, *, forward: bool = True) -> Iterator[QWidget]:
    """Every other widget of the window, from the one after *widget* to the one before it, or the other way round."""
    one = _beside(widget, forward=forward)
    while one is not None and one is not widget:
        yield one
        one = _beside(one, forward=forward)


def put_in_order(area: QWidget, stops: Iterable[QWidget]) -> None:
    """Have the Tab key come through *stops*, with all that is in each, where *area* stands in the window."""
    chain = list(others(area))
    before = next((one for one in reversed(chain) if _takes_focus(one) and not area.isAncestorOf(one)), None)
    within = [one for one in chain if _takes_focus(one) and area.isAncestorOf(one)]
    for stop in stops:
        for one in (stop, *(inner for inner in within if stop.isAncestorOf(inner))):
            if before is not None:
                QWidget.setTabOrder(before, one)
            before = one


def _beside(widget: QWidget, *, forward: bool) -> QWidget | None:
    """The next one, which stays the child of its parent.

    PySide takes what these two functions of Qt return for a child of the widget that was asked: with it, anything in
    the rest of the window would be invalid, and crash the program where Qt needs it.
    """
    one = widget.nextInFocusChain() if forward else widget.previousInFocusChain()
    if one is not None:
        one.setParent(one.parentWidget())  # Qt has nothing to do then
    return one


def _takes_focus(widget: QWidget) -> bool:
    return widget.focusPolicy() is not Qt.FocusPolicy.NoFocus
