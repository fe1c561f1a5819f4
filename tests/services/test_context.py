"""Tokens in use: exact after an answer, counted by the engine when something changes, estimated otherwise."""

from pathlib import Path

from desktop_app.domain.chat import Attachment, AttachmentKind, Message, Role
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.services.chat_view import ContextState
from desktop_app.services.context import Count, Counter, as_asked, estimate, most, room_for_answer
from tests.conftest import reach
from tests.endpoint.running import elsewhere, running
from tests.services.chat_world import ChatWorld

FILE = Attachment(0, "a.txt", AttachmentKind.TEXT, "text/plain", text="one two three", size=13)
PICTURE = Attachment(0, "a.png", AttachmentKind.IMAGE, "image/png", data=b"x", size=1)


def used(world: ChatWorld) -> tuple[int, bool]:
    return world.state.context.used, world.state.context.estimated


def weighed(world: ChatWorld) -> tuple[int, bool]:
    return world.state.context.draft, world.state.context.estimated


async def test_after_an_answer_the_engine_has_counted(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, answer="It is so.") as engine:
        engine.endpoint.context_tokens = 2048
        world.engine = engine.endpoint
        await world.chat.send("Why is it?")
        # Three words and four for the frame; three words of the answer.
        assert world.state.context == ContextState(used=10, draft=0, limit=2048, estimated=False)
        assert (await world.reopened()).context.used == 10


async def test_what_changes_is_counted_again(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path, answer="It is so.") as engine:
        world.engine = engine.endpoint
        await world.chat.send("Why is it?")
        await world.chat.set_settings(ChatSettings(system="Be very short."))
        assert used(world)[1]
        await reach(lambda: used(world) == (21, False), "it is counted: 9 words and three frames")
        await world.chat.delete_message(world.last.id)
        await reach(lambda: used(world) == (14, False), "it is counted: 6 words and two frames")
        world.engine = None
        world.chat.model_changed()
        assert used(world)[1]
        assert used(world)[0] > 0
    world.chat.new()
    assert used(world) == (0, False)


async def test_the_draft_is_counted_when_the_keys_rest(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path) as engine:
        world.engine = engine.endpoint
        for end in range(1, 12):
            world.chat.set_draft("one two three"[:end])
        world.chat.set_draft("one two", [FILE])
        assert world.state.context.draft == 0
        await reach(lambda: world.state.context.draft == 5, "two words and three of the file")
        world.chat.set_draft("")
        assert world.state.context.draft == 0


async def test_an_estimate_in_what_is_written_makes_the_whole_one(world: ChatWorld, tmp_path: Path) -> None:
    async with running(tmp_path) as engine:
        world.engine = engine.endpoint
        world.chat.new()
        world.chat.set_draft("one two", [FILE])
        await reach(lambda: weighed(world) == (5, False), "two words and three of the file")
        world.chat.set_draft("one two", [FILE, PICTURE])
        await reach(lambda: weighed(world) == (1005, True), "the same with a picture")
        world.chat.set_draft("")
        assert weighed(world) == (0, False)


async def test_what_cannot_be_counted_is_estimated() -> None:
    counter = Counter(lambda: None)
    count = await counter.count("x" * 400)
    assert (count.tokens, count.estimated) == (100, True)
    assert await counter.draft("x" * 400, [PICTURE]) == (Count(100, estimated=True), (Count(1000, estimated=True),))


async def test_a_server_elsewhere_is_told_nothing_before_it_is_sent(tmp_path: Path) -> None:
    async with elsewhere(tmp_path) as server:
        counter = Counter(lambda: server.endpoint)
        assert (await counter.count("one two three four")).estimated
        assert await counter.draft("x" * 400, [FILE]) == (
            Count(100, estimated=True),
            (Count(-(-len(FILE.text) // 4), estimated=True),),
        )
        sent = await counter.count("one two three four", server.endpoint)
        assert (sent.tokens, sent.estimated) == (4, False)


async def test_a_file_is_counted_once(tmp_path: Path) -> None:
    async with running(tmp_path) as engine:
        counter = Counter(lambda: engine.endpoint)
        assert await counter.draft("", [FILE]) == (Count(0), (Count(3),))
        engine.process.kill()
        await engine.process.wait()
        assert await counter.draft("", [FILE]) == (Count(0), (Count(3),))
        assert (await counter.count("one two three four")).estimated


async def test_pictures_are_estimated_and_the_words_with_them_counted(tmp_path: Path) -> None:
    async with running(tmp_path) as engine:
        counter = Counter(lambda: engine.endpoint)
        count = await counter.count([Message(1, Role.USER, "What is this?", attachments=(PICTURE,))])
    assert (count.tokens, count.estimated) == (1007, True)


def test_room_for_an_answer() -> None:
    assert room_for_answer(ChatSettings(), 8192) == 256
    assert room_for_answer(ChatSettings(), 800) == 100
    assert room_for_answer(ChatSettings(sampling=Sampling(max_tokens=32)), 8192) == 32


def test_at_most_so_many_tokens() -> None:
    question = Message(1, Role.USER, "Grüße", attachments=(FILE,))
    assert most("Grüße") >= 7
    assert most([question]) >= estimate([question])
    assert most([Message(1, Role.USER, "", attachments=(PICTURE,))]) > 1 << 30


def test_seen_from_counts_only_on_the_path() -> None:
    path = [Message(1, Role.USER, "a"), Message(2, Role.ASSISTANT, "b"), Message(3, Role.USER, "c")]
    everything = as_asked(path, ChatSettings(), 99, "a summary")
    assert [message.text for message in everything if isinstance(message, Message)] == ["a", "b", "c"]
    part = as_asked(path, ChatSettings(), 3, "a summary")
    assert isinstance(part[-1], Message)
    assert part[-1].text == "c"
    assert len(part) == 2
