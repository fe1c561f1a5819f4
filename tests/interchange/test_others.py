"""What ChatGPT and Open WebUI export, read."""

import json
from pathlib import Path
from typing import Any

import pytest

from desktop_app.domain.chat import AttachmentKind, MessageState, Role
from desktop_app.interchange.parcel import Damaged, Parcel
from desktop_app.interchange.reader import read_chats

DATA = Path(__file__).parents[1] / "data" / "interchange"


def read(name: str) -> list[Parcel | Damaged]:
    return list(read_chats((DATA / name).read_text("utf-8")))


def parcel(read: Parcel | Damaged) -> Parcel:
    assert isinstance(read, Parcel), read
    return read


def test_chatgpt_conversation_with_versions_thoughts_and_tools() -> None:
    first = parcel(read("chatgpt.json")[0])
    assert first.conversation.title == "Twelve times twelve"
    assert (first.conversation.updated, first.conversation.pinned) == (1714565003.0, True)
    question, other, answer, again, cut = first.messages
    assert (question.role, question.parent, question.created) == (Role.USER, None, 1714564800.5)
    assert question.text.endswith("What is 12 * 12?")
    assert "picture" in question.text
    assert (other.text, other.model, other.parent) == ("It is 144.", "gpt-4o", question.id)
    assert answer.text == "```python\n12 * 12\n```\n\n```\n144\n```\n\nIt is **144**. "
    assert (answer.reasoning, answer.model) == ("**Multiplying**\n\nTwelve times twelve.", "o3")
    assert (again.text, cut.text, cut.state) == ("And who said so first?", "The Babylonians had", MessageState.CUT)
    assert [one.id for one in first.tree().path()] == [question.id, answer.id, again.id, cut.id]
    assert first.tree().places()[answer.id].count == 2


def test_chatgpt_conversation_of_the_first_days_and_one_that_goes_in_circles() -> None:
    _, second, third = read("chatgpt.json")
    assert [(one.role, one.text) for one in parcel(second).messages] == [(Role.USER, "Hello"), (Role.ASSISTANT, "Hi!")]
    assert parcel(second).conversation.title == "Imported chat"
    assert isinstance(third, Damaged)


def test_open_webui_chat_with_versions_reasoning_files_and_an_error() -> None:
    first = parcel(read("open_webui.json")[0])
    question, short, thought, _, failed = first.messages
    assert (first.conversation.title, first.conversation.pinned) == ("Sky", True)
    assert (first.settings.system, first.settings.sampling.temperature) == ("Answer briefly.", 0.3)
    assert first.settings.sampling.top_p is None
    picture, notes = question.attachments
    assert (picture.kind, picture.media, picture.data[:4]) == (AttachmentKind.IMAGE, "image/png", b"\x89PNG")
    assert (notes.name, notes.text) == ("notes.txt", "Rayleigh 1871")
    assert (short.timing.prompt_tokens, short.timing.answer_tokens) == (12, 5)
    assert (thought.text, thought.model) == ("Short waves scatter more.", "DeepSeek R1")
    assert thought.reasoning == "Short waves & long ones.\nSo: blue."
    assert failed.state is MessageState.FAILED
    assert "500" in failed.error
    assert [one.id for one in first.tree().path()] == [question.id, thought.id, 4, failed.id]


def test_open_webui_chat_with_only_a_list() -> None:
    second = parcel(read("open_webui.json")[1])
    assert [(one.text, one.parent) for one in second.messages] == [("Ping", None), ("Pong", 1)]
    assert second.conversation.updated == 1690000001


@pytest.mark.parametrize("name", ["chatgpt.json", "open_webui.json"])
def test_one_conversation_by_itself_is_read_too(name: str) -> None:
    values = json.loads((DATA / name).read_text("utf-8"))[0]
    assert list(read_chats(json.dumps(values))) == [read(name)[0]]


@pytest.mark.parametrize("name", ["chatgpt.json", "open_webui.json"])
@pytest.mark.parametrize("wrong", [None, 7, "x", [], {}, [[]], {"a": None}])
def test_no_member_is_trusted(name: str, wrong: object) -> None:
    values = json.loads((DATA / name).read_text("utf-8"))[0]
    for told in changed(values, wrong):
        for one in read_chats(json.dumps([values, told])):
            assert isinstance(one, Parcel | Damaged)


def changed(values: Any, wrong: object, depth: int = 7) -> list[Any]:  # noqa: ANN401 - JSON
    """*values* with each of its members replaced by *wrong* in turn."""
    made: list[Any] = []
    pairs = list(values.items()) if isinstance(values, dict) else list(enumerate(values))
    for key, value in pairs:
        inner = changed(value, wrong, depth - 1) if depth and isinstance(value, dict | list) else []
        for one in [wrong, *inner]:
            copy = dict(values) if isinstance(values, dict) else list(values)
            copy[key] = one
            made.append(copy)
    return made


def test_half_open_details_cost_no_more_than_their_length() -> None:
    text = '<details type="reasoning" done="true">' * 50_000
    told = {"chat": {"messages": [{"role": "assistant", "content": text}]}}
    assert parcel(next(iter(read_chats(json.dumps([told]))))).messages[0].text == text
