"""What a rule would have told, as one page to look at: no script, no other file, words of strangers harmless in it."""

from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string
from django.utils import translation

from desk.alerts.models import Kind
from desk.alerts.wording import expected_text, theme_label
from desk.console.charts import Chart, marked_chart
from pipeline.alerting.replay import Replay, Told
from pipeline.alerting.rules import Rule
from pipeline.models import clean


@dataclass(frozen=True)
class _Row:
    first: date
    last: date
    where: str
    kind: str
    observed: int
    expected: str


@dataclass(frozen=True)
class _Series:
    name: str
    alerts: int
    chart: Chart | None


def page(found: Replay, rule: Rule, brand: str, language: str) -> str:
    """HTML in this language. Django must be configured."""
    with translation.override(language):
        charts = []
        for where, days in found.charts.items():
            windows = [(each.first, each.last) for each in found.told if each.where == where]
            charts.append(_Series(_label(where, brand), len(windows), marked_chart(days, windows)))
        context = {
            "language": language,
            "rule": rule,
            "brand": brand,
            "found": found,
            "days": (found.until - found.since).days + 1,
            "false_alarms": None if found.false_alarms is None else expected_text(found.false_alarms),
            "rows": [_row(each, brand, bool(found.charts)) for each in found.told],
            "charts": sorted(charts, key=lambda each: (-each.alerts, each.name)),
            "limited": rule.kind not in ("trend", "critical", "new-term"),
        }
        return render_to_string("alerts/backtest.html", context)


def _row(told: Told, brand: str, of_series: bool) -> _Row:
    where = _label(told.where, brand) if of_series else clean(told.where)
    kind = str(Kind(told.kind).label)
    return _Row(told.first, told.last, where, kind, told.observed, expected_text(told.expected))


def _label(where: str, brand: str) -> str:
    """A series, "source|product|theme" with a star for all, as people read it."""
    source, _, rest = where.partition("|")
    product, _, theme = rest.rpartition("|")
    parts = [part for part in (source, product) if part != "*"] or [brand]
    if theme != "*":
        parts.append(theme_label(theme))
    return clean(" · ".join(parts))
