"""The order of the Tab key among widgets that come and go: Qt puts whatever is made later at the end of the window."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop_app.ui.widgets.focus_chain import others


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


def _takes_focus(widget: QWidget) -> bool:
    return widget.focusPolicy() is not Qt.FocusPolicy.NoFocus
