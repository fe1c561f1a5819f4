"""What stands below an answer of a comparison about which answer the columns go on from, in words.

`compare_column` offers it, and `compare_head` has the same in a column's menu.
"""

from dataclasses import replace

from desktop_app.services.compare_view import GoingOn
from desktop_app.ui.widgets.compare_words import letter
from desktop_app.ui.widgets.message_actions import MessageAction, Note

_ICON = "go-on"
_WHY = "All columns get this answer as what was said before. Otherwise each goes on from its own."
_MARKED = "All go on from this one"
_UNDO = "Undo"
_MARK, _APART = MessageAction.GO_ON, MessageAction.GO_ON_APART


def note_of(one: GoingOn | None, hidden: bool) -> Note | None:
    """The line below an answer; None where there is nothing to say and nothing to choose."""
    if one is None:
        return None
    if one.marked:
        marked = Note("check", _MARKED, told="All columns get this answer as what was said before.", framed=True)
        return _with_undo(marked, one)
    if one.title:
        told = f"Goes on from the answer of {one.title}, not from its own."
        return _with_undo(Note(_ICON, source_words(one, hidden), menu=(_MARK,) if one.can_mark else (), told=told), one)
    return Note(_ICON, "", _MARK.value, _MARK, (_MARK,), _WHY) if one.can_mark else None


def _with_undo(note: Note, one: GoingOn) -> Note:
    return replace(note, button=_UNDO, action=_APART, menu=(*note.menu, _APART)) if one.can_undo else note


def source_words(one: GoingOn, hidden: bool) -> str:
    """From whose answer a column goes on, e.g. `Goes on from B’s answer`."""
    if one.place is None:
        return f"Goes on from the answer of {one.title}, which was taken away"
    return f"Goes on from {one.title if hidden else letter(one.place)}’s answer"
