"""The order of the Tab key, as Qt keeps it. Whoever wants to know what stands beside a widget in it asks here."""

from collections.abc import Iterator

from PySide6.QtWidgets import QWidget


def others(widget: QWidget, *, forward: bool = True) -> Iterator[QWidget]:
    """Every other widget of the window, from the one after *widget* to the one before it, or the other way round."""
    one = _beside(widget, forward=forward)
    while one is not None and one is not widget:
        yield one
        one = _beside(one, forward=forward)


def _beside(widget: QWidget, *, forward: bool) -> QWidget | None:
    """The next one, which stays the child of its parent.

    PySide takes what these two functions of Qt return for a child of the widget that was asked: with it, anything in
    the rest of the window would be invalid, and crash the program where Qt needs it.
    """
    one = widget.nextInFocusChain() if forward else widget.previousInFocusChain()
    if one is not None:
        one.setParent(one.parentWidget())  # Qt has nothing to do then
    return one
