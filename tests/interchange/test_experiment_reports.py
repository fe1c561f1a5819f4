"""Reports of experiments for people: Markdown and one HTML file."""

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from desktop_app.domain.chat import Message, Role
from desktop_app.domain.experiment import Column, ExperimentKind, Options
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.interchange.experiment_html import html_pieces
from desktop_app.interchange.experiment_markdown import markdown_pieces
from desktop_app.interchange.experiment_parcel import ExperimentParcel, veiled
from tests.interchange.experiments import HOSTILE, answer, carried, sky
from tests.interchange.test_html import Reader
from tests.markdown.corpus import TEXTS


def report(parcel: ExperimentParcel) -> str:
    return "".join(markdown_pieces(parcel))


def page(parcel: ExperimentParcel) -> Reader:
    return Reader("".join(html_pieces(parcel)))


def headings(text: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [
        f"{one.tag} {tokens[at + 1].content}"
        for at, one in enumerate(tokens)
        if one.type == "heading_open" and one.level == 0
    ]


def test_report_has_its_chapters_and_a_model_adds_none() -> None:
    found = headings(report(sky()))
    assert [one for one in found if one.startswith(("h1", "h2"))] == [
        r"h1 Sky & \<sea\> \| 1",
        "h2 What was compared",
        "h2 Results",
        "h2 Votes",
        "h2 Prompts and answers",
        "h2 Where the answers came from",
    ]
    assert [one[3:] for one in found if one.startswith("h3")][:3] == ["Prompt 1: =Sky", "Prompt 2", "Prompt 3"]
    assert sum(one.startswith("h4") for one in found) == 7


def test_report_says_what_was_done_and_marks_the_best() -> None:
    text = report(sky())
    assert "One answer at a time, in an order that was shuffled." in text
    assert "Every prompt was asked once, with the seed 1." in text
    assert "1 column was taken away" in text
    assert "| Speed without the wait, median | **25.0 tok/s** (best) | 12.5 tok/s | 8.3 tok/s |" in text
    assert "| Qwen3-8B | 1043 | 960 to 1121 | 12 | 8 | 3 | 1 |" in text
    assert "the votes do not say" in text
    assert r"| 1 | Qwen3-8B (temperature 0.2 · own system prompt) |" in text
    assert r"clearer \| \<b\>" in text
    assert "A: The engine changed: vLLM 0.32.0 (CPU) → vLLM 0.33.0 (CPU)." in text
    assert "model.safetensors: `2222" in text
    assert "*It only thought and gave no answer.*" in text
    assert "*Asked of B · Qwen3-8B (temperature 0.9 · KV cache fp8) only*" in text
    assert "- Judged by a model: not decided. \\*hm\\*" in text


@pytest.mark.parametrize(
    ("parcel", "whose"),
    [
        (carried(sky(), 2), "B · Qwen3-8B (temperature 0.9 · KV cache fp8)"),
        (carried(sky(), 4), "Gone-1B, which was taken away"),
        (veiled(replace(carried(sky(blind=True), 2), order=(3, 2, 1))), "Column 2"),
        (veiled(carried(sky(blind=True), 4)), "a column that was taken away"),
    ],
)
def test_reports_say_from_whose_answer_all_columns_go_on(parcel: ExperimentParcel, whose: str) -> None:
    words = f"All columns go on from the answer of {whose}"
    assert report(parcel).count(f"*{words}*") == 1
    assert page(parcel).words.count(words) == 1
    assert "All columns go on" not in report(sky())


def test_tables_of_the_report_are_tables() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(report(sky()))
    assert sum(one.type == "table_open" and one.level == 0 for one in tokens) == 4


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_leaves_its_place(text: str) -> None:
    small = replace(sky(), cells=(answer(1, 1, 1, text), answer(2, 1, 2, "after")), votes=(), ratings=())
    plain = replace(small, cells=(answer(1, 1, 1, "x"), small.cells[1]))
    assert headings(report(small)) == headings(report(plain))
    assert len(page(small).of("article")) == 2


def test_page_forbids_itself_everything_and_runs_nothing() -> None:
    found = page(sky())
    policy = next(one["content"] for one in found.of("meta") if one.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'")
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in found.tags}
    assert {name for _, attributes in found.tags for name in attributes if name.startswith("on")} == set()
    assert "<script>alert(1)</script>" in found.words
    assert "prefers-color-scheme: dark" in found.words


def test_page_shows_answers_side_by_side() -> None:
    found = page(sky())
    assert [one["class"] for one in found.of("div") if one.get("class") == "side"] == ["side"] * 3
    assert len(found.of("article")) == 7
    words = " ".join(found.words.split())
    assert "25.0 tok/s ✓ best" in words
    assert "A · Qwen3-8B (temperature 0.2 · own system prompt)" in words
    assert "All votes (2)" in words
    assert "From one that is gone." not in words
    assert "\u202e" not in words


def test_nothing_about_columns_is_told_while_they_are_hidden() -> None:
    parcel = veiled(sky(blind=True))
    for text in (report(parcel), page(parcel).words.rpartition("}")[2]):
        assert "This experiment is blind." in text
        assert "For you." in text
        assert not re.search(r"Qwen|far|away|tok/s|0\.2|temperature|Ryzen|vLLM 0|best|clearer|number \d", text)


def test_repeats_and_a_conversation_are_told() -> None:
    experiment = replace(sky().experiment, kind=ExperimentKind.CONVERSATION, options=Options(repeats=2, shuffle=False))
    second = replace(answer(2, 1, 1, "again"), repeat=1, beside=3)
    text = report(ExperimentParcel(experiment, (answer(1, 1, 1, "once"), second)))
    assert "Side by side: 3 columns, 3 prompts, 2 answers." in text
    assert "All at once where memory allowed, in the order in which they stand." in text
    assert "Every prompt was asked 2 times, with the seeds 1 to 2." in text
    assert "#### A · Qwen3-8B (temperature 0.2 · own system prompt), repeat 2" in text
    assert "beside 3 others" in text
    assert "## Results" not in text


def test_an_experiment_without_anything_is_a_report_too() -> None:
    empty = replace(sky().experiment, columns=(Column(1, ModelRef("x")),), prompts=(), options=Options(seed=None))
    text = report(ExperimentParcel(empty, ()))
    assert "1 column, 0 prompts, 0 answers" in text
    assert "with the seeds that the columns' settings say" in text
    seeded = Column(1, ModelRef("x"), ChatSettings(sampling=Sampling(seed=7)))
    words = report(ExperimentParcel(replace(empty, columns=(seeded,), options=Options(seed=1)), ()))
    assert "asked once, with the seed 1; a column with a seed of its own began there." in words
    assert page(ExperimentParcel(empty, ())).of("h1")


def test_thoughts_stand_apart_from_the_answer() -> None:
    message = Message(1, Role.ASSISTANT, "So.", reasoning="Hm.\n\n" + HOSTILE)
    text = report(replace(sky(), cells=(answer(1, 1, 1, answer=message),)))
    assert "> **Thoughts**\n>\n> Hm." in text
    assert "Answer:\n\n> So." in text
