"""What a model is told of a conversation, and how fast an answer is said to be."""

from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.services.answer import history


def user(text: str) -> Message:
    return Message(1, Role.USER, text)


def model(text: str, state: MessageState = MessageState.COMPLETE) -> Message:
    return Message(2, Role.ASSISTANT, text, state)


def told(*messages: Message) -> list[tuple[str, str]]:
    return [(turn.role.value, turn.text) for turn in history(messages)]


def test_turns_as_they_were() -> None:
    assert told(user("a"), model("b"), user("c")) == [("user", "a"), ("assistant", "b"), ("user", "c")]


def test_a_broken_off_answer_counts_as_it_is() -> None:
    assert told(user("a"), model("b", MessageState.INTERRUPTED), user("c"))[1] == ("assistant", "b")


def test_questions_without_an_answer_become_one() -> None:
    failed = model("", MessageState.FAILED)
    assert told(user("a"), failed, user("b"), failed, user("c")) == [("user", "a\n\nb\n\nc")]


def test_it_begins_with_a_question() -> None:
    assert told(model("hello"), user("a")) == [("user", "a")]
    assert told(user("  \n"), model("hello")) == []
