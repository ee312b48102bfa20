"""The saved objects of a brand team: data view, searches and the overview dashboard, as NDJSON."""

import json
from collections.abc import Sequence
from typing import Any, Final

from moksori.kibana.panels import (
    BLUE,
    DATA_VIEW,
    GREEN,
    GREY,
    RED,
    Panel,
    average,
    count,
    kql,
    lines,
    markdown,
    metric,
    options,
    per_time,
    reference,
    saved_search,
    table,
    terms,
)

CONSOLE: Final = "http://console.example"
"""Stands for the console's address in the committed file; the import puts the real one in its place."""
_CORE: Final = "8.8.0"
_VERSIONS: Final = {"index-pattern": "8.0.0", "search": "10.5.0", "dashboard": "10.2.0"}
_LIVE: Final = "deleted : false"
_COLUMNS: Final = ("product", "rating", "negative_themes", "urgency", "text", "id")
THEMES: Final = ("quality", "service", "delivery", "communication", "price")


def build() -> str:
    """The whole file: one JSON object a line, the same bytes every time."""
    objects = [data_view(), *searches(), dashboard()]
    return "".join(json.dumps(each, ensure_ascii=False, sort_keys=True) + "\n" for each in objects)


def _object(kind: str, id: str, attributes: dict[str, Any], references: Sequence[dict[str, str]]) -> dict[str, Any]:
    return {
        "id": id,
        "type": kind,
        "attributes": attributes,
        "references": list(references),
        "coreMigrationVersion": _CORE,
        "typeMigrationVersion": _VERSIONS[kind],
    }


def _text(value: Any) -> str:
    """Kibana keeps these parts as text that holds JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def data_view() -> dict[str, Any]:
    link = {
        "type": "a",
        "urlTemplate": f"{CONSOLE}/review/{{{{value}}}}",
        "labelTemplate": "Open in the console",
        "openLinkInCurrentTab": False,
    }
    formats = {
        "id": {"id": "url", "params": link},
        "is_negative": {"id": "percent", "params": {"pattern": "0.0%"}},
        "rating": {"id": "percent", "params": {"pattern": "0%"}},
        "churn_risk": {"id": "percent", "params": {"pattern": "0%"}},
    }
    attributes = {
        "title": "reviews",
        "name": "Reviews (moksori)",
        "timeFieldName": "created_at",
        "fields": "[]",
        "fieldAttrs": "{}",
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "typeMeta": "{}",
        "allowNoIndex": True,
        "fieldFormatMap": _text(formats),
    }
    return _object("index-pattern", DATA_VIEW, attributes, [])


def _search(id: str, title: str, description: str, query: str) -> dict[str, Any]:
    name = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {"query": kql(f"{_LIVE} and {query}"), "filter": [], "indexRefName": name}
    attributes = {
        "title": title,
        "description": description,
        "columns": list(_COLUMNS),
        "sort": [["created_at", "desc"]],
        "grid": {},
        "hideChart": True,
        "isTextBasedQuery": False,
        "timeRestore": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _text(source)},
    }
    return _object("search", id, attributes, [reference(name, "index-pattern", DATA_VIEW)])


def searches() -> list[dict[str, Any]]:
    first = [
        _search(
            "moksori-search-negative-24h",
            "Negative, last 24 hours · 최근 24시간 부정",
            "Newest first; a click on the id opens the console",
            'is_negative : 1 and created_at >= "now-24h"',
        ),
        _search(
            "moksori-search-unanswered",
            "Waiting for an answer · 답변 대기",
            "Negative reviews that the brand has not answered in public",
            "is_negative : 1 and not owner_reply_at : *",
        ),
    ]
    korean = {"quality": "품질", "service": "서비스", "delivery": "배송", "communication": "소통", "price": "가격"}
    return first + [
        _search(
            f"moksori-search-{theme}",
            f"Complaints: {theme} · {korean[theme]} 불만",
            "Newest first; a click on the id opens the console",
            f"negative_themes : {theme}",
        )
        for theme in THEMES
    ]


def _panels() -> list[Panel]:
    links = (
        f"**[Open the console]({CONSOLE}/)** to answer · [cases]({CONSOLE}/cases) · [alerts]({CONSOLE}/alerts)  \n"
        "고객에게 답하려면 **콘솔**을 여세요. A review with several themes counts once for each of them."
    )
    return [
        markdown("p0", (0, 0, 48, 4), links),
        metric("p1", "Reviews", (0, 4, 12, 7), count("Reviews")),
        metric(
            "p2",
            "Negative share · 부정 비율",
            (12, 4, 12, 7),
            average("Negative", "is_negative", percent=True),
            average("A week before", "is_negative", percent=True, shift="1w"),
            RED,
        ),
        metric(
            "p3",
            "Unanswered complaints · 미답변 불만",
            (24, 4, 12, 7),
            count("Unanswered", "is_negative : 1 and not owner_reply_at : *"),
            None,
            RED,
        ),
        metric(
            "p4", "Hours to an answer · 답변까지 시간", (36, 4, 12, 7), average("Hours", "response_hours"), None, GREEN
        ),
        lines(
            "p5",
            "Reviews by sentiment · 감성별 리뷰",
            (0, 11, 24, 13),
            {
                "x": per_time(),
                "negative": count("Negative", "sentiment : negative"),
                "neutral": count("Neutral", "sentiment : neutral"),
                "positive": count("Positive", "sentiment : positive"),
            },
            {"negative": RED, "neutral": GREY, "positive": GREEN},
            series="bar_stacked",
        ),
        lines(
            "p6",
            "Complaints by theme (several per review) · 주제별 불만",
            (24, 11, 24, 13),
            {"x": per_time(), "theme": terms("Theme", "negative_themes", "n"), "n": count("Complaints")},
            {},
            split="theme",
        ),
        table(
            "p7",
            "Products · 상품",
            (0, 24, 24, 15),
            {
                "product": terms("Product", "product", "complaints", 50),
                "n": count("Reviews"),
                "complaints": count("Negative", "is_negative : 1"),
                "share": average("Negative share", "is_negative", percent=True),
            },
            "complaints",
        ),
        table(
            "p8",
            "Sources · 출처",
            (24, 24, 24, 15),
            {
                "source": terms("Source", "source", "n", 50),
                "n": count("Reviews"),
                "share": average("Negative share", "is_negative", percent=True),
                "rating": average("Rating", "rating", percent=True),
            },
            "n",
        ),
        lines(
            "p9",
            "Where it hurts in the journey · 여정 단계별 불만",
            (0, 39, 24, 12),
            {"stage": terms("Stage", "stage", "n"), "n": count("Complaints", "is_negative : 1")},
            {"n": BLUE},
            series="bar_horizontal",
        ),
        lines(
            "p10",
            "Urgent complaints · 긴급 불만",
            (24, 39, 24, 12),
            {"x": per_time(), "n": count("High urgency", "urgency : high and is_negative : 1")},
            {"n": RED},
            series="bar",
        ),
        saved_search("p11", "Waiting for an answer · 답변 대기", (0, 51, 48, 18), "moksori-search-unanswered"),
    ]


def dashboard() -> dict[str, Any]:
    panels = _panels()
    controls = [
        options("Brand", "brand"),
        options("Source", "source"),
        options("Product", "product"),
        options("Theme", "themes"),
        options("Language", "lang"),
    ]
    references = [each for panel in panels for each in panel.dashboard_references()]
    control_panels: dict[str, Any] = {}
    for order, control in enumerate(controls):
        id = f"c{order}"
        references.append(reference(f"controlGroup_{id}:{control['suffix']}", "index-pattern", DATA_VIEW))
        control_panels[id] = {
            "type": control["type"],
            "order": order,
            "width": "medium",
            "grow": True,
            "explicitInput": {"id": id, **control["input"]},
        }
    ignore = dict.fromkeys(("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations"), False)
    shown = {
        "useMargins": True,
        "syncColors": True,
        "syncCursor": True,
        "syncTooltips": False,
        "hidePanelTitles": False,
    }
    attributes = {
        "title": "What customers say · 고객의 목소리",
        "description": "Made by moksori",
        "version": 1,
        "timeRestore": True,
        "timeFrom": "now-30d",
        "timeTo": "now",
        "refreshInterval": {"pause": True, "value": 60000},
        "optionsJSON": _text(shown),
        "kibanaSavedObjectMeta": {"searchSourceJSON": _text({"query": kql(_LIVE), "filter": []})},
        "panelsJSON": _text([panel.to_json() for panel in panels]),
        "controlGroupInput": {
            "controlStyle": "oneLine",
            "chainingSystem": "HIERARCHICAL",
            "showApplySelections": False,
            "ignoreParentSettingsJSON": _text(ignore),
            "panelsJSON": _text(control_panels),
        },
    }
    return _object("dashboard", "moksori-overview", attributes, references)
