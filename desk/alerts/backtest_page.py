"""What a rule would have told, as one page to look at: no script, no other file, words of strangers harmless in it."""

from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string
from django.utils import translation

from desk.alerts.models import Kind
from desk.alerts.wording import expected_text, language_label, theme_label
from desk.console.charts import Chart, marked_chart
from pipeline.alerting.replay import Charted, Replay, Told
from pipeline.alerting.rules import Rule
from pipeline.alerting.series import Scope
from pipeline.models import clean


@dataclass(frozen=True)
class _Row:
    first: date
    last: date
    where: str
    kind: str
    observed: float
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
        for where, charted in found.charts.items():
            windows = [(each.first, each.last) for each in found.told if each.where == where]
            charts.append(_Series(_label(charted.scope, brand), len(windows), marked_chart(charted.days, windows)))
        context = {
            "language": language,
            "rule": rule,
            "brand": brand,
            "found": found,
            "days": (found.until - found.since).days + 1,
            "false_alarms": None if found.false_alarms is None else expected_text(found.false_alarms),
            "rows": [_row(each, brand, found.charts.get(each.where)) for each in found.told],
            "charts": sorted(charts, key=lambda each: (-each.alerts, each.name)),
            "limited": rule.kind not in ("trend", "critical", "new-term", "rating", "reply-time"),
        }
        return render_to_string("alerts/backtest.html", context)


def _row(told: Told, brand: str, series: Charted | None) -> _Row:
    where = _label(series.scope, brand) if series else clean(told.where)
    kind = str(Kind(told.kind).label)
    return _Row(told.first, told.last, where, kind, told.observed, expected_text(told.expected))


def _label(scope: Scope, brand: str) -> str:
    """What a series is about, as people read it."""
    place = [scope.source, scope.product and f"{scope.product} {scope.version or ''}", scope.location]
    narrow = [language_label(scope.language)] if scope.language else []
    theme = [theme_label(scope.theme)] if scope.theme else []
    parts = [each for each in place if each] or [brand]
    return clean(" · ".join(" ".join(each.split()) for each in (*parts, *narrow, *theme)))
