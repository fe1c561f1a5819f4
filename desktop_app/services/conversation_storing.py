"""Puts a question and the empty answer to it on the disk, before anybody is asked. `conversation_asking.py` calls it.

What cannot be stored is not lost: it stays in sight, marked, and goes onto the disk with the next question.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, title_from
from desktop_app.domain.errors import UserError
from desktop_app.services.answer_account import continuing
from desktop_app.services.conversation_desk import Desk
from desktop_app.services.conversation_talk import Asked, Talk
from desktop_app.store.conversations import CHAIN

NOT_SENT = "This question was not sent."


class Storing:
    """Stores turns.

    Args:
        desk: keeps the talks.
        changed: the list of conversations is to be read again.
    """

    def __init__(self, desk: Desk, changed: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._desk = desk
        self._changed = changed

    async def store(self, talk: Talk, asked: Asked, model: str, failure: str) -> Message | None:
        """Store what is asked and show it.

        Args:
            talk: the conversation.
            asked: the question, or what is to be answered again.
            model: the name of the model that will answer.
            failure: why nobody will, as a sentence; empty when somebody will.

        Returns:
            The answer to be, None when nothing could be stored.
        """
        state = MessageState.FAILED if failure else MessageState.STREAMING
        if asked.again is not None:
            answer = replace(asked.again, state=state, error=failure, model=model)
            talk.put(answer)
        else:
            answer = Message(0, Role.ASSISTANT, "", state, model, error=failure)
            if asked.begun is not None:
                answer = continuing(asked.begun, AnswerRecord(), model)
            answer = replace(answer, parent=asked.parent)
            try:
                answer = await self._add(talk, asked, answer)
            except UserError as error:
                _keep_in_sight(talk, asked, answer, error)
                self._desk.told(error)
                return None
        await self.store_seen(talk)
        self._desk.publish()
        self._desk.tasks.start(self._changed(), name="list chats")
        return answer

    async def store_seen(self, talk: Talk) -> None:
        """Remember on the disk what of a conversation the model is given, when that has changed."""
        if talk.seen_unsaved and talk.conversation is not None:
            with self._desk.failures_told():
                store = self._desk.stores.of_talk(talk)
                await store.set_seen_from(talk.conversation.id, talk.seen_from, talk.summary)
                talk.seen_unsaved = False

    async def _add(self, talk: Talk, asked: Asked, answer: Message) -> Message:
        """Store new messages, and those that could not be stored before; returns the last. Raises UserError."""
        unsaved = tuple(one for one in talk.leading_to(asked.parent) if one.id < 0)
        late = (replace(one, error=NOT_SENT if one.error else "") for one in unsaved)
        queued = asked.question if asked.question and asked.question.id > 0 else None
        chain = [*late, *((asked.question,) if asked.question and not queued else ()), answer]
        if queued is not None:
            chain[0] = replace(answer, parent=queued.id)
        new = [chain[0], *(replace(one, parent=CHAIN) for one in chain[1:])]
        store = self._desk.stores.of_talk(talk)
        if talk.conversation is None:
            stored = await self._create(talk, new)
        else:
            stored = await store.add(talk.conversation.id, *new)
        if queued is not None and talk.conversation is not None:
            await store.choose(talk.conversation.id, queued.parent, queued.id)
            talk.add(queued)
        talk.saved(unsaved, stored[: len(unsaved)])
        talk.add(*stored[len(unsaved) :])
        if talk.seen_from == 0:
            talk.seen_from = next((one.id for one in reversed(stored) if one.role is Role.USER), None)
        return stored[-1]

    async def _create(self, talk: Talk, new: Sequence[Message]) -> tuple[Message, ...]:
        store = self._desk.stores.of_talk(talk)
        first = new[0]
        title = title_from(first.text or next((one.name for one in first.attachments), ""))
        settings = talk.settings
        conversation, stored = await store.create(title, tuple(new), settings)
        talk.conversation = replace(conversation, folder=talk.folder, temporary=talk.temporary)
        if talk.settings != settings:  # somebody chose something while the disk was busy
            with self._desk.failures_told():
                await store.set_settings(conversation.id, talk.settings)
        if talk.folder is not None:
            with self._desk.failures_told():
                await store.move((conversation.id,), talk.folder)
        return stored


def _keep_in_sight(talk: Talk, asked: Asked, answer: Message, error: UserError) -> None:
    if asked.question is None:
        return
    question = replace(asked.question, id=talk.unsaved_id(), parent=asked.parent)
    failed = replace(
        answer, id=talk.unsaved_id(), parent=question.id, state=MessageState.FAILED, error=error.sentence()
    )
    talk.add(question, failed)
