"""What the gauges say of the real engine is what its answers say themselves: tokens, KV cache, queue, waiting times."""

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from desktop_app.domain.chat import Delta, Message, Role
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.engine_meter import EngineMeter
from desktop_app.domain.errors import UserError
from desktop_app.domain.histogram import Histogram
from desktop_app.domain.launch import ModelRef, ModelSettings, Preset
from desktop_app.domain.metrics import EngineMetrics
from desktop_app.endpoint.client import Endpoint
from desktop_app.endpoint.probe import readiness
from desktop_app.engine import launch
from desktop_app.engine.process import EngineProcess
from desktop_app.hardware.probe import probe
from desktop_app.paths import Paths
from tests import engine_cache
from tests.e2e import models

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

_PACE = 1.0
"""Seconds between two readings of an engine that works, as `services/gauges` takes them."""
_AT_ONCE = 4
_TOKENS = 1800
_FLAGS = (
    ("--max-model-len", "4096"),
    ("--max-num-seqs", str(_AT_ONCE)),
    ("--kv-cache-memory-bytes", str(12 * 1024 * 1024)),
    ("--stream-interval", "10"),
)
"""So little room that answers wait for their turn, and long ones for memory. Of thousands of words a second, each sent
by itself, the asker would hear seconds later."""


@dataclass
class Answer:
    """What the asker of one question saw."""

    asked: float
    prompt: int = 0
    tokens: int = 0
    cached: int = 0
    first: float = 0.0
    """Seconds to the first word."""
    seconds: float = 0.0
    """To its end."""

    def hear(self, batch: Sequence[Delta]) -> None:
        tokens = max(delta.answer_tokens for delta in batch)
        self.prompt = max(self.prompt, *(delta.prompt_tokens for delta in batch))
        self.cached = max(self.cached, *(delta.cached_tokens or 0 for delta in batch))
        if tokens > self.tokens:
            if not self.tokens:
                self.first = time.monotonic() - self.asked
            self.tokens = tokens


@dataclass
class Reading:
    """What the gauges saw at one moment of a run; counts are of this run."""

    at: float
    metrics: EngineMetrics
    figures: EngineFigures
    written: float
    """Tokens."""
    over: float
    """Answers."""

    @property
    def full(self) -> bool:
        """Whether as many answers as may be were in the middle of it, all of them of one turn."""
        return self.metrics.running == _AT_ONCE and self.over % _AT_ONCE == 0


class Watch:
    """Asks questions at the same time and reads the engine's figures meanwhile, from rest to rest."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._meter = EngineMeter("key", "A model")
        self.answers: list[Answer] = []
        self.readings: list[Reading] = []

    async def run(self, questions: Sequence[str], tokens: int) -> None:
        await self._read()
        assert self.readings
        tasks = {asyncio.create_task(self._ask(question, tokens)) for question in questions}
        while not all(task.done() for task in tasks) or self._works():
            await asyncio.sleep(_PACE)
            await self._read()
        await asyncio.gather(*tasks)

    def _works(self) -> bool:
        last = self.readings[-1].figures
        return bool(last.running or last.waiting or last.generation)

    async def _ask(self, question: str, tokens: int) -> None:
        answer = Answer(time.monotonic())
        self.answers.append(answer)
        async for batch in self._endpoint.stream_chat([Message(0, Role.USER, question)], {"max_tokens": tokens}):
            answer.hear(batch)
        answer.seconds = time.monotonic() - answer.asked

    async def _read(self) -> None:
        try:
            metrics = await self._endpoint.metrics()
            while self._is_between_turns(metrics):
                metrics = await self._endpoint.metrics()
        except UserError as error:
            print(error.sentence())
            return
        at = time.monotonic()
        begin = self.readings[0].metrics if self.readings else metrics
        written, over = metrics.generated_tokens - begin.generated_tokens, metrics.finished - begin.finished
        self.readings.append(Reading(at, metrics, self._meter.add(at, metrics), written, over))

    def _is_between_turns(self, metrics: EngineMetrics) -> bool:
        """Whether a place is free for a step: what ended an answer is told before the next step gives it away."""
        begin = self.readings[0].metrics if self.readings else metrics
        roomy = metrics.preemptions == begin.preemptions
        return roomy and metrics.waiting > 0 and metrics.running < _AT_ONCE

    @property
    def counted(self) -> float:
        """Tokens by the gauges: speed times time."""
        return sum(after.figures.generation * (after.at - before.at) for before, after in pairwise(self.readings))

    @property
    def written(self) -> int:
        """Tokens by the answers' own account."""
        return sum(answer.tokens for answer in self.answers)


@pytest.fixture
async def endpoint(short_folder: Path, tmp_path: Path) -> AsyncIterator[Endpoint]:
    """An engine with little room that talks for ever, at rest."""
    paths = Paths(short_folder / "figures")
    environment = engine_cache.borrow(paths)
    model = ModelRef("A model", models.attentive(tmp_path / "model", 4096))
    places = paths.engine(model.key)
    plan = launch.plan(model, environment, places, probe(), ModelSettings(Preset.QUICK, _FLAGS))
    line, variables = launch.as_process(plan, paths, places, os.environ)
    process = await EngineProcess.start(line, variables, places, paths, lambda _lines: None)
    made, ended = Endpoint(places.socket, model.name), asyncio.create_task(process.wait())
    try:
        while not (await readiness(places.socket, model.name)).ready:
            assert not ended.done(), process.tail
            await asyncio.wait([ended], timeout=0.1)
        await process.mark_ready()
        await made.warm_up()
        yield made
    finally:
        await made.close()
        await process.stop()
        await ended


async def test_figures_are_those_of_the_answers(endpoint: Endpoint) -> None:
    empty = await endpoint.metrics()
    assert (empty.generated_tokens, empty.finished, empty.kv_cache, empty.first_word) == (0, 0, 0, Histogram())
    assert empty.kv_tokens % empty.kv_block == 0 < empty.kv_block
    print(f"\nKV cache: {empty.kv_tokens} tokens in blocks of {empty.kv_block}")
    await several_that_take_turns(endpoint)
    await some_that_need_more_memory_than_there_is(endpoint)
    await one_that_was_asked_before(endpoint)


async def several_that_take_turns(endpoint: Endpoint) -> None:
    questions = [f"{number} is a number. Tell me about it. {'Say more. ' * 20}" for number in range(12)]
    for _ in range(6):
        watch = Watch(endpoint)
        await watch.run(questions, _TOKENS)
        same_tokens(watch)
        # Where others work as well, an engine that writes can be too busy to tell its figures.
        if any(reading.full for reading in watch.readings):
            break
    assert sum(reading.figures.finished for reading in watch.readings) == 12
    assert sum(reading.figures.preempted for reading in watch.readings) == 0
    turns_are_counted(watch)
    memory_is_right(watch)
    all_were_timed(watch)
    last = watch.readings[-1]
    assert (last.figures.running, last.figures.waiting, last.figures.kv_cache) == (0, 0, 0)
    first = [answer.first for answer in watch.answers]
    before = watch.readings[0].metrics
    agree("first word", first, last.metrics.first_word - before.first_word, (0.5, 0.9))
    # Counted at our own bounds: at vLLM's, all that could be told of so fast a model is "less than 10 ms".
    assert [bound for bound in last.metrics.between.bounds if bound < 0.01] == [
        0.0005,
        *(n / 1000 for n in range(1, 6)),
        0.0075,
    ]
    assert {0.0025, 0.15, 1.5} < set(last.metrics.first_word.bounds)
    assert last.figures.first_word is not None
    assert last.figures.between is not None
    print(last.figures)


def same_tokens(watch: Watch) -> None:
    """Tokens per second over the whole run make as many tokens as were written."""
    off = watch.counted / watch.written - 1
    print(f"{watch.counted:.1f} tokens by {len(watch.readings)} readings, {watch.written} by the answers: {off:+.2%}")
    assert abs(off) < 0.02


def turns_are_counted(watch: Watch) -> None:
    """Those that are not their turn yet wait, and nobody is forgotten."""
    asked = len(watch.answers)
    sums = [one.figures.running + one.figures.waiting + one.over for one in watch.readings]
    print(f"running, waiting and over: {sums}")
    assert max(sums) == asked
    assert max(one.figures.running for one in watch.readings) == _AT_ONCE
    assert all(not one.figures.waiting or one.figures.running == _AT_ONCE for one in watch.readings)


def memory_is_right(watch: Watch) -> None:
    """The share of the KV cache is that of the blocks that the answers of the moment fill."""
    full = [reading for reading in watch.readings if reading.full]
    assert full
    for reading in full:
        # The engine writes one token of each at a time, and all of them have begun together.
        each = (reading.written - reading.over * _TOKENS) / _AT_ONCE
        prompts, figures = [answer.prompt for answer in watch.answers], reading.figures
        least = _AT_ONCE * math.ceil((min(prompts) + each - 3) / figures.kv_block)
        most = _AT_ONCE * math.ceil((max(prompts) + each + 3) / figures.kv_block)
        # One block is vLLM's own (`get_usage` in `v1/core/block_pool.py`).
        blocks = figures.kv_cache * (figures.kv_tokens / figures.kv_block - 1)
        print(f"KV cache {figures.kv_cache:.2%}: {blocks:.2f} blocks; by the answers {least} to {most}")
        assert least * 0.98 <= blocks <= most * 1.02


def all_were_timed(watch: Watch) -> None:
    """Every first word and every pause before another one is in the engine's figures, none longer than its answer."""
    before, after = watch.readings[0].metrics, watch.readings[-1].metrics
    first, between = after.first_word - before.first_word, after.between - before.between
    print(f"{first.total:.0f} first words, {between.total:.0f} pauses")
    assert first.total == len(watch.answers)
    assert between.total == watch.written - len(watch.answers)
    usual = between.percentile(0.5)
    assert usual is not None
    assert 0 < bucket(between, usual)[0] * (_TOKENS - 1) / 2 < max(answer.seconds for answer in watch.answers)


def agree(what: str, seen: Sequence[float], told: Histogram, shares: Sequence[float]) -> None:
    """No asker hears a word sooner than the engine says that it was written, as far as its buckets tell moments apart.

    Later he may: the way to him is in his figures only, and where others work it takes seconds. How exact percentiles
    are is for `tests/domain/test_histogram.py`.
    """
    values = sorted(seen)
    for share in shares:
        exact, percentile = values[math.ceil(share * len(values)) - 1], told.percentile(share)
        assert percentile is not None
        lower, upper = bucket(told, percentile)
        print(f"{what} p{share * 100:.0f}: {percentile:.4f} s ({lower} to {upper}); askers {exact:.4f} s")
        assert lower * 0.6 <= exact


def bucket(told: Histogram, value: float) -> tuple[float, float]:
    """The bounds of the bucket that *value* lies in."""
    edges = (0.0, *told.bounds, math.inf)
    return next((lower, upper) for lower, upper in pairwise(edges) if lower < value <= upper)


async def some_that_need_more_memory_than_there_is(endpoint: Endpoint) -> None:
    watch = Watch(endpoint)
    await watch.run([f"{number} is another. Tell me more. {'Much more. ' * 20}" for number in range(_AT_ONCE)], 2500)

    same_tokens(watch)
    before, after = watch.readings[0].metrics, watch.readings[-1].metrics
    preempted = sum(reading.figures.preempted for reading in watch.readings)
    print(f"{preempted} preempted, KV cache at most {max(r.figures.kv_cache for r in watch.readings):.2%}")
    assert preempted == after.preemptions - before.preemptions > 0
    assert sum(reading.figures.finished for reading in watch.readings) == _AT_ONCE


async def one_that_was_asked_before(endpoint: Endpoint) -> None:
    watch, question = Watch(endpoint), f"What is this? {'It is long. ' * 120}"
    await watch.run([question], 20)
    await watch.run([question], 20)

    same_tokens(watch)
    asked, cached = (sum(getattr(answer, name) for answer in watch.answers) for name in ("prompt", "cached"))
    rate = watch.readings[-1].figures.hit_rate
    print(f"of {asked} tokens {cached} were kept: {cached / asked:.2%}; by the gauges {rate}")
    assert cached > 0
    assert rate == pytest.approx(cached / asked, rel=0.02)
