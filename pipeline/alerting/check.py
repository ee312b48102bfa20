"""One check of the brand: its series read, tested, wide findings explained by narrow ones, and told with evidence."""

from datetime import date
from typing import Final

from pipeline.alerting.detect import Finding, detect
from pipeline.alerting.detection import Detection
from pipeline.alerting.explain import alert_key, explain
from pipeline.alerting.series import Scope, SeriesSet, brand_series, subtract
from pipeline.index import Index

_MOSTLY: Final = 0.5
"""Share of a wide scope's excess from which on the narrow ones have told it."""


def check(index: Index, brand: str, last_day: date, timezone: str) -> tuple[list[Detection], set[str]]:
    """The brand's negative trends as of `last_day`, and the keys of everything that was looked at.

    Raises Unavailable when the index cannot be read.
    """
    index.refresh()
    scopes, series = brand_series(index, last_day, timezone)
    checked = {alert_key(brand, scope, kind) for scope in scopes for kind in ("surge", "drift")}
    detections = [
        explain(index, brand, timezone, scopes[finding.series], finding, series)
        for finding in _unexplained(scopes, series)
    ]
    return detections, checked


def _unexplained(scopes: list[Scope], series: SeriesSet) -> list[Finding]:
    """Findings whose excess is not that of a narrower one: a product's trouble is not told again as the brand's."""
    kept: list[Finding] = []
    for finding in detect(series.total, series.negative):
        number = finding.series
        inside = [
            other.series
            for other in kept
            if scopes[number].holds(scopes[other.series]) or _overlap(scopes[number], scopes[other.series])
        ]
        told = sum(other.observed - other.expected for other in kept if other.series in inside)
        if inside and told >= _MOSTLY * (finding.observed - finding.expected):
            continue
        if inside:
            rest = subtract(series.negative[number], [series.negative[part] for part in inside])
            if not detect(series.total[number : number + 1], rest[None, :]):
                continue
        kept.append(finding)
    return kept


def _overlap(wide: Scope, narrow: Scope) -> bool:
    """A source and a product may share their reviews: an app is the only product of its store."""
    same_theme = wide.theme is None or wide.theme == narrow.theme
    return same_theme and wide.source is not None and narrow.product is not None
