"""What becomes a mark, in which words, and how many there are at most."""

from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.alerts import Alert
from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.errors import EngineError, UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.marks import Mark, MarkKind
from desktop_app.engine.failure_causes_memory import MEMORY
from desktop_app.services.monitor_marks import KEPT_SECONDS, MarkBook, is_out_of_memory

GUIDE = ModelRef("Guide", Path("/models/guide"))
OTHER = ModelRef("Other", Path("/models/other"))
ELSEWHERE = ModelRef("gpt", address="https://example.org/v1")


class Book:
    """A book, and the time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.book = MarkBook(lambda: self.now)

    @property
    def told(self) -> list[tuple[MarkKind, str]]:
        return [(mark.kind, mark.words) for mark in self.book.marks]

    def stage(self, *stages: EngineStage, model: ModelRef = GUIDE, error: UserError | None = None) -> None:
        for stage in stages:
            status = EngineStatus(stage, model, error=error, address=model.address)
            self.book.hear_engines(() if stage is EngineStage.STOPPED else (status,))

    def finish(self, count: int, key: str = "a", seconds: float = 1.0) -> None:
        self.now += seconds
        self.book.hear_figures((EngineFigures(key, "Guide", finished=count),))


@pytest.fixture
def book() -> Book:
    return Book()


def test_an_engine_from_start_to_stop(book: Book) -> None:
    book.stage(EngineStage.STARTING, EngineStage.STARTING, EngineStage.READY)
    book.stage(EngineStage.READY, EngineStage.STOPPING, EngineStage.STOPPED)
    assert book.told == [
        (MarkKind.STARTED, "Guide is being started."),
        (MarkKind.READY, "Guide is ready."),
        (MarkKind.STOPPED, "Guide was stopped."),
    ]
    assert book.book.marks[0] == Mark(100.0, MarkKind.STARTED, "Guide is being started.")


def test_failures_say_why_and_dismissing_one_is_no_event(book: Book) -> None:
    book.stage(EngineStage.STARTING)
    book.stage(EngineStage.FAILED, error=EngineError("The engine crashed.", "A part failed."))
    book.stage(EngineStage.STOPPED, EngineStage.STARTING)
    book.stage(EngineStage.FAILED, error=EngineError("Not enough memory on the graphics card."))
    assert book.told[1::2] == [
        (MarkKind.FAILED, "Guide: The engine crashed."),
        (MarkKind.OUT_OF_MEMORY, "Guide: Not enough memory on the graphics card."),
    ]


def test_a_server_elsewhere_is_connected_and_not_started(book: Book) -> None:
    book.stage(EngineStage.STARTING, EngineStage.READY, EngineStage.STOPPED, model=ELSEWHERE)
    assert [words for _, words in book.told] == ["gpt is connected.", "gpt is not connected any more."]


def test_causes_that_want_memory_are_told_as_such() -> None:
    titles = {cause.title for cause in MEMORY}
    wanting = {title for title in titles if is_out_of_memory(EngineError(title))}
    assert {title for title in titles if title.startswith("Not enough")} == wanting
    assert len(wanting) >= 4
    assert not is_out_of_memory(UserError("There is no room for two models at once."))
    assert not is_out_of_memory(UserError("Not enough room on the disk."))


def test_another_model_that_is_talked_to(book: Book) -> None:
    for stage, model in (
        (EngineStage.STARTING, GUIDE),
        (EngineStage.READY, GUIDE),
        (EngineStage.STARTING, OTHER),
        (EngineStage.READY, OTHER),
        (EngineStage.READY, OTHER),
        (EngineStage.READY, GUIDE),
    ):
        book.book.hear_talk(EngineStatus(stage, model))
    assert book.told == [(MarkKind.MODEL, "Other is talked to."), (MarkKind.MODEL, "Guide is talked to.")]


def test_answers_are_counted_and_gathered(book: Book) -> None:
    book.finish(0)
    book.finish(1)
    for _ in range(4):
        book.finish(250)
    assert [words for _, words in book.told] == ["Guide finished an answer."]
    book.finish(0)
    assert [words for _, words in book.told][1:] == ["Guide finished 1,000 answers."]
    book.finish(2, key="b")
    assert [words for _, words in book.told][2:] == ["Guide finished 2 answers."]
    book.finish(0, seconds=60)
    assert len(book.told) == 3


@pytest.mark.parametrize("end", [EngineStage.STOPPED, EngineStage.STOPPING, EngineStage.FAILED])
def test_answers_without_a_mark_get_one_when_their_engine_goes(book: Book, end: EngineStage) -> None:
    key = GUIDE.key
    book.stage(EngineStage.READY)
    book.finish(1, key)
    book.finish(2, key)
    book.stage(end)
    assert [words for kind, words in book.told if kind is MarkKind.ANSWER] == [
        "Guide finished an answer.",
        "Guide finished 2 answers.",
    ]
    book.stage(EngineStage.READY)
    book.finish(0, key, seconds=60)
    assert len([kind for kind, _ in book.told if kind is MarkKind.ANSWER]) == 2


def test_a_warning_is_a_mark_when_it_begins(book: Book) -> None:
    full = Alert("kv", "KV cache full: answers will wait.", "Wait.")
    for alerts in ((), (full,), (replace(full),), (), (full,)):
        book.book.hear_alerts(alerts)
    assert book.told == [(MarkKind.WARNING, full.title)] * 2


def test_marks_go_after_an_hour_and_never_fill_the_memory(book: Book) -> None:
    book.stage(EngineStage.STARTING)
    first = book.book.marks
    assert book.book.marks is first
    book.now += KEPT_SECONDS - 1
    book.stage(EngineStage.READY)
    book.now += 2
    assert [words for _, words in book.told] == ["Guide is ready."]
    for _ in range(1000):
        book.stage(EngineStage.STARTING, EngineStage.READY)
    assert len(book.book.marks) == 400


def test_names_are_shown_without_what_cannot_be_seen(book: Book) -> None:
    book.stage(EngineStage.READY, model=ModelRef("a\u202eb\nc" + "d" * 100, Path("/m")))
    assert book.told == [(MarkKind.READY, f"abc{'d' * 57} is ready.")]
