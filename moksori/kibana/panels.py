"""Panels of a dashboard: Lens charts by value, markdown, a saved search, and the controls above them.

The shapes are those of Kibana 8.8 to 9.5 exports; ids and references are made together, so that they cannot drift.
"""

from dataclasses import dataclass
from typing import Any, Final

DATA_VIEW: Final = "moksori-reviews"
LAYER: Final = "layer1"
_LAYER_REFERENCE: Final = f"indexpattern-datasource-layer-{LAYER}"
RED: Final = "#CC5642"
BLUE: Final = "#6092C0"
GREEN: Final = "#54B399"
GREY: Final = "#98A2B3"

Column = dict[str, Any]


def reference(name: str, kind: str, id: str) -> dict[str, str]:
    return {"name": name, "type": kind, "id": id}


def kql(text: str) -> dict[str, str]:
    return {"query": text, "language": "kuery"}


# ------------------------------------------------------------------------------------------------ columns


def count(label: str, where: str | None = None) -> Column:
    """Number of reviews, or of those that a KQL condition fits."""
    column: Column = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": "count",
        "sourceField": "___records___",
        "isBucketed": False,
        "scale": "ratio",
        "params": {"emptyAsNull": False},
    }
    return column | {"filter": kql(where)} if where else column


def average(label: str, field: str, *, percent: bool = False, shift: str | None = None) -> Column:
    """Mean of a number; of is_negative it is the negative share. shift: "1w" compares with a week before."""
    shape = {"id": "percent" if percent else "number", "params": {"decimals": 1 if percent else 2}}
    column: Column = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": "average",
        "sourceField": field,
        "isBucketed": False,
        "scale": "ratio",
        "params": {"emptyAsNull": True, "format": shape},
    }
    return column | {"timeShift": shift} if shift else column


def per_time(field: str = "created_at", interval: str = "auto") -> Column:
    return {
        "label": field,
        "dataType": "date",
        "operationType": "date_histogram",
        "sourceField": field,
        "isBucketed": True,
        "scale": "interval",
        "params": {"interval": interval, "includeEmptyRows": True, "dropPartials": False},
    }


def terms(label: str, field: str, by: str, size: int = 10) -> Column:
    """The values of a field with the most of a metric column. A list field counts a review once for each value."""
    return {
        "label": label,
        "customLabel": True,
        "dataType": "string",
        "operationType": "terms",
        "sourceField": field,
        "isBucketed": True,
        "scale": "ordinal",
        "params": {
            "size": size,
            "orderBy": {"type": "column", "columnId": by},
            "orderDirection": "desc",
            "otherBucket": False,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
            "include": [],
            "exclude": [],
            "includeIsRegex": False,
            "excludeIsRegex": False,
        },
    }


# ------------------------------------------------------------------------------------------------ panels


@dataclass(frozen=True)
class Panel:
    """One panel: what it shows, where it lies (48 columns wide), and what it refers to."""

    key: str
    title: str
    grid: tuple[int, int, int, int]
    kind: str
    config: dict[str, Any]
    references: list[dict[str, str]]
    panel_ref: str | None = None

    def to_json(self) -> dict[str, Any]:
        x, y, w, h = self.grid
        panel: dict[str, Any] = {
            "type": self.kind,
            "panelIndex": self.key,
            "gridData": {"i": self.key, "x": x, "y": y, "w": w, "h": h},
            "title": self.title,
            "embeddableConfig": {"title": self.title, "enhancements": {}, **self.config},
        }
        return panel | {"panelRefName": self.panel_ref} if self.panel_ref else panel

    def dashboard_references(self) -> list[dict[str, str]]:
        return [{**each, "name": f"{self.key}:{each['name']}"} for each in self.references]


def lens(
    key: str, title: str, grid: tuple[int, int, int, int], shape: str, columns: dict[str, Column], look: dict[str, Any]
) -> Panel:
    """A Lens chart over the data view. columns: buckets before metrics. look: the visualisation's own state."""
    inner = [reference(_LAYER_REFERENCE, "index-pattern", DATA_VIEW)]
    layer = {
        "columns": columns,
        "columnOrder": list(columns),
        "incompleteColumns": {},
        "sampling": 1,
        "ignoreGlobalFilters": False,
    }
    attributes = {
        "title": title,
        "description": "",
        "type": "lens",
        "visualizationType": shape,
        "references": inner,
        "state": {
            "query": kql(""),
            "filters": [],
            "internalReferences": [],
            "adHocDataViews": {},
            "datasourceStates": {"formBased": {"layers": {LAYER: layer}}, "textBased": {"layers": {}}},
            "visualization": look,
        },
    }
    return Panel(key, title, grid, "lens", {"hidePanelTitles": False, "attributes": attributes}, inner)


def lines(
    key: str,
    title: str,
    grid: tuple[int, int, int, int],
    columns: dict[str, Column],
    colors: dict[str, str],
    *,
    series: str = "line",
    split: str | None = None,
) -> Panel:
    """Lines or bars over time or over values; the first column is the x axis."""
    x = next(iter(columns))
    accessors = [name for name, column in columns.items() if not column["isBucketed"]]
    layer: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": series,
        "xAccessor": x,
        "accessors": accessors,
        "position": "top",
        "showGridlines": False,
        "yConfig": [{"forAccessor": name, "color": color, "axisMode": "left"} for name, color in colors.items()],
    }
    if split:
        layer["splitAccessor"] = split
    shown = {"x": True, "yLeft": True, "yRight": True}
    look = {
        "preferredSeriesType": series,
        "legend": {"isVisible": len(accessors) > 1 or split is not None, "position": "bottom"},
        "valueLabels": "hide",
        "fittingFunction": "None",
        "yLeftExtent": {"mode": "full"},
        "yRightExtent": {"mode": "full"},
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": True, "yRight": True},
        "tickLabelsVisibilitySettings": shown,
        "gridlinesVisibilitySettings": shown,
        "labelsOrientation": {"x": 0, "yLeft": 0, "yRight": 0},
        "layers": [layer],
    }
    return lens(key, title, grid, "lnsXY", columns, look)


def metric(
    key: str, title: str, grid: tuple[int, int, int, int], main: Column, second: Column | None = None, color: str = BLUE
) -> Panel:
    """One big number, with a second one to compare it with."""
    columns = {"main": main} | ({"second": second} if second else {})
    look: dict[str, Any] = {"layerId": LAYER, "layerType": "data", "metricAccessor": "main", "color": color}
    if second:
        look["secondaryMetricAccessor"] = "second"
    return lens(key, title, grid, "lnsMetric", columns, look)


def table(key: str, title: str, grid: tuple[int, int, int, int], columns: dict[str, Column], sort: str) -> Panel:
    """A table, sorted downwards by one of its metrics."""
    look = {
        "layerId": LAYER,
        "layerType": "data",
        "columns": [
            {"columnId": name} if column["isBucketed"] else {"columnId": name, "alignment": "right"}
            for name, column in columns.items()
        ],
        "paging": {"enabled": True, "size": 10},
        "sorting": {"columnId": sort, "direction": "desc"},
        "rowHeight": "single",
        "rowHeightLines": 1,
    }
    return lens(key, title, grid, "lnsDatatable", columns, look)


def markdown(key: str, grid: tuple[int, int, int, int], text: str) -> Panel:
    saved = {
        "type": "markdown",
        "title": "",
        "description": "",
        "uiState": {},
        "params": {"fontSize": 12, "openLinksInNewTab": True, "markdown": text},
        "data": {"aggs": [], "searchSource": {"query": kql(""), "filter": []}},
    }
    return Panel(key, "", grid, "visualization", {"hidePanelTitles": True, "savedVis": saved}, [])


def saved_search(key: str, title: str, grid: tuple[int, int, int, int], search_id: str) -> Panel:
    name = f"panel_{key}"
    return Panel(key, title, grid, "search", {}, [reference(name, "search", search_id)], panel_ref=name)


# ------------------------------------------------------------------------------------------------ controls


def options(title: str, field: str) -> dict[str, Any]:
    """A list to choose from, above the dashboard."""
    return {
        "type": "optionsListControl",
        "suffix": "optionsListDataView",
        "input": {
            "title": title,
            "fieldName": field,
            "selectedOptions": [],
            "singleSelect": False,
            "searchTechnique": "prefix",
            "sort": {"by": "_count", "direction": "desc"},
            "enhancements": {},
        },
    }
