"""What a person reads of a model."""

from dataclasses import replace

import pytest

from desktop_app.domain.library import Gate
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.ui.widgets.model_detail_words import (
    breakable,
    context_words,
    format_words,
    is_gated,
    licence,
    marks,
    parameter_words,
    released_words,
)
from tests.ui.model_states import AWAY, FOUND, HERE, KNOWN, LOCAL, SMALLER, SPEC, UNKNOWN


@pytest.mark.parametrize(
    ("tokens", "number"), [(8192, "6,100"), (1024, "770"), (128, "96"), (131_072, "98,000"), (1_048_576, "790,000")]
)
def test_contexts_in_words(tokens: int, number: str) -> None:
    assert context_words(tokens) == f"Keeps about {number} words in mind"


@pytest.mark.parametrize(
    ("total", "active", "said"),
    [
        (0, 0, ""),
        (124_439_808, 0, "124 million parameters"),
        (4_022_468_096, 0, "4.0 billion parameters"),
        (30_500_000_000, 3_300_000_000, "30.5 billion parameters, 3.3 billion of them at work for each word"),
    ],
)
def test_parameters_in_words(total: int, active: int, said: str) -> None:
    assert parameter_words(ModelSpec("a", parameters=total, active_parameters=active)) == said


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (ModelSpec("a"), ""),
        (SPEC, "16 bits, as published (bfloat16)"),
        (SMALLER, "made smaller to 4 bits (AWQ)"),
        (ModelSpec("a", quantization="fp8"), "made smaller (FP8)"),
        (ModelSpec("a", quantization="new-way", bits=2.5), "made smaller to 2.5 bits (new-way)"),
        (ModelSpec("a", dtype="float8_e4m3fn"), "float8_e4m3fn"),
    ],
)
def test_formats_in_words(spec: ModelSpec, said: str) -> None:
    assert format_words(spec) == said


def test_marks() -> None:
    known = replace(KNOWN, learning=True, gated=True, reasoning_parser="qwen3", chat=False)
    row = replace(AWAY.row, known=known, spec=replace(SMALLER, vision=True))
    said = [mark.word for mark in marks(row)]
    assert said == ["For learning only", "Ask its owner first", "Pictures", "Thinks", "Tools", "No chat", "4-bit"]
    assert marks(UNKNOWN.row) == []
    assert all(mark.meaning for mark in marks(row))
    # What lies here is asked rather than the catalogue.
    assert "No chat" not in [mark.word for mark in marks(replace(row, local=LOCAL))]


def test_the_hub_knows_better_than_the_catalogue_whether_somebody_must_be_asked() -> None:
    listed = replace(AWAY.row, known=replace(KNOWN, gated=True))
    assert is_gated(listed)
    assert is_gated(replace(listed, found=replace(FOUND, files=())))
    assert not is_gated(replace(listed, found=FOUND))
    assert is_gated(replace(AWAY.row, found=replace(FOUND, gate=Gate.AUTOMATIC)))
    assert not is_gated(HERE.row)


def test_licence_and_date_come_from_whoever_knows() -> None:
    assert (licence(AWAY.row), released_words(AWAY.row)) == ("apache-2.0", "2025-07")
    found = replace(FOUND, licence="mit", modified="2026-09-01T00:00:00Z")
    row = replace(UNKNOWN.row, found=found)
    assert (licence(row), released_words(row)) == ("mit", "2026-09")
    assert (licence(replace(row, found=None)), released_words(replace(row, found=None))) == ("", "")


def test_a_long_name_may_be_broken_after_its_signs() -> None:
    assert breakable("a-b_c/d").split("\u200b") == ["a-", "b_", "c/", "d"]
    assert breakable(f"x/{'f' * 40}").split("\u200b") == ["x/", "f" * 16, "f" * 16, "f" * 8]
