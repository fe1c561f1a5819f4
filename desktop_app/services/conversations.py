"""The story of the open conversation, and of answers in others that go on meanwhile.

Publishes one `ChatState`; pages draw it and call the verbs. A verb never raises UserError: what failed stands in the
state, or in the message that it belongs to. The verbs are spread over the files `conversation_*`, `context_*` and
`presets`; `chats.py` has the list.
"""

import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from desktop_app.domain.chat import AnswerRecord, Attachment, Conversation, TokenChance
from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.observable import Observable
from desktop_app.domain.sampling import ChatSettings, Mode, Sampling
from desktop_app.services.chat_view import ChatState, Queued
from desktop_app.services.context import Counter
from desktop_app.services.context_full import Fitting
from desktop_app.services.context_meter import ContextMeter
from desktop_app.services.conversation_asking import Asking, Ensure, Listeners, MakeRoom
from desktop_app.services.conversation_desk import ChatEndpoint, Desk, Stores
from desktop_app.services.conversation_queue import Queue
from desktop_app.services.conversation_storing import Storing
from desktop_app.services.conversation_talk import Talk
from desktop_app.services.conversation_versions import Versions
from desktop_app.services.presets import Presets
from desktop_app.services.tasks import Tasks
from desktop_app.store.presets import PresetStore


class Conversations:
    """Holds conversations with models.

    Args:
        stores: keep them, on the disk or in memory only.
        presets: keeps settings under names.
        endpoint: the way to the engine that is ready now; None while there is none.
        ensure: starts a model, or goes over to it; None when it did not start. May raise UserError.
        defaults: what the model that is ready takes where nothing is chosen.
        record: what is known of its answers beforehand: its revision, its engine.
        tasks: runs answers.
        listeners: are told what happens.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        stores: Stores,
        presets: PresetStore,
        endpoint: Callable[[], ChatEndpoint | None],
        ensure: Ensure,
        defaults: Callable[[], Sampling],
        record: Callable[[], AnswerRecord],
        tasks: Tasks,
        listeners: Listeners,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk = Desk(stores, endpoint, defaults, tasks)
        counter = Counter(endpoint)
        self._fitting = Fitting(desk, counter)
        self._meter = ContextMeter(desk, counter)
        storing = Storing(desk, listeners.changed)
        self._queue = Queue(desk)
        self._asking = Asking(desk, self._queue, storing, self._fitting, self._meter, ensure, record, listeners, clock)
        self._versions = Versions(desk, self._asking, listeners)
        self._presets = Presets(desk, presets)

    @property
    def state(self) -> Observable[ChatState]:
        """The open conversation."""
        return self._desk.state

    # Which conversation is open.

    async def load(self, open_id: int | None = None) -> None:
        """Mark what an earlier run left unfinished, read the presets, and open *open_id* when it is there."""
        with self._desk.failures_told():
            await self._desk.stores.kept.mark_interrupted()
        await self._presets.load()
        if open_id is not None:
            await self.open(open_id)

    def new(self, temporary: bool = False, folder: int | None = None) -> None:
        """Show an empty conversation, which is stored with its first question; a temporary one never is."""
        self._put_aside()
        self._desk.show_new(Talk(temporary=temporary, folder=None if temporary else folder))
        self._meter.opened()

    async def open(self, conversation: int) -> None:
        """Show a conversation of the list; answers elsewhere go on."""
        self._put_aside()
        with self._desk.failures_told():
            await self._desk.show_stored(conversation)
        self._meter.opened()

    async def open_at(self, conversation: int, message: int | None) -> None:
        """Show a conversation of the list with the version of it to which *message* belongs."""
        await self.open(conversation)
        if message is not None and self._desk.open.id == conversation:
            await self._versions.reveal(message)

    async def stop_in(self, conversations: Sequence[int]) -> None:
        """End the answers in these, before they are deleted."""
        for talk in self._desk.talks:
            if talk.id in conversations:
                await self._asking.stop(talk)

    def leave(self, conversations: Sequence[int]) -> int | None:
        """These were deleted; which of them was open, when one was: an empty one is shown instead."""
        open_id = self._desk.open.id
        for talk in self._desk.talks:
            if talk.id in conversations:
                self._desk.drop(talk)
        if open_id is None or open_id not in conversations:
            return None
        self.new()
        return open_id

    def listed(self, conversations: Sequence[Conversation]) -> None:
        """The list was read again: titles, pins and folders may be others."""
        self._desk.listed(conversations)

    def model_changed(self) -> None:
        """Another model is ready, or none any more."""
        if not self._desk.open.busy:
            self._meter.recount()
        self._desk.publish()

    async def shutdown(self) -> None:
        """End every answer and save what came."""
        await self._asking.shutdown()

    # Asking.

    async def send(self, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """Ask in the open conversation, and return when the answer has ended; while one is written there, queue it.

        The question is on the disk before it is sent. Blank text without attachments does nothing.
        """
        await self._asking.send(text, attachments)

    async def send_queued(self) -> None:
        """Ask what has waited longest, after Stop or a failure held the queue up."""
        await self._asking.send_queued()

    def unqueue(self, index: int) -> Queued | None:
        """Take a question out of the queue, for the composer; None when it was sent meanwhile."""
        taken = self._queue.take(self._desk.open, index)
        self._desk.publish()
        return taken

    async def stop(self) -> None:
        """End what goes on in the open conversation; what has come stays, and what is queued waits."""
        await self._asking.stop(self._desk.open)

    async def retry(self) -> None:
        """Ask the last question again when its answer failed without a word."""
        await self._versions.retry()

    async def continue_as_text(self) -> None:
        """Go over to continuing a text, and ask again: what a model without a chat template can do."""
        talk = self._desk.open
        await self.set_settings(replace(talk.settings, mode=Mode.COMPLETION))
        talk.suggestion = ""
        if talk is self._desk.open:
            await self._versions.retry()

    # Messages and their versions.

    async def regenerate(self, message_id: int) -> None:
        """Ask for another version of an answer, or for an answer to a question."""
        await self._versions.regenerate(message_id)

    async def edit(self, message_id: int, text: str) -> None:
        """Another version of a message with the person's words; a question is answered again."""
        await self._versions.edit(message_id, text)

    async def continue_answer(self, message_id: int) -> None:
        """Another version of an answer that ended early: it begins with the same words and goes on."""
        await self._versions.continue_answer(message_id)

    async def try_with(self, message_id: int, model: ModelRef) -> None:
        """Another version of an answer, by another model, which is started when it does not run."""
        await self._versions.try_with(message_id, model)

    async def branch(self, message_id: int) -> int | None:
        """Open a new conversation with what leads to a message; its id, None when that failed."""
        branch = await self._versions.branch(message_id)
        self._meter.opened()
        return branch

    async def choose_version(self, message_id: int, step: int) -> None:
        """Show an earlier (-1) or a later (1) version of a turn."""
        await self._versions.choose(message_id, step)
        self._meter.opened()

    async def delete_message(self, message_id: int, with_following: bool = False) -> None:
        """Take a message out, or it and all after it; `undo()` brings it back."""
        await self._versions.delete(message_id, with_following=with_following)
        self._meter.recount()

    async def undo(self) -> None:
        """Take back the last deletion in the open conversation."""
        await self._versions.undo()
        self._meter.recount()

    async def chances(self, message_id: int) -> tuple[TokenChance, ...]:
        """The tokens of an answer with their probabilities; empty when they were not stored."""
        try:
            return await self._desk.stores.of(message_id).chances(message_id)
        except UserError as error:
            self._desk.told(error)
            return ()

    # Settings and presets.

    def set_settings(self, settings: ChatSettings) -> Coroutine[Any, Any, None]:
        """What is chosen for the conversation that is open now; on the disk when the result has been awaited."""
        return self._set_settings(self._desk.open, settings)

    async def _set_settings(self, talk: Talk, settings: ChatSettings) -> None:
        talk.settings = settings
        self._meter.recount()
        if talk.id is not None:
            with self._desk.failures_told():
                await self._desk.stores.of_talk(talk).set_settings(talk.id, settings)

    async def use_preset(self, preset_id: int) -> None:
        """Choose for the open conversation what a preset says."""
        settings = self._presets.settings(preset_id)
        if settings is not None:
            await self.set_settings(settings)

    async def save_preset(self, name: str) -> None:
        """Keep the settings of the open conversation under a name; one with this name is changed."""
        await self._presets.save(name)

    async def take_presets(self, text: str) -> None:
        """Keep the presets of a file that `presets_as_json()` wrote."""
        await self._presets.take(text)

    async def rename_preset(self, preset_id: int, name: str) -> None:
        """Give a preset another name."""
        await self._presets.rename(preset_id, name)

    async def delete_preset(self, preset_id: int) -> None:
        """Delete a preset; `undo()` brings it back."""
        await self._presets.delete(preset_id)

    # What the model can keep in mind.

    def set_draft(self, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """What is written and not sent, for its number of tokens."""
        self._meter.set_draft(text, attachments)

    async def leave_out_oldest(self) -> None:
        """Leave out as much as is needed for the question that waits, and ask it."""
        await self._make_room(self._fitting.leave_out)

    async def summarise_oldest(self) -> None:
        """Have the model summarise the oldest messages, give it that instead of them, and ask what waits."""
        await self._make_room(self._fitting.summarise)

    def dismiss_full(self) -> None:
        """The question that did not fit is not asked."""
        self._desk.open.full = self._desk.open.pending = None
        self._desk.publish()

    async def see_everything(self) -> None:
        """Give the model all messages of the open conversation again."""
        talk = self._desk.open
        talk.seen_from, talk.summary = None, ""
        self._meter.recount()
        if talk.id is not None:
            with self._desk.failures_told():
                await self._desk.stores.of_talk(talk).set_seen_from(talk.id, None, "")

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        self._desk.told(None)

    def _put_aside(self) -> None:
        """What waits for a choice in a chat that is in no list would be out of reach: it is stored."""
        talk = self._desk.open
        if talk.id is None and talk.full is not None:
            self._desk.tasks.start(self._asking.put_aside(talk), name="put aside")

    async def _make_room(self, make_room: MakeRoom) -> None:
        talk = self._desk.open
        if talk.pending is not None:
            await self._asking.ask(talk, talk.pending, make_room)
