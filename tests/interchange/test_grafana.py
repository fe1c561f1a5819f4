"""The dashboard for Grafana."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from desktop_app.interchange.grafana import dashboard

NAMES = frozenset(
    line
    for line in (Path(__file__).parents[1] / "data" / "grafana" / "metric_names.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
)
"""What vLLM 0.32 exposed, recorded."""
BOARD: dict[str, Any] = json.loads(dashboard("My models"))
PANELS: list[dict[str, Any]] = BOARD["panels"]
QUERIES: list[str] = [target["expr"] for panel in PANELS for target in panel["targets"]]


def test_it_is_a_dashboard_that_grafana_imports() -> None:
    assert BOARD["title"] == "My models"
    assert BOARD["schemaVersion"] >= 36
    assert BOARD["id"] is None
    assert BOARD["uid"] is None
    assert {panel["type"] for panel in PANELS} == {"timeseries"}
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"] in {"short", "percentunit", "s"}


@pytest.mark.parametrize("title", ['A "quoted" \\ title', "\u202e\0", "</script>", "vLLM ü"])
def test_any_title_may_be_given(title: str) -> None:
    assert json.loads(dashboard(title))["title"] == title


def test_people_choose_the_data_source_and_the_model() -> None:
    source, model = BOARD["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    assert (model["name"], model["type"], model["includeAll"]) == ("model_name", "query", True)
    assert model["datasource"]["uid"] == "${datasource}"
    assert model["definition"] == model["query"]["query"] == "label_values(vllm:num_requests_running, model_name)"
    for panel in PANELS:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
    assert all('{model_name=~"$model_name"}' in query for query in QUERIES)


def test_every_figure_is_one_that_vllm_exposes() -> None:
    asked = {name for query in QUERIES for name in re.findall(r"vllm:\w+", query)}
    assert asked <= NAMES
    assert asked >= {
        "vllm:generation_tokens_total",
        "vllm:prompt_tokens_total",
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        "vllm:kv_cache_usage_perc",
        "vllm:prefix_cache_hits_total",
        "vllm:prefix_cache_queries_total",
        "vllm:time_to_first_token_seconds_bucket",
        "vllm:inter_token_latency_seconds_bucket",
        "vllm:num_preemptions_total",
        "vllm:request_success_total",
    }


def test_counters_are_asked_as_rates_and_gauges_are_not() -> None:
    for query in QUERIES:
        for name, rated in re.findall(r"(vllm:\w+)\{[^}]*\}(\[\$__rate_interval\])?", query):
            assert bool(rated) is name.endswith(("_total", "_bucket")), query
        assert query.count("histogram_quantile(") == query.count("_bucket")
        assert ("by (le, " in query) is ("_bucket" in query)


@pytest.mark.parametrize("query", QUERIES)
def test_brackets_are_closed(query: str) -> None:
    opened = []
    for sign in re.sub(r'"[^"]*"', "", query):
        if sign in "([{":
            opened.append(sign)
        elif sign in ")]}":
            assert opened
            assert opened.pop() + sign in {"()", "[]", "{}"}
    assert not opened


def test_panels_lie_beside_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
    assert len(taken) == 24 * (max(y for _, y in taken) + 1)


def test_ids_are_unique() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    for panel in PANELS:
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert len({target["legendFormat"] for target in panel["targets"]}) == len(panel["targets"])
