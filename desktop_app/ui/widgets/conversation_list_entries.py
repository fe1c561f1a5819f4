"""What stands in the list of conversations, row by row: plain values, quick enough for 5,000 chats at every change.

`conversation_list` asks for the rows, `bin_dialog` for those of the bin; the model and the painter know only rows.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import NamedTuple

from desktop_app.domain.chat import Conversation, DeletedConversation, Folder, Found

KEPT_DAYS = 30
"""How long the bin keeps a chat, as `services.chats` promises."""
_DAY = 86_400


class Age(Enum):
    """How conversations are grouped. The value is the heading."""

    TODAY = "Today"
    YESTERDAY = "Yesterday"
    WEEK = "Previous 7 days"
    EARLIER = "Earlier"


class Ages:
    """Tells the age of many conversations; the days are worked out once.

    Args:
        today: the present day.
    """

    def __init__(self, today: date) -> None:
        # Midnight by the clock on the wall, which is not always 24 hours after the one before.
        days = (today - timedelta(days=back) for back in (0, 1, 7))
        self._today, self._yesterday, self._week = (
            datetime.combine(day, time.min).astimezone().timestamp() for day in days
        )

    def of(self, updated: float) -> Age:
        """The group of a conversation last touched at Unix time *updated*."""
        if updated >= self._today:
            return Age.TODAY
        if updated >= self._yesterday:
            return Age.YESTERDAY
        return Age.WEEK if updated >= self._week else Age.EARLIER


class Kind(Enum):
    """What a row is."""

    HEADING = "heading"
    FOLDER = "folder"
    CHAT = "chat"
    FOUND = "found"
    BINNED = "deleted"


class Entry(NamedTuple):
    """One row. Comparable, so that only what changed is drawn again."""

    kind: Kind
    text: str
    key: int = 0
    """The conversation's id, or the folder's."""
    folder: int | None = None
    """Of a chat that is shown below its folder."""
    pinned: bool = False
    temporary: bool = False
    folded: bool = False
    inside: int = 0
    """How many chats are in a folder."""
    note: str = ""
    """The second line."""
    marks: tuple[tuple[int, int], ...] = ()
    """Begin and end of what is emphasised in `note`."""
    moment: str = ""
    """The day, at the right."""
    message: int | None = None
    """Where a search met; None for the title."""

    @property
    def is_chat(self) -> bool:
        """Whether it can be opened, moved, deleted."""
        return self.kind in (Kind.CHAT, Kind.FOUND, Kind.BINNED)


def entries_of(
    conversations: Sequence[Conversation], folders: Sequence[Folder], folded: Collection[int], today: date
) -> list[Entry]:
    """The rows of the whole list: pinned ones, folders, then by age."""
    known = {folder.id for folder in folders}
    ages = Ages(today)
    pinned: list[Entry] = []
    inside: dict[int, list[Entry]] = {folder.id: [] for folder in folders}
    aged: dict[Age, list[Entry]] = {age: [] for age in Age}
    for chat in conversations:
        if chat.pinned:
            pinned.append(_chat(chat, None))
        elif chat.folder in known and chat.folder is not None:
            inside[chat.folder].append(_chat(chat, chat.folder))
        else:
            aged[ages.of(chat.updated)].append(_chat(chat, None))
    rows = _headed("Pinned", pinned)
    for folder in folders:
        shut, chats = folder.id in folded, inside[folder.id]
        rows.append(Entry(Kind.FOLDER, folder.name, folder.id, folder.id, folded=shut, inside=len(chats)))
        rows += () if shut else chats
    for age, chats in aged.items():
        rows += _headed(age.value, chats)
    return rows


def entries_found(found: Iterable[Found], now: float) -> list[Entry]:
    """The rows of what a search met."""
    return [
        Entry(
            Kind.FOUND,
            one.title,
            one.conversation,
            note=one.snippet,
            marks=one.marks,
            moment=day_words(one.created, now),
            message=one.message,
        )
        for one in found
    ]


def entries_of_bin(deleted: Iterable[DeletedConversation], now: float) -> list[Entry]:
    """The rows of the bin."""
    return [
        Entry(
            Kind.BINNED,
            one.conversation.title,
            one.conversation.id,
            note=gone_words(one.deleted, now),
            moment=day_words(one.deleted, now),
        )
        for one in deleted
    ]


def gone_words(deleted: float, now: float) -> str:
    """When what was deleted at Unix time *deleted* goes for good."""
    left = int((deleted + KEPT_DAYS * _DAY - now) // _DAY) + 1
    if left <= 1:
        return "gone for good within a day"
    return f"gone for good in {left} days"


def day_words(moment: float, now: float) -> str:
    """The day of *moment* as short as it is clear at *now*; both are Unix times."""
    then, today = datetime.fromtimestamp(moment).astimezone(), datetime.fromtimestamp(now).astimezone()
    if then.date() == today.date():
        return f"{then:%H:%M}"
    year = "" if then.year == today.year else f" {then.year}"
    return f"{then.day} {then:%b}{year}"


def spoken(entry: Entry, answering: bool) -> str:
    """What a screen reader says of a row."""
    if entry.kind is Kind.FOLDER:
        state = "folded" if entry.folded else "open"
        return f"{entry.text}, folder, {chats_words(entry.inside)}, {state}"
    marks = (
        "pinned" if entry.pinned else "",
        "temporary" if entry.temporary else "",
        "an answer is being written" if answering else "",
        entry.note,
        entry.moment,
    )
    return ", ".join((entry.text, *filter(None, marks)))


def chats_words(count: int) -> str:
    """E.g. `1 chat`, `1,200 chats`."""
    return "1 chat" if count == 1 else f"{count:,} chats"


def _chat(chat: Conversation, folder: int | None) -> Entry:
    return Entry(Kind.CHAT, chat.title, chat.id, folder, chat.pinned, chat.temporary)


def _headed(text: str, chats: list[Entry]) -> list[Entry]:
    return [Entry(Kind.HEADING, text), *chats] if chats else []
