"""What a model is given of a conversation."""

from desktop_app.domain.chat import Attachment, AttachmentKind, Message, MessageState, Role
from desktop_app.domain.history import as_sent, as_text, seen
from desktop_app.domain.sampling import ChatSettings

FILE = Attachment(1, "a.txt", AttachmentKind.TEXT, "text/plain", "in the file")
OTHER = Attachment(2, "b.png", AttachmentKind.IMAGE, "image/png")
NO_SETTINGS = ChatSettings()


def user(text: str, id_: int = 1, *files: Attachment) -> Message:
    return Message(id_, Role.USER, text, attachments=files)


def model(text: str, state: MessageState = MessageState.COMPLETE, id_: int = 2) -> Message:
    return Message(id_, Role.ASSISTANT, text, state, reasoning="hm")


def told(*messages: Message, settings: ChatSettings = NO_SETTINGS, **more: object) -> list[tuple[str, str]]:
    turns = as_sent(messages, settings, **more)  # type: ignore[arg-type]  # tests name only what there is
    return [(turn.role.value, turn.text) for turn in turns]


def test_turns_as_they_were() -> None:
    assert told(user("a"), model("b"), user("c")) == [("user", "a"), ("assistant", "b"), ("user", "c")]


def test_a_broken_off_answer_counts_as_it_is() -> None:
    assert told(user("a"), model("b", MessageState.INTERRUPTED), user("c"))[1] == ("assistant", "b")


def test_questions_without_an_answer_become_one_with_all_their_files() -> None:
    failed = model("", MessageState.FAILED)
    assert told(user("a"), failed, user("b"), failed, user("c")) == [("user", "a\n\nb\n\nc")]
    (turn,) = as_sent((user("a", 1, FILE), failed, user("b", 3, OTHER)), NO_SETTINGS)
    assert turn.attachments == (FILE, OTHER)


def test_it_begins_with_a_question() -> None:
    assert told(model("hello"), user("a")) == [("user", "a")]
    assert told(user("  \n"), model("hello")) == []


def test_a_question_of_a_file_alone() -> None:
    assert told(user(" ", 1, FILE), model("b"), user("c"))[0] == ("user", " ")


def test_an_answer_that_is_continued_stands_last() -> None:
    assert told(user("a"), model("b"))[-1] == ("assistant", "b")


def test_what_the_system_is_told_stands_first() -> None:
    settings = ChatSettings(system=" Be kind. ")
    assert told(user("a"), settings=settings) == [("system", "Be kind."), ("user", "a")]
    assert told(model("hello"), user("a"), settings=settings) == [("system", "Be kind."), ("user", "a")]
    assert told(user("a"), settings=ChatSettings(system="  ")) == [("user", "a")]


def test_what_is_no_longer_seen() -> None:
    path = (user("a"), model("b", id_=2), user("c", 3), model("d", id_=4), user("e", 5))
    assert told(*path, seen_from=3) == [("user", "c"), ("assistant", "d"), ("user", "e")]
    assert told(*path, seen_from=4) == [("user", "e")]
    assert told(*path, seen_from=99) == told(*path)
    assert seen(path, None) == path


def test_a_summary_stands_for_it() -> None:
    path = (user("a"), model("b", id_=2), user("c", 3))
    words = "What was said earlier in this conversation, in short:\n\nThey spoke of a."
    assert told(*path, seen_from=3, summary="They spoke of a.")[0] == ("system", words)
    settings = ChatSettings(system="Be kind.")
    both = told(*path, settings=settings, seen_from=3, summary="They spoke of a.")
    assert both[0] == ("system", f"Be kind.\n\n{words}")
    assert told(*path, summary="not meant") == told(*path)


def test_a_text_is_all_texts_as_they_stand() -> None:
    path = (user("Once upon", 1, FILE, OTHER), model(" a time ", id_=2), user("there", 3))
    assert as_text(path) == "in the file\n\nOnce upon a time there"
    assert as_text(path, seen_from=2) == " a time there"
    assert as_text(()) == ""
