"""Finds values that are new among the complaints: a product version, a place, a product, a theme."""

from datetime import date, timedelta

from pipeline.alerting.detection import Detection
from pipeline.alerting.explain import alert_key, counted
from pipeline.alerting.rules import NewTermRule
from pipeline.alerting.series import HISTORY_DAYS, Scope, local_midnight
from pipeline.index import Index
from pipeline.index.query import Query

_MOST_VALUES = 1000


def check_terms(
    index: Index, brand: str, last_day: date, timezone: str, rule: NewTermRule
) -> tuple[list[Detection], set[str]]:
    """The values that are new as of `last_day`, and the keys of all values that were looked at. Raises Unavailable."""
    index.refresh()
    brand = "+".join(rule.scope.brands) or brand
    since = last_day - timedelta(days=rule.days - 1)
    wanted = {"source": rule.scope.sources, "product": rule.scope.products, "negative_themes": rule.scope.themes}
    query = counted(rule.scope).where(**{name: values for name, values in wanted.items() if values})
    query = query.model_copy(update={"spam": False})
    past = _between(query, last_day - timedelta(days=HISTORY_DAYS - 1), since, timezone)
    now = _between(query, since, last_day + timedelta(days=1), timezone)
    known = {each.value for each in index.terms(past, rule.field, _MOST_VALUES)}
    detections, checked = [], set()
    for each in index.terms(now, rule.field, _MOST_VALUES):
        key = alert_key(brand, Scope(theme=each.value), f"new-term:{rule.name}", rule.scope.languages)
        checked.add(key)
        if each.value not in known and each.negative >= rule.minimum and known:
            detections.append(
                Detection(
                    key=key,
                    kind="new-term",
                    rule=rule.name,
                    brand=brand,
                    theme=each.value,
                    since=since,
                    until=last_day,
                    observed=each.negative,
                    expected=float(rule.minimum),
                    total=each.total,
                    p_value=0.0,
                    severity=rule.severity,
                )
            )
    return detections, checked


def _between(query: Query, first: date, end: date, timezone: str) -> Query:
    return query.between(local_midnight(first, timezone), local_midnight(end, timezone))
