"""What the stand-in engine says: requests are checked as vLLM 0.32 checks them, and answered in its wire format.

`fake_engine.py` calls it; standard library only. Formats and sentences were captured from vLLM 0.32.
"""

import itertools
import json
import os
import re
import time
from dataclasses import dataclass
from typing import Any

from tests.fake_engine_wire import Behaviour, HttpError, Writer, piece, reply, start_stream, text_of, tokenize

VERSION = "0.32.0"
NO_TEMPLATE = (
    "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template if "
    "the tokenizer does not define one."
)
NO_CONTINUING = (
    "continue_final_message is set but the final message does not appear in the chat after applying the chat "
    "template! This can happen if the chat template deletes portions of the final message. Please verify the chat "
    "template and final message in your chat to ensure they are compatible."
)
_NOT_BOTH = (
    "continue_final_message and add_generation_prompt are not compatible. Use continue_final_message when you want "
    "the model to continue the final message, and add_generation_prompt when you want to add a header that will "
    "prompt it to start a new assistant message instead."
)
_PICTURE_TOKENS = 256
_TEXT_TOKENS = 16
"""vLLM's own limit of a completion that names none."""
_LOGPROB = -0.25


@dataclass(frozen=True)
class Prompt:
    """What the model is given."""

    tokens: tuple[str, ...]
    begun: str = ""
    """The answer that is continued."""
    of_text: bool = False
    """A completion, not a chat."""


@dataclass(frozen=True)
class Said:
    """What the model says."""

    words: tuple[str, ...]
    thought: int = 0
    """How many of them are thoughts that a reasoning parser tells from the answer."""
    finish: str = "stop"
    stop: str | None = None
    """The stop string that ended it."""


def read_prompt(request: dict[str, Any], name: str, behaviour: Behaviour, of_text: bool) -> Prompt:
    """Check what stands in *request* beside its settings, and give it the form of tokens."""
    if of_text:
        return Prompt(tuple(tokenize(str(request.get("prompt", "")))), of_text=True)
    if behaviour.base_model:
        raise HttpError(400, NO_TEMPLATE)
    messages = request.get("messages")
    if not messages:
        raise HttpError(400, "Cannot apply chat template to an empty conversation.")
    if behaviour.no_system and messages[0]["role"] == "system":
        raise HttpError(400, "System role not supported")
    begun = ""
    if request.get("continue_final_message"):
        if request.get("add_generation_prompt", True):
            raise HttpError(400, _NOT_BOTH)
        begun = text_of(messages[-1].get("content"))
        if behaviour.no_continuing:
            raise HttpError(400, f"{NO_CONTINUING}Final message to continue: {begun.strip()}")
    tokens = [word for message in messages for word in _turn(message, name, behaviour)]
    return Prompt(tuple(tokens), begun)


def _turn(message: dict[str, Any], name: str, behaviour: Behaviour) -> list[str]:
    """Tokens of a message: its words, its pictures, and four for its frame."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    pictures = [part for part in parts if isinstance(part, dict) and part.get("type") == "image_url"]
    if pictures and not behaviour.images:
        raise HttpError(400, f"{name} is not a multimodal model")
    frame = [f"<{message.get('role')}>", "\n", "<end>", "\n"]
    return [*frame, *["<image>"] * len(pictures) * _PICTURE_TOKENS, *tokenize(text_of(content))]


def read_limit(request: dict[str, Any], prompt: Prompt, behaviour: Behaviour) -> int:
    """How many tokens the answer may have."""
    context, length = behaviour.max_model_len, len(prompt.tokens)
    if length > context and not behaviour.swallows:
        text = (
            f"This model's maximum context length is {context} tokens. However, your prompt contains at "
            f"least {context + 1} input tokens, which exceeds this limit even without any output tokens. "
            f"Please reduce the length of the input prompt. (parameter=input_tokens, value={context + 1})"
        )
        raise HttpError(400, text, param="input_tokens")
    usual = _TEXT_TOKENS if prompt.of_text else context
    wanted = int(request.get("max_completion_tokens") or request.get("max_tokens") or usual)
    if wanted > context:
        text = (
            f"max_tokens={wanted} cannot be greater than max_model_len={context}. Please request fewer output "
            f"tokens. (parameter=max_tokens, value={wanted})"
        )
        raise HttpError(400, text, param="max_tokens")
    return min(wanted, max(1, context - length))


def say(request: dict[str, Any], prompt: Prompt, limit: int, behaviour: Behaviour) -> Said:
    """The answer to *request*: held to a form, ended at a stop string or by its limit."""
    if behaviour.silent:
        return Said(())
    words = [] if behaviour.chunk or prompt.begun else _thoughts(behaviour)
    thought = len(words) if behaviour.reasoning_form == "field" else 0
    words += _answer(request, prompt, behaviour)
    if words and request.get("ignore_eos"):
        words = (words * (limit // len(words) + 1))[:limit]
    words, stop = _until(words, request.get("stop") or [])
    finish = "stop" if len(words) <= limit else "length"
    words = words[:limit]
    thought = len(words) if behaviour.thinks else min(thought, len(words))
    return Said(tuple(words), thought, finish, stop if finish == "stop" else None)


def _thoughts(behaviour: Behaviour) -> list[str]:
    if not behaviour.reasoning:
        return []
    begin = "<think>\n" if behaviour.reasoning_form == "tags" else ""
    end = "" if behaviour.reasoning_form == "field" else "\n</think>\n\n"
    return tokenize(f"{begin}{behaviour.reasoning}{end}", behaviour.characters)


def _answer(request: dict[str, Any], prompt: Prompt, behaviour: Behaviour) -> list[str]:
    if (form := form_of(request)) is not None and behaviour.structured != "ignores":
        text = example_of_form(form)
        return tokenize(text if behaviour.structured == "keeps" else text[: len(text) // 2])
    question = str(request["prompt"]) if prompt.of_text else text_of(request["messages"][-1].get("content"))
    words = words_for(question, behaviour)
    text = "".join(words)
    if prompt.begun and text.startswith(prompt.begun):
        return tokenize(text[len(prompt.begun) :], behaviour.characters)
    return words


def words_for(question: str, behaviour: Behaviour) -> list[str]:
    """What it says to *question* when nothing else is asked."""
    if behaviour.chunk:
        return [behaviour.chunk] * (behaviour.tokens or 16)
    text = behaviour.answer or f"You said: **{question}**\n\n- one\n- two\n\n```python\nprint(1)\n```\n"
    words = tokenize(text, behaviour.characters)
    if not behaviour.tokens or not words:
        return words
    return (words * (behaviour.tokens // len(words) + 1))[: behaviour.tokens]


def _until(words: list[str], stops: str | list[str]) -> tuple[list[str], str | None]:
    """The words before the first stop string, and that string."""
    text = "".join(words)
    found = [(at, stop) for stop in ([stops] if isinstance(stops, str) else stops) if (at := text.find(stop)) >= 0]
    if not found:
        return words, None
    end, stop = min(found)
    ends = list(itertools.accumulate(map(len, words)))
    begins = [0, *ends[:-1]]
    return [word[: end - begin] for word, begin in zip(words, begins, strict=True) if begin < end], stop


def form_of(request: dict[str, Any]) -> dict[str, Any] | None:
    """What the answer is held to, in the form of `structured_outputs`; None for nothing."""
    wanted = request.get("structured_outputs")
    if wanted is None and "response_format" in request:
        wanted = {"json": request["response_format"]["json_schema"]["schema"]}
    return wanted


def example_of_form(form: dict[str, Any]) -> str:
    """The simplest text that a form allows."""
    if "choice" in form:
        return str(form["choice"][0])
    if "json" in form:
        return json.dumps(example_of(form["json"]))
    try:
        return _example_of_regex(form["regex"])
    except re.error as error:
        raise HttpError(400, f"Grammar error: invalid regex {json.dumps(form['regex'])}: {error}") from None


def example_of(schema: dict[str, Any]) -> object:
    """The simplest value that a JSON schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: example_of(part) for name, part in schema.get("properties", {}).items()}
    return {"boolean": True, "integer": 1, "string": "x", "array": []}.get(str(schema.get("type")))


def _example_of_regex(pattern: str) -> str:
    """A text of at most four kinds of signs that the whole pattern allows."""
    compiled = re.compile(pattern)
    for length in range(7):
        for signs in itertools.product("0a-x", repeat=length):
            if compiled.fullmatch("".join(signs)):
                return "".join(signs)
    raise HttpError(400, "Grammar error: the stand-in finds no example")


class Answer:
    """One completion on the wire, streamed or whole.

    Args:
        model: its name.
        request: what was asked.
        prompt: what the model was given.
        writer: where it is written.
        behaviour: what the test asks.
        cached: tokens of the prompt that were known; None when that is not told (`--enable-prompt-tokens-details`).
        timed: whether the times are told (`--enable-per-request-metrics`).
    """

    def __init__(
        self,
        model: str,
        request: dict[str, Any],
        prompt: Prompt,
        writer: Writer,
        behaviour: Behaviour,
        cached: int | None = None,
        timed: bool = False,
    ) -> None:
        self._model = model
        self._behaviour = behaviour
        self._of_text = prompt.of_text
        self._prompt = len(prompt.tokens)
        self._cached = cached
        self._timed = timed
        self._stream = bool(request.get("stream"))
        options = request.get("stream_options") or {}
        self._usage_at_end = bool(options.get("include_usage")) and not behaviour.no_usage
        self._usage_always = self._usage_at_end and bool(options.get("continuous_usage_stats"))
        asked = request.get("logprobs")
        self._top = request.get("top_logprobs", 0) if asked is True else asked
        """How many other tokens are told beside each; None for no probabilities."""
        self._writer = writer
        self._words: list[str] = []
        self._thoughts: list[str] = []
        self._started = False
        self._id = f"{'cmpl' if self._of_text else 'chatcmpl'}-{os.urandom(8).hex()}"

    async def token(self, word: str, thought: bool = False) -> None:
        """Send one token, the role before the first."""
        if self._stream and not self._started:
            await self._start()
        (self._thoughts if thought else self._words).append(word)
        if self._stream and not self._behaviour.one_piece:
            said = {"text": word} if self._of_text else {"delta": {"reasoning" if thought else "content": word}}
            logprobs = self._logprobs([word]) if self._top is not None else None
            choice = {"index": 0, **said, "logprobs": logprobs, "finish_reason": None, "token_ids": None}
            await self._event([choice])

    async def finish(self, reason: str, stop: str | None = None) -> None:
        """Send the finish reason and the usage."""
        if not self._stream:
            await self._send_whole(reason, stop)
            return
        if not self._started:
            await self._start()
        if self._behaviour.one_piece and self._words:
            await self._event([{"index": 0, "delta": {"content": "".join(self._words)}, "finish_reason": None}])
        said: dict[str, object] = {"text": ""} if self._of_text else {"delta": {}}
        last = {"index": 0, **said, "logprobs": None, "finish_reason": reason, "stop_reason": stop}
        fingerprint = {"system_fingerprint": f"vllm-{VERSION}-ab9c3e95"}
        await self._event([last], **({} if self._usage_at_end else fingerprint))
        if self._usage_at_end:
            await self._event([], usage=self._usage() | self._details(), **fingerprint, **self._times())
        await piece(self._writer, b"data: [DONE]\n\n")
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def _usage(self) -> dict[str, Any]:
        done = len(self._words) + len(self._thoughts)
        return {"prompt_tokens": self._prompt, "total_tokens": self._prompt + done, "completion_tokens": done}

    def _details(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._cached is not None:
            found["prompt_tokens_details"] = {"cached_tokens": self._cached, "created_cache_tokens": 0}
        if self._thoughts:
            found["completion_tokens_details"] = {"reasoning_tokens": len(self._thoughts)}
        return found

    def _times(self) -> dict[str, Any]:
        times = {"time_to_first_token_ms": 1.5, "generation_time_ms": 3.5, "queue_time_ms": 250.0}
        return {"metrics": times} if self._timed else {}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": int(time.time()), "model": self._model}

    def _logprobs(self, words: list[str]) -> dict[str, Any]:
        """Every token with the same probability, and the next likely ones with half of the one before."""
        others = [(f"~{number}", _LOGPROB - number) for number in range(1, int(self._top or 0))]
        if self._of_text:
            tops = [{word: _LOGPROB, **dict(others)} for word in words]
            return {"tokens": words, "token_logprobs": [_LOGPROB] * len(words), "top_logprobs": tops}
        entries = []
        for word in words:
            top = [(word, _LOGPROB), *others] if self._top else []
            entries.append({**_entry(word, _LOGPROB), "top_logprobs": [_entry(*pair) for pair in top]})
        return {"content": entries}

    async def _event(self, choices: list[dict[str, Any]], **more: object) -> None:
        kind = "text_completion" if self._of_text else "chat.completion.chunk"
        chunk = self._head(kind) | {"choices": choices} | more
        if self._usage_always and "usage" not in chunk:
            chunk["usage"] = self._usage()
        await piece(self._writer, b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n")

    async def _start(self) -> None:
        self._started = True
        await start_stream(self._writer)
        if self._of_text:
            return
        delta = {"role": "assistant", "content": ""}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        await self._event([choice], prompt_token_ids=None, prompt_text=None)

    async def _send_whole(self, reason: str, stop: str | None) -> None:
        text, thoughts = "".join(self._words), "".join(self._thoughts)
        message: dict[str, object] = {
            "role": "assistant",
            "content": text if text or not thoughts else None,
            "reasoning": thoughts or None,
            "refusal": None,
            "tool_calls": [],
        }
        said: dict[str, object] = {"text": text} if self._of_text else {"message": message}
        logprobs = self._logprobs(self._words) if self._top is not None else None
        choice = said | {"index": 0, "logprobs": logprobs, "finish_reason": reason, "stop_reason": stop}
        usage = None if self._behaviour.no_usage else self._usage() | self._details()
        kind = "text_completion" if self._of_text else "chat.completion"
        await reply(self._writer, 200, self._head(kind) | {"choices": [choice], "usage": usage})


def _entry(word: str, logprob: float) -> dict[str, Any]:
    return {"token": word, "logprob": logprob, "bytes": list(word.encode())}
