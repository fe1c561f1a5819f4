"""Questions that wait until the answer before them has ended. They were typed, so they are on the disk at once.

`conversation_asking.py` puts them in and asks them. After a crash they stand at the end of their conversation, unasked.
"""

from collections.abc import Sequence
from dataclasses import replace

from desktop_app.domain.chat import Attachment, Message, Role
from desktop_app.services.chat_view import Queued
from desktop_app.services.conversation_desk import Desk
from desktop_app.services.conversation_talk import Asked, Talk, Waiting


class Queue:
    """Keeps what waits in each conversation.

    Args:
        desk: keeps the talks.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def add(self, talk: Talk, text: str, attachments: Sequence[Attachment]) -> None:
        """Have a question wait, and store it behind what it will follow."""
        before = talk.queued[-1].stored if talk.queued else None
        parent = before.id if before else talk.streaming_id or talk.tree.leaf()
        waiting = Waiting(Queued(text, tuple(attachments)))
        talk.queued.append(waiting)
        self._desk.publish()
        if talk.conversation is None or (parent or 0) < 0:
            return
        question = Message(0, Role.USER, text, attachments=waiting.queued.attachments, parent=parent)
        with self._desk.failures_told():
            (stored,) = await self._desk.stores.of_talk(talk).add(talk.conversation.id, question, choose=False)
            if waiting in talk.queued:
                waiting.stored = stored
            else:  # it was asked or taken out meanwhile
                await self._forget(talk, stored)

    def take(self, talk: Talk, index: int) -> Queued | None:
        """Take a question out, for the composer; None when it was asked meanwhile."""
        if not 0 <= index < len(talk.queued):
            return None
        waiting = talk.queued.pop(index)
        if waiting.stored is not None:
            self._desk.tasks.start(self._forget(talk, waiting.stored), name="unqueue")
        return waiting.queued

    def next(self, talk: Talk) -> Asked:
        """What has waited longest, to be asked now after what is shown."""
        waiting = talk.queued.pop(0)
        parent = talk.tree.leaf()
        if waiting.stored is not None and waiting.stored.parent == parent:
            return Asked(parent, waiting.stored)
        if waiting.stored is not None:
            # It was to follow something else, which is not shown any more.
            self._desk.tasks.start(self._forget(talk, waiting.stored), name="unqueue")
        text, attachments = waiting.queued.text, waiting.queued.attachments
        return Asked(parent, Message(0, Role.USER, text, attachments=attachments, parent=parent))

    async def unstored(self, talk: Talk, asked: Asked) -> Asked:
        """*asked* as a question that is not on the disk: it does not fit, and goes back to the composer."""
        if asked.question is None or asked.question.id <= 0:
            return asked
        await self._forget(talk, asked.question)
        return replace(asked, question=replace(asked.question, id=0))

    async def _forget(self, talk: Talk, message: Message) -> None:
        with self._desk.failures_told():
            await self._desk.stores.of_talk(talk).set_deleted([message.id], deleted=True)
