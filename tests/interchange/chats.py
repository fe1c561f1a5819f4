"""Conversations for the tests of this room: one with everything in it, and any that hypothesis can think of."""

from dataclasses import fields

from hypothesis import strategies as st

from desktop_app.domain.chat import (
    AnswerRecord,
    Attachment,
    AttachmentKind,
    Conversation,
    Message,
    MessageState,
    Role,
    Timing,
)
from desktop_app.domain.sampling import ChatSettings, Sampling, WhenFull
from desktop_app.interchange.parcel import Parcel, Writer

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6364f8cf500f00038601805a347d6b0000000049454e44ae426082"
)
ANSWER = """**Bold** and a [link](https://example.org/a?b=1&c=2), https://bare.example.com too.

| a | b |
|---|--:|
| 1 | 2 |

- [x] done

```python
def f(x: int) -> str:
    return "<b>"  # why
```

Inline $x^2 < 1$ and

$$
\\frac{1}{3}
$$

<script>alert(1)</script> ![a picture](https://evil.example/i.png)
"""


def sky() -> Parcel:
    """Two versions of an answer, a picture, a document, reasoning, figures and a deleted turn."""
    picture = Attachment(-1, "sky.png", AttachmentKind.IMAGE, "image/png", data=PNG, size=len(PNG))
    notes = Attachment(-2, "notes.md", AttachmentKind.TEXT, "text/plain", "a\n```\nfence", size=9, note="3 lines")
    answer = Message(
        2,
        Role.ASSISTANT,
        ANSWER,
        model="Qwen3-8B",
        created=1_790_000_004.0,
        timing=Timing(0.31, 7.6, 20, 312),
        parent=1,
        reasoning="First I think.",
        record=AnswerRecord(finish="stop", engine="vLLM 0.32.0"),
    )
    messages = (
        Message(1, Role.USER, "Why is the sky blue?", created=1_790_000_000.0, attachments=(picture, notes)),
        answer,
        Message(3, Role.ASSISTANT, "Another.\n\n```\nopen", model="Qwen3-8B", parent=1),
        Message(4, Role.USER, "taken out", parent=2, deleted=True),
        Message(5, Role.USER, "And <b>then</b>?", parent=4),
        Message(6, Role.ASSISTANT, "Below the other.", parent=3),
    )
    settings = ChatSettings(system="Be *brief*.", sampling=Sampling(temperature=0.2))
    return Parcel(Conversation(0, "Sky & <sea>", 1_790_000_020.0), messages, {None: 1, 1: 2}, settings, "Physics")


def written(writer: Writer, *parcels: Parcel) -> str:
    """All of a file."""
    titles = [one.conversation.title for one in parcels]
    return writer.begin(titles) + "".join(piece for one in parcels for piece in writer.chat(one)) + writer.end()


_numbers = st.floats(0, 1e6)
_counts = st.integers(0, 10**9)
_lines = st.text(st.characters(categories=["L", "N", "P"]), max_size=20)
_attachments = st.builds(
    Attachment,
    id=st.just(0),
    name=_lines.filter(lambda name: name and not {"/", "\\"} & set(name)),
    kind=st.just(AttachmentKind.TEXT),
    media=st.just("text/plain"),
    text=st.text(max_size=50),
    size=_counts,
    tokens=_counts,
    note=st.text(max_size=20),
) | st.builds(
    Attachment,
    id=st.just(0),
    name=st.just("a.png"),
    kind=st.just(AttachmentKind.IMAGE),
    media=st.sampled_from(["image/png", "image/jpeg"]),
    data=st.binary(max_size=50),
)
_records = st.builds(
    AnswerRecord,
    **{
        one.name: st.text(max_size=10)
        if one.type in (str, "str")
        else st.none() | st.integers(1, 99)
        if one.name == "cached_tokens"
        else st.none() | st.floats(0.1, 99)
        if one.name == "queue_seconds"
        else st.floats(0.1, 99)
        if one.name.endswith("seconds")
        else st.integers(0, 99)
        for one in fields(AnswerRecord)
    },
)
_messages = st.builds(
    Message,
    id=st.just(0),
    role=st.sampled_from([Role.USER, Role.ASSISTANT]),
    text=st.text(max_size=200),
    state=st.sampled_from([one for one in MessageState if one is not MessageState.STREAMING]),
    model=_lines,
    created=st.floats(0, 4e9),
    timing=st.builds(
        Timing,
        first_token_seconds=_numbers,
        decode_seconds=_numbers,
        prompt_tokens=_counts,
        answer_tokens=_counts,
    ),
    error=st.text(max_size=50),
    reasoning=st.text(max_size=50),
    attachments=st.lists(_attachments, max_size=2).map(tuple),
    record=_records,
    deleted=st.booleans(),
)
_settings = st.builds(
    ChatSettings,
    system=st.text(max_size=50),
    sampling=st.builds(
        Sampling,
        temperature=st.none() | st.floats(0, 2),
        top_k=st.none() | st.integers(0, 1000),
        stop=st.lists(st.text(min_size=1, max_size=5), max_size=3).map(tuple),
    ),
    thinking=st.none() | st.booleans(),
    logprobs=st.booleans(),
    when_full=st.sampled_from(WhenFull),
)


@st.composite
def parcels(draw: st.DrawFn) -> Parcel:
    """Any tree of messages, with ids in any order."""
    from dataclasses import replace

    made: list[Message] = []
    ids = draw(st.lists(st.integers(-(2**40), 2**50), unique=True, max_size=12))
    attachment = 0
    for one in ids:
        parent = draw(st.none() | st.sampled_from([message.id for message in made])) if made else None
        message = draw(_messages)
        attachments = []
        for item in message.attachments:
            attachment -= 1
            attachments.append(replace(item, id=attachment))
        made.append(replace(message, id=one, parent=parent, attachments=tuple(attachments)))
    chosen: dict[int | None, int] = {}
    for message in made:
        if draw(st.booleans()):
            chosen[message.parent] = message.id
    seen_from = draw(st.none() | st.sampled_from(ids)) if ids else None
    title = draw(_lines.filter(bool))
    conversation = Conversation(0, title, draw(st.floats(0, 4e9)), draw(st.booleans()), draw(st.booleans()))
    return Parcel(
        conversation, tuple(made), chosen, draw(_settings), draw(_lines), seen_from, draw(st.text(max_size=30))
    )
