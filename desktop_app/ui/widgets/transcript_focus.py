"""Where the keyboard goes in a transcript: Tab through one message and out again, whatever the number of messages.

`transcript_scroll` asks. A transcript is one stop of the Tab key among those of the window. From it Tab goes to the
last message in sight, which is read as a whole, through its links and buttons, and on to what follows the transcript;
the window's shortcuts go to the message above and below.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop_app.ui.widgets.focus_chain import others


def stop_beside(focused: QWidget, stops: Sequence[QWidget], *, forward: bool) -> QWidget | None:
    """The stop after or before *focused* among those of its message; None beyond the last or the first."""
    usable = [one for one in stops if one.isEnabled() and one.isVisible()]
    if focused not in usable:
        return usable[0] if usable and forward else None
    place = usable.index(focused) + (1 if forward else -1)
    return usable[place] if 0 <= place < len(usable) else None


def stop_outside(area: QWidget, *, forward: bool) -> QWidget | None:
    """Where Tab stops after or before *area* and everything in it; None when there is nothing else in the window."""
    for one in others(area, forward=forward):
        tabbed = one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.isEnabled() and one.isVisible()
        if tabbed and one.focusProxy() is None and not area.isAncestorOf(one):
            return one
    return None
