"""The list of conversations: searched, named, pinned, put into folders, deleted and brought back.

Publishes one `ChatsState`; the list draws it and calls the verbs. A verb never raises UserError: what failed stands in
the state. `conversations.py` has the open one; both know of each other only what `Talks` says.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from heapq import merge
from typing import Protocol

from desktop_app.domain.chat import Conversation, DeletedConversation, Found
from desktop_app.domain.errors import UserError
from desktop_app.domain.observable import Observable
from desktop_app.services.chat_view import ChatsState
from desktop_app.services.conversation_desk import Stores
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import ConversationStore

TITLE_CHARACTERS = 200
"""The longest title that a person can give."""
FOLDER_CHARACTERS = 60
SEARCH_PAUSE_SECONDS = 0.12
"""After the last key, before the disk is asked."""
FOUND_MOST = 200


class Talks(Protocol):
    """What the list needs of what is open; `conversations.Conversations` is one."""

    async def stop_in(self, conversations: Sequence[int]) -> None:
        """End the answers in these, before they are deleted."""

    def leave(self, conversations: Sequence[int]) -> int | None:
        """These were deleted; which of them was open."""

    async def open(self, conversation: int) -> None:
        """Show this one."""

    def listed(self, conversations: Sequence[Conversation]) -> None:
        """The list was read again."""


@dataclass(frozen=True)
class _Undo:
    words: str
    take_back: Callable[[], Awaitable[None]]


class Chats:
    """Keeps the list.

    Args:
        stores: have the conversations.
        talks: what is open.
        tasks: runs searches.
        pause: seconds of quiet before a search asks the disk.
    """

    def __init__(self, stores: Stores, talks: Talks, tasks: Tasks, pause: float = SEARCH_PAUSE_SECONDS) -> None:
        self._stores = stores
        self._talks = talks
        self._tasks = tasks
        self._pause = pause
        self._undo: list[_Undo] = []
        self._searching: asyncio.Task[None] | None = None
        self._reading = 0
        self.state = Observable(ChatsState())

    async def load(self) -> None:
        """Remove for good what was deleted more than 30 days ago, and read the list."""
        with suppress(UserError):
            # When this fails, what follows fails as well, and says so.
            await self._stores.kept.purge()
        await self.refresh()

    async def refresh(self) -> None:
        """Read the list, the folders and the bin again."""
        self._reading += 1
        reading = self._reading
        kept, temporary = self._stores.kept, self._stores.temporary
        try:
            listed = _merged(await kept.conversations(), await temporary.conversations())
            folders = await kept.folders()
            deleted = (*await kept.bin(), *await temporary.bin())
        except UserError as error:
            self._publish(error=error)
            return
        if reading == self._reading:  # otherwise somebody reads what is newer
            self._publish(conversations=listed, folders=folders, bin=_latest_first(deleted))
            self._talks.listed(listed)

    def search(self, text: str) -> None:
        """Look for *text* in everything, soon; the last text wins. An empty one ends the search."""
        if self._searching is not None:
            self._searching.cancel()
            self._searching = None
        text = " ".join(text.split())
        if text:
            self._searching = self._tasks.start(self._search(text), name="search chats")
        else:
            self._publish(searched="", found=())

    async def rename(self, conversation: int, title: str) -> None:
        """Give a conversation a title that stays; an empty one changes nothing."""
        title = " ".join(title.split())[:TITLE_CHARACTERS]
        if title:
            async with self._changing():
                await self._stores.of(conversation).rename(conversation, title)

    async def pin(self, conversations: Sequence[int], pinned: bool) -> None:
        """Keep conversations at the top of the list, or no longer."""
        async with self._changing():
            for store, ids in self._by_store(conversations):
                await store.set_pinned(ids, pinned)

    async def move(self, conversations: Sequence[int], folder: int | None) -> None:
        """Put conversations into a folder, or out of it; temporary ones stay where they are."""
        async with self._changing():
            await self._stores.kept.move(self._kept(conversations), folder)

    async def add_folder(self, name: str, conversations: Sequence[int] = ()) -> None:
        """Make a folder and put conversations into it; an empty name changes nothing."""
        if name := _folder_name(name):
            async with self._changing():
                folder = await self._stores.kept.add_folder(name)
                await self._stores.kept.move(self._kept(conversations), folder.id)

    async def rename_folder(self, folder: int, name: str) -> None:
        """Give a folder another name; an empty one changes nothing."""
        if name := _folder_name(name):
            async with self._changing():
                await self._stores.kept.rename_folder(folder, name)

    async def remove_folder(self, folder: int) -> None:
        """Remove a folder; what lies in it stays, outside. `undo()` puts it back."""
        found = next((one for one in self.state.value.folders if one.id == folder), None)
        if found is None:
            return
        inside = [one.id for one in self.state.value.conversations if one.folder == folder]
        async with self._changing():
            await self._stores.kept.remove_folder(folder)
            words = f"Removed the folder “{found.name}”."
            self._undo.append(_Undo(words, lambda: self._put_back_folder(found.name, inside)))

    async def delete(self, conversations: Sequence[int]) -> None:
        """Put conversations into the bin; one `undo()` brings them all back."""
        await self._talks.stop_in(conversations)
        await self.refresh()
        titles = {one.id: one.title for one in self.state.value.conversations}
        ids = [one for one in conversations if one in titles]
        if not ids:
            return
        async with self._changing():
            for store, part in self._by_store(ids):
                await store.delete(part)
            was_open = self._talks.leave(ids)
            words = f"Deleted “{titles[ids[0]]}”." if len(ids) == 1 else f"Deleted {len(ids):,} chats."
            self._undo.append(_Undo(words, lambda: self._bring_back(ids, was_open)))

    async def undo(self) -> None:
        """Take back what was deleted last, and open what was open then."""
        if not self._undo:
            return
        undo = self._undo.pop()
        async with self._changing():
            try:
                await undo.take_back()
            except UserError:
                self._undo.append(undo)
                raise

    async def restore(self, conversations: Sequence[int]) -> None:
        """Bring conversations back from the bin."""
        async with self._changing():
            for store, ids in self._by_store(conversations):
                await store.restore(ids)

    async def delete_for_good(self, conversations: Sequence[int]) -> None:
        """Remove these from the bin; nothing brings them back."""
        async with self._changing():
            for store, ids in self._by_store(conversations):
                await store.empty_bin(ids)
            # What could be undone may be gone.
            self._undo.clear()

    async def empty_bin(self) -> None:
        """Remove everything in the bin for good."""
        await self.delete_for_good([one.conversation.id for one in self.state.value.bin])

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        self._publish(error=None)

    async def _search(self, text: str) -> None:
        await asyncio.sleep(self._pause)
        try:
            found = await self._stores.kept.search(text, FOUND_MOST)
            passing = await self._stores.temporary.search(text, FOUND_MOST)
        except UserError as error:
            self._publish(error=error)
            return
        self._publish(searched=text, found=_titles_first((*passing, *found))[:FOUND_MOST])

    async def _bring_back(self, conversations: Sequence[int], was_open: int | None) -> None:
        for store, ids in self._by_store(conversations):
            await store.restore(ids)
        if was_open is not None:
            await self._talks.open(was_open)

    async def _put_back_folder(self, name: str, conversations: Sequence[int]) -> None:
        folder = await self._stores.kept.add_folder(name)
        await self._stores.kept.move(conversations, folder.id)

    def _by_store(self, conversations: Iterable[int]) -> list[tuple[ConversationStore, list[int]]]:
        """Which of them each store has."""
        ids = list(conversations)
        stores = (self._stores.kept, self._stores.temporary)
        parts = [(store, [one for one in ids if self._stores.of(one) is store]) for store in stores]
        return [(store, part) for store, part in parts if part]

    def _kept(self, conversations: Iterable[int]) -> list[int]:
        return [one for one in conversations if self._stores.of(one) is self._stores.kept]

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[None]:
        """A UserError inside is published; then the list is read again."""
        self._publish(error=None)
        try:
            yield
        except UserError as error:
            self._publish(error=error)
        await self.refresh()

    def _publish(self, **changes: object) -> None:
        changed = replace(self.state.value, **changes)  # type: ignore[arg-type]  # names and types are ChatsState's own
        self.state.set(replace(changed, undo=self._undo[-1].words if self._undo else ""))


def _merged(kept: Sequence[Conversation], temporary: Sequence[Conversation]) -> tuple[Conversation, ...]:
    """One list of two: pinned ones first, each part by the time of the last message, its own order kept."""
    parts = (
        merge(
            [one for one in kept if one.pinned is pinned],
            [one for one in temporary if one.pinned is pinned],
            key=lambda one: -one.updated,
        )
        for pinned in (True, False)
    )
    return tuple(one for part in parts for one in part)


def _latest_first(deleted: Iterable[DeletedConversation]) -> tuple[DeletedConversation, ...]:
    return tuple(sorted(deleted, key=lambda one: -one.deleted))


def _titles_first(found: Iterable[Found]) -> tuple[Found, ...]:
    return tuple(sorted(found, key=lambda one: one.message is not None))


def _folder_name(name: str) -> str:
    return " ".join(name.split())[:FOLDER_CHARACTERS]
