"""What can be done with a message: asked again, edited, continued, branched, chosen, taken out and brought back.

`conversations.py` calls it for the open conversation. Nothing here overwrites a version: every verb adds one.
"""

from collections.abc import Sequence
from dataclasses import replace

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role
from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.services.conversation_asking import Asking, Listeners, no_model
from desktop_app.services.conversation_desk import Desk
from desktop_app.services.conversation_talk import Asked, Talk, Undo

EDITED = "edited"
"""What the record of an answer says that a person wrote or changed (`AnswerRecord.finish`)."""


class Versions:
    """Changes the tree of the open conversation.

    Args:
        desk: keeps the talks.
        asking: asks models.
        listeners: are told when the list changes.
    """

    def __init__(self, desk: Desk, asking: Asking, listeners: Listeners) -> None:
        self._desk = desk
        self._asking = asking
        self._listeners = listeners

    async def regenerate(self, message_id: int) -> None:
        """Ask for another answer: another version of an answer, or a first one to a question."""
        if message := self._message(message_id):
            await self._ask_again(Asked(_question_of(message)))

    async def try_with(self, message_id: int, model: ModelRef) -> None:
        """The same, by another model, which is started when it does not run."""
        if (message := self._message(message_id)) and not self._desk.closing:
            await self._ask_about(Asked(_question_of(message), model=model))

    async def continue_answer(self, message_id: int) -> None:
        """Go on with an answer that ended early: another version that begins with its words."""
        message = self._message(message_id)
        if message is None or message.role is not Role.ASSISTANT:
            return
        begun = message if message.text.strip() else None
        await self._ask_again(Asked(message.parent, begun=begun))

    async def retry(self) -> None:
        """Ask the last question again when its answer failed without a word."""
        talk = self._desk.open
        last = talk.path[-1] if talk.path else None
        if last is None or last.state is not MessageState.FAILED or talk.busy:
            return
        if last.id < 0:  # the question could not even be stored
            question = talk.tree.get(last.parent or 0)
            talk.forget((question, last))
            await self._asking.ask(talk, Asked(question.parent, replace(question, id=0, deleted=False)))
        else:
            await self._ask_again(Asked(last.parent, again=last))

    async def edit(self, message_id: int, text: str) -> None:
        """Another version of a message, with *text* by the person; of a question it is answered."""
        message = self._message(message_id)
        if message is None or not text.strip() or text == message.text:
            return
        if message.role is Role.USER:
            question = Message(0, Role.USER, text, attachments=message.attachments, parent=message.parent)
            await self._asking.ask(self._desk.open, Asked(message.parent, question))
            return
        talk = self._desk.open
        if talk.streaming_id == message.id:
            await self._asking.stop(talk)
        edited = replace(
            Message(0, Role.ASSISTANT, text, model=message.model, parent=message.parent),
            record=AnswerRecord(finish=EDITED),
        )
        if talk.conversation is not None and (message.parent or 0) >= 0:
            with self._desk.failures_told():
                talk.add(*await self._desk.stores.of_talk(talk).add(talk.conversation.id, edited))
                self._desk.publish()

    async def branch(self, message_id: int) -> int | None:
        """Open a new conversation with what leads to a message, it included; its id, None when that failed."""
        talk, message = self._desk.open, self._message(message_id)
        if message is None or talk.conversation is None or message_id < 0:
            return None
        store = self._desk.stores.of_talk(talk)
        opened: int | None = None
        with self._desk.failures_told():
            if message.id == talk.streaming_id:
                # So that the copy has what has come by now.
                await store.save(talk.tree.get(message.id))
            branch = await store.branch(talk.conversation.id, message_id)
            await self._desk.show_stored(branch.id)
            opened = branch.id
            await self._listeners.changed()
        return opened

    async def choose(self, message_id: int, step: int) -> None:
        """Show an earlier (-1) or a later (1) version of a turn."""
        talk, message = self._desk.open, self._message(message_id)
        if message is None:
            return
        versions = talk.tree.versions(message_id)
        number = versions.index(message_id) + step
        if not 0 <= number < len(versions):
            return
        talk.tree.choose(versions[number])
        talk.reshape()
        self._desk.publish()
        # What is not on the disk cannot be remembered there.
        if talk.conversation is not None and versions[number] > 0 and (message.parent or 0) >= 0:
            with self._desk.failures_told():
                await self._desk.stores.of_talk(talk).choose(talk.conversation.id, message.parent, versions[number])

    async def reveal(self, message_id: int) -> None:
        """Show the versions that lead to a message, which may be one that is not shown."""
        talk = self._desk.open
        if message_id not in talk.tree:
            return
        for one in talk.tree.path_to(message_id):
            before = talk.tree.chosen.get(one.parent)
            talk.tree.choose(one.id)
            if before != one.id and talk.conversation is not None and one.id > 0:
                with self._desk.failures_told():
                    await self._desk.stores.of_talk(talk).choose(talk.conversation.id, one.parent, one.id)
        talk.reshape()
        self._desk.publish()

    async def delete(self, message_id: int, *, with_following: bool) -> None:
        """Take a message out, or it and all after it; `undo()` brings it back."""
        talk, message = self._desk.open, self._message(message_id)
        if message is None:
            return
        while talk.streaming_id is not None and (message_id == talk.streaming_id or with_following):
            await self._asking.stop(talk)
        taken = talk.tree.delete(message_id, with_following=with_following)
        talk.reshape()
        stored = [one for one in taken if one > 0]
        with self._desk.failures_told():
            try:
                await self._desk.stores.of_talk(talk).set_deleted(stored, deleted=True)
            except BaseException:
                talk.tree.restore(taken)
                talk.reshape()
                raise
            words = "Deleted a message." if len(taken) == 1 else f"Deleted {len(taken):,} messages."
            talk.undo.append(Undo(words, lambda: self._restore(talk, taken)))
        self._desk.publish()

    async def undo(self) -> None:
        """Bring back what was taken out last in the open conversation."""
        talk = self._desk.open
        if talk.undo:
            undo = talk.undo.pop()
            with self._desk.failures_told():
                await undo.take_back()
            self._desk.publish()

    async def _restore(self, talk: Talk, messages: Sequence[int]) -> None:
        await self._desk.stores.of_talk(talk).set_deleted([one for one in messages if one > 0], deleted=False)
        # What could not be stored may have been asked again under another id.
        talk.tree.restore([one for one in messages if one in talk.tree])
        talk.reshape()

    async def _ask_again(self, asked: Asked) -> None:
        if self._desk.endpoint() is None:
            self._desk.told(no_model())
        elif asked.parent is None or asked.parent > 0:
            await self._ask_about(asked)
        else:
            await self.retry()

    async def _ask_about(self, asked: Asked) -> None:
        """Ask, unless the model would be given no question."""
        talk = self._desk.open
        if asked.parent in talk.tree and talk.tree.get(asked.parent or 0).deleted:
            self._desk.told(UserError("The question to this answer was deleted.", "Undo that, or ask it anew."))
        else:
            await self._asking.ask(talk, asked)

    def _message(self, message_id: int) -> Message | None:
        tree = self._desk.open.tree
        return tree.get(message_id) if message_id in tree else None


def _question_of(message: Message) -> int | None:
    """What an answer hangs on; a question itself."""
    return message.parent if message.role is Role.ASSISTANT else message.id
