"""Conversations from question to last word, with the real database and the stand-in engine as a child process."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desktop_app.domain.chat import Conversation, Message, MessageState, Role
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.services.conversations import ChatEndpoint, ChatState, Conversations
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import INTERRUPTED_WORDS, ConversationStore
from desktop_app.store.database import Database
from tests.endpoint.running import Running, eventually, running

SLOW = {"chunk": "word ", "tokens": 100_000, "tokens_per_second": 200}


class Program:
    """What the services need around them; `engine` is what runs now."""

    def __init__(self, database: Database) -> None:
        self.engine: ChatEndpoint | None = None
        self.database = database
        self.failures: list[str] = []
        self.tasks = Tasks(lambda name, error: self.failures.append(f"{name}: {error!r}"))
        self.store = ConversationStore(database)
        self.chat = Conversations(self.store, lambda: self.engine, self.tasks)

    @property
    def state(self) -> ChatState:
        return self.chat.state.value

    @property
    def last(self) -> Message:
        return self.state.messages[-1]

    def begin(self, text: str) -> asyncio.Task[None]:
        return self.tasks.start(self.chat.send(text), name="send")

    def arrived(self) -> bool:
        return bool(self.state.messages) and self.last.role is Role.ASSISTANT and bool(self.last.text)

    def error(self) -> UserError | None:
        return self.state.error

    def deleted(self) -> list[Conversation]:
        return [self.state.deleted] if self.state.deleted else []

    async def stored(self) -> tuple[Message, ...]:
        assert self.state.open_id is not None
        return await self.store.messages(self.state.open_id)

    async def close(self) -> None:
        await self.chat.shutdown()
        await self.tasks.shutdown()
        await self.database.close()


async def opened(path: Path) -> Program:
    database = Database(path)
    assert await database.open() is None
    program = Program(database)
    await program.chat.load()
    return program


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    program = await opened(tmp_path / "c.sqlite3")
    yield program
    await program.close()
    assert program.failures == []


def kept(program: Program) -> MessageState:
    return program.last.state


async def test_from_the_question_to_the_last_word(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, answer="Because it is.") as engine:
        program.engine = engine.endpoint
        await program.chat.send("Why is it so?\nTell me.")
    question, answer = program.state.messages
    assert (question.role, question.text) == (Role.USER, "Why is it so?\nTell me.")
    assert (answer.text, answer.state, answer.model) == ("Because it is.", MessageState.COMPLETE, "tiny")
    assert answer.timing.first_token_seconds > 0
    assert (answer.timing.prompt_tokens, answer.timing.answer_tokens) == (10, 3)
    assert not program.state.answering
    assert [conversation.title for conversation in program.state.conversations] == ["Why is it so?"]
    assert await program.stored() == program.state.messages


async def test_the_question_is_stored_before_the_engine_hears_of_it(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, hang=True) as engine:
        program.engine = engine.endpoint
        program.begin("Why?")
        await eventually(lambda: _generating(engine))
        assert program.state.answering
        assert [(one.text, one.state) for one in await program.stored()] == [
            ("Why?", MessageState.COMPLETE),
            ("", MessageState.STREAMING),
        ]


async def _generating(engine: Running) -> bool:
    return (await engine.metrics()).running == 1


async def test_nothing_is_stored_before_the_first_question(program: Program) -> None:
    program.chat.new()
    await program.chat.send("  \n ")
    assert await program.store.conversations() == ()


async def test_the_whole_conversation_is_told(program: Program, tmp_path: Path) -> None:
    asked = tmp_path / "asked.jsonl"
    async with running(tmp_path, answer="Yes.", record=str(asked)) as engine:
        program.engine = engine.endpoint
        await program.chat.send("One?")
        await program.chat.send("Two?")
    assert len(program.state.conversations) == 1
    last = await asyncio.to_thread(_last_line, asked)
    assert last == [("user", "One?"), ("assistant", "Yes."), ("user", "Two?")]


def _last_line(file: Path) -> list[tuple[str, str]]:
    request = json.loads(file.read_text("utf-8").splitlines()[-1])
    return [(turn["role"], turn["content"]) for turn in request["messages"]]


async def test_stop_before_the_first_token(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, hang=True) as engine:
        program.engine = engine.endpoint
        sending = program.begin("Why?")
        await eventually(lambda: _generating(engine))
        await program.chat.stop()
        await sending
        assert (program.last.text, program.last.state, program.last.error) == ("", MessageState.STOPPED, "")
        assert not program.state.answering
        await eventually(engine.idle)
    assert await program.stored() == program.state.messages


async def test_stop_at_once_after_send(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        program.engine = engine.endpoint
        sending = program.begin("Why?")
        await eventually(lambda: program.state.answering)
        await program.chat.stop()
        await sending
        assert program.last.state is MessageState.STOPPED
        await eventually(engine.idle)


async def test_stop_in_mid_answer_keeps_what_came(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        program.engine = engine.endpoint
        sending = program.begin("Why?")
        await eventually(lambda: program.arrived() and program.last.text.startswith("word word "))
        await program.chat.stop()
        await sending
        assert kept(program) is MessageState.STOPPED
        assert program.last.timing.answer_tokens > 1
        await eventually(engine.idle)
        assert await program.stored() == program.state.messages
        program.begin("Go on?")
        await eventually(lambda: len(program.state.messages) == 4 and program.arrived())
        await program.chat.stop()


async def test_an_engine_that_dies_in_mid_answer(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW | {"die_after_tokens": 20}) as engine:
        program.engine = engine.endpoint
        await program.chat.send("Why?")
    assert (program.last.text, program.last.state) == ("word " * 20, MessageState.INTERRUPTED)
    assert "stopped answering" in program.last.error
    assert await program.stored() == program.state.messages


async def test_an_error_of_the_engine_stands_in_the_message_and_the_question_can_be_asked_again(
    program: Program, tmp_path: Path
) -> None:
    async with running(tmp_path, error={"status": 503, "message": "busy"}) as engine:
        program.engine = engine.endpoint
        await program.chat.send("Why?")
    assert (program.last.state, program.last.text) == (MessageState.FAILED, "")
    assert "busy" in program.last.error
    async with running(tmp_path, answer="So.") as engine:
        program.engine = engine.endpoint
        await program.chat.retry()
    assert [(one.text, one.state, one.error) for one in await program.stored()] == [
        ("Why?", MessageState.COMPLETE, ""),
        ("So.", MessageState.COMPLETE, ""),
    ]


async def test_asking_while_no_model_runs_keeps_the_question(program: Program) -> None:
    await program.chat.send("Why?")
    assert [one.text for one in await program.stored()] == ["Why?", ""]
    assert (program.last.state, program.last.error) == (
        MessageState.FAILED,
        "No model is running. Start one, then ask again.",
    )
    assert not program.state.answering
    await program.chat.retry()
    error = program.error()
    assert error is not None
    assert error.remedy is Remedy.START
    program.chat.dismiss_error()
    assert program.error() is None


async def test_a_cut_answer_says_so(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, chunk="x ", tokens=500, max_model_len=50) as engine:
        program.engine = engine.endpoint
        await program.chat.send("Why?")
    assert program.last.state is MessageState.CUT
    assert program.last.error == ""


async def test_one_answer_at_a_time(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        program.engine = engine.endpoint
        program.begin("Why?")
        await eventually(lambda: program.state.answering)
        await program.chat.send("And?")
        assert isinstance(program.state.error, UserError)
        await eventually(program.arrived)
        assert len(program.state.messages) == 2
        await program.chat.stop()


async def test_two_conversations_stream_into_their_own(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, tokens=60, tokens_per_second=300) as engine:
        program.engine = engine.endpoint
        first_sent = program.begin("First?")
        await eventually(program.arrived)
        first = program.state.open_id
        program.chat.new()
        assert program.state.messages == ()
        assert not program.state.answering
        second_sent = program.begin("Second?")
        await eventually(program.arrived)
        second = program.state.open_id
        assert program.state.answering_ids == {first, second}
        assert first is not None
        await program.chat.open(first)
        assert kept(program) is MessageState.STREAMING
        assert program.last.text
        await asyncio.gather(first_sent, second_sent)
    assert second is not None
    assert program.state.answering_ids == frozenset()
    assert "First?" in program.last.text
    assert "Second?" not in program.last.text
    await program.chat.open(second)
    assert program.last.state is MessageState.COMPLETE
    assert "First?" not in program.last.text
    assert [one.title for one in program.state.conversations] == ["Second?", "First?"]


async def test_opening_while_an_answer_streams_never_shows_an_old_end(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, answer="Quick.") as engine:
        program.engine = engine.endpoint
        for number in range(10):
            program.chat.new()
            sending = program.begin(f"Question {number}?")
            await eventually(lambda: program.state.open_id is not None)
            open_id = program.state.open_id
            assert open_id is not None
            while not sending.done():
                await program.chat.open(open_id)
            await program.chat.open(open_id)
            assert (program.last.state, program.last.text) == (MessageState.COMPLETE, "Quick.")


async def test_rename_delete_and_undo(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, answer="So.") as engine:
        program.engine = engine.endpoint
        await program.chat.send("Why?")
    conversation = program.state.open_id
    assert conversation is not None
    messages = program.state.messages
    await program.chat.rename(conversation, "  The\nreasons ")
    await program.chat.rename(conversation, "  ")
    assert [(one.title, one.titled) for one in program.state.conversations] == [("The reasons", True)]
    await program.chat.delete(conversation)
    assert (program.state.conversations, program.state.open_id, program.state.messages) == ((), None, ())
    assert [one.title for one in program.deleted()] == ["The reasons"]
    await program.chat.undo_delete()
    assert program.deleted() == []
    assert program.state.open_id == conversation
    assert program.state.messages == messages
    await program.chat.undo_delete()


async def test_deleting_ends_the_answer(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, **SLOW) as engine:
        program.engine = engine.endpoint
        sending = program.begin("Why?")
        await eventually(program.arrived)
        conversation = program.state.open_id
        assert conversation is not None
        await program.chat.delete(conversation)
        await sending
        await eventually(engine.idle)
        await program.chat.undo_delete()
        assert program.last.state is MessageState.STOPPED


async def test_published_as_it_grows(program: Program, tmp_path: Path) -> None:
    lengths: list[int] = []
    program.chat.state.watch(lambda state: lengths.append(len(state.messages[-1].text) if state.messages else 0))
    async with running(tmp_path, chunk="x", tokens=300, tokens_per_second=1000) as engine:
        program.engine = engine.endpoint
        await program.chat.send("Why?")
    growths = sorted({length for length in lengths if length})
    assert growths[-1] == 300
    assert 2 < len(growths) < 60


async def test_a_disk_without_room_keeps_the_words_in_sight_and_saves_them_later(
    program: Program, tmp_path: Path
) -> None:
    async with running(tmp_path, answer="So.") as engine:
        program.engine = engine.endpoint
        await program.chat.send("Why?")
        conversation = program.state.open_id
        await _limit_pages(program, 1)
        long = "y" * 50_000
        await program.chat.send(long)
        error = program.error()
        assert error is not None
        assert "no room left" in error.title
        assert [one.text for one in program.state.messages] == ["Why?", "So.", long, ""]
        assert "no room left" in program.last.error
        await _limit_pages(program, 100_000)
        await program.chat.send("Again?")
    assert program.error() is None
    assert program.state.open_id == conversation
    assert program.last.text == "So."
    assert [one.text for one in await program.stored()] == ["Why?", "So.", "Again?", "So."]


async def test_an_answer_that_cannot_be_saved_is_shown_whole_and_told(program: Program, tmp_path: Path) -> None:
    async with running(tmp_path, chunk="x" * 5000, tokens=40, tokens_per_second=40) as engine:
        program.engine = engine.endpoint
        sending = program.begin("Why?")
        await eventually(program.arrived)
        await _limit_pages(program, 1)
        await sending
    assert len(program.last.text) == 200_000
    assert program.state.error is not None
    assert "no room left" in program.state.error.title
    assert program.tasks.names == ("save the answer later",)


async def _limit_pages(program: Program, pages: int) -> None:
    # SQLite never goes below the present size, and answers "full" at the limit as it does when the disk is full.
    await program.database.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())


async def test_closing_the_program_keeps_what_came(tmp_path: Path) -> None:
    program = await opened(tmp_path / "c.sqlite3")
    async with running(tmp_path, **SLOW) as engine:
        program.engine = engine.endpoint
        program.begin("Why?")
        await eventually(program.arrived)
        await program.close()
    assert program.last.state is MessageState.INTERRUPTED
    again = await opened(tmp_path / "c.sqlite3")
    (conversation,) = again.state.conversations
    await again.chat.load(conversation.id)
    assert again.state.messages == program.state.messages
    await again.close()


WRITER = """
import asyncio, sys, time
from pathlib import Path
from desktop_app.endpoint.client import Endpoint
from desktop_app.services.conversations import Conversations
from desktop_app.services.tasks import Tasks
from desktop_app.store.conversations import ConversationStore
from desktop_app.store.database import Database

async def main() -> None:
    database, endpoint = Database(Path(sys.argv[1])), Endpoint(Path(sys.argv[2]), "tiny")
    await database.open()
    chat = Conversations(ConversationStore(database), lambda: endpoint, Tasks(print))
    chat.state.watch(lambda state: state.messages and print(time.monotonic(), len(state.messages[-1].text), flush=True))
    await chat.send("Why?")

asyncio.run(main())
"""


@pytest.mark.parametrize("publications", [5, 40, 75])
async def test_killed_in_mid_answer_loses_at_most_the_last_second(tmp_path: Path, publications: int) -> None:
    async with running(tmp_path, **SLOW) as engine:
        arguments = ("-c", WRITER, tmp_path / "c.sqlite3", engine.socket)
        child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        assert child.stdout is not None
        lines = [await child.stdout.readline() for _ in range(publications)]
        child.kill()
        lines += (await child.stdout.read()).splitlines()
        await child.wait()
        await eventually(engine.idle)
    seen = [(float(line.split()[0]), int(line.split()[1])) for line in lines]
    due = max((length for at, length in seen if at <= seen[-1][0] - 1.0), default=0)
    again = await opened(tmp_path / "c.sqlite3")
    await again.chat.open(again.state.conversations[0].id)
    assert [one.text for one in again.state.messages][:1] == ["Why?"]
    assert (again.last.state, again.last.error) == (MessageState.INTERRUPTED, INTERRUPTED_WORDS)
    assert len(again.last.text) >= due
    await again.close()
