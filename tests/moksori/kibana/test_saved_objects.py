"""The committed Kibana file obeys what Kibana checks at import and at run time. Read from the file, not its maker."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from moksori.kibana.objects import build
from pipeline.index.elasticsearch import ElasticsearchIndex
from pipeline.index.mapping import PROPERTIES
from tests.conftest import NOW, document, unique

FILE = Path(__file__).parents[3] / "config/kibana/moksori.ndjson"
OBJECTS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
BY_ID = {(each["type"], each["id"]): each for each in OBJECTS}
DASHBOARDS = [each for each in OBJECTS if each["type"] == "dashboard"]
SEARCHES = [each for each in OBJECTS if each["type"] == "search"]
VERSIONS = {"index-pattern": "8.0.0", "search": "10.5.0", "dashboard": "10.2.0"}
NUMERIC = {"float", "double", "byte", "long", "integer"}
DASHBOARD_ATTRIBUTES = {
    "title", "description", "version", "timeRestore", "timeFrom", "timeTo", "refreshInterval", "panelsJSON",
    "optionsJSON", "kibanaSavedObjectMeta", "controlGroupInput",
}  # fmt: skip


def panels_of(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads(dashboard["attributes"]["panelsJSON"])
    return panels


def lens_panels() -> Iterator[tuple[dict[str, Any], dict[str, Any], str, dict[str, Any], dict[str, Any]]]:
    """(dashboard, panel, layer id, columns, visualisation) of every Lens panel."""
    for dashboard in DASHBOARDS:
        for panel in panels_of(dashboard):
            if panel["type"] == "lens":
                state = panel["embeddableConfig"]["attributes"]["state"]
                for layer, content in state["datasourceStates"]["formBased"]["layers"].items():
                    yield dashboard, panel, layer, content, state["visualization"]


def controls_of(dashboard: dict[str, Any]) -> dict[str, Any]:
    controls: dict[str, Any] = json.loads(dashboard["attributes"]["controlGroupInput"]["panelsJSON"])
    return controls


def field_type(name: str) -> str:
    """The type of a field in our own index template; fails for a field that is not there."""
    if name.startswith("theme_sentiment."):
        return "float"
    assert name in PROPERTIES, f"no field {name} in the index template"
    return str(PROPERTIES[name]["type"])


def kql_fields(text: str) -> list[str]:
    """The fields of a KQL text, checked by a small grammar: `field op value`, joined by and/or, `not` before."""
    fields = []
    for clause in re.split(r"\s+(?:and|or)\s+", text.strip()) if text.strip() else []:
        match = re.fullmatch(r'(?:not\s+)?([a-z_.]+)\s*(:|>=|<=|>|<)\s*("[^"]*"|[\w*-]+)', clause)
        assert match, f"no KQL: {clause!r}"
        fields.append(match[1])
    return fields


def accessors(value: Any) -> Iterator[tuple[str, str]]:
    """Every (kind, column id) that a visualisation names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("layerId", "layerType"):
                continue
            if (key.endswith("Accessor") or key in ("columnId", "forAccessor")) and isinstance(inner, str):
                yield key, inner
            elif key in ("accessors", "metrics", "primaryGroups", "secondaryGroups"):
                yield from ((key, each) for each in inner)
            else:
                yield from accessors(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from accessors(inner)


def test_the_file_is_what_the_generator_writes_byte_for_byte() -> None:
    assert FILE.read_text(encoding="utf-8") == build() == build()
    assert FILE.read_bytes().endswith(b"\n")
    assert len(BY_ID) == len(OBJECTS)


@pytest.mark.parametrize("item", OBJECTS, ids=lambda each: each["id"])
def test_object_shape_versions_and_references(item: dict[str, Any]) -> None:
    assert set(item) <= {"id", "type", "attributes", "references", "coreMigrationVersion", "typeMigrationVersion"}
    assert item["coreMigrationVersion"] == "8.8.0"
    assert item["typeMigrationVersion"] == VERSIONS[item["type"]]
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", item["id"])
    names = [each["name"] for each in item["references"]]
    assert len(names) == len(set(names))
    for each in item["references"]:
        assert set(each) == {"name", "type", "id"}
        assert (each["type"], each["id"]) in BY_ID, "refers outside the file"


def test_there_is_a_data_view_a_search_per_theme_and_one_dashboard() -> None:
    assert [each["type"] for each in OBJECTS].count("index-pattern") == 1
    assert len(DASHBOARDS) == 1
    titles = " ".join(each["attributes"]["title"] for each in SEARCHES)
    for wanted in (
        "last 24 hours",
        "Waiting for an answer",
        "delivery",
        "quality",
        "service",
        "communication",
        "price",
    ):
        assert wanted in titles


def test_text_that_holds_json_holds_json() -> None:
    view = next(each for each in OBJECTS if each["type"] == "index-pattern")["attributes"]
    for name, kind in (("fieldFormatMap", dict), ("runtimeFieldMap", dict), ("fieldAttrs", dict), ("fields", list)):
        assert isinstance(json.loads(view[name]), kind)
    assert field_type(view["timeFieldName"]) == "date"
    for name in json.loads(view["fieldFormatMap"]):
        field_type(name)
    for each in [*SEARCHES, *DASHBOARDS]:
        source = json.loads(each["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        assert set(source["query"]) == {"query", "language"}
        assert isinstance(source["filter"], list)
    for dashboard in DASHBOARDS:
        options = json.loads(dashboard["attributes"]["optionsJSON"])
        assert all(isinstance(value, bool) for value in options.values())


@pytest.mark.parametrize("search", SEARCHES, ids=lambda each: each["id"])
def test_searches_name_real_fields_and_leave_deleted_reviews_out(search: dict[str, Any]) -> None:
    attributes = search["attributes"]
    for name in [*attributes["columns"], *(field for field, _ in attributes["sort"])]:
        field_type(name)
    query = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
    assert [field_type(name) for name in kql_fields(query)]
    assert "deleted : false" in query


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda each: each["id"])
def test_dashboard_attributes_and_grid(dashboard: dict[str, Any]) -> None:
    attributes = dashboard["attributes"]
    assert set(attributes) <= DASHBOARD_ATTRIBUTES
    assert attributes["timeFrom"]
    assert attributes["timeTo"]
    panels = panels_of(dashboard)
    assert len({panel["panelIndex"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        grid = panel["gridData"]
        assert grid["i"] == panel["panelIndex"]
        assert panel["type"] in {"lens", "visualization", "search", "links"}
        if panel["type"] == "visualization":
            assert panel["embeddableConfig"]["savedVis"]["type"] == "markdown"
        assert min(grid["x"], grid["y"]) >= 0
        assert min(grid["w"], grid["h"]) >= 1
        assert grid["x"] + grid["w"] <= 48
        cells = {
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, f"{panel['panelIndex']} overlaps"
        taken |= cells
    bottom = max(y for _, y in taken) + 1
    assert len(taken) == 48 * bottom, "a gap in the grid"


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda each: each["id"])
def test_dashboard_references_and_panels_agree_both_ways(dashboard: dict[str, Any]) -> None:
    names = {each["name"]: each for each in dashboard["references"]}
    wanted = set()
    for panel in panels_of(dashboard):
        key = panel["panelIndex"]
        if "panelRefName" in panel:
            name = f"{key}:{panel['panelRefName']}"
            assert names[name]["type"] == panel["type"]
            assert not {"savedObjectId", "attributes"} & set(panel["embeddableConfig"])
            wanted.add(name)
        for inner in panel["embeddableConfig"].get("attributes", {}).get("references", []):
            assert names[f"{key}:{inner['name']}"]["id"] == inner["id"]
            wanted.add(f"{key}:{inner['name']}")
    for id, control in controls_of(dashboard).items():
        suffix = {"optionsListControl": "optionsListDataView", "rangeSliderControl": "rangeSliderDataView"}[
            control["type"]
        ]
        wanted.add(f"controlGroup_{id}:{suffix}")
    assert set(names) == wanted


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda each: each["id"])
def test_controls(dashboard: dict[str, Any]) -> None:
    controls = controls_of(dashboard)
    assert sorted(control["order"] for control in controls.values()) == list(range(len(controls)))
    for id, control in controls.items():
        assert control["explicitInput"]["id"] == id
        assert field_type(control["explicitInput"]["fieldName"]) in {"keyword", "boolean", "date"} | NUMERIC


@pytest.mark.parametrize(("dashboard", "panel", "layer", "content", "look"), list(lens_panels()))
def test_lens_panel(
    dashboard: dict[str, Any], panel: dict[str, Any], layer: str, content: dict[str, Any], look: dict[str, Any]
) -> None:
    del dashboard
    attributes = panel["embeddableConfig"]["attributes"]
    assert {"title", "type", "visualizationType", "references", "state"} <= set(attributes)
    state = attributes["state"]
    assert {"query", "filters", "visualization", "datasourceStates"} <= set(state)
    assert (state["adHocDataViews"], state["internalReferences"]) == ({}, [])
    assert [each["name"] for each in attributes["references"]] == [f"indexpattern-datasource-layer-{layer}"]
    columns, order = content["columns"], content["columnOrder"]
    assert sorted(order) == sorted(columns)
    bucketed = [columns[name]["isBucketed"] for name in order]
    assert bucketed == sorted(bucketed, reverse=True), "buckets come before metrics"
    named = {each["layerId"] for each in look["layers"]} if "layers" in look else {look["layerId"]}
    assert named == {layer}
    for kind, name in accessors(look):
        assert name in columns
        if kind in ("xAccessor", "splitAccessor", "tagAccessor", "yAccessor", "primaryGroups"):
            assert columns[name]["isBucketed"]
        if kind in ("accessors", "metrics", "metricAccessor", "secondaryMetricAccessor", "valueAccessor"):
            assert not columns[name]["isBucketed"]
    for column in columns.values():
        operation, field = column["operationType"], column["sourceField"]
        if operation == "count":
            assert field == "___records___"
        elif operation == "date_histogram":
            assert field_type(field) == "date"
        elif operation == "terms":
            assert field_type(field) in {"keyword", "boolean"} | NUMERIC
            order_by = column["params"]["orderBy"]["columnId"]
            assert not columns[order_by]["isBucketed"]
        else:
            assert operation in {"average", "sum", "min", "max", "median"}
            assert field_type(field) in NUMERIC
        if "filter" in column:
            assert kql_fields(column["filter"]["query"])


def test_no_address_but_the_placeholder_and_no_paid_features() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^/\"\\)]+", text)) == {"http://console.example"}
    assert "URL_DRILLDOWN" not in text
    assert '"drilldowns"' not in text
    for id in re.findall(r"/app/dashboards#/view/([\w-]+)", text):
        assert ("dashboard", id) in BY_ID


def aggregation(columns: dict[str, Any], order: list[str]) -> dict[str, Any]:
    """The Elasticsearch aggregation that Lens would make of a layer, from its columns."""
    inner: dict[str, Any] = {}
    for name in (each for each in order if not columns[each]["isBucketed"]):
        column = columns[name]
        if column["operationType"] != "count":
            inner[name] = {"avg": {"field": column["sourceField"]}}
        elif "filter" in column:
            inner[name] = {"filter": {"query_string": {"query": column["filter"]["query"].replace(" : ", ":")}}}
    for name in reversed([each for each in order if columns[each]["isBucketed"]]):
        column = columns[name]
        if column["operationType"] == "date_histogram":
            made: dict[str, Any] = {"date_histogram": {"field": column["sourceField"], "calendar_interval": "1d"}}
        else:
            made = {"terms": {"field": column["sourceField"], "size": column["params"]["size"]}}
        inner = {name: made | ({"aggs": inner} if inner else {})}
    return inner


@pytest.mark.elasticsearch
def test_every_chart_can_be_computed_on_a_real_index(elasticsearch_url: str) -> None:
    name = unique("kibana")
    index = ElasticsearchIndex(f"{elasticsearch_url}/{name}")
    index.setup()
    index.put(
        [
            document(
                n, product="kettle", lang="ko", sentiment="negative", is_negative=1, themes=["delivery"], rating=0.25,
                negative_themes=["delivery"], stage="deliver", urgency="high", response_hours=None if n % 2 else 3.0,
                owner_reply_at=None if n % 2 else NOW + timedelta(hours=3),
            )
            for n in range(1, 40)
        ]
    )  # fmt: skip
    index.refresh()
    panels = list(lens_panels())
    assert len(panels) >= 8
    for _, panel, _, content, _ in panels:
        aggregations = aggregation(content["columns"], content["columnOrder"])
        if not aggregations:
            continue  # a bare count needs no aggregation
        answer = index._client.search(index=name, size=0, aggs=aggregations)["aggregations"]
        first = next(iter(answer.values()))
        counted = first.get("doc_count") or first.get("value") or sum(b["doc_count"] for b in first.get("buckets", []))
        assert counted, f"{panel['title']} would be empty"
