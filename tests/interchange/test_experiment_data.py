"""Experiments as data: CSV that no spreadsheet calculates with, JSON that its schema describes."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from desktop_app.interchange.experiment_csv import csv_pieces
from desktop_app.interchange.experiment_json import json_pieces
from desktop_app.interchange.experiment_parcel import ExperimentParcel, veiled
from tests.interchange.experiments import HOSTILE, answer, carried, sky

SCHEMA = Path(__file__).parents[2] / "resources" / "experiment-export.schema.json"


def rows(parcel: ExperimentParcel) -> list[dict[str, str]]:
    text = "".join(csv_pieces(parcel))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), strict=True))


def values(parcel: ExperimentParcel) -> dict[str, Any]:
    found = json.loads("".join(json_pieces(parcel)))
    assert isinstance(found, dict)
    return found


def strict_schema() -> dict[str, Any]:
    """The schema, in which nothing may stand that it does not name."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    for one in [schema, *schema["$defs"].values(), schema["$defs"]["cell"]["properties"]["timing"]]:
        if "properties" in one:
            one["additionalProperties"] = False
    return dict(schema)


def test_a_row_for_each_cell_with_everything() -> None:
    found = rows(sky())
    assert [row["cell"] for row in found] == [str(n) for n in range(1, 10)]
    first = found[0]
    assert first["answer"] == HOSTILE
    assert (first["state"], first["passed"], first["seed"]) == ("done", "false", "7")
    assert (first["first_word_seconds"], first["tokens_per_second"], first["cached_tokens"]) == ("0.2", "25.0", "0")
    assert (first["order"], first["beside"], first["memory_bytes"]) == ("1", "0", str(1 << 30))
    assert first["hardware"] == "Ryzen, 16 cores, 24.0 GB"
    assert len(first["files_sha256"]) == 64
    assert first["column_title"] == "Qwen3-8B (temperature 0.2 · own system prompt)"
    assert found[7]["column_removed"] == "true"


def test_what_is_not_known_is_empty_and_not_zero() -> None:
    waiting = rows(sky())[8]
    for name in ("first_word_seconds", "answer_tokens", "order", "beside", "memory_bytes", "passed", "provenance"):
        assert waiting[name] == "", name
    assert waiting["ended"] == "not asked yet"


def test_data_say_whose_answer_all_columns_go_on_from() -> None:
    assert [row["carried_column"] for row in rows(carried(sky(), 2))] == ["2", "2", "2", "", "", "", "", "2", ""]
    assert [one.get("carried") for one in values(carried(sky(), 2))["prompts"]] == [2, None, None]
    gone = values(veiled(carried(sky(blind=True), 4)))
    assert [one.get("carried") for one in gone["prompts"]] == [0, None, None]


@pytest.mark.parametrize("begin", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "|x"])
def test_no_text_is_a_formula(begin: str) -> None:
    (row,) = rows(ExperimentParcel(sky().experiment, (answer(1, 1, 1, begin),)))
    assert row["answer"] == f"'{begin}"
    assert row["prompt_name"] == "'=Sky"


def test_signs_that_break_files_are_replaced() -> None:
    (row,) = rows(ExperimentParcel(sky().experiment, (answer(1, 1, 1, 'a\0b,"c"\r\nd\ud800'),)))
    assert row["answer"] == 'a\ufffdb,"c"\r\nd\ud800'
    assert row["model"] == "Qwen/Qwen3-8B"


@pytest.mark.parametrize(
    "parcel", [sky(), carried(sky(), 2), veiled(sky(blind=True)), ExperimentParcel(sky().experiment, ())]
)
def test_json_is_what_its_schema_says(parcel: ExperimentParcel) -> None:
    jsonschema.Draft202012Validator.check_schema(strict_schema())
    jsonschema.Draft202012Validator(strict_schema()).validate(values(parcel))


def test_json_has_every_cell_with_what_it_came_from() -> None:
    found = values(sky())
    sources = {one["id"]: one for one in found["provenance"]}
    assert [one["id"] for one in found["cells"]] == list(range(1, 10))
    first = found["cells"][0]
    assert first["text"] == HOSTILE
    assert first["passed"] is False
    assert first["beside"] == 0
    assert json.loads(first["record"]["request"]) == {"temperature": 0.2, "seed": 7}
    assert sources[first["provenance"]]["files"]["config.json"] == "1" * 64
    assert sources[first["provenance"]]["arguments"] == ["--max-model-len", "4096"]
    assert found["figures"][0]["best"] == ["first_word", "memory", "speed"]
    assert found["votes"][0]["verdict"] == "left"
    assert found["ratings"][0]["low"] == 960.4
    assert "low" not in found["ratings"][1]
    assert [one.get("removed", False) for one in found["columns"]] == [False, False, False, True]


def test_json_tells_no_folders_and_no_secrets() -> None:
    text = "".join(json_pieces(sky())) + "".join(csv_pieces(sky()))
    assert "/home/" not in text
    assert "user:word" not in text
    assert "t.jinja" in text


def test_nothing_about_columns_is_told_while_they_are_hidden() -> None:
    parcel = veiled(sky(blind=True))
    found = values(parcel)
    assert found["hidden"] is True
    assert not {"figures", "votes", "ratings", "provenance", "options", "order_seed"} & found.keys()
    assert all(not {"record", "timing", "order", "memory", "created", "model"} & one.keys() for one in found["cells"])
    text = "".join(csv_pieces(parcel)) + "".join(json_pieces(parcel))
    assert "Qwen" not in text
    assert rows(parcel)[0]["note"].startswith("This experiment is blind.")
