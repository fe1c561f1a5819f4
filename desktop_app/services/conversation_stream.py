"""One request of a conversation: pictures are fetched, and the model is asked in the way that the settings say.

`conversation_asking.py` calls it.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from desktop_app.domain.chat import AttachmentKind, Delta, Message
from desktop_app.domain.errors import UserError
from desktop_app.endpoint.errors import NoTemplateError
from desktop_app.services.conversation_desk import ChatEndpoint
from desktop_app.services.conversation_talk import Talk
from desktop_app.store.conversations import ConversationStore

NO_TEMPLATE = "This model has no chat template: it can only continue a text."
"""What `ChatState.suggestion` says when `continue_as_text()` would help."""


async def stream(
    talk: Talk, prompt: Sequence[Message] | str, endpoint: ChatEndpoint, store: ConversationStore, *, more: bool
) -> AsyncGenerator[list[Delta], None]:
    """What the model says to *prompt*; *more* continues its last message. Raises UserError."""
    settings = talk.settings
    if problem := settings.structure.problem():
        raise UserError("The form that answers are held to cannot be used.", problem)
    if isinstance(prompt, str):
        answer = endpoint.stream_text(prompt, settings.request())
    else:
        images = await _images(store, prompt)
        answer = endpoint.stream_chat(prompt, settings.request(), continue_last=more, images=images)
    try:
        async with aclosing(answer) as batches:
            async for batch in batches:
                yield batch
    except NoTemplateError:
        talk.suggestion = NO_TEMPLATE
        raise


async def _images(store: ConversationStore, prompt: Sequence[Message]) -> dict[int, bytes]:
    files = [file for turn in prompt for file in turn.attachments if file.kind is AttachmentKind.IMAGE]
    return {file.id: file.data or await store.attachment_data(file.id) for file in files}
