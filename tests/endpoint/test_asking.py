"""Everything that can be asked of an answer, with the stand-in engine as a child process."""

import json
from pathlib import Path

import pytest

from desktop_app.domain.chat import Attachment, AttachmentKind, Message, MessageState, Role, TokenChance
from desktop_app.domain.errors import UserError
from desktop_app.domain.sampling import ChatSettings, Mode, Sampling, Structure, StructureKind
from desktop_app.endpoint.errors import NoTemplateError
from tests.endpoint.running import collect, elsewhere, question, running, whole, words

SYSTEM = Message(0, Role.SYSTEM, "Be kind.")
PICTURE = Attachment(7, "cat.png", AttachmentKind.IMAGE, "image/png", data=b"x")
DETAILS = ("--enable-prompt-tokens-details", "--enable-per-request-metrics")


def asked(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


async def test_what_was_sent_is_told_first(tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    sampling = Sampling(temperature=0.5, top_k=3, min_p=0.1, stop=("zz",), seed=4, skip_special_tokens=False)
    request = ChatSettings("", sampling, thinking=False).request()
    async with running(tmp_path, record=str(file)) as engine:
        first, *_ = await whole(engine.endpoint, "Why?", request)
    assert json.loads(first.request) == request
    assert first.left_out == ()
    assert asked(file)[0].items() >= request.items()


async def test_an_answer_is_continued(tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    turns = (SYSTEM, *question(), Message(2, Role.ASSISTANT, "Because it"))
    async with running(tmp_path, answer="Because it is so.", record=str(file)) as engine:
        deltas = await collect(engine.endpoint.stream_chat(turns, continue_last=True))
        assert words(deltas) == " is so."
        assert await engine.endpoint.count_tokens(turns, continue_last=True) == 17
    (request,) = asked(file)
    assert (request["continue_final_message"], request["add_generation_prompt"]) == (True, False)


async def test_a_template_that_cannot_continue(tmp_path: Path) -> None:
    turns = (*question(), Message(2, Role.ASSISTANT, "Because"))
    async with running(tmp_path, no_continuing=True) as engine:
        with pytest.raises(UserError, match="cannot continue an answer"):
            await collect(engine.endpoint.stream_chat(turns, continue_last=True))


async def test_how_it_ended(tmp_path: Path) -> None:
    async with running(tmp_path, answer="one two ### three") as engine:
        (stopped,) = [one for one in await whole(engine.endpoint, "Why?", {"stop": ["###", "no"]}) if one.finish]
        (cut,) = [one for one in await whole(engine.endpoint, "Why?", {"max_tokens": 2}) if one.finish]
        (ended,) = [one for one in await whole(engine.endpoint) if one.finish]
    assert (stopped.finish, stopped.reason, stopped.stop_reason) == (MessageState.COMPLETE, "stop", "###")
    assert (cut.finish, cut.reason, cut.stop_reason) == (MessageState.CUT, "length", "")
    assert (ended.finish, ended.reason, ended.stop_reason) == (MessageState.COMPLETE, "stop", "")


async def test_what_the_engine_reports(tmp_path: Path) -> None:
    async with running(tmp_path, *DETAILS, answer="yes") as engine:
        first = (await whole(engine.endpoint, "word " * 60))[-1]
        again = (await whole(engine.endpoint, "word " * 60))[-1]
    assert (first.cached_tokens, again.cached_tokens) == (0, 64)
    assert (again.queue_seconds, again.engine) == (0.25, "vLLM 0.32.0")


async def test_an_engine_that_reports_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, answer="yes") as engine:
        last = (await whole(engine.endpoint))[-1]
    assert (last.cached_tokens, last.queue_seconds) == (None, None)


async def test_thoughts(tmp_path: Path) -> None:
    async with running(tmp_path, answer="Yes.", reasoning="Hm, well.") as engine:
        deltas = await whole(engine.endpoint)
        reply = await engine.endpoint.chat(question(), 60)
    assert words(deltas) == "Yes."
    assert "".join(delta.reasoning for delta in deltas) == "Hm, well."
    assert (deltas[-1].reasoning_tokens, deltas[-1].answer_tokens) == (2, 3)
    assert (reply.text, reply.reasoning) == ("Yes.", "Hm, well.")


@pytest.mark.parametrize("mode", [Mode.CHAT, Mode.COMPLETION])
async def test_probabilities(tmp_path: Path, mode: Mode) -> None:
    request = ChatSettings(mode=mode, logprobs=True).request()
    async with running(tmp_path, answer="one two") as engine:
        ask = engine.endpoint.stream_chat(question(), request)
        deltas = await collect(ask if mode is Mode.CHAT else engine.endpoint.stream_text("Say", request))
    chances = [chance for delta in deltas for chance in delta.chances]
    likely = (("one", -0.25), ("~1", -1.25), ("~2", -2.25), ("~3", -3.25), ("~4", -4.25))
    assert chances[0] == TokenChance("one", -0.25, likely)
    assert [chance.text for chance in chances] == ["one", " two"]


@pytest.mark.parametrize(
    ("structure", "answer"),
    [
        (Structure(StructureKind.CHOICE, "yes\nno"), "yes"),
        (Structure(StructureKind.REGEX, "[0-9]{3}"), "000"),
        (Structure(StructureKind.JSON, '{"type":"object","properties":{"ok":{"type":"boolean"}}}'), '{"ok": true}'),
        (Structure(StructureKind.JSON), "{}"),
    ],
)
async def test_answers_of_a_form(tmp_path: Path, structure: Structure, answer: str) -> None:
    request = ChatSettings(structure=structure).request()
    async with running(tmp_path) as engine:
        assert words(await whole(engine.endpoint, "Why?", request)) == answer
        assert words(await collect(engine.endpoint.stream_text("Say", request))) == answer


async def test_a_form_that_is_none(tmp_path: Path) -> None:
    request = ChatSettings(structure=Structure(StructureKind.REGEX, "[0-9")).request()
    async with running(tmp_path) as engine:
        with pytest.raises(UserError, match="form that answers are held to cannot be used") as caught:
            await whole(engine.endpoint, "Why?", request)
    assert caught.value.reason.startswith("Grammar error")


async def test_a_text_is_continued(tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    async with running(tmp_path, base_model=True, chunk=" x", tokens=600, record=str(file)) as engine:
        deltas = await collect(engine.endpoint.stream_text("Once upon a time"))
        assert (words(deltas), deltas[-1].prompt_tokens) == (" x" * 512, 4)
        engine.endpoint.context_tokens = 100
        assert words(await collect(engine.endpoint.stream_text("Once"))) == " x" * 100
        assert words(await collect(engine.endpoint.stream_text("Once", {"max_tokens": 3}))) == " x" * 3
        with pytest.raises(NoTemplateError, match="cannot hold a conversation"):
            await whole(engine.endpoint)
        with pytest.raises(NoTemplateError):
            await engine.endpoint.count_tokens(question())
        assert await engine.endpoint.count_tokens("Once upon a time") == 4
    assert asked(file)[0]["max_tokens"] == 512


async def test_pictures(tmp_path: Path) -> None:
    turn = (Message(1, Role.USER, "What is it?", attachments=(PICTURE,)),)
    async with running(tmp_path, images=True, answer="A cat.") as engine:
        assert words(await collect(engine.endpoint.stream_chat(turn, images={7: b"y"}))) == "A cat."
        assert await engine.endpoint.count_tokens(turn) == 263
    async with running(tmp_path) as engine:
        with pytest.raises(UserError, match="does not understand pictures"):
            await collect(engine.endpoint.stream_chat(turn))


async def test_files_and_system_are_counted(tmp_path: Path) -> None:
    file = Attachment(1, "a.txt", AttachmentKind.TEXT, "text/plain", "one two three")
    turn = Message(1, Role.USER, "Why?", attachments=(file,))
    async with running(tmp_path) as engine:
        assert await engine.endpoint.count_tokens(question()) == 5
        assert await engine.endpoint.count_tokens((SYSTEM, *question()), {"chat_template_kwargs": {"a": 1}}) == 11
        assert await engine.endpoint.count_tokens((turn,)) == 12


async def test_a_model_without_a_place_for_the_system(tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    async with running(tmp_path, no_system=True, answer="yes", record=str(file)) as engine:
        assert await engine.endpoint.count_tokens((SYSTEM, *question())) == 7
        first, *_ = await collect(engine.endpoint.stream_chat((SYSTEM, *question())))
    assert first.left_out == ("system",)
    (request,) = asked(file)
    assert request["messages"] == [{"role": "user", "content": "Be kind.\n\nWhy?"}]


async def test_more_than_a_model_can_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as engine:
        with pytest.raises(
            UserError, match=r"Answers may have 5,000 tokens, but this model keeps only 2,048 in mind\."
        ):
            await whole(engine.endpoint, "Why?", {"max_tokens": 5000})


async def test_a_server_that_knows_less_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    request = ChatSettings(sampling=Sampling(temperature=0.5, top_k=3, min_p=0.1)).request()
    async with elsewhere(tmp_path, unknown=["top_k", "min_p"], answer="yes", record=str(file)) as server:
        first, *_ = await whole(server.endpoint, "Why?", request)
        again, *_ = await whole(server.endpoint, "Why?", request)
    assert first.left_out == again.left_out == ("top_k", "min_p")
    assert json.loads(first.request) == {"temperature": 0.5}
    assert len(asked(file)) == 4


async def test_a_schema_in_the_words_of_other_servers(tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    request = ChatSettings(structure=Structure(StructureKind.JSON)).request()
    async with elsewhere(tmp_path, record=str(file)) as server:
        assert words(await whole(server.endpoint, "Why?", request)) == "{}"
    (sent,) = asked(file)
    schema = {"name": "answer", "schema": {"type": "object"}}
    assert sent["response_format"] == {"type": "json_schema", "json_schema": schema}
    assert "structured_outputs" not in sent


async def test_a_choice_is_for_vllm_only(tmp_path: Path) -> None:
    request = ChatSettings(structure=Structure(StructureKind.CHOICE, "yes\nno")).request()
    async with elsewhere(tmp_path) as server:
        assert words(await whole(server.endpoint, "Why?", request)) == "yes"
    async with elsewhere(tmp_path, missing=["/version"], answer="perhaps") as server:
        first, *rest = await whole(server.endpoint, "Why?", request)
        assert (first.left_out, words(rest)) == (("structured_outputs",), "perhaps")
